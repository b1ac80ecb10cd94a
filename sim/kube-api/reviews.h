/* SPDX-License-Identifier: Apache-2.0 */
/* Resources that are only created, answered and never stored: access reviews and tokens (KAPI-008, 178). */
#ifndef SIM_KUBE_API_REVIEWS_H
#define SIM_KUBE_API_REVIEWS_H

#include "sim/kube-api/kapi.h"

struct kapi_review {
    const char *group, *plural, *singular, *kind;
    void (*answer)(struct kapi *api, const struct kapi_user *user, struct json *review);
};
extern const struct kapi_review kapi_reviews[]; /* ends with {0} */

/* True when the path was a review's and the reply is sent. */
bool kapi_serve_review(struct kapi *api, struct http_exchange *exchange, const char *group, const char *version,
                       const char *plural, const struct kapi_user *user);
/* POST serviceaccounts/NAME/token. */
struct kapi_status *kapi_token_request(struct kapi_call *call, struct kapi_result *ret) MUST_CHECK;

#endif
