/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the controller manager does beside a real API server: garbage collection by ownerReferences, emptying of namespaces and of deleted
 * CRDs, the default content of a namespace, and the end of old events (KAPI-120…131, 138). One task works on a queue that writes fill.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/data/vec.h"
#include "sim/kube-api/auth.h"
#include "sim/kube-api/kapi.h"

#define EVENT_LIFE (3600 * TIME_S)
#define EVENT_SWEEP (600 * RT_S)

enum work_type {
    WORK_CHECK_OWNERS, /* an object with owners was written */
    WORK_DEPENDENTS,   /* an object went: look at those that it owned */
    WORK_FINALIZERS,   /* an object waits for its dependents */
    WORK_NAMESPACE_NEW,
    WORK_NAMESPACE_END,
    WORK_CRD_END,
};

struct work {
    enum work_type type;
    struct kapi_resource *resource; /* a reference */
    struct kapi_object *object;     /* a reference; possibly no longer the stored version */
};

struct kapi_controllers {
    struct kapi *api;
    struct work *items;
    size_t len, cap, first;
    struct rt_cond changed;
};

static void push(struct kapi_controllers *controllers, enum work_type type, struct kapi_resource *resource,
                 struct kapi_object *object)
{
    struct work work = {type, kapi_resource_ref(resource), kapi_object_ref(object)};
    VEC_PUSH(controllers, work);
    rt_cond_signal(controllers->api->rt, &controllers->changed);
}

static void work_release(struct work *work)
{
    kapi_resource_unref(work->resource);
    kapi_object_unref(work->object);
}

void kapi_controllers_free(struct kapi_controllers *controllers)
{
    if (!controllers)
        return;
    for (size_t i = controllers->first; i < controllers->len; i++)
        work_release(&controllers->items[i]);
    VEC_RELEASE(controllers);
    free(controllers);
}

static bool is_kind(const struct kapi_resource *resource, const char *kind)
{
    return resource->builtin && str_equal(resource->kind, kind);
}

/* An object went or lost a finalizer: its namespace or its CRD may be waiting for just that. */
static void notice_gone(struct kapi_controllers *controllers, struct kapi_resource *resource,
                        struct kapi_object *object)
{
    struct kapi *api = controllers->api;
    struct kapi_resource *namespaces = kapi_registry_builtin(api->registry, "", "namespaces");
    struct kapi_resource *crds =
        kapi_registry_builtin(api->registry, "apiextensions.k8s.io", "customresourcedefinitions");
    struct kapi_object *ns = *object->ns ? kapi_collection_peek(namespaces->collection, NULL, object->ns) : NULL;
    struct kapi_object *crd =
        resource->crd_name ? kapi_collection_peek(crds->collection, NULL, resource->crd_name) : NULL;

    push(controllers, WORK_DEPENDENTS, resource, object);
    if (ns && json_str(ns->json, "metadata/deletionTimestamp"))
        push(controllers, WORK_NAMESPACE_END, namespaces, ns);
    if (crd && json_str(crd->json, "metadata/deletionTimestamp"))
        push(controllers, WORK_CRD_END, crds, crd);
}

void kapi_controllers_notice(struct kapi *api, struct kapi_resource *resource, enum kapi_event_type type,
                             struct kapi_object *object)
{
    struct kapi_controllers *controllers = api->controllers;

    if (!controllers)
        return;
    bool terminating = json_str(object->json, "metadata/deletionTimestamp");
    if (type == EVENT_DELETED)
        notice_gone(controllers, resource, object);
    if (json_len(json_get(object->json, "metadata/ownerReferences")))
        push(controllers, WORK_CHECK_OWNERS, resource, object);
    if (type == EVENT_DELETED)
        return;
    if (terminating &&
        (kapi_has_finalizer(object->json, "orphan") || kapi_has_finalizer(object->json, "foregroundDeletion")))
        push(controllers, WORK_FINALIZERS, resource, object);
    if (is_kind(resource, "Namespace"))
        push(controllers, terminating ? WORK_NAMESPACE_END : WORK_NAMESPACE_NEW, resource, object);
    if (is_kind(resource, "CustomResourceDefinition") && terminating)
        push(controllers, WORK_CRD_END, resource, object);
}

/* -- garbage collection -- */

