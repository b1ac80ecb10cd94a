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
        written; /* "ns/name" to struct json *: answers that the cache has not shown yet, the last of objects that are gone too */
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

/* Its last finalizer went under deletion. */
static bool is_gone(const struct json *object)
{
    return kube_is_deleting(object) && !json_len(json_get(object, "metadata/finalizers"));
}

static void remember(struct object_store *store, const struct json *object)
{
    CLEANUP_FREE char *key = key_of(kube_namespace(object), kube_name(object));
    map_set(store->written, key, json_copy(object));
}

bool object_store_is_echo(const struct object_store *store, const struct json *object)
{
    CLEANUP_FREE char *key = key_of(kube_namespace(object), kube_name(object));
    const struct json *written = map_get(store->written, key);

    return written && !is_older(written, object);
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

    if (written && is_gone(written) && cached && str_equal(kube_uid(kube_object_json(cached)), kube_uid(written))) {
        *ret = NULL;
        return NULL;
    }
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

/*
 * Metadata and spec go as a merge patch. Status goes whole, by PUT, as upstream writes it: a merge patch cannot say the explicit nulls that
 * belong in it (BMO-006).
 */
static struct error *send(struct object_store *store, const struct json *original, const struct json *changed,
                          bool status_only, struct json **ret)
{
    if (status_only)
        return kube_update_status(store->client, store->resource, changed, ret);
    struct json *patch CLEANUP(json_free) = kube_diff(original, changed, false, KUBE_PATCH_LOCKED);
    if (!patch) {
        *ret = json_copy(original);
        return NULL;
    }
    return kube_patch(store->client, store->resource, kube_namespace(original), kube_name(original), KUBE_PATCH_MERGE,
                      patch, NULL, ret);
}

/* The cache may go on showing what a refused write was based on: look for ourselves. */
static void look_after_conflict(struct object_store *store, const struct json *original)
{
    struct json *live CLEANUP(json_free) = NULL;

    struct error *err = object_store_get_live(store, kube_namespace(original), kube_name(original), &live);
    error_free(err); /* then the cache has to do */
    if (live)
        remember(store, live);
}

struct error *object_store_write(struct object_store *store, const struct json *original, const struct json *changed,
                                 bool status_only, struct json **ret)
{
    struct json *answer = NULL;

    struct error *err = send(store, original, changed, status_only, &answer);
    if (kube_is_not_found(err) && kube_is_deleting(original)) {
        error_free(err);
        *ret = NULL;
        return NULL;
    }
    if (kube_is_conflict(err))
        look_after_conflict(store, original);
    TRY(err);
    remember(store, answer);
    if (is_gone(answer)) {
        json_free(answer);
        answer = NULL;
    }
    *ret = answer;
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
