// Script: what a .wast file asks for: modules, calls of their functions, and what must come of them.
// spec: https://github.com/WebAssembly/spec/tree/main/interpreter#scripts
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "text/source.h"
#include "wasm/types.h"

namespace godwit::text {

enum class ValueKind : uint8_t { Number, Reference, Either };

// Number: bit patterns of equal width that fill 4, 8 or 16 bytes, lowest first; a scalar has one.
enum class LanePattern : uint8_t { Exact, CanonicalNan, ArithmeticNan };
struct Lane {
  uint64_t bits = 0;
  LanePattern pattern = LanePattern::Exact;
};

// Reference: null, the host's reference with a number, or any that is not null.
enum class ReferencePattern : uint8_t { Null, Host, NotNull };

// An argument, or what a result must be like.
struct Value {
  ValueKind kind = ValueKind::Number;

  wasm::ValKind number = wasm::ValKind::I32;  // I32, I64, F32, F64 or V128
  uint32_t lane_bits = 32;                    // 8, 16, 32 or 64
  std::vector<Lane> lanes = {};

  ReferencePattern reference = ReferencePattern::Null;
  // Of the reference; scripts also expect a null without a type, which has `any_heap`.
  wasm::HeapType heap = wasm::HeapType::Abstract::Func;
  bool any_heap = false;
  uint64_t host = 0;

  std::vector<Value> alternatives = {};  // Either
};

enum class CommandKind : uint8_t {
  Module,
  ModuleDefinition,
  ModuleInstance,
  Register,
  Action,
  AssertReturn,
  AssertTrap,
  AssertExhaustion,
  AssertException,
  AssertSuspension,
  AssertMalformed,
  AssertInvalid,
  AssertUnlinkable,
  AssertUninstantiable,
  Thread,
  Wait,
};

std::string_view to_string(CommandKind kind);

enum class ActionKind : uint8_t { Invoke, Get };

struct Action {
  ActionKind kind = ActionKind::Invoke;
  std::string module = {};  // empty: the last one
  std::string field = {};
  std::vector<Value> arguments = {};
};

struct Command {
  CommandKind kind = CommandKind::Module;
  uint32_t line = 0;  // from 1
  // Module, ModuleDefinition, Assert{Malformed, Invalid, Unlinkable, Uninstantiable}: the module's range in the text,
  // for parse_module.
  uint32_t begin = 0, end = 0;
  // Given to the module, the definition, the instance or the thread; Register: whose instance; Wait: for which thread.
  std::string name = {};
  std::string module = {};  // ModuleInstance: the definition's name
  std::string as = {};      // Register
  std::string words = {};   // Assert…: the words of the error
  Action action = {};
  std::vector<Value> expected = {};  // AssertReturn
  // Thread: what it runs, and the instances of the script that it shares.
  std::vector<Command> commands = {};
  std::vector<std::string> shared = {};
};

struct Script {
  std::vector<Command> commands;
};

// How many commands there are, those of threads included.
uint32_t count_of(const std::vector<Command>& commands);

// The commands of a text. Modules are only delimited: whether they are well-formed shows when they are needed. A text
// that is the fields of a module is that module.
// @errors Malformed: with the file, the line and a caret.
Result<Script> parse_script(const Source& source);

}  // namespace godwit::text