/* Deletes an object as the garbage collector does: just this instance. */
static void collect(struct kapi *api, struct kapi_resource *resource, const struct kapi_object *object,
                    const char *policy)
{
    CLEANUP_CALL struct kapi_call call = kapi_call_internal(api, resource, object->ns, object->name);
    CLEANUP_RESULT struct kapi_result result = {0};
    struct kapi_delete_request request = {.policy = policy, .uid = object->uid};
    CLEANUP(kapi_status_free) struct kapi_status *status = kapi_delete(&call, &request, &result);

    if (status && status->code != 404 && status->code != 409)
        log_warn(api->log, "garbage collection cannot delete an object", KV("kind", resource->kind),
                 KV("namespace", object->ns), KV("name", object->name), KV("err", status->message));
}

/* The object that a reference names, in the namespace of the dependent or cluster-wide; NULL: absent. */
static struct kapi_object *find_owner(struct kapi *api, const struct json *reference, const char *ns, bool *ret_known,
                                      struct kapi_resource **ret_resource)
{
    const char *api_version = json_str_or(reference, "apiVersion", "");
    const char *slash = strchr(api_version, '/');
    CLEANUP_FREE char *group = slash ? mem_strndup(api_version, (size_t)(slash - api_version)) : mem_strdup("");
    const struct kapi_version *version;

    *ret_known =
        kapi_registry_find_kind(api->registry, group, NULL, json_str_or(reference, "kind", ""), ret_resource, &version);
    if (!*ret_known)
        return NULL;
    if ((*ret_resource)->namespaced && !*ns)
        return NULL;
    struct kapi_object *owner = kapi_collection_peek(
        (*ret_resource)->collection, (*ret_resource)->namespaced ? ns : NULL, json_str_or(reference, "name", ""));
    return owner && str_equal(owner->uid, json_str(reference, "uid")) ? owner : NULL;
}

/* Keeps only the references that do not have one of the uids in the object `arg`. */
static bool drop_owners(void *arg, struct json *object)
{
    const struct json *gone = arg;
    struct json *kept = json_new_array(), *metadata = json_member(object, "metadata");
    bool changed = false;

    JSON_FOREACH (reference, json_member(metadata, "ownerReferences")) {
        if (json_member(gone, json_str_or(reference, "uid", "")))
            changed = true;
        else
            json_append(kept, json_copy(reference));
    }
    if (json_len(kept)) {
        json_put(metadata, "ownerReferences", kept);
    } else {
        json_free(kept);
        json_remove_member(metadata, "ownerReferences");
    }
    return changed;
}

static void check_owners(struct kapi *api, struct kapi_resource *resource, struct kapi_object *dependent)
{
    CLEANUP(json_free) struct json *gone = json_new_object();
    size_t present = 0;
    bool held = false;

    JSON_FOREACH (reference, json_get(dependent->json, "metadata/ownerReferences")) {
        struct kapi_resource *owner_resource = NULL;
        bool known;
        struct kapi_object *owner = find_owner(api, reference, dependent->ns, &known, &owner_resource);
        if (!owner && known) {
            json_put(gone, json_str_or(reference, "uid", ""), json_new_bool(true));
            continue;
        }
        present++;
        if (owner && kapi_has_finalizer(owner->json, "foregroundDeletion") &&
            json_bool(reference, "blockOwnerDeletion", false))
            held = true;
    }
    if (!json_len(gone))
        return;
    if (!present)
        collect(api, resource, dependent, held ? "Foreground" : "Background");
    else
        kapi_edit(api, resource, dependent->ns, dependent->name, drop_owners, gone);
}

struct dependents {
    struct kapi *api;
    const char *uid;
    struct {
        struct work *items;
        size_t len, cap;
    } found;
};

static const struct json *reference_to(const struct kapi_object *object, const char *uid)
{
    JSON_FOREACH (reference, json_get(object->json, "metadata/ownerReferences")) {
        if (str_equal(json_str(reference, "uid"), uid))
            return reference;
    }
    return NULL;
}

static void find_in(void *arg, struct kapi_collection *collection)
{
    struct dependents *dependents = arg;
    struct kapi_resource *resource = kapi_registry_of(dependents->api->registry, collection);
    struct kapi_object *object;

    for (size_t i = 0; resource && (object = kapi_collection_at(collection, i)); i++) {
        if (!reference_to(object, dependents->uid))
            continue;
        struct work found = {WORK_CHECK_OWNERS, kapi_resource_ref(resource), kapi_object_ref(object)};
        VEC_PUSH(&dependents->found, found);
    }
}

