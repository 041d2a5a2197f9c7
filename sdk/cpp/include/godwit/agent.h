// Agents in C and C++: the functions of godwit:agent/v1 as they are, and for C++ texts and results in their place.
// A program exports on_http (GODWIT_ON_HTTP), on_event (GODWIT_ON_EVENT), on_tool (GODWIT_ON_TOOL) or several of them, and is
// linked as a reactor:
//   clang++-22 --target=wasm32-wasip1 -mexec-model=reactor -fno-exceptions -std=c++20 -O2 agent.cc -o agent.wasm
// Functions answer a size, a handle or 0; numbers below 0 are GODWIT_AGENT_… and error_message says more.
#ifndef GODWIT_SDK_AGENT_H
#define GODWIT_SDK_AGENT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
  GODWIT_AGENT_NOT_FOUND = -1,
  GODWIT_AGENT_DENIED = -2,  /**< the manifest grants it not */
  GODWIT_AGENT_INVALID = -3, /**< arguments that make no sense */
  GODWIT_AGENT_LIMIT = -4,   /**< too large, too many */
  GODWIT_AGENT_FAILED = -5,  /**< the other side, or the disk */
  GODWIT_AGENT_TIMED_OUT = -6,
  GODWIT_AGENT_GONE = -7 /**< the client has left, or the run is to end */
};

#define GODWIT_AGENT_IMPORT(name) __attribute__((import_module("godwit:agent/v1"), import_name(name)))

/* Functions that give a text take a buffer and its size, write as much as fits, and answer the text's whole size. */
GODWIT_AGENT_IMPORT("event_kind") int32_t godwit_event_kind(char* to, uint32_t room);
GODWIT_AGENT_IMPORT("event_id") int32_t godwit_event_id(char* to, uint32_t room);
GODWIT_AGENT_IMPORT("request_method") int32_t godwit_request_method(char* to, uint32_t room);
GODWIT_AGENT_IMPORT("request_path") int32_t godwit_request_path(char* to, uint32_t room);
GODWIT_AGENT_IMPORT("request_query") int32_t godwit_request_query(char* to, uint32_t room);
GODWIT_AGENT_IMPORT("request_header")
int32_t godwit_request_header(const char* name, uint32_t name_size, char* to, uint32_t room);
GODWIT_AGENT_IMPORT("request_headers") int32_t godwit_request_headers(char* to, uint32_t room);
/** The next piece of the body, or of an event's payload. @returns its size; 0: that was all */
GODWIT_AGENT_IMPORT("request_read") int32_t godwit_request_read(char* to, uint32_t room);
GODWIT_AGENT_IMPORT("response_status") int32_t godwit_response_status(uint32_t status);
GODWIT_AGENT_IMPORT("response_header")
int32_t godwit_response_header(const char* name, uint32_t name_size, const char* value, uint32_t value_size);
GODWIT_AGENT_IMPORT("response_write") int32_t godwit_response_write(const char* bytes, uint32_t size);
GODWIT_AGENT_IMPORT("response_flush") int32_t godwit_response_flush(void);
GODWIT_AGENT_IMPORT("fail") int32_t godwit_fail(const char* why, uint32_t size);
GODWIT_AGENT_IMPORT("error_message") int32_t godwit_error_message(char* to, uint32_t room);
GODWIT_AGENT_IMPORT("log") int32_t godwit_log(uint32_t level, const char* text, uint32_t size);
GODWIT_AGENT_IMPORT("http_send")
int32_t godwit_http_send(const char* method, uint32_t method_size, const char* url, uint32_t url_size,
                         const char* headers, uint32_t headers_size, const char* body, uint32_t body_size);
GODWIT_AGENT_IMPORT("llm_send")
int32_t godwit_llm_send(const char* model, uint32_t model_size, const char* path, uint32_t path_size,
                        const char* body, uint32_t body_size);
