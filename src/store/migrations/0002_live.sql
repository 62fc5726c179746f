-- One row an instrument that something other than candles is stored of.
CREATE TABLE instrument (
    id     INTEGER PRIMARY KEY,
    venue  TEXT NOT NULL CHECK (length(venue) BETWEEN 1 AND 32),
    market TEXT NOT NULL CHECK (market IN ('spot', 'usd_m', 'coin_m')),
    symbol TEXT NOT NULL CHECK (length(symbol) BETWEEN 1 AND 32),
    UNIQUE (venue, market, symbol)
) STRICT;

-- How far each channel of an instrument has been received: ids [first_id, last_id] are stored but
-- for what the ledger says is missing, and nothing after last_time is.
CREATE TABLE received (
    instrument INTEGER NOT NULL REFERENCES instrument (id),
    channel    TEXT    NOT NULL,
    first_id   INTEGER,
    last_id    INTEGER,
    first_time INTEGER NOT NULL,
    last_time  INTEGER NOT NULL CHECK (last_time >= first_time),
    PRIMARY KEY (instrument, channel)
) STRICT, WITHOUT ROWID;

-- The ledger: every stretch [start_time, end_time) of a channel that was not received, and what became
-- of it. open: not there yet, may be asked for; repaired: fetched later, nothing is missing now;
-- real: the exchange itself has nothing there; lost: it cannot be asked for again. An open entry shrinks
-- from its front as it is repaired; began_* say where it began, and a settled entry begins there again.
CREATE TABLE gap (
    id         INTEGER PRIMARY KEY,
    instrument INTEGER NOT NULL REFERENCES instrument (id),
    channel    TEXT    NOT NULL,
    start_time INTEGER NOT NULL,
    end_time   INTEGER NOT NULL CHECK (end_time >= start_time),
    first_id   INTEGER,
    last_id    INTEGER CHECK (last_id >= first_id),
    reason     TEXT    NOT NULL CHECK (reason IN
        ('disconnect', 'sequence', 'overload', 'stopped', 'outage', 'backfill')),
    state      TEXT    NOT NULL CHECK (state IN ('open', 'repaired', 'real', 'lost')),
    noticed_at INTEGER NOT NULL,
    settled_at INTEGER,
    began_id   INTEGER,
    began_time INTEGER
) STRICT;

CREATE INDEX gap_by_channel ON gap (instrument, channel, start_time);

-- Trades, quotes and book snapshots that are not in a segment yet.
CREATE TABLE pending_trade (
    instrument     INTEGER NOT NULL REFERENCES instrument (id),
    channel        TEXT    NOT NULL CHECK (channel IN ('agg_trades', 'trades')),
    id             INTEGER NOT NULL,
    time           INTEGER NOT NULL,
    price          INTEGER NOT NULL CHECK (price > 0),
    quantity       REAL    NOT NULL CHECK (quantity >= 0),
    buyer_is_maker INTEGER NOT NULL CHECK (buyer_is_maker IN (0, 1)),
    PRIMARY KEY (instrument, channel, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE pending_quote (
    instrument   INTEGER NOT NULL REFERENCES instrument (id),
    update_id    INTEGER NOT NULL,
    time         INTEGER,
    received     INTEGER NOT NULL,
    bid_price    INTEGER NOT NULL,
    bid_quantity REAL    NOT NULL,
    ask_price    INTEGER NOT NULL,
    ask_quantity REAL    NOT NULL,
    PRIMARY KEY (instrument, update_id)
) STRICT, WITHOUT ROWID;

-- levels: for bids then asks a little-endian u16 count and so many pairs of i64 price, f64 quantity.
CREATE TABLE pending_book (
    instrument INTEGER NOT NULL REFERENCES instrument (id),
    time       INTEGER NOT NULL,
    update_id  INTEGER NOT NULL,
    levels     BLOB    NOT NULL,
    PRIMARY KEY (instrument, time, update_id)
) STRICT, WITHOUT ROWID;

-- Parquet files under segments/ that belong to the store; a file without a row here is a leftover.
CREATE TABLE segment (
    path       TEXT    PRIMARY KEY,
    instrument INTEGER NOT NULL REFERENCES instrument (id),
    channel    TEXT    NOT NULL,
    rows       INTEGER NOT NULL CHECK (rows > 0),
    first_id   INTEGER NOT NULL,
    last_id    INTEGER NOT NULL,
    first_time INTEGER NOT NULL,
    last_time  INTEGER NOT NULL,
    bytes      INTEGER NOT NULL,
    sha256     TEXT    NOT NULL CHECK (length(sha256) = 64)
) STRICT, WITHOUT ROWID;

CREATE INDEX segment_by_channel ON segment (instrument, channel, first_time);

-- What the receiver's clock said beside the exchange's, minute by minute: received less sent, ms.
CREATE TABLE clock (
    instrument INTEGER NOT NULL REFERENCES instrument (id),
    minute     INTEGER NOT NULL,
    messages   INTEGER NOT NULL,
    least      INTEGER NOT NULL,
    mean       REAL    NOT NULL,
    greatest   INTEGER NOT NULL,
    PRIMARY KEY (instrument, minute)
) STRICT, WITHOUT ROWID;

-- Archive files that were taken, with the digest of what was taken of them.
CREATE TABLE archive_file (
    name        TEXT    NOT NULL,
    series      INTEGER NOT NULL REFERENCES series (id),
    sha256      TEXT    NOT NULL CHECK (length(sha256) = 64),
    rows        INTEGER NOT NULL,
    first_time  INTEGER NOT NULL,
    last_time   INTEGER NOT NULL,
    rows_sha256 TEXT    NOT NULL CHECK (length(rows_sha256) = 64),
    address     TEXT,
    taken_at    INTEGER NOT NULL,
    PRIMARY KEY (name, series)
) STRICT, WITHOUT ROWID;

-- Series that are no candles: on-chain, sentiment, funding, macro.
CREATE TABLE value_series (
    id     INTEGER PRIMARY KEY,
    name   TEXT NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 64),
    origin TEXT NOT NULL
) STRICT;

-- A value speaks of time and was known from known_at on; a revision is another row of the same time.
CREATE TABLE value (
    series   INTEGER NOT NULL REFERENCES value_series (id),
    time     INTEGER NOT NULL,
    known_at INTEGER NOT NULL CHECK (known_at >= time),
    value    REAL    NOT NULL,
    PRIMARY KEY (series, time, known_at)
) STRICT, WITHOUT ROWID;