static void dependents_release(struct dependents *dependents)
{
    VEC_FOREACH (work, &dependents->found)
        work_release(work);
    VEC_RELEASE(&dependents->found);
}
#define CLEANUP_DEPENDENTS __attribute__((cleanup(dependents_release)))

/* Of an object that went: its dependents, and owners that waited for it. */
static void after_deletion(struct kapi_controllers *controllers, struct kapi_object *object)
{
    struct kapi *api = controllers->api;
    CLEANUP_DEPENDENTS struct dependents dependents = {.api = api, .uid = object->uid};

    kapi_store_each(api->store, find_in, &dependents);
    VEC_FOREACH (work, &dependents.found)
        check_owners(api, work->resource, work->object);
    JSON_FOREACH (reference, json_get(object->json, "metadata/ownerReferences")) {
        struct kapi_resource *resource = NULL;
        bool known;
        struct kapi_object *owner = find_owner(api, reference, object->ns, &known, &resource);
        if (owner && json_str(owner->json, "metadata/deletionTimestamp"))
            push(controllers, WORK_FINALIZERS, resource, owner);
    }
}

static bool remove_orphan_finalizer(void *arg, struct json *object)
{
    bool had = kapi_has_finalizer(object, "orphan");

    kapi_set_finalizer(object, "orphan", false);
    return had;
}

static bool remove_foreground_finalizer(void *arg, struct json *object)
{
    bool had = kapi_has_finalizer(object, "foregroundDeletion");

    kapi_set_finalizer(object, "foregroundDeletion", false);
    return had;
}

static void orphan_dependents(struct kapi *api, struct kapi_resource *resource, struct kapi_object *owner,
                              struct dependents *dependents)
{
    CLEANUP(json_free) struct json *gone = json_new_object();

    json_put(gone, owner->uid, json_new_bool(true));
    VEC_FOREACH (work, &dependents->found)
        kapi_edit(api, work->resource, work->object->ns, work->object->name, drop_owners, gone);
    kapi_edit(api, resource, owner->ns, owner->name, remove_orphan_finalizer, NULL);
}

static void delete_dependents(struct kapi *api, struct kapi_resource *resource, struct kapi_object *owner,
                              struct dependents *dependents)
{
    bool blocked = false;

    VEC_FOREACH (work, &dependents->found) {
        bool blocks = json_bool(reference_to(work->object, owner->uid), "blockOwnerDeletion", false);
        if (!json_str(work->object->json, "metadata/deletionTimestamp"))
            collect(api, work->resource, work->object, blocks ? "Foreground" : "Background");
        blocked = blocked ||
                  (blocks && kapi_collection_peek(work->resource->collection, work->object->ns, work->object->name));
    }
    if (!blocked)
        kapi_edit(api, resource, owner->ns, owner->name, remove_foreground_finalizer, NULL);
}

/* -- namespaces and CRDs -- */

struct leftovers {
    struct kapi *api;
    const char *ns;
    size_t count, with_finalizers;
    struct strbuf resources, finalizers;
};

static void empty_collection(void *arg, struct kapi_collection *collection)
{
    struct leftovers *leftovers = arg;
    struct kapi_resource *resource = kapi_registry_of(leftovers->api->registry, collection);
    struct kapi_storage *storage = kapi_store_storage(leftovers->api->store);
    CLEANUP_OBJECTS struct kapi_objects objects = {0};
    size_t left = 0;

    if (!resource || !resource->namespaced || storage->ops->list(storage, collection, leftovers->ns, &objects))
        return;
    for (size_t i = 0; i < objects.len; i++) {
        struct kapi_object *object = objects.items[i];
        if (!json_str(object->json, "metadata/deletionTimestamp"))
            collect(leftovers->api, resource, object, "Background");
        struct kapi_object *still = kapi_collection_peek(collection, object->ns, object->name);
        if (!still)
            continue;
        left++;
        JSON_FOREACH (finalizer, json_get(still->json, "metadata/finalizers"))
            strbuf_addf(&leftovers->finalizers, "%s%s in 1 resource instances", leftovers->finalizers.len ? ", " : "",
                        json_str_or(finalizer, "", ""));
        leftovers->with_finalizers += json_len(json_get(still->json, "metadata/finalizers")) > 0;
    }
    leftovers->count += left;
    if (left)
        strbuf_addf(&leftovers->resources, "%s%s.%s has %zu resource instances", leftovers->resources.len ? ", " : "",
                    resource->plural, resource->group, left);
}

