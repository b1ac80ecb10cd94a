/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The real world from inside, shared by real.c (the loop), watch.c (descriptors, signals) and offload.c (worker
 * threads).
 */
#ifndef LIB_RT_REAL_H
#define LIB_RT_REAL_H

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>

#include "lib/rt/internal.h"

/* A call on its way through a worker; it lives on the stack of the task that waits for it. */
struct offload_job {
    struct offload_job *next;
    struct rt_task *task;
    void (*fn)(void *arg);
    void *arg;
};

struct job_queue {
    struct offload_job *first, *last;
};

struct workers {
    pthread_mutex_t lock; /* guards what follows, up to `stop` */
    pthread_cond_t work;
    struct job_queue todo, done;
    size_t idle;
    bool stop;
    size_t max, started;
    pthread_t *threads;
    int wakeup; /* eventfd: `done` has jobs; -1 before the first worker */
    struct rt_watch *watch;
};

struct real {
    int epoll;
    struct rt_task *first_ready, *last_ready;
    bool dispatching;      /* callbacks of one epoll_wait() are under way … */
    struct rt_watch *dead; /* … so that watches freed meanwhile are kept until after */
    struct rt_prepare *first_prepare, *last_prepare;
    struct rt_prepare *next_prepare; /* while they are called */
    struct workers workers;
    int signals; /* signalfd; -1 before the first rt_wait_signal() */
    sigset_t signals_before;
};

/* Calls the watches of `count` events. */
void watch_dispatch(struct rt *rt, const struct epoll_event *events, int count);

void workers_init(struct workers *workers, int max);
void workers_release(struct workers *workers);
void real_offload(struct rt *rt, void (*fn)(void *arg), void *arg);

struct error *real_wait_signal(struct rt *rt, int *ret_signal);

#endif
