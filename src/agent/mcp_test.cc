// Tests of messages of MCP, and of the schemas that arguments are checked by.
#include "agent/mcp.h"

#include <gtest/gtest.h>

#include "agent/json_schema.h"
#include "agent/mcp_sessions.h"
#include "openai/json.h"

namespace godwit::agent {
namespace {

namespace json = boost::json;

std::string wrong(std::string_view schema, std::string_view value) {
  const auto holder =
      openai::parse_object(R"({"value":)" + std::string(value) + R"(,"schema":)" + std::string(schema) + "}");
  EXPECT_TRUE(holder) << schema << value;
  return mismatch(holder->at("value"), holder->at("schema")).value_or("fits");
}

TEST(JsonSchemaTest, FindsWhatDoesNotFit) {
  EXPECT_EQ(wrong("true", "1"), "fits");
  EXPECT_EQ(wrong("false", "1"), ": is not allowed");
  EXPECT_EQ(wrong(R"({"type":"integer"})", "3.0"), "fits");
  EXPECT_EQ(wrong(R"({"type":"integer"})", "3.5"), ": must be of type integer");
  EXPECT_EQ(wrong(R"({"type":["string","null"]})", "null"), "fits");
  EXPECT_EQ(wrong(R"({"type":["string","null"]})", "[]"), ": must be of type string or null");
  EXPECT_EQ(wrong(R"({"enum":["a",1]})", "1"), "fits");
  EXPECT_EQ(wrong(R"({"enum":["a",1]})", R"("b")"), ": is none of the values that may be there");
  EXPECT_EQ(wrong(R"({"const":[1]})", "[2]"), ": is another value than may be there");
  EXPECT_EQ(wrong(R"({"required":["a"]})", "{}"), ": lacks 'a'");
  EXPECT_EQ(wrong(R"({"properties":{"a":{"type":"string"}}})", R"({"a":1,"b":2})"),
            "/a: must be of type string");
  EXPECT_EQ(wrong(R"({"properties":{"a":true},"additionalProperties":false})", R"({"a":1,"b":2})"),
            "/b: is not allowed");
  EXPECT_EQ(wrong(R"({"items":{"minimum":2}})", "[2,1]"), "/1: is too small");
  EXPECT_EQ(wrong(R"({"maxItems":1})", "[2,1]"), ": has too many elements");
  EXPECT_EQ(wrong(R"({"maxLength":2})", "\"\u00e4\u00f6\""), "fits");
  EXPECT_EQ(wrong(R"({"minLength":3})", "\"\u00e4\u00f6\""), ": has too few characters");
  EXPECT_EQ(wrong(R"({"exclusiveMaximum":2})", "2"), ": is too large");
}

TEST(McpTest, ReadsMessages) {
  const auto request = mcp::parse(R"({"jsonrpc":"2.0","id":"a","method":"ping"})");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->kind, mcp::Message::Kind::Request);
  const auto notification = mcp::parse(R"({"jsonrpc":"2.0","method":"notifications/x","params":{"a":1}})");
  ASSERT_TRUE(notification);
  EXPECT_EQ(notification->kind, mcp::Message::Kind::Notification);
  EXPECT_EQ(mcp::parse("{").error().substr(0, 50), R"({"jsonrpc":"2.0","id":null,"error":{"code":-32700,)");
}

TEST(McpTest, ForgetsTheSessionThatWasUsedLongestAgo) {
  McpSessions sessions;
  const std::string first = *sessions.begin("a"), second = *sessions.begin("a");
  for (size_t i = 2; i < McpSessions::kMost; i++) ASSERT_TRUE(sessions.begin("a"));
  EXPECT_TRUE(sessions.is_open("a", first));
  EXPECT_FALSE(sessions.is_open("b", first));
  ASSERT_TRUE(sessions.begin("a"));
  EXPECT_TRUE(sessions.is_open("a", first));
  EXPECT_FALSE(sessions.is_open("a", second));
  EXPECT_TRUE(sessions.end("a", first));
  EXPECT_FALSE(sessions.end("a", first));
}

}  // namespace
}  // namespace godwit::agent