static bool note_leftovers(void *arg, struct json *ns)
{
    struct leftovers *leftovers = arg;
    int64_t wall = rt_wall(leftovers->api->rt);
    CLEANUP(json_free) struct json *before = json_copy(ns);
    CLEANUP_FREE char *resources = mem_printf("Some resources are remaining: %s", strbuf_str(&leftovers->resources));
    CLEANUP_FREE char *finalizers =
        mem_printf("Some content in the namespace has finalizers remaining: %s", strbuf_str(&leftovers->finalizers));

    if (!leftovers->count) {
        json_set(ns, "spec", json_new_object());
        return !json_equal(before, ns);
    }
    if (!json_is(json_get(ns, "status/conditions"), JSON_ARRAY))
        json_set(ns, "status/conditions", json_new_array());
    struct json *conditions = json_get(ns, "status/conditions");
    kapi_set_condition(conditions, wall, "NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered",
                       "All resources successfully discovered");
    kapi_set_condition(conditions, wall, "NamespaceDeletionGroupVersionParsingFailure", "False", "ParsedGroupVersions",
                       "All legacy kube types successfully parsed");
    kapi_set_condition(conditions, wall, "NamespaceDeletionContentFailure", "False", "ContentDeleted",
                       "All content successfully deleted, may be waiting on finalization");
    kapi_set_condition(conditions, wall, "NamespaceContentRemaining", "True", "SomeResourcesRemain", resources);
    if (leftovers->with_finalizers)
        kapi_set_condition(conditions, wall, "NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain",
                           finalizers);
    else
        kapi_set_condition(conditions, wall, "NamespaceFinalizersRemaining", "False", "ContentHasNoFinalizers",
                           "All content-preserving finalizers finished");
    return !json_equal(before, ns);
}

static void end_namespace(struct kapi *api, struct kapi_resource *resource, struct kapi_object *ns)
{
    struct leftovers leftovers = {.api = api, .ns = ns->name};

    kapi_store_each(api->store, empty_collection, &leftovers);
    kapi_edit(api, resource, NULL, ns->name, note_leftovers, &leftovers);
    strbuf_release(&leftovers.resources);
    strbuf_release(&leftovers.finalizers);
}

static bool remove_crd_finalizer(void *arg, struct json *object)
{
    bool had = kapi_has_finalizer(object, "customresourcecleanup.apiextensions.k8s.io");

    kapi_set_finalizer(object, "customresourcecleanup.apiextensions.k8s.io", false);
    return had;
}

static void end_crd(struct kapi *api, struct kapi_resource *crds, struct kapi_object *crd)
{
    struct kapi_collection *collection = kapi_store_collection(api->store, json_str_or(crd->json, "spec/group", ""),
                                                               json_str_or(crd->json, "spec/names/plural", ""));
    struct kapi_resource *resource = kapi_registry_of(api->registry, collection);
    struct kapi_storage *storage = kapi_store_storage(api->store);
    CLEANUP_OBJECTS struct kapi_objects objects = {0};

    if (resource && !storage->ops->list(storage, collection, NULL, &objects)) {
        kapi_resource_ref(resource);
        for (size_t i = 0; i < objects.len; i++) {
            if (!json_str(objects.items[i]->json, "metadata/deletionTimestamp"))
                collect(api, resource, objects.items[i], "Background");
        }
        kapi_resource_unref(resource);
    }
    if (!kapi_collection_len(collection))
        kapi_edit(api, crds, NULL, crd->name, remove_crd_finalizer, NULL);
}

/* Creates an object unless it is there. */
static void ensure(struct kapi *api, const char *plural, const char *ns, struct json *object)
{
    struct kapi_resource *resource = kapi_registry_builtin(api->registry, "", plural);
    CLEANUP_CALL struct kapi_call call = kapi_call_internal(api, resource, ns, NULL);
    CLEANUP_RESULT struct kapi_result result = {0};
    CLEANUP(kapi_status_free) struct kapi_status *status = kapi_create(&call, object, &result);

    if (status && !str_equal(status->reason, "AlreadyExists") && status->code != 404 && status->code != 403)
        log_warn(api->log, "cannot create an object", KV("kind", resource->kind), KV("namespace", ns),
                 KV("err", status->message));
}

