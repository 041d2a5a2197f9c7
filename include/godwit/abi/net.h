/* The C11 contract between Godwit and its TLS library: a shared object that exports one symbol.
 *
 *   godwit-net.so  --exports-->  godwit_net_v1()  -->  struct godwit_net (a table of functions)
 *
 * The plug-in never touches the network. A session has two sides, each with a way in and a way out, and whoever
 * uses it moves the bytes:
 *
 *                        write ─▶ ┌─────────┐ ─▶ take     to the peer
 *      the guest's plaintext      │ session │      ciphertext
 *                        read  ◀─ └─────────┘ ◀─ feed     from the peer
 *
 * Whom a client's session believes is decided by its trust: the authorities that may have signed the peer's certificate,
 * which must name the server that the session was made for. There is no way to turn that off. A server's session shows the
 * certificate of its identity, and asks its peer for none.
 *
 * Memory. Whoever allocates, frees: what create_* gives is given back by release_*. What a call takes by pointer is
 * borrowed for that call. A session's buffers are bounded (GODWIT_NET_BUFFER_BYTES for each way): a call takes less
 * than it is offered when they are full. No C++ type and no exception crosses.
 *
 * Threads. Functions of the table may be called from any thread. The host serialises calls on one session; calls on
 * different sessions, of one trust too, may run at the same time. No call blocks.
 *
 * Versions. The symbol's name carries the major version. A later minor version only appends: functions to the table,
 * members to the structures that begin with `struct_size_bytes`. The host takes a library of the same major version
 * and of a minor version up to its own, and refuses any other one, naming both versions.
 */
#ifndef GODWIT_ABI_NET_H
#define GODWIT_ABI_NET_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The version of this header. */
#define GODWIT_NET_ABI_MAJOR 1u
#define GODWIT_NET_ABI_MINOR 2u

/** The name of the one exported symbol; its type is godwit_net_entry. */
#define GODWIT_NET_SYMBOL "godwit_net_v1"

/** About how much a session keeps of what goes one way and has not been fetched: never more than this and a record
 * (16 KiB and a little). */
#define GODWIT_NET_BUFFER_BYTES 32768u

/** What sign() writes. */
#define GODWIT_NET_SIGNATURE_BYTES 64u

/** The outcome of a call. */
typedef int32_t godwit_net_status;
enum {
  GODWIT_NET_OK = 0,
  GODWIT_NET_AGAIN = 1,     /**< read: nothing has come yet */
  GODWIT_NET_CLOSED = 2,    /**< read: the peer has said that no more will come */
  GODWIT_NET_TRUNCATED = 3, /**< read: the peer's bytes ended, and it has not said so */
  GODWIT_NET_NAME = 4,      /**< create_session: that is no name of a server */
  GODWIT_NET_AUTHORITY = 5, /**< the certificate comes from nobody who is trusted */
  GODWIT_NET_HOST = 6,      /**< the certificate is another server's */
  GODWIT_NET_EXPIRED = 7,   /**< the certificate, or one above it, is not valid now */
  GODWIT_NET_UNTRUSTED = 8, /**< the certificate is refused for another reason */
  GODWIT_NET_ALERT = 9,     /**< the peer ended the session with an alert */
  GODWIT_NET_CORRUPT = 10,  /**< what came was not TLS, or was changed on the way */
  GODWIT_NET_PEER = 11, /**< the peer does what the protocol forbids, or speaks no common version or cipher */
  GODWIT_NET_NO_MEMORY = 12, /**< the library has none */
  GODWIT_NET_FAILED = 13     /**< anything else */
};

/** A run of bytes that somebody else owns. `data` may be null where the size is 0. */
struct godwit_net_bytes {
  const uint8_t* data;
  uint64_t size_bytes;
};

/** Receives words for people about a failed call. `text` is UTF-8 without a line end; borrowed for the call. */
struct godwit_net_explain {
  void* user; /**< the first argument of `explain` */
  void (*explain)(void* user, const char* text, uint64_t size_bytes);
};

/** Certificates of authorities in PEM: one or more. */
struct godwit_net_authorities {
  const char* name; /**< NUL-terminated, for messages only */
  struct godwit_net_bytes pem;
};

/** Who is trusted. */
struct godwit_net_trust_request {
  uint32_t struct_size_bytes;
  /** Not 0: the authorities that the system trusts; where those lie is the library's affair. */
  uint32_t trusts_system;
  uint32_t authority_count; /**< of `authorities` */
  /** Those who are trusted, too. */
  const struct godwit_net_authorities* authorities;
};

/** How a session stands. */
struct godwit_net_state {
  uint32_t struct_size_bytes;
  uint8_t is_handshaking; /**< not 0: the peer is not known yet */
  uint8_t wants_read;     /**< not 0: it has use for bytes of the peer's */
  uint8_t has_closed;     /**< not 0: the peer has said that no more will come */
  uint32_t to_take_bytes; /**< ciphertext for the peer */
  uint32_t to_read_bytes; /**< plaintext from the peer */
};

/** Since 1.2. Who a server is. */
struct godwit_net_identity_request {
  uint32_t struct_size_bytes;
  struct godwit_net_bytes certificates; /**< PEM: its own first, then those above it */
  struct godwit_net_bytes private_key;  /**< PEM, not encrypted */
  /** Protocols that it speaks, the best first, each after its length in a byte: "\x08http/1.1". Clients that name others only
   * are refused, those that name none are not. */
  struct godwit_net_bytes protocols;
};

struct godwit_net_trust;    /**< opaque: the library's own structure */
struct godwit_net_identity; /**< opaque: the library's own structure */
struct godwit_net_session;  /**< opaque: the library's own structure */

