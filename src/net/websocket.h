// WebSocket: a server's side of one, over the connection of the request that asked for it.
// spec: https://www.rfc-editor.org/rfc/rfc6455
//
//   read():  in order, on the handler's fiber            next() ◀─ frames ◀─ the client
//   send():  any thread puts frames into a queue         queue_ ─▶ write_all() ─▶ the client, on a fiber of its own
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "async/signal.h"
#include "base/error.h"
#include "net/server.h"

namespace godwit::net {

// Why one ends. spec: https://www.rfc-editor.org/rfc/rfc6455#section-7.4.1
enum class CloseCode : uint16_t {
  Normal = 1000,
  GoingAway = 1001,
  Protocol = 1002,
  NotUtf8 = 1007,
  TooLarge = 1009,
  Failed = 1011,
  TryLater = 1013,
  None = 1005,      // was not said; not sent
  Abnormal = 1006,  // the connection broke off; not sent
};

struct WebSocketLimits {
  uint64_t message_bytes = uint64_t{1} << 20;  // of one that comes, all its frames together
  uint64_t unsent_bytes = uint64_t{1} << 20;   // that wait for the client to take them
  uint64_t quiet_ns = 30'000'000'000;  // after which a client that says nothing is asked whether it is there
};

class WebSocket final {
 public:
  struct Message {
    bool is_text = false;  // UTF-8, then
    std::string bytes;
  };

  // Whether the request asks for one.
  static bool is_asked_for(const Request& request);
  // Answers with 101, or with what is wrong (400, 426) and an error. @lifetime until the handler returns.
  static Result<std::shared_ptr<WebSocket>> accept(Request& request, ResponseWriter& response,
                                                   const WebSocketLimits& limits);

  // The next message; nothing: it has ended, close_code() says why. Answers pings. When this side has said that it ends, the
  // client may go on for `quiet_ns`. On the handler's fiber.
  std::optional<Message> next();
  CloseCode close_code() const { return close_code_; }
  // Whether this side has said that it ends. @threads any.
  bool is_closing();

  // @errors Exhausted: more would wait than may. NotFound: it has ended. @threads any.
  Result<> send(bool is_text, std::string_view bytes);
  // Says that it ends; what was sent before still goes. The first one counts. @threads any.
  void close(CloseCode code, std::string_view why = {});

  // Writes what was sent until the end. On a fiber of the same thread.
  void write_all();
  // Ends it, and waits for write_all(). Before the handler returns.
  void finish();

 private:
  WebSocket(Request& request, const WebSocketLimits& limits, async::Signal changed, async::Signal written)
      : request_(request), limits_(limits), changed_(std::move(changed)), written_(std::move(written)) {}

  enum class Opcode : uint8_t { More = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };
  struct Frame {
    Opcode opcode = Opcode::More;
    bool is_last = false;
    std::string bytes;
  };
  // Nothing: it has ended.
  std::optional<Frame> next_frame(uint64_t most_bytes);
  // Until so many bytes are there. False: it has ended.
  bool fill(size_t bytes);
  std::optional<Frame> refuse(CloseCode code, std::string_view why);
  void take_close(std::string_view bytes);

  Request& request_;
  const WebSocketLimits limits_;
  async::Signal changed_, written_;
  std::string_view input() const { return std::string_view(in_).substr(at_); }
  // Between frames that nobody is told of: others have their turn.
  void pause();

  std::string in_;
  size_t at_ = 0;  // where what was not read begins
  uint32_t controls_ = 0;
  CloseCode close_code_ = CloseCode::Abnormal;
  bool is_asked_ = false;  // whether it is there
  std::optional<uint64_t>
      ends_at_ns_;  // once this side has said that it ends: so long the client is listened to

  std::mutex mutex_;  // guards what follows
  std::string queue_;
  std::optional<std::string> pong_;  // that is to be sent: the latest ping's
  bool is_closing_ = false;          // nothing is put into the queue any more
  bool is_ended_ = false;            // nothing is written any more
};

}  // namespace godwit::net
