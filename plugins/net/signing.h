// Ed25519, by OpenSSL.
// spec: https://www.rfc-editor.org/rfc/rfc8032
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace godwit::tls {

inline constexpr size_t kSignatureBytes = 64;

// False: the text is no private Ed25519 key in PEM.
bool sign(std::string_view private_key, std::span<const uint8_t> message, uint8_t* signature);

enum class Verdict : uint8_t { Signed, NotSigned, NoKey };
Verdict verify(std::string_view public_key, std::span<const uint8_t> message, const uint8_t* signature);

}  // namespace godwit::tls
