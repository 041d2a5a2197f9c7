// The files that `godwit new` writes.
#pragma once

#include <string_view>

namespace godwit::serve {

inline constexpr std::string_view kCppAgent = R"(// An agent: answers requests, and counts them in its state.
#include <godwit/agent.h>

namespace agent = godwit::agent;

GODWIT_ON_HTTP() {
  const int count = std::atoi(agent::kv::get("count").value_or("0").c_str()) + 1;
  agent::kv::set("count", std::to_string(count));
  agent::response::header("Content-Type", "text/plain; charset=utf-8");
  agent::response::write("Hello from " + agent::request::path() + ", for the " + std::to_string(count) + ". time\n");
}
)";

inline constexpr std::string_view kRustAgent =
    R"(//! An agent: answers requests, and counts them in its state.
use godwit_agent::{kv, request, response};

#[no_mangle]
pub extern "C" fn on_http() {
    let count = kv::get("count").ok().flatten().and_then(|v| String::from_utf8(v).ok()).and_then(|v| v.parse().ok()).unwrap_or(0u64) + 1;
    kv::set("count", count.to_string().as_bytes()).expect("the manifest grants kv");
    response::header("Content-Type", "text/plain; charset=utf-8").unwrap();
    response::write(format!("Hello from {}, for the {count}. time\n", request::path()).as_bytes()).unwrap();
}
)";

inline constexpr std::string_view kCppFlow =
    R"source(// A flow: a model makes a ticket of a message, which is kept and answered with.
#include <godwit/agent.h>

namespace agent = godwit::agent;

constexpr char kSchema[] = R"json({
  "type": "object",
  "properties": {"title": {"type": "string", "maxLength": 80}, "urgent": {"type": "boolean"}},
  "required": ["title", "urgent"],
  "additionalProperties": false
})json";

GODWIT_ON_HTTP() {
  const std::string message = agent::request::body().value_or("");
  const auto ticket = agent::llm::ask("default", {.system = "Give the message a title, and say whether it is urgent.",
                                                  .user = message,
                                                  .schema = kSchema});
  if (!ticket) return agent::fail("the model does not answer: " + agent::error_message());
  const auto title = agent::json::find(*ticket, {"title"}), urgent = agent::json::find(*ticket, {"urgent"});
  if (!title || !urgent) return agent::fail("the answer is cut off: " + *ticket);
  agent::sql::run("CREATE TABLE IF NOT EXISTS ticket (message TEXT, title TEXT, urgent INTEGER)");
  agent::sql::run("INSERT INTO ticket VALUES (?, ?, ?)",
                  {message, agent::json::text_of(*title), int64_t{*urgent == "true"}});
  const auto count = agent::sql::run("SELECT count(*) FROM ticket");
  if (!count) return agent::fail(agent::error_message());
  agent::response::header("Content-Type", "application/json");
  agent::response::write("{\"ticket\":" + *ticket + ",\"tickets\":" +
                         std::to_string(std::get<int64_t>(count->rows[0][0])) + "}\n");
}
)source";

inline constexpr std::string_view kRustFlow =
    R"source(//! A flow: a model makes a ticket of a message, which is kept and answered with.
use godwit_agent::{fail, json, llm, request, response, sql, sql::Value};

const SCHEMA: &str = r#"{
  "type": "object",
  "properties": {"title": {"type": "string", "maxLength": 80}, "urgent": {"type": "boolean"}},
  "required": ["title", "urgent"],
  "additionalProperties": false
}"#;

fn answer() -> Result<String, String> {
    let message = String::from_utf8_lossy(&request::body().map_err(|error| error.to_string())?).into_owned();
    let system = "Give the message a title, and say whether it is urgent.";
    let ticket = llm::ask("default", system, &message, SCHEMA, 256).map_err(|error| error.to_string())?;
    let title = json::find(&ticket, &["title"]).ok_or("the answer has no title")?;
    let urgent = json::find(&ticket, &["urgent"]).ok_or("the answer is cut off")?;
    let insert = [Value::Text(message), Value::Text(json::text_of(title)), Value::Integer((urgent == "true") as i64)];
    sql::run("CREATE TABLE IF NOT EXISTS ticket (message TEXT, title TEXT, urgent INTEGER)", &[]).map_err(|error| error.to_string())?;
    sql::run("INSERT INTO ticket VALUES (?, ?, ?)", &insert).map_err(|error| error.to_string())?;
    let count = sql::run("SELECT count(*) FROM ticket", &[]).map_err(|error| error.to_string())?;
    let Value::Integer(count) = count.rows[0][0] else { return Err("no count".into()) };
    Ok(format!("{{\"ticket\":{ticket},\"tickets\":{count}}}\n"))
}

#[no_mangle]
pub extern "C" fn on_http() {
    match answer() {
        Ok(text) => {
            response::header("Content-Type", "application/json").unwrap();
            response::write(text.as_bytes()).unwrap();
        }
        Err(why) => fail(&why),
    }
}
)source";

}  // namespace godwit::serve
