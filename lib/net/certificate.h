/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates read and verified: to check options early, and for the simulated network, which carries no TLS. Private to lib/net. */
#ifndef LIB_NET_CERTIFICATE_H
#define LIB_NET_CERTIFICATE_H

#include "lib/data/error.h"

#include <stdint.h>

struct certificate_subject {
    char *common_name;
    char **organizations; /* NULL-terminated */
};
void certificate_subject_copy(const struct certificate_subject *from, struct certificate_subject *ret);
void certificate_subject_release(struct certificate_subject *subject);
/* ERROR_INVALID when the text holds no certificate in PEM format; what is within is not decoded. */
struct error *certificate_check_ca(const char *pem) MUST_CHECK;
/* ERROR_INVALID when the text holds no certificate, or the key does not belong to it. */
struct error *certificate_check_pair(const char *cert_pem, const char *key_pem) MUST_CHECK;
struct error *certificate_read_subject(const char *cert_pem, struct certificate_subject *ret) MUST_CHECK;
/* As a TLS peer would: the chain, the validity at `wall` (ns), the usage, and the name when `host` is not NULL. */
struct error *certificate_verify(const char *cert_pem, const char *ca_pem, const char *ca_file, const char *host,
                                 bool server, int64_t wall) MUST_CHECK;

#endif
