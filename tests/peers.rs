//! Other instruments beside the run's own: what is known of them, and when.

use std::path::Path;

use candlewick::features::{
    CandleSource, Feature, FeatureBuilder, FeatureConfig, FeatureError, FeatureTable, Inputs,
    PeerConfig, build,
};
use candlewick::market::{Candle, CandleSeries, Instrument, Interval, Market};
use garde::Validate;
use proptest::prelude::*;

use crate::features::{config, instrument, of_candles, real_candles};
use crate::laws::features_laws::{Step, assert_begins, bits, rows_until, steps, walk};
use crate::support::real_data;

const HOUR: i64 = 3_600_000;

/// First hour of 2022, ms.
const START: i64 = 1_640_995_200_000;

fn of_symbol(symbol: &str, candles: impl Iterator<Item = Candle>) -> CandleSeries {
    let instrument = Instrument::new("binance", Market::Spot, symbol).unwrap();
    let mut series = CandleSeries::new(instrument, Interval::HOUR);
    candles.for_each(|candle| series.push(&candle).unwrap());
    series
}

fn named(series: &CandleSeries, symbol: &str) -> CandleSeries {
    of_symbol(symbol, series.iter())
}

/// `log_return_1` of the own candles and, of the peer, these.
fn with_peer(own: &[&str], pair: &[&str]) -> FeatureConfig {
    let owned = |names: &[&str]| Some(names.iter().map(|&name| name.to_owned()).collect());
    let peer = PeerConfig { symbol: "PEER".to_owned(), features: owned(own), pair: owned(pair) };
    FeatureConfig { peers: vec![peer], ..config(&["log_return_1"], Some(&[])) }
}

fn of_pairs() -> impl Iterator<Item = Feature> {
    Feature::ALL.iter().copied().filter(|feature| feature.info().group.name() == "cross_symbol")
}

fn try_build(
    config: &FeatureConfig,
    base: &CandleSeries,
    peers: &[CandleSeries],
) -> Result<FeatureTable, FeatureError> {
    build(config, &Inputs { peers, ..Inputs::of(base) })
}

/// The table, or one without rows where no candle has all its features.
fn table(config: &FeatureConfig, base: &CandleSeries, peer: &CandleSeries) -> FeatureTable {
    let none = (base.interval(), vec![], vec![], vec![], vec![]);
    try_build(config, base, std::slice::from_ref(peer)).unwrap_or_else(|error| {
        assert!(error.to_string().contains("no candle"), "{error}");
        let (interval, names, open_time, values, run_start) = none;
        FeatureTable { interval, names, open_time, values, run_start }
    })
}

fn hours(steps: &[Step], symbol: &str) -> CandleSeries {
    named(&walk(Interval::HOUR, steps), symbol)
}