GODWIT_AGENT_IMPORT("http_status") int32_t godwit_http_status(int32_t handle);
GODWIT_AGENT_IMPORT("http_header")
int32_t godwit_http_header(int32_t handle, const char* name, uint32_t name_size, char* to, uint32_t room);
GODWIT_AGENT_IMPORT("http_headers") int32_t godwit_http_headers(int32_t handle, char* to, uint32_t room);
GODWIT_AGENT_IMPORT("http_read") int32_t godwit_http_read(int32_t handle, char* to, uint32_t room);
GODWIT_AGENT_IMPORT("http_close") int32_t godwit_http_close(int32_t handle);
GODWIT_AGENT_IMPORT("kv_get")
int32_t godwit_kv_get(const char* key, uint32_t key_size, char* to, uint32_t room);
GODWIT_AGENT_IMPORT("kv_set")
int32_t godwit_kv_set(const char* key, uint32_t key_size, const char* value, uint32_t value_size);
GODWIT_AGENT_IMPORT("kv_delete") int32_t godwit_kv_delete(const char* key, uint32_t key_size);
GODWIT_AGENT_IMPORT("kv_list")
int32_t godwit_kv_list(const char* prefix, uint32_t prefix_size, const char* after, uint32_t after_size,
                       char* to, uint32_t room);
GODWIT_AGENT_IMPORT("sql_run")
int32_t godwit_sql_run(const char* statement, uint32_t statement_size, const char* values,
                       uint32_t values_size);
GODWIT_AGENT_IMPORT("redis_call")
int32_t godwit_redis_call(const char* redis, uint32_t redis_size, const char* command, uint32_t command_size);
GODWIT_AGENT_IMPORT("postgres_run")
int32_t godwit_postgres_run(const char* postgres, uint32_t postgres_size, const char* statement,
                            uint32_t statement_size, const char* values, uint32_t values_size);
GODWIT_AGENT_IMPORT("tool_call")
int32_t godwit_tool_call(const char* server, uint32_t server_size, const char* tool, uint32_t tool_size,
                         const char* arguments, uint32_t arguments_size);
GODWIT_AGENT_IMPORT("tool_list") int32_t godwit_tool_list(const char* server, uint32_t server_size);
GODWIT_AGENT_IMPORT("sql_result") int32_t godwit_sql_result(int32_t handle, char* to, uint32_t room);
GODWIT_AGENT_IMPORT("sql_close") int32_t godwit_sql_close(int32_t handle);
GODWIT_AGENT_IMPORT("timer_set")
int32_t godwit_timer_set(const char* name, uint32_t name_size, uint64_t delay_ms, const char* payload,
                         uint32_t size);
GODWIT_AGENT_IMPORT("timer_cancel") int32_t godwit_timer_cancel(const char* name, uint32_t name_size);
GODWIT_AGENT_IMPORT("queue_send")
int32_t godwit_queue_send(const char* agent, uint32_t agent_size, const char* key, uint32_t key_size,
                          const char* payload, uint32_t size);
GODWIT_AGENT_IMPORT("websocket_send")
int32_t godwit_websocket_send(const char* id, uint32_t id_size, uint32_t is_text, const char* bytes,
                              uint32_t size);
GODWIT_AGENT_IMPORT("websocket_close")
int32_t godwit_websocket_close(const char* id, uint32_t id_size, uint32_t code, const char* why,
                               uint32_t size);

#ifdef __cplusplus
}

#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/** Begins the function that answers requests: GODWIT_ON_HTTP() { … } */
#define GODWIT_ON_HTTP() extern "C" __attribute__((export_name("on_http"))) void godwit_on_http()
/** Begins the function that is told of events: GODWIT_ON_EVENT() { … } */
#define GODWIT_ON_EVENT() extern "C" __attribute__((export_name("on_event"))) void godwit_on_event()
/** Begins the function that is called for the tools that the manifest names: GODWIT_ON_TOOL() { … } It writes its answer by
 *  response::write; what it says by fail() is told to who has called. */
#define GODWIT_ON_TOOL() extern "C" __attribute__((export_name("on_tool"))) void godwit_on_tool()

