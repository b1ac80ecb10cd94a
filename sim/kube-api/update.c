/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PUT and PATCH: one pipeline. A function makes the new object from the stored one; then come the rules of what a client may change,
 * admission, validation, and the write, which is tried again when the race was lost and the client named no version (KAPI-064).
 */
#include <inttypes.h>

#include "sim/kube-api/kapi.h"

#define TRIES_MAX 5

/* Members of metadata that no client changes. */
static const char *const owned_metadata[] = {
    "uid", "creationTimestamp", "deletionTimestamp", "generation", "deletionGracePeriodSeconds", "name", "namespace"};

static void copy_member(struct json *to, const struct json *from, const char *name)
{
    const struct json *member = json_member(from, name);

    if (member)
        json_put(to, name, json_copy(member));
    else
        json_remove_member(to, name);
}

static struct kapi_status *check_uid(struct kapi_call *call, const struct kapi_change *change,
                                     const struct json *object, const struct json *old)
{
    const char *uid = json_str_or(object, "metadata/uid", ""), *stored = json_str_or(old, "metadata/uid", "");

    if (!*uid || str_equal(uid, stored))
        return NULL;
    if (change->is_put) {
        CLEANUP_FREE char *why =
            mem_printf("Precondition failed: UID in precondition: %s, UID in object meta: %s", uid, stored);
        return kapi_conflict(call->resource->group, call->resource->plural, call->name, why);
    }
    CLEANUP_CAUSES struct kapi_causes causes = {0};
    kapi_causes_add(&causes, KAPI_INVALID, "metadata.uid", "Invalid value: \"%s\": field is immutable", uid);
    return kapi_causes_status(&causes, call->resource->group, call->resource->kind, call->name);
}

/* The client's resourceVersion: a precondition when it is there. *ret_given tells so. */
static struct kapi_status *check_version(struct kapi_call *call, const struct kapi_change *change,
                                         const struct json *object, const struct kapi_object *stored, bool *ret_given)
{
    const char *text = json_str_or(object, "metadata/resourceVersion", "");
    int64_t version = 0;

    if (*text) {
        struct error *err = str_to_int64(text, &version);
        if (err) {
            error_free(err);
            return kapi_status_new(500, NULL, "strconv.ParseUint: parsing \"%s\": invalid syntax", text);
        }
    }
    *ret_given = version != 0;
    if (!version && change->is_put && !(call->resource->builtin && call->resource->builtin->unconditional_update)) {
        CLEANUP_CAUSES struct kapi_causes causes = {0};
        kapi_causes_add(&causes, KAPI_INVALID, "metadata.resourceVersion",
                        "Invalid value: 0: must be specified for an update");
        return kapi_causes_status(&causes, call->resource->group, call->resource->kind, call->name);
    }
    if (version && (uint64_t)version != stored->rv)
        return kapi_conflict(call->resource->group, call->resource->plural, call->name, KAPI_MODIFIED);
    return NULL;
}

/* Through /status only the status is written, else everything but it (KAPI-114). */
static void keep_other_parts(const struct kapi_call *call, struct json **object, const struct json *old)
{
    if (str_equal(call->subresource, "status")) {
        struct json *kept = json_new_object(), *status = json_detach(*object, "status");
        JSON_FOREACH (member, old) {
            if (!str_equal(json_key(member), "status"))
                json_put(kept, json_key(member), json_copy(member));
            else if (status)
                json_put(kept, "status", TAKE_PTR(status));
        }
        if (status)
            json_put(kept, "status", status);
        copy_member(json_member(kept, "metadata"), json_member(*object, "metadata"), "managedFields");
        json_free(*object);
        *object = kept;
    } else if (call->version->has_status) {
        copy_member(*object, old, "status");
    }
    struct json *metadata = json_member(*object, "metadata");
    for (size_t i = 0; i < ARRAY_SIZE(owned_metadata); i++)
        copy_member(metadata, json_member(old, "metadata"), owned_metadata[i]);
    copy_member(metadata, json_member(old, "metadata"), "resourceVersion");
    json_remove_member(metadata, "selfLink");
}

static bool same_but(const struct json *a, const struct json *b, bool ignore_status)
{
    const struct json *sides[2] = {a, b};

    for (int side = 0; side < 2; side++) {
        JSON_FOREACH (member, sides[side]) {
            const char *name = json_key(member);
            if (str_equal(name, "metadata") || (ignore_status && str_equal(name, "status")))
                continue;
            if (!json_equal(member, json_member(sides[!side], name)))
                return false;
        }
    }
    return true;
}

static void bump_generation(const struct kapi_call *call, struct json *object, const struct json *old)
{
    bool counted = !call->resource->builtin || call->resource->builtin->has_generation;

    if (counted && !same_but(object, old, call->version->has_status))
        json_set_int(object, "metadata/generation", json_int(old, "metadata/generation", 0) + 1);
}

bool kapi_is_finished(const struct kapi_resource *resource, const struct json *object)
{
    if (!json_str(object, "metadata/deletionTimestamp") || json_len(json_get(object, "metadata/finalizers")))
        return false;
    bool is_namespace = resource->builtin && str_equal(resource->plural, "namespaces");
    return !is_namespace || !json_len(json_get(object, "spec/finalizers"));
}

static struct kapi_status *complete(struct kapi_call *call, const struct kapi_change *change, struct json **object,
                                    const struct json *old)
{
    TRY_STATUS(kapi_check_fields(call, *object));
    keep_other_parts(call, object, old);
    TRY_STATUS(kapi_prepare(call, *object, old));
    bump_generation(call, *object, old);
    kapi_managed_update(call, *object, old);
    TRY_STATUS(kapi_admit_mutating(call, OPERATION_UPDATE, object, old));
    TRY_STATUS(kapi_validate(call, *object, old));
    bump_generation(call, *object, old);
    return kapi_admit_validating(call, OPERATION_UPDATE, *object, old);
}

