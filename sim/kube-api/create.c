/* SPDX-License-Identifier: Apache-2.0 */
/* POST: from a body to a stored object; and the checks that creates and updates share. */
#include <string.h>

#include "sim/kube-api/kapi.h"

#define GENERATE_TRIES 8

const char *kapi_now_text(const struct kapi *api, char buf[TIME_TEXT_SIZE])
{
    return time_format(rt_wall(api->rt), 0, buf);
}

static struct kapi_status *check_kind(struct kapi_call *call, struct json *body)
{
    const struct kapi_resource *resource = call->resource;
    const char *version = json_str_or(body, "apiVersion", ""), *kind = json_str_or(body, "kind", "");

    if (resource->builtin && !*kind && !*version) {
        json_set_str(body, "apiVersion", call->version->api_version);
        json_set_str(body, "kind", resource->kind);
        return NULL;
    }
    if (!*kind) {
        CLEANUP_FREE char *text = json_print(body);
        return kapi_bad_request("Object 'Kind' is missing in '%.200s'", text);
    }
    if (!str_equal(version, call->version->api_version))
        return kapi_bad_request("the API version in the data (%s) does not match the expected API version (%s)",
                                version, call->version->api_version);
    if (str_equal(kind, resource->kind))
        return NULL;
    if (resource->builtin)
        return kapi_bad_request("%s in version \"%s\" cannot be handled as a %s: wrong kind", kind, call->version->name,
                                resource->kind);
    CLEANUP_CAUSES struct kapi_causes causes = {0};
    kapi_causes_add(&causes, KAPI_INVALID, "kind", "Invalid value: \"%s\": must be %s", kind, resource->kind);
    return kapi_causes_status(&causes, resource->group, resource->kind, json_str(body, "metadata/name"));
}

struct kapi_status *kapi_check_identity(struct kapi_call *call, struct json *body)
{
    if (!json_is(body, JSON_OBJECT))
        return kapi_bad_request("the body must be a JSON object, but it is of type %s",
                                json_type_name(json_type(body)));
    TRY_STATUS(check_kind(call, body));
    if (!json_is(json_member(body, "metadata"), JSON_OBJECT)) {
        if (json_member(body, "metadata") && !json_is(json_member(body, "metadata"), JSON_NULL))
            return kapi_bad_request("metadata must be an object");
        json_set(body, "metadata", json_new_object());
    }
    const char *ns = json_str_or(body, "metadata/namespace", ""), *name = json_str_or(body, "metadata/name", "");
    if (!call->resource->namespaced)
        json_remove(body, "metadata/namespace");
    else if (!*ns)
        json_set_str(body, "metadata/namespace", call->ns);
    else if (!str_equal(ns, call->ns))
        return kapi_bad_request(
            "the namespace of the provided object does not match the namespace sent on the request");
    if (!call->name)
        return NULL;
    if (!*name && !json_str(body, "metadata/generateName"))
        json_set_str(body, "metadata/name", call->name);
    else if (!str_equal(name, call->name))
        return kapi_bad_request("the name of the object (%s) does not match the name on the URL (%s)", name,
                                call->name);
    return NULL;
}

struct kapi_status *kapi_check_fields(struct kapi_call *call, struct json *object)
{
    CLEANUP_TEXTS struct kapi_texts unknown = {0};

    kapi_schema_prune(call->version->schema, object, call->field_validation == VALIDATION_IGNORE ? NULL : &unknown);
    for (size_t i = 0; i < call->duplicates.len; i++)
        kapi_texts_add(&unknown, "duplicate field \"%s\"", call->duplicates.items[i]);
    if (call->field_validation == VALIDATION_WARN) {
        for (size_t i = 0; i < unknown.len; i++)
            kapi_texts_add(&call->warnings, "%s", unknown.items[i]);
    }
    if (call->field_validation != VALIDATION_STRICT || !unknown.len)
        return NULL;
    CLEANUP_STRBUF struct strbuf list = STRBUF_INIT;
    for (size_t i = 0; i < unknown.len; i++)
        strbuf_addf(&list, "%s%s", i ? ", " : "", unknown.items[i]);
    return kapi_bad_request("%s in version \"%s\" cannot be handled as a %s: strict decoding error: %s",
                            call->resource->kind, call->version->name, call->resource->kind, strbuf_str(&list));
}

