// Functions: their types, and calls.
#include <array>

#include "capi/error.h"
#include "capi/ref.h"
#include "capi/slots.h"
#include "capi/vec.h"

using namespace godwit;

wasm_functype_t* wasm_func_type(const wasm_func_t* func) { return capi::to_c(func->type()); }
size_t wasm_func_param_arity(const wasm_func_t* func) { return func->type().params.size(); }
size_t wasm_func_result_arity(const wasm_func_t* func) { return func->type().results.size(); }

wasm_trap_t* wasm_func_call(const wasm_func_t* func, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
  // The callee may delete the handle.
  const std::shared_ptr<capi::StoreState> state = func->store;
  const Func callee = func->as<Func>();
  const FuncType& type = func->type();
  const auto refuse = [&](std::string message) {
    return capi::make_trap(state, capi::usage_error(std::move(message)));
  };
  const size_t count = args ? args->size : 0;
  if (count != type.params.size())
    return refuse("the function takes " + std::to_string(type.params.size()) + " arguments, but got " +
                  std::to_string(count));
  const size_t room = results ? results->size : 0;
  if (room < type.results.size())
    return refuse("the function has " + std::to_string(type.results.size()) +
                  " results, but there is room for " + std::to_string(room));
  std::vector<Value> values(count);
  for (size_t i = 0; i < count; ++i) {
    auto value = state->to_value(args->data[i], type.params[i]);
    if (!value) return refuse("argument " + std::to_string(i + 1) + ": " + value.error().message());
    values[i] = std::move(*value);
  }
  auto called = callee.call(state->store, values);
  if (!called) return capi::make_trap(state, std::move(called).error());
  for (size_t i = 0; i < called->size(); ++i) results->data[i] = state->to_val((*called)[i]);
  return nullptr;
}

// Calls without conversions

namespace godwit::capi {

namespace {
constexpr std::pair<char, ValType> kLetters[] = {
    {'i', ValType::I32}, {'I', ValType::I64}, {'f', ValType::F32}, {'F', ValType::F64}, {'V', ValType::V128}};
}

Result<FuncType> parse_type(std::string_view text) {
  FuncType type;
  std::vector<ValType>* list = &type.params;
  for (char letter : text) {
    if (letter == ':' && list == &type.params) {
      list = &type.results;
      continue;
    }
    const auto* found = std::ranges::find(kLetters, letter, &std::pair<char, ValType>::first);
    if (found == std::end(kLetters))
      return usage_error(
          "\"" + std::string(text) +
          "\" is no function type: a letter of iIfFV for each parameter, ':', and one for each result");
    list->push_back(found->second);
  }
  return type;
}

SlotMask::SlotMask(const std::vector<ValType>& types) {
  for (ValType each : types) {
    if (each == ValType::I32 || each == ValType::F32) narrow_.push_back(static_cast<uint32_t>(slots_));
    slots_ += each == ValType::V128 ? 2 : 1;
  }
}

}  // namespace godwit::capi

struct godwit_typed_func_t {
  std::shared_ptr<capi::StoreState> state;
  Func func;
  capi::SlotMask params;
  size_t slots;
};

godwit_error_t* godwit_typed_func_new(const wasm_func_t* func, const char* type, godwit_typed_func_t** out) {
  auto wanted = capi::parse_type(type);
  if (!wanted) return capi::to_c(std::move(wanted).error());
  if (auto checked = detail::check_type(func->as<Func>(), func->store->store, *wanted); !checked)
    return capi::to_c(std::move(checked).error());
  capi::SlotMask params(wanted->params);
  const size_t slots = std::max(params.slots(), capi::SlotMask(wanted->results).slots());
  *out = new godwit_typed_func_t{func->store, func->as<Func>(), std::move(params), slots};
  return nullptr;
}

void godwit_typed_func_delete(godwit_typed_func_t* func) { delete func; }

wasm_trap_t* godwit_typed_func_call(const godwit_typed_func_t* func, godwit_slot_t slots[]) {
  auto* const words = reinterpret_cast<uint64_t*>(slots);
  func->params.apply(words);
  auto called = func->func.call_slots(func->state->store, {words, func->slots});
  if (called) return nullptr;
  return capi::make_trap(func->state, std::move(called).error());
}
