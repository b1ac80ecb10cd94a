/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors and signals on the real loop. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "lib/data/mem.h"
#include "lib/rt/real.h"

struct rt_watch {
    struct rt *rt;
    int fd;
    bool duplicate; /* `fd` is our own copy, because epoll takes a descriptor only once */
    bool dead;
    struct rt_watch *next_dead;
    void (*fn)(void *arg, uint32_t revents);
    void *arg;
};

struct error *rt_watch_new(struct rt *rt, int fd, uint32_t events, void (*fn)(void *arg, uint32_t revents), void *arg,
                           struct rt_watch **ret)
{
    if (!rt->real)
        return error_new(ERROR_UNSUPPORTED, "the simulated world has no descriptors");
    struct rt_watch *watch = mem_alloc(sizeof(*watch));
    *watch = (struct rt_watch){.rt = rt, .fd = fd, .fn = fn, .arg = arg};
    struct epoll_event event = {.events = events, .data.ptr = watch};
    int result = epoll_ctl(rt->real->epoll, EPOLL_CTL_ADD, fd, &event);
    if (result < 0 && errno == EEXIST) {
        watch->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        watch->duplicate = watch->fd >= 0;
        if (watch->duplicate)
            result = epoll_ctl(rt->real->epoll, EPOLL_CTL_ADD, watch->fd, &event);
    }
    if (result < 0) {
        struct error *err = error_from_errno(errno, "watching descriptor %d", fd);
        if (watch->duplicate)
            close(watch->fd);
        free(watch);
        return err;
    }
    *ret = watch;
    return NULL;
}

void rt_watch_modify(struct rt_watch *watch, uint32_t events)
{
    struct epoll_event event = {.events = events, .data.ptr = watch};
    if (epoll_ctl(watch->rt->real->epoll, EPOLL_CTL_MOD, watch->fd, &event) < 0)
        rt_bug("descriptor %d was closed before its watch was freed", watch->fd);
}

void rt_watch_free(struct rt_watch *watch)
{
    if (!watch)
        return;
    struct real *real = watch->rt->real;
    epoll_ctl(real->epoll, EPOLL_CTL_DEL, watch->fd, NULL);
    if (watch->duplicate)
        close(watch->fd);
    if (real->dispatching) {
        watch->dead = true;
        watch->next_dead = real->dead;
        real->dead = watch;
    } else {
        free(watch);
    }
}

void watch_dispatch(struct rt *rt, const struct epoll_event *events, int count)
{
    struct real *real = rt->real;
    real->dispatching = true;
    for (int i = 0; i < count; i++) {
        struct rt_watch *watch = events[i].data.ptr;
        if (!watch->dead)
            watch->fn(watch->arg, events[i].events);
    }
    real->dispatching = false;
    for (struct rt_watch *watch; (watch = real->dead);) {
        real->dead = watch->next_dead;
        free(watch);
    }
}

static void wake_task(void *arg, uint32_t revents)
{
    task_wake(arg, WAKE_DONE);
}

struct error *watch_wait(struct rt *rt, int fd, uint32_t events, rt_time deadline, bool cancellable)
{
    struct rt_watch *watch;
    TRY(rt_watch_new(rt, fd, events | EPOLLONESHOT, wake_task, rt->current, &watch));
    enum wake_reason reason = task_wait(rt, "a descriptor", deadline, cancellable);
    rt_watch_free(watch);
    return reason == WAKE_TIMEOUT ? task_timeout_error("a descriptor") : NULL;
}

struct error *rt_wait_fd(struct rt *rt, int fd, uint32_t events, rt_time deadline)
{
    struct error *err = task_cancelled(rt) ? NULL : watch_wait(rt, fd, events, deadline, true);
    if (!task_cancelled(rt))
        return err;
    error_free(err);
    return task_cancelled_error(rt);
}

/* Blocks the signals that a program is stopped with, so that they arrive on a descriptor. */
static struct error *open_signals(struct real *real)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return error_from_errno(errno, "creating a descriptor for signals");
    pthread_sigmask(SIG_BLOCK, &set, &real->signals_before);
    real->signals = fd;
    return NULL;
}

struct error *real_wait_signal(struct rt *rt, int *ret_signal)
{
    if (rt->real->signals < 0)
        TRY(open_signals(rt->real));
    for (;;) {
        TRY(rt_wait_fd(rt, rt->real->signals, EPOLLIN, RT_FOREVER));
        struct signalfd_siginfo info;
        if (read(rt->real->signals, &info, sizeof(info)) == sizeof(info)) {
            *ret_signal = (int)info.ssi_signo;
            return NULL;
        }
    }
}
