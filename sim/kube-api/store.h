/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store: all objects in memory, one counter of versions, a bounded history per resource for watches and consistent lists, and, with a data
 * directory, a journal that survives being killed. It is the innermost `struct kapi_storage`.
 */
#ifndef SIM_KUBE_API_STORE_H
#define SIM_KUBE_API_STORE_H

#include "sim/kube-api/storage.h"

struct kapi_store;

/* Of the history of one resource; the older half of what exceeds either is given up first. */
#define KAPI_HISTORY_EVENTS 4096
#define KAPI_HISTORY_BYTES (16 * 1024 * 1024)

/* `data_dir` NULL: memory only; otherwise created when missing, and its contents loaded. `group` runs the task that syncs
 * to disk; once it is cancelled nothing is written any more. */
struct error *kapi_store_open(struct rt *rt, struct rt_group *group, const char *data_dir, struct kapi_store **ret)
    MUST_CHECK;
void kapi_store_close(struct kapi_store *store); /* its tasks must have ended */
DEFINE_CLEANUP(struct kapi_store, kapi_store_close);

struct kapi_storage *kapi_store_storage(struct kapi_store *store);
uint64_t kapi_store_rv(const struct kapi_store *store);
/* The collection of a resource, made when missing. Lives as long as the store. */
struct kapi_collection *kapi_store_collection(struct kapi_store *store, const char *group, const char *plural);
/* Calls `fn` for each collection. */
void kapi_store_each(struct kapi_store *store, void (*fn)(void *arg, struct kapi_collection *collection), void *arg);
size_t kapi_collection_len(const struct kapi_collection *collection);
/* The object without a reference; NULL when absent. Valid until the next wait. */
struct kapi_object *kapi_collection_peek(const struct kapi_collection *collection, const char *ns, const char *name);
/* Object `index` of all, sorted by key; NULL past the end. Valid until the next wait. */
struct kapi_object *kapi_collection_at(const struct kapi_collection *collection, size_t index);
/* Gives each object a new content without a new version or event: defaults of a changed schema (KAPI-141). `fn` edits a copy, true: changed. */
void kapi_collection_rewrite(struct kapi_collection *collection, bool (*fn)(void *arg, struct json *json), void *arg);
/* Wakes everyone who waits for events, so that they notice that the resource has changed. */
void kapi_collection_wake(struct kapi_store *store, struct kapi_collection *collection);
/* Waits until the store has reached `rv`, or ERROR_TIMEOUT. */
struct error *kapi_store_wait(struct kapi_store *store, uint64_t rv, rt_time deadline) MUST_CHECK;

#endif
