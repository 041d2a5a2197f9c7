// An agent that does what its path says, and answers with what became of it.
#include <godwit/agent.h>
#include <unistd.h>

#include <ctime>

namespace agent = godwit::agent;

namespace {

std::string argument() { return agent::request::body().value_or(""); }

void answer(bool is_ok, std::string_view text = "ok") {
  if (!is_ok) agent::response::status(400);
  agent::response::write(is_ok ? std::string(text) : agent::error_message());
}

void fetch(const std::string& url) {
  auto response = agent::http::send("POST", url, "X-From: guest", "sent");
  if (!response) return answer(false);
  agent::response::status(response->status());
  agent::response::write(response->body().value_or("cut"));
}

std::string text_of(const agent::sql::Value& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) return std::to_string(*integer);
  if (const auto* real = std::get_if<double>(&value)) return "real " + std::to_string(*real);
  if (const auto* string = std::get_if<std::string>(&value)) return *string;
  if (const auto* blob = std::get_if<agent::sql::Blob>(&value)) return "blob " + blob->bytes;
  return "?";
}

void tell(const std::optional<agent::sql::Result>& result) {
  if (!result) return answer(false);
  std::string text = std::to_string(result->changes);
  for (const auto& row : result->rows) {
    text += "|";
    for (const auto& value : row) text += text_of(value) + ",";
  }
  answer(true, text);
}

void query(const std::string& statement) { tell(agent::sql::run(statement)); }

// "SELECT $1::text\nvalue": a statement, and values, each on a line of its own. "#5": a number. "-": null. "*x": bytes.
void query_postgres(const std::string& text) {
  std::vector<agent::sql::Value> values;
  size_t end = text.find('\n');
  const std::string statement = text.substr(0, end);
  while (end != std::string::npos) {
    const size_t begin = end + 1;
    end = text.find('\n', begin);
    const std::string value = text.substr(begin, end == std::string::npos ? end : end - begin);
    if (value.starts_with('#')) values.emplace_back(static_cast<int64_t>(std::atoll(value.c_str() + 1)));
    else if (value == "-") values.emplace_back();
    else if (value.starts_with('*')) values.emplace_back(agent::sql::Blob{value.substr(1)});
    else values.emplace_back(value);
  }
  tell(agent::postgres::run("main", statement, values));
}

// Words with spaces between.
void call_redis(const std::string& text) {
  std::vector<agent::sql::Value> command;
  for (size_t at = 0, end; at <= text.size(); at = end + 1) {
    end = std::min(text.find(' ', at), text.size());
    command.emplace_back(text.substr(at, end - at));
  }
  const auto values = agent::redis::call("main", command);
  if (!values) return answer(false);
  std::string answered;
  for (const auto& value : *values) answered += text_of(value) + ",";
  answer(true, answered);
}

// Whether a text lies anywhere in this guest's memory, except where it was sent to: it comes in two halves.
bool has_in_memory(const std::string& halves) {
  const size_t middle = halves.find('|');
  const std::string first = halves.substr(0, middle), second = halves.substr(middle + 1);
  const char* begin = reinterpret_cast<const char*>(1024);
  const char* end = reinterpret_cast<const char*>(__builtin_wasm_memory_size(0) * 65536);
  for (const char* at = begin; at + first.size() + second.size() <= end; at++)
    if (std::memcmp(at, first.data(), first.size()) == 0 &&
        std::memcmp(at + first.size(), second.data(), second.size()) == 0)
      return true;
  return false;
}

// What stays of an instance that stays.
std::string kept;
int calls = 0;

// "URL": asks there, says how it went, asks there again, keeps what it was told; and what it was told of time and chance.
void do_in_steps(const std::string& url) {
  std::string log;
  for (int step = 1; step <= 3; step++) {
    auto response = agent::http::send("POST", url + "?step=" + std::to_string(step));
    if (!response) return agent::fail(agent::error_message());
    log += std::to_string(response->status()) + " ";
  }
  timespec now = {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  unsigned chance = 0;
  ::getentropy(&chance, sizeof chance);
  const auto before = agent::kv::get("steps:" + agent::event::id());
  agent::kv::set("steps:" + agent::event::id(), before.value_or("") + log);
  agent::kv::set(
      "time:" + agent::event::id(),
      std::to_string(now.tv_sec) + "." + std::to_string(now.tv_nsec) + " " + std::to_string(chance));
  auto last = agent::http::send("POST", url + "?step=last", "",
                                std::to_string(chance) + " " + std::to_string(now.tv_nsec));
  if (!last) agent::fail(agent::error_message());
}

}  // namespace

