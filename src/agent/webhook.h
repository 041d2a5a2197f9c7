// Whether a webhook comes from whom it says.
#pragma once

#include <cstdint>
#include <string_view>

#include "agent/manifest.h"
#include "base/error.h"
#include "net/message.h"

namespace godwit::agent {

// How old a signed request may be, and how far ahead of this machine's clock: where the style carries a time.
inline constexpr uint64_t kReplayWindow_s = 300;

// Checks a request's signature with the secret that both sides know.
//   GitHub    X-Hub-Signature-256: sha256=HMAC(body); carries no time
//   Slack     X-Slack-Signature: v0=HMAC("v0:" time ":" body), X-Slack-Request-Timestamp within kReplayWindow_s
//   Telegram  X-Telegram-Bot-Api-Secret-Token: the secret itself; carries no time
// @errors Usage: forged, too old, or not signed at all; says which.
Result<> check_webhook(WebhookStyle style, std::string_view secret, const net::Fields& fields,
                       std::string_view body, uint64_t now_unix_s);

// What tells one delivery from another: the same for one that comes again as it was. Never empty.
std::string delivery_id(WebhookStyle style, const net::Fields& fields, std::string_view body);

}  // namespace godwit::agent
