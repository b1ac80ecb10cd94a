/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The cryptography of IPMI sessions: cipher suites 3 and 17 of RMCP+ (EMU-292 to 298), and the codes of IPMI 1.5 (EMU-303). Both ends of a
 * session compute the same; keys are the caller's to wipe.
 */
#ifndef LIB_IPMI_CRYPTO_H
#define LIB_IPMI_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/ipmi/wire.h"

#define IPMI_DIGEST_MAX 32
#define IPMI_RANDOM_SIZE 16
#define IPMI_GUID_SIZE 16
#define IPMI_CODE_15_SIZE 16

/* A cipher suite: numbers of its algorithms, and what they amount to. */
struct ipmi_suite {
    uint8_t id, authentication, integrity, confidentiality;
    uint8_t digest_len; /* of the hash: key codes of RAKP 2 and 3 */
    uint8_t check_len;  /* of RAKP 4's code and the trailer of each packet */
};
/* All suites there are, best first; ends with id 0. */
extern const struct ipmi_suite ipmi_suites[];
/* NULL for a number that is not in the table. */
const struct ipmi_suite *ipmi_suite_find(uint8_t id);

/* What both ends know of a handshake when they compute codes. Ids are in the order of the wire. */
struct ipmi_rakp {
    const struct ipmi_suite *suite;
    uint32_t console, bmc;
    uint8_t console_random[IPMI_RANDOM_SIZE], bmc_random[IPMI_RANDOM_SIZE];
    uint8_t guid[IPMI_GUID_SIZE];
    uint8_t role; /* the whole byte of RAKP 1 */
    uint8_t name_len;
    char name[IPMI_NAME_MAX];
};

struct ipmi_keys {
    const struct ipmi_suite *suite;
    uint8_t sik[IPMI_DIGEST_MAX], k1[IPMI_DIGEST_MAX], k2[IPMI_DIGEST_MAX];
};

/* `key` is the user's password, padded with zeros; codes have the suite's digest_len. */
void ipmi_rakp2_code(const struct ipmi_rakp *rakp, const uint8_t key[IPMI_KEY_MAX], uint8_t ret[IPMI_DIGEST_MAX]);
void ipmi_rakp3_code(const struct ipmi_rakp *rakp, const uint8_t key[IPMI_KEY_MAX], uint8_t ret[IPMI_DIGEST_MAX]);
/* `kg` is the BMC's key, or the user's again where it has none. */
void ipmi_rakp_keys(const struct ipmi_rakp *rakp, const uint8_t kg[IPMI_KEY_MAX], struct ipmi_keys *ret);
/* Has the suite's check_len. */
void ipmi_rakp4_code(const struct ipmi_rakp *rakp, const struct ipmi_keys *keys, uint8_t ret[IPMI_DIGEST_MAX]);

/* The integrity code of `len` bytes, check_len long. */
void ipmi_integrity(const struct ipmi_keys *keys, const void *data, size_t len, uint8_t ret[IPMI_DIGEST_MAX]);

#define IPMI_AES_OVERHEAD 32 /* the most that encryption adds: vector, padding */
/* Writes vector, text and padding to `out`, which has room for len + IPMI_AES_OVERHEAD; returns how much that is. */
size_t ipmi_encrypt(const struct ipmi_keys *keys, const uint8_t iv[16], const void *text, size_t len, uint8_t *out);
/* Writes the text to `out`, which has room for `len`; false when it is not properly padded. */
bool ipmi_decrypt(const struct ipmi_keys *keys, const void *data, size_t len, uint8_t *out, size_t *ret_len);

/* The code of an IPMI 1.5 packet (§22.17.1); session and sequence as numbers. */
void ipmi_code_15(enum ipmi_auth auth, const uint8_t password[IPMI_PASSWORD_15], uint32_t session, uint32_t sequence,
                  const void *message, size_t len, uint8_t ret[IPMI_CODE_15_SIZE]);

/* Compares secrets in a time that does not depend on them. */
bool ipmi_code_equal(const void *a, const void *b, size_t len);

#endif
