//! Integration tests: features.

use std::fs::File;
use std::path::Path;

use candlewick::features::{
    CandleSource, Feature, FeatureBuilder, FeatureConfig, FeatureError, FeatureTable, Indicator,
    Input, Inputs, LeftOut, ValueSeries, catalog, resample, series_catalog,
};
use candlewick::market::{Candle, CandleSeries, Instrument, Interval, Market, Span};
use garde::Validate;

use crate::streams::Streams;
use crate::support::real_data;

/// The features of candles and values alone.
pub fn build(
    config: &FeatureConfig,
    base: &CandleSeries,
    context: &[CandleSeries],
    values: &[ValueSeries],
) -> Result<FeatureTable, FeatureError> {
    candlewick::features::build(config, &Inputs { context, values, ..Inputs::of(base) })
}

/// First hour of 2022, ms.
const START: i64 = 1_640_995_200_000;

pub fn instrument() -> Instrument {
    Instrument::new("binance", Market::Spot, "BTCUSDT").unwrap()
}

pub fn interval(name: &str) -> Interval {
    name.parse().unwrap()
}

pub fn series(interval: Interval, candles: &[Candle]) -> CandleSeries {
    let mut series = CandleSeries::new(instrument(), interval);
    for candle in candles {
        series.push(candle).unwrap();
    }
    series
}

pub fn config(include: &[&str], context: Option<&[&str]>) -> FeatureConfig {
    let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let (include, context) = (owned(include), context.map(owned));
    FeatureConfig { include, context, ..FeatureConfig::default() }
}

/// The candles of one folder of the public archive, spot timestamps of 2025 on being microseconds.
pub fn real_candles(data: &Path, symbol: &str, interval: Interval, months: &str) -> CandleSeries {
    let folder = data.join(format!("binance/spot/monthly/klines/{symbol}/{interval}"));
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "zip"))
        .filter(|path| path.to_string_lossy().contains(months))
        .collect();
    paths.sort();
    let mut series = CandleSeries::new(instrument(), interval);
    for path in paths {
        let mut archive = zip::ZipArchive::new(File::open(path).unwrap()).unwrap();
        let file = archive.by_index(0).unwrap();
        for row in csv::ReaderBuilder::new().has_headers(false).from_reader(file).records() {
            let row = row.unwrap();
            let number = |column: usize| row[column].parse::<f64>().unwrap();
            let time: i64 = row[0].parse().unwrap();
            let candle = Candle {
                open_time: if time > 100_000_000_000_000 { time / 1_000 } else { time },
                open: number(1),
                high: number(2),
                low: number(3),
                close: number(4),
                volume: number(5),
                quote_volume: Some(number(7)),
                trades: Some(row[8].parse().unwrap()),
                taker_buy_volume: Some(number(9)),
                taker_buy_quote_volume: Some(number(10)),
            };
            series.push(&candle).unwrap();
        }
    }
    series
}

/// A candle of hour `index` whose price and volumes wander without any pattern.
fn wandering(index: i64) -> Candle {
    let noise = |salt: i64| ((index * 7_919 + salt * 104_729) % 1_000) as f64 / 1_000.0;
    let (open, close) = (100.0 + noise(1), 100.0 + noise(2));
    let volume = 1.0 + noise(3);
    Candle {
        open_time: START + index * Interval::HOUR.ms(),
        open,
        high: open.max(close) + noise(4),
        low: open.min(close) - noise(5),
        close,
        volume,
        quote_volume: Some(volume * 100.5),
        trades: Some(10 + (noise(6) * 100.0) as i64),
        taker_buy_volume: Some(volume * noise(7)),
        taker_buy_quote_volume: Some(volume * noise(7) * 100.6),
    }
}

fn wandering_series(range: std::ops::Range<i64>) -> CandleSeries {
    series(Interval::HOUR, &range.map(wandering).collect::<Vec<_>>())
}

/// The features that read candles of one instrument and nothing beside them.
pub fn of_candles() -> impl Iterator<Item = Feature> {
    let beside = |feature: &Feature| {
        feature.info().inputs.iter().any(|input| Input::STREAMS.contains(input))
    };
    Feature::ALL.iter().copied().filter(move |feature| !beside(feature))
}