/** The table. Every member is set. It is constant, and lives as long as the shared object stays loaded. */
struct godwit_net {
  uint32_t struct_size_bytes;
  uint32_t abi_major; /**< GODWIT_NET_ABI_MAJOR of the header that the library was built with */
  uint32_t abi_minor;
  const char* revision; /**< of the library inside, for people */

  /** @param trust receives a reference that release_trust gives back
   *  @returns GODWIT_NET_FAILED: a text has no certificate, or one that cannot be read */
  godwit_net_status (*create_trust)(const struct godwit_net_trust_request* request,
                                    const struct godwit_net_explain* explain,
                                    struct godwit_net_trust** trust);
  /** Sessions keep what they need of it. */
  void (*release_trust)(struct godwit_net_trust* trust);

  /** Starts a client's session.
   *  @param name of the server: a host's, or an address in digits; not terminated
   *  @param session receives a reference that release_session gives back */
  godwit_net_status (*create_session)(struct godwit_net_trust* trust, struct godwit_net_bytes name,
                                      struct godwit_net_session** session);
  void (*release_session)(struct godwit_net_session* session);

  /** Says how a session stands.
   *  @param state its struct_size_bytes says how much of it is filled */
  void (*state)(const struct godwit_net_session* session, struct godwit_net_state* state);

  /** Takes bytes that came from the peer. They are worked on by advance().
   *  @returns how many it took, from the front: fewer than there are when it is full */
  uint64_t (*feed)(struct godwit_net_session* session, struct godwit_net_bytes from_peer);
  /** Says that no more bytes will come from the peer. */
  void (*feed_end)(struct godwit_net_session* session);

  /** Works on what was fed: goes on with the handshake, deciphers. An error stays: every later call gives it again.
   *  There may be an alert to take after an error, too. */
  godwit_net_status (*advance)(struct godwit_net_session* session, const struct godwit_net_explain* explain);

  /** Gives ciphertext for the peer. @returns how many bytes it wrote to `to`, 0 if there is none */
  uint64_t (*take)(struct godwit_net_session* session, uint8_t* to, uint64_t room_bytes);

  /** Takes plaintext for the peer: before the end of the handshake, it is kept until then.
   *  @param taken_bytes receives how many it took, from the front; 0 when it is full */
  godwit_net_status (*write)(struct godwit_net_session* session, struct godwit_net_bytes plain,
                             uint64_t* taken_bytes);

  /** Gives plaintext from the peer.
   *  @param size_bytes receives how many bytes were written to `to`; more than 0 with GODWIT_NET_OK, unless the room is
   *    0 */
  godwit_net_status (*read)(struct godwit_net_session* session, uint8_t* to, uint64_t room_bytes,
                            uint64_t* size_bytes);

  /** Tells the peer that no more will come. */
  void (*close)(struct godwit_net_session* session);

  /** Since 1.1. Signs a message by Ed25519.
   *  @param private_key PEM, PKCS #8, not encrypted
   *  @param signature   receives GODWIT_NET_SIGNATURE_BYTES bytes
   *  @returns GODWIT_NET_OK, or GODWIT_NET_FAILED: that is no such key */
  godwit_net_status (*sign)(struct godwit_net_bytes private_key, struct godwit_net_bytes message,
                            uint8_t* signature);
  /** Since 1.1. Whether the owner of a key has signed a message.
   *  @param public_key PEM, SubjectPublicKeyInfo
   *  @param signature  GODWIT_NET_SIGNATURE_BYTES bytes
   *  @returns GODWIT_NET_OK; GODWIT_NET_UNTRUSTED: not so; GODWIT_NET_FAILED: that is no such key */
  godwit_net_status (*verify)(struct godwit_net_bytes public_key, struct godwit_net_bytes message,
                              const uint8_t* signature);

  /** Since 1.2. @param identity receives a reference that release_identity gives back
   *  @returns GODWIT_NET_FAILED: a text has no certificate or no key, or they do not belong together */
  godwit_net_status (*create_identity)(const struct godwit_net_identity_request* request,
                                       const struct godwit_net_explain* explain,
                                       struct godwit_net_identity** identity);
  /** Since 1.2. Sessions keep what they need of it. */
  void (*release_identity)(struct godwit_net_identity* identity);

  /** Since 1.2. Starts a server's session; release_session gives it back. */
  godwit_net_status (*create_server_session)(struct godwit_net_identity* identity,
                                             struct godwit_net_session** session);
  /** Since 1.2. As create_session.
   *  @param protocols that the client would speak, as in godwit_net_identity_request */
  godwit_net_status (*create_client_session)(struct godwit_net_trust* trust, struct godwit_net_bytes name,
                                             struct godwit_net_bytes protocols,
                                             struct godwit_net_session** session);
  /** Since 1.2. The protocol that both sides speak, without its length; empty before the end of the handshake, and if none
   *  was agreed on. Borrowed until the session is released. */
  struct godwit_net_bytes (*protocol)(const struct godwit_net_session* session);
};

/** The type of the exported symbol. Takes the host's version so that a library may adapt to an older one.
 *  @returns the table, never null */
typedef const struct godwit_net* (*godwit_net_entry)(uint32_t host_abi_major, uint32_t host_abi_minor);

/** Put before the definition of the entry point: it is exported even where all else is hidden. */
#define GODWIT_NET_EXPORT __attribute__((visibility("default")))

/** What the library exports under GODWIT_NET_SYMBOL. */
GODWIT_NET_EXPORT const struct godwit_net* godwit_net_v1(uint32_t host_abi_major, uint32_t host_abi_minor);

#ifdef __cplusplus
}
#endif

#endif
