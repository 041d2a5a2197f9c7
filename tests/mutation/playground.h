// Playground: instantiates any valid module and runs what it exports, within narrow limits.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/error.h"

namespace godwit::mutation {

// How far a valid module got.
enum class Reached : uint8_t { Refused, Instantiated, Called };

class Playground final {
 public:
  Playground();
  ~Playground();

  // Loads the module, links it with host functions and objects of the types that it imports, and calls all exported
  // functions with zeros. Errors are as good as results; a call that takes too long is interrupted.
  // @errors those of loading: the caller knows the module to be valid, so only limits and what is unsupported.
  Result<Reached> play(Bytes bytes);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace godwit::mutation
