// One file in memory, mapped twice.
#include "platform/code_memory.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "platform/memory_map.h"

namespace godwit::platform {

CodeMemory::~CodeMemory() {
  if (writable_) ::munmap(writable_, size_bytes_);
  if (executable_) ::munmap(const_cast<uint8_t*>(executable_), size_bytes_);
}

CodeMemory& CodeMemory::operator=(CodeMemory&& other) noexcept {
  std::swap(writable_, other.writable_);
  std::swap(executable_, other.executable_);
  std::swap(size_bytes_, other.size_bytes_);
  return *this;
}

Result<CodeMemory> CodeMemory::create(size_t size_bytes) {
  CodeMemory memory;
  memory.size_bytes_ = round_up_to_page(size_bytes);
  // a file that is too large would be answered with a signal, whose default is to end the process
  rlimit most{};
  if (::getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur < memory.size_bytes_)
    return fail(ErrorKind::Unsupported, std::string("no memory for machine code: ") + std::strerror(EFBIG));
  const int file = ::memfd_create("godwit-code", MFD_CLOEXEC);
  if (file < 0)
    return fail(ErrorKind::Unsupported,
                std::string("no memory for machine code: memfd_create: ") + std::strerror(errno));
  auto map = [&](int protection) {
    return ::mmap(nullptr, memory.size_bytes_, protection, MAP_SHARED, file, 0);
  };
  void* writable = MAP_FAILED;
  void* executable = MAP_FAILED;
  if (::ftruncate(file, static_cast<off_t>(memory.size_bytes_)) == 0) {
    writable = map(PROT_READ | PROT_WRITE);
    executable = map(PROT_READ | PROT_EXEC);
  }
  const int code = errno;
  ::close(file);
  if (writable != MAP_FAILED) memory.writable_ = static_cast<uint8_t*>(writable);
  if (executable != MAP_FAILED) memory.executable_ = static_cast<const uint8_t*>(executable);
  if (writable == MAP_FAILED || executable == MAP_FAILED)
    return fail(code == ENOMEM ? ErrorKind::Exhausted : ErrorKind::Unsupported,
                std::string("no memory for machine code: ") + std::strerror(code));
  return memory;
}

void publish_code(const uint8_t* at, size_t size_bytes) {
  auto* begin = reinterpret_cast<char*>(const_cast<uint8_t*>(at));
  __builtin___clear_cache(begin, begin + size_bytes);
}

}  // namespace godwit::platform
