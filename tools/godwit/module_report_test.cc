// Tests of what `godwit inspect` says, of good modules and of damaged ones.
#include "module_report.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "wasm/builder.h"
#include "wasm/features.h"

namespace godwit::cli {
namespace {

using Buffer = std::vector<uint8_t>;

// A module with a bit of everything that is shown.
Buffer sample() {
  Buffer module = {0, 'a', 's', 'm', 1, 0, 0, 0};
  const auto section = [&module](uint8_t id, Buffer contents) {
    module.push_back(id);
    module.push_back(static_cast<uint8_t>(contents.size()));
    module.insert(module.end(), contents.begin(), contents.end());
  };
  section(1, {2, 0x60, 1, 0x7F, 1, 0x7F, 0x60, 0, 0});                   // (i32) -> i32, () -> ()
  section(2, {2, 1, 'm', 1, 'f', 0, 0, 1, 'm', 1, 'g', 3, 0x7F, 1});     // a function, a mutable global
  section(3, {2, 0, 1});                                                 // two functions
  section(4, {1, 0x70, 1, 1, 4});                                        // a table
  section(5, {1, 1, 1, 2});                                              // a memory
  section(13, {1, 0, 1});                                                // a tag
  section(6, {1, 0x7E, 0, 0x42, 5, 0x0B});                               // a global
  section(7, {2, 6, '_', 's', 't', 'a', 'r', 't', 0, 2, 1, 'x', 2, 0});  // exports
  section(8, {2});                                                       // start
  section(10, {2, 5, 0, 0x20, 0, 0xC0, 0x0B, 2, 0, 0x0B});               // i32.extend8_s in a body
  section(0, {9, 'p', 'r', 'o', 'd', 'u', 'c', 'e', 'r', 's', 1, 3, 's', 'd', 'k', 1, 1, 'x', 1, '2'});
  section(0, {4, 'n', 'a', 'm', 'e', 0, 3, 2, 'm', 'y', 1, 4, 1, 1, 1, 'h'});
  return module;
}

Result<ModuleReport> inspect(const Buffer& bytes) {
  auto storage = std::make_shared<Buffer>(bytes);
  return inspect_bytes("test.wasm", storage, *storage);
}

TEST(ModuleReport, KnowsWhatIsInAModule) {
  const auto report = inspect(sample());
  ASSERT_TRUE(report) << report.error().describe();
  EXPECT_EQ(report->sections.size(), 12u);
  EXPECT_EQ(report->sections[0].kind, "type");
  EXPECT_EQ(report->sections[0].entries, 2u);
  EXPECT_EQ(report->sections[0].offset, 10u);
  EXPECT_FALSE(report->sections[8].entries) << "the start section is no list";
  ASSERT_EQ(report->producers.size(), 1u);
  EXPECT_EQ(report->producers[0].field, "sdk");
  EXPECT_EQ(report->producers[0].version, "2");
  const auto features = wasm::FeatureSet::from_bits(report->features);
  EXPECT_TRUE(features.has(wasm::Feature::SignExtension)) << "bodies count";
  EXPECT_TRUE(features.has(wasm::Feature::Exceptions)) << "tags count";
  EXPECT_FALSE(features.has(wasm::Feature::Simd));
}

TEST(ModuleReport, KnowsProposalsThatNoByteShows) {
  using wasm::CodeBuilder;
  using wasm::Feature;
  const auto features_of = [](const wasm::ModuleBuilder& module) {
    const auto report = inspect(module.build());
    return wasm::FeatureSet::from_bits((report ? report->features : ~uint64_t{0}) |
                                       1);  // 1.0 goes without saying
  };
  wasm::ModuleBuilder plain;
  plain.memory({});
  EXPECT_EQ(features_of(plain), wasm::FeatureSet::mvp());
  plain.memory({});
  EXPECT_TRUE(features_of(plain).has(Feature::MultiMemory));
  wasm::ModuleBuilder globals;
  globals.export_as("g", globals.global({wasm::ValKind::I32, true}, CodeBuilder().i32(1)));
  EXPECT_EQ(features_of(globals), wasm::FeatureSet::mvp().enable(Feature::MutableGlobals));
  globals.global({wasm::ValKind::I32, false}, CodeBuilder().i32(1).i32(2).op(wasm::Opcode::i32_add));
  EXPECT_TRUE(features_of(globals).has(Feature::ExtendedConst));
}

TEST(ModuleReport, ShowsTypes) {
  const auto report = inspect(sample());
  ASSERT_TRUE(report);
  const wasm::Module& module = report->module;
  EXPECT_EQ(type_text(module, wasm::ExternKind::Func, 0), "[i32] -> [i32]");
  EXPECT_EQ(type_text(module, wasm::ExternKind::Global, 0), "mut i32");
  EXPECT_EQ(type_text(module, wasm::ExternKind::Table, 0), "funcref, 1 to 4 elements");
  EXPECT_EQ(type_text(module, wasm::ExternKind::Mem, 0), "1 to 2 pages of 64 KiB");
  EXPECT_EQ(type_text(module, wasm::ExternKind::Tag, 0), "[] -> []");
  const std::string text = render_text(*report);
  for (const char* part : {"name       my", "program: run it", "sdk x 2", "sign-extension",
                           "start      func[2]", "imports from m", "_start"})
    EXPECT_NE(text.find(part), std::string::npos) << part << " is not in\n" << text;
}

TEST(ModuleReport, SurvivesDamage) {
  const Buffer whole = sample();
  std::mt19937 random(20260601);
  size_t readable = 0;
  for (int round = 0; round < 5000; ++round) {
    Buffer damaged = whole;
    for (unsigned count = 1 + random() % 3; count > 0; --count)
      damaged[8 + random() % (damaged.size() - 8)] = static_cast<uint8_t>(random());
    if (round % 5 == 0) damaged.resize(8 + random() % (damaged.size() - 8));
    const auto report = inspect(damaged);
    if (!report) continue;
    ++readable;
    EXPECT_FALSE(render_text(*report).empty());
    EXPECT_FALSE(render_json(*report).empty());
  }
  EXPECT_GT(readable, 100u);
}

}  // namespace
}  // namespace godwit::cli
