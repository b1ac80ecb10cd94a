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
    struct map *written; /* "ns/name" to struct json *: answers that the cache has not shown yet */
};

static void free_json(void *value)
{
    json_free(value);
}

struct object_store *object_store_new(struct kube_client *client, const struct kube_resource *resource,
                                      struct informer *informer)
{
    struct object_store *store = mem_alloc(sizeof(*store));

    store->client = client;
    store->resource = resource;
    store->informer = informer;
    store->written = map_new(free_json);
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
 * Is `a` older than `b`? API servers number resourceVersions in order (and promise it since Kubernetes 1.35); where one is no number,
 * anything but `b` itself counts as newer, so that we never cling to an answer of ours.
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

static void remember(struct object_store *store, const struct json *object)
{
    CLEANUP_FREE char *key = key_of(kube_namespace(object), kube_name(object));
    map_set(store->written, key, json_copy(object));
}

struct error *object_store_get_live(struct object_store *store, const char *ns, const char *name, struct json **ret)
{
    struct json *object = NULL;

    struct error *err = kube_get(store->client, store->resource, ns, name, &object);
    if (kube_is_not_found(err)) {
        error_free(err);
        *ret = NULL;
        return NULL;
    }
    TRY(err);
    *ret = object;
    return NULL;
}

struct error *object_store_get(struct object_store *store, const char *ns, const char *name, bool ask,
                               struct json **ret)
{
    CLEANUP_FREE char *key = key_of(ns, name);
    CLEANUP(kube_object_unref) struct kube_object *cached = informer_get(store->informer, ns, name);
    const struct json *written = map_get(store->written, key);

    if (written && cached && !is_older(kube_object_json(cached), written)) {
        map_remove(store->written, key);
        written = NULL;
    }
    if (written && cached) {
        *ret = json_copy(written);
        return NULL;
    }
    if (written) {
        /* Made by us and not in the cache yet, or gone again: the server knows. */
        TRY(object_store_get_live(store, ns, name, ret));
        if (!*ret)
            map_remove(store->written, key);
        return NULL;
    }
    if (!cached && ask)
        return object_store_get_live(store, ns, name, ret);
    *ret = cached ? kube_object_copy(cached) : NULL;
    return NULL;
}

struct error *object_store_write(struct object_store *store, const struct json *original, const struct json *changed,
                                 bool status_only, struct json **ret)
{
    struct json *patch CLEANUP(json_free) = kube_diff(original, changed, status_only, KUBE_PATCH_LOCKED);
    const struct kube_patch_options options = {.subresource = status_only ? "status" : NULL};
    struct json *answer = NULL;

    if (!patch) {
        *ret = json_copy(original);
        return NULL;
    }
    struct error *err = kube_patch(store->client, store->resource, kube_namespace(original), kube_name(original),
                                   KUBE_PATCH_MERGE, patch, &options, &answer);
    if (kube_is_not_found(err) && kube_is_deleting(original)) {
        error_free(err);
        *ret = NULL;
        return NULL;
    }
    if (kube_is_conflict(err)) {
        /* The cache may go on showing what we based this on: look for ourselves. */
        struct json *live = NULL;
        struct error *get_err = object_store_get_live(store, kube_namespace(original), kube_name(original), &live);
        error_free(get_err);
        if (live)
            remember(store, live);
        json_free(live);
    }
    TRY(err);
    bool gone = kube_is_deleting(answer) && !json_len(json_get(answer, "metadata/finalizers"));
    if (!gone) {
        remember(store, answer);
        *ret = answer;
        return NULL;
    }
    CLEANUP_FREE char *key = key_of(kube_namespace(original), kube_name(original));
    map_remove(store->written, key);
    json_free(answer);
    *ret = NULL;
    return NULL;
}

struct error *object_store_create(struct object_store *store, const struct json *object, struct json **ret)
{
    struct json *answer = NULL;

    TRY(kube_create(store->client, store->resource, object, &answer));
    remember(store, answer);
    if (ret)
        *ret = answer;
    else
        json_free(answer);
    return NULL;
}

struct error *object_store_delete(struct object_store *store, const char *ns, const char *name)
{
    CLEANUP_FREE char *key = key_of(ns, name);

    TRY(kube_ignore_not_found(kube_delete(store->client, store->resource, ns, name, NULL)));
    map_remove(store->written, key);
    return NULL;
}
