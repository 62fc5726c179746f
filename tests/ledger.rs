//! What the gap ledger keeps out of training.

use candlewick::market::{Channel, Instrument, Interval, Market, Span, Time};
use candlewick::run_folder::{DroppedWindows, RunFolder, read_manifest};
use candlewick::store::{GapReason, GapState, NewGap, Store};

use crate::support::Sandbox;

const CONFIG: &str = "
name: ledger
data: { venue: simulated, symbols: [SIMBTC], interval: 15m, context: [1h] }
features: { include: [log_return_1], context: [log_return_1] }
labels: { horizon: 1, direction: { rule: fixed, threshold: 0.001 } }
folds: { scheme: walk_forward, min_train: 20d, valid: 5d, test: 10d, max_folds: 1 }
window: 16
net: { kind: lstm, hidden: 4, layers: 1 }
training: { batch_size: 64, epochs: 1, warmup_steps: 5 }
scores: { resamples: 100 }
";

fn dropped(sandbox: &Sandbox, run: &str) -> DroppedWindows {
    let arguments = ["train", "--config", "c.yaml", "--store", "store", "--run-dir", run];
    sandbox.done(&arguments);
    let run = RunFolder::open(&sandbox.path(run)).unwrap();
    read_manifest(&run.manifest()).unwrap().dropped
}

#[test]
fn windows_and_labels_over_an_entry_of_the_ledger_are_left_out() {
    let sandbox = Sandbox::new();
    sandbox.simulate(4_000);
    sandbox.write("c.yaml", CONFIG);
    let clean = dropped(&sandbox, "clean");
    assert!(clean.ledger.is_empty(), "{clean:?}");

    let at = |text: &str| text.parse::<Time>().unwrap().0;
    let mut store = Store::create(&sandbox.path("store")).unwrap();
    let mut record = |symbol: &str, interval: &str, start: i64, candles, reason, state| {
        let interval: Interval = interval.parse().unwrap();
        let gap = NewGap {
            instrument: Instrument::new("simulated", Market::Spot, symbol).unwrap(),
            channel: Channel::Candles(interval),
            span: Span { start, end: start + candles * interval.ms() },
            ids: None,
            reason,
            state,
        };
        store.record_gap(&gap).unwrap();
    };
    // One base candle: 16 windows of 16 candles reach over it, and one label before them.
    record("SIMBTC", "15m", at("2024-01-20"), 1, GapReason::Outage, GapState::Real);
    // One context candle of four base candles, read through the four after it: 16 + 7 windows. Labels
    // are of base candles.
    record("SIMBTC", "1h", at("2024-01-22"), 1, GapReason::Disconnect, GapState::Lost);
    // None of these takes anything away.
    record("SIMBTC", "4h", at("2024-01-24"), 1, GapReason::Sequence, GapState::Open);
    record("SIMBTC", "15m", at("2024-01-26"), 9, GapReason::Stopped, GapState::Repaired);
    record("OTHER", "15m", at("2024-01-28"), 9, GapReason::Stopped, GapState::Open);
    record("SIMBTC", "15m", at("2034-01-28"), 9, GapReason::Stopped, GapState::Open);
    let found = dropped(&sandbox, "found");
    let expected = DroppedWindows {
        ledger: [("outage".to_owned(), 16), ("disconnect".to_owned(), 23)].into(),
        gap: clean.gap,
        unlabelled: clean.unlabelled + 1,
    };
    assert_eq!(found, expected);
}
