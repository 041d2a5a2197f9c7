// An agent with tools, that calls tools of others, too: its paths say which.
#include <godwit/agent.h>

namespace agent = godwit::agent;

GODWIT_ON_TOOL() {
  const std::string name = agent::tool::name();
  const std::string arguments = agent::tool::arguments();
  const auto number = [&](const char* of) {
    const auto value = agent::json::find(arguments, {of});
    return value ? std::atoll(std::string(*value).c_str()) : 0;
  };
  const auto text = [&](const char* of) {
    const auto value = agent::json::find(arguments, {of});
    return value ? agent::json::text_of(*value) : std::string();
  };
  if (name == "add") agent::response::write(std::to_string(number("a") + number("b")));
  else if (name == "remember") {
    if (!agent::kv::set(text("key"), text("value"))) return agent::fail(agent::error_message());
    agent::response::write("kept");
  } else if (name == "weather")
    agent::response::write("{\"town\":" + agent::json::quote(text("town")) + ",\"degrees\":21}");
  else if (name == "fail") agent::fail("no such thing: " + text("what"));
  else if (name == "trap") __builtin_trap();
  else if (name == "wrong") agent::response::write("[1]");
  else agent::fail("no tool");
}

GODWIT_ON_HTTP() {
  const std::string path = agent::request::path();
  const std::string tool = path.substr(path.rfind('/') + 1);
  const auto result =
      tool == "list" ? agent::mcp::list(agent::request::query())
                     : agent::mcp::call(agent::request::query(), tool, agent::request::body().value_or(""));
  if (!result) {
    agent::response::status(400);
    agent::response::write(agent::error_message());
    return;
  }
  agent::response::write(tool == "whole" || tool == "list" ? *result : agent::mcp::text_of(*result));
}
