// What each tensor backend implements: Library, which reads models; Network, a model in memory; Execution, one run.
//
// table.cc makes the ABI's table of them: it keeps the lives of things apart, checks every tensor of a guest's against
// what the network says that it takes, and catches what is thrown.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "call.h"
#include "model_bytes.h"
#include "result.h"
#include "tensor.h"

namespace godwit::tensors {

// @threads one at a time.
class Execution {
 public:
  virtual ~Execution() = default;

  // @param tensor has been checked against the network's input `index`; copied
  virtual Result<> set_input(uint32_t index, const godwit_nn_tensor& tensor) = 0;
  // All inputs are set. @errors GODWIT_NN_CANCELLED; GODWIT_NN_RUNTIME_ERROR: what the library says
  virtual Result<> compute(const Call& call) = 0;
  // @param index less than the number of outputs
  // @lifetime what is lent stays until the next set_input or compute
  virtual Result<std::span<const uint8_t>> output(uint32_t index) = 0;
};

// @threads any.
class Network {
 public:
  virtual ~Network() = default;

  virtual const std::vector<TensorInfo>& inputs() const = 0;
  virtual const std::vector<TensorInfo>& outputs() const = 0;
  // @lifetime the network outlives it
  virtual Result<std::unique_ptr<Execution>> start() const = 0;
};

struct Source {
  std::span<const ModelBytes> parts;  // at least one; they outlive the network
  uint32_t target;                    // GODWIT_NN_TARGET_CPU and the like
  bool is_trusted;                    // the operator chose the model, not a guest
};

// @threads any.
class Library {
 public:
  virtual ~Library() = default;

  // Cheap: whether the bytes look like a model of this encoding.
  // @errors GODWIT_NN_INVALID_ENCODING; GODWIT_NN_UNSUPPORTED_OPERATION: not of a guest's making
  virtual Result<> recognise(const Source& source) const = 0;
  // @errors GODWIT_NN_RUNTIME_ERROR: what the library says against the model
  virtual Result<std::shared_ptr<const Network>> load(const Source& source, const Call& call) const = 0;
};

struct Description {
  uint32_t encoding;     // as wasi_ephemeral_nn numbers it
  const char* name;      // of the encoding
  const char* revision;  // of the library, for people
};

// Defined by each plug-in.
const Description& description();
const Library& library();

}  // namespace godwit::tensors
