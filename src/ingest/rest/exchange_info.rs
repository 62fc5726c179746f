//! What an exchange announces of itself: its limits and its clock.

use serde::Deserialize;

use super::budget::{Counted, Limit};

/// The exchange's announcement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ExchangeInfo {
    /// The exchange's clock when it answered, ms.
    pub server_time: i64,
    /// Its limits of weight and of requests.
    pub limits: Vec<Limit>,
}

/// Reads an answer of `exchangeInfo`.
pub(super) fn read(body: &[u8]) -> Result<ExchangeInfo, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Info {
        server_time: i64,
        rate_limits: Vec<RateLimit>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct RateLimit {
        rate_limit_type: String,
        interval: String,
        interval_num: u32,
        limit: u32,
    }
    let info: Info = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    let limits: Vec<Limit> = info
        .rate_limits
        .iter()
        .filter_map(|limit| {
            let counted = match limit.rate_limit_type.as_str() {
                "REQUEST_WEIGHT" => Counted::Weight,
                "RAW_REQUESTS" => Counted::Requests,
                _ => return None,
            };
            let letter = match limit.interval.as_str() {
                "SECOND" => 's',
                "MINUTE" => 'm',
                "HOUR" => 'h',
                "DAY" => 'd',
                _ => return None,
            };
            let name = (limit.interval_num, letter);
            (limit.interval_num > 0).then_some(Limit { counted, name, most: limit.limit.into() })
        })
        .collect();
    if !limits.iter().any(|limit| limit.counted == Counted::Weight) {
        return Err("it announces no limit of REQUEST_WEIGHT".to_owned());
    }
    if !(0..1 << 48).contains(&info.server_time) {
        return Err(format!("its serverTime {} is no time", info.server_time));
    }
    Ok(ExchangeInfo { server_time: info.server_time, limits })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_those_announced() {
        let info = read(
            br#"{"timezone":"UTC","serverTime":1565246363776,"rateLimits":[
            {"rateLimitType":"REQUEST_WEIGHT","interval":"MINUTE","intervalNum":1,"limit":6000},
            {"rateLimitType":"ORDERS","interval":"SECOND","intervalNum":10,"limit":100},
            {"rateLimitType":"RAW_REQUESTS","interval":"MINUTE","intervalNum":5,"limit":61000}],
            "symbols":[]}"#,
        )
        .unwrap();
        assert_eq!(info.server_time, 1_565_246_363_776);
        assert_eq!(
            info.limits,
            [
                Limit { counted: Counted::Weight, name: (1, 'm'), most: 6000 },
                Limit { counted: Counted::Requests, name: (5, 'm'), most: 61_000 },
            ]
        );
        assert!(
            read(br#"{"serverTime":1,"rateLimits":[]}"#).unwrap_err().contains("REQUEST_WEIGHT")
        );
        assert!(read(b"<html>").is_err());
    }
}
