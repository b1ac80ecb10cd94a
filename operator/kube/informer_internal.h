/* SPDX-License-Identifier: Apache-2.0 */
/* What the cache (informer.c), its feeder (reflector.c) and the set of them (informers.c) share. */
#ifndef OPERATOR_KUBE_INFORMER_INTERNAL_H
#define OPERATOR_KUBE_INFORMER_INTERNAL_H

#include "lib/data/map.h"
#include "lib/data/vec.h"
#include "operator/kube/informer.h"

struct informer_handlers VEC_OF(struct informer_handler);

struct informer {
    const struct kube_resource *resource;
    char *label_selector;
    struct map *objects; /* key -> struct kube_object *, one reference */
    struct map *indexes; /* name -> struct index * */
    struct informer_handlers handlers;
    bool started;
    size_t unsynced; /* reflectors that have not listed yet */
};

struct informer *informer_new(const struct kube_resource *resource, const char *label_selector);
void informer_free(struct informer *informer);

char *informer_key(const char *namespace, const char *name);
/* Puts an object, which the cache takes over, in place of what it had, and tells the handlers. */
void informer_store(struct informer *informer, struct json *json);
/* Forgets an object, given its last state, which is taken over. */
void informer_remove(struct informer *informer, struct json *json);
/* Forgets the objects of `namespace` (NULL: all) whose keys are not in `keys`: those that a new list lacks. */
void informer_retain(struct informer *informer, const char *namespace, const struct map *keys);

/* What keeps one informer up to date for one namespace. */
struct reflector {
    const struct env *env;
    struct kube_client *client;
    struct informer *informer;
    char *namespace;           /* NULL: all */
    void (*synced)(void *arg); /* called once, after the first list */
    void *arg;
    char *resource_version; /* where to resume; NULL: list first */
    bool listed;            /* at least once */
    int failures;           /* in a row */
};
struct reflector *reflector_new(const struct env *env, struct kube_client *client, struct informer *informer,
                                const char *namespace);
void reflector_free(struct reflector *reflector);
/* Runs until the group is cancelled; a task's function. */
void reflector_run(void *arg);

#endif
