/* SPDX-License-Identifier: Apache-2.0 */
/* OpenAPI v2 in protobuf, made from v3 documents: older kubectls explain, diff and dry-run by it (KAPI-032). */
#ifndef SIM_KUBE_API_OPENAPI_V2_H
#define SIM_KUBE_API_OPENAPI_V2_H

#include "lib/data/json.h"
#include "lib/data/map.h"

struct kapi_openapi_v2 {
    struct strbuf definitions, paths;
    struct map *seen; /* names of definitions */
};

/* Begins with a zeroed struct; add each v3 document, then finish into `out`, which also releases. */
void kapi_openapi_v2_add(struct kapi_openapi_v2 *document, const struct json *v3);
void kapi_openapi_v2_finish(struct kapi_openapi_v2 *document, struct strbuf *out);

#endif
