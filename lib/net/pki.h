/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys and X.509 certificates, on OpenSSL: the CA of the embedded Kubernetes API, server and client certificates, the agent's self-signed one.
 * Keys are EC P-256. In the simulated world the network carries no TLS, and these still make real certificates (not part of the event log).
 */
#ifndef LIB_NET_PKI_H
#define LIB_NET_PKI_H

#include "lib/rt/rt.h"

struct pki_pair {
    char *cert_pem, *key_pem;
};
void pki_pair_release(struct pki_pair *pair); /* wipes the key */
#define CLEANUP_PKI_PAIR __attribute__((cleanup(pki_pair_release)))

struct pki_request {
    const char *common_name;
    const char *const *organizations; /* NULL-terminated; NULL: none */
    const char *const *alt_names;     /* DNS names and IP addresses, NULL-terminated; NULL: none */
    bool server, client, ca;          /* usages */
    int64_t not_before;               /* wall time, ns */
    int days;                         /* validity */
};
/* Makes a key and a certificate, signed by `issuer` or, when NULL, by itself. */
struct error *pki_issue(struct rt *rt, const struct pki_request *request, const struct pki_pair *issuer,
                        struct pki_pair *ret) MUST_CHECK;

/*
 * A server's self-signed pair, valid from an hour ago (clocks differ) for `days`. `alt_names` as above, without NULL
 * inside.
 */
struct error *pki_self_signed(struct rt *rt, const char *common_name, const char *const *alt_names, int days,
                              struct pki_pair *ret) MUST_CHECK;

#endif
