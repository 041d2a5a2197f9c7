// Mutants: made from their number alone, different from their seeds, none too strange to make.
#include "mutator.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <set>

namespace godwit::mutation {
namespace {

class MutatorTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::temp_directory_path() / ("godwit-mutator-test-" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::vector<uint8_t>& bytes) {
    std::ofstream(folder_ / name, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  }
  Mutator make_mutator(size_t min_bytes = 0, size_t max_bytes = 1000) {
    const std::filesystem::path folders[] = {folder_};
    return Mutator(folders, min_bytes, max_bytes, [](Bytes) { return true; });
  }

  // A type section with one type and a code section that is empty.
  static std::vector<uint8_t> module_bytes() {
    return {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 10, 1, 0};
  }

 private:
  std::filesystem::path folder_;
};

TEST_F(MutatorTest, ANumberAlwaysGivesTheSameMutant) {
  write("a.wasm", module_bytes());
  write("b.wasm", {0, 'a', 's', 'm', 1, 0, 0, 0});
  const Mutator first = make_mutator(), second = make_mutator();
  std::set<std::vector<uint8_t>> different;
  for (uint64_t number = 0; number < 1000; ++number) {
    const Mutant mutant = first.make(number);
    EXPECT_EQ(mutant.bytes, second.make(number).bytes);
    EXPECT_EQ(mutant.origin, second.make(number).origin);
    different.insert(mutant.bytes);
  }
  EXPECT_GT(different.size(), 500u);
}

TEST_F(MutatorTest, TakesOnlySeedsOfTheSizesWanted) {
  write("a.wasm", module_bytes());
  write("b.wasm", {0});
  write("c.txt", module_bytes());
  EXPECT_EQ(make_mutator().seeds(), 2u);
  EXPECT_EQ(make_mutator(2).seeds(), 1u);
  EXPECT_EQ(make_mutator(0, 1).seeds(), 1u);
}

TEST_F(MutatorTest, TakesTheModulesOfScripts) {
  const std::string script =
      "(module (func)) (assert_malformed (module quote \"(func\") \"\") (module binary \"\\00asm\")";
  write("a.wast", {script.begin(), script.end()});
  EXPECT_EQ(make_mutator().seeds(), 2u) << "what is no module is left out";
  EXPECT_TRUE(make_mutator().make(1).origin.find("a.wast:1") != std::string::npos);
}

TEST_F(MutatorTest, SeedsMayBeEmptyOrCutShort) {
  write("a.wasm", {});
  write("b.wasm", {0, 'a', 's'});
  write("c.wasm", {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 0xff});
  write("d.wasm", {0, 'a', 's', 'm', 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff});
  const Mutator mutator = make_mutator();
  for (uint64_t number = 0; number < 1000; ++number) EXPECT_LE(mutator.make(number).bytes.size(), 1000u);
}

}  // namespace
}  // namespace godwit::mutation
