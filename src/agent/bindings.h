// Bindings: the functions of `godwit:agent/v1`, for one run. sdk/wit/agent.wit describes them.
#pragma once

#include <string_view>
#include <tuple>
#include <vector>

#include "agent/run.h"

namespace godwit::agent {

// What functions answer instead of a size, a handle or 0.
enum class Failure : int32_t {
  NotFound = -1,
  Denied = -2,   // the manifest grants it not
  Invalid = -3,  // arguments that make no sense
  Limit = -4,    // too large, too many
  Failed = -5,   // the other side, or the disk
  TimedOut = -6,
  Gone = -7,  // the client, or the run is to end
};

class Bindings final {
 public:
  // For what is no guest's call. The first by the model's name; the whole answer. @errors as that has them, in words.
  struct Answered {
    uint32_t status = 0;
    std::string body;
  };
  Result<Answered> ask(std::string_view model, std::string_view path, std::string_view body);
  void respond_with(std::string_view name, std::string_view value) {
    std::ignore = respond_field(name, value);
  }

  explicit Bindings(Run& run) : run_(&run) {}
  // From now on the functions are called for `run`, on the same thread.
  void serve(Run& run) { run_ = &run; }

  // Offers those that the agent's module imports; and, with a journal, a clock and random numbers of its own.
  void define(v1::Linker& linker);
  // The names of all.
  static std::vector<std::string_view> names();

 private:
  // Calls visit(name, callable) for each function.
  template <class Visitor>
  void visit(Visitor visitor);

  using Answer = v1::Result<int32_t>;
  // Copies as much of `text` as there is room for at `at`; answers its whole size.
  Answer give(v1::Caller& caller, std::string_view text, uint32_t at, uint32_t room);
  Answer refuse(Failure failure, std::string why);
  Answer refuse(const Error& error);
  Answer deny(std::string what);

  // What a call of the world is answered: `ask()`, or what the journal says that it was.
  template <class Ask>
  v1::Result<Told> told(std::string_view name, std::initializer_list<std::string_view> arguments, Ask ask);
  static Told failed(const Error& error);
  // The same as an answer to the guest: a code and, for less than 0, why.
  Answer refuse(const Told& told) { return refuse(static_cast<Failure>(told.code), told.bytes); }
  Answer answer(v1::Result<Told> told);
  void define_clock(v1::Linker& linker);

  Answer header(v1::Caller& caller, const net::Fields* fields, uint32_t name_at, uint32_t name_size,
                uint32_t at, uint32_t room);
  Answer read_body(v1::Caller& caller, uint32_t at, uint32_t room);
  Answer write(v1::Caller& caller, uint32_t at, uint32_t size);
  Answer respond_field(std::string_view name, std::string_view value);
  Answer send(std::string_view method, std::string_view url, std::string_view fields, std::string_view body);
  Answer ask_model(std::string_view name, std::string_view path, std::string_view body);
  Answer begin(net::ClientRequest request, std::optional<Span> span, bool is_for_model);
  Answer begin_noted(net::ClientRequest request, std::optional<Span> span, bool is_for_model, size_t place);
  Span begin_span(std::string name) const;
  // Of the run; empty if nobody is told.
  std::string traceparent() const;
  OpenResponse* response_of(int32_t handle);
  Answer read_response(v1::Caller& caller, int32_t handle, uint32_t at, uint32_t room);
  Answer run_sql(std::string_view statement, std::string_view values);
  Answer call_redis(std::string_view name, std::string_view command);
  Answer run_postgres(std::string_view name, std::string_view statement, std::string_view values);
  // Calls a tool of a server of MCP, or lists its tools.
  Answer use_mcp(std::string_view name, std::optional<std::string_view> tool, std::string_view arguments);
  // Keeps a result for sql_result(); its handle.
  Answer keep_result(v1::Result<Told> result);
  const std::string& secret_of(const std::string& name) const;
  Answer set_timer(std::string_view name, uint64_t delay_ms, std::string_view payload);
  Answer cancel_timer(std::string_view name);
  // Of an event for the instance that runs now.
  std::string own_key(std::string_view name) const;
  Answer send_to_socket(std::string_view id, bool is_text, std::string_view bytes);
  Answer close_socket(std::string_view id, uint32_t code, std::string_view why);
  Answer send_event(std::string_view to, std::string_view key, std::string_view payload);

  Run* run_;
};

// `body`, a JSON object, with `value` as its only member `key`. Nothing if it is no object.
std::optional<std::string> with_member(std::string_view body, std::string_view key, std::string_view value);

}  // namespace godwit::agent
