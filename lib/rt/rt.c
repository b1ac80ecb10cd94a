/* SPDX-License-Identifier: Apache-2.0 */
/* The loop that both worlds share, and the calls that only pass on to the world. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/data/mem.h"
#include "lib/rt/internal.h"

#define TASKS_PER_TURN 128 /* so that descriptors get their turn when tasks keep each other busy */

struct rt *rt_new_common(const struct world *world, uint64_t seed)
{
    struct rt *rt = mem_alloc(sizeof(*rt));
    rt->world = world;
    rt->root = group_new_root(rt);
    random_seed(&rt->random, seed, STREAM_PROGRAM);
    fiber_init_thread(&rt->loop);
    return rt;
}

void rt_free(struct rt *rt)
{
    if (!rt)
        return;
    if (rt->running || rt->root->live > 0)
        rt_bug("the loop is freed while tasks are left");
    group_free_below(rt->root);
    rt_group_free(rt->root);
    task_release_all(rt); /* after the groups, whose wait lists may still name a task that was given up */
    rt->world->release(rt);
    timer_heap_release(&rt->timers);
    error_free(rt->failure);
    free(rt);
}

bool rt_is_sim(const struct rt *rt)
{
    return rt->world->simulated;
}

void rt_fail(struct rt *rt, struct error *err)
{
    if (rt->failure)
        error_free(err);
    else
        rt->failure = err;
}

void rt_bug(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fputs("lib/rt: ", stderr);
    vfprintf(stderr, fmt, args);
    fputc('\n', stderr);
    va_end(args);
    abort();
}

struct main_call {
    struct rt *rt;
    void (*fn)(void *arg);
    void *arg;
};

static void run_main(void *arg)
{
    struct main_call *call = arg;
    call->fn(call->arg);
    rt_group_cancel(call->rt->root);
}

struct error *rt_run(struct rt *rt, void (*main_fn)(void *arg), void *arg)
{
    if (rt->running)
        rt_bug("rt_run() inside of rt_run()");
    struct main_call call = {.rt = rt, .fn = main_fn, .arg = arg};
    fiber_init_thread(&rt->loop);
    rt->root->cancelled = false;
    rt->running = true;
    rt_spawn(rt, rt->root, "main", run_main, &call);
    while (rt->root->live > 0) {
        struct rt_task *task;
        for (int i = 0; i < TASKS_PER_TURN && (task = rt->world->pop(rt)); i++)
            task_run(task);
        if (rt->root->live > 0)
            rt->world->turn(rt);
    }
    rt->running = false;
    return TAKE_PTR(rt->failure);
}

rt_time rt_now(const struct rt *rt)
{
    return rt->world->now(rt);
}

int64_t rt_wall(const struct rt *rt)
{
    return rt->world->wall(rt);
}

rt_time rt_after(const struct rt *rt, rt_time delay)
{
    rt_time when;
    if (delay == RT_FOREVER || __builtin_add_overflow(rt_now(rt), delay, &when))
        return RT_FOREVER;
    return when;
}

void rt_offload(struct rt *rt, void (*fn)(void *arg), void *arg)
{
    if (rt->current)
        rt->world->offload(rt, fn, arg);
    else
        fn(arg);
}

struct error *rt_wait_signal(struct rt *rt, int *ret_signal)
{
    return rt->world->wait_signal(rt, ret_signal);
}