namespace godwit::agent {

namespace detail {

inline uint32_t size(std::string_view text) { return static_cast<uint32_t>(text.size()); }

// The text that `give(buffer, room)` gives; nothing if it answers a failure.
template <class Give>
std::optional<std::string> text_of(Give give) {
  std::string text(256, '\0');
  for (;;) {
    const int32_t needed = give(text.data(), size(text));
    if (needed < 0) return std::nullopt;
    const bool fits = static_cast<size_t>(needed) <= text.size();
    text.resize(static_cast<size_t>(needed));
    if (fits) return text;
  }
}

// What is kept by this handle, which is given back; nothing if it is a failure.
inline std::optional<std::string> take_kept(int32_t handle) {
  if (handle < 0) return std::nullopt;
  auto text = text_of([&](char* to, uint32_t room) { return godwit_sql_result(handle, to, room); });
  godwit_sql_close(handle);
  return text;
}

// All pieces that `read(buffer, room)` gives.
template <class Read>
std::optional<std::string> all_of(Read read) {
  std::string all;
  char piece[4096];
  for (;;) {
    const int32_t size = read(piece, sizeof piece);
    if (size < 0) return std::nullopt;
    if (size == 0) return all;
    all.append(piece, static_cast<size_t>(size));
  }
}

}  // namespace detail

/** Why the last call failed, in words. */
inline std::string error_message() {
  return detail::text_of([](char* to, uint32_t room) { return godwit_error_message(to, room); }).value_or("");
}

/** This run has failed: a request is answered with 500, an event is tried again later. */
inline void fail(std::string_view why) { godwit_fail(why.data(), detail::size(why)); }

enum class Level : uint32_t { Debug, Info, Warning, Error };
inline void log(std::string_view text, Level level = Level::Info) {
  godwit_log(static_cast<uint32_t>(level), text.data(), detail::size(text));
}

namespace request {
inline std::string method() { return detail::text_of(godwit_request_method).value_or(""); }
inline std::string path() { return detail::text_of(godwit_request_path).value_or(""); }
inline std::string query() { return detail::text_of(godwit_request_query).value_or(""); }
inline std::optional<std::string> header(std::string_view name) {
  return detail::text_of([&](char* to, uint32_t room) {
    return godwit_request_header(name.data(), detail::size(name), to, room);
  });
}
/** The whole body; nothing if it does not come. */
inline std::optional<std::string> body() { return detail::all_of(godwit_request_read); }
}  // namespace request

namespace event {
/** "http", "webhook", "timer", "cron", "queue", "redis", "postgres", "tool", "websocket-open", "websocket-text",
 *  "websocket-binary" or "websocket-close". */
inline std::string kind() { return detail::text_of(godwit_event_kind).value_or(""); }
/** The same when an event comes once more; of a WebSocket, its id. */
inline std::string id() { return detail::text_of(godwit_event_id).value_or(""); }
inline std::string payload() { return request::body().value_or(""); }
}  // namespace event

/** In on_tool. */
namespace tool {
inline std::string name() { return event::id(); }
/** JSON, an object, that fits the tool's schema. */
inline std::string arguments() { return request::body().value_or("{}"); }
}  // namespace tool

namespace response {
inline bool status(uint32_t status) { return godwit_response_status(status) == 0; }
inline bool header(std::string_view name, std::string_view value) {
  return godwit_response_header(name.data(), detail::size(name), value.data(), detail::size(value)) == 0;
}
inline bool write(std::string_view text) {
  return godwit_response_write(text.data(), detail::size(text)) == 0;
}
/** Sends what was written; what is written later follows piece by piece. */
inline bool flush() { return godwit_response_flush() == 0; }
}  // namespace response

/** A response to a request of ours. Moves only. */
class Response final {
 public:
  explicit Response(int32_t handle) : handle_(handle) {}
  ~Response() {
    if (handle_ >= 0) godwit_http_close(handle_);
  }
  Response(Response&& other) noexcept : handle_(std::exchange(other.handle_, -1)) {}
  Response& operator=(Response&& other) noexcept {
    std::swap(handle_, other.handle_);
    return *this;
  }

