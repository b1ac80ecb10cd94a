// SPDX-License-Identifier: Apache-2.0
// IPMI's session cryptography on OpenSSL.
#include "lib/ipmi/crypto.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "lib/data/bytes.h"
#include "lib/data/mem.h"

#define AES_BLOCK 16
#define CONSTANT_LEN 20 /* of the constants that make K1 and K2, for every hash */

const struct ipmi_suite ipmi_suites[] = {
    {.id = 17, .authentication = 3, .integrity = 4, .confidentiality = 1, .digest_len = 32, .check_len = 16},
    {.id = 3, .authentication = 1, .integrity = 1, .confidentiality = 1, .digest_len = 20, .check_len = 12},
    {0},
};

const struct ipmi_suite *ipmi_suite_find(uint8_t id)
{
    for (const struct ipmi_suite *suite = ipmi_suites; suite->id; suite++)
        if (suite->id == id)
            return suite;
    return NULL;
}

static void hmac(const struct ipmi_suite *suite, const void *key, size_t key_len, const void *data, size_t len,
                 uint8_t *ret)
{
    unsigned ret_len;

    /* Fails only without memory. */
    if (!HMAC(suite->digest_len == 32 ? EVP_sha256() : EVP_sha1(), key, (int)key_len, data, len, ret, &ret_len))
        abort();
}

/* A message that is put together from parts. */
struct parts {
    uint8_t data[128];
    size_t len;
};

static void add(struct parts *parts, const void *data, size_t len)
{
    memcpy(parts->data + parts->len, data, len);
    parts->len += len;
}

static void add_id(struct parts *parts, uint32_t id)
{
    put_le32(parts->data + parts->len, id);
    parts->len += sizeof(id);
}

static void add_user(struct parts *parts, const struct ipmi_rakp *rakp)
{
    add(parts, &rakp->role, 1);
    add(parts, &rakp->name_len, 1);
    add(parts, rakp->name, rakp->name_len);
}

void ipmi_rakp2_code(const struct ipmi_rakp *rakp, const uint8_t key[IPMI_KEY_MAX], uint8_t ret[IPMI_DIGEST_MAX])
{
    struct parts parts = {.len = 0};

    add_id(&parts, rakp->console);
    add_id(&parts, rakp->bmc);
    add(&parts, rakp->console_random, IPMI_RANDOM_SIZE);
    add(&parts, rakp->bmc_random, IPMI_RANDOM_SIZE);
    add(&parts, rakp->guid, IPMI_GUID_SIZE);
    add_user(&parts, rakp);
    hmac(rakp->suite, key, IPMI_KEY_MAX, parts.data, parts.len, ret);
}

void ipmi_rakp3_code(const struct ipmi_rakp *rakp, const uint8_t key[IPMI_KEY_MAX], uint8_t ret[IPMI_DIGEST_MAX])
{
    struct parts parts = {.len = 0};

    add(&parts, rakp->bmc_random, IPMI_RANDOM_SIZE);
    add_id(&parts, rakp->console);
    add_user(&parts, rakp);
    hmac(rakp->suite, key, IPMI_KEY_MAX, parts.data, parts.len, ret);
}

static void derive(struct ipmi_keys *keys, uint8_t constant, uint8_t *ret)
{
    uint8_t text[CONSTANT_LEN];

    memset(text, constant, sizeof(text));
    hmac(keys->suite, keys->sik, keys->suite->digest_len, text, sizeof(text), ret);
}

void ipmi_rakp_keys(const struct ipmi_rakp *rakp, const uint8_t kg[IPMI_KEY_MAX], struct ipmi_keys *ret)
{
    struct parts parts = {.len = 0};

    ret->suite = rakp->suite;
    add(&parts, rakp->console_random, IPMI_RANDOM_SIZE);
    add(&parts, rakp->bmc_random, IPMI_RANDOM_SIZE);
    add_user(&parts, rakp);
    hmac(rakp->suite, kg, IPMI_KEY_MAX, parts.data, parts.len, ret->sik);
    derive(ret, 1, ret->k1);
    derive(ret, 2, ret->k2);
}

