-- One row an instrument and interval. `missing` says what an absent candle means at the source.
CREATE TABLE series (
    id          INTEGER PRIMARY KEY,
    venue       TEXT    NOT NULL CHECK (length(venue) BETWEEN 1 AND 32),
    market      TEXT    NOT NULL CHECK (market IN ('spot', 'usd_m', 'coin_m')),
    symbol      TEXT    NOT NULL CHECK (length(symbol) BETWEEN 1 AND 32),
    interval    TEXT    NOT NULL,
    interval_ms INTEGER NOT NULL CHECK (interval_ms > 0),
    missing     TEXT    NOT NULL CHECK (missing IN ('no-trade', 'gap')),
    UNIQUE (venue, market, symbol, interval)
) STRICT;

-- Where a final candle came from; the lower rank is the better source.
CREATE TABLE source (
    rank INTEGER PRIMARY KEY,
    name TEXT    NOT NULL UNIQUE
) STRICT;

INSERT INTO source (rank, name)
VALUES (1, 'archive'), (2, 'rest'), (3, 'csv'), (4, 'live'), (5, 'simulated');

-- Final candles. 9e999 is infinity; NaN cannot be stored, since SQLite turns it into NULL.
CREATE TABLE candle (
    series                 INTEGER NOT NULL REFERENCES series (id),
    open_time              INTEGER NOT NULL,
    open                   REAL    NOT NULL,
    high                   REAL    NOT NULL,
    low                    REAL    NOT NULL,
    close                  REAL    NOT NULL,
    volume                 REAL    NOT NULL,
    quote_volume           REAL,
    trades                 INTEGER,
    taker_buy_volume       REAL,
    taker_buy_quote_volume REAL,
    source                 INTEGER NOT NULL CHECK (source BETWEEN 1 AND 5),
    PRIMARY KEY (series, open_time),
    CHECK (open BETWEEN low AND high AND close BETWEEN low AND high AND low > 0 AND high < 9e999),
    CHECK (volume >= 0 AND volume < 9e999),
    CHECK (quote_volume >= 0 AND quote_volume < 9e999),
    CHECK (trades >= 0),
    CHECK (taker_buy_volume BETWEEN 0 AND volume),
    CHECK (taker_buy_quote_volume >= 0 AND taker_buy_quote_volume < 9e999
           AND (quote_volume IS NULL OR taker_buy_quote_volume <= quote_volume))
) STRICT, WITHOUT ROWID;

-- Both versions of every final candle that two sources contradicted each other on.
CREATE TABLE conflict (
    id                          INTEGER PRIMARY KEY,
    series                      INTEGER NOT NULL REFERENCES series (id),
    open_time                   INTEGER NOT NULL,
    noticed_at                  INTEGER NOT NULL,
    kept_source                 INTEGER NOT NULL REFERENCES source (rank),
    kept_open                   REAL    NOT NULL,
    kept_high                   REAL    NOT NULL,
    kept_low                    REAL    NOT NULL,
    kept_close                  REAL    NOT NULL,
    kept_volume                 REAL    NOT NULL,
    kept_quote_volume           REAL,
    kept_trades                 INTEGER,
    kept_taker_buy_volume       REAL,
    kept_taker_buy_quote_volume REAL,
    lost_source                 INTEGER NOT NULL REFERENCES source (rank),
    lost_open                   REAL    NOT NULL,
    lost_high                   REAL    NOT NULL,
    lost_low                    REAL    NOT NULL,
    lost_close                  REAL    NOT NULL,
    lost_volume                 REAL    NOT NULL,
    lost_quote_volume           REAL,
    lost_trades                 INTEGER,
    lost_taker_buy_volume       REAL,
    lost_taker_buy_quote_volume REAL
) STRICT;

CREATE INDEX conflict_by_candle ON conflict (series, open_time);