/// Tells a state what happened inside the candle of hour `index`, then the candle.
fn tell(streams: &Streams, state: &mut dyn Indicator, index: i64, candle: &Candle) -> Option<f64> {
    state.peer(&wandering(index + 500));
    streams.tell(state, candle, Interval::HOUR)
}

/// The features of one instrument alone.
pub fn without_peer() -> impl Iterator<Item = Feature> {
    let alone = |feature: &Feature| !feature.info().inputs.contains(&Input::Peer);
    Feature::ALL.iter().copied().filter(alone)
}

#[test]
fn the_catalogue_is_whole() {
    assert!(catalog().len() >= 264, "{}", catalog().len());
    assert_eq!(catalog().len(), Feature::ALL.len());
    for &feature in Feature::ALL {
        let info = feature.info();
        assert_eq!(info.name.parse(), Ok(feature));
        assert_eq!(serde_json::to_value(feature).unwrap(), info.name, "serde and catalogue agree");
        assert!(!info.formula.is_empty() && !info.source.is_empty() && !info.inputs.is_empty());
    }
}

/// Trades and books inside the first hours, a book in each.
fn wandering_streams() -> Streams {
    let mut streams = Streams::default();
    (0..400).for_each(|i| streams.add(&wandering(i), Interval::HOUR, 7, 1));
    streams
}

#[test]
fn warm_up_is_as_stated() {
    let streams = wandering_streams();
    for &feature in Feature::ALL {
        let mut state = feature.state();
        let mut gives = |i| tell(&streams, &mut *state, i, &wandering(i)).is_some();
        let first = (0..200).position(&mut gives);
        assert_eq!(first, Some(feature.info().warm_up), "{feature}");
        assert!((200..400).all(gives), "{feature} stops");
    }
}

/// A feature reads the columns it names: any other may be absent or differ without effect.
#[test]
fn inputs_are_as_stated() {
    let streams = wandering_streams();
    for &feature in Feature::ALL {
        for column in Input::OPTIONAL {
            let named = feature.info().inputs.contains(&column);
            let mut state = feature.state();
            let gives = (0..200).any(|i| {
                let mut candle = wandering(i);
                match column {
                    Input::QuoteVolume => candle.quote_volume = None,
                    Input::Trades => candle.trades = None,
                    Input::TakerBuyVolume => candle.taker_buy_volume = None,
                    _ => candle.taker_buy_quote_volume = None,
                }
                tell(&streams, &mut *state, i, &candle).is_some()
            });
            assert_eq!(gives, !named, "{feature} and {column}");
        }
        let values = |streams: &Streams| -> Vec<Option<u64>> {
            let mut state = feature.state();
            let mut tell = |i| tell(streams, &mut *state, i, &wandering(i));
            (0..150).map(&mut tell).map(|value| value.map(f64::to_bits)).collect()
        };
        let all = values(&streams);
        let without_trades = values(&Streams { trades: vec![], ..streams.clone() });
        let without_books = values(&Streams { books: vec![], ..streams.clone() });
        let reads = |input| feature.info().inputs.contains(&input);
        assert_eq!(all != without_trades, reads(Input::TradeStream), "{feature} and trades");
        assert_eq!(all != without_books, reads(Input::BookStream), "{feature} and books");
        let unknown = without_books.iter().all(Option::is_none);
        assert_eq!(unknown, reads(Input::BookStream), "{feature} without books");
    }
}

