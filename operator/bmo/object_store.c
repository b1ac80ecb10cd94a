/* SPDX-License-Identifier: Apache-2.0 */
/* A cache that is never older than our own writes. */
#include "operator/bmo/object_store.h"

#include <stdlib.h>

#include "lib/data/map.h"
#include "operator/kube/patch.h"

struct object_store {
    struct kube_client *client;
    const struct kube_resource *resource;
    struct informer *informer;
    struct map *
        /*
         * "ns/name" to struct kube_object: answers that the cache has not shown yet, the last of objects that are gone
         * too
         */
        written;
};

static void unref(void *value)
{
    kube_object_unref(value);
}

struct object_store *object_store_new(struct kube_client *client, const struct kube_resource *resource,
                                      struct informer *informer)
{
    struct object_store *store = mem_alloc(sizeof(*store));

    store->client = client;
    store->resource = resource;
    store->informer = informer;
    store->written = map_new(unref);
    return store;
}

void object_store_free(struct object_store *store)
{
    if (!store)
        return;
    map_free(store->written);
    free(store);
}

struct informer *object_store_informer(struct object_store *store)
{
    return store->informer;
}

static char *key_of(const char *ns, const char *name)
{
    return mem_printf("%s/%s", ns, name);
}

/*
 * Is `a` older than `b`? API servers number resourceVersions in order (and promise it since Kubernetes 1.35); where one
 * is no number, anything but `b` itself counts as newer, so that we never cling to an answer of ours.
 */
static bool is_older(const struct json *a, const struct json *b)
{
    int64_t left = 0, right = 0;
    struct error *err = str_to_int64(kube_resource_version(a), &left);
    if (!err)
        err = str_to_int64(kube_resource_version(b), &right);
    if (err) {
        error_free(err);
        return false;
    }
    return left < right;
}

/* Its last finalizer went under deletion. */
static bool is_gone(const struct json *object)
{
    return kube_is_deleting(object) && !json_len(json_get(object, "metadata/finalizers"));
}

static void remember(struct object_store *store, struct kube_object *object)
{
    const struct json *json = kube_object_json(object);
    CLEANUP_FREE char *key = key_of(kube_namespace(json), kube_name(json));
    map_set(store->written, key, kube_object_ref(object));
}

bool object_store_is_echo(const struct object_store *store, const struct json *object)
{
    CLEANUP_FREE char *key = key_of(kube_namespace(object), kube_name(object));
    const struct kube_object *written = map_get(store->written, key);

    return written && !is_older(kube_object_json(written), object);
}

static struct error *get_live(struct object_store *store, const char *ns, const char *name, struct kube_object **ret)
{
    struct json *object = NULL;

    struct error *err = kube_get(store->client, store->resource, ns, name, &object);
    if (kube_is_not_found(err)) {
        error_free(err);
        *ret = NULL;
        return NULL;
    }
    TRY(err);
    *ret = kube_object_new(object);
    return NULL;
}

struct error *object_store_get(struct object_store *store, const char *ns, const char *name, bool ask,
                               struct kube_object **ret)
{
    CLEANUP_FREE char *key = key_of(ns, name);
    CLEANUP(kube_object_unref) struct kube_object *cached = informer_get(store->informer, ns, name);
    const struct json *cached_json = kube_object_json(cached);
    struct kube_object *written = map_get(store->written, key);
    const struct json *written_json = kube_object_json(written);

    if (written && is_gone(written_json) && cached && str_equal(kube_uid(cached_json), kube_uid(written_json))) {
        *ret = NULL;
        return NULL;
    }
    if (written && cached && !is_older(cached_json, written_json)) {
        map_remove(store->written, key);
        written = NULL;
    }
    if (written && cached) {
        *ret = kube_object_ref(written);
        return NULL;
    }
    if (written) {
        /* Made by us and not in the cache yet, or gone again: the server knows. */
        TRY(get_live(store, ns, name, ret));
        if (!*ret)
            map_remove(store->written, key);
        return NULL;
    }
    if (!cached && ask)
        return get_live(store, ns, name, ret);
    *ret = TAKE_PTR(cached);
    return NULL;
}

/*
 * Metadata and spec go as a merge patch. Status goes whole, by PUT, as upstream writes it: a merge patch cannot say the
 * explicit nulls that belong in it (BMO-006).
 */
static struct error *send(struct object_store *store, struct kube_object *original, const struct json *changed,
                          bool status_only, struct kube_object **ret)
{
    const struct json *old = kube_object_json(original);
    struct json *answer = NULL;

    if (status_only) {
        TRY(kube_update_status(store->client, store->resource, changed, &answer));
    } else {
        struct json *patch CLEANUP(json_free) = kube_diff(old, changed, false, KUBE_PATCH_LOCKED);
        if (!patch) {
            *ret = kube_object_ref(original);
            return NULL;
        }
        TRY(kube_patch(store->client, store->resource, kube_namespace(old), kube_name(old), KUBE_PATCH_MERGE, patch,
                       NULL, &answer));
    }
    *ret = kube_object_new(answer);
    return NULL;
}

/* The cache may go on showing what a refused write was based on: look for ourselves. */
static void look_after_conflict(struct object_store *store, const struct json *original)
{
    CLEANUP(kube_object_unref) struct kube_object *live = NULL;

    struct error *err = get_live(store, kube_namespace(original), kube_name(original), &live);
    error_free(err); /* then the cache has to do */
    if (live)
        remember(store, live);
}

struct error *object_store_write(struct object_store *store, struct kube_object *original, const struct json *changed,
                                 bool status_only, struct kube_object **ret)
{
    const struct json *old = kube_object_json(original);
    CLEANUP(kube_object_unref) struct kube_object *answer = NULL;

    struct error *err = send(store, original, changed, status_only, &answer);
    if (kube_is_not_found(err) && kube_is_deleting(old)) {
        error_free(err);
        *ret = NULL;
        return NULL;
    }
    if (kube_is_conflict(err))
        look_after_conflict(store, old);
    TRY(err);
    if (answer != original)
        remember(store, answer);
    *ret = is_gone(kube_object_json(answer)) ? NULL : TAKE_PTR(answer);
    return NULL;
}

struct error *object_store_create(struct object_store *store, const struct json *object, struct kube_object **ret)
{
    struct json *answer = NULL;

    TRY(kube_create(store->client, store->resource, object, &answer));
    struct kube_object *created = kube_object_new(answer);
    remember(store, created);
    *ret = created;
    return NULL;
}

struct error *object_store_delete(struct object_store *store, const char *ns, const char *name)
{
    CLEANUP_FREE char *key = key_of(ns, name);

    TRY(kube_ignore_not_found(kube_delete(store->client, store->resource, ns, name, NULL)));
    map_remove(store->written, key);
    return NULL;
}
