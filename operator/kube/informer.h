/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Informers: a cache of one resource, fed by list and watch, and handlers that hear of each change. It resumes a broken watch where it
 * stopped, lists again after 410, backs off with jitter while the server is away, and never polls. Objects in the cache are shared and
 * read-only; metadata.managedFields is left out of them.
 *
 * The cache may be behind the server, as with client-go: writes carry resourceVersion and a conflict means "come again".
 */
#ifndef OPERATOR_KUBE_INFORMER_H
#define OPERATOR_KUBE_INFORMER_H

#include "operator/kube/client.h"
#include "operator/kube/object.h"

struct informer;
struct informers;

/* -- all informers of a program: one per resource and selector, shared by the controllers -- */
struct informers_options {
    struct kube_client *client;
    const char *const *namespaces; /* NULL-terminated; NULL or empty: all. Not for resources without namespace */
};
struct informers *informers_new(const struct env *env, const struct informers_options *options);
void informers_free(struct informers *informers); /* after its tasks ended (the env's group was cancelled) */
DEFINE_CLEANUP(struct informers, informers_free);
/* The informer of a resource; made at the first call. `label_selector` NULL: all. Starts with informers_start(), or at once after it. */
struct informer *informers_get(struct informers *informers, const struct kube_resource *resource,
                               const char *label_selector);
void informers_start(struct informers *informers);
/* Waits until each informer holds its first list; ERROR_TIMEOUT names those that do not. */
struct error *informers_wait_synced(struct informers *informers, rt_time deadline) MUST_CHECK;

/* -- one informer -- */
bool informer_has_synced(const struct informer *informer);

/* Called in the informer's task, in the order of the changes. Must not block: put a key on a queue. Any may be NULL. Objects are borrowed. */
struct informer_handler {
    void (*added)(void *arg, struct kube_object *object);
    void (*updated)(void *arg, struct kube_object *old, struct kube_object *object);
    void (*deleted)(void *arg, struct kube_object *last); /* its last known state */
    void *arg;
};
/* What the cache holds already is told as added, at once. */
void informer_add_handler(struct informer *informer, const struct informer_handler *handler);

/* A new reference, or NULL when the cache has no such object. `namespace` NULL or "" for resources without one. */
struct kube_object *informer_get(const struct informer *informer, const char *namespace, const char *name) MUST_CHECK;
/* Those of one namespace (NULL: all), in the order in which they came to be known. Appends to *ret. */
void informer_list(const struct informer *informer, const char *namespace, struct kube_objects *ret);
size_t informer_len(const struct informer *informer);

/* -- indexes: find objects by something that they contain, e.g. secrets by the uid of their owner -- */
struct informer_keys;
void informer_keys_add(struct informer_keys *keys, const char *key); /* copied; "" and NULL are left out */
/* Adds an index; `keys_of` tells an object's keys. Adding the same name again does nothing. */
void informer_add_index(struct informer *informer, const char *index,
                        void (*keys_of)(const struct json *object, struct informer_keys *keys));
/* Appends the objects with that key to *ret. */
void informer_find(const struct informer *informer, const char *index, const char *key, struct kube_objects *ret);
/* A ready-made index function: the uids of the object's owners. */
void informer_index_owners(const struct json *object, struct informer_keys *keys);

#endif
