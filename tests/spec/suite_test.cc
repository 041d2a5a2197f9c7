// Counting the commands of scripts.
#include "suite.h"

#include <gtest/gtest.h>

namespace godwit::spec {
namespace {

TEST(SpecSuite, CountsWhatLiesInNoOtherParenthesis) {
  EXPECT_EQ(count_forms(""), 0u);
  EXPECT_EQ(count_forms("(module) (assert_return (invoke \"f\"))\n((@a) module)"), 3u);
  EXPECT_EQ(count_forms("(module binary \")\\\"(\") ;; (module)\n(; (module) (; ;) ) ;) (register \"(\")"),
            2u);
}

TEST(SpecSuite, CountsTheFieldsOfAModuleAsOne) { EXPECT_EQ(count_forms("(func) (memory 0)\n(func)"), 1u); }

}  // namespace
}  // namespace godwit::spec