struct kapi_status *kapi_check_namespace(struct kapi_call *call)
{
    if (!call->resource->namespaced)
        return NULL;
    const struct kapi_resource *namespaces = kapi_registry_builtin(call->api->registry, "", "namespaces");
    const struct kapi_object *ns = kapi_collection_peek(namespaces->collection, NULL, str_or(call->ns, ""));
    if (!ns)
        return kapi_not_found("", "namespaces", str_or(call->ns, ""));
    if (!json_str(ns->json, "metadata/deletionTimestamp"))
        return NULL;
    CLEANUP_FREE char *why =
        mem_printf("unable to create new content in namespace %s because it is being terminated", call->ns);
    struct kapi_status *status = kapi_forbidden(call->resource->group, call->resource->plural, call->name, why);
    struct json *cause = json_new_object();
    json_set_str(cause, "reason", "NamespaceTerminating");
    json_set_printf(cause, "message", "namespace %s is being terminated", call->ns);
    json_set_str(cause, "field", "metadata.namespace");
    json_set(status->details, "causes", json_new_array());
    json_append(json_get(status->details, "causes"), cause);
    return status;
}

/* A built-in that does not decode is a bad request, not an invalid object (KAPI-159). */
static struct kapi_status *check_builtin(struct kapi_call *call, const struct json *object)
{
    CLEANUP_CAUSES struct kapi_causes wrong = {0};

    kapi_schema_validate(call->version->schema, object, NULL, &wrong);
    if (!kapi_causes_len(&wrong))
        return NULL;
    const struct json *first = json_item(wrong.list, 0);
    return kapi_bad_request("%s in version \"%s\" cannot be handled as a %s: %s: %s", call->resource->kind,
                            call->version->name, call->resource->kind, json_str_or(first, "field", ""),
                            json_str_or(first, "message", ""));
}

struct kapi_status *kapi_prepare(struct kapi_call *call, struct json *object, const struct json *old)
{
    const struct kapi_builtin *builtin = call->resource->builtin;

    kapi_causes_release(&call->causes);
    if (!builtin) {
        kapi_schema_default(call->version->schema, object);
        return NULL;
    }
    TRY_STATUS(check_builtin(call, object));
    return builtin->prepare ? builtin->prepare(call->api, object, old, call->subresource, &call->causes) : NULL;
}

static void check_finalizers(const struct json *object, const struct json *old, struct kapi_causes *causes)
{
    if (!json_str(old, "metadata/deletionTimestamp"))
        return;
    CLEANUP_STRBUF struct strbuf added = STRBUF_INIT;
    JSON_FOREACH (finalizer, json_get(object, "metadata/finalizers")) {
        bool known = false;
        JSON_FOREACH (before, json_get(old, "metadata/finalizers"))
            known = known || json_equal(finalizer, before);
        if (!known)
            strbuf_addf(&added, "%s\"%s\"", added.len ? ", " : "", json_str_or(finalizer, "", ""));
    }
    if (added.len)
        kapi_causes_add(
            causes, KAPI_FIELD_FORBIDDEN, "metadata.finalizers",
            "Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers "
            "[]string{%s}",
            strbuf_str(&added));
}

struct kapi_status *kapi_validate(struct kapi_call *call, struct json *object, const struct json *old)
{
    CLEANUP_CAUSES struct kapi_causes causes = {TAKE_PTR(call->causes.list)};

    kapi_meta_validate(json_member(object, "metadata"), kapi_resource_name_rule(call->resource),
                       call->resource->namespaced, &causes, old ? NULL : &call->warnings);
    check_finalizers(object, old, &causes);
    if (!call->resource->builtin)
        kapi_schema_validate(call->version->schema, object, old, &causes);
    return kapi_causes_status(&causes, call->resource->group, call->resource->kind, json_str(object, "metadata/name"));
}

