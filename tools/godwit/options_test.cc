// Tests of reading command lines.
#include "options.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace godwit::cli {
namespace {

constexpr OptionSpec kSpecs[] = {
    {"dir", "DIR", ""}, {"quiet", "", "", 'q'}, {"level", "N", "", 'l'}, kHelpOption};

// A command line read to its end: "dir=x", "quiet=", then "| rest"; or "error: …".
std::string read(std::vector<std::string> words, OptionOrder order = OptionOrder::BeforeArguments) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  OptionReader reader(kSpecs, arguments, order);
  std::string text;
  for (;;) {
    auto option = reader.next();
    if (!option) return "error: " + option.error().message;
    if (*option) {
      text += std::string((*option)->spec->name) + "=" + std::string((*option)->value) + " ";
    } else if (order == OptionOrder::BeforeArguments) {
      text += "|";
      for (const char* rest : reader.rest()) text += std::string(" ") + rest;
      return text;
    } else if (auto argument = reader.take_argument()) {
      text += std::string(*argument) + " ";
    } else {
      return text + "|";
    }
  }
}

TEST(OptionReader, ReadsEverySpelling) {
  EXPECT_EQ(read({"--dir", "a", "--dir=b", "-q", "-l", "3", "-l4", "app"}),
            "dir=a dir=b quiet= level=3 level=4 | app");
  EXPECT_EQ(read({"--dir="}), "dir= |");
}

TEST(OptionReader, StopsAtTheFirstArgument) {
  EXPECT_EQ(read({"-q", "app", "--dir", "-q"}), "quiet= | app --dir -q");
  EXPECT_EQ(read({"--", "-q"}), "| -q");
  EXPECT_EQ(read({"-", "-q"}), "| - -q");
  EXPECT_EQ(read({"app", "--", "x"}), "| app -- x");
}

TEST(OptionReader, TakesOptionsAnywhereIfAsked) {
  EXPECT_EQ(read({"a", "-q", "b", "--", "-q"}, OptionOrder::Anywhere), "a quiet= b -q |");
}

TEST(OptionReader, SaysWhatIsWrong) {
  EXPECT_EQ(read({"--qiet"}, OptionOrder::Anywhere), "error: unknown option --qiet; did you mean --quiet?");
  EXPECT_EQ(read({"--quiet=yes"}), "error: --quiet takes no value, but got 'yes'");
  EXPECT_EQ(read({"--dir"}), "error: --dir needs a value: --dir DIR");
  EXPECT_EQ(read({"-x"}), "error: unknown option -x");
  EXPECT_EQ(read({"--zzzz"}, OptionOrder::Anywhere), "error: unknown option --zzzz");
}

}  // namespace
}  // namespace godwit::cli
