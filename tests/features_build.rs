//! Integration tests: features in blocks, in files and in the cache are those of one candle after
//! the other.

use candlewick::features::{
    CandleChunks, CandleSource, FeatureBuilder, FeatureCache, FeatureConfig, FeatureError,
    FeatureTable, Inputs, Size, build, build_each, build_to, read_features, resample,
    write_features,
};
use candlewick::files::FileError;
use candlewick::market::{Candle, CandleSeries, Interval};

use crate::features::{config, interval, series};

const FIVE: &str = "5m";

/// Minutes of a random walk with holes, long enough for several blocks.
fn minutes(count: i64, with_holes: bool) -> CandleSeries {
    let mut state = 7_u64;
    let mut uniform = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as f64 / (1_u64 << 31) as f64
    };
    let mut candles = Vec::new();
    let mut close: f64 = 100.0;
    for index in 0..count {
        let open = close;
        close *= 1.0 + (uniform() - 0.5) * 0.01;
        let volume = (uniform() * 10.0).floor();
        // Holes just before, at and just after where blocks begin.
        if with_holes && [500, 2_047, 4_096, 4_097, 8_700].contains(&index) {
            continue;
        }
        candles.push(Candle {
            open_time: 1_640_995_200_000 + index * Interval::MINUTE.ms(),
            open,
            high: open.max(close) * (1.0 + uniform() * 0.001),
            low: open.min(close) * (1.0 - uniform() * 0.001),
            close,
            volume,
            quote_volume: Some(volume * open),
            trades: Some(volume as i64),
            taker_buy_volume: Some(volume * 0.25),
            taker_buy_quote_volume: Some(volume * 0.25 * open),
        });
    }
    series(Interval::MINUTE, &candles)
}

fn context(base: &CandleSeries) -> Vec<CandleSeries> {
    [FIVE, "15m"].map(|to| resample(base, interval(to)).unwrap()).to_vec()
}

/// What a builder gives that is told one candle after the other.
fn streamed(
    config: &FeatureConfig,
    base: &CandleSeries,
    context: &[CandleSeries],
) -> Result<(Vec<i64>, Vec<u32>), FeatureError> {
    let sources: Vec<_> = context.iter().map(CandleSource::of).collect();
    let mut builder = FeatureBuilder::new(config, &CandleSource::of(base), &sources)?;
    let (mut times, mut bits) = (Vec::new(), Vec::new());
    let mut next = vec![0; context.len()];
    for candle in base.iter() {
        let decision = candle.open_time + base.interval().ms();
        for (series, next) in context.iter().zip(&mut next) {
            while *next < series.len()
                && series.open_time()[*next] + series.interval().ms() <= decision
            {
                builder.push_context(series.interval(), &series.candle(*next))?;
                *next += 1;
            }
        }
        if let Some(row) = builder.push_base(&candle)? {
            times.push(candle.open_time);
            bits.extend(row.iter().map(|value| value.to_bits()));
        }
    }
    Ok((times, bits))
}

fn bits(table: &FeatureTable) -> Vec<u32> {
    table.values.iter().map(|value| value.to_bits()).collect()
}

fn batch(base: &CandleSeries, context: &[CandleSeries]) -> FeatureTable {
    build(&FeatureConfig::default(), &Inputs { context, ..Inputs::of(base) }).unwrap()
}

#[test]
fn blocks_equal_one_candle_after_the_other() {
    let base = minutes(10_000, true);
    let coarse = context(&base);
    let table = batch(&base, &coarse);
    let (times, values) = streamed(&FeatureConfig::default(), &base, &coarse).unwrap();
    assert!(times.len() > 3_000, "{}", times.len());
    assert_eq!(table.open_time, times);
    assert!(bits(&table) == values, "a value differs");
    let both = [Inputs { context: &coarse, ..Inputs::of(&base) }, Inputs::of(&base)];
    let each = build_each(&FeatureConfig::default(), &both);
    assert_eq!(each[0].as_ref().unwrap(), &table);
    assert_eq!(each[1], build(&FeatureConfig::default(), &both[1]));
}

/// Of several faults blocks tell the one that streaming comes to first.
#[test]
fn faults_are_told_as_streaming_tells_them() {
    let whole = minutes(6_000, false);
    let coarse = context(&whole);
    let broken = |series: &CandleSeries, at: &[usize], fault: fn(&mut Candle)| {
        let mut candles: Vec<Candle> = series.iter().collect();
        at.iter().for_each(|&at| fault(&mut candles[at]));
        crate::features::series(series.interval(), &candles)
    };
    let zero: fn(&mut Candle) = |candle| candle.close = 0.0;
    let huge: fn(&mut Candle) = |candle| candle.volume = 1e30;
    let bare: fn(&mut Candle) = |candle| candle.trades = None;
    for (in_base, in_coarse, fault) in [
        (vec![5_000], vec![], zero),
        (vec![100], vec![19], huge),
        (vec![100], vec![20], huge),
        (vec![99], vec![19], bare),
        (vec![98], vec![19], zero),
        (vec![], vec![1_000], bare),
    ] {
        let base = broken(&whole, &in_base, fault);
        let mut coarse = coarse.clone();
        coarse[0] = broken(&coarse[0], &in_coarse, fault);
        let inputs = Inputs { context: &coarse, ..Inputs::of(&base) };
        let error = build(&FeatureConfig::default(), &inputs).unwrap_err();
        let expected = streamed(&FeatureConfig::default(), &base, &coarse).unwrap_err();
        assert_eq!(error, expected, "{in_base:?} {in_coarse:?}");
    }
}

