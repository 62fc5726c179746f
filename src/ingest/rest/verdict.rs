//! What an answer means for the request and for those after it.

use super::rest_error::{RestError, remedy, told};
use super::web::Answer;

/// How long 429 and 418 hold when the exchange does not say: ms.
const LIMITED: i64 = 60_000;
const BANNED: i64 = 120_000;

/// What an answer means.
#[derive(Debug)]
pub(in crate::ingest) enum Verdict {
    /// The body is what was asked for.
    Good,
    /// The same request may go through after a while.
    Later(String),
    /// Nothing may be sent for so many milliseconds; `banned` when the address itself is barred.
    Barred { ms: i64, banned: bool },
    /// The request cannot be served.
    Never(RestError),
}

/// Judges the answer of `address`.
pub(in crate::ingest) fn verdict(address: &str, answer: &Answer) -> Verdict {
    match answer.status {
        200..=299 => Verdict::Good,
        418 => Verdict::Barred { ms: retry_after(answer).unwrap_or(BANNED), banned: true },
        429 => Verdict::Barred { ms: retry_after(answer).unwrap_or(LIMITED), banned: false },
        403 => Verdict::Never(RestError::Firewall {
            address: address.to_owned(),
            message: told(&answer.body).1,
        }),
        status @ (408 | 425 | 500..=599) => {
            Verdict::Later(format!("{status}: {}", told(&answer.body).1))
        }
        status => {
            let (code, message) = told(&answer.body);
            if code == Some(-1003) {
                return Verdict::Barred {
                    ms: retry_after(answer).unwrap_or(LIMITED),
                    banned: false,
                };
            }
            Verdict::Never(RestError::Refused {
                address: address.to_owned(),
                status,
                code,
                message,
                remedy: remedy(code),
            })
        }
    }
}

/// Milliseconds in `Retry-After`, which exchanges give in seconds.
pub(in crate::ingest) fn retry_after(answer: &Answer) -> Option<i64> {
    let text = answer.headers.get("retry-after")?.to_str().ok()?;
    // Ten years at most, so that sums of times stay far from their limits.
    text.trim().parse::<u32>().ok().map(|seconds| i64::from(seconds).min(315_360_000) * 1000)
}

/// How long to wait before another try after so many failures in a row: half a second doubled up to
/// half a minute, less up to half of it by `chance`, which lies in [0, 1).
pub(in crate::ingest) fn backoff(failures: u32, chance: f64) -> i64 {
    let longest = (500_i64 << failures.clamp(1, 7).saturating_sub(1)).min(30_000);
    longest - (longest as f64 / 2.0 * chance) as i64
}

#[cfg(test)]
mod tests {
    use reqwest::header::{HeaderMap, HeaderValue};

    use super::*;

    fn answer(status: u16, retry_after: Option<&str>, body: &str) -> Answer {
        let mut headers = HeaderMap::new();
        if let Some(text) = retry_after {
            headers.insert("retry-after", HeaderValue::from_str(text).unwrap());
        }
        Answer { status, headers, body: body.as_bytes().to_vec() }
    }

    #[test]
    fn bans_and_limits_last_as_long_as_the_exchange_says() {
        let of = |status, retry: Option<&str>, body: &str| {
            verdict("https://a.example/x", &answer(status, retry, body))
        };
        assert!(matches!(of(429, Some("7"), ""), Verdict::Barred { ms: 7000, banned: false }));
        assert!(matches!(of(418, Some("300"), ""), Verdict::Barred { ms: 300_000, banned: true }));
        assert!(matches!(of(429, Some("soon"), ""), Verdict::Barred { ms: LIMITED, .. }));
        assert!(matches!(of(418, None, ""), Verdict::Barred { ms: BANNED, .. }));
        let busy = r#"{"code":-1003,"msg":"Too many requests."}"#;
        assert!(matches!(of(400, Some("2"), busy), Verdict::Barred { ms: 2000, banned: false }));
        assert!(matches!(of(503, None, "<html>"), Verdict::Later(_)));
        assert!(matches!(of(200, None, ""), Verdict::Good));
    }

    #[test]
    fn refusals_name_address_status_code_words_and_remedy() {
        let body = r#"{"code":-1121,"msg":"Invalid symbol."}"#;
        let Verdict::Never(error) = verdict("https://a.example/x", &answer(400, None, body)) else {
            panic!("not refused");
        };
        assert!(error.is_usage());
        assert_eq!(
            error.to_string(),
            "https://a.example/x refuses the request (400, code -1121): Invalid symbol.; check the \
             symbol and the market"
        );
        let Verdict::Never(error) =
            verdict("https://a.example", &answer(403, None, "\n<html>\u{7}"))
        else {
            panic!("not refused");
        };
        assert!(error.to_string().contains("firewall") && error.to_string().contains("<html>;"));
    }

    #[test]
    fn waits_grow_and_scatter() {
        for (failures, least, most) in
            [(0, 250, 500), (1, 250, 500), (3, 1000, 2000), (99, 15_000, 30_000)]
        {
            assert_eq!(backoff(failures, 0.0), most);
            assert!((least..=least + 2).contains(&backoff(failures, 0.999_999)));
        }
    }
}
