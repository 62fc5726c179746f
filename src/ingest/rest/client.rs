//! Calls to one exchange's market: each waits for the budget, obeys bans and outlives passing faults.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use reqwest::header::HeaderMap;
use tracing::{debug, warn};

use super::budget::{Budget, Ticket, Used, Wait, length};
use super::exchange_info;
use super::rest_error::RestError;
use super::verdict::{Verdict, backoff, verdict};
use super::web::{Answer, Limits, Web};
use crate::market::{Market, Time};

/// Tries of a request that meets passing faults.
const TRIES: u32 = 7;

/// Bars by 429 or 418 that one request sits out.
const BARS: u32 = 20;

/// Longest bar that is waited for: ms.
const PATIENCE: i64 = 20 * 60_000;

/// How often the announcement is asked for again: ms.
const REFRESH: i64 = 3_600_000;

/// How often it is asked for again by who needs to know whether a moment has passed: ms.
const ANEW: i64 = 1000;

/// Longest sleep without a look at whether to stop: ms.
const NAP: i64 = 100;

/// A market of an exchange; clones share one budget and may be used from any thread but those of an
/// async runtime.
#[derive(Debug, Clone)]
pub struct RestClient {
    web: Web,
    base: String,
    market: Market,
    shared: Arc<Shared>,
    stop: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Shared {
    /// Zero of every moment here.
    begun: Instant,
    budget: Mutex<Budget>,
    clock: Mutex<Option<ExchangeClock>>,
}

/// The exchange's clock as its last announcement told it.
#[derive(Debug, Clone, Copy)]
struct ExchangeClock {
    told: i64,
    /// When that arrived here.
    at: i64,
}

impl RestClient {
    /// Prepares calls to `base`, such as `https://api.binance.com`; makes none.
    ///
    /// # Errors
    /// When the address may not be asked or TLS cannot be set up.
    pub fn new(base: &str, market: Market) -> Result<Self, RestError> {
        let web = Web::new(base)?;
        let shared =
            Shared { begun: Instant::now(), budget: Mutex::default(), clock: Mutex::default() };
        Ok(Self {
            web,
            base: base.trim_end_matches('/').to_owned(),
            market,
            shared: Arc::new(shared),
            stop: Arc::default(),
        })
    }

    /// The same client whose waits end with [`RestError::Stopped`] once `stop` is set.
    #[must_use]
    pub fn stopping_with(self, stop: Arc<AtomicBool>) -> Self {
        Self { stop, ..self }
    }

    /// Market that it asks.
    #[must_use]
    pub fn market(&self) -> Market {
        self.market
    }

    /// A moment that the exchange's clock has certainly passed, ms.
    ///
    /// # Errors
    /// When the exchange does not announce itself.
    pub fn exchange_time(&self) -> Result<i64, RestError> {
        self.exchange_time_for(i64::MIN)
    }

    /// As [`Self::exchange_time`]; the exchange is asked anew, at most once a second, when `moment`
    /// has not passed by what it told before.
    pub(super) fn exchange_time_for(&self, moment: i64) -> Result<i64, RestError> {
        let mut clock = lock(&self.shared.clock);
        let now = self.now();
        let holds = |known: ExchangeClock| {
            let age = now - known.at;
            age < ANEW || age < REFRESH && known.told + age >= moment
        };
        let known = match *clock {
            Some(known) if holds(known) => known,
            old => match self.announcement() {
                Ok(new) => new,
                Err(error) if error.is_stop() => return Err(error),
                Err(error) => {
                    let known = old.ok_or(error)?;
                    // Asked again after another such time, not at every call.
                    ExchangeClock { told: known.told + now - known.at, at: now }
                }
            },
        };
        *clock = Some(known);
        Ok(known.told + self.now() - known.at)
    }

