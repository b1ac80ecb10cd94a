/* SPDX-License-Identifier: Apache-2.0 */
/* Makes keys and X.509 certificates with OpenSSL; see pki.h. */
#include "lib/net/pki.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include "lib/data/str.h"

static void free_bio(BIO **bio)
{
    BIO_free_all(*bio);
}
static void free_x509(X509 **cert)
{
    X509_free(*cert);
}
static void free_key(EVP_PKEY **key)
{
    EVP_PKEY_free(*key);
}
#define CLEANUP_BIO __attribute__((cleanup(free_bio)))
#define CLEANUP_X509 __attribute__((cleanup(free_x509)))
#define CLEANUP_KEY __attribute__((cleanup(free_key)))

static struct error *openssl_error(enum error_kind kind, const char *what)
{
    char text[256] = "unknown reason";
    unsigned long code = ERR_peek_error();

    if (code)
        ERR_error_string_n(code, text, sizeof(text));
    ERR_clear_error();
    return error_new(kind, "%s: %s", what, text);
}

void pki_pair_release(struct pki_pair *pair)
{
    if (!pair)
        return;
    free(pair->cert_pem);
    mem_free_secret(pair->key_pem);
    *pair = (struct pki_pair){0};
}

static bool add_extension(X509 *cert, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX context;

    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, issuer, cert, NULL, NULL, 0);
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
    bool ok = extension && X509_add_ext(cert, extension, -1);
    X509_EXTENSION_free(extension);
    return ok;
}

/* Alternative names go in one by one, not through OpenSSL's text syntax, in which a comma would start another name. */
static bool add_alt_names(X509 *cert, const char *const *names)
{
    GENERAL_NAMES *list = GENERAL_NAMES_new();
    bool ok = list;

    for (; ok && *names; names++) {
        GENERAL_NAME *name = GENERAL_NAME_new();
        unsigned char address[16];
        int address_len = inet_pton(AF_INET, *names, address) == 1    ? 4
                          : inet_pton(AF_INET6, *names, address) == 1 ? 16
                                                                      : 0;
        ASN1_STRING *value = address_len ? (ASN1_STRING *)ASN1_OCTET_STRING_new() : (ASN1_STRING *)ASN1_IA5STRING_new();
        ok = name && value &&
             (address_len ? ASN1_STRING_set(value, address, address_len) : ASN1_STRING_set(value, *names, -1));
        if (ok) {
            GENERAL_NAME_set0_value(name, address_len ? GEN_IPADD : GEN_DNS, value);
            ok = sk_GENERAL_NAME_push(list, name) > 0;
        }
        if (!ok) {
            ASN1_STRING_free(value);
            GENERAL_NAME_free(name);
        }
    }
    ok = ok && X509_add1_ext_i2d(cert, NID_subject_alt_name, list, 0, 0) == 1;
    GENERAL_NAMES_free(list);
    return ok;
}

static bool add_name(X509_NAME *name, int nid, const char *text)
{
    return X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, (const unsigned char *)text, -1, -1, 0);
}

static bool fill_subject(X509 *cert, const struct pki_request *request)
{
    X509_NAME *name = X509_get_subject_name(cert);

    for (const char *const *o = request->organizations; o && *o; o++)
        if (!add_name(name, NID_organizationName, *o))
            return false;
    return add_name(name, NID_commonName, request->common_name);
}

static bool fill_validity(X509 *cert, const struct pki_request *request)
{
    time_t start = (time_t)(request->not_before / TIME_S);

    return ASN1_TIME_adj(X509_getm_notBefore(cert), start, 0, 0) &&
           ASN1_TIME_adj(X509_getm_notAfter(cert), start, request->days, 0);
}

static bool fill_extensions(X509 *cert, X509 *issuer, const struct pki_request *request)
{
    const char *usage = request->server && request->client ? "serverAuth,clientAuth"
                        : request->server                  ? "serverAuth"
                        : request->client                  ? "clientAuth"
                                                           : NULL;

    if (!add_extension(cert, issuer, NID_basic_constraints, request->ca ? "critical,CA:TRUE" : "critical,CA:FALSE") ||
        !add_extension(cert, issuer, NID_key_usage,
                       request->ca ? "critical,digitalSignature,keyCertSign,cRLSign" : "critical,digitalSignature"))
        return false;
    if (usage && !add_extension(cert, issuer, NID_ext_key_usage, usage))
        return false;
    if (!add_extension(cert, issuer, NID_subject_key_identifier, "hash") ||
        !add_extension(cert, issuer, NID_authority_key_identifier, "keyid"))
        return false;
    return !request->alt_names || !request->alt_names[0] || add_alt_names(cert, request->alt_names);
}