static void fill_namespace(struct kapi *api, const char *ns)
{
    struct json *account = json_new_object(), *map = json_new_object();

    json_set_str(account, "metadata/name", "default");
    json_set_str(map, "metadata/name", "kube-root-ca.crt");
    json_set(map, "data", json_new_object());
    json_put_str(json_member(map, "data"), "ca.crt", kapi_auth_ca_pem(api->auth));
    ensure(api, "serviceaccounts", ns, account);
    ensure(api, "configmaps", ns, map);
}

/* -- events -- */

static void sweep_events(struct kapi *api)
{
    struct kapi_resource *events = kapi_registry_builtin(api->registry, "", "events");
    struct kapi_storage *storage = kapi_store_storage(api->store);
    CLEANUP_OBJECTS struct kapi_objects objects = {0};

    if (storage->ops->list(storage, events->collection, NULL, &objects))
        return;
    for (size_t i = 0; i < objects.len; i++) {
        const struct json *json = objects.items[i]->json;
        static const char *const stamps[] = {"series/lastObservedTime", "lastTimestamp", "metadata/creationTimestamp"};
        int64_t last = 0;
        for (size_t s = 0; s < ARRAY_SIZE(stamps); s++) {
            int64_t wall = 0;
            struct error *err = json_str(json, stamps[s]) ? time_parse(json_str(json, stamps[s]), &wall) : NULL;
            error_free(err);
            last = wall > last ? wall : last;
        }
        if (rt_wall(api->rt) - last > EVENT_LIFE)
            collect(api, events, objects.items[i], "Background");
    }
}

/* -- the task -- */

static void work_on(struct kapi_controllers *controllers, struct work *work)
{
    struct kapi *api = controllers->api;
    struct kapi_object *stored = kapi_collection_peek(work->resource->collection, work->object->ns, work->object->name);

    if (work->type == WORK_DEPENDENTS) {
        after_deletion(controllers, work->object);
        return;
    }
    if (!stored || !str_equal(stored->uid, work->object->uid))
        return;
    CLEANUP(kapi_object_unref) struct kapi_object *held = kapi_object_ref(stored);
    CLEANUP_DEPENDENTS struct dependents dependents = {.api = api, .uid = held->uid};
    switch (work->type) {
    case WORK_CHECK_OWNERS:
        check_owners(api, work->resource, held);
        break;
    case WORK_FINALIZERS:
        kapi_store_each(api->store, find_in, &dependents);
        if (kapi_has_finalizer(held->json, "orphan"))
            orphan_dependents(api, work->resource, held, &dependents);
        else if (kapi_has_finalizer(held->json, "foregroundDeletion"))
            delete_dependents(api, work->resource, held, &dependents);
        break;
    case WORK_NAMESPACE_NEW:
        fill_namespace(api, held->name);
        break;
    case WORK_NAMESPACE_END:
        end_namespace(api, work->resource, held);
        break;
    case WORK_CRD_END:
        end_crd(api, work->resource, held);
        break;
    case WORK_DEPENDENTS:
        break;
    }
}

static void controllers_task(void *arg)
{
    struct kapi_controllers *controllers = arg;
    struct rt *rt = controllers->api->rt;
    rt_time next_sweep = rt_after(rt, EVENT_SWEEP);
    struct error *err = NULL;

    while (!err) {
        while (controllers->first < controllers->len && !rt_group_cancelled(controllers->api->group)) {
            struct work work = controllers->items[controllers->first++];
            work_on(controllers, &work);
            work_release(&work);
        }
        if (controllers->first == controllers->len)
            controllers->first = controllers->len = 0;
        err = rt_cond_wait(rt, &controllers->changed, next_sweep);
        if (error_is(err, ERROR_TIMEOUT)) {
            error_free(err);
            err = NULL;
            next_sweep = rt_after(rt, EVENT_SWEEP);
            sweep_events(controllers->api);
        }
    }
    error_free(err);
}

void kapi_controllers_start(struct kapi *api)
{
    api->controllers = mem_alloc(sizeof(*api->controllers));
    api->controllers->api = api;
    rt_spawn(api->rt, api->group, "kube-api-controllers", controllers_task, api->controllers);
}

void kapi_resync(struct kapi *api)
{
    for (size_t i = 0; i < kapi_registry_len(api->registry); i++) {
        struct kapi_resource *resource = kapi_registry_at(api->registry, i);
        struct kapi_object *object;
        for (size_t at = 0; (object = kapi_collection_at(resource->collection, at)); at++)
            kapi_controllers_notice(api, resource, EVENT_ADDED, object);
    }
}
