//! An agent that greets, and counts what it was told by timers, schedules and other agents.
use godwit_agent::{event, fail, kv, log, request, response, Result};

fn count(key: &str) -> Result<u64> {
    let known = kv::get(key)?.and_then(|value| String::from_utf8(value).ok()?.parse().ok()).unwrap_or(0);
    kv::set(key, (known + 1).to_string().as_bytes())?;
    Ok(known + 1)
}

fn greet() -> Result<()> {
    let visits = count("visits")?;
    let told = kv::get("told")?.map(|value| String::from_utf8_lossy(&value).into_owned()).unwrap_or("0".into());
    response::header("Content-Type", "text/plain; charset=utf-8")?;
    response::write(format!("Hello, {}. Visit {visits}, and {told} events so far.\n", request::query()).as_bytes())
}

#[no_mangle]
pub extern "C" fn on_http() {
    if let Err(error) = greet() {
        fail(&error.message);
    }
}

#[no_mangle]
pub extern "C" fn on_event() {
    // an event may come twice: the first time is marked by its id
    let seen = format!("seen:{}:{}", event::kind(), event::id());
    if matches!(kv::get(&seen), Ok(Some(_))) {
        return;
    }
    let payload = event::payload().unwrap_or_default();
    log(1, &format!("{}: {}", event::kind(), String::from_utf8_lossy(&payload)));
    if let Err(error) = count("told").and_then(|_| kv::set(&seen, b"")) {
        fail(&error.message);
    }
}
