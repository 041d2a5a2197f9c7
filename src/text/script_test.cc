// Scripts: their commands, lines and values.
#include "text/script.h"

#include <gtest/gtest.h>

namespace godwit::text {
namespace {

Script parse(std::string_view text) {
  Result<Script> script = parse_script({.name = "test.wast", .text = text});
  EXPECT_TRUE(script.has_value()) << (script ? "" : script.error().message());
  return script ? std::move(*script) : Script();
}

TEST(TextScript, CommandsHaveKindsAndLines) {
  const std::string_view text =
      "(module $m (func))\n(module definition $d binary \"\") (module instance $i $d)\n"
      "(register \"r\" $m)\n(invoke \"f\" (i32.const 1))\n(assert_return (get $m \"g\") (f64.const "
      "nan:canonical))\n"
      "(assert_trap (invoke \"f\") \"words\") (assert_trap (module) \"words\")\n(assert_exception (invoke "
      "\"f\"))\n"
      "(assert_malformed (module quote \"(\") \"w\")(assert_exhaustion (invoke \"f\") "
      "\"w\")(assert_unlinkable (module) \"w\")";
  const Script script = parse(text);
  std::vector<CommandKind> kinds;
  for (const Command& command : script.commands) kinds.push_back(command.kind);
  using enum CommandKind;
  EXPECT_EQ(kinds, (std::vector<CommandKind>{Module, ModuleDefinition, ModuleInstance, Register, Action,
                                             AssertReturn, AssertTrap, AssertUninstantiable, AssertException,
                                             AssertMalformed, AssertExhaustion, AssertUnlinkable}));
  EXPECT_EQ(script.commands[0].name, "m");
  EXPECT_EQ(text.substr(script.commands[0].begin, script.commands[0].end - script.commands[0].begin),
            "(module $m (func))");
  EXPECT_EQ(script.commands[2].module, "d");
  EXPECT_EQ(script.commands[3].as, "r");
  EXPECT_EQ(script.commands[4].line, 4u);
  EXPECT_EQ(script.commands[5].action.kind, ActionKind::Get);
  EXPECT_EQ(script.commands[5].action.module, "m");
  EXPECT_EQ(script.commands[5].expected[0].lanes[0].pattern, LanePattern::CanonicalNan);
  EXPECT_EQ(script.commands[6].words, "words");
  EXPECT_EQ(script.commands[8].line, 7u);
}

TEST(TextScript, ThreadsHaveCommandsOfTheirOwn) {
  const Script script = parse(
      "(thread $t (shared (module $m)) (register \"m\" $m) (module) (assert_return (invoke \"f\"))) (wait "
      "$t)");
  ASSERT_EQ(script.commands.size(), 2u);
  EXPECT_EQ(script.commands[0].name, "t");
  EXPECT_EQ(script.commands[0].shared, std::vector<std::string>{"m"});
  EXPECT_EQ(script.commands[0].commands.size(), 3u);
  EXPECT_EQ(script.commands[1].kind, CommandKind::Wait);
  EXPECT_EQ(count_of(script.commands), 5u);
}

TEST(TextScript, TheFieldsOfAModuleAreAModule) {
  const Script script = parse(";; a comment\n(func) (memory 0)");
  ASSERT_EQ(script.commands.size(), 1u);
  EXPECT_EQ(script.commands[0].kind, CommandKind::Module);
  EXPECT_TRUE(parse(" ;; nothing\n").commands.empty());
}

TEST(TextScript, RefusesWhatIsNoCommand) {
  for (const char* text :
       {"(nonsense)", "func", "(assert_return)", "(assert_return (invoke f))", "(assert_trap (invoke \"f\"))",
        "(module", "(assert_return (invoke \"f\") (i33.const 1))",
        "(assert_return (invoke \"f\") (i32.const 4294967296))",
        "(assert_return (invoke \"f\") (i32.const 1x))",
        "(assert_return (invoke \"f\") (v128.const i8x16 1))",
        "(assert_return (invoke \"f\") (either (either (i32.const 1))))", "(thread $a (thread $b))", "(wait)",
        "(module) )"})
    EXPECT_FALSE(parse_script({.name = "test.wast", .text = text}).has_value()) << text;
}

}  // namespace
}  // namespace godwit::text
