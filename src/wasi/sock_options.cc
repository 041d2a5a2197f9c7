// Group sock, continued: WasmEdge's functions for options. There is one level, 0.
#include <limits>
#include <optional>

#include "wasi/sock_support.h"

namespace godwit::wasi {
namespace {

constexpr uint32_t kSocketLevel = 0;
constexpr uint64_t kMicrosecond_ns = 1000, kSecond_ns = 1'000'000'000;

// Options that are a number for the host too.
std::optional<net::Option> to_host(SocketOption option) {
  switch (option) {
    case SocketOption::ReuseAddress: return net::Option::ReuseAddress;
    case SocketOption::DontRoute: return net::Option::DontRoute;
    case SocketOption::Broadcast: return net::Option::Broadcast;
    case SocketOption::SendBuffer: return net::Option::SendBuffer;
    case SocketOption::ReceiveBuffer: return net::Option::ReceiveBuffer;
    case SocketOption::KeepAlive: return net::Option::KeepAlive;
    case SocketOption::OutOfBandInline: return net::Option::OutOfBandInline;
    case SocketOption::ReceiveLowWater: return net::Option::ReceiveLowWater;
    case SocketOption::AcceptsConnections: return net::Option::AcceptsConnections;
    default: return std::nullopt;
  }
}

TimeValue to_time_value(uint64_t timeout_ns) {
  if (timeout_ns == fs::kForever) return {};
  return {.seconds = static_cast<int64_t>(timeout_ns / kSecond_ns),
          .microseconds = static_cast<int64_t>(timeout_ns % kSecond_ns / kMicrosecond_ns)};
}

// 0 is for ever. @errors Dom: negative, or a million microseconds.
Expected<uint64_t> to_timeout_ns(const TimeValue& value) {
  if (value.seconds < 0 || value.microseconds < 0 || value.microseconds >= 1'000'000)
    return std::unexpected(Errno::Dom);
  if (value.seconds == 0 && value.microseconds == 0) return fs::kForever;
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / int64_t{kSecond_ns} - 1;
  if (value.seconds > kMost) return fs::kForever;
  return static_cast<uint64_t>(value.seconds) * kSecond_ns +
         static_cast<uint64_t>(value.microseconds) * kMicrosecond_ns;
}

// Writes a value and its size. @errors Inval: no room. Fault.
template <class T>
Errno put_value(GuestPtr<uint8_t> to, GuestPtr<Size> size, const T& value) {
  WASI_ASSIGN_OR_RETURN(const Size room, size.read());
  if (room < sizeof(T)) return Errno::Inval;
  WASI_TRY(to.memory().write(to.address(), value));
  return put(size, Size{sizeof(T)});
}

// @errors Inval: another size. Fault.
template <class T>
Expected<T> value_of(GuestSpan<uint8_t> value) {
  if (value.size() != sizeof(T)) return std::unexpected(Errno::Inval);
  WASI_ASSIGN_OR_RETURN(const T found, value.memory().template read<T>(value.address()));
  return found;
}

}  // namespace

// Writes the value of an option, an i32 but for Linger and the two timeouts, and its size.
Errno P1::sock_getsockopt(uint32_t fd, uint32_t level, uint32_t name, GuestPtr<uint8_t> value,
                          GuestPtr<Size> value_len) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr found, find_socket(core_.descriptors, fd, 0));
  if (level != kSocketLevel) return Errno::Noprotoopt;
  const auto option = static_cast<SocketOption>(name);
  if (const auto host = to_host(option)) {
    WASI_ASSIGN_OR_RETURN(const int32_t number, net::get_option(found->fd, *host));
    return put_value(value, value_len, number);
  }
  switch (option) {
    case SocketOption::Type: {
      const auto type = found->kind == FileKind::DatagramSocket ? SocketType::Datagram : SocketType::Stream;
      return put_value(value, value_len, static_cast<int32_t>(type));
    }
    case SocketOption::Error: {
      WASI_ASSIGN_OR_RETURN(const int error, net::take_error(found->fd));
      return put_value(value, value_len, static_cast<int32_t>(errno_from_host(error)));
    }
    case SocketOption::Linger: {
      WASI_ASSIGN_OR_RETURN(const net::Linger linger, net::get_linger(found->fd));
      return put_value(value, value_len, LingerValue{.on = linger.is_on, .seconds = linger.seconds});
    }
    case SocketOption::ReceiveTimeout:
    case SocketOption::SendTimeout: {
      uint64_t timeout_ns = fs::kForever;
      if (found->socket)
        timeout_ns = option == SocketOption::SendTimeout ? found->socket->send_timeout_ns
                                                         : found->socket->receive_timeout_ns;
      return put_value(value, value_len, to_time_value(timeout_ns));
    }
    case SocketOption::BindToDevice: return put(value_len, Size{0});  // to none
    default: return Errno::Noprotoopt;
  }
}

// Sets an option.
Errno P1::sock_setsockopt(uint32_t fd, uint32_t level, uint32_t name, GuestSpan<uint8_t> value) {
  WASI_ASSIGN_OR_RETURN(const DescriptorPtr found, find_own_socket(core_.descriptors, fd, 0));
  if (level != kSocketLevel) return Errno::Noprotoopt;
  const auto option = static_cast<SocketOption>(name);
  if (const auto host = to_host(option)) {
    WASI_ASSIGN_OR_RETURN(const auto number, value_of<int32_t>(value));
    return finish(net::set_option(found->fd, *host, number));
  }
  switch (option) {
    case SocketOption::Linger: {
      WASI_ASSIGN_OR_RETURN(const auto linger, value_of<LingerValue>(value));
      if (linger.seconds < 0 || linger.seconds > 0xFFFF) return Errno::Dom;
      return finish(net::set_linger(
          found->fd, {.is_on = linger.on != 0, .seconds = static_cast<uint16_t>(linger.seconds)}));
    }
    case SocketOption::ReceiveTimeout:
    case SocketOption::SendTimeout: {
      WASI_ASSIGN_OR_RETURN(const auto time, value_of<TimeValue>(value));
      WASI_ASSIGN_OR_RETURN(const uint64_t timeout_ns, to_timeout_ns(time));
      SocketState& socket = *found->socket;
      (option == SocketOption::SendTimeout ? socket.send_timeout_ns : socket.receive_timeout_ns) = timeout_ns;
      return Errno::Success;
    }
    // it would reach networks by ways that were not granted
    case SocketOption::BindToDevice: return Errno::Perm;
    default: return Errno::Noprotoopt;
  }
}

}  // namespace godwit::wasi
