/* SPDX-License-Identifier: Apache-2.0 */
/* Message digests on OpenSSL's EVP interface. */
#include "lib/data/digest.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"

struct digest {
    EVP_MD_CTX *context;
};

static const EVP_MD *find_algorithm(const char *name)
{
    if (str_equal(name, "md5"))
        return EVP_md5();
    if (str_equal(name, "sha256"))
        return EVP_sha256();
    return str_equal(name, "sha512") ? EVP_sha512() : NULL;
}

static _Noreturn void broken(const char *what)
{
    fprintf(stderr, "digest: %s failed\n", what);
    abort();
}

struct error *digest_new(const char *algorithm, struct digest **ret)
{
    const EVP_MD *type = find_algorithm(algorithm);
    if (!type)
        return error_new(ERROR_UNSUPPORTED, "checksum algorithm \"%s\" is not supported: use md5, sha256 or sha512",
                         algorithm ? algorithm : "");
    CLEANUP(digest_free) struct digest *digest = mem_alloc(sizeof(*digest));
    digest->context = EVP_MD_CTX_new();
    if (!digest->context)
        broken("EVP_MD_CTX_new");
    if (!EVP_DigestInit_ex(digest->context, type, NULL)) /* a FIPS provider refuses md5 */
        return error_new(ERROR_UNSUPPORTED, "OpenSSL on this machine does not offer %s", algorithm);
    *ret = TAKE_PTR(digest);
    return NULL;
}

void digest_free(struct digest *digest)
{
    if (!digest)
        return;
    EVP_MD_CTX_free(digest->context);
    free(digest);
}

void digest_update(struct digest *digest, const void *data, size_t len)
{
    if (!EVP_DigestUpdate(digest->context, data, len))
        broken("EVP_DigestUpdate");
}

char *digest_finish(struct digest *digest)
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (!EVP_DigestFinal_ex(digest->context, bytes, &len))
        broken("EVP_DigestFinal_ex");
    return str_hex_encode(bytes, len);
}

char *digest_hex(const char *algorithm, const void *data, size_t len)
{
    CLEANUP(digest_free) struct digest *digest = NULL;
    struct error *err = digest_new(algorithm, &digest);
    if (err)
        broken(error_message(err));
    digest_update(digest, data, len);
    return digest_finish(digest);
}
