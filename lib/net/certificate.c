/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and verifies certificates as a TLS library would: for the simulated network, which carries no TLS, and to check options early. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "lib/net/backend.h"
#include "lib/net/certificate.h"

static void free_bio(BIO **bio)
{
    BIO_free_all(*bio);
}
static void free_stack(STACK_OF(X509) * *stack)
{
    sk_X509_pop_free(*stack, X509_free);
}
#define CLEANUP_BIO __attribute__((cleanup(free_bio)))
#define CLEANUP_STACK __attribute__((cleanup(free_stack)))

static struct error *no_certificate(void)
{
    return error_new(ERROR_INVALID, "no certificate in PEM format (-----BEGIN CERTIFICATE-----) was found");
}

/* All certificates of a PEM text, in order. */
static struct error *read_all(const char *pem, STACK_OF(X509) * *ret)
{
    CLEANUP_BIO BIO *bio = BIO_new_mem_buf(pem, -1);
    CLEANUP_STACK STACK_OF(X509) *stack = sk_X509_new_null();
    X509 *cert;

    while (bio && (cert = PEM_read_bio_X509(bio, NULL, NULL, NULL)))
        sk_X509_push(stack, cert);
    ERR_clear_error(); /* how the end shows itself */
    if (!sk_X509_num(stack))
        return no_certificate();
    *ret = TAKE_PTR(stack);
    return NULL;
}

/* Only as far as the PEM armour: a client is made for each agent, and decoding, which costs most, follows when it connects. */
struct error *certificate_check_ca(const char *pem)
{
    CLEANUP_BIO BIO *bio = BIO_new_mem_buf(pem, -1);
    unsigned char *der = NULL;
    long len = 0;

    bool found = bio && PEM_bytes_read_bio(&der, &len, NULL, PEM_STRING_X509, bio, NULL, NULL);
    OPENSSL_free(der);
    ERR_clear_error();
    return found ? NULL : no_certificate();
}

struct error *certificate_check_pair(const char *cert_pem, const char *key_pem)
{
    CLEANUP_STACK STACK_OF(X509) *stack = NULL;
    CLEANUP_BIO BIO *bio = BIO_new_mem_buf(key_pem, -1);

    TRY(read_all(cert_pem, &stack));
    EVP_PKEY *key = PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"");
    bool matches = key && X509_check_private_key(sk_X509_value(stack, 0), key) == 1;
    bool readable = key;
    EVP_PKEY_free(key);
    ERR_clear_error();
    if (!readable)
        return error_new(ERROR_INVALID, "no private key in PEM format without a passphrase was found");
    if (!matches)
        return error_new(ERROR_INVALID, "the private key does not belong to the certificate");
    return NULL;
}

static char *entry_text(X509_NAME_ENTRY *entry)
{
    unsigned char *utf8 = NULL;
    int len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
    char *text = len < 0 ? mem_strdup("") : mem_strndup((const char *)utf8, (size_t)len);

    OPENSSL_free(utf8);
    return text;
}

struct error *certificate_read_subject(const char *cert_pem, struct certificate_subject *ret)
{
    CLEANUP_STACK STACK_OF(X509) *stack = NULL;
    VEC(char *) organizations = {0};
    int at = -1;

    TRY(read_all(cert_pem, &stack));
    X509_NAME *name = X509_get_subject_name(sk_X509_value(stack, 0));
    while ((at = X509_NAME_get_index_by_NID(name, NID_organizationName, at)) >= 0)
        VEC_PUSH(&organizations, entry_text(X509_NAME_get_entry(name, at)));
    VEC_PUSH(&organizations, NULL);
    at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    ret->common_name = at < 0 ? mem_strdup("") : entry_text(X509_NAME_get_entry(name, at));
    ret->organizations = organizations.items;
    return NULL;
}

void certificate_subject_copy(const struct certificate_subject *from, struct certificate_subject *ret)
{
    size_t count = 0;

    while (from->organizations[count])
        count++;
    ret->common_name = mem_strdup(from->common_name);
    ret->organizations = mem_alloc_array(count + 1, sizeof(char *));
    for (size_t i = 0; i < count; i++)
        ret->organizations[i] = mem_strdup(from->organizations[i]);
}

void certificate_subject_release(struct certificate_subject *subject)
{
    free(subject->common_name);
    str_list_free(subject->organizations);
    *subject = (struct certificate_subject){0};
}

static void add_anchors(X509_STORE *store, const STACK_OF(X509) * anchors)
{
    for (int i = 0; i < sk_X509_num(anchors); i++)
        X509_STORE_add_cert(store, sk_X509_value(anchors, i));
}

static struct error *fill_store(X509_STORE *store, const char *ca_pem, const char *ca_file)
{
    CLEANUP_STACK STACK_OF(X509) *cas = NULL;

    if (!ca_pem) {
        bool ok = ca_file ? X509_STORE_load_file(store, ca_file) : X509_STORE_set_default_paths(store);
        ERR_clear_error();
        return ok ? NULL : error_new(ERROR_INVALID, "cannot read CA certificates from %s", ca_file);
    }
    TRY(read_all(ca_pem, &cas));
    add_anchors(store, cas);
    return NULL;
}

static struct error *verify(X509_STORE *store, X509_STORE_CTX *context, STACK_OF(X509) * chain, const char *host,
                            bool server, int64_t wall)
{
    if (!X509_STORE_CTX_init(context, store, sk_X509_value(chain, 0), chain))
        return error_new(ERROR_INTERNAL, "cannot verify certificates: out of memory");
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(param, (time_t)(wall / TIME_S));
    X509_VERIFY_PARAM_set_purpose(param, server ? X509_PURPOSE_SSL_SERVER : X509_PURPOSE_SSL_CLIENT);
    if (host && !X509_VERIFY_PARAM_set1_ip_asc(param, host))
        X509_VERIFY_PARAM_set1_host(param, host, 0);
    ERR_clear_error();
    if (X509_verify_cert(context) == 1)
        return NULL;
    int code = X509_STORE_CTX_get_error(context);
    ERR_clear_error();
    if (code == X509_V_ERR_HOSTNAME_MISMATCH || code == X509_V_ERR_IP_ADDRESS_MISMATCH)
        return net_error_wrong_name(host);
    return net_error_untrusted(X509_verify_cert_error_string(code));
}

struct error *certificate_verify(const char *cert_pem, const char *ca_pem, const char *ca_file, const char *host,
                                 bool server, int64_t wall)
{
    CLEANUP_STACK STACK_OF(X509) *chain = NULL;

    TRY(read_all(cert_pem, &chain));
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    struct error *err = NULL;
    X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN); /* as libcurl: any certificate given is an anchor */
    if (ca_pem && str_equal(ca_pem, cert_pem)) /* pinned; decoding it again would take as long as all the rest */
        add_anchors(store, chain);
    else
        err = fill_store(store, ca_pem, ca_file);
    if (!err)
        err = verify(store, context, chain, host, server, wall);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    return err;
}
