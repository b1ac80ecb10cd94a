/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of lib/rt/ share: the loop, tasks, groups and timers from inside. The two worlds differ in struct
 * world only: the clock, which task runs next, and what happens when none can.
 */
#ifndef LIB_RT_INTERNAL_H
#define LIB_RT_INTERNAL_H

#include "lib/data/vec.h"
#include "lib/rt/fiber.h"
#include "lib/rt/loop.h"
#include "lib/rt/random.h"
#include "lib/rt/rt.h"

/* -- timers: timer.c -- */
/* A place in the heap, embedded in what waits. Zeroed means not armed. */
struct timer_node {
    rt_time deadline;
    uint64_t sequence; /* equal deadlines fire in the order in which they were armed */
    size_t position;   /* in the heap, from 1; 0: not armed */
    void (*fire)(struct timer_node *node);
};

struct timer_heap {
    struct timer_node **items;
    size_t len, cap;
    uint64_t sequence;
};

void timer_heap_add(struct timer_heap *heap, struct timer_node *node, rt_time deadline);
void timer_heap_remove(struct timer_heap *heap, struct timer_node *node); /* no effect when it is not armed */
/* The earliest deadline; RT_FOREVER when nothing is armed. */
rt_time timer_heap_next(const struct timer_heap *heap);
/* Fires what is due at `now`, save what the callbacks arm meanwhile. */
void timer_heap_fire(struct timer_heap *heap, rt_time now);
void timer_heap_release(struct timer_heap *heap);

/* -- groups: group.c -- */
struct rt_group {
    struct rt *rt;
    struct rt_group *parent;
    struct rt_group *previous, *next; /* siblings, in order of birth */
    struct rt_group *first_child, *last_child;
    struct rt_task *first_task, *last_task;
    size_t live; /* tasks in it and in the groups below */
    bool cancelled;
    struct rt_wait_list waiters; /* in rt_group_wait() */
    struct rt_group_hook *first_hook, *last_hook;
    char *stuck; /* a task of it, or below, that was given up: says which and why */
    char *name;
};

struct rt_group *group_new_root(struct rt *rt);
/* Frees the groups below, which must have no tasks. */
void group_free_below(struct rt_group *group);
void group_add_task(struct rt_group *group, struct rt_task *task);
void group_remove_task(struct rt_task *task);
/* Calls `fn` for each task in the group and below, in a stable order; `fn` may remove the task that it is given. */
void group_each_task(struct rt_group *group, void (*fn)(struct rt_task *task, void *arg), void *arg);

/* -- tasks: task.c -- */
enum task_state { TASK_READY, TASK_RUNNING, TASK_WAITING, TASK_ENDED, TASK_GIVEN_UP };
enum wake_reason { WAKE_DONE, WAKE_TIMEOUT, WAKE_CANCELLED };

#define TASK_NAME_SIZE 48

struct rt_task {
    struct fiber fiber; /* first: tasks are made by fiber_new() */
    struct rt *rt;
    struct rt_group *group;
    struct rt_task *group_previous, *group_next;
    struct rt_task *next; /* in the run queue, the pool, or the list of those given up */
    void (*fn)(void *arg);
    void *arg;
    enum task_state state;
    enum wake_reason reason; /* why it was woken last */
    bool cancellable;        /* its present wait ends on cancellation */
    struct stack_pool *pool; /* where it goes when it has ended; NULL: nowhere */
    unsigned reuses;
    unsigned cancelled_waits; /* since it was started */
    const char *waits_for;    /* "a sleep", "a lock" … */
    rt_time waits_since;
    struct timer_node timer;
    char name[TASK_NAME_SIZE];
};

/*
 * Suspends the running task until task_wake(), the deadline, or, if `cancellable`, its group's cancellation. Does not
 * look at the state before.
 */
enum wake_reason task_wait(struct rt *rt, const char *waits_for, rt_time deadline, bool cancellable);
/* Makes a waiting task ready; no effect on others: the first reason wins. */
void task_wake(struct rt_task *task, enum wake_reason reason);
/* Lets the others run, cancelled or not. */
void task_yield(struct rt *rt);
/* True when the running task's group is cancelled. */
bool task_cancelled(const struct rt *rt);
/* The ERROR_CANCELLED of the running task; yields now and then, and gives up a task that does not unwind. */
struct error *task_cancelled_error(struct rt *rt) MUST_CHECK;
struct error *task_timeout_error(const char *waited_for) MUST_CHECK;
/* Takes a task that is suspended out of the world; `why` is what rt_run() and rt_group_wait() report. */
void task_give_up(struct rt_task *task, const char *why);
/* Runs a ready task until it waits or ends. */
void task_run(struct rt_task *task);
/* Frees the pool and the tasks that were given up. */
void task_release_all(struct rt *rt);

/* -- wait lists: sync.c -- */
struct rt_waiter {
    struct rt_waiter *previous, *next;
    struct rt_wait_list *list; /* NULL once it was taken off */
    struct rt_task *task;
};

/* Puts the running task at the end of `list` and suspends it; it is off the list afterwards. */
enum wake_reason wait_list_wait(struct rt *rt, struct rt_wait_list *list, const char *waits_for, rt_time deadline,
                                bool cancellable);
/* Takes the first waiter off and wakes it; false when there is none. */
bool wait_list_wake_first(struct rt_wait_list *list);
/* True when somebody waits on it (and was not given up). */
bool wait_list_busy(const struct rt_wait_list *list);
void wait_list_wake_all(struct rt_wait_list *list);

/* -- descriptors: watch.c -- */
/* As rt_wait_fd(), but does not look whether the task is cancelled, before or after. */
struct error *watch_wait(struct rt *rt, int fd, uint32_t events, rt_time deadline, bool cancellable) MUST_CHECK;

/* -- worlds: real.c, sim.c -- */
struct world {
    const char *name;
    bool simulated;
    rt_time (*now)(const struct rt *rt);
    int64_t (*wall)(const struct rt *rt);
    void (*push)(struct rt *rt, struct rt_task *task); /* a task that can run */
    struct rt_task *(*pop)(struct rt *rt);             /* the one to run next; NULL: none can run */
    /* Between tasks: fires timers, looks at descriptors; sleeps, or moves the clock, when no task can run. */
    void (*turn)(struct rt *rt);
    void (*offload)(struct rt *rt, void (*fn)(void *arg), void *arg);
    struct error *(*wait_signal)(struct rt *rt, int *ret_signal);
    void (*release)(struct rt *rt);
};

/* Ended tasks, with stacks of one size to use again. */
struct stack_pool {
    size_t stack_size; /* 0: not in use yet */
    struct rt_task *first;
    size_t len;
};

#define POOLS_MAX 4

struct rt {
    const struct world *world;
    struct fiber loop; /* the thread that called rt_run() */
    bool running;
    struct rt_task *current; /* NULL: the loop itself runs */
    struct rt_group *root;
    struct timer_heap timers;
    struct random random;
    struct stack_pool pools[POOLS_MAX]; /* of the sizes that were wanted first */
    struct rt_task *given_up;
    struct error *failure; /* what rt_run() will return */
    struct real *real;
    struct sim *sim;
};

/* An rt without a world. */
struct rt *rt_new_common(const struct world *world, uint64_t seed);
/* Notes why rt_run() fails; the first reason stays. Takes `err` over. */
void rt_fail(struct rt *rt, struct error *err);
/* A broken promise of the caller: says so on stderr and aborts. */
void rt_bug(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));

uint64_t random_kernel_seed(void); /* random.c */

/* Random streams of a seed. */
enum { STREAM_PROGRAM, STREAM_SCHEDULER };

#endif
