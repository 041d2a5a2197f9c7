// For tests: modules from bytes to running instances, without an engine.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "code/module_code.h"
#include "interp/executor.h"
#include "interp/table.h"
#include "runtime/instance.h"
#include "runtime/linker.h"
#include "wasm/builder.h"
#include "wasm/decoder.h"
#include "wasm/validator.h"

namespace godwit::interp::testing {

using wasm::CodeBuilder;
using wasm::FuncIdx;
using wasm::FuncType;
using wasm::ModuleBuilder;
using wasm::Opcode;
using wasm::TypeIdx;
using wasm::ValKind;
using wasm::ValType;

// What a call came to: results, or an Error's kind and message.
struct Outcome {
  std::vector<runtime::Slot> slots;
  std::optional<Error> error;

  runtime::Trap trap() const {
    return error ? static_cast<runtime::Trap>(error->code()) : runtime::Trap::None;
  }
  int32_t i32(size_t index = 0) const { return static_cast<int32_t>(slots.at(index)); }
  int64_t i64(size_t index = 0) const { return static_cast<int64_t>(slots.at(index)); }
};

class World final {
 public:
  // @param native compiles each function when it is first called; null: all are interpreted
  explicit World(const runtime::Limits& limits = {}, code::TranslateOptions translate = {},
                 code::NativeTier* native = nullptr)
      : interpreter(native), store(types, interpreter, limits), translate_(translate), native_(native) {}

  std::shared_ptr<runtime::Module> compile(const std::vector<uint8_t>& bytes) {
    auto declarations = wasm::decode_copy(bytes);
    if (!declarations) return ADD_FAILURE() << declarations.error().describe(), nullptr;
    if (auto valid = wasm::validate(*declarations); !valid)
      return ADD_FAILURE() << valid.error().describe(), nullptr;
    auto module = runtime::make_module(std::move(*declarations), types, "test");
    code::ModuleCodeOptions options{.features = {}, .bodies_are_valid = true, .translate = translate_};
    options.native = native_;
    options.compiles_at_once = native_ != nullptr;
    module->code = std::make_unique<code::ModuleCode>(*module, handler_table(), options);
    return module;
  }

  runtime::Instance* instantiate(const std::vector<uint8_t>& bytes) {
    auto module = compile(bytes);
    if (!module) return nullptr;
    auto instance = linker.instantiate(store, module);
    if (!instance) return ADD_FAILURE() << instance.error().describe(), nullptr;
    return *instance;
  }
  runtime::Instance* instantiate(const ModuleBuilder& builder) { return instantiate(builder.build()); }

  Outcome call(runtime::Instance* instance, std::string_view name, std::vector<runtime::Slot> arguments = {},
               size_t least_slots = 1) {
    auto found = instance->find_export(name);
    if (!found) return ADD_FAILURE() << "no export " << name, Outcome{};
    arguments.resize(std::max(arguments.size(), least_slots));
    auto result = store.call(*found->func, arguments);
    if (result) return {std::move(arguments), {}};
    return {{}, std::move(result).error()};
  }

  runtime::TypeRegistry types;
  Interpreter interpreter;
  runtime::Store store;
  runtime::Linker linker;

 private:
  code::TranslateOptions translate_;
  code::NativeTier* native_;
};

}  // namespace godwit::interp::testing
