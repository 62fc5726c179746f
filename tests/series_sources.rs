//! Series over HTTP: what each shipped description asks and reads, and that a key goes into the
//! request header and nowhere else.
//!
//! The canned answers have the shapes of the providers' documentation; expected times are written by
//! hand: 1704067200 s is 2024-01-01T00:00:00Z, and every day has 86,400,000 ms.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use candlewick::ingest::alternative::http::{
    Fetched, SourceDescription, SourceError, SourceRequest, fetch, source,
};
use candlewick::market::Time;
use candlewick::store::Store;
use serde_json::{Value as Json, json};

use crate::support::{Finished, Sandbox};

/// 2024-01-01 and the days after it, ms.
const DAY: i64 = 86_400_000;
const HOUR: i64 = 3_600_000;
const NEW_YEAR: i64 = 1_704_067_200_000;

/// A key with signs that addresses and JSON write otherwise.
const KEY: &str = "s3cr3t/Key+Value=42";

/// A request that came in.
#[derive(Debug, Clone)]
struct Call {
    /// Method, path and query.
    line: String,
    /// Headers, names in lower case.
    headers: Vec<(String, String)>,
    body: String,
}

impl Call {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(own, _)| own == name).map(|(_, value)| &**value)
    }
}

/// What a request gets: the bytes of a whole answer, and how long they are held back.
struct Reply(String, Duration);

