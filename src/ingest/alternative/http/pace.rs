//! When the next request may go out.

use std::collections::VecDeque;

use super::description::Rate;

/// The requests of the last stretch of time.
#[derive(Debug)]
pub(super) struct Pace {
    rate: Rate,
    /// When they went out, ms, oldest first.
    sent: VecDeque<i64>,
}

impl Pace {
    /// Nothing sent yet.
    pub(super) fn new(rate: Rate) -> Self {
        Self { rate, sent: VecDeque::new() }
    }

    /// When a request may go out that is ready at `now`, ms; it is counted as sent then.
    pub(super) fn next(&mut self, now: i64) -> i64 {
        let most = self.rate.requests as usize;
        while self.sent.len() > most {
            self.sent.pop_front();
        }
        let at = match self.sent.front() {
            Some(&oldest) if self.sent.len() == most => now.max(oldest + self.rate.per.ms()),
            _ => now,
        };
        if self.sent.len() == most {
            self.sent.pop_front();
        }
        self.sent.push_back(at);
        at
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// No stretch of the rate's length holds more requests than the rate allows, and none waits
        /// without need.
        #[test]
        fn prop_the_rate_holds(
            requests in 1_u32..5,
            seconds in 1_u32..10,
            waits in proptest::collection::vec(0_i64..4000, 1..40),
        ) {
            let per: crate::market::Period = format!("{seconds}s").parse().unwrap();
            let mut pace = Pace::new(Rate { requests, per });
            let (mut now, mut sent) = (0, Vec::new());
            for wait in waits {
                now += wait;
                let at = pace.next(now);
                prop_assert!(at >= now);
                let crowd = sent.iter().filter(|&&other| other > at - per.ms()).count();
                prop_assert!(crowd < requests as usize);
                if at > now {
                    let before = sent.iter().filter(|&&other| other > at - 1 - per.ms()).count();
                    prop_assert!(before >= requests as usize);
                }
                sent.push(at);
                now = at;
            }
        }
    }
}
