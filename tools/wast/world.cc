// The store of a script and the host module of the suite.
#include "wast/world.h"

#include <fmt/format.h>

#include <bit>
#include <cstdlib>

#include "runtime/memory.h"

namespace godwit::wast {
namespace {

using runtime::Slot;
using wasm::ExternKind;
using wasm::ValKind;

bool print_nothing(void*, runtime::VmContext*, Slot*) { return true; }

// The functions of `spectest` print their arguments; what they print is no part of any test.
struct Printer {
  std::string_view field;
  std::vector<wasm::ValType> params;
};
const std::vector<Printer>& printers() {
  static const std::vector<Printer> rows = {
      {"print", {}},
      {"print_i32", {ValKind::I32}},
      {"print_i64", {ValKind::I64}},
      {"print_f32", {ValKind::F32}},
      {"print_f64", {ValKind::F64}},
      {"print_i32_f32", {ValKind::I32, ValKind::F32}},
      {"print_f64_f64", {ValKind::F64, ValKind::F64}},
  };
  return rows;
}

}  // namespace

Result<std::unique_ptr<World>> World::create(const engine::Config& config, const runtime::Limits& limits) {
  std::unique_ptr<World> world(new World);
  ASSIGN_OR_RETURN(world->engine_, engine::Engine::create(config));
  world->store_ =
      std::make_unique<runtime::Store>(world->engine_->types(), world->engine_->executor(), limits);
  TRY(world->make_spectest(config.features));
  return world;
}

World::~World() = default;

Result<> World::make_spectest(const wasm::FeatureSet& features) {
  for (const Printer& printer : printers()) {
    runtime::Extern value;
    value.kind = ExternKind::Func;
    value.func = store_->new_host_func({.params = printer.params, .results = {}}, print_nothing, nullptr,
                                       "spectest", printer.field);
    spectest_.emplace(printer.field, value);
  }
  auto add_global = [&](const char* field, ValKind kind, uint64_t bits) {
    const Slot slots[2] = {bits, 0};
    runtime::Extern value;
    value.kind = ExternKind::Global;
    value.global = store_->new_global({.val = kind, .is_mutable = false}, slots);
    spectest_.emplace(field, value);
  };
  add_global("global_i32", ValKind::I32, 666);
  add_global("global_i64", ValKind::I64, 666);
  add_global("global_f32", ValKind::F32, std::bit_cast<uint32_t>(666.6f));
  add_global("global_f64", ValKind::F64, std::bit_cast<uint64_t>(666.6));

  auto add_table = [&](const char* field, wasm::AddrType addr) -> Result<> {
    runtime::Extern value;
    value.kind = ExternKind::Table;
    ASSIGN_OR_RETURN(
        value.table,
        store_->new_table({.elem = wasm::kFuncRef, .limits = {.min = 10, .max = 20, .addr = addr}}, 0));
    spectest_.emplace(field, value);
    return {};
  };
  TRY(add_table("table", wasm::AddrType::I32));
  if (features.has(wasm::Feature::Memory64)) TRY(add_table("table64", wasm::AddrType::I64));

  auto add_memory = [&](const char* field, bool is_shared) -> Result<> {
    runtime::Extern value;
    value.kind = ExternKind::Mem;
    ASSIGN_OR_RETURN(value.memory,
                     store_->new_memory({.limits = {.min = 1, .max = 2}, .is_shared = is_shared}));
    spectest_.emplace(field, value);
    return {};
  };
  TRY(add_memory("memory", false));
  if (features.has(wasm::Feature::Threads)) TRY(add_memory("shared_memory", true));
  return {};
}

Result<std::shared_ptr<const runtime::Module>> World::compile(Bytes bytes) { return engine_->compile(bytes); }

Result<runtime::Instance*> World::instantiate(std::shared_ptr<const runtime::Module> module,
                                              std::span<const runtime::Extern> imports) {
  return runtime::instantiate(*store_, std::move(module), imports);
}

Result<runtime::Extern> World::share(std::shared_ptr<runtime::Memory> memory) {
  runtime::Extern value;
  value.kind = ExternKind::Mem;
  ASSIGN_OR_RETURN(value.memory, store_->add_memory(std::move(memory)));
  return value;
}

void World::interrupt() { store_->interrupt(); }

std::optional<runtime::Extern> World::spectest(std::string_view field) {
  auto found = spectest_.find(field);
  return found == spectest_.end() ? std::nullopt : std::optional(found->second);
}

Result<> World::append(const Value& value, wasm::ValType type, std::vector<Slot>& slots) {
  const bool is_number = value.kind == ValueKind::Number && value.number == type.kind();
  const bool is_null =
      value.kind == ValueKind::Reference && value.reference == ReferencePattern::Null && type.is_ref();
  const bool is_host =
      value.kind == ValueKind::Reference && value.reference == ReferencePattern::Host && type.is_ref() &&
      (type.heap() == wasm::HeapType::Abstract::Extern || type.heap() == wasm::HeapType::Abstract::Any);
  // An anyref made of a host reference is that reference.
  if (is_host) {
    ASSIGN_OR_RETURN(const runtime::Ref made, store_->new_extern(value.host));
    slots.push_back(made);
    return {};
  }
  if (is_null) {
    slots.push_back(0);
    return {};
  }
  if (!is_number)
    return fail(ErrorKind::Usage,
                fmt::format("the argument {} is not of the parameter's type", describe(value)));
  std::array<Slot, 2> bits{};
  for (size_t lane = 0; lane < value.lanes.size(); ++lane) {
    const size_t position = lane * value.lane_bits;
    bits[position / 64] |= value.lanes[lane].bits << position % 64;
  }
  slots.insert(slots.end(), bits.begin(), bits.begin() + type.slots());
  return {};
}

Result<std::vector<wasm::ValType>> World::invoke(runtime::Instance& instance, const std::string& field,
                                                 const std::vector<Value>& arguments,
                                                 std::vector<Slot>& slots) {
  std::optional<runtime::Extern> value = instance.find_export(field);
  if (!value || value->kind != ExternKind::Func)
    return fail(ErrorKind::Usage, fmt::format("no exported function '{}'", field));
  const wasm::FuncType& type = engine_->types().func_type(value->func->type);
  if (arguments.size() != type.params.size())
    return fail(ErrorKind::Usage,
                fmt::format("{} arguments for {} parameters", arguments.size(), type.params.size()));
  slots.clear();
  for (size_t i = 0; i < arguments.size(); ++i) TRY(append(arguments[i], type.params[i], slots));
  size_t result_slots = 0;
  for (const wasm::ValType result : type.results) result_slots += result.slots();
  slots.resize(std::max(slots.size(), result_slots));
  TRY(store_->call(*value->func, slots));
  slots.resize(result_slots);
  return type.results;
}

Result<wasm::ValType> World::get(runtime::Instance& instance, const std::string& field,
                                 std::vector<Slot>& slots) {
  std::optional<runtime::Extern> value = instance.find_export(field);
  if (!value || value->kind != ExternKind::Global)
    return fail(ErrorKind::Usage, fmt::format("no exported global '{}'", field));
  const runtime::VmGlobal* global = value->global->vm();
  slots.assign(std::begin(global->value), std::end(global->value));
  return value->global->type().val;
}

uint64_t World::host_number(runtime::Ref slot) {
  return runtime::Store::extern_value(slot).value_or(~uint64_t{0});
}

}  // namespace godwit::wast
