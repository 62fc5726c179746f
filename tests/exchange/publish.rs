//! The exchange's clock: takes the next message of all listings, in order, and puts it on the lines.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::Shared;
use super::fault::{Fault, RestFault, Touched, malformed, unknown};
use super::feed::Feed;
use super::line::{Line, Out, close_frame, frame};
use super::message::{Item, Message};

/// How far behind its clock the exchange may fall before the clock waits for it.
const BEHIND: Duration = Duration::from_millis(200);
/// Messages of a line that are kept to be sent once more.
const LAST: usize = 20;

/// A line and what is being done to it.
struct Struck {
    line: Arc<Line>,
    duplicate: usize,
    reorder: Option<(Touched, usize, Vec<Vec<u8>>)>,
    skip: Vec<(Touched, usize)>,
    stalled: Option<(i64, Vec<Vec<u8>>)>,
    closes_at: Option<i64>,
    last: VecDeque<Vec<u8>>,
}

/// Publishes until the exchange stops.
pub fn publish(shared: &Arc<Shared>) {
    let mut feeds: Vec<Feed> =
        shared.listings.iter().enumerate().map(|(index, of)| Feed::new(of, index)).collect();
    let mut due: BinaryHeap<_> = feeds
        .iter_mut()
        .enumerate()
        .map(|(index, feed)| Reverse((feed.next_at(), index)))
        .collect();
    let (begin, mut faults) = (shared.now(), VecDeque::from(shared.config.faults.clone()));
    let mut random = ChaCha8Rng::seed_from_u64(0);
    let (mut struck, mut seen) = (Vec::<Struck>::new(), 0);
    let mut anchor = None::<(Instant, i64)>;
    while !shared.stops.load(Ordering::Acquire) {
        let changed = shared.lines_changed.load(Ordering::Acquire);
        if changed != seen {
            seen = changed;
            refresh(shared, &mut struck);
        }
        let next = due.peek().map(|Reverse((at, _))| *at);
        let at = next.filter(|at| at.saturating_sub(begin) < shared.config.duration);
        if at.is_none() {
            shared.is_over.store(true, Ordering::Release);
        }
        strike(shared, begin, &mut faults, &mut struck, &mut random);
        let runs = shared.is_running.load(Ordering::Acquire);
        let Some(at) = at.filter(|_| runs) else {
            anchor = None;
            if at.is_none() {
                release(i64::MAX, &mut struck);
            }
            thread::sleep(Duration::from_millis(2));
            continue;
        };
        if !pace(shared.config.ratio, &mut anchor, at) {
            continue;
        }
        let Some(Reverse((_, index))) = due.pop() else { continue };
        let message = feeds[index].next();
        due.push(Reverse((feeds[index].next_at(), index)));
        {
            let mut published = shared.published[index].lock().unwrap();
            published.take(&message);
            if matches!(message.item, Item::AggTrade { .. } | Item::Candle { .. }) {
                published.unfinished = feeds[index].unfinished().cloned().collect();
            }
        }
        shared.now.store(at, Ordering::Release);
        release(at, &mut struck);
        let sent = send(shared, &message, &mut struck, &mut random);
        shared.tell(|told| {
            told.published += 1;
            told.sent += sent;
        });
    }
}

/// Whether the message of `at` is due; sleeps a little when it is not.
fn pace(ratio: Option<f64>, anchor: &mut Option<(Instant, i64)>, at: i64) -> bool {
    let Some(ratio) = ratio else { return true };
    let (wall, exchange) = *anchor.get_or_insert((Instant::now(), at));
    let due = wall + Duration::from_secs_f64((at - exchange).max(0) as f64 / ratio / 1e3);
    let now = Instant::now();
    if due > now + Duration::from_millis(1) {
        thread::sleep((due - now).min(Duration::from_millis(5)));
        return false;
    }
    if now > due + BEHIND {
        *anchor = Some((now, at));
    }
    true
}

/// Forgets the lines that ended and takes new ones in.
fn refresh(shared: &Shared, struck: &mut Vec<Struck>) {
    let mut lines = shared.lines.lock().unwrap();
    lines.retain(|line| !line.closed.load(Ordering::Acquire));
    struck.retain(|one| lines.iter().any(|line| Arc::ptr_eq(line, &one.line)));
    for line in lines.iter() {
        if !struck.iter().any(|one| Arc::ptr_eq(line, &one.line)) {
            struck.push(Struck {
                line: Arc::clone(line),
                duplicate: 0,
                reorder: None,
                skip: Vec::new(),
                stalled: None,
                closes_at: None,
                last: VecDeque::new(),
            });
        }
    }
}

pub fn order_rest(shared: &Shared, fault: RestFault, times: usize) {
    if fault == RestFault::StaleDepth {
        for (stale, published) in shared.stale.iter().zip(&shared.published) {
            let published = published.lock().unwrap();
            let mut old = super::Published { forgetful: true, ..super::Published::default() };
            old.book.clone_from(&published.book);
            (old.update_id, old.event) = (published.update_id, published.event);
            *stale.lock().unwrap() = Some(old);
        }
    }
    shared.rest_faults.lock().unwrap().push_back((fault, times));
    shared.tell(|told| told.struck.push((shared.now(), Fault::Rest(fault, times))));
}

