/* SPDX-License-Identifier: Apache-2.0 */
/* The cache of one resource: objects by key, indexes, handlers. What feeds it is in reflector.c. */
#include "operator/kube/informer_internal.h"

#include <stdlib.h>

#include "lib/data/str.h"
#include "lib/data/vec.h"

/* An index: key -> the objects that have it. */
struct index {
    char *name;
    void (*keys_of)(const struct json *object, struct informer_keys *keys);
    struct map *buckets; /* of struct kube_objects * */
};

struct informer_keys {
    VEC(char *) items;
};

void informer_keys_add(struct informer_keys *keys, const char *key)
{
    if (!str_is_empty(key))
        VEC_PUSH(&keys->items, mem_strdup(key));
}

static void keys_release(struct informer_keys *keys)
{
    VEC_FOREACH (key, &keys->items)
        free(*key);
    VEC_RELEASE(&keys->items);
}

static void bucket_free(void *value)
{
    kube_objects_release(value);
    free(value);
}

static void unref_object(void *value)
{
    kube_object_unref(value);
}

struct informer *informer_new(const struct kube_resource *resource, const char *label_selector)
{
    struct informer *informer = mem_alloc(sizeof(*informer));
    informer->resource = resource;
    informer->label_selector = mem_strdup(label_selector);
    informer->objects = map_new(unref_object);
    informer->indexes = map_new(NULL);
    return informer;
}

void informer_free(struct informer *informer)
{
    if (!informer)
        return;
    struct map_iter it = {0};
    while (map_next(informer->indexes, &it)) {
        struct index *index = it.value;
        map_free(index->buckets);
        free(index->name);
        free(index);
    }
    map_free(informer->indexes);
    map_free(informer->objects);
    VEC_RELEASE(&informer->handlers);
    free(informer->label_selector);
    free(informer);
}

bool informer_has_synced(const struct informer *informer)
{
    return informer->started && informer->unsynced == 0;
}

char *informer_key(const char *namespace, const char *name)
{
    return str_is_empty(namespace) ? mem_strdup(name) : mem_printf("%s/%s", namespace, name);
}

/* -- indexes -- */

static void index_add(struct index *index, struct kube_object *object)
{
    struct informer_keys keys = {0};
    index->keys_of(kube_object_json(object), &keys);
    VEC_FOREACH (key, &keys.items) {
        struct kube_objects *bucket = map_get(index->buckets, *key);
        if (!bucket) {
            bucket = mem_alloc(sizeof(*bucket));
            map_set(index->buckets, *key, bucket);
        }
        kube_objects_add(bucket, object);
    }
    keys_release(&keys);
}

static void index_remove(struct index *index, struct kube_object *object)
{
    struct informer_keys keys = {0};
    index->keys_of(kube_object_json(object), &keys);
    VEC_FOREACH (key, &keys.items) {
        struct kube_objects *bucket = map_get(index->buckets, *key);
        for (size_t i = 0; bucket && i < bucket->len; i++) {
            if (bucket->items[i] != object)
                continue;
            kube_object_unref(bucket->items[i]);
            VEC_REMOVE(bucket, i);
            break;
        }
        if (bucket && bucket->len == 0)
            map_remove(index->buckets, *key);
    }
    keys_release(&keys);
}

void informer_add_index(struct informer *informer, const char *name,
                        void (*keys_of)(const struct json *object, struct informer_keys *keys))
{
    if (map_get(informer->indexes, name))
        return;
    struct index *index = mem_alloc(sizeof(*index));
    index->name = mem_strdup(name);
    index->keys_of = keys_of;
    index->buckets = map_new(bucket_free);
    map_set(informer->indexes, name, index);
    struct map_iter it = {0};
    while (map_next(informer->objects, &it))
        index_add(index, it.value);
}

void informer_find(const struct informer *informer, const char *name, const char *key, struct kube_objects *ret)
{
    const struct index *index = map_get(informer->indexes, name);
    const struct kube_objects *bucket = index ? map_get(index->buckets, key) : NULL;
    for (size_t i = 0; bucket && i < bucket->len; i++)
        kube_objects_add(ret, bucket->items[i]);
}

