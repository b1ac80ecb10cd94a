/* SPDX-License-Identifier: Apache-2.0 */
/* The real world: the system's clocks, tasks in the order in which they became ready, epoll when none is. */
#include "lib/rt/real.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "lib/data/mem.h"

#define EVENTS_PER_TURN 64
#define WORKERS_DEFAULT 4

struct rt_prepare {
    struct rt *rt;
    struct rt_prepare *previous, *next;
    void (*fn)(void *arg);
    void *arg;
};

static int64_t read_clock(clockid_t clock)
{
    struct timespec ts;
    clock_gettime(clock, &ts);
    return (int64_t)ts.tv_sec * TIME_S + ts.tv_nsec;
}

static rt_time real_now(const struct rt *rt)
{
    return read_clock(CLOCK_MONOTONIC);
}

static int64_t real_wall(const struct rt *rt)
{
    return read_clock(CLOCK_REALTIME);
}

static void real_push(struct rt *rt, struct rt_task *task)
{
    struct real *real = rt->real;
    task->next = NULL;
    if (real->first_ready)
        real->last_ready->next = task;
    else
        real->first_ready = task;
    real->last_ready = task;
}

static struct rt_task *real_pop(struct rt *rt)
{
    struct rt_task *task = rt->real->first_ready;
    if (task)
        rt->real->first_ready = task->next;
    return task;
}

struct rt_prepare *rt_prepare_new(struct rt *rt, void (*fn)(void *arg), void *arg)
{
    if (!rt->real)
        rt_bug("rt_prepare_new() in the simulated world");
    struct real *real = rt->real;
    struct rt_prepare *prepare = mem_alloc(sizeof(*prepare));
    *prepare = (struct rt_prepare){.rt = rt, .previous = real->last_prepare, .fn = fn, .arg = arg};
    *(real->last_prepare ? &real->last_prepare->next : &real->first_prepare) = prepare;
    real->last_prepare = prepare;
    return prepare;
}

void rt_prepare_free(struct rt_prepare *prepare)
{
    if (!prepare)
        return;
    struct real *real = prepare->rt->real;
    if (real->next_prepare == prepare)
        real->next_prepare = prepare->next;
    *(prepare->previous ? &prepare->previous->next : &real->first_prepare) = prepare->next;
    *(prepare->next ? &prepare->next->previous : &real->last_prepare) = prepare->previous;
    free(prepare);
}

static void call_prepares(struct real *real)
{
    for (struct rt_prepare *prepare = real->first_prepare; prepare; prepare = real->next_prepare) {
        real->next_prepare = prepare->next;
        prepare->fn(prepare->arg);
    }
}

/* Waits for descriptors, at most until `deadline`; returns the number of events. */
static int poll_events(struct real *real, struct epoll_event *events, rt_time deadline)
{
    struct timespec timeout = {0};
    if (deadline != RT_FOREVER && deadline > 0) {
        rt_time left = deadline - read_clock(CLOCK_MONOTONIC);
        if (left > 0)
            timeout = (struct timespec){.tv_sec = left / TIME_S, .tv_nsec = left % TIME_S};
    }
    int count = epoll_pwait2(real->epoll, events, EVENTS_PER_TURN, deadline == RT_FOREVER ? NULL : &timeout, NULL);
    if (count < 0 && errno == ENOSYS) { /* before Linux 5.11: milliseconds, rounded up */
        int64_t ms = timeout.tv_sec * INT64_C(1000) + (timeout.tv_nsec + TIME_MS - 1) / TIME_MS;
        count = epoll_wait(real->epoll, events, EVENTS_PER_TURN,
                           deadline == RT_FOREVER ? -1 : (int)(ms < 3600000 ? ms : 3600000));
    }
    return count;
}

static void real_turn(struct rt *rt)
{
    struct real *real = rt->real;
    call_prepares(real);
    struct epoll_event events[EVENTS_PER_TURN];
    int count = poll_events(real, events, real->first_ready ? 0 : timer_heap_next(&rt->timers));
    if (count < 0 && errno != EINTR)
        rt_bug("epoll_wait failed with error %d", errno);
    if (count > 0)
        watch_dispatch(rt, events, count);
    /* After the descriptors: what came in time is served even when we are late. */
    if (rt->timers.len > 0)
        timer_heap_fire(&rt->timers, read_clock(CLOCK_MONOTONIC));
}

static void real_release(struct rt *rt)
{
    struct real *real = rt->real;
    workers_release(&real->workers);
    while (real->first_prepare)
        rt_prepare_free(real->first_prepare);
    if (real->signals >= 0) {
        close(real->signals);
        pthread_sigmask(SIG_SETMASK, &real->signals_before, NULL);
    }
    close(real->epoll);
    free(real);
}

static const struct world real_world = {
    .name = "real",
    .simulated = false,
    .now = real_now,
    .wall = real_wall,
    .push = real_push,
    .pop = real_pop,
    .turn = real_turn,
    .offload = real_offload,
    .wait_signal = real_wait_signal,
    .release = real_release,
};

struct error *rt_new_real(int workers, struct rt **ret)
{
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    if (epoll < 0)
        return error_from_errno(errno, "creating the event loop");
    struct rt *rt = rt_new_common(&real_world, random_kernel_seed());
    rt->real = mem_alloc(sizeof(*rt->real));
    rt->real->epoll = epoll;
    rt->real->signals = -1;
    workers_init(&rt->real->workers, workers > 0 ? workers : WORKERS_DEFAULT);
    *ret = rt;
    return NULL;
}
