// The scope file's lines and the lists of commands.
#include "scope.h"

#include <gtest/gtest.h>

namespace godwit::spec {
namespace {

using wasm::Feature;

TEST(SpecScope, TheLastLineThatFitsDecides) {
  Result<Scope> scope = Scope::parse("# note\nexecute 1.0 a/*\n\nvalidate 3.0 a/b*  # why\nskip all a/bc\n");
  ASSERT_TRUE(scope.has_value()) << scope.error().describe();
  EXPECT_EQ(scope->of("a/x").depth, Depth::Execute);
  EXPECT_EQ(scope->of("a/bd").depth, Depth::Validate);
  EXPECT_EQ(scope->of("a/bc").depth, Depth::Skip);
  EXPECT_EQ(scope->of("other").depth, Depth::Validate);
  EXPECT_FALSE(scope->of("a/x").features.has(Feature::MultiValue));
}

TEST(SpecScope, NamesTheLineItCannotRead) {
  for (std::string_view text :
       {"\nexecute 1.0", "\nrun 1.0 a", "\nexecute 1.5 a", "\nexecute 1.0+nothing a", "\nskip all a*b*"}) {
    Result<Scope> scope = Scope::parse(text);
    ASSERT_FALSE(scope.has_value()) << text;
    EXPECT_TRUE(scope.error().message().starts_with("line 2: ")) << scope.error().message();
  }
}

TEST(SpecScope, FeaturesAreAVersionAndChanges) {
  Result<wasm::FeatureSet> features = parse_features("1.0+bulk-memory+sign-extension");
  ASSERT_TRUE(features.has_value());
  EXPECT_TRUE(features->has(Feature::BulkMemory));
  EXPECT_TRUE(features->has(Feature::SignExtension));
  EXPECT_FALSE(features->has(Feature::MultiValue));
  features = parse_features("3.0-multi-memory");
  ASSERT_TRUE(features.has_value());
  EXPECT_TRUE(features->has(Feature::Gc));
  EXPECT_FALSE(features->has(Feature::MultiMemory));
  EXPECT_FALSE(features->has(Feature::Threads)) << "a proposal is part of no version";
}

TEST(SpecScope, PatternsHaveOneStar) {
  EXPECT_TRUE(fits("a/b", "a/b"));
  EXPECT_FALSE(fits("a/b", "a/bc"));
  EXPECT_TRUE(fits("a*c", "abc"));
  EXPECT_TRUE(fits("a*c", "ac"));
  EXPECT_FALSE(fits("ab*ba", "aba")) << "the two parts may not overlap";
}

TEST(SpecScope, ListsNameCommandsWithAReason) {
  Result<CommandList> list = CommandList::parse("# none\na/b:7  because\n");
  ASSERT_TRUE(list.has_value());
  EXPECT_TRUE(list->contains("a/b", 7));
  EXPECT_FALSE(list->contains("a/b", 8));
  EXPECT_FALSE(CommandList::parse("a/b:7").has_value()) << "no reason";
  EXPECT_FALSE(CommandList::parse("a/b:7 x\na/b:7 y").has_value()) << "twice";
}

}  // namespace
}  // namespace godwit::spec
