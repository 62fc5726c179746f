//! Stoikov's microprice: where the mid is expected to go, given how the best queues lean.

use crate::market::{BookSnapshot, Candle};

use super::book_shape::{BASIS_POINTS, Touch};
use super::indicator::Indicator;

/// Classes of the share `qb / (qb + qa)` of the bid in the best queues.
const CLASSES: usize = 10;

/// Moves of the mid that are looked ahead.
const MOVES: usize = 6;

type Matrix = [[f64; CLASSES]; CLASSES];

/// Microprice less mid over mid, basis points, from a Markov chain over the classes.
///
/// From the snapshots of the stretch so far, each also seen in the mirror (bid for ask): how often
/// a class follows another while the mid stands, `Q`, and as it moves, `R`, and how far it moves then,
/// `K`. The expected move until the mid has moved once is `G = (1 - Q)^-1 K`, and the microprice's
/// adjustment `G + B G + … + B^5 G` with `B = (1 - Q)^-1 R`. One snapshot more than seen of each class
/// is taken to have ended the chain, so that `1 - Q` can always be inverted.
///
/// Source: Stoikov 2018, with one class of spreads.
#[derive(Debug)]
pub(super) struct StoikovMicroprice {
    warm_up: usize,
    candles: usize,
    stands: Option<(usize, f64)>,
    seen: [f64; CLASSES],
    stood: Matrix,
    moved: Matrix,
    moves: [f64; CLASSES],
}

impl StoikovMicroprice {
    pub(super) fn new(warm_up: usize) -> Self {
        let (none, nowhere) = ([0.0; CLASSES], [[0.0; CLASSES]; CLASSES]);
        let (seen, moves) = (none, none);
        let (stood, moved) = (nowhere, nowhere);
        Self { warm_up, candles: 0, stands: None, seen, stood, moved, moves }
    }

    fn count(&mut self, from: usize, to: usize, relative: f64) {
        self.seen[from] += 1.0;
        if relative == 0.0 {
            self.stood[from][to] += 1.0;
        } else {
            self.moved[from][to] += 1.0;
            self.moves[from] += relative;
        }
    }

    /// Of each class the adjustment, as a share of the mid.
    fn adjustments(&self) -> [f64; CLASSES] {
        let share = |row: usize, count: f64| count / (self.seen[row] + 1.0);
        let mut left = self.stood;
        let mut right = self.moved;
        let mut first = self.moves;
        for row in 0..CLASSES {
            left[row] = left[row].map(|count| -share(row, count));
            left[row][row] += 1.0;
            right[row] = right[row].map(|count| share(row, count));
            first[row] = share(row, first[row]);
        }
        eliminate(&mut left, &mut right, &mut first);
        let mut sum = first;
        for _ in 1..MOVES {
            first = right.map(|row| row.iter().zip(first).map(|(b, g)| b * g).sum());
            sum.iter_mut().zip(first).for_each(|(sum, next)| *sum += next);
        }
        sum
    }
}

/// Solves `left X = right` and `left x = first` in place; each row of `left` has a diagonal larger
/// than the rest of it, so no pivot is 0.
fn eliminate(left: &mut Matrix, right: &mut Matrix, first: &mut [f64; CLASSES]) {
    for pivot in 0..CLASSES {
        let scale = left[pivot][pivot];
        for column in 0..CLASSES {
            left[pivot][column] /= scale;
            right[pivot][column] /= scale;
        }
        first[pivot] /= scale;
        for row in (0..CLASSES).filter(|&row| row != pivot) {
            let factor = left[row][pivot];
            for column in 0..CLASSES {
                left[row][column] -= factor * left[pivot][column];
                right[row][column] -= factor * right[pivot][column];
            }
            first[row] -= factor * first[pivot];
        }
    }
}

impl Indicator for StoikovMicroprice {
    fn update(&mut self, _candle: &Candle) -> Option<f64> {
        let (class, _) = self.stands?;
        self.candles += 1;
        (self.candles > self.warm_up).then(|| self.adjustments()[class] * BASIS_POINTS)
    }

    fn book(&mut self, book: &BookSnapshot) {
        let Some(touch) = Touch::of(book) else { return };
        let share = touch.bid_size / (touch.bid_size + touch.ask_size);
        let class = ((share * CLASSES as f64) as usize).min(CLASSES - 1);
        let mid = touch.mid();
        if let Some((from, old)) = self.stands.replace((class, mid)) {
            let relative = (mid - old) / old;
            self.count(from, class, relative);
            self.count(CLASSES - 1 - from, CLASSES - 1 - class, -relative);
        }
    }
}
