/* SPDX-License-Identifier: Apache-2.0 */
/* Request bodies: JSON, YAML or protobuf to the JSON object model (KAPI-009, 010, 043, 158, 191; annex A). */
#ifndef SIM_KUBE_API_BODY_H
#define SIM_KUBE_API_BODY_H

#include "lib/data/json.h"
#include "sim/kube-api/status.h"
#include "sim/kube-api/types.h"

#define KAPI_BODY_MAX 3145728
#define KAPI_PROTOBUF "application/vnd.kubernetes.protobuf"

struct kapi_body {
    const char *content_type; /* NULL: JSON */
    const char *data;
    size_t len;
};

/*
 * Decodes a body. `message` describes protobuf bodies when the body's own kind is not in the tables (NULL: only those).
 * `duplicates` (may be NULL) gets the paths of members that occurred twice; the last one is kept.
 */
struct kapi_status *kapi_body_decode(const struct kapi_body *body, const struct kapi_message *message,
                                     struct kapi_texts *duplicates, struct json **ret) MUST_CHECK;

/* protobuf.c: the envelope and the object in it. `fallback` as `message` above. ERROR_INVALID for anything malformed. */
struct error *kapi_protobuf_decode(const void *data, size_t len, const struct kapi_message *fallback, struct json **ret)
    MUST_CHECK;

#endif
