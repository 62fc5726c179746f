//! The weight that an exchange allows an address to spend, kept without ever going over it.
//!
//! The exchange counts in windows whose bounds are its own affair, and a request arrives some time
//! between its sending and its answer. So a request is taken to weigh on a window from its sending
//! until the window's length after its answer: whatever the bounds, every request of one of the
//! exchange's windows is then counted when the last one of it is sent. What others at the same
//! address spend is known from the answers' headers only, and each header holds until its window
//! must have ended.

use std::collections::VecDeque;

/// What a window counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counted {
    /// Weight of requests.
    Weight,
    /// Requests, whatever their weight.
    Requests,
}

/// A limit as `exchangeInfo` announces it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limit {
    pub counted: Counted,
    /// Number and letter of the window as in the headers: 1 and `m`.
    pub name: (u32, char),
    /// Most that a window may hold.
    pub most: i64,
}

/// A weight used as a header tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Used {
    /// Number and letter of the window.
    pub name: (u32, char),
    /// Weight used in the present window, by all at this address.
    pub weight: i64,
}

/// A request that was let through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket {
    weight: i64,
    sent: i64,
}

/// Why a request is not let through yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wait {
    /// Not before this moment.
    Until(i64),
    /// Not before one of those under way is answered.
    Answer,
    /// Never: it weighs more than a whole window of that much allows.
    Never(i64),
}

/// What is spent; every moment is in milliseconds of any one clock that never goes back.
#[derive(Debug, Default)]
pub(super) struct Budget {
    windows: Vec<Window>,
    blocked_until: i64,
}

#[derive(Debug)]
struct Window {
    limit: Limit,
    ms: i64,
    /// Under way: sent and not answered.
    flying: i64,
    /// Answered: the moment and what it counted, oldest first.
    answered: VecDeque<(i64, i64)>,
    /// Sum of `answered`.
    sum: i64,
    heard: Option<Heard>,
}

/// The latest header.
#[derive(Debug, Clone, Copy)]
struct Heard {
    /// What it told less the request's own weight.
    others: i64,
    /// When the request was sent, from which on requests are not sure to be in it.
    sent: i64,
    /// When the window that it speaks of must have ended.
    ends: i64,
}

impl Budget {
    /// Takes over the announced limits; what was spent stays counted in windows that stay.
    pub(super) fn announce(&mut self, limits: &[Limit]) {
        let mut old = std::mem::take(&mut self.windows);
        for &limit in limits {
            let Some(ms) = length(limit.name) else { continue };
            let same =
                |it: &Window| it.limit.name == limit.name && it.limit.counted == limit.counted;
            let mut window = match old.iter().position(same) {
                Some(place) => old.swap_remove(place),
                None => {
                    Window { limit, ms, flying: 0, answered: VecDeque::new(), sum: 0, heard: None }
                }
            };
            window.limit = limit;
            self.windows.push(window);
        }
    }

    /// Whether any limit is known.
    pub(super) fn is_announced(&self) -> bool {
        !self.windows.is_empty()
    }

    /// Lets a request through at `now`, or says what to wait for.
    pub(super) fn admit(&mut self, now: i64, weight: i64) -> Result<Ticket, Wait> {
        if now < self.blocked_until {
            return Err(Wait::Until(self.blocked_until));
        }
        let mut wait: Option<Wait> = None;
        for window in &mut self.windows {
            window.forget(now);
            match (wait, window.admits(weight)) {
                (_, None) => {}
                (_, Some(never @ Wait::Never(_))) => return Err(never),
                (Some(Wait::Until(one)), Some(Wait::Until(other))) => {
                    wait = Some(Wait::Until(one.max(other)));
                }
                (_, Some(other)) => wait = Some(other),
            }
        }
        if let Some(wait) = wait {
            return Err(wait);
        }
        for window in &mut self.windows {
            window.flying += window.counts(weight);
        }
        Ok(Ticket { weight, sent: now })
    }

    /// Notes that a request was answered at `now` and what the answer's headers told.
    pub(super) fn settle(&mut self, now: i64, ticket: Ticket, used: &[Used]) {
        for window in &mut self.windows {
            let own = window.counts(ticket.weight);
            window.flying = (window.flying - own).max(0);
            window.remember(now, own);
            if window.limit.counted == Counted::Weight
                && let Some(used) = used.iter().find(|used| used.name == window.limit.name)
                && window.heard.is_none_or(|heard| heard.sent <= ticket.sent)
            {
                let others = used.weight.saturating_sub(own);
                let ends = now.saturating_add(window.ms);
                window.heard = Some(Heard { others, sent: ticket.sent, ends });
            }
        }
    }

    /// Lets nothing through before `until`.
    pub(super) fn block(&mut self, until: i64) {
        self.blocked_until = self.blocked_until.max(until);
    }

    /// Counts a request that was let through before any limit was known and answered at `now`.
    pub(super) fn count_first(&mut self, now: i64, ticket: Ticket, used: &[Used]) {
        for window in &mut self.windows {
            window.flying += window.counts(ticket.weight);
        }
        self.settle(now, ticket, used);
    }
}

