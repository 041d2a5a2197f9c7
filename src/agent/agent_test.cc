// Tests of what the agent server decides by itself: schedules, signatures, addresses, texts, values.
#include <gtest/gtest.h>

#include <filesystem>

#include "agent/bindings.h"
#include "agent/cron.h"
#include "agent/database.h"
#include "agent/events.h"
#include "agent/log.h"
#include "agent/outbound.h"
#include "agent/text.h"
#include "agent/webhook.h"

namespace godwit::agent {
namespace {

constexpr uint64_t kMonday_s = 1'767'571'200;  // 2026-01-05 00:00:00 UTC

uint64_t next(std::string_view schedule, uint64_t after) {
  return CronSchedule::parse(schedule)->next_after(after).value_or(0);
}

TEST(CronTest, FindsTheNextMinute) {
  EXPECT_EQ(next("* * * * *", kMonday_s), kMonday_s + 60);
  EXPECT_EQ(next("* * * * *", kMonday_s + 59), kMonday_s + 60);
  EXPECT_EQ(next("*/15 * * * *", kMonday_s), kMonday_s + 900);
  EXPECT_EQ(next("30 6 * * *", kMonday_s), kMonday_s + 6 * 3600 + 1800);
  EXPECT_EQ(next("0 0 * * 1", kMonday_s), kMonday_s + 7 * 86400);
  EXPECT_EQ(next("0 0 * * 7", kMonday_s), kMonday_s + 6 * 86400);
  EXPECT_EQ(next("0 0 6 * 3", kMonday_s), kMonday_s + 86400) << "the 6th, though it is a Tuesday";
  EXPECT_EQ(next("0 0 29 2 *", kMonday_s), 1'835'395'200u) << "2028";
  EXPECT_EQ(next("@monthly", kMonday_s), 1'769'904'000u);
  EXPECT_EQ(next("0 0 31 2 *", kMonday_s), 0u) << "never";
  EXPECT_EQ(next("10-20/5,40 1 * * *", kMonday_s + 3600 + 1200), kMonday_s + 3600 + 2400);
}

TEST(CronTest, RefusesWhatIsNone) {
  for (const char* text : {"", "* * * *", "* * * * * *", "60 * * * *", "a * * * *", "5-1 * * * *",
                           "*/0 * * * *", "1,,2 * * * *", "* * 0 * *"})
    EXPECT_FALSE(CronSchedule::parse(text)) << text;
}

TEST(WebhookTest, ChecksSignatures) {
  net::Fields github;
  // what GitHub's documentation gives as an example
  github.add("X-Hub-Signature-256",
             "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17");
  EXPECT_TRUE(check_webhook(WebhookStyle::GitHub, "It's a Secret to Everybody", github, "Hello, World!", 0));
  EXPECT_FALSE(check_webhook(WebhookStyle::GitHub, "It's a Secret to Everybody", github, "Hello, World?", 0));
  EXPECT_FALSE(check_webhook(WebhookStyle::GitHub, "", github, "Hello, World!", 0));
  EXPECT_FALSE(check_webhook(WebhookStyle::GitHub, "It's a Secret to Everybody", {}, "Hello, World!", 0));
  EXPECT_FALSE(check_webhook(WebhookStyle::Slack, "s", github, "Hello, World!", 0));
}

bool leads_inside(std::string_view ip) { return is_private(*platform::net::parse_ip(ip)); }

TEST(OutboundTest, KnowsPrivateAddresses) {
  for (const char* ip : {"127.0.0.1",       "10.1.2.3",        "172.16.0.1",   "172.31.255.255",
                         "192.168.0.1",     "169.254.169.254", "0.0.0.0",      "100.64.0.1",
                         "224.0.0.1",       "255.255.255.255", "::",           "::1",
                         "fe80::1",         "fd00::1",         "ff02::1",      "::ffff:127.0.0.1",
                         "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::",
                         "2001:db8::1",     "2001:0:1::"})
    EXPECT_TRUE(leads_inside(ip)) << ip;
  for (const char* ip : {"8.8.8.8", "172.32.0.1", "172.15.0.1", "192.167.0.1", "100.128.0.1",
                         "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::"})
    EXPECT_FALSE(leads_inside(ip)) << ip;
}

TEST(OutboundTest, ReadsUrls) {
  const auto url = parse_url("HTTPS://Example.org:8443/a?b=c");
  ASSERT_TRUE(url);
  EXPECT_EQ(url->origin, (net::Origin{.is_tls = true, .host = "example.org", .port = 8443}));
  EXPECT_EQ(url->target, "/a?b=c");
  EXPECT_EQ(parse_url("http://h")->target, "/");
  EXPECT_EQ(parse_url("http://h?q")->target, "/?q");
  EXPECT_EQ(parse_url("http://[::1]:1/")->origin.host, "::1");
  for (const char* text : {"", "h", "ftp://h/", "http://", "http://u@h/", "http://h:0/", "http://h:/",
                           "http://h:99999/", "http://h:1x/", "http://h /", "http://h/a b", "http://[x]/",
                           "http://h\\@g/", "http://h#f", "http://h/a\r\nX: y", "http://h%41/"})
    EXPECT_FALSE(parse_url(text)) << text;
}

TEST(TextTest, WritesJsonStrings) {
  EXPECT_EQ(json_string("a\"b\\c\nd\x01\xc3\xa9\xff"), "\"a\\\"b\\\\c\\nd\\u0001\xc3\xa9\xef\xbf\xbd\"");
  EXPECT_EQ(query_value("a=b%20c+d&e=%zz", "a"), "b c d");
  EXPECT_EQ(query_value("a=b&e=%zz", "e"), "%zz");
  EXPECT_EQ(query_value("a=b", "c"), std::nullopt);
}

TEST(TextTest, ReplacesMembers) {
  EXPECT_EQ(with_member(R"({"a":1})", "model", "\"m\""), R"({"model":"m","a":1})");
  EXPECT_EQ(with_member(R"( {"model" : {"x":[1,"}"]}, "b":"\"}" } )", "model", "1"),
            R"({"model":1,"b":"\"}" })");
  EXPECT_EQ(with_member("{}", "m", "1"), R"({"m":1})");
  for (const char* text : {"", "[]", "{", "{\"a\":1", "{\"mod\\u0065l\":1}", "{} x", "{a:1}", "1"})
    EXPECT_EQ(with_member(text, "model", "1"), std::nullopt) << text;
}

TEST(LogTest, HidesSecretsAndBoundsFloods) {
  Log log;
  log.write(Level::Info, "the key is secret-value, secret-value", {"secret-value"});
  EXPECT_NE(log.read(0).text.find("the key is ***, ***"), std::string::npos);
  EXPECT_EQ(log.read(0).text.find("secret-value"), std::string::npos);
  for (int i = 0; i < 100'000; i++) log.write(Level::Info, std::string(10'000, 'x'), {});
  EXPECT_LE(log.read(0).text.size(), size_t{256} << 10);
  EXPECT_LE(log.read(0).next, 3000u);
}

