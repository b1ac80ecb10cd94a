/* SPDX-License-Identifier: Apache-2.0 */
/* Strategic merge patch of built-in kinds (KAPI-061, 062, annex B). */
#ifndef SIM_KUBE_API_SMP_H
#define SIM_KUBE_API_SMP_H

#include "sim/kube-api/schema.h"

/* Applies a patch to *document by the merge keys of the schema. 400 for a malformed directive. */
struct kapi_status *kapi_strategic_merge(const struct kapi_schema *schema, const struct json *patch,
                                         struct json **document) MUST_CHECK;

#endif
