// Tests of type equality across recursion groups and modules.
#include "wasm/type_canon.h"

#include <gtest/gtest.h>

namespace godwit::wasm {
namespace {

SubType func(std::vector<ValType> params, std::vector<ValType> results = {}) {
  SubType type;
  type.func = {std::move(params), std::move(results)};
  return type;
}

SubType structure(std::vector<FieldType> fields) {
  SubType type;
  type.kind = CompositeKind::Struct;
  type.is_final = false;
  type.fields = std::move(fields);
  return type;
}

ValType ref(uint32_t index) { return ValType::ref(HeapType(TypeIdx(index)), true); }

std::vector<RecGroup> singles(size_t count) {
  std::vector<RecGroup> groups;
  for (size_t i = 0; i < count; ++i) groups.push_back({TypeIdx(i), 1});
  return groups;
}

TEST(TypeCanon, GivesEqualTypesOneId) {
  TypeCanon canon;
  const std::vector<SubType> types = {func({ValKind::I32}), func({ValKind::I64}), func({ValKind::I32}),
                                      func({}, {ValKind::I32})};
  const auto ids = canon.intern(types, singles(4));
  EXPECT_EQ(ids[0], ids[2]);
  EXPECT_NE(ids[0], ids[1]);
  EXPECT_NE(ids[0], ids[3]);
  EXPECT_EQ(canon.size(), 3u);
}

TEST(TypeCanon, ComparesReferencesByWhatTheyReferTo) {
  TypeCanon canon;
  // 2 and 3 refer to equal types under different indices.
  const std::vector<SubType> types = {func({}), func({}), func({ref(0)}), func({ref(1)}), func({ref(2)})};
  const auto ids = canon.intern(types, singles(5));
  EXPECT_EQ(ids[2], ids[3]);
  EXPECT_NE(ids[4], ids[3]);
}

TEST(TypeCanon, TellsRecursionFromReferenceToAnEqualType) {
  TypeCanon canon;
  // 0 refers to itself; 1, alone in its group, refers to 0: unrolled they look alike, but they are not equal.
  const std::vector<SubType> types = {structure({{ref(0), false}}), structure({{ref(0), false}}),
                                      structure({{ref(2), false}})};
  const auto ids = canon.intern(types, singles(3));
  EXPECT_NE(ids[0], ids[1]);
  EXPECT_EQ(ids[0], ids[2]);
}

TEST(TypeCanon, ComparesGroupsAsAWhole) {
  TypeCanon canon;
  const std::vector<SubType> types = {func({}), structure({}), func({}), structure({}), func({})};
  const std::vector<RecGroup> groups = {{TypeIdx(0), 2}, {TypeIdx(2), 2}, {TypeIdx(4), 1}};
  const auto ids = canon.intern(types, groups);
  EXPECT_EQ(ids[0], ids[2]);
  EXPECT_EQ(ids[1], ids[3]);
  EXPECT_NE(ids[0], ids[4]);
}

TEST(TypeCanon, WorksAcrossModules) {
  TypeCanon canon;
  const std::vector<SubType> first = {func({}), func({ref(0)}), structure({{ref(2), true}, {ref(1), false}})};
  const std::vector<SubType> second = {structure({}), func({}), func({ref(1)}),
                                       structure({{ref(3), true}, {ref(2), false}})};
  const auto a = canon.intern(first, singles(3));
  const auto b = canon.intern(second, singles(4));
  EXPECT_EQ(a[0], b[1]);
  EXPECT_EQ(a[1], b[2]);
  EXPECT_EQ(a[2], b[3]);
  // Indices inside are ids.
  EXPECT_EQ(canon.type(a[2]).fields[0].storage, ref(a[2]));
  EXPECT_EQ(canon.type(a[2]).fields[1].storage, ref(a[1]));
}

TEST(TypeCanon, KnowsDeclaredSubtypes) {
  TypeCanon canon;
  std::vector<SubType> types = {structure({}), structure({{ValKind::I32, false}}),
                                structure({{ValKind::I32, false}})};
  types[1].super = TypeIdx(0);
  types[2].super = TypeIdx(1);
  const auto ids = canon.intern(types, singles(3));
  EXPECT_TRUE(canon.is_subtype(ids[2], ids[0]));
  EXPECT_TRUE(canon.is_subtype(ids[1], ids[1]));
  EXPECT_FALSE(canon.is_subtype(ids[0], ids[2]));
}

TEST(TypeCanon, TakesWhatValidationRefusesLater) {
  TypeCanon canon;
  std::vector<SubType> types = {func({ref(77)}), structure({})};
  types[1].super = TypeIdx(1);
  const auto ids = canon.intern(types, singles(2));
  EXPECT_FALSE(canon.is_subtype(ids[1], ids[0]));
}

}  // namespace
}  // namespace godwit::wasm
