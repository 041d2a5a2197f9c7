// ModelBytes: one file of a model, as bytes in memory.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "result.h"

namespace godwit::tensors {

// Move-only; gives the memory back. A file is mapped, so that it is read when it is needed; a guest's bytes are copied.
class ModelBytes final {
 public:
  // @errors GODWIT_NN_RUNTIME_ERROR: cannot be read; GODWIT_NN_MISSING_MEMORY; GODWIT_NN_INVALID_ENCODING: empty
  static Result<ModelBytes> of(const godwit_nn_part& part);
  ~ModelBytes();
  ModelBytes(ModelBytes&& other) noexcept;
  ModelBytes& operator=(ModelBytes&& other) noexcept;

  std::span<const uint8_t> get() const { return {data_, size_}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data_), size_}; }
  // For messages.
  const std::string& name() const { return name_; }

 private:
  ModelBytes() = default;
  std::string name_;
  uint8_t* data_ = nullptr;  // mapped
  size_t size_ = 0;
};

}  // namespace godwit::tensors
