/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The storage behind the API server, as an interface: the verbs know only this, so that a decorator can put latency, failures and lost races
 * between them and the store. A decorator embeds `struct kapi_storage`, keeps the next one, and hands calls on. An error that carries an HTTP
 * status as its code (error_new_code) is answered with that status; ERROR_CONFLICT is a lost race.
 */
#ifndef SIM_KUBE_API_STORAGE_H
#define SIM_KUBE_API_STORAGE_H

#include "lib/rt/rt.h"
#include "sim/kube-api/object.h"

struct kapi_collection; /* the objects of one resource */

enum kapi_event_type { EVENT_ADDED, EVENT_MODIFIED, EVENT_DELETED };

struct kapi_event {
    enum kapi_event_type type;
    uint64_t rv;
    struct kapi_object *object;   /* after; of a deletion: the last state with the deletion's rv */
    struct kapi_object *previous; /* before; NULL when it was added */
};

/* A list: references to objects, sorted by key. */
struct kapi_objects {
    struct kapi_object **items;
    size_t len, cap;
    uint64_t rv; /* of the store at reading time */
};
void kapi_objects_release(struct kapi_objects *objects);
#define CLEANUP_OBJECTS __attribute__((cleanup(kapi_objects_release)))

struct kapi_events {
    struct kapi_event *items;
    size_t len, cap;
    uint64_t rv; /* everything up to here was seen */
};
void kapi_events_release(struct kapi_events *events);
#define CLEANUP_EVENTS __attribute__((cleanup(kapi_events_release)))

enum kapi_write_type { WRITE_CREATE, WRITE_UPDATE, WRITE_DELETE };

struct kapi_write {
    enum kapi_write_type type;
    struct kapi_collection *collection;
    const char *ns, *name;
    const struct kapi_object *expected; /* update, delete: what must still be stored, else ERROR_CONFLICT */
    const struct json *json; /* the new object; delete: the final state, or NULL for the stored one. Copied. */
};

struct kapi_storage;
struct kapi_storage_ops {
    const char *name;
    /* A reference, or ERROR_NOT_FOUND. */
    struct error *(*get)(struct kapi_storage *storage, struct kapi_collection *collection, const char *ns,
                         const char *name, struct kapi_object **ret);
    /* All objects, or those of namespace `ns` when it is not NULL. */
    struct error *(*list)(struct kapi_storage *storage, struct kapi_collection *collection, const char *ns,
                          struct kapi_objects *ret);
    /* The objects as they were at `rv`; error code 410 when that is no longer known. */
    struct error *(*list_at)(struct kapi_storage *storage, struct kapi_collection *collection, const char *ns,
                             uint64_t rv, struct kapi_objects *ret);
    /* ERROR_CONFLICT: exists already, or is not `expected`. *ret is the version written, of a deletion the last one. */
    struct error *(*write)(struct kapi_storage *storage, const struct kapi_write *write, struct kapi_object **ret);
    /*
     * Waits for events after `rv`, at most until `deadline`, then returns those there are (none at the deadline). Error code 410 when
     * `rv` is too old, ERROR_TRANSIENT to end the watch.
     */
    struct error *(*watch)(struct kapi_storage *storage, struct kapi_collection *collection, uint64_t rv,
                           rt_time deadline, struct kapi_events *ret);
};

struct kapi_storage {
    const struct kapi_storage_ops *ops;
};

/* "group/plural" ("/secrets" in the core group): for decorators that pick resources. */
const char *kapi_collection_name(const struct kapi_collection *collection);

#endif
