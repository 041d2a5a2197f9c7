// TlsTrust, Tls: TLS for guests, as rustls_client and wasmedge_httpsreq.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "godwit/result.h"

namespace godwit::GODWIT_V1 {

class Wasi;

/// Whose certificates count.
struct TlsConfig {
  /// Files of certificates in PEM: the authorities in them are trusted beside the system's.
  std::vector<std::string> ca_files = {};
};

/// Whom guests' TLS trusts. Share one among all guests of a process: the authorities are then in memory once. Moves only.
/// @lifetime outlives every Tls made of it.
/// @threads any.
class TlsTrust final {
 public:
  /// Reads the files. What is in them is looked at when a guest first needs TLS: then the plug-in is loaded.
  /// @errors NotFound, Io: a file is absent or cannot be read.
  static Result<TlsTrust> create(const TlsConfig& config = {});
  ~TlsTrust();
  TlsTrust(TlsTrust&&) noexcept;
  TlsTrust& operator=(TlsTrust&&) noexcept;

  /// @private
  struct Impl;
  /// @private
  explicit TlsTrust(std::unique_ptr<Impl> impl);
  /// @private
  Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

/// What one guest sees of TLS. Where the plug-in is missing, the guest's first use of it is an error that says how to get
/// it (NotFound). Moves only.
/// @lifetime outlives the stores it is linked into.
/// @threads any: the threads of its guest share it.
class Tls final {
 public:
  /// @param wasi decides what of the network the guest may use, and is told of refused certificates (on_denial).
  /// @lifetime both outlive this object.
  Tls(TlsTrust& trust, Wasi& wasi);
  ~Tls();
  Tls(Tls&&) noexcept;
  Tls& operator=(Tls&&) noexcept;

  /// @private
  struct Impl;
  /// @private
  Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace godwit::GODWIT_V1
