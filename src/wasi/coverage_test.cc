// When all tests have run: holds what they made the functions answer against the table in docs/wasi.md.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "wasi/recorded_for_test.h"

namespace godwit::wasi {
namespace {

// All functions, in the order of the tables.
std::vector<std::string> functions() {
  return {
#define GODWIT_WASI_P1(result, name, parameters) #name,
#include "wasi/p1.def"
#define GODWIT_WASI_SOCK_V1(result, name, parameters) #name " (first form)",
#include "wasi/sock_v1.def"
#define GODWIT_WASI_P0(result, name, parameters) "wasi_unstable." #name,
#include "wasi/p0.def"
  };
}

// "| `name` | yes | `Badf` `Fault` |"
std::string row_of(const std::string& function) {
  const std::set<std::string>& answers = coverage()[function];
  std::string errors;
  bool succeeds = false;
  for (const std::string& answer : answers) {
    if (answer == "Success" || answer == "success") succeeds = true;
    else if (answer == "ends") errors += " ends the guest";
    else errors += " `" + answer + "`";
  }
  return "| `" + function + "` | " + (succeeds ? "yes" : "") + " |" + (errors.empty() ? " " : errors) + " |";
}

// The answers that a row names.
std::set<std::string> answers_in(const std::string& row) {
  std::set<std::string> answers;
  std::istringstream words(row.substr(row.find('|', 2)));
  for (std::string word; words >> word;) {
    if (word == "yes") answers.insert("Success");
    if (word == "ends") answers.insert("ends");
    if (word.front() == '`') answers.insert(word.substr(1, word.size() - 2));
  }
  return answers;
}

class CoverageCheck final : public testing::Environment {
 public:
  void TearDown() override {
    if (testing::GTEST_FLAG(filter) != "*" || testing::UnitTest::GetInstance()->Failed()) return;
    if (const char* path = std::getenv("GODWIT_WRITE_COVERAGE")) {
      std::ofstream out(path);
      for (const std::string& function : functions()) out << row_of(function) << "\n";
      return;
    }
    std::ifstream page(GODWIT_SOURCE_DIR "/docs/wasi.md");
    std::map<std::string, std::string> rows;
    for (std::string line; std::getline(page, line);)
      if (line.starts_with("| `")) rows[line.substr(3, line.find('`', 3) - 3)] = line;
    for (const std::string& function : functions()) {
      const auto row = rows.find(function);
      if (row == rows.end()) {
        ADD_FAILURE() << "docs/wasi.md has no row for " << function;
        continue;
      }
      const std::set<std::string> expected = answers_in(row->second);
      const bool may_always_succeed = function == "sched_yield";
      const bool never_succeeds = function == "proc_exit";
      EXPECT_TRUE(never_succeeds || expected.contains("Success"))
          << function << " is never tested to succeed";
      EXPECT_TRUE(may_always_succeed || expected.size() > 1 || never_succeeds)
          << function << " is never tested to fail";
      for (const std::string& answer : expected)
        EXPECT_TRUE(coverage()[function].contains(answer))
            << "no test makes " << function << " answer " << answer << ", as docs/wasi.md says";
    }
  }
};

const auto* const kEnvironment = testing::AddGlobalTestEnvironment(new CoverageCheck);

}  // namespace

Coverage& coverage() {
  static Coverage all;
  return all;
}

std::string name_of(Errno number) {
  switch (number) {
#define GODWIT_WASI_ERRNO(value, name, host, text) \
  case Errno::name: return #name;
#include "wasi/errno.def"
  }
  return "unknown";
}

}  // namespace godwit::wasi
