// Conversions; each list is held against the other's by the compiler.
#include "api/convert.h"

#include "godwit/config.h"
#include "godwit/exception.h"
#include "runtime/exception.h"
#include "runtime/trap.h"

namespace godwit::v1 {
namespace {

// Written as a switch so that a new kind below cannot be forgotten here.
ErrorKind to_public(::godwit::ErrorKind kind) {
  switch (kind) {
    case ::godwit::ErrorKind::Malformed: return ErrorKind::Malformed;
    case ::godwit::ErrorKind::Invalid: return ErrorKind::Invalid;
    case ::godwit::ErrorKind::Unlinkable: return ErrorKind::Unlinkable;
    case ::godwit::ErrorKind::Trap: return ErrorKind::Trap;
    case ::godwit::ErrorKind::Exception: return ErrorKind::Exception;
    case ::godwit::ErrorKind::Exhausted: return ErrorKind::Exhausted;
    case ::godwit::ErrorKind::Exit: return ErrorKind::Exit;
    case ::godwit::ErrorKind::NotFound: return ErrorKind::NotFound;
    case ::godwit::ErrorKind::Unsupported: return ErrorKind::Unsupported;
    case ::godwit::ErrorKind::Io: return ErrorKind::Io;
    case ::godwit::ErrorKind::Usage: return ErrorKind::Usage;
  }
  return ErrorKind::Usage;
}

// Written as a switch so that a new kind above cannot be forgotten here.
::godwit::ErrorKind to_runtime(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::Malformed: return ::godwit::ErrorKind::Malformed;
    case ErrorKind::Invalid: return ::godwit::ErrorKind::Invalid;
    case ErrorKind::Unlinkable: return ::godwit::ErrorKind::Unlinkable;
    case ErrorKind::Trap: return ::godwit::ErrorKind::Trap;
    case ErrorKind::Exception: return ::godwit::ErrorKind::Exception;
    case ErrorKind::Exhausted: return ::godwit::ErrorKind::Exhausted;
    case ErrorKind::Exit: return ::godwit::ErrorKind::Exit;
    case ErrorKind::NotFound: return ::godwit::ErrorKind::NotFound;
    case ErrorKind::Unsupported: return ::godwit::ErrorKind::Unsupported;
    case ErrorKind::Io: return ::godwit::ErrorKind::Io;
    case ErrorKind::Usage: return ::godwit::ErrorKind::Usage;
  }
  return ::godwit::ErrorKind::Usage;
}

}  // namespace

Error to_public(::godwit::Error error) {
  Error::Parts parts;
  parts.kind = to_public(error.kind());
  parts.code = error.code();
  parts.is_interruption = error.kind() == ::godwit::ErrorKind::Exhausted &&
                          error.code() == static_cast<uint32_t>(runtime::Trap::Interrupted);
  static_assert(Error::kNoOffset == ::godwit::kNoOffset);
  parts.offset = error.offset();
  parts.message = error.message();
  parts.backtrace.reserve(error.backtrace().size());
  for (const ::godwit::Frame& frame : error.backtrace())
    parts.backtrace.push_back(
        {frame.module, frame.function, frame.function_index, frame.offset, frame.function_offset});
  if (auto caught = runtime::caught_in(error))
    parts.exception = std::make_shared<const Exception>(std::shared_ptr<void>(std::move(caught)));
  return Error(std::move(parts));
}

ValType to_public(wasm::ValType type) {
  switch (type.kind()) {
    case wasm::ValKind::I32: return ValType::I32;
    case wasm::ValKind::I64: return ValType::I64;
    case wasm::ValKind::F32: return ValType::F32;
    case wasm::ValKind::F64: return ValType::F64;
    case wasm::ValKind::V128: return ValType::V128;
    case wasm::ValKind::Ref: break;
    case wasm::ValKind::I8:  // no function has these
    case wasm::ValKind::I16:
    case wasm::ValKind::Bot: return ValType::OtherRef;
  }
  if (type.heap() == wasm::HeapType::Abstract::Func) return ValType::FuncRef;
  if (type.heap() == wasm::HeapType::Abstract::Extern) return ValType::ExternRef;
  return ValType::OtherRef;
}

