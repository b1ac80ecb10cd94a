/* SPDX-License-Identifier: Apache-2.0 */
/* What the network modules of lib/ need of the loop: descriptors, timers, callbacks. Nobody outside lib/ includes this. */
#ifndef LIB_RT_LOOP_H
#define LIB_RT_LOOP_H

#include "lib/rt/rt.h"

/* Real world only: calls `fn(arg, revents)` on the loop, outside of any task, when `fd` has one of `events` (EPOLLIN …), level-triggered. */
struct rt_watch;
struct error *rt_watch_new(struct rt *rt, int fd, uint32_t events, void (*fn)(void *arg, uint32_t revents), void *arg,
                           struct rt_watch **ret) MUST_CHECK;
void rt_watch_modify(struct rt_watch *watch, uint32_t events);
void rt_watch_free(
    struct rt_watch *watch); /* NULL is fine; may be called from its own callback; does not close the descriptor */

/* Both worlds: calls `fn(arg)` on the loop, outside of any task, once at `when`. Re-arm with rt_timer_set(); RT_FOREVER disarms. */
struct rt_timer;
struct rt_timer *rt_timer_new(struct rt *rt, void (*fn)(void *arg), void *arg);
void rt_timer_set(struct rt_timer *timer, rt_time when);
void rt_timer_free(struct rt_timer *timer); /* NULL is fine; may be called from its own callback */

/* Real world only: called once per loop turn before the loop sleeps (for libmicrohttpd, which wants MHD_run after every change). */
struct rt_prepare;
struct rt_prepare *rt_prepare_new(struct rt *rt, void (*fn)(void *arg), void *arg);
void rt_prepare_free(struct rt_prepare *prepare);

/* Waits in a task until `fd` is readable/writable (EPOLLIN, EPOLLOUT) or the deadline. Real world only. */
struct error *rt_wait_fd(struct rt *rt, int fd, uint32_t events, rt_time deadline) MUST_CHECK;

#endif
