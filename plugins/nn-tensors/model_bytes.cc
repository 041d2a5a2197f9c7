// Maps files and copies bytes.
#include "model_bytes.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace godwit::tensors {

Result<ModelBytes> ModelBytes::of(const godwit_nn_part& part) {
  ModelBytes bytes;
  bytes.name_ = part.name ? part.name : "the model";
  uint64_t size = part.data.size_bytes;
  if (part.fd >= 0) {
    struct stat status;
    if (fstat(part.fd, &status) != 0)
      return fail(GODWIT_NN_RUNTIME_ERROR, "cannot read " + bytes.name_ + ": " + std::strerror(errno));
    size = static_cast<uint64_t>(status.st_size);
  }
  if (size == 0) return fail(GODWIT_NN_INVALID_ENCODING, bytes.name_ + " is empty");
  const bool is_file = part.fd >= 0;
  void* const memory = mmap(nullptr, size, is_file ? PROT_READ : PROT_READ | PROT_WRITE,
                            is_file ? MAP_PRIVATE : MAP_PRIVATE | MAP_ANONYMOUS, is_file ? part.fd : -1, 0);
  if (memory == MAP_FAILED)
    return fail(GODWIT_NN_MISSING_MEMORY, "no memory for " + bytes.name_ + ": " + std::strerror(errno));
  bytes.data_ = static_cast<uint8_t*>(memory);
  bytes.size_ = size;
  if (!is_file) std::memcpy(memory, part.data.data, size);
  return bytes;
}

ModelBytes::~ModelBytes() {
  if (data_) munmap(data_, size_);
}

ModelBytes::ModelBytes(ModelBytes&& other) noexcept
    : name_(std::move(other.name_)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}

ModelBytes& ModelBytes::operator=(ModelBytes&& other) noexcept {
  std::swap(name_, other.name_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

}  // namespace godwit::tensors
