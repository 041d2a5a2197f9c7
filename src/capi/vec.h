// Vectors of the C API: arrays of malloc's, as callers may take them apart.
#pragma once

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "wasm.h"

namespace godwit::capi {

// `size` zeroed elements, or null if there are none to have. Out of memory ends the process, as everywhere in Godwit.
template <class T>
T* new_array(size_t size) {
  if (size == 0) return nullptr;
  void* array = std::calloc(size, sizeof(T));
  if (array == nullptr) std::abort();
  return static_cast<T*>(array);
}

// Makes `*out` a vector of `size` zeroed elements.
template <class Vec>
void make_vec(Vec* out, size_t size) {
  *out = {size, new_array<std::remove_reference_t<decltype(*out->data)>>(size)};
}

// Takes the vector's content: it is empty then.
template <class Vec>
Vec take(Vec* vec) {
  return vec == nullptr ? Vec{0, nullptr} : std::exchange(*vec, {0, nullptr});
}

}  // namespace godwit::capi

// Defines the functions of wasm_<name>_vec_t. `copy_element(to, from)` and `delete_element(element)` are statements on
// pointers to elements.
#define GODWIT_DEFINE_VEC(name, ptr_or_none, copy_element, delete_element)                     \
  void wasm_##name##_vec_new_empty(wasm_##name##_vec_t* out) { *out = {0, nullptr}; }          \
  void wasm_##name##_vec_new_uninitialized(wasm_##name##_vec_t* out, size_t size) {            \
    godwit::capi::make_vec(out, size);                                                         \
  }                                                                                            \
  void wasm_##name##_vec_new(wasm_##name##_vec_t* out, size_t size,                            \
                             wasm_##name##_t ptr_or_none const elements[]) {                   \
    godwit::capi::make_vec(out, size);                                                         \
    std::copy_n(elements, size, out->data);                                                    \
  }                                                                                            \
  void wasm_##name##_vec_copy(wasm_##name##_vec_t* out, const wasm_##name##_vec_t* from) {     \
    const wasm_##name##_vec_t source = *from;                                                  \
    godwit::capi::make_vec(out, source.size);                                                  \
    for (size_t i = 0; i < source.size; ++i) copy_element(&out->data[i], &source.data[i]);     \
  }                                                                                            \
  void wasm_##name##_vec_delete(wasm_##name##_vec_t* vec) {                                    \
    const wasm_##name##_vec_t old = godwit::capi::take(vec);                                   \
    for (size_t i = 0; old.data != nullptr && i < old.size; ++i) delete_element(&old.data[i]); \
    std::free(old.data);                                                                       \
  }

// The same for a vector of handles, which may be null.
#define GODWIT_COPY_HANDLE(name, to, from) *(to) = *(from) ? wasm_##name##_copy(*(from)) : nullptr
#define GODWIT_DEFINE_HANDLE_VEC(name)                                                           \
  static void copy_##name(wasm_##name##_t** to, wasm_##name##_t* const* from) {                  \
    GODWIT_COPY_HANDLE(name, to, from);                                                          \
  }                                                                                              \
  static void delete_##name(wasm_##name##_t* const* element) { wasm_##name##_delete(*element); } \
  GODWIT_DEFINE_VEC(name, *, copy_##name, delete_##name)
