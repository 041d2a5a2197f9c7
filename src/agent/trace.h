// Traces: what runs did and how long it took, told to a collector by OTLP over HTTP.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "async/signal.h"
#include "base/error.h"

namespace godwit::agent {

// spec: https://www.w3.org/TR/trace-context
struct TraceContext {
  std::array<uint8_t, 16> trace = {};
  std::array<uint8_t, 8> span = {};
  bool is_sampled = true;

  // A new span of the same trace; of a new one if there is none.
  static TraceContext child_of(const std::optional<TraceContext>& parent);
};
// "00-<trace>-<span>-01". Nothing if the text is none.
std::optional<TraceContext> parse_traceparent(std::string_view text);
std::string to_traceparent(const TraceContext& context);

// spec: https://opentelemetry.io/docs/specs/semconv/gen-ai
struct Span {
  enum class Kind : uint8_t { Server = 2, Client = 3, Consumer = 5 };

  TraceContext context = {};
  std::optional<TraceContext> parent = {};
  std::string name = {};
  Kind kind = Kind::Server;
  uint64_t begin_ns = 0;  // of platform::Clock::Realtime, as all times here
  uint64_t end_ns = 0;
  std::vector<std::pair<std::string, std::variant<std::string, int64_t>>> attributes = {};
  std::string error = {};  // empty: it went well

  void set(std::string_view key, std::variant<std::string, int64_t> value) {
    attributes.emplace_back(key, std::move(value));
  }
};

// The body of a request to a collector. spec: https://opentelemetry.io/docs/specs/otlp (JSON)
std::string to_otlp(const std::vector<Span>& spans, std::string_view service);

// Spans that were not told yet; those for which there is no room are counted and forgotten.
// @threads any.
class Tracer final {
 public:
  static Result<std::unique_ptr<Tracer>> create();

  // Nothing is kept before somebody is told of it.
  void enable(bool is_enabled) { is_enabled_.store(is_enabled, std::memory_order_relaxed); }
  bool is_enabled() const { return is_enabled_.load(std::memory_order_relaxed); }
  void add(Span span);
  // All that were added since.
  std::vector<Span> take();
  uint64_t dropped() const { return dropped_.load(std::memory_order_relaxed); }
  void count_dropped(uint64_t spans) { dropped_.fetch_add(spans, std::memory_order_relaxed); }
  // Raised when there is much to tell.
  async::Signal& is_filling() { return is_filling_; }

 private:
  explicit Tracer(async::Signal is_filling) : is_filling_(std::move(is_filling)) {}

  std::atomic<bool> is_enabled_ = false;
  std::atomic<uint64_t> dropped_ = 0;
  std::mutex mutex_;
  std::vector<Span> spans_;
  async::Signal is_filling_;
};

// Finds what a model's answer says of tokens, in JSON or in server-sent events, as it passes by.
class TokenReader final {
 public:
  void read(std::string_view piece);
  std::optional<int64_t> input() const { return input_; }
  std::optional<int64_t> output() const { return output_; }

 private:
  std::string tail_;
  std::optional<int64_t> input_, output_;
};

}  // namespace godwit::agent
