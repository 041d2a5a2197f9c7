// Tests of manifests: what they say, and where they are wrong.
#include "agent/manifest.h"

#include <gtest/gtest.h>

namespace godwit::agent {
namespace {

std::string problems_of(std::string_view text) {
  const auto manifest = read_manifest(text, "/base");
  return manifest ? std::string() : describe(manifest.error(), "m");
}

constexpr std::string_view kAgent = "version = 1\n[[agent]]\nname = \"a\"\nmodule = \"a.wasm\"\n";

TEST(ManifestTest, GrantsNothingByItself) {
  const auto manifest = read_manifest(kAgent, "/base");
  ASSERT_TRUE(manifest);
  EXPECT_EQ(platform::net::to_text(manifest->listen), "127.0.0.1:8787");
  EXPECT_EQ(platform::net::to_text(manifest->admin), "127.0.0.1:8788");
  EXPECT_EQ(manifest->state, "/base/state");
  const AgentConfig& agent = manifest->agents.at(0);
  EXPECT_EQ(agent.module, "/base/a.wasm");
  EXPECT_TRUE(agent.hosts.empty() && agent.env.empty() && agent.secrets.empty() && agent.paths.empty());
  EXPECT_TRUE(agent.models.empty() && agent.queues.empty() && agent.routes.empty());
  EXPECT_FALSE(agent.has_kv || agent.has_sql || agent.has_timers);
}

TEST(ManifestTest, ReadsEverything) {
  ASSERT_EQ(::setenv("GODWIT_TEST_SECRET", "value", 1), 0);
  const auto manifest = read_manifest(R"(version = 1
listen = "[::1]:1"
hosts = ["Agents.test"]
[[agent]]
name = "a"
module = "/abs.wasm"
routes = ["/", "/b"]
journal = true
[agent.resident]
key = "header:X-Who"
durable = true
awake = 5
[agent.limits]
memory = "1MiB"
time = "500ms"
concurrency = 3
[[agent.webhook]]
route = "/hook"
style = "slack"
secret = "S"
[[agent.cron]]
name = "nightly"
schedule = "0 3 * * *"
[agent.grants]
hosts = ["API.example.org", "*.example.org:8443", "[::1]:80"]
env = { A = "b" }
sql = true
[[agent.grants.secret]]
name = "S"
env = "GODWIT_TEST_SECRET"
header = "X-Key"
hosts = ["api.example.org"]
)",
                                      "/base");
  ASSERT_TRUE(manifest) << describe(manifest.error(), "m");
  const AgentConfig& agent = manifest->agents.at(0);
  EXPECT_EQ(manifest->hosts.at(0), "agents.test");
  ASSERT_TRUE(agent.resident && agent.has_journal);
  EXPECT_EQ(agent.resident->by, ResidentConfig::By::Header);
  EXPECT_EQ(agent.resident->name, "X-Who");
  EXPECT_TRUE(agent.resident->is_durable);
  EXPECT_EQ(agent.resident->most_awake, 5u);
  EXPECT_EQ(agent.limits.memory_bytes, 1u << 20);
  EXPECT_EQ(agent.limits.time_ns, 500'000'000u);
  EXPECT_EQ(agent.limits.concurrency, 3u);
  EXPECT_EQ(agent.webhooks.at(0).style, WebhookStyle::Slack);
  EXPECT_EQ(agent.secrets.at(0).value, "value");
  EXPECT_TRUE(agent.hosts.at(0).covers("api.example.org", 443));
  EXPECT_TRUE(agent.hosts.at(0).covers("api.EXAMPLE.org", 80));
  EXPECT_FALSE(agent.hosts.at(0).covers("api.example.org", 8080));
  EXPECT_FALSE(agent.hosts.at(0).covers("example.org", 443));
  EXPECT_TRUE(agent.hosts.at(1).covers("x.example.org", 8443));
  EXPECT_FALSE(agent.hosts.at(1).covers("example.org", 8443));
  EXPECT_FALSE(agent.hosts.at(1).covers("evil-example.org", 8443));
  EXPECT_FALSE(agent.hosts.at(0).may_be_private);
  EXPECT_TRUE(agent.hosts.at(2).may_be_private);
}

TEST(ManifestTest, SaysWhereAndWhatIsWrong) {
  EXPECT_EQ(problems_of("version = 1\nlisten = \n").substr(0, 4), "m:2:");
  EXPECT_EQ(problems_of("version = 2\nnew = 1\n"),
            "m:1:11: this godwit reads manifests of version 1, not of version 2: a newer godwit may\n");
  EXPECT_NE(problems_of("").find("a manifest begins with 'version = 1'"), std::string::npos);
  const std::string agent(kAgent);
  EXPECT_EQ(problems_of(agent + "rotes = [\"/\"]\n"),
            "m:5:1: agent has no key 'rotes'; did you mean 'routes'?\n");
  EXPECT_EQ(problems_of(agent + "routes = [\"x\"]\n"),
            "m:5:11: 'x' is no route: \"/\" or \"/path\", without '/' at the end\n");
  EXPECT_EQ(problems_of(agent + "[agent.limits]\nmemory = \"64MB\"\n"),
            "m:6:10: 'memory' must be a size such as \"64MiB\"\n");
  EXPECT_EQ(problems_of(agent + "[agent.grants]\nkv = 1\n"), "m:6:6: 'kv' must be true or false\n");
  EXPECT_EQ(problems_of(agent + "[agent.grants]\nhosts = [\"a b\"]\n"),
            "m:6:10: 'a b' is no host: \"example.org\", \"example.org:8443\", \"*.example.org\"\n");
  EXPECT_EQ(
      problems_of(agent + "[agent.resident]\nkey = \"header\"\n"),
      "m:6:7: 'header' does not say what tells instances apart: \"one\", \"path\", \"header:X-Session\" or "
      "\"query:session\"\n");
  EXPECT_NE(problems_of(agent + "[[agent.cron]]\nname = \"x\"\nschedule = \"61 * * * *\"\n")
                .find("m:7:12: '61' is no minute"),
            std::string::npos);
  EXPECT_NE(problems_of(agent + "[[agent.grants.secret]]\nname = \"s\"\nenv = \"GODWIT_NOT_SET\"\n")
                .find("the environment has no variable"),
            std::string::npos);
  EXPECT_NE(problems_of(agent + "[[agent.webhook]]\nroute = \"/h\"\nstyle = \"github\"\nsecret = \"s\"\n")
                .find("uses the secret 's'"),
            std::string::npos);
}

TEST(ManifestTest, ListensOnThisMachineOnly) {
  for (const char* address : {"0.0.0.0:80", "192.168.1.2:80", "[::]:80", "example.org:80"})
    EXPECT_NE(problems_of("version = 1\nlisten = \"" + std::string(address) + "\"\n"), "") << address;
  for (const char* address : {"127.0.0.1:0", "127.1.2.3:80", "[::1]:80", "localhost:80"})
    EXPECT_EQ(problems_of("version = 1\nlisten = \"" + std::string(address) + "\"\n"), "") << address;
}

TEST(ManifestTest, OthersNeedTlsAndKeys) {
  const std::string manifest = "version = 1\nlisten = \"0.0.0.0:80\"\n";
  EXPECT_NE(problems_of(manifest).find("needs TLS"), std::string::npos);
  EXPECT_NE(problems_of(manifest).find("needs keys"), std::string::npos);
  EXPECT_EQ(
      problems_of("version = 1\nadmin = \"0.0.0.0:80\"\n"),
      "m:2:9: '0.0.0.0:80' is reached from other machines, which needs TLS: [tls] with 'certificate' and "
      "'key', files in PEM; or listen at 127.0.0.1\n");
  EXPECT_NE(problems_of(manifest + "keys = \"/dev/null\"\n").find("can be read by others"),
            std::string::npos);
  EXPECT_NE(problems_of(manifest + "[tls]\ncertificate = \"/nowhere/c\"\n").find("cannot read"),
            std::string::npos);
}

TEST(ManifestTest, ItsTemplateIsOne) { EXPECT_EQ(problems_of(manifest_template("mine")), ""); }

TEST(ManifestTest, ChecksTools) {
  const std::string agent(kAgent);
  EXPECT_EQ(problems_of(agent + "[[agent.tool]]\nname = \"add\"\n[agent.mcp]\nroute = \"/mcp\"\n"), "");
  EXPECT_EQ(problems_of(agent + "[[agent.tool]]\nname = \"a b\"\n"),
            "m:6:8: 'a b' is no name of a tool: letters, digits, _, - and ., 128 at most\n");
  EXPECT_EQ(problems_of(agent + "[[agent.tool]]\nname = \"a\"\ninput = '[]'\n"),
            "m:7:9: 'input' must be a JSON Schema of an object: '{\"type\":\"object\"}'\n");
  EXPECT_EQ(problems_of(agent + "[agent.mcp]\nroute = \"/mcp\"\n"),
            "m:5:1: there are no tools to serve: [[agent.tool]] names them\n");
  EXPECT_EQ(problems_of(agent + "[[agent.grants.mcp]]\nname = \"x\"\nurl = \"http://127.0.0.1:1/\"\n"),
            "m:5:1: 'tools' names the tools that may be called: [\"search\"], or [\"*\"] for all\n");
}

}  // namespace
}  // namespace godwit::agent