    /// GETs `path` of this market's interface and reads the body with `read`; a body that it cannot
    /// read counts as a passing fault.
    pub(super) fn call<T>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        weight: i64,
        read: impl Fn(&[u8]) -> Result<T, String>,
    ) -> Result<T, RestError> {
        self.exchange_time()?;
        self.outlive(path, query, weight, |answer, ticket, used| {
            lock(&self.shared.budget).settle(self.past(), ticket, used);
            answer.map(|answer| read(&answer.body))
        })
    }

    /// Root of this market's interface.
    fn root(&self) -> &'static str {
        match self.market {
            Market::Spot => "/api/v3",
            Market::UsdM => "/fapi/v1",
            Market::CoinM => "/dapi/v1",
        }
    }

    /// Asks the exchange for its limits and its clock.
    fn announcement(&self) -> Result<ExchangeClock, RestError> {
        let weight = if self.market == Market::Spot { 20 } else { 1 };
        self.outlive("exchangeInfo", &[], weight, |answer, ticket, used| {
            let now = self.past();
            let mut budget = lock(&self.shared.budget);
            let first = !budget.is_announced();
            if !first {
                budget.settle(now, ticket, used);
            }
            let answer = answer?;
            Some(exchange_info::read(&answer.body).map(|info| {
                budget.announce(&info.limits);
                if first {
                    budget.count_first(now, ticket, used);
                }
                debug!(address = self.base, limits = ?info.limits, "limits announced");
                // Rounded up, as is every moment from which time is counted.
                ExchangeClock { told: info.server_time, at: now }
            }))
        })
    }

    /// Sends the request until `settle` makes something of its answer, within the budget and a
    /// bounded number of tries. `settle` is given every answer, `None` for none or one of an error.
    fn outlive<T>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        weight: i64,
        settle: impl Fn(Option<&Answer>, Ticket, &[Used]) -> Option<Result<T, String>>,
    ) -> Result<T, RestError> {
        let address = self.address(path, query);
        let (mut failures, mut bars) = (0, 0);
        loop {
            let ticket = self.admission(&address, weight)?;
            let fault = match self.web.get(&address, &[], Limits::PAGE) {
                Err(error) => {
                    settle(None, ticket, &[]);
                    if !error.is_passing() {
                        return Err(error.into());
                    }
                    error.to_string()
                }
                Ok(answer) => {
                    let used = used(&answer.headers);
                    let verdict = verdict(&address, &answer);
                    let good = matches!(verdict, Verdict::Good).then_some(&answer);
                    let read = settle(good, ticket, &used);
                    match (verdict, read) {
                        (_, Some(Ok(value))) => return Ok(value),
                        (_, Some(Err(reason))) => {
                            if failures + 1 >= TRIES / 2 {
                                return Err(RestError::Answer { address, reason });
                            }
                            reason
                        }
                        (Verdict::Never(error), None) => return Err(error),
                        (Verdict::Later(reason), None) => reason,
                        (Verdict::Good, None) => "no answer".to_owned(),
                        (Verdict::Barred { ms, banned }, None) => {
                            bars += 1;
                            self.bar(&address, ms, banned, bars)?;
                            continue;
                        }
                    }
                }
            };
            failures += 1;
            if failures >= TRIES {
                return Err(RestError::Tired { address, tries: failures, reason: fault });
            }
            let ms = backoff(failures, chance());
            debug!(address, fault, ms, "trying again");
            self.sleep_until(&address, self.now() + ms)?;
        }
    }

    /// Keeps every request of this address back for so long.
    fn bar(&self, address: &str, ms: i64, banned: bool, bars: u32) -> Result<(), RestError> {
        lock(&self.shared.budget).block(self.past().saturating_add(ms));
        let until = Time(wall_clock().saturating_add(ms));
        if banned {
            warn!(
                "{address} has banned this machine (418) for too many requests; waiting until {until}"
            );
        } else {
            warn!("{address} says too many requests (429); waiting until {until}");
        }
        if ms > PATIENCE {
            return Err(RestError::Banned { address: address.to_owned(), until });
        }
        if bars >= BARS {
            return Err(RestError::Tired {
                address: address.to_owned(),
                tries: bars,
                reason: format!("too many requests, retry after {} s", ms / 1000),
            });
        }
        Ok(())
    }

    /// Waits until the budget has room.
    fn admission(&self, address: &str, weight: i64) -> Result<Ticket, RestError> {
        loop {
            let now = self.now();
            let wait = lock(&self.shared.budget).admit(now, weight);
            match wait {
                Ok(ticket) => return Ok(ticket),
                Err(Wait::Never(most)) => {
                    return Err(RestError::Overweight {
                        address: address.to_owned(),
                        weight,
                        most,
                    });
                }
                // An answer that is under way may make room sooner.
                Err(Wait::Until(until)) => self.sleep_until(address, until.min(now + NAP))?,
                Err(Wait::Answer) => self.sleep_until(address, now + 2)?,
            }
        }
    }

    fn sleep_until(&self, address: &str, until: i64) -> Result<(), RestError> {
        loop {
            if self.stop.load(Ordering::Relaxed) {
                return Err(RestError::Stopped(address.to_owned()));
            }
            let left = until - self.now();
            if left <= 0 {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(left.min(NAP).unsigned_abs()));
        }
    }

    fn now(&self) -> i64 {
        self.shared.begun.elapsed().as_millis() as i64
    }

    /// A moment that is not before now, for what lasts from now on.
    fn past(&self) -> i64 {
        self.now() + 1
    }

    fn address(&self, path: &str, query: &[(&str, &str)]) -> String {
        let mut address = format!("{}{}/{path}", self.base, self.root());
        for (index, (name, value)) in query.iter().enumerate() {
            address.push(if index == 0 { '?' } else { '&' });
            address.push_str(name);
            address.push('=');
            address.extend(url::form_urlencoded::byte_serialize(value.as_bytes()));
        }
        address
    }
}