GODWIT_ON_HTTP() {
  const std::string path = agent::request::path();
  const std::string what = path.substr(path.rfind('/') + 1);
  if (what == "echo")
    answer(true, agent::event::kind() + "|" + agent::request::method() + "|" + path + "|" +
                     agent::request::query() + "|" + argument());
  else if (what == "header") answer(true, agent::request::header(agent::request::query()).value_or("none"));
  else if (what == "tell") answer(agent::websocket::send(agent::request::query(), argument()));
  else if (what == "fetch") fetch(argument());
  else if (what == "kv-get") {
    const auto value = agent::kv::get(argument());
    answer(value.has_value(), value.value_or(""));
  } else if (what == "kv-set") answer(agent::kv::set(agent::request::query(), argument()));
  else if (what == "kv-list") {
    std::string text;
    for (const std::string& key : agent::kv::list(argument())) text += key + ",";
    answer(true, text);
  } else if (what == "sql") query(argument());
  else if (what == "postgres") query_postgres(argument());
  else if (what == "redis") call_redis(argument());
  else if (what == "keep") {
    calls++;
    if (const std::string text = argument(); !text.empty()) kept = text;
    answer(true, std::to_string(calls) + " " + kept);
  } else if (what == "keep-trap") {
    kept = "half";
    __builtin_trap();
  } else if (what == "keep-large") {
    if (const std::string text = argument(); !text.empty()) kept = text;
    answer(true, kept);
  } else if (what == "send-to") {
    const std::string text = argument();  // "agent/instance payload"
    const size_t space = text.find(' ');
    answer(agent::queue::send(text.substr(0, space), text.substr(space + 1)));
  } else if (what == "timer") answer(agent::timer::set(argument(), 10, "rung"));
  else if (what == "queue") answer(agent::queue::send("other", argument(), agent::request::query()));
  else if (what == "env") answer(true, std::getenv("GREETING") ? std::getenv("GREETING") : "unset");
  else if (what == "file") {
    FILE* file = std::fopen(argument().c_str(), "r");
    char line[100] = "";
    if (file && std::fgets(line, sizeof line, file)) answer(true, line);
    else answer(true, "no file");
  } else if (what == "write-file") {
    FILE* file = std::fopen(argument().c_str(), "w");
    answer(true,
           file && std::fputs("by a guest", file) >= 0 && std::fclose(file) == 0 ? "written" : "no file");
  } else if (what == "llm") {
    auto response = agent::llm::send("default", argument());
    answer(response.has_value(), response ? response->body().value_or("cut") : "");
  } else if (what == "stream") {
    for (int i = 0; i < 3; i++) {
      agent::response::write("data: " + std::to_string(i) + "\n\n");
      agent::response::flush();
    }
  } else if (what == "loop") {
    for (volatile int i = 0;; i = i + 1) {
    }
  } else if (what == "flood") {
    for (;;) agent::log("nobody wants to know this");
  } else if (what == "clock") {
    for (timespec now;;) ::clock_gettime(CLOCK_MONOTONIC, &now);
  } else if (what == "sockets") {
    std::vector<agent::Response> all;
    const std::string url = argument();
    for (int i = 0; i < 10'000; i++) {
      auto response = agent::http::send("GET", url);
      if (!response) return answer(false, "");
      all.push_back(std::move(*response));
    }
    answer(true);
  } else if (what == "grow") {
    std::vector<char*> all;
    for (;;) {
      all.push_back(static_cast<char*>(std::malloc(1 << 20)));
      if (!all.back()) __builtin_trap();
      std::memset(all.back(), 1, 1 << 20);
    }
  } else if (what == "trap") __builtin_trap();
  else if (what == "print") {
    std::fputs("printed by a guest\n", stderr);
    answer(true);
  } else if (what == "log") {
    agent::log(argument());
    answer(true);
  } else if (what == "scan") answer(true, has_in_memory(argument()) ? "found" : "absent");
  else if (what == "cors") answer(agent::response::header("Access-Control-Allow-Origin", "*"));
  else answer(true, "nothing");
}

namespace {

// Says back what it is told, and does what it is told to.
void on_socket(const std::string& kind, const std::string& payload) {
  const std::string id = agent::event::id();
  if (kind == "websocket-open") agent::websocket::send(id, "welcome " + id);
  else if (kind == "websocket-close") agent::kv::set("closed:" + id, payload);
  else if (kind == "websocket-binary") agent::websocket::send_binary(id, payload);
  else if (payload == "close") agent::websocket::close(id, 4000, "as it was told");
  else if (payload == "trap") __builtin_trap();
  else if (payload == "flood") {
    while (agent::websocket::send(id, std::string(10000, 'x'))) {
    }
    const std::string why = agent::error_message();
    // when some of it has gone
    while (!agent::websocket::send(id, "refused: " + why)) {
    }
  } else {
    agent::websocket::send(id, "echo " + payload);
    if (payload.starts_with("pass ")) agent::websocket::send(payload.substr(5), "passed");
  }
}

}  // namespace

GODWIT_ON_EVENT() {
  if (const std::string kind = agent::event::kind(); kind.starts_with("websocket-"))
    return on_socket(kind, agent::event::payload());
  const std::string payload = agent::event::payload();
  if (payload.starts_with("keep ")) {
    calls++;
    kept += payload.substr(5);
    return;
  }
  if (payload.starts_with("steps ")) return do_in_steps(payload.substr(6));
  if (payload == "again") {
    // the same name, from within
    const auto count = agent::kv::get("again").value_or("");
    agent::kv::set("again", count + "x");
    if (count.size() < 2) agent::timer::set(agent::event::id(), 1, "again");
  }
  agent::kv::set("event:" + agent::event::kind() + ":" + agent::event::id(), payload);
  if (payload == "fail") agent::fail("as it was told");
  if (payload == "fail once" && agent::kv::get("failed") == std::nullopt) {
    agent::kv::set("failed", "1");
    agent::fail("once");
  }
}
