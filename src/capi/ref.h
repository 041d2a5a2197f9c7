// Handles of the C API, and what they lead to.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <variant>
#include <vector>

#include "capi/types.h"
#include "godwit.h"
#include "godwit/godwit.h"

namespace godwit::capi {

// A pointer of the embedder's, with what frees it.
class HostInfo final {
 public:
  HostInfo() = default;
  HostInfo(const HostInfo&) = delete;
  HostInfo& operator=(const HostInfo&) = delete;
  ~HostInfo() { set(nullptr, nullptr); }

  void* get() const { return pointer_; }
  void set(void* pointer, void (*finalizer)(void*)) {
    void* const old = std::exchange(pointer_, pointer);
    if (auto* const finalize = std::exchange(finalizer_, finalizer)) finalize(old);
  }

 private:
  void* pointer_ = nullptr;
  void (*finalizer_)(void*) = nullptr;
};

// What lies outside of stores: shared by its handles.
struct ModuleData {
  Module module;
  HostInfo info;
};
struct TrapData {
  std::unique_ptr<godwit_error_t, decltype([](godwit_error_t* error) { godwit_error_delete(error); })> error;
  HostInfo info;
};
struct ForeignData {
  HostInfo info;
};

// What a handle leads to. The last stands for references that the guest made of something of its own.
using Content = std::variant<Func, Global, Table, Memory, Tag, Instance, std::shared_ptr<ModuleData>,
                             std::shared_ptr<TrapData>, std::shared_ptr<ForeignData>, Value>;

// A store, which lives as long as any handle to something in it.
class StoreState final : public std::enable_shared_from_this<StoreState> {
 public:
  StoreState(const Engine& an_engine, const Limits& limits) : engine(an_engine), store(engine, limits) {}
  ~StoreState();

  // The same for all handles to one object, and for no two objects that live at a time.
  const void* identity_of(const Content& content) const;
  // Where the embedder's pointer for it is kept; null: there is none for what the guest made.
  HostInfo* info_of(const Content& content, bool makes_it);

  // The reference as a value of the type; null is the null reference.
  Result<Value> to_value(const wasm_ref_t* ref, ValType type);
  Result<Value> to_value(const wasm_val_t& value, ValType type);
  // An own handle; null for the null reference.
  wasm_ref_t* to_ref(const Value& value);
  // An own value. V128 has no place in it: an i64, the low half.
  wasm_val_t to_val(const Value& value);

  // Keeps what its guests use.
  void keep(std::shared_ptr<const void> part) { kept_.push_back(std::move(part)); }

 private:
  std::vector<std::shared_ptr<const void>> kept_;  // outlives the store
  // Of what lies in the store; called after the store has gone.
  std::unordered_map<const void*, HostInfo> infos_;

 public:
  Engine engine;
  Store store;

  // Stops the store from other threads, as long as it is there.
  struct Interrupter {
    std::mutex mutex;
    Store* store;  // null once it has gone
  };
  const std::shared_ptr<Interrupter> interrupter = std::make_shared<Interrupter>();

 private:
  // What has become an externref, by the number that this carries; and its externref again, by identity.
  std::vector<Content> externs_;
  std::map<const void*, Value> externrefs_;
};

}  // namespace godwit::capi

// All handles to references are of these classes: the one that `content` asks for.
struct wasm_ref_t {
  wasm_ref_t(std::shared_ptr<godwit::capi::StoreState> state, godwit::capi::Content what)
      : store(std::move(state)), content(std::move(what)) {}
  wasm_ref_t(const wasm_ref_t&) = delete;
  wasm_ref_t& operator=(const wasm_ref_t&) = delete;
  virtual ~wasm_ref_t() = default;

  template <class T>
  const T& as() const {
    return *std::get_if<T>(&content);
  }

  // Null in shared modules alone.
  std::shared_ptr<godwit::capi::StoreState> store;
  godwit::capi::Content content;
};
struct wasm_extern_t : wasm_ref_t {
  using wasm_ref_t::wasm_ref_t;
};
struct wasm_func_t final : wasm_extern_t {
  using wasm_extern_t::wasm_extern_t;
  const godwit::FuncType& type() const {
    if (!known_type) known_type = *as<godwit::Func>().type(store->store);
    return *known_type;
  }
  mutable std::optional<godwit::FuncType> known_type;
};
struct wasm_global_t final : wasm_extern_t {
  using wasm_extern_t::wasm_extern_t;
};
struct wasm_table_t final : wasm_extern_t {
  using wasm_extern_t::wasm_extern_t;
};
struct wasm_memory_t final : wasm_extern_t {
  using wasm_extern_t::wasm_extern_t;
};
struct wasm_instance_t final : wasm_ref_t {
  using wasm_ref_t::wasm_ref_t;
};
struct wasm_module_t final : wasm_ref_t {
  using wasm_ref_t::wasm_ref_t;
  const godwit::Module& module() const { return as<std::shared_ptr<godwit::capi::ModuleData>>()->module; }
};
struct wasm_trap_t final : wasm_ref_t {
  using wasm_ref_t::wasm_ref_t;
};
struct wasm_foreign_t final : wasm_ref_t {
  using wasm_ref_t::wasm_ref_t;
};

struct wasm_config_t {
  godwit::Config config;
  godwit::Limits limits;
};
struct wasm_engine_t {
  godwit::Engine engine;
  godwit::Limits limits;
};
struct wasm_store_t {
  std::shared_ptr<godwit::capi::StoreState> state;
};

namespace godwit::capi {

// An own handle of the class that the content asks for.
wasm_ref_t* make_ref(std::shared_ptr<StoreState> state, const Content& content);
wasm_extern_t* make_extern(std::shared_ptr<StoreState> state, const Extern& value);
Extern extern_of(const wasm_extern_t& handle);

}  // namespace godwit::capi
