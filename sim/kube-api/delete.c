/* SPDX-License-Identifier: Apache-2.0 */
/* DELETE of one object and of collections (KAPI-054…058, 115, 120…122). */
#include <inttypes.h>

#include "sim/kube-api/body.h"
#include "sim/kube-api/kapi.h"
#include "sim/kube-api/selector.h"

#define TRIES_MAX 5

static bool is_namespace(const struct kapi_call *call)
{
    return call->resource->builtin && str_equal(call->resource->plural, "namespaces");
}

static struct kapi_status *check_preconditions(const struct kapi_call *call, const struct kapi_delete_request *request,
                                               const struct kapi_object *stored)
{
    CLEANUP_FREE char *why = NULL;
    CLEANUP_FREE char *version = mem_printf("%" PRIu64, stored->rv);

    if (!str_is_empty(request->uid) && !str_equal(request->uid, stored->uid))
        why = mem_printf(
            "the UID in the precondition (%s) does not match the UID in record (%s). The object might have been "
            "deleted and then recreated",
            request->uid, stored->uid);
    else if (!str_is_empty(request->resource_version) && !str_equal(request->resource_version, version))
        why = mem_printf(
            "the ResourceVersion in the precondition (%s) does not match the ResourceVersion in record (%s). The "
            "object might have been modified",
            request->resource_version, version);
    return why ? kapi_conflict(call->resource->group, call->resource->plural, stored->name, why) : NULL;
}

bool kapi_has_finalizer(const struct json *object, const char *name)
{
    JSON_FOREACH (finalizer, json_get(object, "metadata/finalizers")) {
        if (str_equal(json_str(finalizer, ""), name))
            return true;
    }
    return false;
}

void kapi_set_finalizer(struct json *object, const char *name, bool wanted)
{
    struct json *finalizers = json_get(object, "metadata/finalizers");

    if (wanted == kapi_has_finalizer(object, name))
        return;
    if (!finalizers) {
        json_set(object, "metadata/finalizers", json_new_array());
        finalizers = json_get(object, "metadata/finalizers");
    }
    if (wanted) {
        json_append_str(finalizers, name);
        return;
    }
    struct json *kept = json_new_array();
    JSON_FOREACH (finalizer, finalizers) {
        if (!str_equal(json_str(finalizer, ""), name))
            json_append(kept, json_copy(finalizer));
    }
    json_set(json_member(object, "metadata"), "finalizers", kept);
}

/* What the object looks like once it is asked to go. */
static struct json *terminating_form(struct kapi_call *call, const struct kapi_delete_request *request,
                                     const struct kapi_object *stored)
{
    struct json *object = json_copy(stored->json);
    char now[TIME_TEXT_SIZE];

    kapi_set_finalizer(object, "foregroundDeletion", str_equal(request->policy, "Foreground"));
    kapi_set_finalizer(object, "orphan", str_equal(request->policy, "Orphan"));
    if (!json_str(object, "metadata/deletionTimestamp")) {
        json_set_str(object, "metadata/deletionTimestamp", kapi_now_text(call->api, now));
        json_set_int(object, "metadata/deletionGracePeriodSeconds", 0);
        if (json_get(object, "metadata/generation"))
            json_set_int(object, "metadata/generation", json_int(object, "metadata/generation", 0) + 1);
    }
    if (is_namespace(call))
        json_set_str(object, "status/phase", "Terminating");
    return object;
}

/* The Status of a deletion that is complete. */
static struct json *deleted_status(const struct kapi_call *call, const struct kapi_object *object)
{
    struct json *status = json_new_object();

    json_set_str(status, "kind", "Status");
    json_set_str(status, "apiVersion", "v1");
    json_set(status, "metadata", json_new_object());
    json_set_str(status, "status", "Success");
    json_set_str(status, "details/name", object->name);
    json_set_str_opt(status, "details/group", call->resource->group);
    json_set_str(status, "details/kind", call->resource->plural);
    json_set_str(status, "details/uid", object->uid);
    return status;
}