/// Lets the faults that are due strike; those of a line wait until one is open.
fn strike(
    shared: &Shared,
    begin: i64,
    faults: &mut VecDeque<(i64, Fault)>,
    struck: &mut [Struck],
    random: &mut ChaCha8Rng,
) {
    let now = shared.now();
    loop {
        let ordered = shared.orders.lock().unwrap().front().copied();
        let planned = faults.front().filter(|(at, _)| begin + at <= now).map(|(_, fault)| *fault);
        let Some(fault) = ordered.or(planned) else { return };
        if let Fault::Rest(fault, times) = fault {
            order_rest(shared, fault, times);
        } else {
            let mut open = struck
                .iter_mut()
                .filter(|one| !one.line.closed.load(Ordering::Acquire))
                .filter(|one| !one.line.wanted.lock().unwrap().is_empty())
                .peekable();
            if open.peek().is_none() {
                return;
            }
            open.for_each(|one| hit(shared, one, fault, now, random));
            if let Fault::Refuse(ms) = fault {
                shared.refuse_until.store(now + ms, Ordering::Release);
            }
            shared.tell(|told| told.struck.push((now, fault)));
        }
        if ordered.is_some() {
            shared.orders.lock().unwrap().pop_front();
        } else {
            faults.pop_front();
        }
    }
}

fn hit(shared: &Shared, one: &mut Struck, fault: Fault, now: i64, random: &mut ChaCha8Rng) {
    let line = &one.line;
    let drop_after = |bytes: Vec<u8>| {
        line.send(bytes);
        line.put(Out::Drop);
    };
    let symbol = || {
        let wanted = line.wanted.lock().unwrap();
        wanted.keys().next().map(|key| shared.listings[key.0].name.symbol.clone())
    };
    match fault {
        Fault::Cut | Fault::Refuse(_) => drop_after(Vec::new()),
        Fault::HalfFrame => {
            let mut bytes = frame(1, br#"{"stream":"btcusdt@aggTrade","data":{"e":"aggTrade"}}"#);
            bytes.truncate(bytes.len() / 2);
            drop_after(bytes);
        }
        Fault::Close(code) => drop_after(close_frame(code)),
        Fault::Silence => line.silent.store(true, Ordering::Release),
        Fault::Stall(ms) => {
            let held = one.stalled.take().map(|(_, held)| held).unwrap_or_default();
            one.stalled = Some((now + ms, held));
        }
        Fault::Duplicate(count) => one.duplicate = count,
        Fault::Echo => one.last.iter().for_each(|bytes| line.send(bytes.clone())),
        Fault::Reorder(touched, count) => {
            if let Some((_, _, held)) = one.reorder.take() {
                held.into_iter().for_each(|bytes| line.send(bytes));
            }
            one.reorder = Some((touched, count, Vec::new()));
        }
        Fault::Skip(touched, count) => one.skip.push((touched, count)),
        Fault::Malformed => {
            for bytes in malformed(&symbol().unwrap_or_default()) {
                line.send(frame(1, &bytes));
            }
            line.send(frame(2, &[0, 159, 146, 150, random.random()]));
        }
        Fault::Unknown => {
            for bytes in unknown(&symbol().unwrap_or_default()) {
                line.send(frame(1, &bytes));
            }
        }
        Fault::Shutdown(ms) => {
            let event = format!(r#"{{"e":"serverShutdown","E":{now}}}"#);
            let text = if line.combined {
                format!(r#"{{"stream":"!serverShutdown","data":{event}}}"#)
            } else {
                event
            };
            line.send(frame(1, text.as_bytes()));
            one.closes_at = Some(now + ms);
        }
        Fault::Rest(..) => {}
    }
}

/// Ends the stalls and the lives that are over at `now`.
fn release(now: i64, struck: &mut [Struck]) {
    for one in struck {
        if let Some((_, held)) = one.stalled.take_if(|(until, _)| *until <= now) {
            held.into_iter().for_each(|bytes| one.line.send(bytes));
        }
        if one.closes_at.take_if(|at| *at <= now).is_some() {
            one.line.put(Out::Bytes(close_frame(1_001)));
            one.line.put(Out::Drop);
        }
    }
}

/// Puts a message on the lines that want it, as they have been struck; returns on how many.
fn send(shared: &Shared, message: &Message, struck: &mut [Struck], random: &mut ChaCha8Rng) -> u64 {
    let (key, mut text, mut sent) = ((message.listing, message.kind()), None, 0);
    for one in struck {
        let line = Arc::clone(&one.line);
        if line.closed.load(Ordering::Acquire) || line.silent.load(Ordering::Acquire) {
            continue;
        }
        let Some(stream) = line.wanted.lock().unwrap().get(&key).cloned() else { continue };
        let text: &String =
            text.get_or_insert_with(|| message.text(&shared.listings[message.listing].name));
        let bytes = if line.combined {
            frame(1, format!(r#"{{"stream":"{stream}","data":{text}}}"#).as_bytes())
        } else {
            frame(1, text.as_bytes())
        };
        if let Some(skip) = one.skip.iter_mut().find(|skip| skip.0.touches(message)) {
            skip.1 -= 1;
            one.skip.retain(|skip| skip.1 > 0);
            continue;
        }
        sent += 1;
        one.last.push_back(bytes.clone());
        if one.last.len() > LAST {
            one.last.pop_front();
        }
        let mut ready = vec![bytes];
        if one.duplicate > 0 {
            one.duplicate -= 1;
            ready.push(ready[0].clone());
        }
        if let Some((touched, count, held)) = &mut one.reorder
            && touched.touches(message)
        {
            held.append(&mut ready);
            if held.len() < *count {
                continue;
            }
            ready = std::mem::take(held);
            for place in (1..ready.len()).rev() {
                ready.swap(place, random.random_range(0..=place));
            }
            one.reorder = None;
        }
        match &mut one.stalled {
            Some((_, held)) => held.append(&mut ready),
            None => ready.into_iter().for_each(|bytes| line.send(bytes)),
        }
    }
    sent
}
