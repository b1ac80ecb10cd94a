/* SPDX-License-Identifier: Apache-2.0 */
/* The HTTP handler: from a request to a verb. */
#ifndef SIM_KUBE_API_SERVER_H
#define SIM_KUBE_API_SERVER_H

#include "sim/kube-api/kapi.h"

/* `arg` is the struct kapi. */
void kapi_handle(struct http_exchange *exchange, void *arg);

#endif
