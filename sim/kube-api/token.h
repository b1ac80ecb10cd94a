/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Web Tokens of service accounts, ES256 (RFC 7515, 7518): the server's keys are EC P-256. */
#ifndef SIM_KUBE_API_TOKEN_H
#define SIM_KUBE_API_TOKEN_H

#include "lib/data/json.h"

struct kapi_token_key;

/* From a private key in PEM. */
struct error *kapi_token_key_new(const char *key_pem, struct kapi_token_key **ret) MUST_CHECK;
void kapi_token_key_free(struct kapi_token_key *key);
/* Free *ret with mem_free_secret(). */
struct error *kapi_token_sign(const struct kapi_token_key *key, const struct json *claims, char **ret) MUST_CHECK;
/* ERROR_DENIED when the signature is wrong, or `now` (seconds since 1970) is not within exp and nbf. The caller owns the claims. */
struct error *kapi_token_verify(const struct kapi_token_key *key, const char *token, int64_t now, struct json **ret)
    MUST_CHECK;

#endif
