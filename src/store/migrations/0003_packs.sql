-- Trades, quotes and book snapshots that are not in a segment yet, many to a row: those of one channel
-- that came in one transaction. Keys are ids, of books times; bytes are what src/store/pending/ packs.
CREATE TABLE pending (
    id         INTEGER PRIMARY KEY,
    instrument INTEGER NOT NULL REFERENCES instrument (id),
    channel    TEXT    NOT NULL CHECK (channel IN ('agg_trades', 'trades', 'quotes', 'book')),
    rows       INTEGER NOT NULL CHECK (rows > 0),
    first_key  INTEGER NOT NULL,
    last_key   INTEGER NOT NULL CHECK (last_key >= first_key),
    first_time INTEGER NOT NULL,
    last_time  INTEGER NOT NULL CHECK (last_time >= first_time),
    bytes      BLOB    NOT NULL
) STRICT;

CREATE INDEX pending_by_key ON pending (instrument, channel, last_key);
