/* SPDX-License-Identifier: Apache-2.0 */
/* OpenAPI documents: minimal v3 per group version, and the constant v2 (reference section 2; KAPI-031…033). */
#ifndef SIM_KUBE_API_OPENAPI_H
#define SIM_KUBE_API_OPENAPI_H

#include "sim/kube-api/kapi.h"

/* True when the path was one of these and the reply is sent. */
bool kapi_serve_openapi(struct kapi *api, struct http_exchange *exchange);

#endif
