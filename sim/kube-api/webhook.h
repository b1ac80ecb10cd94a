/* SPDX-License-Identifier: Apache-2.0 */
/* Calls to webhooks: the address from a clientConfig, the exchange, the answer. */
#ifndef SIM_KUBE_API_WEBHOOK_H
#define SIM_KUBE_API_WEBHOOK_H

#include "sim/kube-api/kapi.h"

struct kapi_webhooks;

struct kapi_webhooks *kapi_webhooks_new(struct kapi *api);
void kapi_webhooks_free(struct kapi_webhooks *webhooks);

/*
 * POSTs `review` to where `client` (url, or service with namespace, name, path, port; caBundle) says and parses the answer. A service is
 * looked up in its Endpoints; without those its cluster name must resolve. `seconds` bounds the exchange. The caller owns *ret.
 */
struct error *kapi_webhook_call(struct kapi_webhooks *webhooks, const struct json *client, int64_t seconds,
                                const struct json *review, struct json **ret) MUST_CHECK;

#endif
