// Forms, good and broken.
#include "openai/multipart.h"

#include <gtest/gtest.h>

namespace godwit::openai {
namespace {

constexpr std::string_view kType = "multipart/form-data; charset=utf-8; boundary=\"a;b\"";
constexpr std::string_view kBody =
    "ignored\r\n--a;b\r\nContent-Disposition: form-data; name=\"purpose\"\r\n\r\nuser_data\r\n"
    "--a;b\r\ncontent-disposition: form-data; filename=\"x \\\"y%22; z.txt\"; name=file\r\n"
    "Content-Type: text/plain\r\n\r\none\r\n--a\r\ntwo\r\n--a;b--\r\n";

TEST(Form, HasParts) {
  const auto parts = parse_form(kType, kBody);
  ASSERT_TRUE(parts) << parts.error().message;
  ASSERT_EQ(parts->size(), 2u);
  EXPECT_EQ((*parts)[0].name, "purpose");
  EXPECT_EQ((*parts)[0].content, "user_data");
  EXPECT_EQ((*parts)[1].name, "file");
  EXPECT_EQ((*parts)[1].filename, "x \"y\"; z.txt");
  EXPECT_EQ((*parts)[1].content, "one\r\n--a\r\ntwo");
  const auto empty = parse_form(kType, "--a;b\r\nContent-Disposition: form-data; name=x\r\n\r\n\r\n--a;b--");
  ASSERT_TRUE(empty);
  EXPECT_EQ((*empty)[0].content, "");
  EXPECT_TRUE(parse_form(kType, "--a;b--\r\n")->empty());
}

TEST(Form, MayBeCutAnywhere) {
  for (size_t size = 0; size < kBody.size() - 4; ++size)
    EXPECT_FALSE(parse_form(kType, kBody.substr(0, size))) << size;
}

TEST(Form, HasAType) {
  for (const std::string_view type :
       {"", "application/json", "multipart/form-data", "multipart/form-data; boundary",
        "multipart/form-data; boundary=", "multipart/form-data; bound=a;b"})
    EXPECT_FALSE(parse_form(type, kBody)) << type;
}

}  // namespace
}  // namespace godwit::openai
