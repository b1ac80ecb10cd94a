/* SPDX-License-Identifier: Apache-2.0 */
/* Label and field selectors (KAPI-096…098). */
#ifndef SIM_KUBE_API_SELECTOR_H
#define SIM_KUBE_API_SELECTOR_H

#include "sim/kube-api/registry.h"

struct kapi_selector;

/* Either text may be NULL. 400 for a syntax error or an unknown field label. *ret is NULL when everything matches. */
struct kapi_status *kapi_selector_parse(const char *labels, const char *fields, const struct kapi_resource *resource,
                                        const struct kapi_version *version, struct kapi_selector **ret) MUST_CHECK;
/* A LabelSelector object {matchLabels, matchExpressions}: for webhooks. An empty one matches everything. */
bool kapi_label_selector_matches(const struct json *selector, const struct json *labels);
void kapi_selector_free(struct kapi_selector *selector);
DEFINE_CLEANUP(struct kapi_selector, kapi_selector_free);
/* A NULL selector matches everything. `object` is in the storage version. */
bool kapi_selector_matches(const struct kapi_selector *selector, const struct json *object);

#endif
