// ONNX Runtime's C functions: declared here, since its package brings no headers.
//
// OrtGetApiBase()->GetApi(17) gives a table of function pointers that only ever grows at its end; each place below is
// where the function stands in it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "result.h"

// What ONNX Runtime's own headers leave opaque, too.
struct OrtStatus;
struct OrtEnv;
struct OrtSession;
struct OrtSessionOptions;
struct OrtRunOptions;
struct OrtValue;
struct OrtMemoryInfo;
struct OrtAllocator;
struct OrtTypeInfo;
struct OrtTensorTypeAndShapeInfo;

namespace godwit::onnx {

// A function's place in the table, and its type.
template <size_t kPlace, class Function>
struct Entry;

inline constexpr uint32_t kApiVersion = 17;

const void* const* api_table();  // null if the library does not speak kApiVersion
std::string library_version();

template <size_t kPlace, class Result, class... Arguments>
struct Entry<kPlace, Result(Arguments...)> {
  Result operator()(Arguments... arguments) const {
    return reinterpret_cast<Result (*)(Arguments...)>(const_cast<void*>(api_table()[kPlace]))(arguments...);
  }
};

namespace ort {
using Status = OrtStatus*;  // null: good
// clang-format off
inline constexpr Entry< 2, const char*(const OrtStatus*)> get_error_message;
inline constexpr Entry< 3, Status(int level, const char* id, OrtEnv**)> create_env;
inline constexpr Entry< 8, Status(const OrtEnv*, const void* model, size_t, const OrtSessionOptions*, OrtSession**)> create_session_from_array;
inline constexpr Entry< 9, Status(OrtSession*, const OrtRunOptions*, const char* const* input_names, const OrtValue* const* inputs, size_t,
                                  const char* const* output_names, size_t, OrtValue** outputs)> run;
inline constexpr Entry<10, Status(OrtSessionOptions**)> create_session_options;
inline constexpr Entry<22, Status(OrtSessionOptions*, int level)> set_session_log_severity_level;
inline constexpr Entry<24, Status(OrtSessionOptions*, int threads)> set_intra_op_num_threads;
inline constexpr Entry<30, Status(const OrtSession*, size_t*)> session_get_input_count;
inline constexpr Entry<31, Status(const OrtSession*, size_t*)> session_get_output_count;
inline constexpr Entry<33, Status(const OrtSession*, size_t, OrtTypeInfo**)> session_get_input_type_info;
inline constexpr Entry<34, Status(const OrtSession*, size_t, OrtTypeInfo**)> session_get_output_type_info;
inline constexpr Entry<36, Status(const OrtSession*, size_t, OrtAllocator*, char**)> session_get_input_name;
inline constexpr Entry<37, Status(const OrtSession*, size_t, OrtAllocator*, char**)> session_get_output_name;
inline constexpr Entry<39, Status(OrtRunOptions**)> create_run_options;
inline constexpr Entry<46, Status(OrtRunOptions*)> run_options_set_terminate;
inline constexpr Entry<49, Status(const OrtMemoryInfo*, void* data, size_t, const int64_t* shape, size_t, int type, OrtValue**)> create_tensor_with_data;
inline constexpr Entry<51, Status(OrtValue*, void**)> get_tensor_mutable_data;
inline constexpr Entry<55, Status(const OrtTypeInfo*, const OrtTensorTypeAndShapeInfo**)> cast_type_info_to_tensor_info;
inline constexpr Entry<60, Status(const OrtTensorTypeAndShapeInfo*, int*)> get_tensor_element_type;
inline constexpr Entry<61, Status(const OrtTensorTypeAndShapeInfo*, size_t*)> get_dimensions_count;
inline constexpr Entry<62, Status(const OrtTensorTypeAndShapeInfo*, int64_t*, size_t)> get_dimensions;
inline constexpr Entry<64, Status(const OrtTensorTypeAndShapeInfo*, size_t*)> get_tensor_shape_element_count;
inline constexpr Entry<65, Status(const OrtValue*, OrtTensorTypeAndShapeInfo**)> get_tensor_type_and_shape;
inline constexpr Entry<69, Status(int allocator_type, int memory_type, OrtMemoryInfo**)> create_cpu_memory_info;
inline constexpr Entry<76, Status(OrtAllocator*, void*)> allocator_free;
inline constexpr Entry<78, Status(OrtAllocator**)> get_allocator_with_default_options;
inline constexpr Entry<93, void(OrtStatus*)> release_status;
inline constexpr Entry<94, void(OrtMemoryInfo*)> release_memory_info;
inline constexpr Entry<95, void(OrtSession*)> release_session;
inline constexpr Entry<96, void(OrtValue*)> release_value;
inline constexpr Entry<97, void(OrtRunOptions*)> release_run_options;
inline constexpr Entry<98, void(OrtTypeInfo*)> release_type_info;
inline constexpr Entry<99, void(OrtTensorTypeAndShapeInfo*)> release_tensor_type_and_shape_info;
inline constexpr Entry<100, void(OrtSessionOptions*)> release_session_options;
inline constexpr Entry<130, Status(OrtSessionOptions*, const char* key, const char* value)> add_session_config_entry;
// clang-format on
inline constexpr int kWarning = 2, kFatal = 4;  // how much a line of its log matters
inline constexpr int kArena = 1, kDefaultMemory = 0;
}  // namespace ort

// Gives an object back by one of the functions above.
template <const auto& kRelease>
struct Releaser {
  template <class T>
  void operator()(T* object) const {
    kRelease(object);
  }
};
template <class T, const auto& kRelease>
using Owned = std::unique_ptr<T, Releaser<kRelease>>;

using Session = Owned<OrtSession, ort::release_session>;
using SessionOptions = Owned<OrtSessionOptions, ort::release_session_options>;
using RunOptions = Owned<OrtRunOptions, ort::release_run_options>;
using Value = Owned<OrtValue, ort::release_value>;
using MemoryInfo = Owned<OrtMemoryInfo, ort::release_memory_info>;
using TypeInfo = Owned<OrtTypeInfo, ort::release_type_info>;
using ShapeInfo = Owned<OrtTensorTypeAndShapeInfo, ort::release_tensor_type_and_shape_info>;

// Takes `status` over. @errors GODWIT_NN_RUNTIME_ERROR: what it says
tensors::Result<> good(ort::Status status);

}  // namespace godwit::onnx
