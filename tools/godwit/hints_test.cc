// Tests of hints.
#include "hints.h"

#include <gtest/gtest.h>

namespace godwit::cli {
namespace {

TEST(Hints, SayHowManyThereAre) {
  wasm::Module module;
  module.funcs.resize(3);
  module.memories.resize(1);
  EXPECT_EQ(hint_for("unknown function 3", module), "the module has the functions 0 to 2");
  EXPECT_EQ(hint_for("unknown function 3, in export \"f\"", module), "the module has the functions 0 to 2");
  EXPECT_EQ(hint_for("unknown memory 1", module), "the module has memory 0 only");
  EXPECT_EQ(hint_for("unknown table 0", module), "the module has no tables");
  EXPECT_EQ(hint_for("unknown function 1", module),
            "it comes later in the module: only what stands before may be named here");
  EXPECT_EQ(hint_for("unknown label 1", module), "");
}

TEST(Hints, SayWhatToDo) {
  EXPECT_NE(hint_for("undeclared function reference 1", {}).find("elem declare"), std::string::npos);
  EXPECT_EQ(hint_for("type mismatch: end expects i32, found nothing", {}), "");
}

}  // namespace
}  // namespace godwit::cli
