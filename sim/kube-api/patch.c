/* SPDX-License-Identifier: Apache-2.0 */
/* PATCH: merge patch, JSON patch, strategic merge patch, server-side apply (KAPI-059…067). */
#include <string.h>

#include "lib/data/jsonpatch.h"
#include "lib/data/yaml.h"
#include "sim/kube-api/kapi.h"
#include "sim/kube-api/smp.h"

#define MERGE "application/merge-patch+json"
#define JSON_PATCH "application/json-patch+json"
#define STRATEGIC "application/strategic-merge-patch+json"
#define APPLY "application/apply-patch+yaml"

struct patch {
    struct kapi_change change;
    char *type;
};

static struct kapi_status *json_patch(const struct json *patch, struct json **document)
{
    if (!json_is(patch, JSON_ARRAY))
        return kapi_bad_request("error decoding patch: a JSON patch is an array of operations");
    struct error *err = json_patch_apply(document, patch);
    if (!err)
        return NULL;
    error_free(err);
    struct kapi_status *status =
        kapi_status_new(422, "Invalid", "the server rejected our request due to an error in our request");
    status->details = json_new_object();
    return status;
}

struct kapi_status *kapi_patch_apply(const char *content_type, const struct kapi_schema *schema,
                                     const struct json *patch, struct json **document)
{
    CLEANUP_FREE char *type = mem_strndup(str_or(content_type, ""), strcspn(str_or(content_type, ""), "; "));

    if (str_equal(type, JSON_PATCH))
        return json_patch(patch, document);
    if (!json_is(patch, JSON_OBJECT))
        return kapi_bad_request("error decoding patch: the patch must be an object");
    if (str_equal(type, MERGE)) {
        json_merge_apply(document, patch);
        return NULL;
    }
    if (str_equal(type, STRATEGIC) && schema)
        return kapi_strategic_merge(schema, patch, document);
    return kapi_status_new(
        415, "UnsupportedMediaType",
        "the body of the request was in an unknown format - accepted media types include: " JSON_PATCH ", " MERGE
        ", " APPLY);
}

static struct kapi_status *produce(const struct kapi_change *change, struct kapi_call *call, const struct json *old,
                                   struct json **ret)
{
    const struct patch *patch = CONTAINER_OF(change, struct patch, change);

    if (str_equal(patch->type, APPLY))
        return kapi_apply(call, change->body, old, ret);
    CLEANUP(json_free) struct json *document = json_copy(old);
    TRY_STATUS(
        kapi_patch_apply(patch->type, call->resource->builtin ? call->version->schema : NULL, change->body, &document));
    if (!json_is(document, JSON_OBJECT))
        return kapi_bad_request("the patched document is no object");
    /* The version of the stored object is no precondition; another one, from the patch, is. */
    if (str_equal(json_str(document, "metadata/resourceVersion"), json_str(old, "metadata/resourceVersion")))
        json_remove(document, "metadata/resourceVersion");
    *ret = TAKE_PTR(document);
    return NULL;
}

/* The patch as a value: YAML or JSON for apply, JSON for the others. */
static struct kapi_status *parse_patch(const struct kapi_call *call, const char *type, const char *body, size_t len,
                                       struct json **ret)
{
    struct error *err;

    if (str_equal(type, APPLY)) {
        CLEANUP(yaml_free) struct yaml *yaml = NULL;
        err = yaml_parse("body", body, len, &yaml);
        if (!err && yaml_len(yaml) == 1)
            *ret = yaml_take(yaml, 0);
        else if (!err)
            err = error_new(ERROR_INVALID, "expected one document, found %zu", yaml_len(yaml));
    } else {
        err = json_parse(body, len, ret);
    }
    if (!err)
        return NULL;
    struct kapi_status *status = kapi_bad_request("error decoding patch: %s", error_message(err));
    error_free(err);
    return status;
}

static struct kapi_status *check_type(const struct kapi_call *call, const char *type)
{
    bool builtin = call->resource->builtin;

    if (str_equal(type, MERGE) || str_equal(type, JSON_PATCH) || str_equal(type, APPLY) ||
        (str_equal(type, STRATEGIC) && builtin))
        return NULL;
    return kapi_status_new(415, "UnsupportedMediaType",
                           "the body of the request was in an unknown format - accepted media types include: %s%s%s",
                           JSON_PATCH ", " MERGE ", " APPLY, builtin ? ", " : "", builtin ? STRATEGIC : "");
}

struct kapi_status *kapi_patch(struct kapi_call *call, const char *content_type, const char *body, size_t len,
                               struct kapi_result *ret)
{
    CLEANUP_FREE char *type = mem_strndup(str_or(content_type, ""), strcspn(str_or(content_type, ""), "; "));
    CLEANUP(json_free) struct json *patch = NULL;

    TRY_STATUS(check_type(call, type));
    TRY_STATUS(parse_patch(call, type, body, len, &patch));
    struct patch request = {.change = {.produce = produce, .body = patch, .may_create = str_equal(type, APPLY)},
                            .type = type};
    return kapi_update(call, &request.change, ret);
}