void ipmi_rakp4_code(const struct ipmi_rakp *rakp, const struct ipmi_keys *keys, uint8_t ret[IPMI_DIGEST_MAX])
{
    struct parts parts = {.len = 0};

    add(&parts, rakp->console_random, IPMI_RANDOM_SIZE);
    add_id(&parts, rakp->bmc);
    add(&parts, rakp->guid, IPMI_GUID_SIZE);
    hmac(keys->suite, keys->sik, keys->suite->digest_len, parts.data, parts.len, ret);
}

void ipmi_integrity(const struct ipmi_keys *keys, const void *data, size_t len, uint8_t ret[IPMI_DIGEST_MAX])
{
    hmac(keys->suite, keys->k1, keys->suite->digest_len, data, len, ret);
}

/* Whole blocks, one way or the other. */
static void aes(const struct ipmi_keys *keys, int encrypt, const uint8_t iv[AES_BLOCK], const uint8_t *from, size_t len,
                uint8_t *to)
{
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int out = 0;

    /* Fails only without memory. */
    if (!context || !EVP_CipherInit_ex(context, EVP_aes_128_cbc(), NULL, keys->k2, iv, encrypt) ||
        !EVP_CIPHER_CTX_set_padding(context, 0) || !EVP_CipherUpdate(context, to, &out, from, (int)len))
        abort();
    EVP_CIPHER_CTX_free(context);
}

size_t ipmi_encrypt(const struct ipmi_keys *keys, const uint8_t iv[16], const void *text, size_t len, uint8_t *out)
{
    size_t pad = (AES_BLOCK - (len + 1) % AES_BLOCK) % AES_BLOCK;
    size_t total = len + pad + 1;
    uint8_t *padded = out + AES_BLOCK;

    memmove(padded, text, len);
    for (size_t i = 0; i < pad; i++)
        padded[len + i] = (uint8_t)(i + 1);
    padded[len + pad] = (uint8_t)pad;
    memcpy(out, iv, AES_BLOCK);
    aes(keys, 1, iv, padded, total, padded);
    return AES_BLOCK + total;
}

bool ipmi_decrypt(const struct ipmi_keys *keys, const void *data, size_t len, uint8_t *out, size_t *ret_len)
{
    const uint8_t *iv = data;

    if (len < 2 * AES_BLOCK || len % AES_BLOCK)
        return false;
    len -= AES_BLOCK;
    aes(keys, 0, iv, iv + AES_BLOCK, len, out);
    size_t pad = out[len - 1];
    if (pad >= AES_BLOCK || pad + 1 > len)
        return false;
    for (size_t i = 0; i < pad; i++)
        if (out[len - 1 - pad + i] != i + 1)
            return false;
    *ret_len = len - 1 - pad;
    return true;
}

void ipmi_code_15(enum ipmi_auth auth, const uint8_t password[IPMI_PASSWORD_15], uint32_t session, uint32_t sequence,
                  const void *message, size_t len, uint8_t ret[IPMI_CODE_15_SIZE])
{
    uint8_t numbers[8];

    if (auth == IPMI_AUTH_PASSWORD) {
        memcpy(ret, password, IPMI_PASSWORD_15);
        return;
    }
    put_le32(numbers, session);
    put_le32(numbers + 4, sequence);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    /* Fails only without memory, or where MD5 is forbidden: then IPMI 1.5 cannot be had. */
    if (!context || !EVP_DigestInit_ex(context, EVP_md5(), NULL) ||
        !EVP_DigestUpdate(context, password, IPMI_PASSWORD_15) || !EVP_DigestUpdate(context, numbers, 4) ||
        !EVP_DigestUpdate(context, message, len) || !EVP_DigestUpdate(context, numbers + 4, 4) ||
        !EVP_DigestUpdate(context, password, IPMI_PASSWORD_15) || !EVP_DigestFinal_ex(context, ret, NULL))
        abort();
    EVP_MD_CTX_free(context);
}

bool ipmi_code_equal(const void *a, const void *b, size_t len)
{
    return CRYPTO_memcmp(a, b, len) == 0;
}
