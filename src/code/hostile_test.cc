// Translation takes work in proportion to a body's size, whatever the body, and can be interrupted.
#include <gtest/gtest.h>

#include "code/module_code.h"
#include "code/sequence.h"
#include "code/translate.h"
#include "wasm/decoder.h"
#include "wasm/hostile_modules.h"
#include "wasm/limits.h"
#include "wasm/validator.h"

namespace godwit::code {

namespace {

std::shared_ptr<runtime::Module> module_of(const std::vector<uint8_t>& bytes, runtime::TypeRegistry& types) {
  auto declarations = wasm::decode_copy(bytes);
  EXPECT_TRUE(declarations) << declarations.error().describe();
  return runtime::make_module(std::move(*declarations), types, {});
}

// Translates the last function.
Result<Translation> translation_of(const runtime::Module& module, TranslateOptions options = {}) {
  return translate(module, wasm::FuncIdx(module.declarations.funcs.size() - 1), options);
}

constexpr std::string_view kRefused[] = {"moving branches", "blocks", "calls"};

}  // namespace

TEST(HostileBodies, AreTranslatedInTimeThatTheirSizeBounds) {
  for (const wasm::test::HostileModule& hostile : wasm::test::hostile_modules()) {
    SCOPED_TRACE(hostile.name);
    const uint32_t count = std::min(hostile.max_count / 2, uint32_t{5'000});
    runtime::TypeRegistry types;
    const auto small = module_of(hostile.build(count), types);
    const auto large = module_of(hostile.build(2 * count), types);
    const auto once = translation_of(*small);
    if (std::ranges::find(kRefused, hostile.name) != std::end(kRefused)) {
      ASSERT_FALSE(once);
      EXPECT_EQ(once.error().kind(), ErrorKind::Exhausted);
      continue;
    }
    ASSERT_TRUE(once) << once.error().describe();
    const auto twice = translation_of(*large);
    ASSERT_TRUE(twice) << twice.error().describe();
    EXPECT_LE(once->steps, 8 * small->declarations.bodies.back().range.size);
    EXPECT_LE(twice->steps, 2 * once->steps + 5'000);
  }
}

TEST(HostileBodies, CanBeInterruptedAndTranslatedLater) {
  runtime::TypeRegistry types;
  const auto module = module_of(wasm::test::hostile_modules().front().build(50'000), types);
  constexpr int32_t kNowhere[kHandlerCount] = {};
  ModuleCode code(*module, {kNowhere}, {});
  const auto last = static_cast<uint32_t>(module->declarations.bodies.size() - 1);
  std::atomic<uint64_t> word{1};
  const auto interrupted = code.prepare(last, Interrupt(word));
  ASSERT_FALSE(interrupted);
  EXPECT_EQ(interrupted.error().kind(), ErrorKind::Exhausted);
  EXPECT_EQ(code.entries()[last].load(), nullptr);
  EXPECT_FALSE(translation_of(*module, {.interrupt = Interrupt(word)}));
  word = 0;
  EXPECT_TRUE(code.prepare(last, Interrupt(word)));
  EXPECT_NE(code.entries()[last].load(), nullptr);
}

}  // namespace godwit::code