/// Golden values: `tests/reference/pair_features_golden.py` (pandas 3.1.1, NumPy 2.4.6).
#[test]
fn pair_values_equal_pandas() {
    let Some(data) = real_data("pair_values_equal_pandas") else { return };
    let [own, peer] = ["ETHUSDT", "BTCUSDT"]
        .map(|symbol| real_candles(&data, symbol, Interval::HOUR, "2022-01").truncated(600));
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/features_pair_1h.csv");
    let mut reader = csv::Reader::from_path(golden).unwrap();
    let names: Vec<String> = reader.headers().unwrap().iter().skip(1).map(str::to_owned).collect();
    let rows: Vec<Vec<Option<f64>>> = reader
        .records()
        .map(|row| row.unwrap().iter().map(|cell| cell.parse().ok()).collect())
        .collect();
    assert_eq!(names.len(), of_pairs().count(), "every feature has golden values");
    let mut wrong = Vec::new();
    for (column, name) in names.iter().enumerate() {
        let feature: Feature = name.parse().unwrap();
        let mut state = feature.state();
        let values: Vec<Option<f64>> = own
            .iter()
            .zip(peer.iter())
            .map(|(own, peer)| {
                state.peer(&peer);
                state.update(&own)
            })
            .collect();
        let (mut worst, mut compared): (f64, _) = (0.0, 0);
        for row in &rows {
            let index = own.position(row[0].unwrap() as i64).unwrap();
            assert_eq!(values[index].is_some(), index >= feature.info().warm_up, "{name} {index}");
            let Some(theirs) = row[column + 1] else { continue };
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
fn there_are_pair_features_enough() {
    assert!(of_pairs().count() >= 20, "{}", of_pairs().count());
    assert!(of_candles().all(|feature| feature.info().group.name() != "cross_symbol"));
}

/// With itself: correlation and beta 1, residuals, spreads and distances 0.
#[test]
fn an_instrument_is_its_own_peer() {
    let candles: Vec<Candle> = walk(Interval::HOUR, &moving(300)).iter().collect();
    let base = of_symbol("PEER", candles.into_iter());
    let pair: Vec<&str> = of_pairs().map(Feature::name).collect();
    let table = table(&with_peer(&["rsi_14"], &pair), &base, &base);
    assert_eq!(table.rows(), 300 - 97);
    for (column, name) in table.names.iter().enumerate() {
        let Some(name) = name.strip_suffix("@PEER") else { continue };
        let expected = match name.trim_end_matches(|c: char| c.is_ascii_digit()) {
            "correlation_" | "beta_" | "downside_beta_" | "peer_volatility_ratio_" => 1.0,
            "rsi_" | "lead_correlation_" | "follow_correlation_" => continue,
            _ => 0.0,
        };
        for row in 0..table.rows() {
            let found = f64::from(table.row(row)[column]);
            assert!((found - expected).abs() < 1e-9, "{name} is {found}");
        }
    }
    let lead = table.column("lead_correlation_48@PEER").unwrap();
    let follow = table.column("follow_correlation_48@PEER").unwrap();
    assert!((0..table.rows()).all(|row| table.row(row)[lead] == table.row(row)[follow]));
}

/// Steps without a gap whose every candle moves.
fn moving(count: usize) -> Vec<Step> {
    let noise = |i: usize, salt: usize| ((i * 7_919 + salt * 104_729) % 1_000) as f64 / 1_000.0;
    (0..count)
        .map(|i| (noise(i, 1) / 20.0 - 0.025, 0.01, 0.01, 1.0 + noise(i, 2), noise(i, 3), 9))
        .collect()
}

#[test]
fn standing_still_is_defined() {
    let own = walk(Interval::HOUR, &moving(300));
    let first = own.candle(0);
    let still = |i: i64| Candle::no_trade(START + i * HOUR, &first);
    let still = of_symbol("PEER", (0..300).map(still));
    let pair: Vec<&str> = of_pairs().map(Feature::name).collect();
    let config = with_peer(&[], &pair);
    for (base, peer) in [(&own, &still), (&still, &named(&own, "PEER")), (&still, &still)] {
        let table = table(&config, &named(base, "OWN"), peer);
        assert_eq!(table.rows(), 300 - 97);
        assert!(table.values.iter().all(|value| value.is_finite()));
    }
    let table = table(&config, &named(&own, "OWN"), &still);
    let of = |row: usize, name: &str| table.row(row)[table.column(name).unwrap()];
    for row in 0..table.rows() {
        assert_eq!(of(row, "beta_48@PEER"), 0.0);
        assert_eq!(of(row, "correlation_24@PEER"), 0.0);
        assert_eq!(of(row, "peer_volatility_ratio_24@PEER"), 1.0);
        assert_eq!(of(row, "residual_return_24@PEER"), of(row, "log_return_1"));
    }
}

/// The row of a candle reads the peer's candle of the same time; without it there is no row, and the
/// pair starts anew, while the peer's own features go by the peer's own candles.
#[test]
fn a_missing_peer_candle_is_a_hole() {
    let own = named(&walk(Interval::HOUR, &moving(200)), "OWN");
    let whole = named(&walk(Interval::HOUR, &moving(230)[30..]), "PEER");
    let gap = START + 120 * HOUR;
    let peer = of_symbol("PEER", whole.iter().filter(|candle| candle.open_time != gap));
    let pair = table(&with_peer(&[], &["correlation_24"]), &own, &peer);
    let expected: Vec<i64> = (24..120).chain(121 + 24..200).map(|i| START + i * HOUR).collect();
    assert_eq!(pair.open_time, expected);
    let of_peer = table(&with_peer(&["log_return_6"], &[]), &own, &peer);
    let expected: Vec<i64> = (6..120).chain(121 + 6..200).map(|i| START + i * HOUR).collect();
    assert_eq!(of_peer.open_time, expected);
    let alone = try_build(&config(&["log_return_6"], None), &peer, &[]).unwrap();
    for (row, time) in of_peer.open_time.iter().enumerate() {
        let place = alone.open_time.binary_search(time).unwrap();
        assert_eq!(of_peer.row(row)[1].to_bits(), alone.row(place)[0].to_bits());
    }

    // A hole of the own candles does not touch the peer's features, and starts the pair anew.
    let holed = of_symbol("OWN", own.iter().filter(|candle| candle.open_time != gap));
    let of_peer = table(&with_peer(&["log_return_6"], &[]), &holed, &whole);
    let expected: Vec<i64> = (6..120).chain(122..200).map(|i| START + i * HOUR).collect();
    assert_eq!(of_peer.open_time, expected);
    let pair = table(&with_peer(&[], &["relative_strength_6"]), &holed, &whole);
    assert_eq!(pair.open_time[114], START + (121 + 6) * HOUR);
}

/// A peer's candle given after the base candle of its time counts as missing there.
#[test]
fn a_late_peer_candle_is_a_missing_one() {
    let own = named(&walk(Interval::HOUR, &moving(60)), "OWN");
    let peer = named(&walk(Interval::HOUR, &moving(90)[30..]), "PEER");
    let config = with_peer(&["log_return_1"], &["relative_strength_1"]);
    let mut builder = FeatureBuilder::new(&config, &CandleSource::of(&own), &[]).unwrap();
    let mut rows = Vec::new();
    for (index, (own, peer)) in own.iter().zip(peer.iter()).enumerate() {
        if index != 30 {
            builder.push_peer("PEER", &peer).unwrap();
        }
        if builder.push_base(&own).unwrap().is_some() {
            rows.push(index);
        }
        if index == 30 {
            builder.push_peer("PEER", &peer).unwrap();
        }
    }
    let expected: Vec<usize> = (1..30).chain(32..60).collect();
    assert_eq!(rows, expected);
    let error = builder.push_peer("OTHER", &peer.candle(0)).unwrap_err().to_string();
    assert!(error.contains("no candles of the peer OTHER, there are some of PEER"), "{error}");
    let error = builder.push_peer("PEER", &peer.candle(0)).unwrap_err().to_string();
    assert!(error.contains("of the peer PEER: 1h candle out of order"), "{error}");
}

const QUICK: [&str; 5] = [
    "correlation_12",
    "relative_strength_6",
    "relative_strength_1",
    "beta_24",
    "relative_volume_gap_24",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn prop_truncating_the_future_changes_no_pair(
        own in steps(150..300), peer in steps(150..300), cut in 0.0..1.0,
    ) {
        let (own, peer) = (hours(&own, "OWN"), hours(&peer, "PEER"));
        let (kept, end) = {
            let kept = (own.len() as f64 * cut) as usize;
            (kept, own.open_time()[..kept].last().map_or(START, |time| time + HOUR))
        };
        let known = peer.truncated(peer.open_time().partition_point(|time| time + HOUR <= end));
        if known.is_empty() {
            return Ok(());
        }
        for feature in of_pairs() {
            let config = with_peer(&["streak_10"], &[feature.name()]);
            let whole = table(&config, &own, &peer);
            let part = table(&config, &own.truncated(kept), &known);
            prop_assert_eq!(part.rows(), rows_until(&whole, end), "{}", feature);
            assert_begins(&whole, &part);
        }
    }

    #[test]
    fn prop_streaming_equals_batch(
        own in steps(150..300), peer in steps(150..300), early in 0i64..5,
    ) {
        let (own, peer) = (hours(&own, "OWN"), hours(&peer, "PEER"));
        let config = with_peer(&["rsi_6", "body_1"], &QUICK);
        let whole = table(&config, &own, &peer);
        let mut builder = FeatureBuilder::new(&config, &CandleSource::of(&own), &[]).unwrap();
        let mut waiting = peer.iter().peekable();
        let (mut values, mut times) = (Vec::new(), Vec::new());
        for candle in own.iter() {
            // However early a peer's candle is given, it counts for its own time.
            let until = candle.open_time + early * HOUR;
            while let Some(peer) = waiting.next_if(|peer| peer.open_time <= until) {
                builder.push_peer("PEER", &peer).unwrap();
            }
            if let Some(row) = builder.push_base(&candle).unwrap() {
                values.extend(row.iter().map(|value| value.to_bits()));
                times.push(candle.open_time);
            }
        }
        prop_assert_eq!(times, whole.open_time.clone());
        prop_assert_eq!(values, bits(&whole));
    }

    /// Each stretch in which both are there gives what it gives alone.
    #[test]
    fn prop_gaps_cut_the_pair_into_parts(own in steps(200..300), peer in steps(200..300)) {
        let (own, peer) = (hours(&own, "OWN"), hours(&peer, "PEER"));
        let both: Vec<(Candle, Candle)> = own
            .iter()
            .filter_map(|own| peer.position(own.open_time).map(|at| (own, peer.candle(at))))
            .collect();
        for feature in of_pairs() {
            let config = with_peer(&[], &[feature.name()]);
            let whole = table(&config, &own, &peer);
            let (mut values, mut times) = (Vec::new(), Vec::new());
            for part in both.chunk_by(|a, b| a.0.open_time + HOUR == b.0.open_time) {
                let mut state = feature.state();
                for (own, peer) in part {
                    state.peer(peer);
                    if let Some(value) = state.update(own) {
                        times.push(own.open_time);
                        values.push((value as f32).to_bits());
                    }
                }
            }
            let found: Vec<u32> = whole.values.chunks(2).map(|row| row[1].to_bits()).collect();
            prop_assert_eq!(times, whole.open_time.clone(), "{}", feature);
            prop_assert_eq!(values, found, "{}", feature);
        }
    }

    /// Prices of the peer in another unit change nothing that compares returns or log prices.
    #[test]
    fn prop_units_do_not_matter(own in steps(200..220), peer in steps(200..220)) {
        let whole = |steps: Vec<Step>| steps.into_iter().filter(|s| s.5 != 0).collect::<Vec<_>>();
        let (own, peer) = (hours(&whole(own), "OWN"), hours(&whole(peer), "PEER"));
        let scaled = of_symbol("PEER", peer.iter().map(|c| Candle {
            open: c.open * 1024.0,
            high: c.high * 1024.0,
            low: c.low * 1024.0,
            close: c.close * 1024.0,
            ..c
        }));
        let pair: Vec<&str> = of_pairs().map(Feature::name).collect();
        let config = with_peer(&[], &pair);
        let (one, other) = (table(&config, &own, &peer), table(&config, &own, &scaled));
        prop_assert_eq!(&one.open_time, &other.open_time);
        for (a, b) in one.values.iter().zip(&other.values) {
            prop_assert!((a - b).abs() <= 1e-4 * a.abs().max(1.0), "{} {}", a, b);
        }
    }
}

#[test]
fn wrong_peers_are_refused() {
    let own = named(&walk(Interval::HOUR, &moving(60)), "OWN");
    let peer = named(&walk(Interval::HOUR, &moving(60)), "PEER");
    let refuse = |config: &FeatureConfig, peers: &[CandleSeries]| {
        try_build(config, &own, peers).unwrap_err().to_string()
    };
    let quick = with_peer(&["body_1"], &["relative_strength_1"]);
    assert!(refuse(&quick, &[]).contains("no candles of the peer PEER, there are some of none"));
    let unknown = refuse(&quick, &[named(&peer, "X")]);
    assert!(unknown.contains("some of X;"), "{unknown}");
    let empty = refuse(&quick, &[peer.truncated(0)]);
    assert!(empty.contains("the peer PEER has no 1h candle"), "{empty}");
    let mut foreign =
        CandleSeries::new(Instrument::new("b", Market::UsdM, "PEER").unwrap(), Interval::HOUR);
    foreign.push(&peer.candle(0)).unwrap();
    let foreign = refuse(&quick, &[foreign]);
    assert!(
        foreign.contains("b/usd_m/PEER 1h") && foreign.contains("binance/spot/OWN"),
        "{foreign}"
    );
    let long = refuse(&with_peer(&[], &["beta_96"]), std::slice::from_ref(&peer));
    assert!(long.contains("of the peer PEER") && long.contains("`beta_96` needs 97"), "{long}");
    let later = of_symbol("PEER", walk(Interval::HOUR, &moving(200)).iter().skip(100));
    let apart = refuse(&quick, &[later]);
    assert!(apart.contains("of the instrument and of PEER are never all there"), "{apart}");
    let bare = peer.iter().map(|candle| Candle { taker_buy_volume: None, ..candle });
    let bare = refuse(&with_peer(&["taker_imbalance_1"], &[]), &[of_symbol("PEER", bare)]);
    assert!(bare.contains("needs taker_buy_volume, which the candles of the peer PEER"), "{bare}");

    let peers = [peer];
    let refuse = |config: &FeatureConfig| {
        assert!(config.validate().is_err(), "{config:?}");
        refuse(config, &peers)
    };
    assert!(refuse(&with_peer(&["beta_48"], &[])).contains("`beta_48` reads peer"));
    assert!(refuse(&with_peer(&[], &["rsi_14"])).contains("`rsi_14` is of one instrument alone"));
    assert!(refuse(&with_peer(&["rsi_14", "rsi_14"], &[])).contains("listed twice"));
    assert!(refuse(&with_peer(&[], &[])).contains("peer PEER names no feature"));
    assert!(refuse(&with_peer(&["rsi_41"], &[])).contains("nearest is `rsi_14`"));
    let mut twice = quick.clone();
    twice.peers.push(PeerConfig::new("PEER"));
    assert!(refuse(&twice).contains("peer PEER is listed twice"));
    let mut odd = quick;
    odd.peers[0].symbol = "peer".to_owned();
    assert!(refuse(&odd).contains("symbol `peer` is not made of"));
    let alone = try_build(&config(&["beta_48"], None), &own, &[]).unwrap_err().to_string();
    assert!(alone.contains("list it under `pair` of a peer"), "{alone}");
}

#[test]
fn columns_give_their_config() {
    let own = named(&walk(Interval::HOUR, &moving(200)), "OWN");
    let peers = ["A", "B"].map(|symbol| named(&walk(Interval::HOUR, &moving(200)), symbol));
    let yaml =
        "include: [log_return_1]\npeers: [{symbol: B}, {symbol: A, features: [], pair: [beta_24]}]";
    let config: FeatureConfig = serde_saphyr::from_str(yaml).unwrap();
    config.validate().unwrap();
    let table = try_build(&config, &own, &peers).unwrap();
    assert_eq!(table.names[..2], ["log_return_1", "log_return_1@B"]);
    assert_eq!(table.names.last().unwrap(), "beta_24@A");
    assert!(table.column("beta_48@B").is_some() && table.names.len() > 15);
    let named = config.for_columns(&table.names).unwrap();
    named.validate().unwrap();
    assert_eq!(try_build(&named, &own, &peers).unwrap(), table);
    let again: FeatureConfig =
        serde_json::from_str(&serde_json::to_string(&named).unwrap()).unwrap();
    assert_eq!(again, named);

    let one = config.for_columns(&["log_return_1".to_owned(), "beta_24@A".to_owned()]).unwrap();
    assert_eq!(one.peers.len(), 1);
    let swapped = ["beta_48@B", "rsi_14@B"].map(str::to_owned);
    let swapped = config.for_columns(&swapped).unwrap_err().to_string();
    assert!(swapped.contains("no peers give exactly the columns beta_48@B, rsi_14@B"), "{swapped}");
    assert!(config.for_columns(&["rsi_14@C".to_owned()]).is_err());
    let plain = serde_json::to_string(&FeatureConfig::default()).unwrap();
    assert!(!plain.contains("peers"), "{plain}");
    assert!(serde_saphyr::from_str::<FeatureConfig>("peers: [{symbol: A, pairs: []}]").is_err());
}

/// Real candles of ETH beside BTC: cut anywhere they begin the same, the peer's columns are the
/// peer's own table, and BTC is its own peer.
#[test]
fn real_peers_hold_the_laws() {
    let Some(data) = real_data("real_peers_hold_the_laws") else { return };
    let [own, btc] =
        ["ETHUSDT", "BTCUSDT"].map(|symbol| real_candles(&data, symbol, Interval::HOUR, "2023-0"));
    let (own, btc) = (named(&own, "ETHUSDT"), named(&btc, "BTCUSDT"));
    assert_eq!(instrument().symbol, "BTCUSDT");
    let mut config = config(&["rsi_14"], None);
    config.peers = vec![PeerConfig::new("BTCUSDT")];
    let peers = [btc];
    let clock = std::time::Instant::now();
    let whole = try_build(&config, &own, &peers).unwrap();
    eprintln!("{} rows × {} features in {:?}", whole.rows(), whole.names.len(), clock.elapsed());
    // The candle of 2023-03-24 13:00 is missing of both.
    assert!(!whole.open_time.contains(&1_679_662_800_000));
    let gap = whole.open_time.partition_point(|&time| time < 1_679_662_800_000);
    assert_eq!(whole.open_time[gap], 1_679_662_800_000 + 97 * HOUR);
    for cut in [500, 2_001, 4_999] {
        let part = try_build(&config, &own.truncated(cut), &peers).unwrap();
        assert_begins(&whole, &part);
        assert_eq!(part.rows(), rows_until(&whole, own.open_time()[cut - 1] + HOUR));
    }
    let alone = crate::features::config(&["rsi_14", "close_volatility_24"], None);
    let alone = try_build(&alone, &peers[0], &[]).unwrap();
    for name in ["rsi_14", "close_volatility_24"] {
        let (joined, lone) =
            (whole.column(&format!("{name}@BTCUSDT")).unwrap(), alone.column(name).unwrap());
        for row in 0..whole.rows() {
            let place = alone.open_time.binary_search(&whole.open_time[row]).unwrap();
            assert_eq!(whole.row(row)[joined].to_bits(), alone.row(place)[lone].to_bits());
        }
    }
    let itself = try_build(&config, &peers[0], &peers).unwrap();
    let beta = itself.column("beta_48@BTCUSDT").unwrap();
    assert!((0..itself.rows()).all(|row| itself.row(row)[beta] == 1.0));
}
