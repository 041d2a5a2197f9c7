// Sessions: each kind of command, as it passes and as it fails.
#include "wast/session.h"

#include <gtest/gtest.h>

namespace godwit::wast {
namespace {

// Exports "seven", a function; "trap", which is unreachable; "deep", which calls itself; "global".
constexpr const char* kSound =
    "(module $sound (func (export \"seven\") (result i32) i32.const 7)"
    "  (func (export \"trap\") (result i32) unreachable)"
    "  (func $deep (export \"deep\") (result i32) (call $deep))"
    "  (global (export \"global\") i32 (i32.const 9)))";
constexpr const char* kInvalid = "(module (func (result i32) i64.const 7))";
constexpr const char* kMalformed = "(module binary \"\\00asm\\02\\00\\00\\00\")";
constexpr const char* kTrapping = "(module (func $f unreachable) (start $f))";

std::string importing(const std::string& module, const std::string& field) {
  return "(module (import \"" + module + "\" \"" + field + "\" (func (result i32))))";
}
std::string asserting(const std::string& what, const std::string& of, const std::string& words) {
  return "(assert_" + what + " " + of + " \"" + words + "\")";
}
std::string call(const std::string& field) { return "(invoke \"" + field + "\")"; }

// The outcomes of the commands of `text`, run one after another.
std::vector<Outcome> run(const std::string& text, const Scope& scope = {.depth = Depth::Execute}) {
  const text::Source source{.name = "test", .text = text};
  Result<text::Script> script = text::parse_script(source);
  EXPECT_TRUE(script.has_value()) << (script ? "" : script.error().describe());
  Result<std::unique_ptr<Session>> session = Session::create(source, scope);
  EXPECT_TRUE(session.has_value()) << (session ? "" : session.error().describe());
  std::vector<Outcome> outcomes;
  if (!script || !session) return outcomes;
  for (const Command& command : script->commands) outcomes.push_back((*session)->run(command));
  return outcomes;
}

Outcome last(const std::string& text, const Scope& scope = {.depth = Depth::Execute}) {
  const std::vector<Outcome> outcomes = run(text, scope);
  return outcomes.empty() ? Outcome{.verdict = Verdict::Failed, .message = "no command"} : outcomes.back();
}

// Of a command after the module kSound.
Outcome after_sound(const std::string& command) { return last(std::string(kSound) + command); }

#define EXPECT_PASSED(...)                                          \
  do {                                                              \
    const Outcome outcome = (__VA_ARGS__);                          \
    EXPECT_EQ(outcome.verdict, Verdict::Passed) << outcome.message; \
  } while (0)
#define EXPECT_FAILED(...) EXPECT_EQ((__VA_ARGS__).verdict, Verdict::Failed)
#define EXPECT_SKIPPED(reason, ...)               \
  do {                                            \
    const Outcome outcome = (__VA_ARGS__);        \
    EXPECT_EQ(outcome.verdict, Verdict::Skipped); \
    EXPECT_EQ(outcome.skip, reason);              \
  } while (0)

TEST(WastSession, AModuleMustInstantiate) {
  EXPECT_PASSED(last(kSound));
  EXPECT_FAILED(last(kInvalid));
  EXPECT_FAILED(last(kMalformed));
  EXPECT_FAILED(last(kTrapping));
  EXPECT_FAILED(last("(module (func (nonsense)))"));
  EXPECT_FAILED(last(importing("nobody", "f")));
}

TEST(WastSession, RefusalsMustBeOfTheirKind) {
  EXPECT_PASSED(last(asserting("invalid", kInvalid, "type mismatch")));
  EXPECT_FAILED(last(asserting("invalid", kSound, "type mismatch")));
  EXPECT_FAILED(last(asserting("invalid", kMalformed, "unknown binary version")));
  EXPECT_PASSED(last(asserting("malformed", kMalformed, "unknown binary version")));
  EXPECT_FAILED(last(asserting("malformed", kInvalid, "type mismatch")));
  EXPECT_FAILED(last(asserting("malformed", kSound, "unknown binary version")));
  EXPECT_PASSED(last(asserting("malformed", "(module quote \"(func (nonsense))\")", "unknown operator")));
  EXPECT_FAILED(last(asserting("malformed", "(module quote \"(func)\")", "unknown operator")));
}

TEST(WastSession, ResultsMustMatch) {
  EXPECT_PASSED(after_sound("(assert_return (invoke \"seven\") (i32.const 7))"));
  EXPECT_PASSED(after_sound("(assert_return (invoke $sound \"seven\") (i32.const 7))"));
  EXPECT_FAILED(after_sound("(assert_return (invoke $other \"seven\") (i32.const 7))"));
  EXPECT_FAILED(after_sound("(assert_return (invoke \"seven\") (i32.const 8))"));
  EXPECT_FAILED(after_sound("(assert_return (invoke \"seven\"))"));
  EXPECT_FAILED(after_sound("(assert_return (invoke \"seven\") (i32.const 7) (i32.const 7))"));
  EXPECT_FAILED(after_sound("(assert_return (invoke \"eight\") (i32.const 8))"));
  EXPECT_FAILED(after_sound("(assert_return (invoke \"trap\") (i32.const 7))"));
  EXPECT_FAILED(after_sound("(assert_return (invoke \"seven\" (i32.const 1)) (i32.const 7))"));
  EXPECT_PASSED(after_sound("(invoke \"seven\")"));
  EXPECT_FAILED(after_sound("(invoke \"trap\")"));
}

TEST(WastSession, GlobalsCanBeRead) {
  EXPECT_PASSED(after_sound("(assert_return (get \"global\") (i32.const 9))"));
  EXPECT_FAILED(after_sound("(assert_return (get \"global\") (i32.const 7))"));
}

TEST(WastSession, TrapsMustHappenWithTheirWords) {
  EXPECT_PASSED(after_sound(asserting("trap", call("trap"), "unreachable")));
  EXPECT_PASSED(after_sound(asserting("trap", call("trap"), "unreachable executed")));
  EXPECT_FAILED(after_sound(asserting("trap", call("trap"), "integer overflow")));
  EXPECT_FAILED(after_sound(asserting("trap", call("seven"), "unreachable")));
  EXPECT_FAILED(after_sound(asserting("trap", call("deep"), "call stack exhausted"))) << "a limit is no trap";
  EXPECT_PASSED(after_sound(asserting("exhaustion", call("deep"), "call stack exhausted")));
  EXPECT_FAILED(after_sound(asserting("exhaustion", call("trap"), "unreachable")));
  EXPECT_FAILED(after_sound("(assert_exception (invoke \"trap\"))"));
}

TEST(WastSession, LinkingFindsWhatIsRegistered) {
  EXPECT_PASSED(last(asserting("unlinkable", importing("m", "seven"), "unknown import")));
  const std::string registered = "(register \"m\")";
  EXPECT_PASSED(after_sound(registered));
  EXPECT_FAILED(after_sound(registered + asserting("unlinkable", importing("m", "seven"), "unknown import")));
  EXPECT_PASSED(after_sound(registered +
                            asserting("unlinkable", importing("m", "global"), "incompatible import type")));
  EXPECT_FAILED(
      after_sound(registered + asserting("unlinkable", importing("m", "global"), "unknown import")));
  EXPECT_PASSED(after_sound(registered + importing("m", "seven")));
  EXPECT_FAILED(after_sound("(register \"n\" $nobody)"));
}

TEST(WastSession, InstantiationMayTrap) {
  EXPECT_PASSED(last(asserting("trap", kTrapping, "unreachable")));
  EXPECT_FAILED(last(asserting("trap", kTrapping, "integer overflow")));
  EXPECT_FAILED(last(asserting("trap", kSound, "unreachable")));
  EXPECT_FAILED(last(asserting("trap", importing("nobody", "f"), "unreachable")));
}

TEST(WastSession, DefinitionsAreInstantiatedByName) {
  const std::string definition = "(module definition $d (func (export \"seven\") (result i32) i32.const 7))";
  EXPECT_PASSED(last(definition));
  EXPECT_FAILED(last(definition + "(assert_return (invoke \"seven\") (i32.const 7))")) << "it is no instance";
  EXPECT_PASSED(
      last(definition + "(module instance $i $d) (assert_return (invoke $i \"seven\") (i32.const 7))"));
  EXPECT_FAILED(last(definition + "(module instance $i $e)"));
  EXPECT_PASSED(last(definition + "(module instance)"));
}

constexpr const char* kShared = "(module $m (memory (export \"memory\") 1 1 shared))";
std::string thread(const std::string& name, const std::string& body, const std::string& more = {}) {
  return "(thread " + name + " (shared (module $m)) (register \"m\" $m)" +
         "(module (memory (import \"m\" \"memory\") 1 1 shared) (func (export \"run\") (result i32) " + body +
         "))" + more + ")";
}

TEST(WastSession, ThreadsShareMemories) {
  const std::string waits = "(i32.const 0) (i32.const 0) (i64.const -1) (memory.atomic.wait32)";
  const std::string wakes =
      "(loop $again (br_if $again (i32.eqz (memory.atomic.notify (i32.const 0) (i32.const 1))))) (i32.const "
      "7)";
  const std::string script = kShared + thread("$a", waits, "(assert_return (invoke \"run\") (i32.const 0))") +
                             thread("$b", wakes, "(assert_return (invoke \"run\") (i32.const 7))");
  for (const Outcome& each : run(script + "(wait $a) (wait $b)")) EXPECT_PASSED(each);
}

TEST(WastSession, WhatFailsInAThreadFailsWhereItIsWaitedFor) {
  const std::string wrong =
      kShared + thread("$a", "(i32.const 7)", "(assert_return (invoke \"run\") (i32.const 8))");
  EXPECT_PASSED(last(wrong));
  EXPECT_FAILED(last(wrong + "(wait $a)"));
  EXPECT_FAILED(last(wrong + "(wait $b)"));
  EXPECT_FAILED(last("(thread $a (shared (module $nobody)))"));
  EXPECT_PASSED(last(kShared + thread("$a", "(loop (br 0)) unreachable",
                                      "(invoke \"run\")")));  // and the end of the session interrupts it
}

TEST(WastSession, OutsideItsScopeNothingRuns) {
  const Scope validate{.depth = Depth::Validate};
  EXPECT_PASSED(last(kTrapping, validate));
  EXPECT_FAILED(last(kInvalid, validate));
  EXPECT_SKIPPED(Skip::NotExecuted, last("(assert_return (invoke \"seven\") (i32.const 8))", validate));
  EXPECT_SKIPPED(Skip::NotExecuted, last(asserting("trap", kTrapping, "x"), validate));
  EXPECT_FAILED(last(asserting("trap", kInvalid, "x"), validate));
  EXPECT_SKIPPED(Skip::NotImplemented, last(kMalformed, {.depth = Depth::Skip}));
}

TEST(WastSession, FeaturesThatAreOffAreMalformed) {
  const Scope mvp{.depth = Depth::Execute, .features = wasm::FeatureSet::mvp()};
  EXPECT_PASSED(
      last(asserting("malformed", "(module (func (drop (i32.extend8_s (i32.const 0)))))", "x"), mvp));
}

}  // namespace
}  // namespace godwit::wast
