/* SPDX-License-Identifier: Apache-2.0 */
/* The store: objects in memory, history for watches, journal on disk. */
#include "sim/kube-api/store.h"

#include <inttypes.h>
#include <string.h>

#include "lib/data/map.h"
#include "lib/data/vec.h"
#include "sim/kube-api/journal.h"

#define EVENTS_PER_CALL 500

struct kapi_collection {
    char *name;
    struct kapi_object **items; /* sorted by key */
    size_t len, cap;
    struct kapi_event *events; /* oldest first, from events[first] */
    size_t first, events_len, events_cap, bytes;
    uint64_t floor; /* history is complete after this version */
    struct rt_cond changed;
};

struct kapi_store {
    struct kapi_storage storage; /* first: ops cast back */
    struct rt *rt;
    struct rt_group *group;
    uint64_t rv, start_rv;
    struct map *collections;
    struct kapi_journal *journal; /* NULL: memory only */
    struct rt_cond advanced;
};

void kapi_objects_release(struct kapi_objects *objects)
{
    for (size_t i = 0; i < objects->len; i++)
        kapi_object_unref(objects->items[i]);
    VEC_RELEASE(objects);
}

static void event_release(struct kapi_event *event)
{
    kapi_object_unref(event->object);
    kapi_object_unref(event->previous);
}

void kapi_events_release(struct kapi_events *events)
{
    for (size_t i = 0; i < events->len; i++)
        event_release(&events->items[i]);
    VEC_RELEASE(events);
}

/* -- collections -- */

static void collection_free(void *value)
{
    struct kapi_collection *collection = value;

    for (size_t i = 0; i < collection->len; i++)
        kapi_object_unref(collection->items[i]);
    for (size_t i = collection->first; i < collection->events_len; i++)
        event_release(&collection->events[i]);
    free(collection->items);
    free(collection->events);
    free(collection->name);
    free(collection);
}

static struct kapi_collection *find_collection(struct kapi_store *store, const char *name)
{
    struct kapi_collection *collection = map_get(store->collections, name);

    if (collection)
        return collection;
    collection = mem_alloc(sizeof(*collection));
    collection->name = mem_strdup(name);
    collection->floor = store->start_rv;
    map_set(store->collections, name, collection);
    return collection;
}

struct kapi_collection *kapi_store_collection(struct kapi_store *store, const char *group, const char *plural)
{
    CLEANUP_FREE char *name = mem_printf("%s/%s", group, plural);
    return find_collection(store, name);
}

const char *kapi_collection_name(const struct kapi_collection *collection)
{
    return collection->name;
}

size_t kapi_collection_len(const struct kapi_collection *collection)
{
    return collection->len;
}

struct kapi_object *kapi_collection_at(const struct kapi_collection *collection, size_t index)
{
    return index < collection->len ? collection->items[index] : NULL;
}

void kapi_store_each(struct kapi_store *store, void (*fn)(void *arg, struct kapi_collection *collection), void *arg)
{
    struct map_iter it = {0};
    while (map_next(store->collections, &it))
        fn(arg, it.value);
}

