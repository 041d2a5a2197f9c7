// BackendCall: one call into a backend on behalf of a guest: its log, its cancellation, its view of files.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "godwit/abi/nn_backend.h"
#include "nn/guest_files.h"
#include "nn/log.h"
#include "nn/types.h"

namespace godwit::nn {

// Who a call is for. All members outlive the call; `files` may be null: then no path can be opened.
struct CallOrigin {
  const Log& log;
  std::function<bool()> interrupted;  // may be empty: never
  GuestFiles* files = nullptr;
  // Contexts of one tenant may begin with what a model remembers of each other. 0: nobody else belongs to it.
  uint64_t tenant = 0;
  // Takes pieces of outputs as they come; may be empty. On any thread; must not wait.
  std::function<void(uint32_t output, std::string_view piece)> emit = {};
  // Told of what was computed, in the encoding's unit; false ends the call. May be empty. On any thread.
  std::function<bool(uint64_t units)> spend = {};
};

// @lifetime on the stack, around one call of a backend's function. Not moved: the backend holds its address.
class BackendCall final {
 public:
  // `subject` names what is worked on in lines about progress; it outlives the call.
  explicit BackendCall(const CallOrigin& origin, std::string_view subject = {});
  BackendCall(const BackendCall&) = delete;
  BackendCall& operator=(const BackendCall&) = delete;

  const godwit_nn_call* get() const { return &call_; }

  // What the backend's status means, with its explanation.
  Outcome<> outcome(godwit_nn_status status) const;

 private:
  static void log(void* self, uint32_t level, const char* text, uint64_t size_bytes);
  static void explain(void* self, const char* text, uint64_t size_bytes);
  static void progress(void* self, double fraction);
  static int32_t should_cancel(void* self);
  static void emit(void* self, uint32_t output, const uint8_t* data, uint64_t size_bytes);
  static int32_t spend(void* self, uint64_t units);
  static godwit_nn_status open_file(void* self, const char* path, uint64_t path_size_bytes, int32_t* fd);

  const CallOrigin& origin_;
  std::string_view subject_;
  std::string explanation_;
  uint64_t next_progress_ns_;
  godwit_nn_call call_;
};

}  // namespace godwit::nn
