// Script: one .wast file of the specification's test suite as the converter writes it.
// spec: https://github.com/WebAssembly/spec/tree/main/interpreter#scripts
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/error.h"
#include "value.h"

namespace godwit::spec {

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
  AssertMalformed,
  AssertInvalid,
  AssertUnlinkable,
  AssertUninstantiable,
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
  uint32_t line = 0;  // in the .wast file, from 1
  // Module, ModuleDefinition, Assert{Malformed, Invalid, Unlinkable, Uninstantiable}: the binary; empty if there is
  // none, since the module is given as text that only a text parser can judge.
  std::filesystem::path binary = {};
  // Given to the module, the definition or the instance; Register: whose instance.
  std::string name = {};
  std::string module = {};  // ModuleInstance: the definition's name
  std::string as = {};      // Register
  std::string text = {};    // Assert…: the words of the error
  Action action = {};
  std::vector<Value> expected = {};  // AssertReturn
};

struct Script {
  std::string path;  // "wasm-v1/address"
  std::vector<Command> commands;
};

// One line of the converter's index.
struct IndexEntry {
  std::string path;
  uint32_t commands = 0;  // as counted in the text of the script
};

// @errors Io: a file cannot be read. Usage: it is not what the converter writes.
Result<std::vector<IndexEntry>> load_index(const std::filesystem::path& suite);
Result<Script> load_script(const std::filesystem::path& suite, const std::string& path);

// @errors Io
Result<std::vector<uint8_t>> read_file(const std::filesystem::path& path);

}  // namespace godwit::spec
