//! One side of an order book: levels in order of price, in blocks.
//!
//! A book of an exchange has some thousands of levels a side, and what changes is often far from the
//! best price. In one array each new level would move all that lie behind it; here it moves those of
//! its block.

use super::{Level, Price};

/// Levels at which a block is cut in two.
const MOST: usize = 64;
/// Levels below which a block joins the one before it where both fit together.
const FEW: usize = 16;

/// Levels from the worst to the best, so that those which change most lie at the end.
#[derive(Debug, Clone, Default)]
pub(super) struct Ladder {
    /// None is empty; the worst level of each stands at its front.
    blocks: Vec<Block>,
    /// The key of the front of each block, all of them side by side for the search.
    fronts: Vec<i64>,
    len: usize,
    /// Keys are prices, or for asks, whose worst is the highest, prices less than zero.
    is_falling: bool,
}

/// Levels next to each other: their keys side by side for the search, and the amount of each.
#[derive(Debug, Clone, Default)]
struct Block {
    keys: Vec<i64>,
    quantities: Vec<f64>,
}

/// Levels from the best to the worst.
#[derive(Debug, Clone)]
pub(super) struct BestFirst<'a> {
    blocks: std::slice::Iter<'a, Block>,
    keys: std::slice::Iter<'a, i64>,
    quantities: std::slice::Iter<'a, f64>,
    left: usize,
    is_falling: bool,
}

impl Ladder {
    /// `is_falling`: the best level is the lowest.
    pub(super) fn new(is_falling: bool) -> Self {
        Self { is_falling, ..Self::default() }
    }

    /// Sets the amount at a price; zero takes the level away.
    pub(super) fn set(&mut self, price: Price, quantity: f64) {
        let key = key(price, self.is_falling);
        // The last block is looked at first; before the first one there is nothing but its front.
        let behind = match self.fronts.last() {
            Some(&front) if front <= key => self.fronts.len(),
            _ => self.fronts.partition_point(|&front| front <= key),
        };
        let place = behind.saturating_sub(1);
        let Some(block) = self.blocks.get_mut(place) else {
            if quantity != 0.0 {
                self.blocks.push(Block { keys: vec![key], quantities: vec![quantity] });
                self.fronts.push(key);
                self.len = 1;
            }
            return;
        };
        let at = block.keys.partition_point(|&other| other < key);
        let is_there = block.keys.get(at) == Some(&key);
        if is_there && quantity != 0.0 {
            if let Some(known) = block.quantities.get_mut(at) {
                *known = quantity;
            }
        } else if is_there {
            block.keys.remove(at);
            block.quantities.remove(at);
            self.len -= 1;
            self.shrunk(place);
        } else if quantity != 0.0 {
            block.keys.insert(at, key);
            block.quantities.insert(at, quantity);
            self.len += 1;
            self.grown(place);
        }
    }

    /// The best level.
    pub(super) fn best(&self) -> Option<Level> {
        let block = self.blocks.last()?;
        let (&key, &quantity) = block.keys.last().zip(block.quantities.last())?;
        Some(Level { price: price(key, self.is_falling), quantity })
    }

    pub(super) fn best_first(&self) -> BestFirst<'_> {
        BestFirst {
            blocks: self.blocks.iter(),
            keys: [].iter(),
            quantities: [].iter(),
            left: self.len,
            is_falling: self.is_falling,
        }
    }

    pub(super) fn clear(&mut self) {
        self.blocks.clear();
        self.fronts.clear();
        self.len = 0;
    }

    /// A level came to a block.
    fn grown(&mut self, place: usize) {
        let Some(block) = self.blocks.get_mut(place) else { return };
        let behind = (block.keys.len() >= MOST).then(|| block.cut());
        if let Some(behind) = behind {
            self.fronts.insert(place + 1, 0);
            self.blocks.insert(place + 1, behind);
            self.note_front(place + 1);
        }
        self.note_front(place);
    }

    /// A level went from a block.
    fn shrunk(&mut self, place: usize) {
        let len = |place: usize| self.blocks.get(place).map_or(MOST, |block| block.keys.len());
        if len(place) == 0 {
            self.blocks.remove(place);
            self.fronts.remove(place);
        } else if len(place) < FEW && place > 0 && len(place - 1) + len(place) <= MOST / 2 {
            let block = self.blocks.remove(place);
            self.fronts.remove(place);
            if let Some(before) = self.blocks.get_mut(place - 1) {
                before.keys.extend(block.keys);
                before.quantities.extend(block.quantities);
            }
        } else {
            self.note_front(place);
        }
    }

    fn note_front(&mut self, place: usize) {
        if let Some(&front) = self.blocks.get(place).and_then(|block| block.keys.first()) {
            self.fronts[place] = front;
        }
    }
}

impl Block {
    /// Takes the better half away.
    fn cut(&mut self) -> Self {
        let mut better =
            Self { keys: Vec::with_capacity(MOST), quantities: Vec::with_capacity(MOST) };
        better.keys.extend(self.keys.drain(MOST / 2..));
        better.quantities.extend(self.quantities.drain(MOST / 2..));
        better
    }
}

/// A price as a key: not the negative, which the least number lacks.
fn key(price: Price, is_falling: bool) -> i64 {
    if is_falling { !price.0 } else { price.0 }
}

fn price(key: i64, is_falling: bool) -> Price {
    Price(if is_falling { !key } else { key })
}

impl PartialEq for Ladder {
    fn eq(&self, other: &Self) -> bool {
        self.best_first().eq(other.best_first())
    }
}

impl Iterator for BestFirst<'_> {
    type Item = Level;

    fn next(&mut self) -> Option<Level> {
        let key = match self.keys.next_back() {
            Some(&key) => key,
            None => {
                let block = self.blocks.next_back()?;
                (self.keys, self.quantities) = (block.keys.iter(), block.quantities.iter());
                *self.keys.next_back()?
            }
        };
        let &quantity = self.quantities.next_back()?;
        self.left -= 1;
        Some(Level { price: price(key, self.is_falling), quantity })
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for BestFirst<'_> {}