/* Stores the new object. *ret_lost: somebody else was faster. */
static struct kapi_status *write_object(struct kapi_call *call, struct json *object, struct kapi_object *stored,
                                        struct kapi_result *ret, bool *ret_lost)
{
    CLEANUP(json_free) struct json *owned = object;
    bool finished = kapi_is_finished(call->resource, owned);

    TRY_STATUS(kapi_to_storage(call->api, call->resource, call->version, &owned));
    struct kapi_write write = {
        finished ? WRITE_DELETE : WRITE_UPDATE, call->resource->collection, call->ns, call->name, stored, owned};
    struct error *err = call->storage->ops->write(call->storage, &write, &ret->object);
    if (err && error_is(err, ERROR_CONFLICT) && !error_code(err)) {
        error_free(err);
        *ret_lost = true;
        return NULL;
    }
    if (err)
        return kapi_status_from_error(err);
    kapi_written(call->api, call->resource, finished ? EVENT_DELETED : EVENT_MODIFIED, ret->object);
    return NULL;
}

static struct kapi_status *update_stored(struct kapi_call *call, const struct kapi_change *change,
                                         struct kapi_object *stored, struct kapi_result *ret, bool *ret_lost,
                                         bool *ret_versioned)
{
    struct kapi_form old;
    CLEANUP(json_free) struct json *object = NULL;

    TRY_STATUS(kapi_form(call->api, call->resource, call->version, stored, &old));
    TRY_STATUS(change->produce(change, call, old.json, &object));
    TRY_STATUS(kapi_check_identity(call, object));
    TRY_STATUS(check_version(call, change, object, stored, ret_versioned));
    TRY_STATUS(check_uid(call, change, object, old.json));
    TRY_STATUS(complete(call, change, &object, old.json));
    ret->code = 200;
    if (json_equal(object, old.json)) {
        ret->object = kapi_object_ref(stored);
        return NULL;
    }
    if (call->dry_run) {
        ret->json = TAKE_PTR(object);
        return NULL;
    }
    return write_object(call, TAKE_PTR(object), stored, ret, ret_lost);
}

static struct kapi_status *create_missing(struct kapi_call *call, const struct kapi_change *change,
                                          struct kapi_result *ret)
{
    if (!change->may_create || call->subresource)
        return kapi_not_found(call->resource->group, call->resource->plural, call->name);
    struct json *object = NULL;
    TRY_STATUS(change->produce(change, call, NULL, &object));
    json_remove(object, "metadata/resourceVersion");
    return kapi_create(call, object, ret);
}

struct kapi_status *kapi_update(struct kapi_call *call, const struct kapi_change *change, struct kapi_result *ret)
{
    for (int i = 0; i < TRIES_MAX; i++) {
        CLEANUP(kapi_object_unref) struct kapi_object *stored = NULL;
        bool lost = false, versioned = false;
        struct error *err =
            call->storage->ops->get(call->storage, call->resource->collection, call->ns, call->name, &stored);
        if (err && error_is(err, ERROR_NOT_FOUND) && !error_code(err)) {
            error_free(err);
            return create_missing(call, change, ret);
        }
        if (err)
            return kapi_status_from_error(err);
        TRY_STATUS(update_stored(call, change, stored, ret, &lost, &versioned));
        if (!lost)
            return NULL;
        if (versioned)
            break;
    }
    return kapi_conflict(call->resource->group, call->resource->plural, call->name, KAPI_MODIFIED);
}

static struct kapi_status *produce_put(const struct kapi_change *change, struct kapi_call *call, const struct json *old,
                                       struct json **ret)
{
    *ret = json_copy(change->body);
    return NULL;
}

struct kapi_status *kapi_put(struct kapi_call *call, struct json *body, struct kapi_result *ret)
{
    CLEANUP(json_free) struct json *owned = body;
    const struct kapi_builtin *builtin = call->resource->builtin;
    struct kapi_change change = {
        .produce = produce_put, .body = owned, .is_put = true, .may_create = builtin && builtin->create_on_update};

    if (!json_is(owned, JSON_OBJECT))
        return kapi_bad_request("the body must be a JSON object, but it is of type %s",
                                json_type_name(json_type(owned)));
    return kapi_update(call, &change, ret);
}

void kapi_edit(struct kapi *api, struct kapi_resource *resource, const char *ns, const char *name,
               bool (*fn)(void *arg, struct json *object), void *arg)
{
    struct kapi_storage *storage = kapi_store_storage(api->store);
    /* The store itself never waits, so that nobody comes in between; only the disk can refuse, and then a later event tries again. */
    struct kapi_object *stored = kapi_collection_peek(resource->collection, ns, name);
    CLEANUP(json_free) struct json *object = stored ? json_copy(stored->json) : NULL;

    if (!object || !fn(arg, object))
        return;
    bool finished = kapi_is_finished(resource, object);
    struct kapi_write write = {finished ? WRITE_DELETE : WRITE_UPDATE, resource->collection, ns, name, stored, object};
    CLEANUP(kapi_object_unref) struct kapi_object *written = NULL;
    struct error *err = storage->ops->write(storage, &write, &written);
    if (err) {
        log_warn(api->log, "cannot store an object", KV("kind", resource->kind), KV("name", name), KV_ERR(err));
        error_free(err);
        return;
    }
    kapi_written(api, resource, finished ? EVENT_DELETED : EVENT_MODIFIED, written);
}
