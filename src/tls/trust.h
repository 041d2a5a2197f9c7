// Trust and Session: whose certificates are believed, and one connection's TLS.
#pragma once

#include <expected>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "godwit/abi/net.h"

namespace godwit::tls {

// What a call of the library's gives: nothing, or its status.
template <class T = void>
using Outcome = std::expected<T, godwit_net_status>;

// One side of one connection. @threads one at a time: `busy` is held around every call by those who share it.
class Session final {
 public:
  Session(const godwit_net& library, godwit_net_session* session, std::string server_name)
      : library_(library), session_(session), server_name_(std::move(server_name)) {}
  ~Session() { library_.release_session(session_); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  std::mutex& busy() { return busy_; }
  // Of the peer; empty in a server.
  const std::string& server_name() const { return server_name_; }
  // What both sides have agreed to speak ("h2"); empty: nothing.
  std::string protocol() const;

  // Each as the ABI has it.
  godwit_net_state state() const;
  size_t feed(Bytes from_peer) {
    return library_.feed(session_, {.data = from_peer.data(), .size_bytes = from_peer.size()});
  }
  void feed_end() { library_.feed_end(session_); }
  // What went wrong is then to be read with explanation().
  Outcome<> advance();
  size_t take(MutableBytes to) { return library_.take(session_, to.data(), to.size()); }
  Outcome<size_t> write(std::string_view plain);
  Outcome<size_t> read(MutableBytes to);
  void close() { library_.close(session_); }

  const std::string& explanation() const { return explanation_; }

 private:
  const godwit_net& library_;
  godwit_net_session* session_;
  const std::string server_name_;
  std::string explanation_;
  std::mutex busy_;
};

// Certificates of authorities.
struct Authorities {
  std::string name;  // of their file, for messages
  std::string pem;
};

// Reads them from a file. @errors NotFound, Io: it cannot be read, or is larger than 16 MiB.
Result<Authorities> read_authorities(const std::string& path);

// Whom the sessions of any number of guests believe: the system's authorities and these. @threads any.
class Trust final {
 public:
  // @cost nothing: the library is loaded by the first session.
  Trust(std::vector<Authorities> authorities, std::vector<std::string> plugin_directories)
      : authorities_(std::move(authorities)), directories_(std::move(plugin_directories)) {}
  ~Trust();
  Trust(const Trust&) = delete;
  Trust& operator=(const Trust&) = delete;

  // Loads the library, unless that was done. @errors as load_library(). Usage: a file has no certificates.
  Result<> load();
  // After load() only.
  // @param protocols that may be spoken, each after its length in a byte ("\x02h2"); empty: that is not talked about
  Outcome<std::shared_ptr<Session>> connect(std::string_view server_name, std::string_view protocols = {});

 private:
  Result<> load_now();

  const std::vector<Authorities> authorities_;
  const std::vector<std::string> directories_;
  std::mutex mutex_;  // guards what follows until trust_ is set
  const godwit_net* library_ = nullptr;
  godwit_net_trust* trust_ = nullptr;
};

// What to tell whoever runs the guest of a session that failed so; empty if it is nothing of theirs.
std::string advice(godwit_net_status status, const Session& session);

}  // namespace godwit::tls