static struct kapi_status *delete_stored(struct kapi_call *call, const struct kapi_delete_request *request,
                                         struct kapi_object *stored, struct kapi_result *ret, bool *ret_lost)
{
    TRY_STATUS(check_preconditions(call, request, stored));
    struct kapi_form form;
    TRY_STATUS(kapi_form(call->api, call->resource, call->version, stored, &form));
    TRY_STATUS(kapi_admit_validating(call, OPERATION_DELETE, NULL, form.json));
    CLEANUP(json_free) struct json *object = terminating_form(call, request, stored);
    bool held = json_len(json_get(object, "metadata/finalizers")) ||
                (is_namespace(call) && json_len(json_get(object, "spec/finalizers")));
    ret->code = 200;
    if (held && json_equal(object, stored->json)) {
        ret->object = kapi_object_ref(stored);
        return NULL;
    }
    if (call->dry_run) {
        ret->json = held ? TAKE_PTR(object) : deleted_status(call, stored);
        return NULL;
    }
    CLEANUP(kapi_object_unref) struct kapi_object *written = NULL;
    struct kapi_write write = {held ? WRITE_UPDATE : WRITE_DELETE,
                               call->resource->collection,
                               stored->ns,
                               stored->name,
                               stored,
                               held ? object : NULL};
    struct error *err = call->storage->ops->write(call->storage, &write, &written);
    if (err && error_is(err, ERROR_CONFLICT) && !error_code(err)) {
        error_free(err);
        *ret_lost = true;
        return NULL;
    }
    if (err)
        return kapi_status_from_error(err);
    kapi_written(call->api, call->resource, held ? EVENT_MODIFIED : EVENT_DELETED, written);
    if (held)
        ret->object = TAKE_PTR(written);
    else
        ret->json = deleted_status(call, written);
    return NULL;
}

static struct kapi_status *check_protected(const struct kapi_call *call)
{
    static const char *const kept[] = {"default", "kube-system", "kube-public"};

    for (size_t i = 0; is_namespace(call) && i < ARRAY_SIZE(kept); i++) {
        if (str_equal(call->name, kept[i]))
            return kapi_forbidden("", "namespaces", call->name, "this namespace may not be deleted");
    }
    return NULL;
}

struct kapi_status *kapi_delete(struct kapi_call *call, const struct kapi_delete_request *request,
                                struct kapi_result *ret)
{
    TRY_STATUS(check_protected(call));
    for (int i = 0; i < TRIES_MAX; i++) {
        CLEANUP(kapi_object_unref) struct kapi_object *stored = NULL;
        bool lost = false;
        struct error *err =
            call->storage->ops->get(call->storage, call->resource->collection, call->ns, call->name, &stored);
        if (err && error_is(err, ERROR_NOT_FOUND) && !error_code(err)) {
            error_free(err);
            return kapi_not_found(call->resource->group, call->resource->plural, call->name);
        }
        if (err)
            return kapi_status_from_error(err);
        TRY_STATUS(delete_stored(call, request, stored, ret, &lost));
        if (!lost)
            return NULL;
    }
    return kapi_conflict(call->resource->group, call->resource->plural, call->name, KAPI_MODIFIED);
}

/* -- the request -- */

static const char *query(const struct kapi_call *call, const char *name)
{
    return call->exchange ? http_query(call->exchange, name) : NULL;
}

static struct kapi_status *read_options(struct kapi_call *call, const struct json *options,
                                        struct kapi_delete_request *ret)
{
    CLEANUP_CAUSES struct kapi_causes causes = {0};
    const char *orphan = query(call, "orphanDependents");
    const struct json *old_way = json_member(options, "orphanDependents");

