// Errors, traps and their frames.
#include "capi/error.h"

#include <cinttypes>
#include <cstdio>

#include "capi/vec.h"

using namespace godwit;
using capi::to_c;

namespace {

constexpr ErrorKind kKinds[] = {ErrorKind::Malformed, ErrorKind::Invalid,   ErrorKind::Unlinkable,
                                ErrorKind::Trap,      ErrorKind::Exception, ErrorKind::Exhausted,
                                ErrorKind::Exit,      ErrorKind::NotFound,  ErrorKind::Unsupported,
                                ErrorKind::Io,        ErrorKind::Usage};
static_assert(kKinds[GODWIT_ERROR_EXIT] == ErrorKind::Exit && kKinds[GODWIT_ERROR_USAGE] == ErrorKind::Usage);

godwit_error_kind_t kind_of(ErrorKind kind) {
  for (size_t i = 0; i < std::size(kKinds); ++i)
    if (kKinds[i] == kind) return static_cast<godwit_error_kind_t>(i);
  return GODWIT_ERROR_USAGE;
}

// Frames that stand for those that are left out are none of a function's.
bool is_real(const Frame& frame) { return frame.function_offset != Error::kNoOffset; }

const capi::TrapData& data_of(const wasm_trap_t* trap) {
  return *trap->as<std::shared_ptr<capi::TrapData>>();
}

}  // namespace

namespace godwit::capi {

godwit_error_t* to_c(Error error) { return new godwit_error_t(std::move(error)); }

Error copy_of(const Error& error) {
  Error::Parts parts;
  parts.kind = error.kind();
  parts.code = error.code();
  parts.is_interruption = error.is_interruption();
  parts.offset = error.offset();
  parts.message = error.message();
  parts.backtrace = error.backtrace();
  if (error.exception()) parts.exception = std::make_shared<const Exception>(*error.exception());
  return Error(std::move(parts));
}

Error usage_error(std::string message) {
  Error::Parts parts;
  parts.kind = ErrorKind::Usage;
  parts.message = std::move(message);
  return Error(std::move(parts));
}

wasm_trap_t* make_trap(std::shared_ptr<StoreState> state, Error error) {
  auto data = std::make_shared<TrapData>();
  data->error.reset(to_c(std::move(error)));
  return static_cast<wasm_trap_t*>(make_ref(std::move(state), std::move(data)));
}

Error take_error(wasm_trap_t* own_trap) {
  Error error = copy_of(own_trap->as<std::shared_ptr<TrapData>>()->error->error);
  delete own_trap;
  return error;
}

namespace {
thread_local std::unique_ptr<godwit_error_t> last_error;
}

std::nullptr_t fail(Error error) {
  last_error.reset(to_c(std::move(error)));
  return nullptr;
}

}  // namespace godwit::capi

// Errors

void godwit_error_delete(godwit_error_t* error) { delete error; }

godwit_error_t* godwit_error_new(godwit_error_kind_t kind, uint32_t code, const char* message) {
  Error::Parts parts;
  parts.kind = static_cast<size_t>(kind) < std::size(kKinds) ? kKinds[kind] : ErrorKind::Usage;
  parts.code = code;
  parts.message = message;
  return to_c(Error(std::move(parts)));
}

godwit_error_kind_t godwit_error_kind(const godwit_error_t* error) { return kind_of(error->error.kind()); }
uint32_t godwit_error_code(const godwit_error_t* error) { return error->error.code(); }
bool godwit_error_is_interruption(const godwit_error_t* error) { return error->error.is_interruption(); }
const char* godwit_error_message(const godwit_error_t* error) { return error->error.message().c_str(); }

const char* godwit_error_describe(const godwit_error_t* error) {
  if (!error->description.empty()) return error->description.c_str();
  std::string text = error->error.message();
  for (const Frame& frame : error->error.backtrace()) {
    text += "\n  at ";
    if (!frame.module.empty()) (text += frame.module) += "!";
    text += !is_real(frame) || !frame.function.empty() ? frame.function
                                                       : "function " + std::to_string(frame.function_index);
    if (frame.offset == Error::kNoOffset) continue;
    char offset[32];
    std::snprintf(offset, sizeof offset, " (0x%" PRIx64 ")", frame.offset);
    text += offset;
  }
  error->description = std::move(text);
  return error->description.c_str();
}

size_t godwit_error_frame_count(const godwit_error_t* error) { return error->error.backtrace().size(); }

godwit_frame_t godwit_error_frame(const godwit_error_t* error, size_t index) {
  if (index >= error->error.backtrace().size()) return {};
  const Frame& frame = error->error.backtrace()[index];
  return {frame.module.c_str(), frame.function.c_str(), frame.function_index, frame.offset};
}

const godwit_error_t* godwit_last_error() { return capi::last_error.get(); }

// Traps

const godwit_error_t* godwit_trap_error(const wasm_trap_t* trap) { return data_of(trap).error.get(); }

wasm_trap_t* godwit_trap_new(wasm_store_t* store, godwit_error_t* own_error) {
  const std::unique_ptr<godwit_error_t> error(own_error);
  return capi::make_trap(store->state, std::move(error->error));
}

wasm_trap_t* wasm_trap_new(wasm_store_t* store, const wasm_message_t* message) {
  Error::Parts parts;
  parts.kind = ErrorKind::Trap;
  parts.message.assign(message->data, message->size);
  while (parts.message.ends_with('\0')) parts.message.pop_back();
  return capi::make_trap(store->state, Error(std::move(parts)));
}

void wasm_trap_message(const wasm_trap_t* trap, wasm_message_t* out) {
  wasm_name_new_from_string_nt(out, godwit_error_message(godwit_trap_error(trap)));
}

wasm_frame_t* wasm_trap_origin(const wasm_trap_t* trap) {
  for (const Frame& frame : data_of(trap).error->error.backtrace())
    if (is_real(frame)) return new wasm_frame_t{frame};
  return nullptr;
}

void wasm_trap_trace(const wasm_trap_t* trap, wasm_frame_vec_t* out) {
  const std::vector<Frame>& frames = data_of(trap).error->error.backtrace();
  size_t count = 0;
  for (const Frame& frame : frames) count += is_real(frame) ? 1 : 0;
  capi::make_vec(out, count);
  size_t at = 0;
  for (const Frame& frame : frames)
    if (is_real(frame)) out->data[at++] = new wasm_frame_t{frame};
}

// Frames

void wasm_frame_delete(wasm_frame_t* frame) { delete frame; }
wasm_frame_t* wasm_frame_copy(const wasm_frame_t* frame) { return new wasm_frame_t(*frame); }
GODWIT_DEFINE_HANDLE_VEC(frame)

wasm_instance_t* wasm_frame_instance(const wasm_frame_t* /*frame*/) { return nullptr; }
uint32_t wasm_frame_func_index(const wasm_frame_t* frame) { return frame->frame.function_index; }
size_t wasm_frame_module_offset(const wasm_frame_t* frame) {
  return frame->frame.offset == Error::kNoOffset ? 0 : frame->frame.offset;
}
size_t wasm_frame_func_offset(const wasm_frame_t* frame) {
  const Frame& inner = frame->frame;
  return inner.offset == Error::kNoOffset || inner.offset < inner.function_offset
             ? 0
             : inner.offset - inner.function_offset;
}
const char* godwit_frame_module(const wasm_frame_t* frame) { return frame->frame.module.c_str(); }
const char* godwit_frame_function(const wasm_frame_t* frame) { return frame->frame.function.c_str(); }
