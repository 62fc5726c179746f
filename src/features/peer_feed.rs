//! Peers' candles out of whole series, in step with the base candles.

use crate::market::CandleSeries;

use super::builder::FeatureBuilder;
use super::peers::PeerFeatures;
use super::{FeatureConfig, FeatureError, Inputs, PeerError};

/// The peers' series that a config names, each with the place up to which it was told.
#[derive(Debug)]
pub(super) struct PeerFeed<'a> {
    peers: Vec<(&'a CandleSeries, usize)>,
}

impl<'a> PeerFeed<'a> {
    /// # Errors
    /// A peer without a series or with an empty one, one of another venue, market or interval.
    pub(super) fn new(config: &FeatureConfig, inputs: &Inputs<'a>) -> Result<Self, FeatureError> {
        let find = |symbol: &str| -> Result<_, FeatureError> {
            let base = inputs.base;
            let symbol_of = |peer: &'a CandleSeries| peer.instrument().symbol.as_str();
            let Some(peer) = inputs.peers.iter().find(|&peer| symbol_of(peer) == symbol) else {
                return Err(unknown_peer(symbol, inputs.peers.iter().map(symbol_of)));
            };
            let (instrument, own) = (peer.instrument(), base.instrument());
            if (&instrument.venue, instrument.market) != (&own.venue, own.market)
                || peer.interval() != base.interval()
            {
                return Err(PeerError::Foreign {
                    peer: instrument.clone(),
                    peer_interval: peer.interval(),
                    base: own.clone(),
                    interval: base.interval(),
                }
                .into());
            }
            if peer.is_empty() {
                let (symbol, interval) = (symbol.to_owned(), base.interval());
                return Err(PeerError::WithoutCandles { symbol, interval }.into());
            }
            Ok((peer, 0))
        };
        let peers = config.peers.iter().map(|peer| find(&peer.symbol)).collect::<Result<_, _>>()?;
        Ok(Self { peers })
    }

    /// Tells the candles that open until `open_time` and were not told yet.
    pub(super) fn until(
        &mut self,
        open_time: i64,
        builder: &mut FeatureBuilder,
    ) -> Result<(), FeatureError> {
        for (series, next) in &mut self.peers {
            while series.open_time().get(*next).is_some_and(|&time| time <= open_time) {
                builder.push_peer(&series.instrument().symbol, &series.candle(*next))?;
                *next += 1;
            }
        }
        Ok(())
    }
}

pub(super) fn unknown_peer<'a>(symbol: &str, known: impl Iterator<Item = &'a str>) -> FeatureError {
    let known: Vec<_> = known.collect();
    let known = if known.is_empty() { "none at all".to_owned() } else { known.join(", ") };
    PeerError::Unknown { symbol: symbol.to_owned(), known }.into()
}

/// Which peer keeps every candle from having all its features, all else being there.
pub(super) fn why_no_row(peers: &[PeerFeatures], inputs: &Inputs<'_>) -> FeatureError {
    let interval = inputs.base.interval();
    for peer in peers {
        let mut all = inputs.peers.iter();
        let Some(series) = all.find(|series| series.instrument().symbol == peer.symbol) else {
            continue;
        };
        let own = series.open_time();
        let met: Vec<i64> =
            own.iter().copied().filter(|&time| inputs.base.position(time).is_some()).collect();
        for (times, pair) in [(own, false), (met.as_slice(), true)] {
            let Some((needed, feature)) = peer.slowest(pair) else { continue };
            let follows = |a: i64, b: i64| a.saturating_add(interval.ms()) == b;
            let stretches = times.chunk_by(|&a, &b| follows(a, b)).map(<[i64]>::len);
            let longest = stretches.max().unwrap_or(0);
            if longest < needed && !(met.is_empty() && !own.is_empty() && pair) {
                let (candles, feature) = (times.len(), feature.name());
                let fault = FeatureError::TooShort { interval, candles, longest, feature, needed };
                let symbol = peer.symbol.clone();
                return PeerError::Fault { symbol, fault: Box::new(fault) }.into();
            }
        }
    }
    let symbols: Vec<_> = peers.iter().map(|peer| &*peer.symbol).collect();
    PeerError::NeverTogether { interval, peers: symbols.join(", ") }.into()
}