    ret->policy = json_str(options, "propagationPolicy");
    if (!ret->policy)
        ret->policy = query(call, "propagationPolicy");
    if (old_way || orphan) {
        bool wanted = old_way ? json_bool(old_way, "", false) : str_equal(orphan, "true");
        if (ret->policy)
            kapi_causes_add(&causes, KAPI_INVALID, "propagationPolicy",
                            "Invalid value: \"%s\": orphanDependents and deletionPropagation cannot be both set",
                            ret->policy);
        ret->policy = wanted ? "Orphan" : "Background";
    }
    if (ret->policy && !str_equal(ret->policy, "Background") && !str_equal(ret->policy, "Foreground") &&
        !str_equal(ret->policy, "Orphan"))
        kapi_causes_add(
            &causes, KAPI_NOT_SUPPORTED, "propagationPolicy",
            "Unsupported value: \"%s\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\"",
            ret->policy);
    ret->uid = json_str(options, "preconditions/uid");
    ret->resource_version = json_str(options, "preconditions/resourceVersion");
    JSON_FOREACH (word, json_member(options, "dryRun")) {
        if (str_equal(json_str(word, ""), "All"))
            call->dry_run = true;
        else
            kapi_causes_add(&causes, KAPI_NOT_SUPPORTED, "dryRun",
                            "Unsupported value: [\"%s\"]: supported values: \"All\"", json_str_or(word, "", ""));
    }
    return kapi_causes_status(&causes, "meta.k8s.io", "DeleteOptions", "");
}

/* Deletes what the selectors pick; answers with the list of it (KAPI-057). */
static struct kapi_status *delete_collection(struct kapi_call *call, const struct kapi_delete_request *request,
                                             struct kapi_result *ret)
{
    CLEANUP(kapi_selector_free) struct kapi_selector *selector = NULL;
    CLEANUP_OBJECTS struct kapi_objects objects = {0};

    TRY_STATUS(kapi_selector_parse(query(call, "labelSelector"), query(call, "fieldSelector"), call->resource,
                                   call->version, &selector));
    struct error *err = call->storage->ops->list(call->storage, call->resource->collection, call->ns, &objects);
    if (err)
        return kapi_status_from_error(err);
    CLEANUP(json_free) struct json *list = json_new_object();
    json_set_printf(list, "kind", "%s", call->resource->list_kind);
    json_set_str(list, "apiVersion", call->version->api_version);
    json_set_printf(list, "metadata/resourceVersion", "%" PRIu64, objects.rv);
    json_set(list, "items", json_new_array());
    for (size_t i = 0; i < objects.len; i++) {
        struct kapi_object *object = objects.items[i];
        if (!kapi_selector_matches(selector, object->json))
            continue;
        struct kapi_call one = kapi_call_internal(call->api, call->resource, object->ns, object->name);
        CLEANUP_RESULT struct kapi_result result = {0};
        one.dry_run = call->dry_run;
        struct kapi_status *status = kapi_delete(&one, request, &result);
        kapi_call_release(&one);
        if (status && status->code != 404)
            return status;
        kapi_status_free(status);
        struct kapi_form form;
        TRY_STATUS(kapi_form(call->api, call->resource, call->version, object, &form));
        json_append(json_get(list, "items"), json_copy(form.json));
    }
    ret->code = 200;
    ret->json = TAKE_PTR(list);
    return NULL;
}

struct kapi_status *kapi_delete_verb(struct kapi_call *call, struct kapi_result *ret)
{
    CLEANUP(json_free) struct json *options = NULL;
    struct kapi_delete_request request = {0};

    if (call->exchange && http_body_len(call->exchange)) {
        struct kapi_body body = {http_header(call->exchange, "Content-Type"), http_body(call->exchange),
                                 http_body_len(call->exchange)};
        TRY_STATUS(kapi_body_decode(&body, &kapi_delete_options, NULL, &options));
    }
    TRY_STATUS(read_options(call, options, &request));
    return call->name ? kapi_delete(call, &request, ret) : delete_collection(call, &request, ret);
}