TEST(DatabaseTest, BoundsWhatStatementsTakeOfMemory) {
  const auto opened = Database::open(":memory:", {.max_bytes = 1 << 20, .is_for_guests = true});
  ASSERT_TRUE(opened.has_value());
  const auto sorts = [&] {
    return (*opened)->run(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000)"
        "SELECT max(length(t)) FROM (SELECT printf('%0300d', i * 7919 % 200003) AS t FROM n ORDER BY t LIMIT "
        "1000000)");
  };
  EXPECT_TRUE(sorts().has_value());
  Database::limit_memory(16 << 20);
  const auto refused = sorts();
  Database::limit_memory(0);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind(), ErrorKind::Exhausted) << refused.error().message();
  EXPECT_TRUE(sorts().has_value());
}

TEST(DatabaseTest, BoundsMemoryByWhoseItIs) {
  const auto sorts = [](MemoryBudget& budget) {
    const auto opened = Database::open(":memory:", {.is_for_guests = true, .memory = &budget});
    EXPECT_TRUE(opened.has_value());
    return (*opened)
        ->run(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000)"
            "SELECT max(length(t)) FROM (SELECT printf('%0300d', i * 7919 % 200003) AS t FROM n ORDER BY t "
            "LIMIT 1000000)")
        .has_value();
  };
  MemoryBudget& small = MemoryBudget::create(4 << 20);
  MemoryBudget& large = MemoryBudget::create(256 << 20);
  for (int i = 0; i < 3; i++) {
    EXPECT_FALSE(sorts(small));
    EXPECT_TRUE(sorts(large));
  }
  EXPECT_TRUE(small.take(4 << 20)) << "all was given back";
}

TEST(DatabaseTest, BoundsListsByTheirLength) {
  const auto nulls = [](uint32_t count) {
    return std::string(reinterpret_cast<const char*>(&count), sizeof count) + std::string(count, '\0');
  };
  EXPECT_TRUE(decode_values(nulls(1000)).has_value());
  EXPECT_FALSE(decode_values(nulls(1001)).has_value());
}

TEST(DatabaseTest, DecodesNoOtherThanLists) {
  EXPECT_TRUE(decode_values({})->empty());
  EXPECT_EQ(decode_values(std::string_view("\1\0\0\0\3\1\0\0\0x", 10))->at(0), SqlValue(std::string("x")));
  for (const std::string_view text :
       {std::string_view("\1\0\0\0", 4), std::string_view("\1\0\0\0\5", 5), std::string_view("\0\0\0\0x", 5),
        std::string_view("\1\0\0\0\3\xff\xff\xff\xffx", 10), std::string_view("\xff\xff\xff\xff\0", 5),
        std::string_view("\1", 1)})
    EXPECT_FALSE(decode_values(text));
}

