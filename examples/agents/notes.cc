// An agent that keeps notes: POST stores one and tells the agent `greeter` of it, GET lists them, a model summarises them.
#include <godwit/agent.h>

namespace agent = godwit::agent;

namespace {

std::string quoted(const std::string& text) {
  std::string json = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') json += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) json += c;
  }
  return json + "\"";
}

bool prepare() {
  return agent::sql::run("CREATE TABLE IF NOT EXISTS note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
      .has_value();
}

void add(const std::string& text) {
  const auto done = agent::sql::run("INSERT INTO note (text) VALUES (?)", {text});
  if (!done) return agent::fail(agent::error_message());
  agent::queue::send("greeter", text);
  agent::response::status(201);
  agent::response::write("{\"id\":" + std::to_string(done->last_row_id) + "}\n");
}

std::string all() {
  std::string json;
  const auto notes = agent::sql::run("SELECT id, text FROM note ORDER BY id DESC LIMIT 100");
  if (!notes) return "[]";
  for (const auto& row : notes->rows)
    json += (json.empty() ? "" : ",") + ("{\"id\":" + std::to_string(std::get<int64_t>(row[0])) +
                                         ",\"text\":" + quoted(std::get<std::string>(row[1])) + "}");
  return "[" + json + "]";
}

void summarise() {
  auto answer =
      agent::llm::send("default", "{\"messages\":[{\"role\":\"user\",\"content\":" +
                                      quoted("Summarise these notes in one sentence: " + all()) + "}]}");
  if (!answer) return agent::fail(agent::error_message());
  agent::response::status(answer->status());
  // what comes is passed on as it comes
  for (auto piece = answer->read(); piece && !piece->empty(); piece = answer->read()) {
    agent::response::write(*piece);
    agent::response::flush();
  }
}

}  // namespace

GODWIT_ON_HTTP() {
  agent::response::header("Content-Type", "application/json");
  if (!prepare()) return agent::fail(agent::error_message());
  if (agent::request::path().ends_with("/summary")) summarise();
  else if (agent::request::method() == "POST") add(agent::request::body().value_or(""));
  else agent::response::write(all() + "\n");
}
