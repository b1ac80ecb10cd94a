/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the network modules of lib/ need of the loop: descriptors, timers, callbacks. Nobody outside lib/ includes this.
 */
#ifndef LIB_RT_LOOP_H
#define LIB_RT_LOOP_H

#include "lib/rt/rt.h"

/*
 * Real world only (ERROR_UNSUPPORTED in the other): calls `fn(arg, revents)` on the loop, outside of any task, when
 * `fd` has one of `events` (EPOLLIN …), level-triggered; errors and hang-ups are told unasked. Several watches of one
 * descriptor are fine. Free a watch before its descriptor is closed.
 */
struct rt_watch;
struct error *rt_watch_new(struct rt *rt, int fd, uint32_t events, void (*fn)(void *arg, uint32_t revents), void *arg,
                           struct rt_watch **ret) MUST_CHECK;
void rt_watch_modify(struct rt_watch *watch, uint32_t events);
/* NULL is fine; may be called from its own callback or another watch's; does not close the descriptor. */
void rt_watch_free(struct rt_watch *watch);

/*
 * Both worlds: calls `fn(arg)` on the loop, outside of any task, once at `when`. Timers of the same deadline fire in
 * the order in which they were set. Re-arm with rt_timer_set(), also from the callback; RT_FOREVER disarms.
 */
struct rt_timer;
struct rt_timer *rt_timer_new(struct rt *rt, void (*fn)(void *arg), void *arg);
void rt_timer_set(struct rt_timer *timer, rt_time when);
void rt_timer_free(struct rt_timer *timer); /* NULL is fine; may be called from its own callback */

/*
 * Real world only: called once per loop turn before the loop sleeps (for libmicrohttpd, which wants MHD_run after every
 * change).
 */
struct rt_prepare;
struct rt_prepare *rt_prepare_new(struct rt *rt, void (*fn)(void *arg), void *arg);
void rt_prepare_free(struct rt_prepare *prepare);

/*
 * Waits in a task until `fd` is readable/writable (EPOLLIN, EPOLLOUT; errors and hang-ups end the wait too) or the
 * deadline. What is ready is found even when the deadline has passed. Real world only.
 */
struct error *rt_wait_fd(struct rt *rt, int fd, uint32_t events, rt_time deadline) MUST_CHECK;

#endif