  uint32_t status() const { return static_cast<uint32_t>(godwit_http_status(handle_)); }
  std::optional<std::string> header(std::string_view name) const {
    return detail::text_of([&](char* to, uint32_t room) {
      return godwit_http_header(handle_, name.data(), detail::size(name), to, room);
    });
  }
  /** The next piece, empty at the end; nothing if it does not come. */
  std::optional<std::string> read() {
    std::string piece(4096, '\0');
    const int32_t size = godwit_http_read(handle_, piece.data(), detail::size(piece));
    if (size < 0) return std::nullopt;
    piece.resize(static_cast<size_t>(size));
    return piece;
  }
  std::optional<std::string> body() {
    return detail::all_of([&](char* to, uint32_t room) { return godwit_http_read(handle_, to, room); });
  }

 private:
  int32_t handle_;
};

namespace http {
/** @param headers lines of "Name: value". @returns nothing if there is no response: error_message() says why */
inline std::optional<Response> send(std::string_view method, std::string_view url,
                                    std::string_view headers = {}, std::string_view body = {}) {
  const int32_t handle =
      godwit_http_send(method.data(), detail::size(method), url.data(), detail::size(url), headers.data(),
                       detail::size(headers), body.data(), detail::size(body));
  if (handle < 0) return std::nullopt;
  return Response(handle);
}
inline std::optional<Response> get(std::string_view url) { return send("GET", url); }
}  // namespace http

/** As much of JSON as agents need that ask models. */
namespace json {
inline std::string quote(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') (quoted += '\\') += c;
    else if (static_cast<unsigned char>(c) >= 0x20) quoted += c;
    else {
      constexpr char kDigits[] = "0123456789abcdef";
      quoted += "\\u00";
      quoted += kDigits[c >> 4 & 15];
      quoted += kDigits[c & 15];
    }
  }
  return quoted + '"';
}

namespace detail {
inline size_t skip_spaces(std::string_view text, size_t at) {
  while (at < text.size() && (text[at] == ' ' || text[at] == '\n' || text[at] == '\t' || text[at] == '\r'))
    at++;
  return at;
}
/* One past the value that begins at `at`. */
inline size_t end_of_value(std::string_view text, size_t at) {
  int depth = 0;
  for (bool is_string = false; at < text.size(); at++) {
    const char c = text[at];
    if (is_string) {
      if (c == '\\') at++;
      else if (c == '"' && (is_string = false, depth == 0)) return at + 1;
    } else if (c == '"') is_string = true;
    else if (c == '{' || c == '[') depth++;
    else if (c == '}' || c == ']') {
      if (depth == 0) return at;
      if (--depth == 0) return at + 1;
    } else if (depth == 0 && (c == ',' || c == ':' || c == ' ' || c == '\n')) return at;
  }
  return text.size();
}
inline void append_utf8(std::string& to, uint32_t code) {
  if (code < 0x80) to += static_cast<char>(code);
  else if (code < 0x800) (to += static_cast<char>(0xc0 | code >> 6)) += static_cast<char>(0x80 | (code & 63));
  else if (code < 0x10000)
    ((to += static_cast<char>(0xe0 | code >> 12)) += static_cast<char>(0x80 | (code >> 6 & 63))) +=
        static_cast<char>(0x80 | (code & 63));
  else
    (((to += static_cast<char>(0xf0 | code >> 18)) += static_cast<char>(0x80 | (code >> 12 & 63))) +=
     static_cast<char>(0x80 | (code >> 6 & 63))) += static_cast<char>(0x80 | (code & 63));
}
inline uint32_t hexadecimal(std::string_view digits) {
  return static_cast<uint32_t>(std::strtoul(std::string(digits).c_str(), nullptr, 16));
}
}  // namespace detail

/** The value at a path of names, and of numbers in lists: find(text, {"choices", "0", "message"}). Its text as it stands
 *  there. Nothing if it is not there. */
inline std::optional<std::string_view> find(std::string_view text,
                                            std::initializer_list<std::string_view> path) {
  for (const std::string_view step : path) {
    size_t at = detail::skip_spaces(text, 0);
    if (at >= text.size() || (text[at] != '{' && text[at] != '[')) return std::nullopt;
    const bool is_list = text[at] == '[';
    size_t index = 0;
    for (at = detail::skip_spaces(text, at + 1);; index++) {
      if (at >= text.size() || text[at] == '}' || text[at] == ']') return std::nullopt;
      bool is_it = is_list && std::to_string(index) == step;
      if (!is_list) {
        const size_t end = detail::end_of_value(text, at);
        is_it = text.substr(at, end - at) == quote(step);
        at = detail::skip_spaces(text, end);
        if (at >= text.size() || text[at] != ':') return std::nullopt;
        at = detail::skip_spaces(text, at + 1);
      }
      const size_t end = detail::end_of_value(text, at);
      if (is_it) {
        text = text.substr(at, end - at);
        break;
      }
      at = detail::skip_spaces(text, end);
      if (at < text.size() && text[at] == ',') at = detail::skip_spaces(text, at + 1);
    }
  }
  return text;
}

/** What a JSON string says; other values as they are written. */
inline std::string text_of(std::string_view value) {
  if (value.size() < 2 || value.front() != '"') return std::string(value);
  value = value.substr(1, value.size() - 2);
  std::string text;
  for (size_t at = 0; at < value.size(); at++) {
    if (value[at] != '\\' || at + 1 >= value.size()) {
      text += value[at];
      continue;
    }
    switch (const char c = value[++at]) {
      case 'n': text += '\n'; break;
      case 't': text += '\t'; break;
      case 'r': text += '\r'; break;
      case 'b': text += '\b'; break;
      case 'f': text += '\f'; break;
      case 'u': {
        uint32_t code = detail::hexadecimal(value.substr(at + 1, 4));
        at += 4;
        if (code >= 0xd800 && code < 0xdc00 && at + 6 < value.size() && value[at + 1] == '\\') {
          code = 0x10000 + ((code - 0xd800) << 10) + (detail::hexadecimal(value.substr(at + 3, 4)) - 0xdc00);
          at += 6;
        }
        detail::append_utf8(text, code);
        break;
      }
      default: text += c;
    }
  }
  return text;
}
}  // namespace json