/// Weights used, as `X-MBX-USED-WEIGHT-1M` and its like tell them.
fn used(headers: &HeaderMap) -> Vec<Used> {
    headers
        .iter()
        .filter_map(|(name, value)| {
            let window = name.as_str().strip_prefix("x-mbx-used-weight-")?;
            let letter = window.chars().next_back()?;
            let number = window.strip_suffix(letter)?.parse().ok()?;
            length((number, letter))?;
            let weight: u32 = value.to_str().ok()?.trim().parse().ok()?;
            Some(Used { name: (number, letter), weight: weight.into() })
        })
        .collect()
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn wall_clock() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |age| age.as_millis() as i64)
}

fn chance() -> f64 {
    rand::random()
}

#[cfg(test)]
mod tests {
    use reqwest::header::HeaderValue;

    use super::*;

    #[test]
    fn weights_are_read_from_any_window() {
        let mut headers = HeaderMap::new();
        for (name, value) in [
            ("X-MBX-USED-WEIGHT-1M", "17"),
            ("x-mbx-used-weight-10s", "3"),
            ("x-mbx-used-weight", "17"),
            ("x-mbx-used-weight-1q", "9"),
            ("x-mbx-used-weight-1d", "-9"),
        ] {
            let name: reqwest::header::HeaderName = name.parse().unwrap();
            headers.insert(name, HeaderValue::from_static(value));
        }
        let mut read = used(&headers);
        read.sort_by_key(|used| used.weight);
        let expected = [Used { name: (10, 's'), weight: 3 }, Used { name: (1, 'm'), weight: 17 }];
        assert_eq!(read, expected);
    }

    #[test]
    fn addresses_are_those_of_the_market() {
        let address = |market| {
            RestClient::new("http://127.0.0.1:1/", market)
                .unwrap()
                .address("klines", &[("symbol", "A&B"), ("limit", "5")])
        };
        assert_eq!(address(Market::Spot), "http://127.0.0.1:1/api/v3/klines?symbol=A%26B&limit=5");
        assert!(address(Market::UsdM).contains("/fapi/v1/klines"));
        assert!(address(Market::CoinM).contains("/dapi/v1/klines"));
    }
}