static bool fill_certificate(X509 *cert, X509 *issuer, EVP_PKEY *key, const struct pki_request *request)
{
    unsigned char serial[16];
    BIGNUM *number;
    bool ok;

    if (RAND_bytes(serial, sizeof(serial)) != 1)
        return false;
    serial[0] = (unsigned char)((serial[0] & 0x7f) | 0x40); /* positive, and never zero */
    number = BN_bin2bn(serial, sizeof(serial), NULL);
    ok = number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(cert));
    BN_free(number);
    return ok && X509_set_version(cert, X509_VERSION_3) && fill_validity(cert, request) &&
           fill_subject(cert, request) && X509_set_issuer_name(cert, X509_get_subject_name(issuer)) &&
           X509_set_pubkey(cert, key) && fill_extensions(cert, issuer, request);
}

static struct error *read_issuer(const struct pki_pair *issuer, X509 **ret_cert, EVP_PKEY **ret_key)
{
    CLEANUP_BIO BIO *cert_bio = BIO_new_mem_buf(issuer->cert_pem, -1);
    CLEANUP_BIO BIO *key_bio = BIO_new_mem_buf(issuer->key_pem, -1);
    X509 *cert = PEM_read_bio_X509(cert_bio, NULL, NULL, NULL);

    if (!cert)
        return openssl_error(ERROR_INVALID, "cannot read the issuer's certificate");
    EVP_PKEY *key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, NULL);
    if (!key || X509_check_private_key(cert, key) != 1) {
        X509_free(cert);
        EVP_PKEY_free(key);
        return openssl_error(ERROR_INVALID, "cannot use the issuer's key");
    }
    *ret_cert = cert;
    *ret_key = key;
    return NULL;
}

static char *bio_text(BIO *bio)
{
    char *data;
    long len = BIO_get_mem_data(bio, &data);

    return mem_strndup(data, (size_t)len);
}

struct error *pki_issue(struct rt *rt, const struct pki_request *request, const struct pki_pair *issuer,
                        struct pki_pair *ret)
{
    CLEANUP_X509 X509 *issuer_cert = NULL;
    CLEANUP_KEY EVP_PKEY *issuer_key = NULL;
    CLEANUP_X509 X509 *cert = X509_new();
    CLEANUP_KEY EVP_PKEY *key = EVP_EC_gen("P-256");
    CLEANUP_BIO BIO *cert_bio = BIO_new(BIO_s_mem());
    CLEANUP_BIO BIO *key_bio = BIO_new(BIO_s_secmem());

    if (str_is_empty(request->common_name))
        return error_new(ERROR_INVALID, "a certificate needs a common name");
    if (request->days <= 0)
        return error_new(ERROR_INVALID, "certificate for %s: its validity must be at least a day",
                         request->common_name);
    if (!cert || !key || !cert_bio || !key_bio)
        return openssl_error(ERROR_INTERNAL, "cannot make a key");
    if (issuer)
        TRY_WRAP(read_issuer(issuer, &issuer_cert, &issuer_key), "certificate for %s", request->common_name);
    if (!fill_certificate(cert, issuer ? issuer_cert : cert, key, request))
        return error_wrap(openssl_error(ERROR_INVALID, "its names or times do not fit into a certificate"),
                          "certificate for %s", request->common_name);
    if (!X509_sign(cert, issuer ? issuer_key : key, EVP_sha256()) || !PEM_write_bio_X509(cert_bio, cert) ||
        !PEM_write_bio_PKCS8PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL))
        return error_wrap(openssl_error(ERROR_INTERNAL, "cannot sign it"), "certificate for %s", request->common_name);
    ret->cert_pem = bio_text(cert_bio);
    ret->key_pem = bio_text(key_bio);
    return NULL;
}

struct error *pki_self_signed(struct rt *rt, const char *common_name, const char *const *alt_names, int days,
                              struct pki_pair *ret)
{
    struct pki_request request = {
        .common_name = common_name,
        .alt_names = alt_names,
        .server = true,
        .not_before = rt_wall(rt) - 3600 * TIME_S,
        .days = days,
    };

    return pki_issue(rt, &request, NULL, ret);
}