namespace llm {
struct Question {
  std::string system = {};
  std::string user;
  std::string schema = {}; /* of the answer, JSON Schema; empty: it is free text */
  int max_tokens = 256;
};

inline std::optional<Response> send(std::string_view model, std::string_view body, std::string_view path);

/** Asks a model that the manifest grants, and waits for all of its answer. @returns nothing if there is none:
 *  error_message() says why, or the model's server has refused. */
inline std::optional<std::string> ask(std::string_view model, const Question& question) {
  std::string body = "{\"model\":" + json::quote(model) +
                     ",\"max_tokens\":" + std::to_string(question.max_tokens) + ",\"messages\":[";
  if (!question.system.empty())
    body += "{\"role\":\"system\",\"content\":" + json::quote(question.system) + "},";
  body += "{\"role\":\"user\",\"content\":" + json::quote(question.user) + "}]";
  if (!question.schema.empty())
    body +=
        ",\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"answer\",\"strict\":true,"
        "\"schema\":" +
        question.schema + "}}";
  auto response = send(model, body + "}", "chat/completions");
  if (!response || response->status() != 200) return std::nullopt;
  const auto answer = response->body();
  const auto content = answer ? json::find(*answer, {"choices", "0", "message", "content"}) : std::nullopt;
  if (!content) return std::nullopt;
  return json::text_of(*content);
}

/** Asks a model that the manifest grants. @param body JSON, as OpenAI's API has it for `path` */
inline std::optional<Response> send(std::string_view model, std::string_view body,
                                    std::string_view path = "chat/completions") {
  const int32_t handle = godwit_llm_send(model.data(), detail::size(model), path.data(), detail::size(path),
                                         body.data(), detail::size(body));
  if (handle < 0) return std::nullopt;
  return Response(handle);
}
}  // namespace llm