impl Reply {
    fn of(status: u16, headers: &str, body: &str) -> Self {
        let length = body.len();
        Self(
            format!(
                "HTTP/1.1 {status} S\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            ),
            Duration::ZERO,
        )
    }

    fn json(body: &Json) -> Self {
        Self::of(200, "", &body.to_string())
    }
}

/// A provider on loopback; it lives until the tests end.
struct Provider {
    origin: String,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Provider {
    /// Answers each request with what `reply` says to it and to how many came before.
    fn start(reply: impl Fn(&Call, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let calls = Arc::<Mutex<Vec<Call>>>::default();
        let seen = Arc::clone(&calls);
        thread::spawn(move || {
            for mut stream in listener.incoming().flatten() {
                let Some(call) = read(&stream) else { continue };
                let before = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(call.clone());
                    seen.len() - 1
                };
                let Reply(answer, wait) = reply(&call, before);
                let write = move || {
                    thread::sleep(wait);
                    let _ = stream.write_all(answer.as_bytes());
                };
                thread::spawn(write);
            }
        });
        Self { origin, calls }
    }

    /// Gives the answers in their order, the last one again and again.
    fn of(answers: Vec<Json>) -> Self {
        Self::start(move |_, before| Reply::json(&answers[before.min(answers.len() - 1)]))
    }

    fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }
}

fn read(stream: &TcpStream) -> Option<Call> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let line = line.trim().strip_suffix(" HTTP/1.1")?.to_owned();
    let mut headers = Vec::new();
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok()?;
        let Some((name, value)) = header.trim().split_once(':') else { break };
        headers.push((name.to_lowercase(), value.trim().to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let mut body = vec![0; length.map_or(0, |(_, text)| text.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    Some(Call { line, headers, body: String::from_utf8(body).ok()? })
}

/// Asks `provider` as the description says; the present is 2025.
fn ask(
    provider: &Provider,
    description: &SourceDescription,
    set: &[(&str, &str)],
    from: &str,
    to: &str,
) -> Result<Fetched, SourceError> {
    let mut set: Vec<(String, String)> =
        set.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    set.push(("origin".to_owned(), provider.origin.clone()));
    let time = |text: &str| (!text.is_empty()).then(|| text.parse::<Time>().unwrap());
    let request = SourceRequest {
        set: &set,
        from: time(from),
        to: time(to),
        known_after: None,
        now: NEW_YEAR + 366 * DAY,
        environment: &|_| Some(KEY.to_owned()),
    };
    fetch(description, &request)
}

fn shipped(provider: &Provider, name: &str, set: &[(&str, &str)], from: &str, to: &str) -> Fetched {
    ask(provider, &source(name).unwrap(), set, from, to).unwrap()
}

/// Time, time known and value.
fn values(fetched: &Fetched) -> Vec<(i64, i64, f64)> {
    fetched.values.iter().map(|value| (value.time, value.known_at, value.value)).collect()
}

fn lines(provider: &Provider) -> Vec<String> {
    provider.calls().into_iter().map(|call| call.line).collect()
}

#[test]
fn glassnode_is_asked_and_read_as_documented() {
    let provider = Provider::of(vec![json!([
        {"t": 1_704_067_200, "v": 900_000},
        {"t": 1_704_153_600, "v": 912_345.5},
        {"t": 1_704_240_000, "v": null},
    ])]);
    let set = [("metric", "addresses/active_count"), ("symbol", "BTC")];
    let fetched = shipped(&provider, "glassnode", &set, "2024-01-01", "2024-01-04");
    assert_eq!(
        values(&fetched),
        [
            (NEW_YEAR, NEW_YEAR + 30 * HOUR, 900_000.0),
            (NEW_YEAR + DAY, NEW_YEAR + 54 * HOUR, 912_345.5)
        ]
    );
    assert_eq!((fetched.empty, fetched.outside, fetched.early), (1, 0, 0));
    assert_eq!(
        lines(&provider),
        ["GET /v1/metrics/addresses/active_count?a=BTC&f=json&i=24h&s=1704067200\
          &timestamp_format=unix&u=1704326400"]
    );
    assert_eq!(provider.calls()[0].header("x-api-key"), Some(KEY));
    let origin = format!(
        "glassnode {}/v1/metrics/addresses/active_count interval=24h metric=addresses/active_count \
         symbol=BTC",
        provider.origin
    );
    assert_eq!(fetched.origin, origin);
}

#[test]
fn nansen_is_asked_page_by_page() {
    let row = |hour: u32, amount: f64, complete: bool| {
        json!({
            "date": format!("2024-01-01T{hour:02}:00:00Z"),
            "bucket_end": format!("2024-01-01T{:02}:00:00Z", hour + 1),
            "is_complete": complete, "price_usd": 2.0, "token_amount": amount,
            "value_usd": 2.0 * amount, "holders_count": 12,
            "total_inflows_amount": 3, "total_outflows_amount": -1,
        })
    };
    let page = |page: u32, last: bool, rows: Vec<Json>| json!({"data": rows, "pagination": {"page": page, "per_page": 100, "is_last_page": last}});
    let provider = Provider::of(vec![
        page(1, false, vec![row(0, 10.5, true), row(1, 11.0, true)]),
        page(2, true, vec![row(2, 9.25, true), row(3, 1.0, false)]),
    ]);
    let set = [("chain", "ethereum"), ("token", "0x1f98")];
    let fetched = shipped(&provider, "nansen", &set, "2024-01-01", "2024-01-02");
    assert_eq!(
        values(&fetched),
        [
            (NEW_YEAR, NEW_YEAR + 2 * HOUR, 10.5),
            (NEW_YEAR + HOUR, NEW_YEAR + 3 * HOUR, 11.0),
            (NEW_YEAR + 2 * HOUR, NEW_YEAR + 4 * HOUR, 9.25)
        ]
    );
    let calls = provider.calls();
    assert_eq!(calls.len(), 2);
    for (call, number) in calls.iter().zip(1..) {
        assert_eq!(call.line, "POST /api/v1/tgm/flows");
        assert_eq!(call.header("apikey"), Some(KEY));
        assert_eq!(call.header("content-type"), Some("application/json"));
        assert_eq!(
            serde_json::from_str::<Json>(&call.body).unwrap(),
            json!({
                "chain": "ethereum", "token_address": "0x1f98", "label": "smart_money",
                "date": {"from": "2024-01-01", "to": "2024-01-02"},
                "order_by": [{"field": "date", "direction": "ASC"}],
                "pagination": {"page": number, "per_page": 100},
            })
        );
    }
}

#[test]
fn defillama_gives_its_whole_history_at_once() {
    let provider = Provider::of(vec![json!([
        {"date": 1_704_067_200, "tvl": 54_000_000_000.25},
        {"date": 1_704_153_600, "tvl": 55_000_000_000_i64},
        // The day that has not ended: 2025-01-01.
        {"date": 1_735_689_600, "tvl": 1},
    ])]);
    let set = [("chain", "Ethereum")];
    let fetched = shipped(&provider, "defillama_tvl", &set, "2024-01-02", "2025-02-01");
    assert_eq!(values(&fetched), [(NEW_YEAR + DAY, NEW_YEAR + DAY + 25 * HOUR, 5.5e10)]);
    assert_eq!((fetched.outside, fetched.early), (1, 1));
    assert_eq!(lines(&provider), ["GET /v2/historicalChainTvl/Ethereum"]);
}

#[test]
fn fear_and_greed_comes_newest_first_in_texts() {
    let provider = Provider::of(vec![json!({
        "name": "Fear and Greed Index",
        "data": [
            {"value": "47", "value_classification": "Neutral", "timestamp": "1704153600",
             "time_until_update": "51123"},
            {"value": "33", "value_classification": "Fear", "timestamp": "1704067200"},
        ],
        "metadata": {"error": null},
    })]);
    let fetched = shipped(&provider, "fear_and_greed", &[], "", "");
    assert_eq!(
        values(&fetched),
        [(NEW_YEAR, NEW_YEAR + HOUR, 33.0), (NEW_YEAR + DAY, NEW_YEAR + 25 * HOUR, 47.0)]
    );
    assert_eq!(lines(&provider), ["GET /fng/?format=json&limit=0"]);
    assert_eq!(provider.calls()[0].header("x-api-key"), None);
}

#[test]
fn coin_metrics_is_followed_by_its_cursor() {
    let row = |day: u32, value: Json| {
        json!({"asset": "btc", "time": format!("2024-01-0{day}T00:00:00.000000000Z"),
               "AdrActCnt": value})
    };
    let provider = Provider::of(vec![
        json!({"data": [row(1, json!("881234")), row(2, json!(null))],
               "next_page_token": "0.MjAyNC0wMQ", "next_page_url": "https://elsewhere.example/"}),
        json!({"data": [row(3, json!("900001.5"))]}),
    ]);
    let set = [("metric", "AdrActCnt"), ("symbol", "btc")];
    let fetched = shipped(&provider, "coin_metrics", &set, "2024-01-01", "2024-01-04");
    assert_eq!(
        values(&fetched),
        [
            (NEW_YEAR, NEW_YEAR + 36 * HOUR, 881_234.0),
            (NEW_YEAR + 2 * DAY, NEW_YEAR + 84 * HOUR, 900_001.5)
        ]
    );
    assert_eq!((fetched.pages, fetched.empty), (2, 1));
    let path = "GET /v4/timeseries/asset-metrics?assets=btc&end_time=2024-01-04T00%3A00%3A00Z\
                &frequency=1d&metrics=AdrActCnt";
    let rest = "page_size=10000&paging_from=start&start_time=2024-01-01T00%3A00%3A00Z";
    assert_eq!(
        lines(&provider),
        [format!("{path}&{rest}"), format!("{path}&next_page_token=0.MjAyNC0wMQ&{rest}")]
    );
}

#[test]
fn binance_funding_is_asked_stretch_by_stretch() {
    let row = |time: i64, rate: &str| {
        json!({"symbol": "BTCUSDT", "fundingRate": rate, "fundingTime": time,
               "markPrice": "34287.54619963"})
    };
    // 330 days after 2024-01-01 is 2024-11-26.
    let second = 1_732_579_200_000;
    let provider = Provider::of(vec![
        json!([row(NEW_YEAR, "-0.03750000"), row(NEW_YEAR + 8 * HOUR, "0.00010000")]),
        json!([row(second, "0.00020000")]),
    ]);
    let set = [("symbol", "BTCUSDT")];
    let fetched = shipped(&provider, "binance_funding", &set, "2024-01-01", "2024-12-01");
    assert_eq!(
        values(&fetched),
        [
            (NEW_YEAR, NEW_YEAR + 60_000, -0.0375),
            (NEW_YEAR + 8 * HOUR, NEW_YEAR + 8 * HOUR + 60_000, 0.0001),
            (second, second + 60_000, 0.0002)
        ]
    );
    assert_eq!(
        lines(&provider),
        [
            "GET /fapi/v1/fundingRate?endTime=1732579200000&limit=1000&startTime=1704067200000\
             &symbol=BTCUSDT",
            "GET /fapi/v1/fundingRate?endTime=1733011200000&limit=1000&startTime=1732579200000\
             &symbol=BTCUSDT"
        ]
    );
}

#[test]
fn news_scores_are_known_when_published_and_averaged_by_moment() {
    let score = |time: &str, published: &str, score: f64| json!({"time": time, "published": published, "score": score, "title": "…"});
    let provider = Provider::of(vec![
        json!({"scores": [score("2024-01-01T00:00:00Z", "2024-01-01T00:00:30Z", -0.5),
                          score("2024-01-01T01:00:00Z", "2024-01-01T03:00:00Z", 0.25)],
               "next": "2"}),
        json!({"scores": [score("2024-01-01T01:00:00Z", "2024-01-01T02:00:00Z", 0.75)],
               "next": null}),
    ]);
    let set = [("path", "v1/scores"), ("symbol", "BTC")];
    let fetched = shipped(&provider, "news_sentiment", &set, "2024-01-01", "2024-01-02");
    assert_eq!(
        values(&fetched),
        [
            // A minute after its time, which is later than it was published.
            (NEW_YEAR, NEW_YEAR + 60_000, -0.5),
            (NEW_YEAR + HOUR, NEW_YEAR + 3 * HOUR, 0.5)
        ]
    );
    let calls = provider.calls();
    assert!(calls[0].line.starts_with("GET /v1/scores?from=2024-01-01T00%3A00%3A00Z&symbol=BTC"));
    assert!(calls[1].line.contains("cursor=2&"), "{}", calls[1].line);
    assert_eq!(calls[0].header("authorization"), Some(&*format!("Bearer {KEY}")));
}

#[test]
fn wrong_variables_descriptions_and_answers_are_told() {
    let provider = Provider::of(vec![json!([{"t": 1_704_067_200, "v": 1}])]);
    let glassnode = source("glassnode").unwrap();
    let good = [("metric", "a/b"), ("symbol", "BTC")];
    let told = |set: &[(&str, &str)], from: &str, to: &str| {
        let error = ask(&provider, &glassnode, set, from, to).unwrap_err();
        assert!(error.is_usage(), "{error:?}");
        error.to_string()
    };
    assert!(told(&[("symbol", "BTC")], "", "").contains("addresses/active_count"));
    assert!(told(&[("metrics", "x")], "", "").contains("it has interval, metric, symbol, origin"));
    assert!(told(&[("metric", "../x"), ("symbol", "BTC")], "", "").contains("path"));
    assert!(told(&[("metric", "a"), ("symbol", "B\r\nX: y")], "", "").contains("symbol"));
    assert!(told(&good, "2024-01-02", "2024-01-01").contains("--to"));
    let key = [("metric", "a/b"), ("symbol", KEY)];
    let text = told(&key, "", "");
    assert!(text.contains("GLASSNODE_API_KEY") && !text.contains(KEY), "{text}");
    assert!(provider.calls().is_empty());
    let error = ask(&provider, &glassnode, &good, "2024-02-01", "").unwrap_err();
    assert!(error.is_data() && error.to_string().contains("no value"), "{error}");
    let funding = source("binance_funding").unwrap();
    let error = ask(&provider, &funding, &[("symbol", "BTCUSDT")], "", "").unwrap_err();
    assert!(error.is_usage() && error.to_string().contains("--from"), "{error}");

    let text = include_str!("../series_sources/glassnode.yaml");
    for (from, to, word) in [
        ("name: glassnode", "name: glassnode\nadress: x", "adress"),
        ("known_after: 30h", "known_after: 30 hours", "30 hours"),
        ("time: t, ", "", "rows, time and value"),
        ("\"{symbol}\"", "\"{symbl}\"", "{symbl}"),
        ("\"$[*]\"", "\"$[*\"", "JSON path"),
        ("requests: 5", "requests: 0", "requests"),
        ("https://api.glassnode.com", "https://{symbol}.com", "placeholder"),
        ("asked_time: s", "asked_time: s\npaging: { kind: pages, first: 1 }", "{page}"),
    ] {
        assert!(text.contains(from), "{from}");
        let error = SourceDescription::parse(&text.replace(from, to), "own.yaml")
            .and_then(|description| ask(&provider, &description, &good, "", ""))
            .unwrap_err();
        assert!(error.is_usage() && error.to_string().contains(word), "{word}: {error}");
    }
}

/// Every file below a folder, names and bytes.
fn everything(folder: &Path) -> String {
    let mut text = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        text.push_str(&path.display().to_string());
        if path.is_dir() {
            text.push_str(&everything(&path));
        } else {
            text.push_str(&String::from_utf8_lossy(&fs::read(&path).unwrap()));
        }
    }
    text
}

/// Insists that no text tells the key, in whatever way it may be written.
fn without_key(what: &str, text: &str) {
    let lower = text.to_lowercase();
    for form in ["s3cr3t", "key+value", "key%2bvalue"] {
        assert!(!lower.contains(form), "{what} tells the key: {text}");
    }
}

/// Fetches from `provider` with the key in the environment and everything logged; whatever happens,
/// the key is in the request header and nowhere else.
fn run(provider: &Provider, description: &str, extra: &[&str]) -> Finished {
    let sandbox = Sandbox::new();
    sandbox.write("own.yaml", description);
    let origin = format!("origin={}", provider.origin);
    let mut arguments =
        vec!["ingest", "series", "--source", "./own.yaml", "--name", "own", "--set", &origin];
    arguments.extend(["--from", "2024-01-01", "--store", "store", "--json"]);
    arguments.extend(extra);
    let mut command = sandbox.command(&arguments);
    command.env("CANDLEWICK_LOG", "trace").env("SOME_API_KEY", KEY);
    let finished = Finished::from(command.output().unwrap());
    without_key("stdout", &finished.out);
    without_key("stderr", &finished.err);
    without_key("the folder", &everything(&sandbox.path(".")));
    assert!(finished.err.contains("TRACE") || finished.err.contains("DEBUG"), "{}", finished.err);
    for call in provider.calls() {
        without_key("the request line", &call.line);
        without_key("the body", &call.body);
        let with_key = call.headers.iter().filter(|(_, value)| value.contains(KEY)).count();
        assert_eq!(with_key, 1, "{call:?}");
        assert_eq!(call.header("x-api-key"), Some(KEY));
    }
    if finished.code == Some(0) {
        let store = Store::open(&sandbox.path("store")).unwrap();
        assert_eq!(store.values("own").unwrap().len(), 1);
    }
    finished
}

const OWN: &str = r#"
name: own
what: a series with a key
licence: none
address: https://a.example/v1/values
query: { since: "{from}", cursor: "{cursor}" }
key: { variable: SOME_API_KEY, header: X-Api-Key, from: "https://a.example/keys" }
answer: { rows: "$.data[*]", time: t, value: v, unit: s }
known_after: 1h
paging: { kind: cursor, cursor: $.next }
rate: { requests: 100, per: 1s }
timeout: 1s
"#;

fn good() -> Json {
    json!({"data": [{"t": 1_704_067_200, "v": 1.5}]})
}

/// The key as a server may echo it.
fn echo() -> String {
    let slashed = KEY.replace('/', "\\/");
    let encoded: String = url::form_urlencoded::byte_serialize(KEY.as_bytes()).collect();
    format!(
        r#"{{"error": "bad key {KEY} {} {slashed} {encoded} s3cr3t/Key%2BValue=42 s3cr3t\u002fKey+Value\u003d42"}}"#,
        KEY.to_uppercase()
    )
}

#[test]
fn a_key_reaches_the_header_alone_when_all_goes_well() {
    let provider = Provider::start(|_, before| match before {
        0 => Reply::of(429, "Retry-After: 0\r\n", &echo()),
        1 => Reply::of(503, "", &echo()),
        2 => Reply::of(307, "Location: /v2/values?moved=1\r\n", ""),
        _ => Reply::of(
            200,
            &format!("Set-Cookie: k={KEY}\r\nX-Echo: {KEY}\r\n"),
            &good().to_string(),
        ),
    });
    let finished = run(&provider, OWN, &[]);
    assert_eq!(finished.code, Some(0), "{}", finished.err);
    let last = finished.out.lines().last().unwrap();
    let told: Json = serde_json::from_str(last).unwrap();
    assert_eq!((told["inserted"].clone(), told["pages"].clone()), (json!(1), json!(1)));
    let lines = lines(&provider);
    assert_eq!(lines.len(), 4);
    assert_eq!(lines[3], "GET /v2/values?moved=1");
}

#[test]
fn a_redirect_to_another_port_or_host_is_refused_and_gets_no_key() {
    let thief = Provider::of(vec![good()]);
    for status in [301, 302, 303, 307, 308] {
        for to in [thief.origin.clone(), "https://other.example".to_owned()] {
            let location = format!("Location: {to}/v1/values?k={KEY}\r\n");
            let provider = Provider::start(move |_, _| Reply::of(status, &location, &echo()));
            let finished = run(&provider, OWN, &[]);
            assert_eq!(finished.code, Some(1), "{}", finished.err);
            assert!(finished.err.contains("another host"), "{}", finished.err);
            assert_eq!(provider.calls().len(), 1);
        }
    }
    assert!(thief.calls().is_empty(), "{:?}", thief.calls());
    // A host can be named after the key.
    let provider =
        Provider::start(|_, _| Reply::of(302, "Location: https://plainkey.example/\r\n", ""));
    let description = SourceDescription::parse(OWN, "own").unwrap();
    let set = [("origin".to_owned(), provider.origin.clone())];
    let request = SourceRequest {
        set: &set,
        from: None,
        to: None,
        known_after: None,
        now: NEW_YEAR,
        environment: &|_| Some("PlainKey".to_owned()),
    };
    let error = fetch(&description, &request).unwrap_err();
    let text = format!("{error} {error:?}").to_lowercase();
    assert!(text.contains("https://***.example") && !text.contains("plainkey"), "{text}");
}

#[test]
fn refusals_name_the_variable_and_mask_the_key() {
    for (status, code) in [(400, 2), (401, 2), (402, 2), (403, 2), (404, 2)] {
        let provider = Provider::start(move |_, _| Reply::of(status, "", &echo()));
        let finished = run(&provider, OWN, &[]);
        assert_eq!(finished.code, Some(code), "{}", finished.err);
        assert!(finished.err.contains("bad key *** ***"), "{}", finished.err);
        assert_eq!(finished.err.contains("SOME_API_KEY"), (401..=403).contains(&status));
    }
    // Long words: the key stands where they are cut.
    for before in 280..300 {
        let provider = Provider::start(move |_, _| {
            Reply::of(403, "", &format!("{}{KEY}", "x".repeat(before)))
        });
        let description = SourceDescription::parse(OWN, "own").unwrap();
        let error = ask(&provider, &description, &[], "", "").unwrap_err();
        without_key("the error", &format!("{error} {error:?}"));
    }
}

#[test]
fn limits_and_faults_that_do_not_pass_end_it() {
    let barred = Provider::start(|_, _| Reply::of(429, "Retry-After: 86400\r\n", &echo()));
    let finished = run(&barred, OWN, &[]);
    assert_eq!((finished.code, barred.calls().len()), (Some(1), 1));
    assert!(finished.err.contains("86400 s"), "{}", finished.err);
    let down = Provider::start(|_, _| Reply::of(500, "", &echo()));
    let finished = run(&down, OWN, &[]);
    assert_eq!((finished.code, down.calls().len()), (Some(1), 4));
    assert!(finished.err.contains("failed 4 times"), "{}", finished.err);
}

#[test]
fn hostile_answers_end_it_without_the_key() {
    let cursor = format!(r#"{{"data": [{{"t": 1704067200, "v": 1}}], "next": "{KEY}"}}"#);
    for (body, code, word) in [
        (format!("{{\"data\": [{KEY}"), 3, "no JSON"),
        (format!("<html>{KEY}</html>"), 3, "no JSON"),
        (echo(), 3, "nothing at `$.data`"),
        (format!(r#"{{"data": [{{"t": "{KEY}", "v": 1}}]}}"#), 3, "its time"),
        (format!(r#"{{"data": [{{"t": 1, "v": "{KEY}"}}]}}"#), 3, "its value"),
        (format!(r#"{{"data": [{{"{KEY}": 1}}]}}"#), 3, "row 1"),
        (cursor, 3, "cursor"),
        ("[".repeat(100_000), 3, "no JSON"),
    ] {
        let provider = Provider::start(move |_, _| Reply::of(200, "", &body));
        let finished = run(&provider, OWN, &[]);
        assert_eq!(finished.code, Some(code), "{}", finished.err);
        assert!(finished.err.contains(word), "{word}: {}", finished.err);
        assert_eq!(provider.calls().len(), 1);
    }
    let large = Provider::start(|_, _| {
        let head = "HTTP/1.1 200 OK\r\nContent-Length: 40000000\r\n\r\n";
        Reply(format!("{head}{KEY}"), Duration::ZERO)
    });
    let finished = run(&large, OWN, &[]);
    assert_eq!(finished.code, Some(1));
    assert!(finished.err.contains("larger than 33554432 bytes"), "{}", finished.err);
    let slow = Provider::start(|_, _| Reply(KEY.to_owned(), Duration::from_secs(20)));
    let finished = run(&slow, OWN, &[]);
    assert_eq!(finished.code, Some(1));
    assert!(finished.err.contains("no answer in time"), "{}", finished.err);
}

#[test]
fn a_missing_key_names_its_variable_and_where_to_get_it() {
    let provider = Provider::of(vec![good()]);
    let sandbox = Sandbox::new();
    let origin = format!("origin={}", provider.origin);
    let arguments = [
        "ingest",
        "series",
        "--source",
        "glassnode",
        "--name",
        "a",
        "--set",
        &origin,
        "--set",
        "metric=a/b",
        "--set",
        "symbol=BTC",
    ];
    let mut command = sandbox.command(&arguments);
    command.env_remove("GLASSNODE_API_KEY");
    let finished = Finished::from(command.output().unwrap());
    assert_eq!(finished.code, Some(2));
    assert!(finished.err.contains("GLASSNODE_API_KEY"), "{}", finished.err);
    assert!(finished.err.contains("https://studio.glassnode.com"), "{}", finished.err);
    assert!(provider.calls().is_empty());
    assert!(!sandbox.path("store").exists());
}

#[test]
fn a_second_fetch_finds_revisions_only() {
    let provider = Provider::start(|_, before| {
        let value = if before == 0 { 1.5 } else { 2.5 };
        Reply::json(&json!([{"t": 1_704_067_200, "v": value}, {"t": 1_704_153_600, "v": 7}]))
    });
    let sandbox = Sandbox::new();
    let origin = format!("origin={}", provider.origin);
    let arguments = [
        "ingest",
        "series",
        "--source",
        "glassnode",
        "--name",
        "active_addresses",
        "--set",
        &origin,
        "--set",
        "metric=addresses/active_count",
        "--set",
        "symbol=BTC",
        "--from",
        "2024-01-01",
        "--to",
        "2024-01-03",
        "--known-after",
        "26h",
        "--store",
        "store",
    ];
    let run = || {
        let mut command = sandbox.command(&arguments);
        let finished = Finished::from(command.env("GLASSNODE_API_KEY", KEY).output().unwrap());
        assert_eq!(finished.code, Some(0), "{}", finished.err);
        finished.out
    };
    assert!(run().contains("active_addresses: 2 inserted, 0 unchanged in store"));
    assert!(run().contains("0 inserted, 1 unchanged, 1 revised"));
    let store = Store::open(&sandbox.path("store")).unwrap();
    let values = store.values("active_addresses").unwrap();
    assert_eq!((values[0].known_at, values[0].value), (NEW_YEAR + 26 * HOUR, 1.5));
    assert_eq!((values[2].time, values[2].value), (NEW_YEAR, 2.5));
    // Known from the moment of the second fetch on, not from the day that it speaks of.
    assert!(values[2].known_at > NEW_YEAR + 366 * DAY);
}

#[test]
fn the_list_names_variables_keys_and_licences() {
    let sandbox = Sandbox::new();
    let out = sandbox.done(&["ingest", "series", "--list", "--json"]);
    let told: Json = serde_json::from_str(out.lines().last().unwrap()).unwrap();
    let sources = told["sources"].as_array().unwrap();
    let names: Vec<&str> = sources.iter().map(|source| source["name"].as_str().unwrap()).collect();
    assert_eq!(
        names,
        [
            "binance_funding",
            "coin_metrics",
            "defillama_tvl",
            "fear_and_greed",
            "glassnode",
            "nansen",
            "news_sentiment"
        ]
    );
    assert_eq!(sources[4]["key"], "GLASSNODE_API_KEY");
    assert_eq!(sources[5]["key"], "NANSEN_API_KEY");
    assert_eq!(sources[0]["key"], Json::Null);
    for word in
        ["--set metric=…", "CC BY-NC 4.0", "default 24h", "--set origin=…", "key: none needed"]
    {
        assert!(out.contains(word), "{word}: {out}");
    }
}
