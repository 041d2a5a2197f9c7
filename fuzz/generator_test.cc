// Tests of the generator: what it makes is valid, and reaches every instruction that the tier can run.
#include <gtest/gtest.h>

#include <string>

#include "module_generator.h"
#include "random_input.h"
#include "vocabulary.h"
#include "wasm/decoder.h"
#include "wasm/validator.h"

namespace godwit::fuzz {
namespace {

using wasm::Feature;
using wasm::Opcode;

TEST(ModuleGenerator, MakesValidModulesOfAllInstructions) {
  GeneratorOptions everything{.opcodes = {}, .memory64 = true};
  everything.opcodes.set();
  OpcodeSet seen;
  for (uint64_t seed = 0; seed < 600; ++seed) {
    const std::vector<uint8_t> bytes = ModuleGenerator(random_input(seed), everything).build();
    const auto module = wasm::decode_copy(bytes);
    ASSERT_TRUE(module) << "seed " << seed << ": " << module.error().describe();
    const auto valid = wasm::validate(*module);
    ASSERT_TRUE(valid) << "seed " << seed << ": " << valid.error().describe();
    wasm::Instruction instruction;
    for (const wasm::FuncBody& body : module->bodies) {
      wasm::InstructionReader reader(*module, body.range);
      ASSERT_TRUE(reader.locals());
      while (!reader.at_end() && reader.next(instruction)) seen.set(static_cast<size_t>(instruction.op));
    }
  }
  for (size_t i = 0; i < wasm::kOpcodeCount; ++i)
    EXPECT_EQ(seen.test(i), can_generate(static_cast<Opcode>(i))) << wasm::kOpcodes[i].text;
}

TEST(ModuleGenerator, MakesTheSameOfTheSameInput) {
  const Vocabulary vocabulary;
  const std::vector<uint8_t> input = random_input(1);
  EXPECT_EQ(ModuleGenerator(input, vocabulary.options()).build(),
            ModuleGenerator(input, vocabulary.options()).build());
  EXPECT_FALSE(ModuleGenerator({}, vocabulary.options()).build().empty());
}

TEST(Vocabulary, ExecutesAllThatTheTierCanRun) {
  const Vocabulary vocabulary;
  for (size_t i = 0; i < wasm::kOpcodeCount; ++i) {
    const auto op = static_cast<Opcode>(i);
    const Feature feature = wasm::feature_of(op);
    // objects, exceptions and atomics are validated only
    if (feature == Feature::Gc || feature == Feature::Exceptions || feature == Feature::LegacyExceptions ||
        feature == Feature::Threads)
      continue;
    EXPECT_TRUE(vocabulary.options().opcodes.test(i)) << wasm::text_of(op);
  }
}

}  // namespace
}  // namespace godwit::fuzz
