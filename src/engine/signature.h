// Signatures by Ed25519, which the library behind abi/net.h makes and checks: the executable has no cryptography of its
// own beyond hashes.
#pragma once

#include <array>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"

namespace godwit::engine {

using Signature = std::array<uint8_t, 64>;

// @param private_key  PEM, PKCS #8
// @errors Usage: that is no private Ed25519 key. NotFound, Unsupported: there is no such library.
Result<Signature> sign(std::string_view private_key, Bytes message);

// Whether the owner of the key has signed the message.
// @param public_key  PEM, SubjectPublicKeyInfo
// @errors Usage: that is no public Ed25519 key. NotFound, Unsupported: as above.
Result<bool> is_signed_by(std::string_view public_key, Bytes message, const Signature& signature);

}  // namespace godwit::engine