void informer_index_owners(const struct json *object, struct informer_keys *keys)
{
    JSON_FOREACH (owner, json_get(object, "metadata/ownerReferences"))
        informer_keys_add(keys, json_str(owner, "uid"));
}

static void reindex(struct informer *informer, struct kube_object *old, struct kube_object *object)
{
    struct map_iter it = {0};
    while (map_next(informer->indexes, &it)) {
        if (old)
            index_remove(it.value, old);
        if (object)
            index_add(it.value, object);
    }
}

/* -- changes -- */

void informer_store(struct informer *informer, struct json *json)
{
    json_remove(json, "metadata/managedFields");
    CLEANUP(kube_object_unref) struct kube_object *object = kube_object_new(json);
    CLEANUP_FREE char *key = informer_key(kube_namespace(json), kube_name(json));
    CLEANUP(kube_object_unref) struct kube_object *old = kube_object_ref(map_get(informer->objects, key));
    if (old && str_equal(kube_resource_version(kube_object_json(old)), kube_resource_version(json)) &&
        str_equal(kube_uid(kube_object_json(old)), kube_uid(json)))
        return; /* seen already: a list that repeats what the watch had told */
    reindex(informer, old, object);
    map_set(informer->objects, key, kube_object_ref(object));
    for (size_t i = 0; i < informer->handlers.len; i++) {
        const struct informer_handler *handler = &informer->handlers.items[i];
        if (old && handler->updated)
            handler->updated(handler->arg, old, object);
        else if (!old && handler->added)
            handler->added(handler->arg, object);
    }
}

/* Forgets the object under `key`; `last` is its last state, and may be the cached one. */
static void forget(struct informer *informer, const char *key, struct kube_object *last)
{
    CLEANUP(kube_object_unref) struct kube_object *old = map_take(informer->objects, key);
    if (!old)
        return;
    reindex(informer, old, NULL);
    for (size_t i = 0; i < informer->handlers.len; i++) {
        const struct informer_handler *handler = &informer->handlers.items[i];
        if (handler->deleted)
            handler->deleted(handler->arg, last);
    }
}

void informer_remove(struct informer *informer, struct json *json)
{
    CLEANUP(kube_object_unref) struct kube_object *last = kube_object_new(json);
    CLEANUP_FREE char *key = informer_key(kube_namespace(json), kube_name(json));
    forget(informer, key, last);
}

void informer_retain(struct informer *informer, const char *namespace, const struct map *keys)
{
    struct map_iter it = {0};
    while (map_next(informer->objects, &it)) {
        CLEANUP(kube_object_unref) struct kube_object *object = kube_object_ref(it.value);
        bool ours = !namespace || str_equal(kube_namespace(kube_object_json(object)), namespace);
        if (!ours || map_get(keys, it.key))
            continue;
        CLEANUP_FREE char *key = mem_strdup(it.key);
        forget(informer, key, object);
    }
}

void informer_add_handler(struct informer *informer, const struct informer_handler *handler)
{
    VEC_PUSH(&informer->handlers, *handler);
    struct map_iter it = {0};
    while (handler->added && map_next(informer->objects, &it))
        handler->added(handler->arg, it.value);
}

/* -- reading -- */

struct kube_object *informer_get(const struct informer *informer, const char *namespace, const char *name)
{
    CLEANUP_FREE char *key = informer_key(namespace, name);
    return kube_object_ref(map_get(informer->objects, key));
}

void informer_list(const struct informer *informer, const char *namespace, struct kube_objects *ret)
{
    struct map_iter it = {0};
    while (map_next(informer->objects, &it))
        if (!namespace || str_equal(kube_namespace(kube_object_json(it.value)), namespace))
            kube_objects_add(ret, it.value);
}

size_t informer_len(const struct informer *informer)
{
    return map_len(informer->objects);
}
