//! Reads log lines, takes them apart with regular expressions, and writes what they say as JSON.
//! Run with: a file of lines. Prints a summary; writes FILE.json beside it and reads that again.
use regex::{Captures, Regex, RegexSet};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader};

#[derive(Debug, Serialize, Deserialize, PartialEq, Clone)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Event {
    Request { method: String, path: String, status: u16, millis: f64 },
    Login { user: String, #[serde(skip_serializing_if = "Option::is_none")] from: Option<String> },
    Other { text: String },
}

#[derive(Debug, Serialize, Deserialize, PartialEq)]
struct Report {
    lines: usize,
    events: Vec<Event>,
    by_status: BTreeMap<u16, usize>,
    slowest: Option<f64>,
    words: BTreeMap<String, u64>,
}

fn event(line: &str, request: &Regex, login: &Regex) -> Result<Event, Box<dyn Error>> {
    if let Some(found) = request.captures(line) {
        return Ok(Event::Request {
            method: found["method"].to_string(),
            path: found["path"].to_string(),
            status: found["status"].parse()?,
            millis: found["millis"].parse()?,
        });
    }
    if let Some(found) = login.captures(line) {
        return Ok(Event::Login { user: found[1].to_string(), from: found.get(2).map(|m| m.as_str().to_string()) });
    }
    Ok(Event::Other { text: line.to_string() })
}

fn report(path: &str) -> Result<Report, Box<dyn Error>> {
    let request = Regex::new(r"(?x) (?P<method>GET|PUT|POST) \s (?P<path>/\S*) \s (?P<status>\d{3}) \s (?P<millis>\d+\.\d+)ms")?;
    let login = Regex::new(r"login of (\p{L}+)(?: from ((?:\d{1,3}\.){3}\d{1,3}))?")?;
    let word = Regex::new(r"\b\p{Lu}\p{L}+\b")?;
    let mut report =
        Report { lines: 0, events: Vec::new(), by_status: BTreeMap::new(), slowest: None, words: BTreeMap::new() };
    for line in BufReader::new(fs::File::open(path)?).lines() {
        let line = line?;
        report.lines += 1;
        for found in word.find_iter(&line) {
            *report.words.entry(found.as_str().to_string()).or_default() += 1;
        }
        let event = event(&line, &request, &login)?;
        if let Event::Request { status, millis, .. } = &event {
            *report.by_status.entry(*status).or_default() += 1;
            report.slowest = Some(report.slowest.map_or(*millis, |slowest: f64| slowest.max(*millis)));
        }
        report.events.push(event);
    }
    Ok(report)
}

fn json_values() -> Result<(), Box<dyn Error>> {
    let value: serde_json::Value =
        serde_json::from_str(r#"{"a": [1, -2.5e-3, true, null, "tab\t\u00e9\ud83e\udd86"], "big": 18446744073709551615}"#)?;
    println!("{value}");
    println!("{}", value["a"][4].as_str().unwrap_or("none"));
    println!("{:#}", serde_json::json!({"nested": {"empty": {}, "list": []}, "float": 0.1 + 0.2, "tiny": 5e-324}));
    for broken in [r#"{"a": 1,}"#, r#"["\ud800"]"#, "[1, 2", "1e999"] {
        println!("{:?}: {}", broken, serde_json::from_str::<serde_json::Value>(broken).unwrap_err());
    }
    println!("{}", serde_json::from_str::<Event>(r#"{"kind": "login"}"#).unwrap_err());
    Ok(())
}

fn expressions() -> Result<(), Box<dyn Error>> {
    let set = RegexSet::new([r"^\d+$", r"^[a-z]+$", r"(?i)ÄPFEL", r"^.{3}$"])?;
    for text in ["123", "abc", "zwei äpfel", ""] {
        println!("{:?} {:?}", text, set.matches(text).into_iter().collect::<Vec<_>>());
    }
    let date = Regex::new(r"(\d{4})-(\d{2})-(\d{2})")?;
    println!("{}", date.replace_all("from 2026-01-31 to 2026-12-24", "$3.$2.$1"));
    let doubled = Regex::new(r"\d+")?
        .replace_all("7 and 21", |found: &Captures| (found[0].parse::<u64>().unwrap_or(0) * 2).to_string())
        .to_string();
    println!("{doubled}");
    // no backtracking: this ends at once, wherever it runs
    println!("{}", Regex::new(r"^(a+)+$")?.is_match(&("a".repeat(20_000) + "b")));
    println!("{}", Regex::new(r"a{2,1}").unwrap_err());
    Ok(())
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: real-text FILE")?;
    let report = report(&path)?;
    let beside = format!("{path}.json");
    fs::write(&beside, serde_json::to_string_pretty(&report)?)?;
    let again: Report = serde_json::from_slice(&fs::read(&beside)?)?;
    println!("{} lines, {} bytes of JSON, the same again: {}", report.lines, fs::metadata(&beside)?.len(), again == report);
    println!("{}", serde_json::to_string(&again.by_status)?);
    println!("{}", serde_json::to_string(&again.events[0])?);
    println!("slowest {:?}, {} words", again.slowest, again.words.len());
    json_values()?;
    expressions()
}
