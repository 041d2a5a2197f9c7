// Images by memfd.
#include "platform/memory_image.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

#include "platform/memory_map.h"

namespace godwit::platform {
namespace {

Error image_error(const char* what, size_t size_bytes) {
  const int code = errno;
  return Error(ErrorKind::Exhausted, static_cast<uint32_t>(code),
               std::string("cannot ") + what + " an image of " + std::to_string(size_bytes) +
                   " bytes of memory: " + std::strerror(code));
}

}  // namespace

MemoryImage::~MemoryImage() {
  if (view_) ::munmap(view_, size_bytes_);
  if (file_ >= 0) ::close(file_);
}

MemoryImage& MemoryImage::operator=(MemoryImage&& other) noexcept {
  std::swap(file_, other.file_);
  std::swap(view_, other.view_);
  std::swap(size_bytes_, other.size_bytes_);
  return *this;
}

Result<MemoryImage> MemoryImage::create(size_t size_bytes) {
  size_bytes = round_up_to_page(size_bytes);
  MemoryImage image;
  image.file_ = ::memfd_create("godwit-image", MFD_CLOEXEC);
  if (image.file_ < 0 || ::ftruncate(image.file_, static_cast<off_t>(size_bytes)) != 0)
    return fail(image_error("make", size_bytes));
  void* view = ::mmap(nullptr, size_bytes, PROT_READ, MAP_SHARED, image.file_, 0);
  if (view == MAP_FAILED) return fail(image_error("map", size_bytes));
  image.view_ = static_cast<uint8_t*>(view);
  image.size_bytes_ = size_bytes;
  return image;
}

Result<> MemoryImage::write(size_t offset, Bytes bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return fail(image_error("write", size_bytes_));
    offset += static_cast<size_t>(count);
    bytes = bytes.subspan(static_cast<size_t>(count));
  }
  return {};
}

Result<> MemoryImage::map_onto(uint8_t* base) const {
  if (size_bytes_ == 0) return {};
  if (::mmap(base, size_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_FIXED | MAP_NORESERVE, file_, 0) ==
      MAP_FAILED)
    return fail(image_error("map", size_bytes_));
  return {};
}

}  // namespace godwit::platform
