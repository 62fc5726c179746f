//! Speed and memory of the feature builder; see `scripts/bench_features.sh`.
//!
//! ```text
//! features year FILE NAMES SAMPLE.csv   candles of FILE with four coarser intervals
//! features flat ROWS NAMES              simulated candles, no coarser intervals
//! features budget ROWS FILE MIB NAMES   simulated candles with four coarser intervals, into FILE
//! features live NAMES                   one candle after the other, 3 symbols of 4 intervals
//! ```
//!
//! NAMES are features with commas between them; the FILE of `year` holds little-endian f64 columns
//! one after the other: open time, open, high, low, close, volume. Each prints a line of JSON.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "its output is its result, and a wrong call is its end"
)]

use std::path::Path;
use std::time::Instant;

use candlewick::features::{
    CandleChunks, CandleSource, FeatureBuilder, FeatureConfig, FeatureTable, Inputs, build,
    build_to, resample,
};
use candlewick::market::{Candle, CandleSeries, Instrument, Interval, Market};

/// Coarser intervals beside the one-minute candles.
const CONTEXT: [&str; 4] = ["5m", "15m", "1h", "4h"];

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["year", file, names, sample] => year(Path::new(file), names, Path::new(sample)),
        ["flat", rows, names] => flat(rows.parse().unwrap(), names),
        ["budget", rows, file, mib, names] => {
            budget(rows.parse().unwrap(), Path::new(file), mib, names);
        }
        ["live", names] => live(names),
        _ => eprintln!(
            "usage: features year|flat|budget|live ..., as scripts/bench_features.sh does"
        ),
    }
}

fn config(names: &str) -> FeatureConfig {
    let include = names.split(',').map(str::to_owned).collect();
    FeatureConfig { include, ..FeatureConfig::default() }
}

fn instrument(symbol: &str) -> Instrument {
    Instrument::new("bench", Market::Spot, symbol).unwrap()
}

fn read(path: &Path) -> CandleSeries {
    let bytes = std::fs::read(path).unwrap();
    let rows = bytes.len() / 48;
    let value = |column: usize, row: usize| {
        let at = (column * rows + row) * 8;
        f64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
    };
    let mut series = CandleSeries::new(instrument("BTCUSD"), Interval::MINUTE);
    for row in 0..rows {
        let [time, open, high, low, close, volume] = std::array::from_fn(|c| value(c, row));
        series.push(&plain(time as i64, [open, high, low, close, volume])).unwrap();
    }
    series
}

fn plain(open_time: i64, [open, high, low, close, volume]: [f64; 5]) -> Candle {
    Candle {
        open_time,
        open,
        high,
        low,
        close,
        volume,
        quote_volume: None,
        trades: None,
        taker_buy_volume: None,
        taker_buy_quote_volume: None,
    }
}

fn with_context(base: &CandleSeries, names: &str) -> (f64, f64, FeatureTable) {
    let start = Instant::now();
    let context: Vec<_> =
        CONTEXT.iter().map(|to| resample(base, to.parse().unwrap()).unwrap()).collect();
    let resampled = start.elapsed().as_secs_f64();
    let inputs = Inputs { context: &context, ..Inputs::of(base) };
    let table = build(&config(names), &inputs).unwrap();
    (start.elapsed().as_secs_f64(), resampled, table)
}

fn year(path: &Path, names: &str, sample: &Path) {
    let base = read(path);
    let before = cpu_seconds();
    let (seconds, resampled, table) = with_context(&base, names);
    let cpu = cpu_seconds() - before;
    println!(
        "{{\"seconds\": {seconds:.4}, \"cpu\": {cpu:.2}, \"resample\": {resampled:.4}, \"candles\": {}, \"rows\": {}, \
         \"columns\": {}, \"peak_mib\": {:.0}}}",
        base.len(),
        table.rows(),
        table.names.len(),
        peak_mib(),
    );
    let mut text = format!("open_time,{}\n", table.names.join(","));
    // The rows that the other sides sample: every 997th candle.
    let wanted = |time: i64| (time - base.open_time()[0]) / Interval::MINUTE.ms() % 997 == 0;
    for row in (0..table.rows()).filter(|&row| wanted(table.open_time[row])) {
        let values: Vec<_> = table.row(row).iter().map(ToString::to_string).collect();
        text += &format!("{},{}\n", table.open_time[row], values.join(","));
    }
    std::fs::write(sample, text).unwrap();
}