/* Index of `key` in sorted objects, or where it belongs. */
static size_t position(struct kapi_object *const *items, size_t len, const char *key, bool *ret_found)
{
    size_t low = 0, high = len;

    *ret_found = false;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int order = strcmp(items[middle]->key, key);
        if (order == 0) {
            *ret_found = true;
            return middle;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct kapi_object *kapi_collection_peek(const struct kapi_collection *collection, const char *ns, const char *name)
{
    CLEANUP_FREE char *key = kapi_object_key(ns, name);
    bool found;
    size_t index = position(collection->items, collection->len, key, &found);
    return found ? collection->items[index] : NULL;
}

/* Puts a reference in its place, takes out the one that was there (owned by the caller; NULL: none). `object` NULL removes. */
static struct kapi_object *exchange(struct kapi_object ***items, size_t *len, size_t *cap, const char *key,
                                    struct kapi_object *object)
{
    bool found;
    size_t index = position(*items, *len, key, &found);
    struct kapi_object *old = found ? (*items)[index] : NULL;

    if (found && object) {
        (*items)[index] = object;
    } else if (found) {
        memmove(*items + index, *items + index + 1, (*len - index - 1) * sizeof(**items));
        (*len)--;
    } else if (object) {
        if (*len == *cap) {
            *cap = *cap ? *cap * 2 : 16;
            *items = mem_resize(*items, *cap, sizeof(**items));
        }
        memmove(*items + index + 1, *items + index, (*len - index) * sizeof(**items));
        (*items)[index] = object;
        (*len)++;
    }
    return old;
}

void kapi_collection_rewrite(struct kapi_collection *collection, bool (*fn)(void *arg, struct json *json), void *arg)
{
    for (size_t i = 0; i < collection->len; i++) {
        struct kapi_object *old = collection->items[i];
        CLEANUP(json_free) struct json *copy = json_copy(old->json);
        if (!fn(arg, copy))
            continue;
        collection->items[i] = kapi_object_new(TAKE_PTR(copy), old->rv);
        kapi_object_unref(old);
    }
}

void kapi_collection_wake(struct kapi_store *store, struct kapi_collection *collection)
{
    rt_cond_broadcast(store->rt, &collection->changed);
}

/* -- history -- */

static size_t event_bytes(const struct kapi_event *event)
{
    return event->object->len;
}

static void trim_history(struct kapi_collection *collection)
{
    size_t count = collection->events_len - collection->first;

    if (count <= KAPI_HISTORY_EVENTS && (collection->bytes <= KAPI_HISTORY_BYTES || count <= 64))
        return;
    for (size_t drop = count / 2; drop; drop--) {
        struct kapi_event *event = &collection->events[collection->first++];
        collection->bytes -= event_bytes(event);
        collection->floor = event->rv;
        event_release(event);
    }
    size_t left = collection->events_len - collection->first;
    memmove(collection->events, collection->events + collection->first, left * sizeof(*collection->events));
    collection->events_len = left;
    collection->first = 0;
}

/* Takes both references. */
static void add_event(struct kapi_store *store, struct kapi_collection *collection, enum kapi_event_type type,
                      struct kapi_object *object, struct kapi_object *previous)
{
    if (collection->events_len == collection->events_cap) {
        collection->events_cap = collection->events_cap ? collection->events_cap * 2 : 64;
        collection->events = mem_resize(collection->events, collection->events_cap, sizeof(*collection->events));
    }
    struct kapi_event *event = &collection->events[collection->events_len++];
    *event = (struct kapi_event){type, object->rv, object, previous};
    collection->bytes += event_bytes(event);
    trim_history(collection);
    rt_cond_broadcast(store->rt, &collection->changed);
    rt_cond_broadcast(store->rt, &store->advanced);
}

/* The first event after `rv`. */
static size_t first_after(const struct kapi_collection *collection, uint64_t rv)
{
    size_t low = collection->first, high = collection->events_len;

    while (low < high) {
        size_t middle = (low + high) / 2;
        if (collection->events[middle].rv <= rv)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct error *check_floor(const struct kapi_collection *collection, uint64_t rv)
{
    if (rv >= collection->floor)
        return NULL;
    return error_new_code(ERROR_NOT_FOUND, 410, "too old resource version: %" PRIu64 " (%" PRIu64 ")", rv,
                          collection->floor);
}

/* -- the interface -- */

static struct error *store_get(struct kapi_storage *storage, struct kapi_collection *collection, const char *ns,
                               const char *name, struct kapi_object **ret)
{
    struct kapi_object *object = kapi_collection_peek(collection, ns, name);

    if (!object)
        return error_new(ERROR_NOT_FOUND, "%s \"%s\" not found", collection->name, name);
    *ret = kapi_object_ref(object);
    return NULL;
}

static bool in_namespace(const struct kapi_object *object, const char *ns)
{
    return !ns || str_equal(object->ns, ns);
}

static struct error *store_list(struct kapi_storage *storage, struct kapi_collection *collection, const char *ns,
                                struct kapi_objects *ret)
{
    struct kapi_store *store = (struct kapi_store *)storage;
    size_t from = 0;

    if (ns) {
        /* "ns/" sorts right before the first of its objects. */
        CLEANUP_FREE char *prefix = mem_printf("%s/", ns);
        bool found;
        from = position(collection->items, collection->len, prefix, &found);
    }
    for (size_t i = from; i < collection->len && in_namespace(collection->items[i], ns); i++)
        VEC_PUSH(ret, kapi_object_ref(collection->items[i]));
    ret->rv = store->rv;
    return NULL;
}

static struct error *store_list_at(struct kapi_storage *storage, struct kapi_collection *collection, const char *ns,
                                   uint64_t rv, struct kapi_objects *ret)
{
    TRY(check_floor(collection, rv));
    struct kapi_objects all = {0};
    TRY(store_list(storage, collection, NULL, &all));
    /* Undo what happened since, newest first. */
    for (size_t i = collection->events_len; i > first_after(collection, rv); i--) {
        struct kapi_event *event = &collection->events[i - 1];
        kapi_object_unref(
            exchange(&all.items, &all.len, &all.cap, event->object->key, kapi_object_ref(event->previous)));
    }
    for (size_t i = 0; i < all.len; i++) {
        if (in_namespace(all.items[i], ns))
            VEC_PUSH(ret, kapi_object_ref(all.items[i]));
    }
    kapi_objects_release(&all);
    ret->rv = rv;
    return NULL;
}

static struct error *check_expected(const struct kapi_write *write, const struct kapi_object *current)
{
    if (write->type == WRITE_CREATE) {
        if (current)
            return error_new(ERROR_CONFLICT, "%s \"%s\" already exists", write->collection->name, write->name);
        return NULL;
    }
    if (!current)
        return error_new(ERROR_NOT_FOUND, "%s \"%s\" not found", write->collection->name, write->name);
    if (current->rv != write->expected->rv || !str_equal(current->uid, write->expected->uid))
        return error_new(ERROR_CONFLICT, "%s \"%s\" was changed meanwhile", write->collection->name, write->name);
    return NULL;
}

static struct error *log_write_record(struct kapi_store *store, const struct kapi_write *write,
                                      const struct kapi_object *object)
{
    if (!store->journal)
        return NULL;
    bool deleted = write->type == WRITE_DELETE;
    struct kapi_record record = {write->collection->name, object->key, object->rv, deleted ? NULL : object->text,
                                 deleted ? 0 : object->len};
    TRY_WRAP(kapi_journal_append(store->journal, &record), "write %s \"%s\"", write->collection->name, write->name);
    return NULL;
}

static struct error *store_write(struct kapi_storage *storage, const struct kapi_write *write, struct kapi_object **ret)
{
    struct kapi_store *store = (struct kapi_store *)storage;
    struct kapi_collection *collection = write->collection;
    struct kapi_object *current = kapi_collection_peek(collection, write->ns, write->name);

    /* A request that was under way when the server was killed must leave nothing behind. */
    if (rt_group_cancelled(store->group))
        return error_new(ERROR_CANCELLED, "the server has ended");
    TRY(check_expected(write, current));
    struct kapi_object *object = kapi_object_new(json_copy(write->json ? write->json : current->json), store->rv + 1);
    struct error *err = log_write_record(store, write, object);
    if (err) {
        kapi_object_unref(object);
        return err;
    }
    store->rv++;
    if (write->type == WRITE_DELETE) {
        struct kapi_object *old = exchange(&collection->items, &collection->len, &collection->cap, object->key, NULL);
        *ret = kapi_object_ref(object);
        add_event(store, collection, EVENT_DELETED, object, old);
        return NULL;
    }
    struct kapi_object *old =
        exchange(&collection->items, &collection->len, &collection->cap, object->key, kapi_object_ref(object));
    *ret = kapi_object_ref(object);
    add_event(store, collection, old ? EVENT_MODIFIED : EVENT_ADDED, object, old);
    return NULL;
}

static struct error *store_watch(struct kapi_storage *storage, struct kapi_collection *collection, uint64_t rv,
                                 rt_time deadline, struct kapi_events *ret)
{
    struct kapi_store *store = (struct kapi_store *)storage;

    TRY(check_floor(collection, rv));
    if (first_after(collection, rv) == collection->events_len) {
        struct error *err = rt_cond_wait(store->rt, &collection->changed, deadline);
        if (err && !error_is(err, ERROR_TIMEOUT))
            return err;
        error_free(err);
        TRY(check_floor(collection, rv));
    }
    /* A version from the future stays where it is: events up to it are not for this watcher. */
    ret->rv = store->rv > rv ? store->rv : rv;
    for (size_t i = first_after(collection, rv); i < collection->events_len; i++) {
        if (ret->len == EVENTS_PER_CALL) {
            ret->rv = ret->items[ret->len - 1].rv;
            break;
        }
        struct kapi_event event = collection->events[i];
        kapi_object_ref(event.object);
        kapi_object_ref(event.previous);
        VEC_PUSH(ret, event);
    }
    return NULL;
}

static const struct kapi_storage_ops store_ops = {
    .name = "store",
    .get = store_get,
    .list = store_list,
    .list_at = store_list_at,
    .write = store_write,
    .watch = store_watch,
};

struct kapi_storage *kapi_store_storage(struct kapi_store *store)
{
    return &store->storage;
}

uint64_t kapi_store_rv(const struct kapi_store *store)
{
    return store->rv;
}

struct error *kapi_store_wait(struct kapi_store *store, uint64_t rv, rt_time deadline)
{
    while (store->rv < rv)
        TRY(rt_cond_wait(store->rt, &store->advanced, deadline));
    return NULL;
}

/* -- persistence -- */

static struct error *load_record(void *arg, const struct kapi_record *record)
{
    struct kapi_store *store = arg;

    if (record->rv > store->rv)
        store->rv = record->rv;
    if (!*record->collection)
        return NULL;
    struct kapi_collection *collection = find_collection(store, record->collection);
    struct kapi_object *object = NULL;
    if (record->text) {
        struct json *json;
        TRY_WRAP(json_parse(record->text, record->len, &json), "load %s \"%s\"", record->collection, record->key);
        object = kapi_object_new(json, record->rv);
    }
    kapi_object_unref(exchange(&collection->items, &collection->len, &collection->cap, record->key, object));
    return NULL;
}

/* Writes a snapshot. The objects go to the kernel without a wait in between, so that it is one version; then it is synced. */
static struct error *fold(struct kapi_store *store)
{
    TRY(kapi_journal_fold_begin(store->journal));
    struct kapi_record counter = {"", "", store->rv, NULL, 0};
    TRY(kapi_journal_fold_add(store->journal, &counter));
    struct map_iter it = {0};
    while (map_next(store->collections, &it)) {
        const struct kapi_collection *collection = it.value;
        for (size_t i = 0; i < collection->len; i++) {
            const struct kapi_object *object = collection->items[i];
            struct kapi_record record = {collection->name, object->key, object->rv, object->text, object->len};
            TRY(kapi_journal_fold_add(store->journal, &record));
        }
    }
    return kapi_journal_fold_finish(store->journal);
}

/* Keeps the disk in step until the group is cancelled. A failed fold only leaves the log longer; it is tried again. */
static void sync_task(void *arg)
{
    struct kapi_store *store = arg;
    struct error *err = NULL;

    while (!err) {
        err = kapi_journal_sync_loop(store->journal);
        if (!err && kapi_journal_wants_fold(store->journal))
            error_free(fold(store));
    }
    error_free(err);
}

struct error *kapi_store_open(struct rt *rt, struct rt_group *group, const char *data_dir, struct kapi_store **ret)
{
    CLEANUP(kapi_store_close) struct kapi_store *store = mem_alloc(sizeof(*store));

    store->storage.ops = &store_ops;
    store->rt = rt;
    store->group = group;
    store->collections = map_new(collection_free);
    if (data_dir) {
        TRY_WRAP(kapi_journal_open(rt, data_dir, load_record, store, &store->journal), "load the state from %s",
                 data_dir);
        store->start_rv = store->rv;
        struct map_iter it = {0};
        while (map_next(store->collections, &it))
            ((struct kapi_collection *)it.value)->floor = store->start_rv;
        rt_spawn(rt, group, "kube-api-sync", sync_task, store);
    }
    *ret = TAKE_PTR(store);
    return NULL;
}

void kapi_store_close(struct kapi_store *store)
{
    if (!store)
        return;
    kapi_journal_close(store->journal);
    map_free(store->collections);
    free(store);
}