class EventsTest : public testing::Test {
 protected:
  void SetUp() override {
    directory_ = testing::TempDir() + "godwit-events-" + std::to_string(::getpid());
    std::filesystem::remove_all(directory_);
    open();
  }
  void TearDown() override {
    events_.reset();
    std::filesystem::remove_all(directory_);
  }
  void open() {
    events_.reset();
    events_ = std::move(*Events::open(directory_));
  }
  size_t due(uint64_t now_ms) { return events_->due(now_ms, 100, {}, nullptr)->events.size(); }

  std::string directory_;
  std::unique_ptr<Events> events_;
};

TEST_F(EventsTest, KeepsEventsUntilTheyAreDone) {
  EXPECT_TRUE(*events_->add({.agent = "a", .kind = "queue", .key = "k", .payload = "p"}, 1000,
                            Events::IfKnown::Keep, nullptr));
  EXPECT_EQ(due(999), 0u);
  EXPECT_EQ(events_->due(999, 100, {}, nullptr)->next_ms, 1000u);
  open();
  const auto found = events_->due(1000, 100, {}, nullptr)->events;
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].payload, "p");
  EXPECT_TRUE(events_->due(1000, 100, {found[0].id}, nullptr)->events.empty());
  EXPECT_TRUE(events_->done(found[0].id, 1000, nullptr));
  open();
  EXPECT_EQ(due(5000), 0u);
  EXPECT_FALSE(*events_->add({.agent = "a", .kind = "queue", .key = "k", .payload = "p"}, 1000,
                             Events::IfKnown::Keep, nullptr))
      << "known for a day";
  EXPECT_EQ(due(86'400'000 + 2000), 0u);
  EXPECT_TRUE(*events_->add({.agent = "a", .kind = "queue", .key = "k", .payload = "p"}, 1000,
                            Events::IfKnown::Keep, nullptr));
}

TEST_F(EventsTest, TriesAgainLaterAndLaterAndGivesUp) {
  EXPECT_TRUE(*events_->add({.agent = "a", .kind = "timer", .key = "t", .payload = ""}, 0,
                            Events::IfKnown::Replace, nullptr));
  uint64_t now = 0;
  for (int64_t attempt = 0; attempt < Events::kMostAttempts; attempt++) {
    const auto found = events_->due(now, 100, {}, nullptr)->events;
    ASSERT_EQ(found.size(), 1u) << attempt;
    EXPECT_EQ(found[0].attempts, attempt);
    EXPECT_TRUE(events_->failed(found[0], "no", now, nullptr));
    EXPECT_EQ(due(now + (uint64_t{1000} << attempt) - 1), 0u);
    now += uint64_t{1000} << attempt;
  }
  EXPECT_EQ(due(now), 0u);
  EXPECT_EQ(events_->count(nullptr)->dead, 1);
}

TEST_F(EventsTest, RingsCronJobsOnceForWhatWasMissed) {
  AgentConfig agent;
  agent.name = "a";
  agent.cron = {{.name = "c", .schedule = "* * * * *", .payload = "p"}};
  const uint64_t begin_ms = kMonday_s * 1000;
  EXPECT_TRUE(events_->set_cron({agent}, begin_ms, nullptr));
  EXPECT_EQ(due(begin_ms + 59'000), 0u);
  open();
  EXPECT_TRUE(events_->set_cron({agent}, begin_ms + 600'000, nullptr));
  EXPECT_EQ(due(begin_ms + 600'000), 1u);
  EXPECT_EQ(due(begin_ms + 600'000), 1u) << "the same one";
  EXPECT_TRUE(events_->set_cron({}, begin_ms, nullptr));
  EXPECT_EQ(due(begin_ms + 900'000), 1u) << "no other one rings";
}

TEST(BindingsTest, AreThoseThatTheSdkAndTheWitFileName) {
  const auto read = [](const std::string& path) {
    std::string text;
    if (FILE* file = std::fopen((std::string(GODWIT_SOURCE_DIR) + path).c_str(), "r")) {
      for (int c; (c = std::fgetc(file)) != EOF;) text += static_cast<char>(c);
      std::fclose(file);
    }
    return text;
  };
  const std::string cpp = read("/sdk/cpp/include/godwit/agent.h"), rust = read("/sdk/rust/src/raw.rs"),
                    wit = read("/sdk/wit/agent.wit");
  for (const std::string_view name : Bindings::names()) {
    EXPECT_NE(cpp.find("GODWIT_AGENT_IMPORT(\"" + std::string(name) + "\")"), std::string::npos) << name;
    EXPECT_NE(rust.find("pub fn " + std::string(name) + "("), std::string::npos) << name;
    std::string dashed(name);
    for (char& c : dashed)
      if (c == '_') c = '-';
    EXPECT_NE(wit.find(" " + dashed + ": func("), std::string::npos) << name;
  }
}

}  // namespace
}  // namespace godwit::agent
