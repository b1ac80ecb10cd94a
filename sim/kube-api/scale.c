/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes the Scale of an object. */
#include "sim/kube-api/scale.h"

#include <stdlib.h>

#include "sim/kube-api/body.h"
#include "sim/kube-api/read.h"

/* ".spec.replicas" to "spec/replicas"; free with free(). */
static char *member_path(const struct kapi_call *call, const char *name)
{
    const char *path = json_str(call->version->scale, name);
    return path ? str_replace(path + (*path == '.'), ".", "/") : NULL;
}

static struct json *make_scale(const struct kapi_call *call, const struct json *object)
{
    static const char *const copied[] = {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"};
    CLEANUP_FREE char *spec = member_path(call, "specReplicasPath"), *status = member_path(call, "statusReplicasPath");
    CLEANUP_FREE char *selector = member_path(call, "labelSelectorPath");
    struct json *scale = json_new_object();

    json_set_str(scale, "kind", "Scale");
    json_set_str(scale, "apiVersion", "autoscaling/v1");
    json_set(scale, "metadata", json_new_object());
    for (size_t i = 0; i < ARRAY_SIZE(copied); i++) {
        const char *value = json_str(json_member(object, "metadata"), copied[i]);
        if (value)
            json_put_str(json_member(scale, "metadata"), copied[i], value);
    }
    json_set_int(scale, "spec/replicas", spec ? json_int(object, spec, 0) : 0);
    json_set_int(scale, "status/replicas", status ? json_int(object, status, 0) : 0);
    if (selector)
        json_set_str_opt(scale, "status/selector", json_str(object, selector));
    return scale;
}

/* What a request brings: a whole Scale, or a patch of one. */
struct scale_change {
    struct kapi_change change;
    const char *content_type;
    const struct json *body;
    bool is_patch;
};

static struct kapi_status *produce(const struct kapi_change *change, struct kapi_call *call, const struct json *old,
                                   struct json **ret)
{
    const struct scale_change *request = CONTAINER_OF(change, struct scale_change, change);
    CLEANUP(json_free) struct json *scale = make_scale(call, old);
    CLEANUP_FREE char *spec = member_path(call, "specReplicasPath");

    if (request->is_patch) {
        TRY_STATUS(kapi_patch_apply(request->content_type, NULL, request->body, &scale));
    } else {
        json_free(scale);
        scale = json_copy(request->body);
    }
    const struct json *replicas = json_get(scale, "spec/replicas");
    if (replicas && (!json_is_integer(replicas) || json_int(replicas, "", 0) < 0)) {
        CLEANUP_CAUSES struct kapi_causes causes = {0};
        kapi_causes_add(&causes, KAPI_INVALID, "spec.replicas", "Invalid value: %lld: should be a non-negative integer",
                        (long long)json_int(replicas, "", 0));
        return kapi_causes_status(&causes, "autoscaling", "Scale", call->name);
    }
    struct json *object = json_copy(old);
    json_set_int(object, spec, json_int(replicas, "", 0));
    json_set_str(object, "metadata/resourceVersion", json_str_or(scale, "metadata/resourceVersion", ""));
    *ret = object;
    return NULL;
}

static struct kapi_status *answer(struct kapi_call *call, struct kapi_result *result)
{
    struct kapi_form form = {.json = result->json};

    if (result->object)
        TRY_STATUS(kapi_form(call->api, call->resource, call->version, result->object, &form));
    struct json *scale = make_scale(call, form.json);
    kapi_object_unref(TAKE_PTR(result->object));
    json_free(result->json);
    result->json = scale;
    result->code = 200;
    return NULL;
}

struct kapi_status *kapi_scale(struct kapi_call *call, struct kapi_result *ret)
{
    CLEANUP(json_free) struct json *body = NULL;

    if (str_equal(call->method, "GET") || str_equal(call->method, "HEAD")) {
        TRY_STATUS(kapi_get(call, ret));
        return answer(call, ret);
    }
    bool is_patch = str_equal(call->method, "PATCH");
    struct kapi_body raw = {is_patch ? "application/json" : http_header(call->exchange, "Content-Type"),
                            http_body(call->exchange), http_body_len(call->exchange)};
    TRY_STATUS(kapi_body_decode(&raw, kapi_message_find("autoscaling", "v1", "Scale"), NULL, &body));
    struct scale_change change = {.change = {.produce = produce},
                                  .content_type = http_header(call->exchange, "Content-Type"),
                                  .body = body,
                                  .is_patch = is_patch};
    TRY_STATUS(kapi_update(call, &change.change, ret));
    return answer(call, ret);
}
