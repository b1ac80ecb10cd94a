/* SPDX-License-Identifier: Apache-2.0 */
/* What form of answer a client accepts (KAPI-011…015, 102, 109, 110), and how answers are sent. */
#ifndef SIM_KUBE_API_NEGOTIATE_H
#define SIM_KUBE_API_NEGOTIATE_H

#include "sim/kube-api/kapi.h"
#include "sim/kube-api/table.h"

enum kapi_as { AS_OBJECT, AS_TABLE, AS_PARTIAL };

struct kapi_accept {
    bool yaml, pretty;
    enum kapi_as as;
    enum kapi_include include; /* of a Table */
};

/* A flag of the query: "true" or "1". */
bool kapi_is_true(const char *text);
/* From the Accept header and the query; 406 when nothing fits. `lists`: AS_PARTIAL is asked for as PartialObjectMetadataList too. */
struct kapi_status *kapi_negotiate(struct http_exchange *exchange, struct kapi_accept *ret) MUST_CHECK;

/* The headers of every answer (KAPI-016). */
void kapi_reply_headers(struct kapi *api, struct http_exchange *exchange, const struct kapi_texts *warnings);
/* The Status of a failed request; takes it. */
void kapi_reply_status(struct kapi *api, struct http_exchange *exchange, struct kapi_status *status,
                       const struct kapi_texts *warnings);
/* A JSON value as JSON or YAML. */
void kapi_reply_json(struct kapi *api, struct http_exchange *exchange, const struct kapi_accept *accept, int code,
                     const struct json *value, const struct kapi_texts *warnings);
/* A result of a verb, in the version of the call and the form that was asked for. */
void kapi_reply_result(struct kapi_call *call, const struct kapi_accept *accept, struct kapi_result *result);

#endif