/// A random walk that needs no memory of its past but the last close.
struct Walk {
    state: u64,
    close: f64,
    time: i64,
}

impl Walk {
    fn new(seed: u64) -> Self {
        Self { state: seed, close: 100.0, time: 1_600_041_600_000 }
    }

    fn uniform(&mut self) -> f64 {
        // splitmix64
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn next(&mut self, interval: Interval) -> Candle {
        let open = self.close;
        // Drawn back to 100, so that ten million candles stay reasonable.
        let pull = (100.0 / open).ln() * 1e-4;
        let close = open * (pull + (self.uniform() - 0.5) * 0.002).exp();
        let high = open.max(close) * (1.0 + self.uniform() * 0.0005);
        let low = open.min(close) * (1.0 - self.uniform() * 0.0005);
        let volume = self.uniform() * 10.0;
        let (share, trades) = (self.uniform(), self.uniform());
        let (quote, bought) = (volume * open, volume * share);
        let candle = Candle {
            quote_volume: Some(quote),
            trades: Some(1 + (trades * 100.0) as i64),
            taker_buy_volume: Some(bought),
            taker_buy_quote_volume: Some((bought * open).min(quote)),
            ..plain(self.time, [open, high, low, close, volume])
        };
        self.close = close;
        self.time += interval.ms();
        candle
    }
}

fn flat(rows: usize, names: &str) {
    let mut walk = Walk::new(1);
    let mut base = CandleSeries::new(instrument("WALK"), Interval::MINUTE);
    for _ in 0..rows {
        base.push(&walk.next(Interval::MINUTE)).unwrap();
    }
    // No context: at ten million rows a table of 300 columns alone would be 12 GB.
    let (start, before) = (Instant::now(), cpu_seconds());
    let table = build(&config(names), &Inputs::of(&base)).unwrap();
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - before);
    println!(
        "{{\"seconds\": {seconds:.4}, \"cpu\": {cpu:.2}, \"rows\": {}, \"columns\": {}, \
         \"ns_per_row\": {:.0}, \"cpu_ns_per_row\": {:.0}, \"peak_mib\": {:.0}}}",
        table.rows(),
        table.names.len(),
        seconds * 1e9 / rows as f64,
        cpu * 1e9 / rows as f64,
        peak_mib(),
    );
}

/// Sixteen candles of four hours, in minutes: what the walk gives at a time.
const PIECE: usize = 16 * 240;

fn piece(walk: &mut Walk) -> CandleSeries {
    let mut series = CandleSeries::new(instrument("WALK"), Interval::MINUTE);
    for _ in 0..PIECE {
        series.push(&walk.next(Interval::MINUTE)).unwrap();
    }
    series
}

fn budget(rows: usize, file: &Path, mib: &str, names: &str) {
    let config = FeatureConfig { memory: format!("{mib}MiB").parse().unwrap(), ..config(names) };
    let chunks = |interval: Interval| {
        let mut walk = Walk::new(1);
        let pieces = (0..rows.div_ceil(PIECE)).map(move |_| {
            let minutes = piece(&mut walk);
            let coarse = interval > Interval::MINUTE;
            let series = if coarse { resample(&minutes, interval).unwrap() } else { minutes };
            anyhow::Ok(series.iter().collect())
        });
        CandleChunks { source: CandleSource::complete(interval), chunks: Box::new(pieces) }
    };
    let context = CONTEXT.iter().map(|to| chunks(to.parse().unwrap())).collect();
    let (start, before) = (Instant::now(), cpu_seconds());
    let written = build_to(file, &config, chunks(Interval::MINUTE), context, &[]).unwrap();
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds() - before);
    println!(
        "{{\"seconds\": {seconds:.1}, \"cpu\": {cpu:.1}, \"rows\": {written}, \"columns\": {}, \
         \"file_mib\": {}, \"budget_mib\": {mib}, \"peak_mib\": {:.0}}}",
        names.split(',').count() * (1 + CONTEXT.len()),
        std::fs::metadata(file).unwrap().len() >> 20,
        peak_mib(),
    );
}

