// Identity: a server's certificate and key, from files that may be read again while it serves.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/error.h"
#include "net/stream.h"
#include "tls/trust.h"

namespace godwit::tls {

struct IdentityFiles {
  std::string certificate;  // PEM: the server's own first, then those above it
  std::string key;          // PEM, not encrypted
  bool operator==(const IdentityFiles&) const = default;
};

// Speaks TLS 1.2 and 1.3, and in it HTTP/1.1. @threads any.
class Identity final : public net::Acceptor {
 public:
  // Reads the files and loads the TLS library.
  // @errors NotFound, Io, Usage: says which file, what is wrong with it and what is wanted. Those of load_library().
  static Result<std::unique_ptr<Identity>> load(IdentityFiles files,
                                                std::vector<std::string> plugin_directories);
  ~Identity();

  // Reads `files` in place of those before. Connections that are open keep what they began with.
  // @errors as load(): what was shown goes on to be shown.
  Result<> reload(IdentityFiles files);
  // The same files again.
  Result<> reload() { return reload(files()); }
  IdentityFiles files() const;

  std::unique_ptr<net::Stream> accept(platform::fs::FileHandle socket) override;

 private:
  explicit Identity(const godwit_net& library) : library_(library) {}

  const godwit_net& library_;
  mutable std::mutex mutex_;  // guards what follows
  IdentityFiles files_;
  godwit_net_identity* identity_ = nullptr;
};

}  // namespace godwit::tls
