/* SPDX-License-Identifier: Apache-2.0 */
/* Discovery, legacy and aggregated, version, and the index of paths (KAPI-023…030). */
#ifndef SIM_KUBE_API_DISCOVERY_H
#define SIM_KUBE_API_DISCOVERY_H

#include "sim/kube-api/kapi.h"

/* True when the path was one of these and the reply is sent. */
bool kapi_serve_discovery(struct kapi *api, struct http_exchange *exchange);

/* Every "group/version" ("v1" in the core group) that is served, in order of discovery; free with str_list_free(). */
char **kapi_group_versions(const struct kapi *api);

#endif