impl Window {
    fn counts(&self, weight: i64) -> i64 {
        match self.limit.counted {
            Counted::Weight => weight,
            Counted::Requests => 1,
        }
    }

    fn forget(&mut self, now: i64) {
        while let Some(&(answered, counted)) = self.answered.front()
            && answered.saturating_add(self.ms) <= now
        {
            self.sum -= counted;
            self.answered.pop_front();
        }
        if self.heard.is_some_and(|heard| heard.ends <= now) {
            self.heard = None;
        }
    }

    /// Moments are rounded up to a thousandth of the window, which bounds their number.
    fn remember(&mut self, now: i64, counted: i64) {
        let grain = (self.ms / 1000).max(1);
        let moment =
            now.div_euclid(grain) * grain + if now.rem_euclid(grain) == 0 { 0 } else { grain };
        match self.answered.back_mut() {
            Some((last, sum)) if *last >= moment => *sum += counted,
            _ => self.answered.push_back((moment, counted)),
        }
        self.sum += counted;
    }

    /// What a request of that weight has to wait for, if anything.
    fn admits(&self, weight: i64) -> Option<Wait> {
        let room = self.limit.most - self.counts(weight);
        if room < 0 {
            return Some(Wait::Never(self.limit.most));
        }
        let mut over = self.flying + self.sum - room;
        if over > 0 {
            let ends = self.answered.iter().find_map(|&(answered, counted)| {
                over -= counted;
                (over <= 0).then(|| answered.saturating_add(self.ms))
            });
            return Some(ends.map_or(Wait::Answer, Wait::Until));
        }
        let heard = self.heard?;
        let since: i64 = self
            .answered
            .iter()
            .rev()
            .take_while(|(answered, _)| *answered >= heard.sent)
            .map(|(_, counted)| counted)
            .sum();
        let known = heard.others.saturating_add(since).saturating_add(self.flying);
        (known > room).then_some(Wait::Until(heard.ends))
    }
}

