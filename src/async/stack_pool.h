// StackPool: native stacks that are used again.
#pragma once

#include <memory>
#include <vector>

#include "platform/stack.h"

namespace godwit::async {

// @threads one at a time.
class StackPool final {
 public:
  // @param most_idle stacks that are kept when nobody uses them
  StackPool(size_t stack_bytes, size_t most_idle) : stack_bytes_(stack_bytes), most_idle_(most_idle) {}

  // @errors Exhausted: no address space.
  Result<std::unique_ptr<platform::SwitchedStack>> take();
  void give_back(std::unique_ptr<platform::SwitchedStack> stack);

  size_t idle() const { return idle_.size(); }

 private:
  const size_t stack_bytes_;
  const size_t most_idle_;
  std::vector<std::unique_ptr<platform::SwitchedStack>> idle_;
};

}  // namespace godwit::async
