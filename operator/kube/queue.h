/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A work queue of "namespace/name" keys with client-go's promises: a key waits at most once; a key that is being worked on is not given to a
 * second worker, and comes again after queue_done() if it was added meanwhile; keys can be added after a delay, or after a back-off
 * that doubles per failure of that key. Each delay of a back-off gets a jitter, so that many hosts that failed together do not return together.
 */
#ifndef OPERATOR_KUBE_QUEUE_H
#define OPERATOR_KUBE_QUEUE_H

#include "lib/env.h"
#include "lib/rt/rt.h"

struct queue;

struct queue_options {
    const char *name;      /* label of the workqueue_* metrics */
    rt_time backoff_first; /* 0: 5 ms */
    rt_time backoff_max;   /* 0: 1000 s */
    double backoff_jitter; /* up to this share is added at random; 0: 0.1 */
};
struct queue *queue_new(const struct env *env, const struct queue_options *options);
void queue_free(struct queue *queue); /* nobody may wait in it */
DEFINE_CLEANUP(struct queue, queue_free);

/* `namespace` may be "" or NULL. */
void queue_add(struct queue *queue, const char *namespace, const char *name);
void queue_add_after(struct queue *queue, const char *namespace, const char *name, rt_time delay);
/* Undoes queue_add_after() and queue_add_backoff() where the time has not come yet; a key that is ready stays so. */
void queue_drop_delay(struct queue *queue, const char *namespace, const char *name);
void queue_add_backoff(struct queue *queue, const char *namespace, const char *name);
void queue_forget(struct queue *queue, const char *namespace, const char *name); /* its next back-off starts small */
int queue_failures(const struct queue *queue, const char *namespace, const char *name); /* back-offs since forgotten */

struct queue_key {
    char *namespace, *name; /* namespace "" when there is none */
};
void queue_key_release(struct queue_key *key);
#define CLEANUP_QUEUE_KEY __attribute__((cleanup(queue_key_release)))

/* Waits for a key and hands it to the caller, who must call queue_done() with it. */
struct error *queue_get(struct queue *queue, struct queue_key *ret) MUST_CHECK;
void queue_done(struct queue *queue, const struct queue_key *key);
size_t queue_len(const struct queue *queue); /* keys that are ready */

#endif
