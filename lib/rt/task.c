/* SPDX-License-Identifier: Apache-2.0 */
/* Tasks: birth on a pooled stack, waiting and waking, cancellation as the waiting task sees it, and the end. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/mem.h"
#include "lib/rt/internal.h"

#define POOL_MAX 2048              /* stacks of one size kept for reuse */
#define TRIM_INTERVAL 32           /* uses of a stack after which its deep part goes back to the system */
#define TRIM_KEEP (16 * 1024)      /* … save this much */
#define CANCELLED_WAITS_YIELD 16   /* a cancelled task's waits return at once, but lets others run now and then */
#define CANCELLED_WAITS_MAX 100000 /* and it is given up when it goes on waiting */

static void task_main(struct fiber *fiber)
{
    struct rt_task *task = CONTAINER_OF(fiber, struct rt_task, fiber);
    while (task->fn) {
        task->fn(task->arg);
        task->state = TASK_ENDED;
        fiber_switch(&task->fiber, &task->rt->loop);
    }
    fiber_switch_last(&task->fiber, &task->rt->loop);
}

static void task_timer_fire(struct timer_node *node)
{
    task_wake(CONTAINER_OF(node, struct rt_task, timer), WAKE_TIMEOUT);
}

/* NULL: there are stacks of too many sizes already. */
static struct stack_pool *pool_for(struct rt *rt, size_t stack_size)
{
    for (size_t i = 0; i < POOLS_MAX; i++) {
        struct stack_pool *pool = &rt->pools[i];
        if (!pool->stack_size)
            pool->stack_size = stack_size;
        if (pool->stack_size == stack_size)
            return pool;
    }
    return NULL;
}

static struct rt_task *task_take(struct rt *rt, size_t stack_size)
{
    struct stack_pool *pool = pool_for(rt, stack_size);
    struct rt_task *task = pool ? pool->first : NULL;
    if (task) {
        pool->first = task->next;
        pool->len--;
        return task;
    }
    task = CONTAINER_OF(fiber_new(stack_size, sizeof(*task), task_main), struct rt_task, fiber);
    task->rt = rt;
    task->timer.fire = task_timer_fire;
    task->pool = pool;
    return task;
}

/* Lets the fiber leave task_main(), which the sanitizers want to see, and unmaps it. */
static void task_free(struct rt_task *task)
{
    task->fn = NULL;
    fiber_switch(&task->rt->loop, &task->fiber);
    fiber_free(&task->fiber);
}

static void task_put(struct rt_task *task)
{
    struct stack_pool *pool = task->pool;
    if (!pool || pool->len >= POOL_MAX) {
        task_free(task);
        return;
    }
    if (++task->reuses % TRIM_INTERVAL == 0)
        fiber_trim(&task->fiber, TRIM_KEEP);
    task->next = pool->first;
    pool->first = task;
    pool->len++;
}

void rt_spawn_stack(struct rt *rt, struct rt_group *group, const char *name, size_t stack_size, void (*fn)(void *arg),
                    void *arg)
{
    struct rt_task *task = task_take(rt, stack_size);
    task->fn = fn;
    task->arg = arg;
    task->cancelled_waits = 0;
    task->state = TASK_READY;
    size_t len = strnlen(name, TASK_NAME_SIZE - 1);
    memcpy(task->name, name, len);
    task->name[len] = '\0';
    group_add_task(group ? group : rt_current_group(rt), task);
    rt->world->push(rt, task);
}

void rt_spawn(struct rt *rt, struct rt_group *group, const char *name, void (*fn)(void *arg), void *arg)
{
    rt_spawn_stack(rt, group, name, RT_STACK_DEFAULT, fn, arg);
}

struct rt_group *rt_current_group(const struct rt *rt)
{
    return rt->current ? rt->current->group : rt->root;
}

