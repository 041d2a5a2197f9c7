// Webhooks: signatures of GitHub's, Slack's and Telegram's kind.
#include "agent/webhook.h"

#include <charconv>
#include <string>

#include "agent/text.h"
#include "base/sha256.h"

namespace godwit::agent {
namespace {

std::unexpected<Error> refused(std::string why) {
  return fail(ErrorKind::Usage, "webhook refused: " + std::move(why));
}

// spec: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
Result<> check_github(std::string_view secret, const net::Fields& fields, std::string_view body) {
  const std::string* signature = fields.find("x-hub-signature-256");
  if (!signature) return refused("no X-Hub-Signature-256");
  const Digest digest = hmac_sha256(as_bytes(secret), {as_bytes(body)});
  if (!is_same_secret(*signature, "sha256=" + to_hex(digest))) return refused("the signature is another");
  return {};
}

// spec: https://api.slack.com/authentication/verifying-requests-from-slack
Result<> check_slack(std::string_view secret, const net::Fields& fields, std::string_view body,
                     uint64_t now_s) {
  const std::string* signature = fields.find("x-slack-signature");
  const std::string* time = fields.find("x-slack-request-timestamp");
  if (!signature || !time) return refused("no X-Slack-Signature, or no X-Slack-Request-Timestamp");
  uint64_t sent_s = 0;
  const auto [end, error] = std::from_chars(time->data(), time->data() + time->size(), sent_s);
  if (error != std::errc() || end != time->data() + time->size()) return refused("the timestamp is none");
  const uint64_t apart = sent_s > now_s ? sent_s - now_s : now_s - sent_s;
  if (apart > kReplayWindow_s) return refused("it was sent more than five minutes ago, or ahead of time");
  const std::string prefix = "v0:" + *time + ":";
  const Digest digest = hmac_sha256(as_bytes(secret), {as_bytes(prefix), as_bytes(body)});
  if (!is_same_secret(*signature, "v0=" + to_hex(digest))) return refused("the signature is another");
  return {};
}

// spec: https://core.telegram.org/bots/api#setwebhook
Result<> check_telegram(std::string_view secret, const net::Fields& fields) {
  const std::string* token = fields.find("x-telegram-bot-api-secret-token");
  if (!token) return refused("no X-Telegram-Bot-Api-Secret-Token");
  if (!is_same_secret(*token, secret)) return refused("the secret token is another");
  return {};
}

std::string digest_text(std::string_view body) {
  Sha256 hash;
  hash.update(as_bytes(body));
  return to_hex(hash.finish());
}

}  // namespace

Result<> check_webhook(WebhookStyle style, std::string_view secret, const net::Fields& fields,
                       std::string_view body, uint64_t now_unix_s) {
  // an unset secret would let in whoever signs with nothing
  if (secret.empty()) return refused("its secret is empty");
  switch (style) {
    case WebhookStyle::GitHub: return check_github(secret, fields, body);
    case WebhookStyle::Slack: return check_slack(secret, fields, body, now_unix_s);
    case WebhookStyle::Telegram: return check_telegram(secret, fields);
  }
  return refused("of no known style");
}

std::string delivery_id(WebhookStyle style, const net::Fields& fields, std::string_view body) {
  if (style == WebhookStyle::Slack)
    if (const std::string* signature = fields.find("x-slack-signature")) return "slack:" + *signature;
  // GitHub's number of a delivery is not signed, but two that differ in it are two, whatever they say. Telegram numbers its
  // updates in their bodies, and sends one again until it is answered.
  const std::string* number = style == WebhookStyle::GitHub ? fields.find("x-github-delivery") : nullptr;
  return (style == WebhookStyle::GitHub ? "github:" : "telegram:") +
         (number ? *number + ":" : std::string()) + digest_text(body);
}

}  // namespace godwit::agent
