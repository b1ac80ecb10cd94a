/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A controller: a work queue fed by informers, and workers that reconcile one key at a time each. An error or reconcile_again() comes back after
 * the key's back-off, reconcile_after() after that time, reconcile_done() when something changes.
 */
#ifndef OPERATOR_KUBE_CONTROLLER_H
#define OPERATOR_KUBE_CONTROLLER_H

#include "operator/kube/informer.h"
#include "operator/kube/queue.h"

enum reconcile_verdict { RECONCILE_DONE, RECONCILE_AFTER, RECONCILE_AGAIN, RECONCILE_ERROR };
struct reconcile_result {
    enum reconcile_verdict verdict;
    rt_time after;       /* RECONCILE_AFTER */
    struct error *error; /* RECONCILE_ERROR; owned by the result */
};
static inline struct reconcile_result reconcile_done(void)
{
    return (struct reconcile_result){.verdict = RECONCILE_DONE};
}
static inline struct reconcile_result reconcile_after(rt_time delay)
{
    return (struct reconcile_result){.verdict = RECONCILE_AFTER, .after = delay};
}
static inline struct reconcile_result reconcile_again(void)
{
    return (struct reconcile_result){.verdict = RECONCILE_AGAIN};
}
/* `error` NULL is reconcile_done(). A conflict is logged at debug level only: the next pass sees the newer object. */
static inline struct reconcile_result reconcile_error(struct error *error)
{
    return (struct reconcile_result){.verdict = error ? RECONCILE_ERROR : RECONCILE_DONE, .error = error};
}

struct controller_options {
    const char *name; /* "baremetalhost": in logs and metrics */
    int workers;      /* 0: 1 */
    struct reconcile_result (*reconcile)(void *arg, const char *namespace, const char *name);
    void *arg;
    struct queue_options queue; /* its name is the controller's */
    size_t stack_size;          /* of a worker; 0: RT_STACK_DEFAULT */
};

struct controller;
struct controller *controller_new(const struct env *env, const struct controller_options *options);
void controller_free(struct controller *controller); /* after its workers ended (the env's group was cancelled) */
DEFINE_CLEANUP(struct controller, controller_free);
/* Starts the workers. Keys added before wait for this. */
void controller_start(struct controller *controller);

void controller_enqueue(struct controller *controller, const char *namespace, const char *name);

/* How changes of an informer's objects become keys. Everything is optional. */
struct controller_watch {
    /* False: this change is of no interest. `old` is NULL for an added object; `object` is the last state of a deleted one. */
    bool (*filter)(void *arg, enum kube_watch_event event, const struct json *old, const struct json *object);
    /* Calls controller_enqueue() for each key that the object concerns; NULL: the object's own key. */
    void (*map)(void *arg, struct controller *controller, const struct json *object);
    void *arg;
};
/* `watch` may be NULL: every change enqueues the object's own key. */
void controller_watch(struct controller *controller, struct informer *informer, const struct controller_watch *watch);
/* Each change enqueues the object's owners of that kind; with `controller_only` just the one with controller: true. */
void controller_watch_owners(struct controller *controller, struct informer *informer,
                             const struct kube_resource *owner, bool controller_only);

/* -- ready-made filters -- */
/* Drops updates that left generation as it was (controller-runtime's GenerationChangedPredicate). */
bool controller_filter_generation(void *arg, enum kube_watch_event event, const struct json *old,
                                  const struct json *object);

#endif