void task_run(struct rt_task *task)
{
    struct rt *rt = task->rt;
    rt->current = task;
    task->state = TASK_RUNNING;
    fiber_switch(&rt->loop, &task->fiber);
    rt->current = NULL;
    if (task->state == TASK_ENDED) {
        group_remove_task(task);
        task_put(task);
    } else if (task->state == TASK_GIVEN_UP) {
        task_give_up(task, "does not unwind: it keeps on waiting after its group was cancelled");
    }
}

enum wake_reason task_wait(struct rt *rt, const char *waits_for, rt_time deadline, bool cancellable)
{
    struct rt_task *task = rt->current;
    if (!task)
        rt_bug("waiting for %s outside of a task", waits_for);
    task->state = TASK_WAITING;
    task->cancellable = cancellable;
    task->waits_for = waits_for;
    task->waits_since = rt->world->simulated ? rt_now(rt) : 0;
    if (deadline != RT_FOREVER)
        timer_heap_add(&rt->timers, &task->timer, deadline);
    fiber_switch(&task->fiber, &rt->loop);
    return task->reason;
}

void task_wake(struct rt_task *task, enum wake_reason reason)
{
    if (task->state != TASK_WAITING)
        return;
    timer_heap_remove(&task->rt->timers, &task->timer);
    task->state = TASK_READY;
    task->reason = reason;
    task->rt->world->push(task->rt, task);
}

void task_yield(struct rt *rt)
{
    struct rt_task *task = rt->current;
    if (!task)
        rt_bug("a yield outside of a task");
    task->state = TASK_READY;
    rt->world->push(rt, task);
    fiber_switch(&task->fiber, &rt->loop);
}

bool task_cancelled(const struct rt *rt)
{
    return rt->current && rt->current->group->cancelled;
}

struct error *task_cancelled_error(struct rt *rt)
{
    struct rt_task *task = rt->current;
    task->cancelled_waits++;
    if (task->cancelled_waits > CANCELLED_WAITS_MAX) {
        task->state = TASK_GIVEN_UP;
        fiber_switch(&task->fiber, &rt->loop); /* for good: it is in no queue */
    }
    if (task->cancelled_waits % CANCELLED_WAITS_YIELD == 0)
        task_yield(rt);
    return error_new(ERROR_CANCELLED, "\"%s\" is being stopped", task->group->name);
}

struct error *task_timeout_error(const char *waited_for)
{
    return error_new(ERROR_TIMEOUT, "timed out waiting for %s", waited_for);
}

void task_give_up(struct rt_task *task, const char *why)
{
    struct rt *rt = task->rt;
    timer_heap_remove(&rt->timers, &task->timer);
    task->state = TASK_GIVEN_UP;
    char *report = mem_printf("task \"%s\" of \"%s\" %s", task->name, task->group->name, why);
    for (struct rt_group *group = task->group; group; group = group->parent) {
        if (!group->stuck)
            group->stuck = mem_strdup(report);
    }
    rt_fail(rt, error_new(ERROR_INTERNAL, "%s", report));
    free(report);
    group_remove_task(task);
    task->next = rt->given_up;
    rt->given_up = task;
}

void task_release_all(struct rt *rt)
{
    for (size_t i = 0; i < POOLS_MAX; i++) {
        for (struct rt_task *task; (task = rt->pools[i].first);) {
            rt->pools[i].first = task->next;
            task_free(task);
        }
    }
    for (struct rt_task *task; (task = rt->given_up);) {
        rt->given_up = task->next;
        fiber_free(&task->fiber);
    }
}

struct error *rt_yield(struct rt *rt)
{
    if (!task_cancelled(rt))
        task_yield(rt);
    return task_cancelled(rt) ? task_cancelled_error(rt) : NULL;
}

struct error *rt_sleep(struct rt *rt, rt_time duration)
{
    return rt_sleep_until(rt, rt_after(rt, duration));
}

struct error *rt_sleep_until(struct rt *rt, rt_time when)
{
    if (when <= rt_now(rt))
        return rt_yield(rt);
    if (!task_cancelled(rt))
        (void)task_wait(rt, "a sleep", when, true);
    return task_cancelled(rt) ? task_cancelled_error(rt) : NULL;
}