ExternKind to_public(wasm::ExternKind kind) {
  switch (kind) {
    case wasm::ExternKind::Func: return ExternKind::Func;
    case wasm::ExternKind::Table: return ExternKind::Table;
    case wasm::ExternKind::Mem: return ExternKind::Memory;
    case wasm::ExternKind::Global: return ExternKind::Global;
    case wasm::ExternKind::Tag: return ExternKind::Tag;
  }
  return ExternKind::Func;
}

FuncType to_public(const wasm::FuncType& type) {
  FuncType out;
  for (wasm::ValType each : type.params) out.params.push_back(to_public(each));
  for (wasm::ValType each : type.results) out.results.push_back(to_public(each));
  return out;
}

MemoryType to_public(const wasm::MemType& type) {
  return {.min_pages = type.limits.min,
          .max_pages = type.limits.max,
          .is_64 = type.limits.addr == wasm::AddrType::I64,
          .is_shared = type.is_shared,
          .page_bytes = uint32_t{1} << type.page_size_log2};
}

TableType to_public(const wasm::TableType& type) {
  return {.element = to_public(type.elem),
          .min = type.limits.min,
          .max = type.limits.max,
          .is_64 = type.limits.addr == wasm::AddrType::I64};
}

GlobalType to_public(const wasm::GlobalType& type) {
  return {.value = to_public(type.val), .is_mutable = type.is_mutable};
}

std::optional<wasm::ValType> to_runtime(ValType type) {
  switch (type) {
    case ValType::I32: return wasm::ValKind::I32;
    case ValType::I64: return wasm::ValKind::I64;
    case ValType::F32: return wasm::ValKind::F32;
    case ValType::F64: return wasm::ValKind::F64;
    case ValType::V128: return wasm::ValKind::V128;
    case ValType::FuncRef: return wasm::kFuncRef;
    case ValType::ExternRef: return wasm::kExternRef;
    case ValType::OtherRef: break;
  }
  return std::nullopt;
}

std::optional<wasm::FuncType> to_runtime(const FuncType& type) {
  wasm::FuncType out;
  const auto convert = [](const std::vector<ValType>& from, std::vector<wasm::ValType>& to) {
    for (ValType each : from) {
      const auto converted = to_runtime(each);
      if (!converted) return false;
      to.push_back(*converted);
    }
    return true;
  };
  if (!convert(type.params, out.params) || !convert(type.results, out.results)) return std::nullopt;
  return out;
}

::godwit::Error to_runtime(Error error) {
  const auto code =
      error.is_interruption() ? static_cast<uint32_t>(runtime::Trap::Interrupted) : error.code();
  ::godwit::Error out(to_runtime(error.kind()), code, error.message());
  // of a guest that the host function has called: its frames are the innermost
  std::vector<::godwit::Frame> frames;
  frames.reserve(error.backtrace().size());
  for (const Frame& frame : error.backtrace())
    frames.push_back(
        {frame.module, frame.function, frame.function_index, frame.offset, frame.function_offset});
  out = std::move(out).with_backtrace(std::move(frames));
  if (const Exception* exception =
          error.exception())  // goes on as one: who called the host function may catch it
    return std::move(out).with_cargo(std::static_pointer_cast<runtime::CaughtException>(exception->caught()));
  return out;
}

runtime::Limits to_runtime(const Limits& limits) {
  runtime::Limits out;
  out.max_memory_bytes = limits.max_memory_bytes;
  out.max_total_memory_bytes = limits.max_total_memory_bytes;
  out.max_table_elements = limits.max_table_elements;
  out.max_gc_heap_bytes = limits.max_gc_heap_bytes;
  out.stack_bytes = limits.stack_bytes;
  out.fuel = limits.fuel;
  return out;
}

Error usage_error(std::string message) {
  Error::Parts parts;
  parts.kind = ErrorKind::Usage;
  parts.message = std::move(message);
  return Error(std::move(parts));
}

Error exhausted_error(std::string message) {
  Error::Parts parts;
  parts.kind = ErrorKind::Exhausted;
  parts.message = std::move(message);
  return Error(std::move(parts));
}

std::string_view to_string(ValType type) {
  switch (type) {
    case ValType::I32: return "i32";
    case ValType::I64: return "i64";
    case ValType::F32: return "f32";
    case ValType::F64: return "f64";
    case ValType::V128: return "v128";
    case ValType::FuncRef: return "funcref";
    case ValType::ExternRef: return "externref";
    case ValType::OtherRef: return "ref";
  }
  return "";
}

}  // namespace godwit::v1
