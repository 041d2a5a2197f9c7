// Address space by mmap.
#include "platform/memory_map.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <limits>
#include <utility>

#include "platform/fs_handle.h"

namespace godwit::platform {

namespace {

Error map_error(const char* what, size_t size_bytes) {
  const int code = errno;
  return Error(ErrorKind::Exhausted, static_cast<uint32_t>(code),
               std::string("cannot ") + what + " " + std::to_string(size_bytes) +
                   " bytes of memory: " + std::strerror(code));
}

Error file_error(const std::string& path) {
  const int code = errno;
  const ErrorKind kind = code == ENOENT || code == ENOTDIR ? ErrorKind::NotFound : ErrorKind::Io;
  return Error(kind, static_cast<uint32_t>(code), path + ": " + std::strerror(code));
}

struct RegularFile {
  fs::FileHandle fd;
  size_t size_bytes;
};

Result<RegularFile> open_regular(const std::string& path) {
  fs::FileHandle fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (fd.get() < 0) return fail(file_error(path));
  struct stat status{};
  if (::fstat(fd.get(), &status) != 0) return fail(file_error(path));
  if (S_ISDIR(status.st_mode)) {
    errno = EISDIR;
    return fail(file_error(path));
  }
  if (!S_ISREG(status.st_mode)) return fail(Error(ErrorKind::Io, EINVAL, path + ": not a regular file"));
  return RegularFile{std::move(fd), static_cast<size_t>(status.st_size)};
}

}  // namespace

size_t page_size() {
  static const size_t size = static_cast<size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

Reservation::~Reservation() {
  if (base_) ::munmap(base_, size_bytes_);
}

Reservation& Reservation::operator=(Reservation&& other) noexcept {
  std::swap(base_, other.base_);
  std::swap(size_bytes_, other.size_bytes_);
  return *this;
}

Result<Reservation> Reservation::reserve(size_t size_bytes) {
  if (size_bytes == 0 || size_bytes > std::numeric_limits<size_t>::max() / 2) {
    errno = ENOMEM;
    return fail(map_error("reserve", size_bytes));
  }
  size_bytes = round_up_to_page(size_bytes);
  void* base = ::mmap(nullptr, size_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) return fail(map_error("reserve", size_bytes));
  return Reservation(static_cast<uint8_t*>(base), size_bytes);
}

Result<Reservation> Reservation::reserve_aligned(size_t size_bytes, size_t alignment) {
  if (size_bytes > std::numeric_limits<size_t>::max() / 4 ||
      alignment > std::numeric_limits<size_t>::max() / 4) {
    errno = ENOMEM;
    return fail(map_error("reserve", size_bytes));
  }
  size_bytes = round_up_to_page(size_bytes);
  ASSIGN_OR_RETURN(Reservation whole, reserve(size_bytes + alignment));
  // What lies before and behind the aligned part is given back.
  const size_t before = (alignment - reinterpret_cast<uintptr_t>(whole.base_) % alignment) % alignment;
  uint8_t* const base = whole.base_ + before;
  const size_t behind = whole.size_bytes_ - before - size_bytes;
  if (before != 0) ::munmap(whole.base_, before);
  if (behind != 0) ::munmap(base + size_bytes, behind);
  whole.base_ = base;
  whole.size_bytes_ = size_bytes;
  return whole;
}

uint8_t* Reservation::release() {
  size_bytes_ = 0;
  return std::exchange(base_, nullptr);
}

Result<> Reservation::commit(size_t offset, size_t size_bytes) {
  if (size_bytes != 0 &&
      ::mprotect(base_ + offset, round_up_to_page(size_bytes), PROT_READ | PROT_WRITE) != 0)
    return fail(map_error("commit", size_bytes));
  return {};
}

Result<> Reservation::decommit(size_t offset, size_t size_bytes) {
  if (size_bytes == 0) return {};
  // A fresh mapping over the old one forgets contents and access in one step.
  void* base = ::mmap(base_ + offset, round_up_to_page(size_bytes), PROT_NONE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  if (base == MAP_FAILED) return fail(map_error("decommit", size_bytes));
  return {};
}

Result<> Reservation::discard(size_t offset, size_t size_bytes) {
  if (size_bytes != 0 && ::madvise(base_ + offset, round_up_to_page(size_bytes), MADV_DONTNEED) != 0)
    return fail(map_error("discard", size_bytes));
  return {};
}

void Reservation::expect_dense_use(size_t offset, size_t size_bytes) {
  if (size_bytes != 0) (void)::madvise(base_ + offset, round_up_to_page(size_bytes), MADV_HUGEPAGE);
}

Result<> Reservation::protect_read_only(size_t offset, size_t size_bytes) {
  if (size_bytes != 0 && ::mprotect(base_ + offset, round_up_to_page(size_bytes), PROT_READ) != 0)
    return fail(map_error("protect", size_bytes));
  return {};
}

bool discard_pages(uint8_t* base, size_t size_bytes) {
  return size_bytes == 0 || ::madvise(base, round_up_to_page(size_bytes), MADV_DONTNEED) == 0;
}

MappedFile::~MappedFile() {
  if (data_) ::munmap(const_cast<uint8_t*>(data_), size_bytes_);
}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_bytes_, other.size_bytes_);
  return *this;
}

Result<MappedFile> MappedFile::open(const std::string& path) {
  ASSIGN_OR_RETURN(const RegularFile opened, open_regular(path));
  MappedFile file;
  if (opened.size_bytes == 0) return file;
  void* data = ::mmap(nullptr, opened.size_bytes, PROT_READ, MAP_PRIVATE, opened.fd.get(), 0);
  if (data == MAP_FAILED) return fail(file_error(path));
  file.data_ = static_cast<const uint8_t*>(data);
  file.size_bytes_ = opened.size_bytes;
  return file;
}

Result<MappedFile> MappedFile::copy(const std::string& path) {
  ASSIGN_OR_RETURN(const RegularFile opened, open_regular(path));
  MappedFile file;
  if (opened.size_bytes == 0) return file;
  // All of it is about to be written: with small pages, faults cost twice as much as the copying.
  const bool is_large = opened.size_bytes >= kLargePageBytes;
  ASSIGN_OR_RETURN(Reservation memory, is_large
                                           ? Reservation::reserve_aligned(opened.size_bytes, kLargePageBytes)
                                           : Reservation::reserve(opened.size_bytes));
  TRY(memory.commit(0, opened.size_bytes));
  if (is_large) memory.expect_dense_use(0, opened.size_bytes);
  uint8_t* const data = memory.release();
  file.data_ = data;
  file.size_bytes_ = opened.size_bytes;
  for (size_t done = 0; done < opened.size_bytes;) {
    const ssize_t count = ::read(opened.fd.get(), data + done, opened.size_bytes - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(file_error(path));
    if (count == 0)
      return fail(Error(ErrorKind::Io, EIO, path + ": the file became shorter while it was read"));
    done += static_cast<size_t>(count);
  }
  return file;
}

}  // namespace godwit::platform