/// Minutes that warm the states up before the clock runs, and minutes that it runs for.
const WARM: usize = 100 * 60;
const TIMED: usize = 2_000;

fn live(names: &str) {
    let config = config(names);
    let coarse: Vec<Interval> = CONTEXT[..3].iter().map(|to| to.parse().unwrap()).collect();
    let mut markets: Vec<_> = (1..=3)
        .map(|seed| {
            let mut walk = Walk::new(seed);
            let mut base = CandleSeries::new(instrument("WALK"), Interval::MINUTE);
            for _ in 0..WARM + TIMED {
                base.push(&walk.next(Interval::MINUTE)).unwrap();
            }
            let context: Vec<_> = coarse.iter().map(|&to| resample(&base, to).unwrap()).collect();
            let inputs = Inputs { context: &context, ..Inputs::of(&base) };
            let table = build(&config, &inputs).unwrap();
            let sources: Vec<_> = context.iter().map(CandleSource::of).collect();
            let builder = FeatureBuilder::new(&config, &CandleSource::of(&base), &sources).unwrap();
            (base, context, table, builder)
        })
        .collect();
    let mut next = [[0; 3]; 3];
    let mut micros = Vec::with_capacity(TIMED);
    let mut compared = 0;
    for minute in 0..WARM + TIMED {
        let candles: Vec<_> = markets.iter().map(|(base, ..)| base.candle(minute)).collect();
        let mut ended = Vec::new();
        for (market, (_, context, ..)) in markets.iter().enumerate() {
            for (series, next) in context.iter().zip(&mut next[market]) {
                let end = candles[market].open_time + Interval::MINUTE.ms();
                let open = series.open_time().get(*next).copied();
                if open.is_some_and(|open| open + series.interval().ms() <= end) {
                    ended.push((market, series.interval(), series.candle(*next)));
                    *next += 1;
                }
            }
        }
        let start = Instant::now();
        for (market, interval, candle) in &ended {
            markets[*market].3.push_context(*interval, candle).unwrap();
        }
        let mut rows = [const { Vec::new() }; 3];
        for ((market, candle), row) in markets.iter_mut().zip(&candles).zip(&mut rows) {
            row.extend_from_slice(market.3.push_base(candle).unwrap().unwrap_or_default());
        }
        let taken = start.elapsed().as_secs_f64() * 1e6;
        if minute >= WARM {
            micros.push((taken, ended.len()));
            for (row, (.., table, _)) in rows.iter().zip(&markets) {
                let at = table.open_time.binary_search(&candles[0].open_time).unwrap();
                let equal = |(a, b): (&f32, &f32)| a.to_bits() == b.to_bits();
                assert!(row.iter().zip(table.row(at)).all(equal), "live and batch differ");
                compared += row.len();
            }
        }
    }
    micros.sort_by(|a, b| a.0.total_cmp(&b.0));
    let all: Vec<f64> = micros.iter().filter(|(_, ended)| *ended == 9).map(|(t, _)| *t).collect();
    println!(
        "{{\"median_us\": {:.1}, \"p99_us\": {:.1}, \"median_us_when_all_12_end\": {:.1}, \
         \"features\": {}, \"values_equal_to_batch\": {compared}}}",
        micros[TIMED / 2].0,
        micros[TIMED * 99 / 100].0,
        all[all.len() / 2],
        3 * markets[0].2.names.len(),
    );
}

/// CPU time of this process and its threads, seconds.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok());
    // utime and stime, in hundredths of a second on Linux.
    ticks(11).zip(ticks(12)).map_or(f64::NAN, |(user, system)| (user + system) / 100.0)
}

/// Most memory that this process ever held, MiB.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse::<f64>().ok());
    kib.unwrap_or(f64::NAN) / 1024.0
}
