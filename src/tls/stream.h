// Stream: TLS over a connection, for the host's own use on behalf of a guest.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <string_view>

#include "platform/fs_handle.h"
#include "platform/fs_wait.h"
#include "tls/trust.h"

namespace godwit::tls {

// Waits as `mode` says. @threads one at a time.
class Stream final {
 public:
  // Why something failed, in words; `status` is GODWIT_NET_OK if the connection failed, not TLS.
  struct Failure {
    std::string text;
    godwit_net_status status = GODWIT_NET_OK;
  };
  template <class T = void>
  using Expected = std::expected<T, Failure>;

  Stream(platform::fs::FileHandle connection, std::shared_ptr<Session> session, platform::fs::WaitMode mode)
      : connection_(std::move(connection)), session_(std::move(session)), mode_(mode) {}

  // Sends all of it. The first call makes the acquaintance of the peer.
  Expected<> write(std::string_view plain);
  // Appends what has come, at least one byte. @returns how many; 0: the peer has said that no more will come.
  Expected<size_t> read(std::string& into);

 private:
  // Exchanges ciphertext until `is_enough` holds, which is asked whenever something has changed.
  template <class Predicate>
  Expected<> exchange(Predicate is_enough);
  Expected<> send();
  Expected<> receive();
  Failure failure(godwit_net_status status) const;

  platform::fs::FileHandle connection_;
  std::shared_ptr<Session> session_;
  platform::fs::WaitMode mode_;
};

}  // namespace godwit::tls
