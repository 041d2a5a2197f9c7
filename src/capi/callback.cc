// Host functions that are C callbacks. Compiled with exceptions: what a callback written in C++ throws ends the guest with an
// error, as in the C++ API.
#include "capi/callback.h"

#include "capi/error.h"
#include "capi/slots.h"
#include "capi/vec.h"

using namespace godwit;
using capi::StoreState;

struct godwit_caller_t {
  const Caller* caller;
  StoreState* state;
};

namespace {

// A vector of values for one call; what is in it is deleted with it.
class Vals final {
 public:
  explicit Vals(size_t size) { capi::make_vec(&vec_, size); }
  Vals(const Vals&) = delete;
  Vals& operator=(const Vals&) = delete;
  ~Vals() { wasm_val_vec_delete(&vec_); }
  wasm_val_vec_t& vec() { return vec_; }

 private:
  wasm_val_vec_t vec_;
};

Result<void> outcome(wasm_trap_t* own_trap) {
  if (own_trap == nullptr) return {};
  return capi::take_error(own_trap);
}

template <class Callback, class Call>
wasm_func_t* make(wasm_store_t* store, const wasm_functype_t* type, Callback callback, void* env,
                  void (*finalizer)(void*), Call call) {
  auto own = std::make_shared<capi::CallbackEnv>(env, finalizer);
  FuncType inner = capi::from_c(*type);
  for (const std::vector<ValType>* list : {&inner.params, &inner.results})
    for (ValType each : *list)
      if (each == ValType::V128)
        return capi::fail(capi::usage_error("wasm_val_t has no v128: use godwit_func_new()"));
  StoreState& state = *store->state;
  auto made = make_func(state.store, inner,
                        [&state, own, callback, call, results_of = inner.results](
                            Caller&, std::span<const Value> args, std::span<Value> results) -> Result<void> {
                          Vals in(args.size()), out(results.size());
                          for (size_t i = 0; i < in.vec().size; ++i) in.vec().data[i] = state.to_val(args[i]);
                          for (size_t i = 0; i < out.vec().size; ++i)
                            out.vec().data[i].kind = capi::to_c(results_of[i]);
                          if (auto done = outcome(call(callback, own->env, &in.vec(), &out.vec())); !done)
                            return done;
                          for (size_t i = 0; i < out.vec().size; ++i) {
                            auto value = state.to_value(out.vec().data[i], results_of[i]);
                            if (!value) return std::move(value).error();
                            results[i] = std::move(*value);
                          }
                          return {};
                        });
  if (!made) return capi::fail(std::move(made).error());
  return static_cast<wasm_func_t*>(capi::make_ref(store->state, *made));
}

}  // namespace

wasm_func_t* wasm_func_new(wasm_store_t* store, const wasm_functype_t* type, wasm_func_callback_t callback) {
  return make(store, type, callback, nullptr, nullptr,
              [](wasm_func_callback_t function, void*, const wasm_val_vec_t* args, wasm_val_vec_t* results) {
                return function(args, results);
              });
}

wasm_func_t* wasm_func_new_with_env(wasm_store_t* store, const wasm_functype_t* type,
                                    wasm_func_callback_with_env_t callback, void* env,
                                    void (*finalizer)(void*)) {
  return make(store, type, callback, env, finalizer,
              [](wasm_func_callback_with_env_t function, void* its_env, const wasm_val_vec_t* args,
                 wasm_val_vec_t* results) { return function(its_env, args, results); });
}

namespace {

// A callback that gets slots.
struct SlotCallback {
  StoreState* state;
  godwit_func_callback_t function;
  capi::CallbackEnv env;
  capi::SlotMask results;
};

bool call_with_slots(void* env, runtime::VmContext* context, uint64_t* slots) {
  const auto& self = *static_cast<const SlotCallback*>(env);
  const Caller caller(context);
  // A thread that the guest has started has a store of its own, which is not the C API's to use.
  if (caller.store() != &self.state->store) {
    caller.raise(
        capi::usage_error("this host function cannot be called in a thread that the guest has started"));
    return false;
  }
  godwit_caller_t shown{&caller, self.state};
  try {
    static_assert(sizeof(godwit_slot_t) == sizeof(uint64_t));
    auto done = outcome(self.function(self.env.env, &shown, reinterpret_cast<godwit_slot_t*>(slots)));
    self.results.apply(slots);
    if (done) return true;
    caller.raise(std::move(done).error());
  } catch (const std::exception& exception) {
    caller.raise(detail::thrown(exception.what()));
  } catch (...) {
    caller.raise(detail::thrown("something that is no std::exception"));
  }
  return false;
}

}  // namespace

godwit_error_t* godwit_func_new(wasm_store_t* store, const char* type, godwit_func_callback_t callback,
                                void* env, void (*finalizer)(void*), wasm_func_t** out) {
  auto parsed = capi::parse_type(type);
  if (!parsed) {
    if (finalizer) finalizer(env);
    return capi::to_c(std::move(parsed).error());
  }
  StoreState* const state = store->state.get();
  std::shared_ptr<SlotCallback> own(
      new SlotCallback{state, callback, {env, finalizer}, capi::SlotMask(parsed->results)});
  const Func made = detail::wrap(state->store, {std::move(*parsed), call_with_slots, std::move(own)});
  *out = static_cast<wasm_func_t*>(capi::make_ref(store->state, made));
  return nullptr;
}

uint8_t* godwit_caller_memory(const godwit_caller_t* caller, size_t* out_size) {
  const std::span<uint8_t> memory = caller->caller->memory();
  *out_size = memory.size();
  return memory.data();
}

wasm_extern_t* godwit_caller_export(const godwit_caller_t* caller, const char* name) {
  const auto found = caller->caller->find(name);
  return found ? capi::make_extern(caller->state->shared_from_this(), *found) : nullptr;
}

bool godwit_caller_interrupted(const godwit_caller_t* caller) { return caller->caller->interrupted(); }

wasm_trap_t* godwit_caller_trap(const godwit_caller_t* caller, const char* message) {
  Error::Parts parts;
  parts.kind = ErrorKind::Trap;
  parts.message = message;
  return capi::make_trap(caller->state->shared_from_this(), Error(std::move(parts)));
}
