/* SPDX-License-Identifier: Apache-2.0 */
/* Groups: the tree that tasks hang in, and its cancellation. */
#include <stdlib.h>

#include "lib/data/mem.h"
#include "lib/rt/internal.h"

struct rt_group_hook {
    struct rt_group *group;
    struct rt_group_hook *previous, *next;
    void (*fn)(void *arg);
    void *arg;
    bool called;
};

static struct rt_group *group_alloc(struct rt *rt, const char *name)
{
    struct rt_group *group = mem_alloc(sizeof(*group));
    group->rt = rt;
    group->name = mem_strdup(name);
    return group;
}

struct rt_group *group_new_root(struct rt *rt)
{
    return group_alloc(rt, "root");
}

struct rt_group *rt_group_new(struct rt *rt, struct rt_group *parent, const char *name)
{
    struct rt_group *group = group_alloc(rt, name);
    if (!parent)
        parent = rt->root;
    group->parent = parent;
    group->cancelled = parent->cancelled;
    group->previous = parent->last_child;
    if (group->previous)
        group->previous->next = group;
    else
        parent->first_child = group;
    parent->last_child = group;
    return group;
}

void group_free_below(struct rt_group *group)
{
    while (group->first_child) {
        group_free_below(group->first_child);
        rt_group_free(group->first_child);
    }
}

void rt_group_free(struct rt_group *group)
{
    if (!group)
        return;
    if (group->stuck)
        group_free_below(group); /* who should have done so was given up */
    if (group->live > 0 || group->first_child || wait_list_busy(&group->waiters))
        rt_bug("group \"%s\" is freed while it has tasks, groups below or waiters", group->name);
    while (group->first_hook)
        rt_group_hook_remove(group->first_hook);
    if (group->parent) {
        *(group->previous ? &group->previous->next : &group->parent->first_child) = group->next;
        *(group->next ? &group->next->previous : &group->parent->last_child) = group->previous;
    }
    free(group->stuck);
    free(group->name);
    free(group);
}

struct rt *rt_group_rt(const struct rt_group *group)
{
    return group->rt;
}

const char *rt_group_name(const struct rt_group *group)
{
    return group->name;
}

bool rt_group_cancelled(const struct rt_group *group)
{
    return group->cancelled;
}

void group_add_task(struct rt_group *group, struct rt_task *task)
{
    task->group = group;
    task->group_next = NULL;
    task->group_previous = group->last_task;
    if (group->last_task)
        group->last_task->group_next = task;
    else
        group->first_task = task;
    group->last_task = task;
    for (struct rt_group *g = group; g; g = g->parent)
        g->live++;
}

void group_remove_task(struct rt_task *task)
{
    struct rt_group *group = task->group;
    *(task->group_previous ? &task->group_previous->group_next : &group->first_task) = task->group_next;
    *(task->group_next ? &task->group_next->group_previous : &group->last_task) = task->group_previous;
    task->group = NULL;
    for (struct rt_group *g = group; g; g = g->parent) {
        if (--g->live == 0)
            wait_list_wake_all(&g->waiters);
    }
}

void group_each_task(struct rt_group *group, void (*fn)(struct rt_task *task, void *arg), void *arg)
{
    for (struct rt_task *task = group->first_task, *next; task; task = next) {
        next = task->group_next;
        fn(task, arg);
    }
    for (struct rt_group *child = group->first_child; child; child = child->next)
        group_each_task(child, fn, arg);
}

struct rt_group_hook *rt_group_on_cancel(struct rt_group *group, void (*fn)(void *arg), void *arg)
{
    struct rt_group_hook *hook = mem_alloc(sizeof(*hook));
    *hook = (struct rt_group_hook){.group = group, .previous = group->last_hook, .fn = fn, .arg = arg};
    *(group->last_hook ? &group->last_hook->next : &group->first_hook) = hook;
    group->last_hook = hook;
    return hook;
}

void rt_group_hook_remove(struct rt_group_hook *hook)
{
    if (!hook)
        return;
    struct rt_group *group = hook->group;
    *(hook->previous ? &hook->previous->next : &group->first_hook) = hook->next;
    *(hook->next ? &hook->next->previous : &group->last_hook) = hook->previous;
    free(hook);
}

/* Marks what is below first, so that hooks and new tasks see all of it cancelled. */
static void mark_cancelled(struct rt_group *group)
{
    group->cancelled = true;
    for (struct rt_group *child = group->first_child; child; child = child->next)
        mark_cancelled(child);
}

static struct rt_group_hook *next_hook(struct rt_group *group)
{
    struct rt_group_hook *hook = group->first_hook;
    while (hook && hook->called)
        hook = hook->next;
    return hook;
}

/* A hook may remove hooks, its own too, and groups below; so the search starts anew after each. */
static bool call_one_hook(struct rt_group *group)
{
    struct rt_group_hook *hook = next_hook(group);
    if (hook) {
        hook->called = true;
        hook->fn(hook->arg);
        return true;
    }
    for (struct rt_group *child = group->first_child; child; child = child->next) {
        if (call_one_hook(child))
            return true;
    }
    return false;
}

static void wake_cancelled(struct rt_task *task, void *arg)
{
    if (task->state == TASK_WAITING && task->cancellable)
        task_wake(task, WAKE_CANCELLED);
}

void rt_group_cancel(struct rt_group *group)
{
    if (group->cancelled)
        return;
    mark_cancelled(group);
    while (call_one_hook(group))
        ;
    group_each_task(group, wake_cancelled, NULL);
}

/* True when the running task is in the group or below. */
static bool is_inside(const struct rt_group *group)
{
    const struct rt_group *own = rt_current_group(group->rt);
    while (own && own != group)
        own = own->parent;
    return own == group && group->rt->current;
}

struct error *rt_group_wait(struct rt_group *group, rt_time deadline)
{
    struct rt *rt = group->rt;
    if (is_inside(group))
        return error_new(ERROR_INTERNAL, "task \"%s\" waits for the end of \"%s\", of which it is part",
                         rt->current->name, group->name);
    while (group->live > 0) {
        bool unwinding = group->cancelled;
        if (!unwinding && task_cancelled(rt))
            return task_cancelled_error(rt);
        enum wake_reason reason = wait_list_wait(rt, &group->waiters, "the end of a group", deadline, !unwinding);
        if (reason == WAKE_TIMEOUT && group->live > 0)
            return task_timeout_error("the end of a group");
    }
    if (group->stuck)
        return error_new(ERROR_INTERNAL, "%s", group->stuck);
    return NULL;
}

void rt_group_stop(struct rt_group *group)
{
    if (!group)
        return;
    if (is_inside(group)) /* it could only hang, or let the caller free what it stands on */
        rt_bug("task \"%s\" stops \"%s\", of which it is part", group->rt->current->name, group->name);
    rt_group_cancel(group);
    /* A task that was given up is what this can still report; rt_run() does so too. */
    error_free(rt_group_wait(group, RT_FOREVER));
}
