// Keys from PEM, and what they sign.
#include "signing.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "openssl.h"

namespace godwit::tls {
namespace {

using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Free<EVP_MD_CTX_free>>;

// A file that is encrypted is refused: nobody is asked for a password.
int no_password(char*, int, int, void*) { return -1; }

template <auto read>
Key read_key(std::string_view pem) {
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  Key key(bio ? read(bio.get(), nullptr, no_password, nullptr) : nullptr);
  if (key && EVP_PKEY_get_base_id(key.get()) != EVP_PKEY_ED25519) key.reset();
  ERR_clear_error();
  return key;
}

}  // namespace

bool sign(std::string_view private_key, std::span<const uint8_t> message, uint8_t* signature) {
  const Key key = read_key<PEM_read_bio_PrivateKey>(private_key);
  const DigestContext context(EVP_MD_CTX_new());
  if (!key || !context) return false;
  size_t size = kSignatureBytes;
  const bool is_made = EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
                       EVP_DigestSign(context.get(), signature, &size, message.data(), message.size()) == 1 &&
                       size == kSignatureBytes;
  ERR_clear_error();
  return is_made;
}

Verdict verify(std::string_view public_key, std::span<const uint8_t> message, const uint8_t* signature) {
  const Key key = read_key<PEM_read_bio_PUBKEY>(public_key);
  if (!key) return Verdict::NoKey;
  const DigestContext context(EVP_MD_CTX_new());
  const bool is_signed =
      context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
      EVP_DigestVerify(context.get(), signature, kSignatureBytes, message.data(), message.size()) == 1;
  ERR_clear_error();
  return is_signed ? Verdict::Signed : Verdict::NotSigned;
}

}  // namespace godwit::tls
