// Sessions: each kind of command, as it passes and as it fails.
#include "session.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "wasm/builder.h"

namespace godwit::spec {
namespace {

using wasm::CodeBuilder;
using wasm::ModuleBuilder;
using wasm::Opcode;
using wasm::ValKind;

class SpecSession : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("godwit-spec-test-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    start({Depth::Execute, wasm::FeatureSet()});
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void start(const FileScope& scope) {
    Result<std::unique_ptr<Session>> session = Session::create(scope);
    ASSERT_TRUE(session.has_value()) << session.error().describe();
    session_ = std::move(*session);
  }

  std::filesystem::path write(const std::vector<uint8_t>& bytes) {
    const std::filesystem::path file = folder_ / (std::to_string(files_++) + ".wasm");
    std::ofstream(file, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
    return file;
  }

  Outcome run_module(CommandKind kind, const std::vector<uint8_t>& bytes, const std::string& text = {}) {
    return session_->run({.kind = kind, .binary = write(bytes), .text = text});
  }
  Outcome invoke(CommandKind kind, const std::string& field, const std::vector<Value>& expected,
                 const std::string& text = {}) {
    return session_->run({.kind = kind, .text = text, .action = {.field = field}, .expected = expected});
  }

  static Value i32(uint64_t bits) {
    return {.number = ValKind::I32, .lane_bits = 32, .lanes = {{bits, LanePattern::Exact}}};
  }

  // Exports "seven", a function; "trap", which is unreachable; "deep", which calls itself; "global".
  static std::vector<uint8_t> sound_module() {
    ModuleBuilder module;
    const wasm::TypeIdx type = module.type(wasm::FuncType{{}, {ValKind::I32}});
    module.export_as("seven", module.func(type, {}, CodeBuilder().i32(7)));
    module.export_as("trap", module.func(type, {}, CodeBuilder().op(Opcode::unreachable)));
    module.export_as("deep", module.func(type, {}, CodeBuilder().op(Opcode::call, 2)));
    module.export_as("global", module.global({.val = ValKind::I32}, CodeBuilder().i32(9)));
    return module.build();
  }

  static std::vector<uint8_t> invalid_module() {
    ModuleBuilder module;
    module.func(module.type(wasm::FuncType{{}, {ValKind::I32}}), {}, CodeBuilder().i64(7));
    return module.build();
  }

  static std::vector<uint8_t> malformed_module() { return {0, 'a', 's', 'm', 2, 0, 0, 0}; }

  static std::vector<uint8_t> importing_module(const std::string& module_name, const std::string& field) {
    ModuleBuilder module;
    module.import_func(module_name, field, module.type(wasm::FuncType{{}, {ValKind::I32}}));
    return module.build();
  }

  static std::vector<uint8_t> trapping_module() {
    ModuleBuilder module;
    module.start(module.func(module.type(wasm::FuncType{}), {}, CodeBuilder().op(Opcode::unreachable)));
    return module.build();
  }

  std::unique_ptr<Session> session_;

 private:
  std::filesystem::path folder_;
  int files_ = 0;
};

#define EXPECT_PASSED(...) EXPECT_EQ((__VA_ARGS__).verdict, Verdict::Passed)
#define EXPECT_FAILED(...) EXPECT_EQ((__VA_ARGS__).verdict, Verdict::Failed)
#define EXPECT_SKIPPED(reason, ...)               \
  do {                                            \
    const Outcome outcome = (__VA_ARGS__);        \
    EXPECT_EQ(outcome.verdict, Verdict::Skipped); \
    EXPECT_EQ(outcome.skip, reason);              \
  } while (0)

TEST_F(SpecSession, AModuleMustInstantiate) {
  EXPECT_PASSED(run_module(CommandKind::Module, sound_module()));
  EXPECT_FAILED(run_module(CommandKind::Module, invalid_module()));
  EXPECT_FAILED(run_module(CommandKind::Module, malformed_module()));
  EXPECT_FAILED(run_module(CommandKind::Module, trapping_module()));
  EXPECT_FAILED(run_module(CommandKind::Module, importing_module("nobody", "f")));
}

TEST_F(SpecSession, RefusalsMustBeOfTheirKind) {
  EXPECT_PASSED(run_module(CommandKind::AssertInvalid, invalid_module(), "type mismatch"));
  EXPECT_FAILED(run_module(CommandKind::AssertInvalid, sound_module(), "type mismatch"));
  EXPECT_FAILED(run_module(CommandKind::AssertInvalid, malformed_module(), "unknown binary version"));
  EXPECT_PASSED(run_module(CommandKind::AssertMalformed, malformed_module(), "unknown binary version"));
  EXPECT_FAILED(run_module(CommandKind::AssertMalformed, invalid_module(), "type mismatch"));
  EXPECT_FAILED(run_module(CommandKind::AssertMalformed, sound_module(), "unknown binary version"));
}

TEST_F(SpecSession, ResultsMustMatch) {
  ASSERT_EQ(run_module(CommandKind::Module, sound_module()).verdict, Verdict::Passed);
  EXPECT_PASSED(invoke(CommandKind::AssertReturn, "seven", {i32(7)}));
  EXPECT_FAILED(invoke(CommandKind::AssertReturn, "seven", {i32(8)}));
  EXPECT_FAILED(invoke(CommandKind::AssertReturn, "seven", {}));
  EXPECT_FAILED(invoke(CommandKind::AssertReturn, "seven", {i32(7), i32(7)}));
  EXPECT_FAILED(invoke(CommandKind::AssertReturn, "eight", {i32(8)}));
  EXPECT_FAILED(invoke(CommandKind::AssertReturn, "trap", {i32(7)}));
  EXPECT_PASSED(invoke(CommandKind::Action, "seven", {}));
  EXPECT_FAILED(invoke(CommandKind::Action, "trap", {}));
}

TEST_F(SpecSession, GlobalsCanBeRead) {
  ASSERT_EQ(run_module(CommandKind::Module, sound_module()).verdict, Verdict::Passed);
  Command command{.kind = CommandKind::AssertReturn, .action = {.kind = ActionKind::Get, .field = "global"}};
  command.expected = {i32(9)};
  EXPECT_PASSED(session_->run(command));
  command.expected = {i32(7)};
  EXPECT_FAILED(session_->run(command));
}

TEST_F(SpecSession, TrapsMustHappenWithTheirWords) {
  ASSERT_EQ(run_module(CommandKind::Module, sound_module()).verdict, Verdict::Passed);
  EXPECT_PASSED(invoke(CommandKind::AssertTrap, "trap", {}, "unreachable"));
  EXPECT_PASSED(invoke(CommandKind::AssertTrap, "trap", {}, "unreachable executed"));
  EXPECT_FAILED(invoke(CommandKind::AssertTrap, "trap", {}, "integer overflow"));
  EXPECT_FAILED(invoke(CommandKind::AssertTrap, "seven", {}, "unreachable"));
  EXPECT_FAILED(invoke(CommandKind::AssertTrap, "deep", {}, "call stack exhausted")) << "a limit is no trap";
  EXPECT_PASSED(invoke(CommandKind::AssertExhaustion, "deep", {}, "call stack exhausted"));
  EXPECT_FAILED(invoke(CommandKind::AssertExhaustion, "trap", {}, "unreachable"));
  EXPECT_FAILED(invoke(CommandKind::AssertException, "trap", {}));
}

TEST_F(SpecSession, LinkingFindsWhatIsRegistered) {
  EXPECT_PASSED(run_module(CommandKind::AssertUnlinkable, importing_module("m", "seven"), "unknown import"));
  ASSERT_EQ(run_module(CommandKind::Module, sound_module()).verdict, Verdict::Passed);
  EXPECT_PASSED(session_->run({.kind = CommandKind::Register, .as = "m"}));
  EXPECT_FAILED(run_module(CommandKind::AssertUnlinkable, importing_module("m", "seven"), "unknown import"));
  EXPECT_PASSED(
      run_module(CommandKind::AssertUnlinkable, importing_module("m", "global"), "incompatible import type"));
  EXPECT_FAILED(run_module(CommandKind::AssertUnlinkable, importing_module("m", "global"), "unknown import"));
  EXPECT_PASSED(run_module(CommandKind::Module, importing_module("m", "seven")));
  EXPECT_FAILED(session_->run({.kind = CommandKind::Register, .name = "$nobody", .as = "n"}));
}

TEST_F(SpecSession, InstantiationMayTrap) {
  EXPECT_PASSED(run_module(CommandKind::AssertUninstantiable, trapping_module(), "unreachable"));
  EXPECT_FAILED(run_module(CommandKind::AssertUninstantiable, trapping_module(), "integer overflow"));
  EXPECT_FAILED(run_module(CommandKind::AssertUninstantiable, sound_module(), "unreachable"));
  EXPECT_FAILED(
      run_module(CommandKind::AssertUninstantiable, importing_module("nobody", "f"), "unreachable"));
}

TEST_F(SpecSession, DefinitionsAreInstantiatedByName) {
  Command definition{.kind = CommandKind::ModuleDefinition, .binary = write(sound_module()), .name = "$d"};
  EXPECT_PASSED(session_->run(definition));
  EXPECT_PASSED(session_->run({.kind = CommandKind::ModuleInstance, .name = "$i", .module = "$d"}));
  EXPECT_FAILED(session_->run({.kind = CommandKind::ModuleInstance, .name = "$i", .module = "$e"}));
  Command command{.kind = CommandKind::AssertReturn, .action = {.module = "$i", .field = "seven"}};
  command.expected = {i32(7)};
  EXPECT_PASSED(session_->run(command));
}

TEST_F(SpecSession, TextIsSkipped) {
  EXPECT_SKIPPED(Skip::Text,
                 session_->run({.kind = CommandKind::AssertMalformed, .text = "unexpected token"}));
}

TEST_F(SpecSession, OutsideItsScopeNothingRuns) {
  start({Depth::Validate, wasm::FeatureSet()});
  EXPECT_PASSED(run_module(CommandKind::Module, trapping_module()));
  EXPECT_FAILED(run_module(CommandKind::Module, invalid_module()));
  EXPECT_SKIPPED(Skip::NotExecuted, invoke(CommandKind::AssertReturn, "seven", {i32(8)}));
  EXPECT_SKIPPED(Skip::NotExecuted, run_module(CommandKind::AssertUninstantiable, trapping_module(), "x"));
  EXPECT_FAILED(run_module(CommandKind::AssertUninstantiable, invalid_module(), "x"));
  start({Depth::Skip, wasm::FeatureSet()});
  EXPECT_SKIPPED(Skip::NotImplemented, run_module(CommandKind::Module, malformed_module()));
}

}  // namespace
}  // namespace godwit::spec
