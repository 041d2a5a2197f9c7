// Watch: asks a call, while a library computes, whether it shall end early.
#pragma once

#include <functional>
#include <memory>

#include "call.h"

namespace godwit::tensors {

// While it lives, `call` is asked every few milliseconds, by one thread for all calls; when it says yes, `cancel` is
// called once, on that thread.
class Watch final {
 public:
  Watch(const Call& call, std::function<void()> cancel);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // Whether the call said that it shall end.
  bool cancelled() const;

  struct Entry;

 private:
  std::shared_ptr<Entry> entry_;
};

}  // namespace godwit::tensors
