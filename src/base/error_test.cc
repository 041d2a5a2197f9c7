// Tests of Error and Result.
#include "base/error.h"

#include <gtest/gtest.h>

namespace godwit {
namespace {

Result<int> half(int value) {
  if (value % 2) return fail(Error(ErrorKind::Invalid, "odd").at(0x10));
  return value / 2;
}
Result<int> quarter(int value) {
  ASSIGN_OR_RETURN(const int h, half(value));
  return half(h);
}
Result<> check(int value) {
  TRY(half(value));
  return {};
}

TEST(Error, TravelsThroughTry) {
  EXPECT_EQ(quarter(8).value(), 2);
  EXPECT_EQ(quarter(6).error().message(), "odd");
  EXPECT_FALSE(check(1));
  EXPECT_TRUE(check(2));
}

TEST(Error, DescribesKindOffsetAndFrames) {
  Error error = Error(ErrorKind::Trap, "unreachable")
                    .at(0x2a)
                    .with_backtrace({{"m", "f", 3, 0x2a}, {"", "", 7, kNoOffset}});
  EXPECT_EQ(error.describe(), "trap: unreachable (at byte 0x2a)\n    0: m!f @ 0x2a\n    1: func[7]");
  EXPECT_EQ(std::move(error).in("app.wasm").message(), "app.wasm: unreachable");
}

}  // namespace
}  // namespace godwit
