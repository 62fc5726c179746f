//! What an exchange tells of an instrument, each with a continuity of its own.

use std::fmt;
use std::str::FromStr;

use super::Interval;

/// One of the kinds of data that are stored of an instrument.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Final candles of an interval.
    Candles(Interval),
    /// Trades, those of one order at one price taken together; ids are consecutive.
    AggTrades,
    /// Single trades; ids are consecutive.
    Trades,
    /// Order book.
    Book,
    /// Best bid and ask at each change.
    Quotes,
}

impl Channel {
    /// Whether an exchange gives the same data again when it is asked later.
    #[must_use]
    pub fn is_repeatable(self) -> bool {
        matches!(self, Self::Candles(_) | Self::AggTrades)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Candles(interval) => f.pad(&format!("candles_{interval}")),
            Self::AggTrades => f.pad("agg_trades"),
            Self::Trades => f.pad("trades"),
            Self::Book => f.pad("book"),
            Self::Quotes => f.pad("quotes"),
        }
    }
}

impl FromStr for Channel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = [Self::AggTrades, Self::Trades, Self::Book, Self::Quotes];
        if let Some(channel) = known.into_iter().find(|channel| channel.to_string() == text) {
            return Ok(channel);
        }
        text.strip_prefix("candles_")
            .and_then(|interval| interval.parse().ok().map(Self::Candles))
            .ok_or_else(|| {
                format!(
                    "unknown channel `{text}`; use candles_INTERVAL, agg_trades, trades, book or quotes"
                )
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_back() {
        let all = [Channel::Candles(Interval::MINUTE), Channel::AggTrades, Channel::Book];
        for channel in all {
            assert_eq!(channel.to_string().parse(), Ok(channel));
        }
        assert!("candles_".parse::<Channel>().is_err());
    }
}