namespace kv {
inline std::optional<std::string> get(std::string_view key) {
  return detail::text_of(
      [&](char* to, uint32_t room) { return godwit_kv_get(key.data(), detail::size(key), to, room); });
}
inline bool set(std::string_view key, std::string_view value) {
  return godwit_kv_set(key.data(), detail::size(key), value.data(), detail::size(value)) == 0;
}
/** @returns whether it was there */
inline bool remove(std::string_view key) { return godwit_kv_delete(key.data(), detail::size(key)) == 1; }
/** A hundred keys at most, in order, after `after`. */
inline std::vector<std::string> list(std::string_view prefix, std::string_view after = {}) {
  const auto text = detail::text_of([&](char* to, uint32_t room) {
    return godwit_kv_list(prefix.data(), detail::size(prefix), after.data(), detail::size(after), to, room);
  });
  std::vector<std::string> keys;
  for (size_t at = 0; text && at < text->size(); at += keys.back().size() + 1)
    keys.emplace_back(text->c_str() + at);
  return keys;
}
}  // namespace kv

namespace sql {
struct Blob {
  std::string bytes;
};
using Value = std::variant<std::monostate, int64_t, double, std::string, Blob>;
struct Result {
  std::vector<std::string> columns;
  std::vector<std::vector<Value>> rows;
  int64_t changes = 0;
  int64_t last_row_id = 0;
};

namespace detail {
template <class T>
void put(std::string& bytes, T value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof value);
}
template <class T>
T take(const char*& at) {
  T value;
  std::memcpy(&value, at, sizeof value);
  at += sizeof value;
  return value;
}
inline std::string take_text(const char*& at) {
  const auto size = take<uint32_t>(at);
  std::string text(at, size);
  at += size;
  return text;
}
inline Value take_value(const char*& at) {
  switch (take<uint8_t>(at)) {
    case 1: return take<int64_t>(at);
    case 2: return take<double>(at);
    case 3: return take_text(at);
    case 4: return Blob{take_text(at)};
    default: return std::monostate();
  }
}
}  // namespace detail

namespace detail {
inline std::string encode(const std::vector<Value>& values) {
  std::string bytes;
  put(bytes, static_cast<uint32_t>(values.size()));
  for (const Value& value : values) {
    put(bytes, static_cast<uint8_t>(value.index()));
    if (const auto* integer = std::get_if<int64_t>(&value)) put(bytes, *integer);
    if (const auto* real = std::get_if<double>(&value)) put(bytes, *real);
    const auto* text = std::get_if<std::string>(&value);
    if (const auto* blob = std::get_if<Blob>(&value)) text = &blob->bytes;
    if (text) {
      put(bytes, static_cast<uint32_t>(text->size()));
      bytes += *text;
    }
  }
  return bytes;
}
inline std::optional<Result> take_result(int32_t handle) {
  if (handle < 0) return std::nullopt;
  const auto text =
      agent::detail::text_of([&](char* to, uint32_t room) { return godwit_sql_result(handle, to, room); });
  godwit_sql_close(handle);
  if (!text) return std::nullopt;
  Result result;
  const char* at = text->data();
  for (auto left = take<uint32_t>(at); left > 0; left--) result.columns.push_back(take_text(at));
  for (auto left = take<uint32_t>(at); left > 0; left--) {
    auto& row = result.rows.emplace_back();
    for (size_t i = 0; i < result.columns.size(); i++) row.push_back(take_value(at));
  }
  result.changes = take<int64_t>(at);
  result.last_row_id = take<int64_t>(at);
  return result;
}
}  // namespace detail

/** Runs one statement; `?` in it stand for the values. @returns nothing if it fails: error_message() says why */
inline std::optional<Result> run(std::string_view statement, const std::vector<Value>& values = {}) {
  const std::string bytes = detail::encode(values);
  return detail::take_result(godwit_sql_run(statement.data(), agent::detail::size(statement), bytes.data(),
                                            agent::detail::size(bytes)));
}
}  // namespace sql

namespace postgres {
/** Runs one statement of the PostgreSQL that the manifest calls `name`; `$1`, `$2` … stand for the values. Integers, reals,
 *  booleans (as 0 and 1) and bytea come as such, all else as text. @returns nothing if it fails */
inline std::optional<sql::Result> run(std::string_view name, std::string_view statement,
                                      const std::vector<sql::Value>& values = {}) {
  const std::string bytes = sql::detail::encode(values);
  return sql::detail::take_result(godwit_postgres_run(name.data(), detail::size(name), statement.data(),
                                                      detail::size(statement), bytes.data(),
                                                      detail::size(bytes)));
}
}  // namespace postgres

