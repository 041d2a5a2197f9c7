// Module: a TorchScript program, without libtorch's headers, which are not for the language's latest version.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace godwit::pytorch {

constexpr uint32_t kNoType = UINT32_MAX;

// A tensor that libtorch holds.
struct HeldTensor {
  std::shared_ptr<void> holder;
  uint32_t type = kNoType;  // GODWIT_NN_F32 and the like; kNoType: one that guests do not know
  uint8_t* data = nullptr;
  size_t size_bytes = 0;
};

// An uninitialised one. @param type GODWIT_NN_F32 and the like
HeldTensor new_tensor(uint32_t type, const std::vector<int64_t>& shape);

// @threads any: running changes nothing of it. What goes wrong is thrown, as std::runtime_error of one line.
class Module {
 public:
  static std::unique_ptr<const Module> load(std::string_view bytes);
  virtual ~Module() = default;

  // The names of what its function forward takes; an empty name: that one is no tensor.
  virtual std::vector<std::string> arguments() const = 0;
  // How many tensors it gives, as far as it says.
  virtual size_t result_count() const = 0;
  virtual std::vector<HeldTensor> forward(const std::vector<HeldTensor>& arguments) const = 0;
};

std::string library_version();

}  // namespace godwit::pytorch
