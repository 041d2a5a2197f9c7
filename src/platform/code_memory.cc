// One file in memory, mapped twice.
#include "platform/code_memory.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>

#include "platform/fs_handle.h"
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

namespace {

Error refused(int code) {
  return Error(code == ENOMEM ? ErrorKind::Exhausted : ErrorKind::Unsupported,
               std::string("no memory for machine code: ") + std::strerror(code));
}

// A file of so many bytes, all 0, without a name.
Result<fs::FileHandle> make_file(size_t size_bytes) {
  // a file that is too large would be answered with a signal, whose default is to end the process
  rlimit most{};
  if (::getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur < size_bytes) return fail(refused(EFBIG));
  fs::FileHandle file(::memfd_create("godwit-code", MFD_CLOEXEC));
  if (file.get() < 0)
    return fail(ErrorKind::Unsupported,
                std::string("no memory for machine code: memfd_create: ") + std::strerror(errno));
  if (::ftruncate(file.get(), static_cast<off_t>(size_bytes)) != 0) return fail(refused(errno));
  return file;
}

Result<uint8_t*> map(const fs::FileHandle& file, size_t size_bytes, int protection) {
  void* const at = ::mmap(nullptr, size_bytes, protection, MAP_SHARED, file.get(), 0);
  if (at == MAP_FAILED) return fail(refused(errno));
  return static_cast<uint8_t*>(at);
}

}  // namespace

Result<CodeMemory> CodeMemory::create(size_t size_bytes) {
  CodeMemory memory;
  memory.size_bytes_ = round_up_to_page(size_bytes);
  ASSIGN_OR_RETURN(const fs::FileHandle file, make_file(memory.size_bytes_));
  ASSIGN_OR_RETURN(memory.writable_, map(file, memory.size_bytes_, PROT_READ | PROT_WRITE));
  ASSIGN_OR_RETURN(memory.executable_, map(file, memory.size_bytes_, PROT_READ | PROT_EXEC));
  return memory;
}

Result<CodeMemory> CodeMemory::hold(Bytes code) {
  CodeMemory memory;
  memory.size_bytes_ = round_up_to_page(std::max<size_t>(code.size(), 1));
  ASSIGN_OR_RETURN(const fs::FileHandle file, make_file(memory.size_bytes_));
  while (!code.empty()) {
    const ssize_t count = ::write(file.get(), code.data(), code.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return fail(refused(count < 0 ? errno : ENOSPC));
    code = code.subspan(static_cast<size_t>(count));
  }
  ASSIGN_OR_RETURN(memory.executable_, map(file, memory.size_bytes_, PROT_READ | PROT_EXEC));
  return memory;
}

void publish_code(const uint8_t* at, size_t size_bytes) {
  auto* begin = reinterpret_cast<char*>(const_cast<uint8_t*>(at));
  __builtin___clear_cache(begin, begin + size_bytes);
}

}  // namespace godwit::platform
