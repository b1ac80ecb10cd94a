/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime: tasks in plain blocking style on one event loop, on real time or on virtual time.
 *
 * A task is a coroutine. It runs until it waits (sleep, lock, network, offload); between two waits nothing else runs,
 * so plain data needs no lock within that stretch. Everything here but rt_offload()'s function runs on the loop's one
 * thread.
 *
 * Real world: epoll, sleeps in nanoseconds, a small worker pool; tasks run in the order in which they became able to.
 * Simulated world: time jumps to the next deadline when no task can run; among tasks that can run the next is drawn
 * from the seed; rt_offload() runs its function in place. The same seed and the same program give the same run.
 *
 * Tasks belong to a group: a program instance, or a part of one. Cancelling a group makes every wait of its tasks,
 * present and future, return ERROR_CANCELLED, so that they unwind. That is how SIGTERM stops a program and how the
 * simulator kills one. A cancelled wait returns at once; a task that goes on waiting (100000 times) is given up: it
 * never runs again, and rt_run() and rt_group_wait() report it.
 *
 * Times: rt_time is nanoseconds, monotonic; deadlines are absolute on that clock; RT_FOREVER never comes.
 */
#ifndef LIB_RT_RT_H
#define LIB_RT_RT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/data/error.h"
#include "lib/data/time.h"

typedef int64_t rt_time; /* nanoseconds; the one typedef, because every deadline has it */

#define RT_FOREVER INT64_MAX
#define RT_US TIME_US
#define RT_MS TIME_MS
#define RT_S TIME_S
#define RT_STACK_DEFAULT (128 * 1024)

struct rt;
struct rt_group;
struct rt_task;

/* -- a world -- */
/* A loop on real time. `workers` threads serve rt_offload(), started when first needed; 0 means 4. */
struct error *rt_new_real(int workers, struct rt **ret) MUST_CHECK;
/*
 * A loop on virtual time, which starts at wall clock `wall` (ns since 1970) and draws everything from `seed`. rt_now()
 * starts at one second, so that 0 can mean "never". The scheduler and rt_random_*() draw from separate streams: a
 * change in one does not shift the other.
 */
struct rt *rt_new_sim(uint64_t seed, int64_t wall);
void rt_free(struct rt *rt); /* after rt_run(); every task must have ended */
DEFINE_CLEANUP(struct rt, rt_free);
bool rt_is_sim(const struct rt *rt);

/*
 * Runs `main_fn(arg)` as the first task in the root group and the loop until it returned; then the root group is
 * cancelled and the remaining tasks unwind. ERROR_INTERNAL when a task did not unwind, and in the simulated world on a
 * deadlock (no task can ever run again) or an endless loop (time does not go on): it lists the tasks and what they wait
 * for. May be called again after it returned.
 */
struct error *rt_run(struct rt *rt, void (*main_fn)(void *arg), void *arg) MUST_CHECK;

/* -- clocks and randomness -- */
rt_time rt_now(const struct rt *rt);
int64_t rt_wall(const struct rt *rt); /* ns since 1970, UTC */
/* The deadline that lies `delay` ns from now, saturating; RT_FOREVER stays RT_FOREVER. */
rt_time rt_after(const struct rt *rt, rt_time delay);
uint64_t rt_random(struct rt *rt);
uint64_t rt_random_below(struct rt *rt, uint64_t bound);    /* uniform in 0 … bound-1; bound > 0 */
double rt_random_unit(struct rt *rt);                       /* uniform in [0, 1) */
void rt_random_bytes(struct rt *rt, void *buf, size_t len); /* fit for keys in the real world */
#define RT_UUID_SIZE 37
void rt_uuid(struct rt *rt, char buf[RT_UUID_SIZE]); /* version 4, lower case */

/* -- groups -- */
/*
 * A group below `parent` (NULL: the root group); below a cancelled one it is born cancelled. `name` is copied and shows
 * in reports.
 */
struct rt_group *rt_group_new(struct rt *rt, struct rt_group *parent, const char *name);
/*
 * Cancels the group and those below it, calls the hooks, wakes the tasks; returns at once. The caller may be one of the
 * tasks.
 */
void rt_group_cancel(struct rt_group *group);
bool rt_group_cancelled(const struct rt_group *group);
/*
 * Waits until no task is left in the group and below (the caller must not be one of them). When the group is cancelled,
 * so that its tasks unwind, this wait does not end by the caller's own cancellation: the caller is likely to free what
 * they use. ERROR_INTERNAL names a task that did not unwind, or the caller when it is one of them.
 */
