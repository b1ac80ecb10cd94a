/* SPDX-License-Identifier: Apache-2.0 */
/* Locks, conditions and semaphores, on lists of waiting tasks that are served in order. */
#include "lib/rt/internal.h"

static void wait_list_remove(struct rt_waiter *waiter)
{
    struct rt_wait_list *list = waiter->list;
    *(waiter->previous ? &waiter->previous->next : &list->first) = waiter->next;
    *(waiter->next ? &waiter->next->previous : &list->last) = waiter->previous;
    waiter->list = NULL;
}

enum wake_reason wait_list_wait(struct rt *rt, struct rt_wait_list *list, const char *waits_for, rt_time deadline,
                                bool cancellable)
{
    struct rt_waiter waiter = {.previous = list->last, .list = list, .task = rt->current};
    *(list->last ? &list->last->next : &list->first) = &waiter;
    list->last = &waiter;
    enum wake_reason reason = task_wait(rt, waits_for, deadline, cancellable);
    if (waiter.list)
        wait_list_remove(&waiter);
    return reason;
}

/*
 * A waiter whose deadline passed, or that was cancelled, but that has not run yet (or never will) is still on the list:
 * it is passed over, since what woke it would be lost on it.
 */
bool wait_list_wake_first(struct rt_wait_list *list)
{
    for (struct rt_waiter *waiter = list->first; waiter; waiter = waiter->next) {
        if (waiter->task->state == TASK_WAITING) {
            wait_list_remove(waiter);
            task_wake(waiter->task, WAKE_DONE);
            return true;
        }
    }
    return false;
}

bool wait_list_busy(const struct rt_wait_list *list)
{
    for (const struct rt_waiter *waiter = list->first; waiter; waiter = waiter->next) {
        if (waiter->task->state != TASK_GIVEN_UP)
            return true;
    }
    return false;
}

void wait_list_wake_all(struct rt_wait_list *list)
{
    while (wait_list_wake_first(list))
        ;
}

struct error *rt_mutex_lock(struct rt *rt, struct rt_mutex *mutex)
{
    if (task_cancelled(rt))
        return task_cancelled_error(rt);
    if (!mutex->locked) {
        mutex->locked = true;
        return NULL;
    }
    enum wake_reason reason = wait_list_wait(rt, &mutex->waiters, "a lock", RT_FOREVER, true);
    if (!task_cancelled(rt))
        return NULL; /* rt_mutex_unlock() handed it over */
    if (reason == WAKE_DONE)
        rt_mutex_unlock(rt, mutex);
    return task_cancelled_error(rt);
}

void rt_mutex_unlock(struct rt *rt, struct rt_mutex *mutex)
{
    if (!mutex->locked)
        rt_bug("a lock is released that nobody holds");
    if (!wait_list_wake_first(&mutex->waiters))
        mutex->locked = false;
}

struct error *rt_cond_wait(struct rt *rt, struct rt_cond *cond, rt_time deadline)
{
    if (task_cancelled(rt))
        return task_cancelled_error(rt);
    if (deadline <= rt_now(rt))
        return task_timeout_error("a condition");
    enum wake_reason reason = wait_list_wait(rt, &cond->waiters, "a condition", deadline, true);
    if (task_cancelled(rt)) {
        if (reason == WAKE_DONE)
            rt_cond_signal(rt, cond); /* meant for one that can use it */
        return task_cancelled_error(rt);
    }
    return reason == WAKE_TIMEOUT ? task_timeout_error("a condition") : NULL;
}

void rt_cond_signal(struct rt *rt, struct rt_cond *cond)
{
    wait_list_wake_first(&cond->waiters);
}

void rt_cond_broadcast(struct rt *rt, struct rt_cond *cond)
{
    wait_list_wake_all(&cond->waiters);
}

struct error *rt_semaphore_acquire(struct rt *rt, struct rt_semaphore *semaphore, rt_time deadline)
{
    if (task_cancelled(rt))
        return task_cancelled_error(rt);
    if (semaphore->held < semaphore->limit) {
        semaphore->held++;
        return NULL;
    }
    if (deadline <= rt_now(rt))
        return task_timeout_error("a free place");
    enum wake_reason reason = wait_list_wait(rt, &semaphore->waiters, "a free place", deadline, true);
    if (task_cancelled(rt)) {
        if (reason == WAKE_DONE)
            rt_semaphore_release(rt, semaphore);
        return task_cancelled_error(rt);
    }
    return reason == WAKE_TIMEOUT ? task_timeout_error("a free place") : NULL;
}

void rt_semaphore_release(struct rt *rt, struct rt_semaphore *semaphore)
{
    if (semaphore->held == 0)
        rt_bug("a semaphore is released that nobody holds");
    /* The place goes to who waits longest, unless the limit was lowered meanwhile. */
    if (semaphore->held > semaphore->limit || !wait_list_wake_first(&semaphore->waiters))
        semaphore->held--;
}