/* What only the server writes. */
static void init_metadata(struct kapi_call *call, struct json *object)
{
    static const char *const owned[] = {"deletionTimestamp", "deletionGracePeriodSeconds", "selfLink",
                                        "resourceVersion", "generation"};
    struct json *metadata = json_member(object, "metadata");
    char uid[RT_UUID_SIZE], now[TIME_TEXT_SIZE];

    for (size_t i = 0; i < ARRAY_SIZE(owned); i++)
        json_remove_member(metadata, owned[i]);
    rt_uuid(call->api->rt, uid);
    json_put_str(metadata, "uid", uid);
    json_put_str(metadata, "creationTimestamp", kapi_now_text(call->api, now));
    if (!call->resource->builtin || call->resource->builtin->has_generation)
        json_put(metadata, "generation", json_new_int(1));
    /* A namespace's and a CRD's status are their own strategies' affair. */
    if (call->version->has_status)
        json_remove_member(object, "status");
}

/* A free name from generateName. */
static void generate_name(struct kapi_call *call, struct json *object)
{
    const char *prefix = json_str_or(object, "metadata/generateName", "");

    if (!str_is_empty(json_str(object, "metadata/name")) || !*prefix)
        return;
    for (int i = 0; i < GENERATE_TRIES; i++) {
        CLEANUP_FREE char *name = kapi_generate_name(call->api->rt, prefix);
        bool taken = kapi_collection_peek(call->resource->collection, call->ns, name);
        if (!taken || i == GENERATE_TRIES - 1) {
            json_set_str(object, "metadata/name", name);
            return;
        }
    }
}

static struct kapi_status *already_exists(const struct kapi_call *call, const char *name)
{
    const struct kapi_object *stored = kapi_collection_peek(call->resource->collection, call->ns, name);
    return kapi_already_exists(call->resource->group, call->resource->plural, name,
                               stored && json_str(stored->json, "metadata/deletionTimestamp"));
}

/* From a checked body to what would be stored. */
static struct kapi_status *complete(struct kapi_call *call, struct json **object)
{
    init_metadata(call, *object);
    generate_name(call, *object);
    TRY_STATUS(kapi_prepare(call, *object, NULL));
    kapi_managed_update(call, *object, NULL);
    TRY_STATUS(kapi_admit_mutating(call, OPERATION_CREATE, object, NULL));
    TRY_STATUS(kapi_validate(call, *object, NULL));
    return kapi_admit_validating(call, OPERATION_CREATE, *object, NULL);
}

struct kapi_status *kapi_create(struct kapi_call *call, struct json *body, struct kapi_result *ret)
{
    CLEANUP(json_free) struct json *object = body;

    TRY_STATUS(kapi_check_identity(call, object));
    const char *version = json_str_or(object, "metadata/resourceVersion", "");
    if (*version && !str_equal(version, "0"))
        return kapi_status_new(500, NULL, "resourceVersion should not be set on objects to be created");
    TRY_STATUS(kapi_check_fields(call, object));
    TRY_STATUS(kapi_check_namespace(call));
    if (call->resource->terminating)
        return kapi_status_details(
            kapi_status_new(405, "MethodNotAllowed",
                            "create not allowed while custom resource definition is terminating"),
            NULL, call->resource->group, call->resource->plural);
    TRY_STATUS(complete(call, &object));
    const char *name = json_str_or(object, "metadata/name", "");
    if (kapi_collection_peek(call->resource->collection, call->ns, name))
        return already_exists(call, name);
    ret->code = 201;
    if (call->dry_run) {
        ret->json = TAKE_PTR(object);
        return NULL;
    }
    TRY_STATUS(kapi_to_storage(call->api, call->resource, call->version, &object));
    name = json_str_or(object, "metadata/name", "");
    struct kapi_write write = {WRITE_CREATE, call->resource->collection, call->ns, name, NULL, object};
    struct error *err = call->storage->ops->write(call->storage, &write, &ret->object);
    if (err && error_is(err, ERROR_CONFLICT) && !error_code(err)) {
        error_free(err);
        return already_exists(call, name);
    }
    if (err)
        return kapi_status_from_error(err);
    kapi_written(call->api, call->resource, EVENT_ADDED, ret->object);
    return NULL;
}

void kapi_written(struct kapi *api, struct kapi_resource *resource, enum kapi_event_type type,
                  struct kapi_object *object)
{
    if (resource->builtin && str_equal(resource->plural, "customresourcedefinitions")) {
        if (type == EVENT_DELETED)
            kapi_registry_remove(api->registry, object->name);
        else
            kapi_crd_changed(api, object);
    }
    kapi_controllers_notice(api, resource, type, object);
}