/// Golden values: `tests/reference/features_golden.py` (TA-Lib 0.8.2, pandas 3.1.1, NumPy 2.4.6).
#[test]
fn values_equal_ta_lib_and_pandas() {
    let Some(data) = real_data("values_equal_ta_lib_and_pandas") else { return };
    let candles = real_candles(&data, "BTCUSDT", Interval::HOUR, "2022-01").truncated(600);
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/features_btcusdt_1h.csv");
    let mut reader = csv::Reader::from_path(golden).unwrap();
    let names: Vec<String> = reader.headers().unwrap().iter().skip(1).map(str::to_owned).collect();
    let parse = |row: csv::StringRecord| -> Vec<Option<f64>> {
        row.iter().map(|cell| (!cell.is_empty()).then(|| cell.parse().unwrap())).collect()
    };
    let rows: Vec<Vec<Option<f64>>> = reader.records().map(|row| parse(row.unwrap())).collect();
    assert_eq!(names.len(), of_candles().count(), "every feature has golden values");
    let mut wrong = Vec::new();
    for (column, name) in names.iter().enumerate() {
        let mut state = name.parse::<Feature>().unwrap().state();
        let values: Vec<Option<f64>> = candles.iter().map(|c| state.update(&c)).collect();
        let mut worst: f64 = 0.0;
        let mut compared = 0;
        for row in &rows {
            // The reference may warm up longer than the feature, never shorter.
            let Some(theirs) = row[column + 1] else { continue };
            let index = candles.position(row[0].unwrap() as i64).unwrap();
            let ours = values[index].unwrap_or_else(|| panic!("{name} has no value at {index}"));
            // Where the truth is 0 both sides differ by the rounding of their terms.
            worst = worst.max((ours - theirs).abs() / theirs.abs().max(1e-6));
            compared += 1;
        }
        assert!(compared >= 40, "{name}: {compared} rows");
        if worst > 1e-6 {
            wrong.push(format!("{name}: {worst:e}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn standing_still_is_defined() {
    let expected = [
        ("log_return_1", 0.0),
        ("return_z_24", 0.0),
        ("close_z_20", 0.0),
        ("channel_position_48", 0.5),
        ("sma_distance_20", 0.0),
        ("macd_12_26", 0.0),
        ("adx_14", 0.0),
        ("slope_fit_24", 0.0),
        ("efficiency_10", 0.0),
        ("rsi_14", 50.0),
        ("stochastic_k_14", 50.0),
        ("stochastic_rsi_14", 50.0),
        ("cci_20", 0.0),
        ("ultimate_7_14_28", 50.0),
        ("close_volatility_24", 0.0),
        ("volatility_ratio_6_48", 1.0),
        ("yang_zhang_24", 0.0),
        ("atr_14", 0.0),
        ("downside_share_24", 0.5),
        ("jump_share_24", 0.0),
        ("skewness_24", 0.0),
        ("kurtosis_24", 0.0),
        ("autocorrelation_24", 0.0),
        ("volume_z_24", 0.0),
        ("relative_volume_24", 1.0),
        ("on_balance_24", 0.0),
        ("money_flow_14", 50.0),
        ("vwap_distance_24", 0.0),
        ("candle_vwap_1", 0.0),
        ("amihud_ratio_6_48", 1.0),
        ("taker_imbalance_1", 0.0),
        ("kyle_lambda_24", 0.0),
        ("taker_premium_1", 0.0),
        ("relative_trades_24", 1.0),
        ("trade_size_24", 1.0),
        ("body_1", 0.0),
        ("close_rank_24", 25.0 / 48.0),
        ("upper_quantile_24", 0.0),
        ("high_age_48", 0.0),
        ("hull_distance_20", 0.0),
        ("tema_distance_20", 0.0),
        ("kama_distance_10", 0.0),
        ("slope_residual_24", 0.0),
        ("ichimoku_cloud_9_26", 0.0),
        ("supertrend_distance_10", 0.0),
        ("dx_14", 0.0),
        ("vortex_14", 0.0),
        ("mass_index_25", 25.0),
        ("choppiness_14", 100.0),
        ("momentum_t_24", 0.0),
        ("momentum_atr_14", 0.0),
        ("true_strength_25_13", 0.0),
        ("chande_momentum_14", 0.0),
        ("know_sure_thing_histogram_9", 0.0),
        ("connors_rsi_3_2_100", 100.0 / 3.0),
        ("stochastic_momentum_10_3", 0.0),
        ("williams_r_28", -50.0),
        ("fisher_10", 0.0),
        ("vigor_10", 0.0),
        ("intraday_momentum_14", 50.0),
        ("demarker_14", 50.0),
        ("bollinger_position_20", 0.5),
        ("keltner_position_20", 0.5),
        ("squeeze_20", 1.0),
        ("acceleration_bands_20", 0.5),
        ("regression_z_24", 0.0),
        ("range_ratio_24", 1.0),
        ("range_volatility_ratio_6_48", 1.0),
        ("jump_z_96", 0.0),
        ("realised_skewness_96", 0.0),
        ("volatility_of_volatility_6_24", 0.0),
        ("hurst_90", 0.5),
        ("variance_ratio_96", 1.0),
        ("leverage_96", 0.0),
        ("corwin_schultz_24", 0.0),
        ("abdi_ranaldo_24", 0.0),
        ("roll_spread_24", 0.0),
        ("volume_growth_24", 0.0),
        ("chaikin_oscillator_3_10", 0.0),
        ("force_index_13", 0.0),
        ("ease_of_movement_14", 0.0),
        ("klinger_34_55", 0.0),
        ("weighted_volatility_24", 0.0),
        ("vwap_z_24", 0.0),
        ("return_volume_correlation_24", 0.0),
        ("taker_shift_6_48", 0.0),
        ("flow_toxicity_24", 0.0),
        ("hasbrouck_lambda_24", 0.0),
        ("trades_ratio_6_48", 1.0),
        ("trade_size_z_24", 0.0),
        ("shadow_balance_24", 0.0),
        ("relative_body_10", 1.0),
        ("engulfing_1", 0.0),
        ("inside_1", 1.0),
        ("range_overlap_1", 1.0),
        ("range_growth_1", 0.0),
        ("star_3", 0.0),
        ("heikin_ashi_1", 0.0),
        ("shift_run_10", 0.0),
        ("streak_10", 0.0),
    ];
    for price in [0.1, 0.3, 1.0 / 3.0, 97_123.45] {
        let first = Candle { open: price, high: price, low: price, close: price, ..wandering(0) };
        let still = |i: i64| Candle::no_trade(START + i * Interval::HOUR.ms(), &first);
        let candles = series(Interval::HOUR, &(0..300).map(still).collect::<Vec<_>>());
        let table = build(&FeatureConfig::default(), &candles, &[], &[]).unwrap();
        assert!(table.values.iter().all(|value| value.is_finite()));
        for (name, value) in expected {
            let column = table.column(name).unwrap();
            for row in 0..table.rows() {
                let found = f64::from(table.row(row)[column]);
                let value = f64::from(value as f32);
                assert!((found - value).abs() < 1e-6, "{name} of {price} is {found}");
            }
        }
    }
}

#[test]
fn standing_still_after_moving_is_finite() {
    let last = wandering(199);
    let candles = (0..200)
        .map(wandering)
        .chain((200..12_000).map(|i| Candle::no_trade(START + i * Interval::HOUR.ms(), &last)));
    let candles = series(Interval::HOUR, &candles.collect::<Vec<_>>());
    let table = build(&FeatureConfig::default(), &candles, &[], &[]).unwrap();
    assert!(table.values.iter().all(|value| value.is_finite()));
}

#[test]
fn a_gap_starts_anew() {
    let candles = [wandering_series(0..40), wandering_series(41..80)];
    let all: Vec<Candle> = candles.iter().flat_map(CandleSeries::iter).collect();
    let table = build(&config(&["rsi_14"], None), &series(Interval::HOUR, &all), &[], &[]).unwrap();
    assert_eq!(table.rows(), (40 - 14) + (39 - 14));
    assert_eq!(table.run_start[25], 0);
    assert!(table.run_start[26..].iter().all(|&start| start == 26));
    assert_eq!(table.open_time[26], wandering(41 + 14).open_time);
    assert_eq!(table.decision_time(26), wandering(41 + 15).open_time);
}

/// The candle of 4h that opens at 0 counts from the row that is decided at 4h on, none earlier.
#[test]
fn context_counts_from_its_end() {
    let base = wandering_series(0..24);
    let coarse = resample(&base, interval("4h")).unwrap();
    let table =
        build(&config(&["body_1"], None), &base, std::slice::from_ref(&coarse), &[]).unwrap();
    assert_eq!(table.names, ["body_1", "body_1@4h"]);
    assert_eq!(table.open_time[0], START + 3 * Interval::HOUR.ms());
    for row in 0..table.rows() {
        let ended = (table.decision_time(row) - START) / interval("4h").ms() - 1;
        let mut state = Feature::Body1.state();
        let value = state.update(&coarse.candle(ended as usize)).unwrap() as f32;
        assert_eq!(table.row(row)[1], value, "row {row}");
    }
}

/// While a context candle is missing, and until its features are warm again, there are no rows.
#[test]
fn a_context_gap_is_a_hole() {
    let base = wandering_series(0..48);
    let coarse = resample(&base, interval("4h")).unwrap();
    let holed: Vec<Candle> =
        coarse.iter().enumerate().filter(|&(i, _)| i != 5).map(|(_, candle)| candle).collect();
    let context = [series(interval("4h"), &holed)];
    let table = build(&config(&["log_return_1"], None), &base, &context, &[]).unwrap();
    let hours: Vec<i64> = table.open_time.iter().map(|t| (t - START) / 3_600_000).collect();
    // Candle 5 ends at hour 24; 6 ends at 28 and warms up; 7 ends at 32.
    let expected: Vec<i64> = (7..23).chain(31..48).collect();
    assert_eq!(hours, expected);
    assert_eq!(table.run_start[16], 16);
}

#[test]
fn an_early_context_candle_changes_nothing() {
    let base = wandering_series(0..24);
    let coarse = resample(&base, interval("4h")).unwrap();
    let config = config(&["body_1"], None);
    let table = build(&config, &base, std::slice::from_ref(&coarse), &[]).unwrap();
    let sources = [CandleSource::of(&coarse)];
    let mut builder = FeatureBuilder::new(&config, &CandleSource::of(&base), &sources).unwrap();
    for candle in coarse.iter() {
        builder.push_context(coarse.interval(), &candle).unwrap();
    }
    let rows: Vec<f32> = base
        .iter()
        .filter_map(|candle| builder.push_base(&candle).unwrap().map(<[f32]>::to_vec))
        .flatten()
        .collect();
    assert_eq!(rows, table.values);
}

fn without_flow(candle: Candle) -> Candle {
    Candle { trades: None, taker_buy_volume: None, taker_buy_quote_volume: None, ..candle }
}

#[test]
fn what_the_data_lacks_is_left_out_or_refused() {
    let bare: Vec<Candle> = (0..200).map(|i| without_flow(wandering(i))).collect();
    let bare = series(Interval::HOUR, &bare);
    let table = build(&FeatureConfig::default(), &bare, &[], &[]).unwrap();
    assert!(table.column("taker_imbalance_1").is_none() && table.column("trades_z_24").is_none());
    assert!(table.column("amihud_ratio_6_48").is_some());
    let builder =
        FeatureBuilder::new(&FeatureConfig::default(), &CandleSource::of(&bare), &[]).unwrap();
    assert!(builder.left_out().contains(&LeftOut {
        feature: Feature::TradesZ24,
        interval: Interval::HOUR,
        column: Some(Input::Trades),
    }));
    assert_eq!(builder.left_out().len() + table.names.len(), catalog().len());

    let named = build(&config(&["taker_imbalance_1"], None), &bare, &[], &[]).unwrap_err();
    let message = named.to_string();
    assert!(message.contains("`taker_imbalance_1` needs taker_buy_volume"), "{message}");
    assert!(message.contains("1h candles lack"), "{message}");

    let mut candles: Vec<Candle> = (0..200).map(wandering).collect();
    candles[150] = without_flow(candles[150]);
    let broken = build(&FeatureConfig::default(), &series(Interval::HOUR, &candles), &[], &[]);
    let message = broken.unwrap_err().to_string();
    assert!(message.contains("2022-01-07T06:00:00Z lacks"), "{message}");
}

#[test]
fn the_calendar_is_left_to_the_base() {
    let base = wandering_series(0..24 * 120);
    let day = resample(&base, Interval::DAY).unwrap();
    let table = build(&FeatureConfig::default(), &base, std::slice::from_ref(&day), &[]).unwrap();
    assert!(table.column("hour_sin").is_some() && table.column("rsi_14@1d").is_some());
    assert!(table.column("weekday_sin@1d").is_none());
    let daily = build(&FeatureConfig::default(), &day, &[], &[]).unwrap();
    assert!(daily.column("hour_sin").is_none() && daily.column("weekday_sin").is_some());
    let none = build(&config(&[], Some(&[])), &base, &[day], &[]).unwrap();
    let varies = |f: &Feature| f.cycle().is_none_or(|cycle| cycle > Interval::HOUR.ms());
    assert_eq!(none.names.len(), of_candles().filter(varies).count());
}

#[test]
fn wrong_configs_are_refused() {
    let base = wandering_series(0..60);
    let message = |config: &FeatureConfig| build(config, &base, &[], &[]).unwrap_err().to_string();
    let unknown = config(&["rsi_41"], None);
    assert!(message(&unknown).contains("unknown feature `rsi_41`, nearest is `rsi_14`"));
    assert!(message(&unknown).contains("use some of log_return_1, log_return_2"));
    let report = unknown.validate().unwrap_err().to_string();
    assert!(report.contains("include[0]") && report.contains("nearest is `rsi_14`"), "{report}");
    assert!(config(&["rsi_14"], Some(&["rsi_41"])).validate().is_err());
    assert!(config(&["rsi_14"], Some(&["rsi_14"])).validate().is_ok());
    assert!(message(&config(&["rsi_14", "rsi_14"], None)).contains("listed twice"));
    let mut both = config(&["rsi_14"], None);
    both.exclude = vec!["rsi_14".to_owned()];
    assert!(message(&both).contains("both included and excluded"));
    let all = catalog().iter().map(|info| info.name.to_owned()).collect();
    let nothing = FeatureConfig { exclude: all, ..FeatureConfig::default() };
    assert!(message(&nothing).contains("no feature is left"));
}

#[test]
fn wrong_candles_are_refused() {
    let base = wandering_series(0..60);
    let config = config(&["close_z_20"], None);
    let refuse = |base: &CandleSeries, context: &[CandleSeries]| {
        build(&config, base, context, &[]).unwrap_err().to_string()
    };
    let one = refuse(&wandering_series(0..1), &[]);
    assert!(one.contains("1 in all") && one.contains("`close_z_20` needs 20"), "{one}");
    assert!(refuse(&wandering_series(0..0), &[]).contains("0 in all"));
    let quarter = series(interval("15m"), &[]);
    assert!(refuse(&base, &[quarter]).contains("context interval 15m is not a longer multiple"));
    let four = resample(&base, interval("4h")).unwrap();
    let short = refuse(&base, std::slice::from_ref(&four));
    assert!(short.contains("4h candles, 15 in all"), "{short}");
    assert!(refuse(&base, &[four.clone(), four.clone()]).contains("given twice"));
    let mut other =
        CandleSeries::new(Instrument::new("b", Market::UsdM, "X").unwrap(), interval("4h"));
    other.push(&four.candle(0)).unwrap();
    assert!(refuse(&base, &[other]).contains("b/usd_m/X"));
    let late = wandering_series(2_000..2_100);
    let late = resample(&late, interval("4h")).unwrap();
    let apart = refuse(&wandering_series(0..200), &[late]);
    assert!(apart.contains("never both there"), "{apart}");

    for (high, fault) in [(f64::NAN, "high is not a finite number"), (1e-3, "impossible prices")] {
        let mut candles: Vec<Candle> = base.iter().collect();
        candles[30].high = high;
        let message = refuse(&series(Interval::HOUR, &candles), &[]);
        assert!(message.contains("1h candle of 2022-01-02T06:00:00Z"), "{message}");
        assert!(message.contains(fault), "{message}");
    }
    let mut candles: Vec<Candle> = (0..60).map(wandering).collect();
    candles[50].high = f64::MAX;
    candles[50].close = f64::MAX;
    let vast = refuse(&series(Interval::HOUR, &candles), &[]);
    assert!(vast.contains("2022-01-03T02:00:00Z has high 1797"), "{vast}");
    candles[50] = Candle { volume: 1e-300, taker_buy_volume: Some(0.0), ..wandering(50) };
    assert!(refuse(&series(Interval::HOUR, &candles), &[]).contains("has volume 0.000"));
}

#[test]
fn coarse_candles_are_whole_or_absent() {
    let base = wandering_series(0..12);
    let four = interval("4h");
    let whole = resample(&base, four).unwrap();
    assert_eq!(whole.open_time(), [0, 4, 8].map(|hour| START + hour * Interval::HOUR.ms()));
    let (first, parts) = (whole.candle(0), base.truncated(4));
    assert_eq!(first.open, base.candle(0).open);
    assert_eq!(first.close, base.candle(3).close);
    assert_eq!(first.high, parts.iter().map(|c| c.high).fold(f64::MIN, f64::max));
    assert_eq!(first.low, parts.iter().map(|c| c.low).fold(f64::MAX, f64::min));
    assert_eq!(first.trades, Some(parts.iter().filter_map(|c| c.trades).sum()));
    assert!(whole.iter().all(|candle| candle.check(four).is_ok()));

    let holed: Vec<Candle> = base.iter().filter(|c| c.open_time != base.open_time()[5]).collect();
    let holed = resample(&series(Interval::HOUR, &holed), four).unwrap();
    assert_eq!(holed.open_time(), [0, 8].map(|hour| START + hour * Interval::HOUR.ms()));
    assert!(resample(&base.truncated(3), four).unwrap().is_empty());
    let message = resample(&base, interval("30m")).unwrap_err().to_string();
    assert!(message.contains("1h candles cannot be summed to 30m"), "{message}");
    assert!(resample(&base, Interval::HOUR).is_err());
}

#[test]
fn real_candles_resample_to_the_archive_s_own() {
    let Some(data) = real_data("real_candles_resample_to_the_archive_s_own") else { return };
    let quarters = real_candles(&data, "BTCUSDT", interval("15m"), "2025-0");
    let hours = real_candles(&data, "BTCUSDT", Interval::HOUR, "2025-0");
    let sums = resample(&quarters, Interval::HOUR).unwrap();
    let hours = hours.within(Span { start: sums.open_time()[0], end: i64::MAX });
    assert_eq!(sums.open_time(), hours.open_time());
    for (sum, hour) in sums.iter().zip(hours.iter()) {
        assert_eq!((sum.open, sum.high, sum.low), (hour.open, hour.high, hour.low));
        assert_eq!((sum.close, sum.trades), (hour.close, hour.trades));
        assert!((sum.volume - hour.volume).abs() <= 1e-9 * hour.volume);
    }
}

/// What a checkpoint's column names ask for is what it was trained on, whatever the data has now.
#[test]
fn columns_give_their_config() {
    let base = wandering_series(0..24 * 10);
    let bare: Vec<Candle> =
        resample(&base, interval("4h")).unwrap().iter().map(without_flow).collect();
    let context = [resample(&base, interval("2h")).unwrap(), series(interval("4h"), &bare)];
    let mut wanted = config(&[], None);
    wanted.exclude = catalog()
        .iter()
        .filter(|info| info.warm_up > 20)
        .map(|info| info.name.to_owned())
        .collect();
    let table = build(&wanted, &base, &context, &[]).unwrap();
    assert!(table.column("taker_imbalance_1@2h").is_some());
    assert!(table.column("taker_imbalance_1@4h").is_none());
    let named = wanted.for_columns(&table.names).unwrap();
    named.validate().unwrap();
    assert_eq!(build(&named, &base, &context, &[]).unwrap(), table);

    let lone = build(&named, &base, &context[..1], &[]).unwrap_err().to_string();
    assert!(lone.contains("log_return_1@4h` is of no context interval"), "{lone}");
    let odd = wanted.for_columns(&["rsi_14@soon".to_owned()]).unwrap_err().to_string();
    assert!(odd.contains("`rsi_14@soon` names no interval"), "{odd}");
    let twice = config(&["rsi_14"], Some(&["rsi_14", "rsi_14@4h"]));
    assert!(build(&twice, &base, &context, &[]).unwrap_err().to_string().contains("listed twice"));
}

#[test]
fn the_config_s_schema_names_the_features() {
    let schema = schemars::schema_for!(FeatureConfig);
    let text = serde_json::to_string(&schema).unwrap();
    assert!(text.contains("\"rsi_14\"") && text.contains("Wilder's means"), "{text}");
    let yaml = "include: [rsi_14]\nkontext: []\n";
    let error = serde_saphyr::from_str::<FeatureConfig>(yaml).unwrap_err().to_string();
    assert!(error.contains("kontext"), "{error}");
}

/// `UPDATE_GOLDEN=1` writes the list anew.
#[test]
fn the_document_lists_the_catalogue() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/FEATURES.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let end = text.find("-->").unwrap() + "-->\n".len();
    let mut lines = vec![text[..end].trim_end().to_owned()];
    let mut group = None;
    for info in catalog().iter().chain(series_catalog()) {
        if group.replace(info.group) != Some(info.group) {
            lines.push(format!("\n## {}\n{}.\n", info.group, info.group.about()));
        }
        let memory = if info.recursive { ", recursive" } else { "" };
        lines.push(format!(
            "- `{}` ({}; warm-up {}{memory}): `{}`. Source: {}.",
            info.name, info.unit, info.warm_up, info.formula, info.source
        ));
    }
    let expected = lines.join("\n") + "\n";
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &expected).unwrap();
        return;
    }
    assert!(text == expected, "docs/FEATURES.md is stale: run this test with UPDATE_GOLDEN=1");
}
