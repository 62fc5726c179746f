//! The binary's live ingest at work.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use candlewick::market::{Channel, Instrument};
use candlewick::store::{GapState, Store};

use crate::exchange::{Exchange, wait};
use crate::support::{Finished, Sandbox};

/// A `candlewick ingest live` that runs.
pub struct Live<'a> {
    sandbox: &'a Sandbox,
    child: Child,
}

impl<'a> Live<'a> {
    /// Starts it on the exchange with these arguments beyond the addresses and the store.
    pub fn start(sandbox: &'a Sandbox, exchange: &Exchange, arguments: &[&str]) -> Self {
        sandbox.write("exchange.yaml", &exchange.config());
        let mut all = vec!["ingest", "live", "--store", "store", "--config", "exchange.yaml"];
        all.extend(arguments);
        let file = |name: &str| {
            Stdio::from(
                fs::OpenOptions::new().create(true).append(true).open(sandbox.path(name)).unwrap(),
            )
        };
        let child = sandbox.command(&all).stdout(file("out")).stderr(file("err")).spawn().unwrap();
        Self { sandbox, child }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([name, &id]).status().unwrap().success());
    }

    /// Ends it as a service would.
    pub fn stop(mut self) -> Finished {
        self.signal("-TERM");
        wait(Duration::from_secs(30), "the end after SIGTERM", || self.has_ended());
        self.finished()
    }

    /// Ends it without a word.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    pub fn finished(&mut self) -> Finished {
        let read = |name| fs::read_to_string(self.sandbox.path(name)).unwrap_or_default();
        Finished { code: self.child.wait().unwrap().code(), out: read("out"), err: read("err") }
    }

    /// What it says on stderr up to now.
    pub fn log(&self) -> String {
        fs::read_to_string(self.sandbox.path("err")).unwrap_or_default()
    }

    /// Most memory that it has held, MB.
    pub fn peak_memory(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().split(' ').next().unwrap().parse::<u64>().unwrap() / 1024
    }

    pub fn store(&self) -> PathBuf {
        self.sandbox.path("store")
    }

    /// Waits until the last trade is stored and the ledger has no open entry.
    pub fn wait_for_repairs(&mut self, exchange: &Exchange) {
        let (path, started) = (self.store(), Instant::now());
        let name = &exchange.listing(0).name;
        let instrument = Instrument::new("binance", name.market, &name.symbol).unwrap();
        let last = exchange.published(0).trades.back().map(|trade| trade.0);
        loop {
            assert!(!self.has_ended(), "{}", self.log());
            let store = Store::open(&path).unwrap();
            let received = store.received(&instrument, Channel::AggTrades).unwrap();
            let open = store.gaps(Some(GapState::Open)).unwrap();
            let is_there = received.and_then(|received| received.ids).map(|ids| ids.1) == last;
            if is_there && open.is_empty() {
                return;
            }
            let late = started.elapsed() > Duration::from_secs(20);
            assert!(
                !late,
                "received {received:?} of {last:?}, still open: {open:#?}\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Live<'_> {
    fn drop(&mut self) {
        // Gone already when the test went well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Insists that the store is sound by the program's own word.
pub fn check(sandbox: &Sandbox) -> String {
    sandbox.done(&["store", "check", "--store", "store"])
}
