// Tests of the compiler's loader.
#include "engine/compiler.h"

#include <gtest/gtest.h>

#include "platform/plugins.h"

namespace godwit::engine {
namespace {

TEST(Compiler, OfAnotherVersionIsRefused) {
  std::vector<std::string> refused;
  for (const std::string& directory : platform::plugin_directories())
    refused.push_back(directory + "/refused");
  const auto compiler = Compiler::load(refused);
  ASSERT_FALSE(compiler);
  EXPECT_EQ(compiler.error().kind(), ErrorKind::Unsupported);
  EXPECT_NE(compiler.error().message().find(
                "speaks version 1.99 of the compiler ABI, this godwit speaks version 1."),
            std::string::npos)
      << compiler.error().message();
}

TEST(Compiler, ThatIsNotThereIsNamed) {
  const auto compiler = Compiler::load({"/no/such/directory"});
  ASSERT_FALSE(compiler);
  EXPECT_EQ(compiler.error().kind(), ErrorKind::NotFound);
  EXPECT_NE(compiler.error().message().find("/no/such/directory"), std::string::npos);
}

}  // namespace
}  // namespace godwit::engine
