// Running generated modules.
#include "trial.h"

#include <bit>
#include <cmath>

#include "interp/table.h"
#include "module_generator.h"
#include "peak/direct_calls.h"
#include "peak/libcalls.h"
#include "platform/plugins.h"
#include "runtime/layout_hash.h"
#include "wasm/decoder.h"
#include "wasm/validator.h"

namespace godwit::fuzz {

using runtime::Slot;
using wasm::ExternKind;
using wasm::ValKind;
using wasm::ValType;

namespace {

constexpr runtime::Limits limits(bool collects_always) {
  return {.max_memory_bytes = 1 << 20,
          .max_table_elements = 1000,
          .max_gc_heap_bytes = 64 << 20,
          .stack_bytes = 1 << 20,
          .native_stack_bytes = 256 << 10,
          .gc_collects_always = collects_always};
}

// The compiler, loaded once; null: there is none.
const engine::Compiler* optimizing_compiler() {
  static const auto compiler = engine::Compiler::load(platform::plugin_directories());
  return compiler ? &*compiler : nullptr;
}

constexpr uint64_t kLittleFuel = 300, kMuchFuel = uint64_t{1} << 40;

constexpr size_t kCodeBytes = size_t{16} << 20;

uint64_t mix(uint64_t hash, uint64_t value) { return std::rotl((hash ^ value) * 0x9E3779B97F4A7C15, 29); }

uint64_t hash_of(Bytes bytes) {
  uint64_t hash = bytes.size();
  for (const uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001B3;
  return hash;
}

uint32_t slots_of(const std::vector<ValType>& types) {
  uint32_t slots = 0;
  for (const ValType type : types) slots += type.slots();
  return slots;
}

void add_value(std::string& trace, ValType type, const Slot* slot) {
  trace += ' ';
  switch (type.kind()) {
    case ValKind::I32: trace += std::to_string(static_cast<uint32_t>(*slot)); return;
    case ValKind::F32: {
      const auto bits = static_cast<uint32_t>(*slot);
      trace += std::isnan(std::bit_cast<float>(bits)) ? "nan" : "f" + std::to_string(bits);
      return;
    }
    case ValKind::F64:
      trace += std::isnan(std::bit_cast<double>(*slot)) ? "nan" : "d" + std::to_string(*slot);
      return;
    case ValKind::V128: trace += std::to_string(slot[0]) + ":" + std::to_string(slot[1]); return;
    case ValKind::Ref: trace += *slot == 0 ? "null" : "ref"; return;
    default: trace += std::to_string(*slot);
  }
}

// The `set`-th argument of a type.
void make_argument(ValType type, uint32_t set, runtime::Ref some_extern, Slot* slot) {
  static constexpr uint64_t kIntegers[] = {0, 5, 0xFFFF'FFFF'8000'0003};
  const uint64_t integer = kIntegers[set];
  switch (type.kind()) {
    case ValKind::F32:
      *slot = std::bit_cast<uint32_t>(static_cast<float>(static_cast<int32_t>(integer)) * 0.5f);
      return;
    case ValKind::F64: *slot = std::bit_cast<uint64_t>(static_cast<double>(integer) * 0.125); return;
    case ValKind::V128:
      slot[0] = integer;
      slot[1] = ~integer * 3;
      return;
    case ValKind::Ref: *slot = type == wasm::kExternRef && set == 1 ? some_extern : 0; return;
    default: *slot = integer * (set + 1);
  }
}

// The generator's "env" "f": (i32 i64) -> (i64).
bool host_function(void* env, runtime::VmContext*, Slot* slots) {
  auto& calls = *static_cast<uint64_t*>(env);
  calls = mix(mix(calls, static_cast<uint32_t>(slots[0])), slots[1]);
  slots[0] = slots[1] * 3 + 1;
  return true;
}

}  // namespace

bool has_optimizing_compiler() { return optimizing_compiler() != nullptr; }

Trial::Trial(code::TranslateOptions translate, bool collects_always, Tier tier)
    : baseline_(tier == Tier::Interpreter || tier == Tier::Peak || !jit::Baseline::is_possible()
                    ? nullptr
                    : std::make_unique<jit::Baseline>(
                          interp::handler_table(), interp::stop_code(),
                          jit::BaselineOptions{.code_limit_bytes = kCodeBytes,
                                               .has_ways_in_chosen = tier == Tier::Random})),
      interpreter_(baseline_.get()),
      store_(types_, know_compiled_code(), limits(collects_always)),
      translate_(translate),
      tier_(tier) {
  translate_.count = baseline_ && tier == Tier::Random;
}

// Before there is a store.
interp::Interpreter& Trial::know_compiled_code() {
  interpreter_.know_compiled_code(
      &peak::kLibcalls, peak::direct_calls(),
      [this](uintptr_t pc, runtime::Lookup lookup) { return code_map_.locate(pc, lookup); });
  return interpreter_;
}

Result<std::shared_ptr<const code::CompiledFunctions>> Trial::compile(const runtime::Module& module) {
  const engine::Compiler* compiler = optimizing_compiler();
  if (compiler == nullptr) return fail(ErrorKind::Unsupported, "there is no optimising compiler");
  left_out_.clear();
  ASSIGN_OR_RETURN(auto image, compiler->compile(module.declarations.bytes,
                                                 {.features = {},
                                                  .optimization = 2,
                                                  .has_precise_traps = true,
                                                  .counts_fuel = translate_.charge,
                                                  .left_out =
                                                      [&](uint32_t defined, std::string_view why) {
                                                        left_out_ += "function " + std::to_string(defined) +
                                                                     ": " + std::string(why) + "\n";
                                                      }},
                                                 {}));
  peak::install_fault_landing();
  return peak::CompiledModule::load(code_map_, module, peak::OwnedImage(std::move(image)),
                                    runtime::layout_of_code(translate_.charge));
}

Result<std::shared_ptr<runtime::Module>> Trial::load(Bytes bytes) {
  ASSIGN_OR_RETURN(wasm::Module declarations, wasm::decode_copy(bytes));
  TRY(wasm::validate(declarations));
  std::shared_ptr<runtime::Module> module = runtime::make_module(std::move(declarations), types_, "fuzz");
  // half of all modules count their fuel, and half of those have little of it
  const uint64_t kind = hash_of(bytes) % 4;
  translate_.charge = kind < 2;
  fuel_ = kind == 0 ? kLittleFuel : kMuchFuel;
  code::ModuleCodeOptions options{.features = {}, .bodies_are_valid = true, .translate = translate_};
  options.native = baseline_.get();
  options.compiles_at_once = baseline_ && tier_ == Tier::Baseline;
  if (tier_ == Tier::Peak) {
    ASSIGN_OR_RETURN(options.compiled, compile(*module));
  }
  if (translate_.count) options.switch_seed = static_cast<uint32_t>(hash_of(bytes));
  module->code = std::make_unique<code::ModuleCode>(*module, interp::handler_table(), options);
  return module;
}

Result<std::vector<runtime::Extern>> Trial::imports(const runtime::Module& module) {
  std::vector<runtime::Extern> externs;
  const wasm::Module& declared = module.declarations;
  const Slot zeros[2] = {};
  for (const wasm::Import& import : declared.imports) {
    runtime::Extern value;
    value.kind = import.kind;
    switch (import.kind) {
      case ExternKind::Func:
        value.func = store_.new_host_func(types_.func_type(module.func_type_id(wasm::FuncIdx(import.index))),
                                          host_function, &host_calls_);
        break;
      case ExternKind::Table: {
        ASSIGN_OR_RETURN(value.table, store_.new_table(declared.tables[import.index].type, 0));
        break;
      }
      case ExternKind::Mem: {
        ASSIGN_OR_RETURN(value.memory, store_.new_memory(declared.memories[import.index]));
        break;
      }
      case ExternKind::Global:
        value.global = store_.new_global(declared.globals[import.index].type, zeros);
        break;
      case ExternKind::Tag: return fail(ErrorKind::Unsupported, "generated modules import no tags");
    }
    externs.push_back(value);
  }
  return externs;
}

void Trial::call(runtime::Instance& instance, const wasm::Export& item, std::string& trace) {
  runtime::FuncRecord& func = *instance.func(wasm::FuncIdx(item.index));
  const wasm::FuncType& type = types_.func_type(func.type);
  const auto fuel = instance.find_export("fuel");
  for (uint32_t set = 0; set < kCallsPerFunction; ++set) {
    if (fuel) fuel->global->vm()->value[0] = ModuleGenerator::kFuel;
    store_.set_fuel(fuel_);
    std::vector<Slot> slots(std::max({slots_of(type.params), slots_of(type.results), 1u}));
    uint32_t at = 0;
    for (const ValType param : type.params) {
      make_argument(param, set, store_.new_extern(7).value_or(0), &slots[at]);
      at += param.slots();
    }
    trace.append(item.name).append(":");
    if (const Result<> result = store_.call(func, slots)) {
      ++ended_;
      ++returned_;
      at = 0;
      for (const ValType one : type.results) {
        add_value(trace, one, &slots[at]);
        at += one.slots();
      }
    } else {
      const Error& error = result.error();
      const bool is_refused = error.kind() == ErrorKind::Unsupported || error.kind() == ErrorKind::Exhausted;
      ++(is_refused ? refused_ : ended_);
      // which address it was, is only known where the processor has found it
      trace.append(" ").append(error.message(), 0, error.message().find(": address"));
      for (const Frame& frame : error.backtrace())
        trace.append(" ").append(std::to_string(frame.function_index) + "@" + std::to_string(frame.offset));
    }
    if (translate_.charge) trace.append(" fuel ").append(std::to_string(fuel_ - store_.fuel()));
    trace += '\n';
  }
}

std::string Trial::run(const std::shared_ptr<runtime::Module>& module) {
  ended_ = returned_ = refused_ = 0;
  std::string trace;
  const auto externs = imports(*module);
  if (!externs) return "imports: " + externs.error().describe();
  const auto instantiated = runtime::instantiate(store_, module, *externs);
  if (!instantiated) return "instantiation: " + instantiated.error().describe();
  runtime::Instance& instance = **instantiated;
  for (const wasm::Export& item : module->declarations.exports)
    if (item.kind == ExternKind::Func) call(instance, item, trace);

  for (const wasm::Export& item : module->declarations.exports) {
    const runtime::Extern value = instance.get(item.kind, item.index);
    trace.append(item.name).append(":");
    if (item.kind == ExternKind::Mem) {
      trace +=
          " " + std::to_string(value.memory->pages()) + " " + std::to_string(hash_of(value.memory->bytes()));
    } else if (item.kind == ExternKind::Table) {
      for (const runtime::Ref& element : value.table->elements())
        add_value(trace, value.table->type().elem, &element);
    } else if (item.kind == ExternKind::Global) {
      add_value(trace, value.global->type().val, value.global->vm()->value);
    }
    trace += '\n';
  }
  return trace + "host: " + std::to_string(host_calls_) + "\n";
}

}  // namespace godwit::fuzz
