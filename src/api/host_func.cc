// Host functions: those whose types are known only at run time, and how any becomes a store's.
#include "godwit/host_func.h"

#include <algorithm>

#include "api/impl.h"
#include "api/values.h"
#include "godwit/typed.h"

namespace godwit::v1 {
namespace {

std::string type_text(const FuncType& type) {
  const auto list = [](const std::vector<ValType>& types) {
    std::string text = "(";
    for (ValType each : types) (text += text.size() > 1 ? ", " : "") += to_string(each);
    return text + ")";
  };
  return list(type.params) + " -> " + list(type.results);
}

Error no_such_type() {
  return usage_error("a host function's types are numbers, v128, funcref and externref");
}

}  // namespace

namespace detail {

HostFunction host_function(FuncType type, HostCallback callback) {
  struct Named {
    wasm::FuncType type;
    HostCallback callback;
  };
  auto named = std::make_shared<Named>(to_runtime(type).value_or(wasm::FuncType()), std::move(callback));
  constexpr auto entry = [](void* env, runtime::VmContext* context, uint64_t* slots) {
    const Named& self = *static_cast<const Named*>(env);
    Caller caller(context);
    auto* store = static_cast<Store::Impl*>(context->store->store->embedder());
    if (store == nullptr) {
      caller.raise(usage_error("this host function cannot be called in a thread that the guest has started"));
      return false;
    }
    std::vector<Value> args;
    args.reserve(self.type.params.size());
    const uint64_t* slot = slots;
    for (wasm::ValType each : self.type.params) {
      args.push_back(value_of(each, slot, *store));
      slot += each.slots();
    }
    std::vector<Value> results(self.type.results.size());
    if (auto done = self.callback(caller, args, results); !done) {
      caller.raise(std::move(done).error());
      return false;
    }
    for (size_t i = 0; i < results.size(); ++i) {
      if (auto error = check_value(results[i], self.type.results[i], *store,
                                   "result " + std::to_string(i + 1) + " of the host function")) {
        caller.raise(std::move(*error));
        return false;
      }
      slots = put_value(results[i], slots);
    }
    return true;
  };
  return {std::move(type), entry, std::move(named)};
}

// What embedders' code sees of a VmStore is its beginning.
static_assert(offsetof(runtime::VmStore, interrupt) == offsetof(HostCallSite, interrupt) &&
              offsetof(runtime::VmStore, gc_is_due) == offsetof(HostCallSite, gc_is_due) &&
              offsetof(runtime::VmStore, host_call_ip) == offsetof(HostCallSite, guest_ip) &&
              offsetof(runtime::VmStore, host_call_fp) == offsetof(HostCallSite, frame) &&
              offsetof(runtime::VmStore, host_call_ctx) == offsetof(HostCallSite, caller));
static_assert(offsetof(runtime::DirectHost, store) == offsetof(DirectHost, site) &&
              offsetof(runtime::DirectHost, env) == offsetof(DirectHost, env));

void collect_before_host_call(HostCallSite& site) {
  // If the collection is interrupted, so is the guest after this call.
  (void)reinterpret_cast<runtime::VmStore&>(site).store->collect_garbage();
}

void end_host_call(HostCallSite& site, bool has_failed) {
  const auto& vm = reinterpret_cast<const runtime::VmStore&>(site);
  using End = void(runtime::VmContext*, uint32_t);
  reinterpret_cast<End*>(reinterpret_cast<uintptr_t>(vm.libcalls->end_host_call))(vm.host_call_ctx,
                                                                                  has_failed);
}

uint64_t direct_store_of(const Func& func, const Store& store) {
  const auto* record = static_cast<const runtime::FuncRecord*>(func.get(store));
  return record != nullptr && record->vmctx != nullptr && store.head().enter != nullptr ? store.head().id : 0;
}

Result<bool> end_direct_call(Store& store, std::span<uint64_t> slots) {
  runtime::Store& own = store.impl().store;
  const auto outcome = static_cast<runtime::DirectOutcome>(std::exchange(own.vm().direct_outcome, 0));
  if (outcome == runtime::DirectOutcome::NotEntered) return true;
  if (auto ended = own.end_direct_call(slots); !ended) return to_public(std::move(ended).error());
  return false;
}

Error thrown(const char* what) {
  return usage_error(std::string("a host function threw an exception: ") + what);
}

Func wrap(Store& store, HostFunction function) {
  Store::Impl& impl = store.impl();
  // numbers alone, or checked by make_func()
  const wasm::FuncType type = to_runtime(function.type).value_or(wasm::FuncType());
  runtime::FuncRecord* record =
      impl.store.new_host_func(type, function.entry, function.env.get(), "host", {}, function.direct);
  impl.keep(std::move(function.env));
  return Func(impl.id, record);
}

Result<void> check_type(const Func& func, const Store& store, const FuncType& wanted) {
  const auto* record = static_cast<const runtime::FuncRecord*>(func.get(store));
  if (record == nullptr) return func.type(store).error();
  // A module's own declaration is read without a lock.
  const wasm::FuncType& found =
      record->vmctx ? record->vmctx->module->declarations.func_type(wasm::FuncIdx(record->index))
                    : store.impl().store.types().func_type(record->type);
  const auto is_same = [](wasm::ValType a, ValType b) { return to_public(a) == b; };
  if (std::ranges::equal(found.params, wanted.params, is_same) &&
      std::ranges::equal(found.results, wanted.results, is_same))
    return {};
  return usage_error("the function is of type " + type_text(to_public(found)) + ", not " + type_text(wanted));
}

Result<Func> make_func(Store& store, FuncType type, HostCallback callback) {
  if (!to_runtime(type)) return no_such_type();
  return wrap(store, host_function(std::move(type), std::move(callback)));
}

}  // namespace detail

void Linker::define_host(std::string_view module, std::string_view name, detail::HostFunction function) {
  const Impl::HostPart& part =
      impl_->parts->emplace_back(std::string(module), std::string(name), std::move(function.env));
  impl_->linker.define({part.module, part.name, to_runtime(function.type).value_or(wasm::FuncType()),
                        function.entry, part.env.get(), function.direct});
}

Result<void> Linker::define_dynamic(std::string_view module, std::string_view name, FuncType type,
                                    HostCallback callback) {
  if (!to_runtime(type)) return no_such_type();
  define_host(module, name, detail::host_function(std::move(type), std::move(callback)));
  return {};
}

}  // namespace godwit::v1