namespace redis {
/** A command of the Redis that the manifest calls `name`: {"SET", "key", "value"}. @returns a value, or those of a list; a
 *  list in a list is its size and then its values. Nothing if it fails */
inline std::optional<std::vector<sql::Value>> call(std::string_view name,
                                                   const std::vector<sql::Value>& command) {
  const std::string bytes = sql::detail::encode(command);
  auto result = sql::detail::take_result(
      godwit_redis_call(name.data(), detail::size(name), bytes.data(), detail::size(bytes)));
  if (!result) return std::nullopt;
  std::vector<sql::Value> values;
  for (auto& row : result->rows) values.push_back(std::move(row[0]));
  return values;
}
}  // namespace redis

/** Tools of the MCP servers that the manifest grants. */
namespace mcp {
/** @param arguments JSON, an object. @returns JSON: {"content":[{"type":"text","text":…}],"isError":…}; nothing if the server
 *  cannot be asked, or refuses: error_message() says why */
inline std::optional<std::string> call(std::string_view server, std::string_view tool,
                                       std::string_view arguments = "{}") {
  return agent::detail::take_kept(godwit_tool_call(server.data(), agent::detail::size(server), tool.data(),
                                                   agent::detail::size(tool), arguments.data(),
                                                   agent::detail::size(arguments)));
}
/** @returns JSON: [{"name":…,"description":…,"inputSchema":…}] */
inline std::optional<std::string> list(std::string_view server) {
  return agent::detail::take_kept(godwit_tool_list(server.data(), agent::detail::size(server)));
}
/** The texts of what call() has returned. */
inline std::string text_of(std::string_view result) {
  std::string all;
  for (int i = 0;; i++) {
    const auto part = json::find(result, {"content", std::to_string(i)});
    if (!part) return all;
    if (const auto text = json::find(*part, {"text"})) all += json::text_of(*text);
  }
}
}  // namespace mcp

namespace timer {
/** Rings once, after `delay_ms`, at least once whatever happens: on_event, of kind "timer", with `name` as its id. */
inline bool set(std::string_view name, uint64_t delay_ms, std::string_view payload = {}) {
  return godwit_timer_set(name.data(), detail::size(name), delay_ms, payload.data(), detail::size(payload)) ==
         0;
}
inline bool cancel(std::string_view name) {
  return godwit_timer_cancel(name.data(), detail::size(name)) == 1;
}
}  // namespace timer

namespace queue {
/** Tells another agent ("name", or "name/key" for an instance of it), at least once: its on_event, of kind "queue". What has the same `key` within a day is the same. */
inline bool send(std::string_view agent, std::string_view payload, std::string_view key = {}) {
  return godwit_queue_send(agent.data(), detail::size(agent), key.data(), detail::size(key), payload.data(),
                           detail::size(payload)) >= 0;
}
}  // namespace queue

/** WebSockets, on routes that `websockets` of the manifest names. Events tell of them; any run of the agent may send. */
namespace websocket {
/** Does not wait for the client; false, too, where more than 1 MiB would wait for it. A text is UTF-8. */
inline bool send(std::string_view id, std::string_view text) {
  return godwit_websocket_send(id.data(), detail::size(id), 1, text.data(), detail::size(text)) == 0;
}
inline bool send_binary(std::string_view id, std::string_view bytes) {
  return godwit_websocket_send(id.data(), detail::size(id), 0, bytes.data(), detail::size(bytes)) == 0;
}
/** Ends it when what was sent has gone. @param code 1000, or 3000 to 4999 */
inline bool close(std::string_view id, uint32_t code = 1000, std::string_view why = {}) {
  return godwit_websocket_close(id.data(), detail::size(id), code, why.data(), detail::size(why)) == 0;
}
}  // namespace websocket

}  // namespace godwit::agent
#endif

#endif
