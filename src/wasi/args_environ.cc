// Group args, environ: the strings a program starts with.
//
//   pointers       | u32 | u32 | …           one per string
//   string buffer  | p r o g \0 | a r g \0 | …
// spec: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#args_get
#include <cstring>
#include <limits>

#include "wasi/p1_support.h"

namespace godwit::wasi {
namespace {

uint64_t total_bytes(const std::vector<std::string>& strings) {
  uint64_t total = 0;
  for (const std::string& text : strings) total += text.size() + 1;
  return total;
}

Errno put_strings(const std::vector<std::string>& strings, GuestPtr<Address> pointers,
                  GuestPtr<uint8_t> buffer) {
  const auto count = static_cast<uint32_t>(strings.size());
  WASI_ASSIGN_OR_RETURN(const auto list,
                        GuestSpan<Address>(pointers.memory(), pointers.address(), count).check());
  WASI_ASSIGN_OR_RETURN(const MutableBytes bytes,
                        buffer.memory().bytes(buffer.address(), total_bytes(strings)));
  size_t at = 0;
  for (uint32_t i = 0; i < count; i++) {
    const std::string& text = strings[i];
    // no overflow: the whole buffer lies below 2^32
    list.set(i, static_cast<Address>(buffer.address() + at));
    const runtime::GuestAccess access;
    std::memcpy(bytes.data() + at, text.c_str(), text.size() + 1);
    at += text.size() + 1;
  }
  return Errno::Success;
}

Errno put_sizes(const std::vector<std::string>& strings, GuestPtr<Size> count, GuestPtr<Size> size_bytes) {
  const uint64_t total = total_bytes(strings);
  if (total > std::numeric_limits<Size>::max()) return Errno::Overflow;
  WASI_TRY(size_bytes.check());
  WASI_TRY(count.write(static_cast<Size>(strings.size())));
  return put(size_bytes, static_cast<Size>(total));
}

}  // namespace

// Writes the addresses of the arguments to `argv`, and the arguments, each with a NUL, to `argv_buf`.
Errno P1::args_get(GuestPtr<Address> argv, GuestPtr<uint8_t> argv_buf) {
  return put_strings(core_.args, argv, argv_buf);
}

// How much room args_get needs: number of arguments, bytes of all with their NULs.
Errno P1::args_sizes_get(GuestPtr<Size> argc, GuestPtr<Size> argv_buf_size) {
  return put_sizes(core_.args, argc, argv_buf_size);
}

// As args_get, for the variables, each as "NAME=value".
Errno P1::environ_get(GuestPtr<Address> environ, GuestPtr<uint8_t> environ_buf) {
  return put_strings(core_.env, environ, environ_buf);
}

// As args_sizes_get, for the variables.
Errno P1::environ_sizes_get(GuestPtr<Size> environ_count, GuestPtr<Size> environ_buf_size) {
  return put_sizes(core_.env, environ_count, environ_buf_size);
}

}  // namespace godwit::wasi
