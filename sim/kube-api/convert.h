/* SPDX-License-Identifier: Apache-2.0 */
/* Conversion webhooks of CRDs (webhook.c), as convert.c calls them. */
#ifndef SIM_KUBE_API_CONVERT_H
#define SIM_KUBE_API_CONVERT_H

#include "sim/kube-api/kapi.h"

/* Replaces *object by what the CRD's conversion webhook makes of it for version `to` (KAPI-142). */
struct kapi_status *kapi_convert_by_webhook(struct kapi *api, const struct kapi_resource *resource,
                                            const struct kapi_version *to, struct json **object) MUST_CHECK;

#endif