/// Why nothing was built into a file.
#[derive(Debug)]
enum Fault {
    Features(FeatureError),
    File(#[expect(dead_code, reason = "shown when a test fails")] FileError),
}

impl From<FeatureError> for Fault {
    fn from(error: FeatureError) -> Self {
        Self::Features(error)
    }
}

impl From<FileError> for Fault {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

fn chunks<'a>(series: &CandleSeries, length: usize) -> CandleChunks<'a, Fault> {
    let candles: Vec<Candle> = series.iter().collect();
    let chunks: Vec<Result<Vec<Candle>, Fault>> =
        candles.chunks(length).map(|chunk| Ok(chunk.to_vec())).collect();
    CandleChunks { source: CandleSource::of(series), chunks: Box::new(chunks.into_iter()) }
}

#[test]
fn a_file_holds_what_a_table_would() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("features.parquet");
    let base = minutes(10_000, true);
    let coarse = context(&base);
    let table = batch(&base, &coarse);
    for (length, memory) in [(1, "64MiB"), (777, "1GiB"), (100_000, "64MiB")] {
        let config = FeatureConfig { memory: memory.parse().unwrap(), ..FeatureConfig::default() };
        let coarse = coarse.iter().map(|series| chunks(series, length)).collect();
        let rows = build_to(&path, &config, chunks(&base, length), coarse, &[]).unwrap();
        assert_eq!(rows, table.rows());
        let read = read_features(&path).unwrap();
        assert!(bits(&read) == bits(&table), "a value differs");
        assert_eq!(read, table);
    }
    write_features(&path, &table).unwrap();
    assert_eq!(read_features(&path).unwrap(), table);
}

#[test]
fn nothing_is_left_of_a_file_that_failed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("features.parquet");
    let config = config(&["rsi_14"], Some(&[]));
    let few = chunks(&minutes(10, false), 3);
    let error = build_to(&path, &config, few, vec![], &[]).unwrap_err();
    assert!(matches!(error, Fault::Features(FeatureError::NoRow { .. })), "{error:?}");
    let broken = CandleChunks {
        source: CandleSource::complete(Interval::MINUTE),
        chunks: Box::new(std::iter::once(Err(Fault::File(read_features(&path).unwrap_err())))),
    };
    let error = build_to(&path, &config, broken, vec![], &[]).unwrap_err();
    assert!(matches!(error, Fault::File(_)), "{error:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn the_cache_gives_what_was_built_from_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let files = || -> Vec<_> {
        let entries = std::fs::read_dir(folder.path()).unwrap();
        let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        paths
    };
    let cache = FeatureCache::new(folder.path(), Size::mebibytes(64));
    let config = config(&["rsi_14", "close_z_20"], Some(&["rsi_14"]));
    let base = minutes(2_000, false);
    let coarse = context(&base);
    let inputs = Inputs { context: &coarse, ..Inputs::of(&base) };
    let table = cache.build(&config, &inputs).unwrap();
    assert_eq!(table, build(&config, &inputs).unwrap());
    let [path] = &files()[..] else { panic!("{:?}", files()) };
    assert_eq!(cache.build(&config, &inputs).unwrap(), table);

    // What the file says is given, so the second run built nothing.
    let mut other = table.clone();
    other.values[5] += 1.0;
    write_features(path, &other).unwrap();
    assert_eq!(cache.build(&config, &inputs).unwrap(), other);

    // A damaged file is built anew.
    let mut bytes = std::fs::read(path).unwrap();
    bytes[100] ^= 1;
    std::fs::write(path, &bytes).unwrap();
    assert_eq!(cache.build(&config, &inputs).unwrap(), table);
    assert_eq!(read_features(path).unwrap(), table);

    // Another candle, another feature, another context: another table.
    let longer = minutes(2_001, false);
    cache.build(&config, &Inputs { context: &coarse, ..Inputs::of(&longer) }).unwrap();
    cache.build(&crate::features::config(&["rsi_14"], Some(&["rsi_14"])), &inputs).unwrap();
    cache.build(&config, &Inputs { context: &coarse[..1], ..Inputs::of(&base) }).unwrap();
    assert_eq!(files().len(), 4);
}

#[test]
fn the_cache_keeps_within_its_limit() {
    let folder = tempfile::tempdir().unwrap();
    let count = || std::fs::read_dir(folder.path()).map_or(0, std::iter::Iterator::count);
    let config = config(&["rsi_14", "close_z_20", "close_volatility_24"], Some(&[]));
    let build = |limit: &str, length| {
        let cache = FeatureCache::new(folder.path(), limit.parse().unwrap());
        cache.build(&config, &Inputs::of(&minutes(length, false))).unwrap()
    };
    build("0", 2_000);
    assert_eq!(count(), 0);
    // 3 columns of 4 bytes and a time: 20 bytes a row or, repeats packed, somewhat less.
    for length in 2_000..2_006 {
        build("100KiB", length);
        assert!((1..=3).contains(&count()), "{}", count());
    }
    build("10KiB", 2_010);
    assert!(count() <= 3, "a table that is too large is not kept");
}