/// Length of a window in milliseconds.
pub(super) fn length((number, letter): (u32, char)) -> Option<i64> {
    let unit = match letter {
        's' => 1_000,
        'm' => 60_000,
        'h' => 3_600_000,
        'd' => 86_400_000,
        _ => return None,
    };
    (number > 0).then(|| i64::from(number) * unit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: (u32, char) = (1, 's');

    fn budget(most: i64) -> Budget {
        let mut budget = Budget::default();
        budget.announce(&[Limit { counted: Counted::Weight, name: SECOND, most }]);
        budget
    }

    #[test]
    fn a_request_that_would_go_over_waits_a_window_after_an_answer() {
        let mut budget = budget(10);
        let first = budget.admit(0, 6).unwrap();
        assert_eq!(budget.admit(1, 6), Err(Wait::Answer));
        budget.settle(100, first, &[]);
        assert_eq!(budget.admit(101, 6), Err(Wait::Until(1100)));
        assert_eq!(budget.admit(101, 11), Err(Wait::Never(10)));
        let second = budget.admit(101, 4).unwrap();
        assert_eq!(budget.admit(1099, 6), Err(Wait::Until(1100)));
        assert!(budget.admit(1100, 6).is_ok());
        budget.settle(1101, second, &[]);
        assert_eq!(budget.admit(1102, 4), Err(Wait::Until(2101)));
        assert_eq!(budget.admit(1102, 5), Err(Wait::Answer));
    }

    #[test]
    fn headers_that_tell_of_others_count() {
        let mut budget = budget(10);
        let ticket = budget.admit(0, 1).unwrap();
        budget.settle(10, ticket, &[Used { name: SECOND, weight: 9 }]);
        assert_eq!(budget.admit(20, 2), Err(Wait::Until(1010)));
        let ticket = budget.admit(20, 1).unwrap();
        assert_eq!(budget.admit(21, 1), Err(Wait::Until(1010)));
        // The exchange's next window has begun.
        budget.settle(30, ticket, &[Used { name: SECOND, weight: 1 }]);
        assert!(budget.admit(40, 8).is_ok());
        // A header of another window says nothing of this one.
        let mut other = self::budget(10);
        let ticket = other.admit(0, 1).unwrap();
        other.settle(10, ticket, &[Used { name: (1, 'm'), weight: 99 }]);
        assert!(other.admit(20, 9).is_ok());
    }

    #[test]
    fn an_answer_overtaken_by_a_later_request_is_no_news() {
        let mut budget = budget(10);
        let early = budget.admit(0, 1).unwrap();
        let late = budget.admit(1, 1).unwrap();
        budget.settle(5, late, &[Used { name: SECOND, weight: 9 }]);
        budget.settle(6, early, &[Used { name: SECOND, weight: 1 }]);
        assert!(matches!(budget.admit(7, 1), Err(Wait::Until(_))));
    }

    #[test]
    fn blocks_and_new_limits_hold() {
        let mut budget = budget(10);
        budget.block(50);
        budget.block(20);
        assert_eq!(budget.admit(49, 1), Err(Wait::Until(50)));
        let ticket = budget.admit(50, 5).unwrap();
        budget.settle(60, ticket, &[]);
        budget.announce(&[
            Limit { counted: Counted::Weight, name: SECOND, most: 6 },
            Limit { counted: Counted::Requests, name: (1, 'm'), most: 2 },
        ]);
        assert_eq!(budget.admit(61, 2), Err(Wait::Until(1060)));
        assert!(budget.admit(61, 1).is_ok() && budget.admit(1060, 1).is_ok());
        assert_eq!(budget.admit(1061, 1), Err(Wait::Answer));
    }

    /// One of ours as the exchange saw it.
    #[derive(Clone, Copy)]
    struct Seen {
        sent: i64,
        arrived: i64,
        answered: i64,
        weight: i64,
        ticket: Ticket,
    }

    /// Sends requests of these weights and delays as soon as the budget lets them, at most `threads`
    /// at once, to an exchange whose windows begin at `phase` and where others spend too.
    fn simulate(
        most: i64,
        phase: i64,
        threads: usize,
        wanted: &[(i64, i64, i64)],
        others: &[(i64, i64)],
    ) -> Vec<Seen> {
        let mut budget = budget(most);
        let (mut now, mut seen, mut flying): (i64, Vec<Seen>, Vec<Seen>) = (0, vec![], vec![]);
        let window = |time: i64| (time - phase).div_euclid(1000);
        let mut wanted = wanted.iter();
        let mut next = wanted.next();
        while next.is_some() || !flying.is_empty() {
            flying.sort_by_key(|one| one.answered);
            while flying.first().is_some_and(|one| one.answered <= now) {
                let one = flying.remove(0);
                let same = |time: i64| window(time) == window(one.arrived) && time <= one.arrived;
                let ours: i64 = seen.iter().filter(|it| same(it.arrived)).map(|it| it.weight).sum();
                let theirs: i64 = others.iter().filter(|it| same(it.0)).map(|it| it.1).sum();
                let used = Used { name: SECOND, weight: ours + theirs };
                budget.settle(now, one.ticket, &[used]);
            }
            if next.is_none() && flying.is_empty() {
                break;
            }
            let answer = flying.first().map(|one| one.answered);
            let wait = match next.filter(|_| flying.len() < threads) {
                None => Wait::Answer,
                Some(&(weight, there, back)) => match budget.admit(now, weight) {
                    Err(wait) => wait,
                    Ok(ticket) => {
                        let arrived = now + there;
                        let answered = arrived + back;
                        let one = Seen { sent: now, arrived, answered, weight, ticket };
                        flying.push(one);
                        seen.push(one);
                        next = wanted.next();
                        continue;
                    }
                },
            };
            now = match (wait, answer) {
                (Wait::Until(until), Some(answer)) => until.min(answer),
                (Wait::Until(until), None) => until,
                (Wait::Answer, Some(answer)) => answer,
                (wait, _) => panic!("{wait:?} with nothing under way"),
            }
            .max(now);
        }
        seen
    }

    fn wanted() -> impl Strategy<Value = Vec<(i64, i64, i64)>> {
        prop::collection::vec((1_i64..8, 0_i64..700, 0_i64..700), 1..80)
    }

    proptest! {
        /// Whatever the windows' bounds and the delays, no window of the exchange holds too much.
        #[test]
        fn prop_no_window_ever_goes_over(
            most in 8_i64..40, phase in 0_i64..1000, threads in 1_usize..6, wanted in wanted(),
        ) {
            let seen = simulate(most, phase, threads, &wanted, &[]);
            prop_assert_eq!(seen.len(), wanted.len());
            for one in &seen {
                let window = (one.arrived - phase).div_euclid(1000);
                let sum: i64 = seen
                    .iter()
                    .filter(|it| (it.arrived - phase).div_euclid(1000) == window)
                    .map(|it| it.weight)
                    .sum();
                prop_assert!(sum <= most, "{sum} in window {window}");
            }
        }

        /// What an answer told of others counts for all that is sent after it in the same window.
        #[test]
        fn prop_others_are_allowed_for(
            most in 8_i64..40, phase in 0_i64..1000, wanted in wanted(),
            others in prop::collection::vec((0_i64..20_000, 1_i64..10), 0..40),
        ) {
            let seen = simulate(most, phase, 1, &wanted, &others);
            let window = |time: i64| (time - phase).div_euclid(1000);
            for pair in seen.windows(2) {
                let (one, next) = (pair[0], pair[1]);
                prop_assert!(one.answered <= next.sent);
                if window(one.arrived) == window(next.arrived) {
                    let same = |time: i64| window(time) == window(one.arrived);
                    let ours: i64 = seen.iter().filter(|it| same(it.arrived) && it.arrived <= next.arrived).map(|it| it.weight).sum();
                    let theirs: i64 = others.iter().filter(|it| same(it.0) && it.0 <= one.arrived).map(|it| it.1).sum();
                    prop_assert!(ours + theirs <= most);
                }
            }
        }
    }
}
