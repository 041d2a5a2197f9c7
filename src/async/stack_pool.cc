// StackPool: the last one given back is taken first, since its pages are warm.
#include "async/stack_pool.h"

#include <utility>

namespace godwit::async {

Result<std::unique_ptr<platform::SwitchedStack>> StackPool::take() {
  if (idle_.empty()) {
    ASSIGN_OR_RETURN(auto stack, platform::SwitchedStack::create(stack_bytes_));
    return std::make_unique<platform::SwitchedStack>(std::move(stack));
  }
  auto stack = std::move(idle_.back());
  idle_.pop_back();
  return stack;
}

void StackPool::give_back(std::unique_ptr<platform::SwitchedStack> stack) {
  if (idle_.size() < most_idle_) idle_.push_back(std::move(stack));
}

}  // namespace godwit::async