struct error *rt_group_wait(struct rt_group *group, rt_time deadline) MUST_CHECK;
/*
 * Cancels the group and waits until no task is left in it and below, even when the caller's own group is cancelled: how
 * a program ends its parts before it frees what they use. A caller that is one of them is a bug that aborts. NULL is
 * fine.
 */
void rt_group_stop(struct rt_group *group);
/* Frees an empty group (no tasks, no groups below). NULL is fine. */
void rt_group_free(struct rt_group *group);
DEFINE_CLEANUP(struct rt_group, rt_group_free);
struct rt *rt_group_rt(const struct rt_group *group);
const char *rt_group_name(const struct rt_group *group);
/*
 * Registers a function that rt_group_cancel() calls at once, before tasks unwind: to close listeners and connections,
 * so that a killed program has no further effect outside. It must not wait; it may remove hooks, its own too. A group's
 * hooks are called in the order of registration, before those of groups below. In a group that is cancelled already the
 * function is never called: check first. Returns a handle for rt_group_hook_remove() (NULL is fine); hooks go away with
 * the group.
 */
struct rt_group_hook;
struct rt_group_hook *rt_group_on_cancel(struct rt_group *group, void (*fn)(void *arg), void *arg);
void rt_group_hook_remove(struct rt_group_hook *hook);

/* -- tasks -- */
/*
 * Starts `fn(arg)` as a task in `group` (NULL: the current task's group); it first runs when the caller waits. It does
 * run, so that it can free `arg`, even when the group is cancelled before. `name` is copied, 47 bytes of it, for
 * reports.
 */
void rt_spawn(struct rt *rt, struct rt_group *group, const char *name, void (*fn)(void *arg), void *arg);
/* The same with a stack of `stack_size` bytes, for deep recursion. */
void rt_spawn_stack(struct rt *rt, struct rt_group *group, const char *name, size_t stack_size, void (*fn)(void *arg),
                    void *arg);
/* The group of the running task; the root group outside of tasks. */
struct rt_group *rt_current_group(const struct rt *rt);
/* Lets others run. A loop of yields in the simulated world does not move the clock: sleep instead. */
struct error *rt_yield(struct rt *rt) MUST_CHECK;
struct error *rt_sleep(struct rt *rt, rt_time duration) MUST_CHECK;
struct error *rt_sleep_until(struct rt *rt, rt_time when) MUST_CHECK;

/*
 * Runs `fn(arg)` on a worker thread and waits for it to end, even when the group is cancelled. `fn` calls nothing of rt
 * or net.
 */
void rt_offload(struct rt *rt, void (*fn)(void *arg), void *arg);

/*
 * Waits for SIGTERM or SIGINT (real world); in the simulated world for cancellation. *ret_signal is the number. From
 * the first call until rt_free() these signals do nothing else; each reaches one waiting task.
 */
struct error *rt_wait_signal(struct rt *rt, int *ret_signal) MUST_CHECK;

/* -- synchronisation; waits return ERROR_CANCELLED, or ERROR_TIMEOUT past a deadline -- */
/*
 * A lock with fair order. Embed it, zeroed. Cancellation: rt_mutex_lock() still may return ERROR_CANCELLED; then it is
 * not held.
 */
struct rt_waiter;
struct rt_wait_list {
    struct rt_waiter *first, *last;
};
struct rt_mutex {
    struct rt_wait_list waiters;
    bool locked;
};
struct error *rt_mutex_lock(struct rt *rt, struct rt_mutex *mutex) MUST_CHECK;
void rt_mutex_unlock(struct rt *rt, struct rt_mutex *mutex);

/*
 * A condition to wait for: re-check after each return. Embed it, zeroed. No lock is tied to it: tasks do not preempt
 * each other.
 */
struct rt_cond {
    struct rt_wait_list waiters;
};
struct error *rt_cond_wait(struct rt *rt, struct rt_cond *cond, rt_time deadline) MUST_CHECK;
void rt_cond_signal(struct rt *rt, struct rt_cond *cond);    /* wakes the one that waits longest */
void rt_cond_broadcast(struct rt *rt, struct rt_cond *cond); /* wakes all */

/* At most `limit` holders at once. Embed with .limit set. */
struct rt_semaphore {
    struct rt_wait_list waiters;
    size_t limit, held;
};
struct error *rt_semaphore_acquire(struct rt *rt, struct rt_semaphore *semaphore, rt_time deadline) MUST_CHECK;
void rt_semaphore_release(struct rt *rt, struct rt_semaphore *semaphore);

#endif
