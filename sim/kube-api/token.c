/* SPDX-License-Identifier: Apache-2.0 */
/* Signs and verifies JSON Web Tokens. */
#include "sim/kube-api/token.h"

#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#define PART 32 /* bytes of each half of a signature */
#define TOKEN_MAX 16384

struct kapi_token_key {
    EVP_PKEY *key;
};

struct error *kapi_token_key_new(const char *key_pem, struct kapi_token_key **ret)
{
    BIO *bio = BIO_new_mem_buf(key_pem, -1);
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL) : NULL;

    BIO_free(bio);
    if (!key)
        return error_new(ERROR_INVALID, "the private key cannot be read");
    struct kapi_token_key *token_key = mem_alloc(sizeof(*token_key));
    token_key->key = key;
    *ret = token_key;
    return NULL;
}

void kapi_token_key_free(struct kapi_token_key *key)
{
    if (!key)
        return;
    EVP_PKEY_free(key->key);
    free(key);
}

/* Base64 in the alphabet for URLs, without padding. */
static char *url_encode(const void *data, size_t len)
{
    char *text = str_base64_encode(data, len);

    for (char *at = text; *at; at++) {
        if (*at == '+')
            *at = '-';
        else if (*at == '/')
            *at = '_';
        else if (*at == '=')
            *at = 0;
        if (!*at)
            break;
    }
    return text;
}

static struct error *url_decode(const char *text, size_t len, void **ret, size_t *ret_len)
{
    CLEANUP_STRBUF struct strbuf padded = STRBUF_INIT;

    strbuf_add(&padded, text, len);
    for (size_t i = 0; i < padded.len; i++) {
        if (padded.data[i] == '-')
            padded.data[i] = '+';
        else if (padded.data[i] == '_')
            padded.data[i] = '/';
    }
    while (padded.len % 4)
        strbuf_addc(&padded, '=');
    return str_base64_decode(strbuf_str(&padded), ret, ret_len);
}

/* The two numbers of a signature, side by side, instead of ASN.1. */
static bool to_raw(const unsigned char *der, size_t len, unsigned char raw[2 * PART])
{
    const unsigned char *at = der;
    ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &at, (long)len);
    bool good = sig && BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, PART) == PART &&
                BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + PART, PART) == PART;

    ECDSA_SIG_free(sig);
    return good;
}

struct error *kapi_token_sign(const struct kapi_token_key *key, const struct json *claims, char **ret)
{
    static const char header[] = "{\"alg\":\"ES256\",\"typ\":\"JWT\"}";
    CLEANUP_FREE char *payload = json_print(claims);
    CLEANUP_FREE char *first = url_encode(header, strlen(header)), *second = url_encode(payload, strlen(payload));
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    unsigned char der[128], raw[2 * PART];
    size_t len = sizeof(der);

    strbuf_addf(&text, "%s.%s", first, second);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key->key) == 1 &&
                EVP_DigestSign(context, der, &len, (const unsigned char *)text.data, text.len) == 1 &&
                to_raw(der, len, raw);
    EVP_MD_CTX_free(context);
    if (!good)
        return error_new(ERROR_INTERNAL, "cannot sign a token");
    CLEANUP_FREE char *signature = url_encode(raw, sizeof(raw));
    strbuf_addf(&text, ".%s", signature);
    *ret = strbuf_take(&text);
    return NULL;
}

static bool signature_fits(const struct kapi_token_key *key, const char *text, size_t len,
                           const unsigned char raw[2 * PART])
{
    ECDSA_SIG *sig = ECDSA_SIG_new();
    unsigned char *der = NULL;

    ECDSA_SIG_set0(sig, BN_bin2bn(raw, PART, NULL), BN_bin2bn(raw + PART, PART, NULL));
    int der_len = i2d_ECDSA_SIG(sig, &der);
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool good = der_len > 0 && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key->key) == 1 &&
                EVP_DigestVerify(context, der, (size_t)der_len, (const unsigned char *)text, len) == 1;
    EVP_MD_CTX_free(context);
    OPENSSL_free(der);
    ECDSA_SIG_free(sig);
    return good;
}

struct error *kapi_token_verify(const struct kapi_token_key *key, const char *token, int64_t now, struct json **ret)
{
    const char *first = strchr(token, '.'), *second = first ? strchr(first + 1, '.') : NULL;
    CLEANUP_FREE void *signature = NULL;
    CLEANUP_FREE void *payload = NULL;
    size_t signature_len, payload_len;

    if (!second || strlen(token) > TOKEN_MAX)
        return error_new(ERROR_DENIED, "not a token");
    TRY(url_decode(second + 1, strlen(second + 1), &signature, &signature_len));
    if (signature_len != 2 * PART || !signature_fits(key, token, (size_t)(second - token), signature))
        return error_new(ERROR_DENIED, "the token's signature is wrong");
    TRY(url_decode(first + 1, (size_t)(second - first - 1), &payload, &payload_len));
    CLEANUP(json_free) struct json *claims = NULL;
    TRY(json_parse(payload, payload_len, &claims));
    if (json_int(claims, "exp", 0) <= now || json_int(claims, "nbf", 0) > now)
        return error_new(ERROR_DENIED, "the token has expired");
    *ret = TAKE_PTR(claims);
    return NULL;
}
