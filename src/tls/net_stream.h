// NetStream: TLS over a socket, as those who speak HTTP see it.
#pragma once

#include <memory>

#include "net/stream.h"
#include "platform/fs_handle.h"
#include "tls/trust.h"

namespace godwit::tls {

// Either side. One fiber may read while another one writes. Patience is that for a whole call: a peer that sends a byte now and then gains nothing.
class NetStream final : public net::Stream {
 public:
  NetStream(platform::fs::FileHandle socket, std::shared_ptr<Session> session)
      : socket_(std::move(socket)), session_(std::move(session)) {}

  // Shakes hands. A client of a server's that speaks no TLS but HTTP is told so.
  Result<> begin(const net::Patience& patience) override;
  Result<size_t> read(MutableBytes to, const net::Patience& patience) override;
  Result<> write(std::span<platform::fs::IoVector> pieces, const net::Patience& patience) override;
  void end() override;
  int fd() const override { return socket_.get(); }

  // After begin().
  const Session& session() const { return *session_; }

 private:
  Result<> send(const net::Patience& patience);
  Result<> send_all(const net::Patience& patience);
  Result<> receive(const net::Patience& patience);
  Error failure(godwit_net_status status) const;
  void answer_plain_http();

  platform::fs::FileHandle socket_;
  std::shared_ptr<Session> session_;
  bool is_sending_ = false;   // one fiber sends for both
  bool has_begun_ = false;    // something came
  bool speaks_http_ = false;  // instead of TLS
};

}  // namespace godwit::tls
