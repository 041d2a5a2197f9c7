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

}  // namespace godwit::serve
