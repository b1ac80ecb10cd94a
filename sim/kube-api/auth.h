/* SPDX-License-Identifier: Apache-2.0 */
/* Who calls: certificates, bearer tokens, anonymous (KAPI-002…008). And the keys: CA, serving certificate, administrator's certificate. */
#ifndef SIM_KUBE_API_AUTH_H
#define SIM_KUBE_API_AUTH_H

#include "lib/net/pki.h"
#include "sim/kube-api/kapi.h"

struct kapi_auth;

struct kapi_auth_options {
    const char *data_dir;     /* keys are kept here; NULL: new ones at each start */
    const char *const *names; /* further names of the server, NULL-terminated; NULL: none */
    bool anonymous;           /* callers without credentials may do everything */
};

struct error *kapi_auth_new(struct kapi *api, const struct kapi_auth_options *options, struct kapi_auth **ret)
    MUST_CHECK;
void kapi_auth_free(struct kapi_auth *auth);
DEFINE_CLEANUP(struct kapi_auth, kapi_auth_free);

/* All borrowed. */
const char *kapi_auth_ca_pem(const struct kapi_auth *auth);
const struct pki_pair *kapi_auth_server(const struct kapi_auth *auth);
const struct pki_pair *kapi_auth_admin(const struct kapi_auth *auth);
const char *kapi_auth_admin_token(const struct kapi_auth *auth);

/* 401 for a bad token. *ret is released with kapi_user_release(). */
struct kapi_status *kapi_authenticate(struct kapi *api, struct http_exchange *exchange, struct kapi_user *ret)
    MUST_CHECK;
/* The user of a token; 401 when it is not known. */
struct kapi_status *kapi_token_user(struct kapi *api, const char *token, struct kapi_user *ret) MUST_CHECK;
/* True when the user may do anything at all: everybody but anonymous callers, unless they were allowed. */
bool kapi_authorized(const struct kapi *api, const struct kapi_user *user);

/* A new token for a service account (KAPI-008); free with mem_free_secret(). `audiences` NULL: the issuer. `seconds` of validity. */
struct error *kapi_token_issue(struct kapi *api, const struct kapi_object *account, const struct json *audiences,
                               int64_t seconds, char **ret) MUST_CHECK;
extern const char KAPI_ISSUER[];

#endif
