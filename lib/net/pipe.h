/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bounded queue of bytes between one writer and one reader: message bodies that are under way. Either end may be a task, which waits, or
 * a callback of libcurl or libmicrohttpd, which never does and is told by a hook that it can go on. On the simulated network bytes have a
 * time of arrival. Private to lib/net.
 */
#ifndef LIB_NET_PIPE_H
#define LIB_NET_PIPE_H

#include "lib/rt/rt.h"

#define PIPE_WINDOW (256 * 1024) /* bytes that are held at most */

struct pipe;

struct pipe_hooks {
    void (*on_data)(void *arg);    /* bytes, the end, or the reader's leave: the callback end that reads can go on */
    void (*on_space)(void *arg);   /* room again, or the writer's task ended: the callback end that writes can go on */
    rt_time (*arrival)(void *arg); /* when what is written now arrives; NULL: at once */
    /* Waits while the way is blocked; NULL: never is. */
    struct error *(*gate)(void *arg, rt_time deadline);
    void *arg;
};

/* Reference-counted: the writer's and the reader's side end independently. */
struct pipe *pipe_new(struct rt *rt, size_t window);
struct pipe *pipe_ref(struct pipe *pipe);
void pipe_unref(struct pipe *pipe); /* NULL is fine */
/* The hooks are called until pipe_unhook(), which a side calls before what `arg` points to goes away. */
void pipe_hook(struct pipe *pipe, const struct pipe_hooks *hooks);
void pipe_unhook(struct pipe *pipe);

/* -- the writer -- */
/* Waits for room. TRANSIENT when the reader is gone or the pipe was broken. */
struct error *pipe_write(struct pipe *pipe, const void *data, size_t len, rt_time deadline) MUST_CHECK;
void pipe_push(struct pipe *pipe, const void *data, size_t len); /* without waiting; see pipe_room() */
void pipe_push_owned(struct pipe *pipe, char *data,
                     size_t len); /* takes over memory from malloc() with a NUL after it */
size_t pipe_room(const struct pipe *pipe);
void pipe_finish(struct pipe *pipe);
/* The reader gets what was written, then this error; the writer gets it at once. The first end counts. */
void pipe_break(struct pipe *pipe, enum error_kind kind, const char *reason);

/* -- the reader -- */
/* Waits until the first byte, or the end, has arrived. */
struct error *pipe_wait(struct pipe *pipe, rt_time deadline) MUST_CHECK;
struct error *pipe_read(struct pipe *pipe, void *buf, size_t cap, rt_time deadline, size_t *ret_len) MUST_CHECK;
struct error *pipe_gate(struct pipe *pipe, rt_time deadline) MUST_CHECK; /* waits while the way is blocked */
size_t pipe_pull(struct pipe *pipe, void *buf, size_t cap); /* without waiting, whatever its time of arrival */
bool pipe_ended(const struct pipe *pipe);                   /* nothing left to pull, and finished or broken */
bool pipe_broken(const struct pipe *pipe);
/* The whole body, when it lies in one piece, without a copy; false otherwise. */
bool pipe_take_whole(struct pipe *pipe, char **ret_data, size_t *ret_len);
void pipe_leave(struct pipe *pipe); /* the reader is gone: drops what is there, writes fail */

#endif
