// The hash, against the examples of the standards, and the message authentication code that is made of it.
#include "base/sha256.h"

#include <gtest/gtest.h>

#include <string>

namespace godwit {
namespace {

std::string hex(const Digest& digest) {
  std::string text;
  for (const uint8_t byte : digest) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

std::string sha256(std::string_view text) {
  Sha256 hash;
  hash.update(as_bytes(text));
  return hex(hash.finish());
}

// spec: https://csrc.nist.gov/CSRC/media/Projects/Cryptographic-Standards-and-Guidelines/documents/examples/SHA256.pdf
TEST(Sha256, GivesTheStandardsExamples) {
  EXPECT_EQ(sha256(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, DoesNotDependOnHowItIsFed) {
  const std::string text(1000, 'x');
  for (size_t cut = 0; cut <= 200; ++cut) {
    Sha256 hash;
    hash.update(as_bytes(text).first(cut));
    hash.update(as_bytes(text).subspan(cut));
    EXPECT_EQ(hex(hash.finish()), sha256(text));
  }
}

// spec: https://www.rfc-editor.org/rfc/rfc4231 (test cases 2 and 6)
TEST(Hmac, GivesTheStandardsExamples) {
  EXPECT_EQ(hex(hmac_sha256(as_bytes("Jefe"), {as_bytes("what do ya want "), as_bytes("for nothing?")})),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  const std::string long_key(131, '\xaa');
  EXPECT_EQ(hex(hmac_sha256(as_bytes(long_key),
                            {as_bytes("Test Using Larger Than Block-Size Key - Hash Key First")})),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Digest, IsComparedWhole) {
  Digest left{}, right{};
  EXPECT_TRUE(is_equal(left, right));
  right[31] = 1;
  EXPECT_FALSE(is_equal(left, right));
}

}  // namespace
}  // namespace godwit
