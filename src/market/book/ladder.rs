//! One side of an order book: levels in order of price, in blocks.
//!
//! A book of an exchange has some thousands of levels a side, and what changes is often far from the
//! best price. In one array each new level would move all that lie behind it; here it moves those of
//! its block.

use super::{Level, Price};

/// Levels at which a block is cut in two.
const MOST: usize = 128;
/// Levels below which a block joins the one before it where both fit together.
const FEW: usize = 32;

/// Levels from the worst to the best, so that those which change most lie at the end.
#[derive(Debug, Clone, Default)]
pub(super) struct Ladder {
    /// None is empty; the worst level of each stands at its front.
    blocks: Vec<Vec<Level>>,
    /// The key of the front of each block, all of them side by side for the search.
    fronts: Vec<i64>,
    len: usize,
    /// Keys are prices, or for asks, whose worst is the highest, prices less than zero.
    is_falling: bool,
}

/// Levels from the best to the worst.
#[derive(Debug, Clone)]
pub(super) struct BestFirst<'a> {
    blocks: std::slice::Iter<'a, Vec<Level>>,
    block: std::slice::Iter<'a, Level>,
    left: usize,
}

impl Ladder {
    /// `is_falling`: the best level is the lowest.
    pub(super) fn new(is_falling: bool) -> Self {
        Self { is_falling, ..Self::default() }
    }

    /// Sets the amount at a price; zero takes the level away.
    pub(super) fn set(&mut self, price: Price, quantity: f64) {
        let key = self.key(price);
        // The last block is looked at first; before the first one there is nothing but its front.
        let behind = match self.fronts.last() {
            Some(&front) if front <= key => self.fronts.len(),
            _ => self.fronts.partition_point(|&front| front <= key),
        };
        let place = behind.saturating_sub(1);
        let is_falling = self.is_falling;
        let Some(block) = self.blocks.get_mut(place) else {
            if quantity != 0.0 {
                self.blocks.push(vec![Level { price, quantity }]);
                self.fronts.push(key);
                self.len = 1;
            }
            return;
        };
        let lies_before =
            |level: &Level| if is_falling { level.price > price } else { level.price < price };
        let at = block.partition_point(lies_before);
        match block.get_mut(at).filter(|level| level.price == price) {
            Some(level) if quantity != 0.0 => level.quantity = quantity,
            Some(_) => {
                block.remove(at);
                self.len -= 1;
                self.shrunk(place);
            }
            None if quantity == 0.0 => {}
            None => {
                block.insert(at, Level { price, quantity });
                self.len += 1;
                self.grown(place);
            }
        }
    }

    /// The best level.
    pub(super) fn best(&self) -> Option<Level> {
        self.blocks.last().and_then(|block| block.last()).copied()
    }

    pub(super) fn best_first(&self) -> BestFirst<'_> {
        BestFirst { blocks: self.blocks.iter(), block: [].iter(), left: self.len }
    }

    pub(super) fn clear(&mut self) {
        self.blocks.clear();
        self.fronts.clear();
        self.len = 0;
    }

    fn key(&self, price: Price) -> i64 {
        // Not the negative, which the least number lacks.
        if self.is_falling { !price.0 } else { price.0 }
    }

    /// A level came to a block.
    fn grown(&mut self, place: usize) {
        let Some(block) = self.blocks.get_mut(place) else { return };
        let behind = (block.len() >= MOST).then(|| {
            let mut behind = Vec::with_capacity(MOST);
            behind.extend(block.drain(MOST / 2..));
            behind
        });
        if let Some(behind) = behind {
            self.fronts.insert(place + 1, 0);
            self.blocks.insert(place + 1, behind);
            self.note_front(place + 1);
        }
        self.note_front(place);
    }

    /// A level went from a block.
    fn shrunk(&mut self, place: usize) {
        let len = |place: usize| self.blocks.get(place).map_or(MOST, Vec::len);
        if len(place) == 0 {
            self.blocks.remove(place);
            self.fronts.remove(place);
        } else if len(place) < FEW && place > 0 && len(place - 1) + len(place) <= MOST / 2 {
            let block = self.blocks.remove(place);
            self.fronts.remove(place);
            if let Some(before) = self.blocks.get_mut(place - 1) {
                before.extend(block);
            }
        } else {
            self.note_front(place);
        }
    }

    fn note_front(&mut self, place: usize) {
        if let Some(front) = self.blocks.get(place).and_then(|block| block.first()) {
            self.fronts[place] = self.key(front.price);
        }
    }
}

impl PartialEq for Ladder {
    fn eq(&self, other: &Self) -> bool {
        self.best_first().eq(other.best_first())
    }
}

impl Iterator for BestFirst<'_> {
    type Item = Level;

    fn next(&mut self) -> Option<Level> {
        let level = match self.block.next_back() {
            Some(level) => level,
            None => {
                self.block = self.blocks.next_back()?.iter();
                self.block.next_back()?
            }
        };
        self.left -= 1;
        Some(*level)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl ExactSizeIterator for BestFirst<'_> {}
