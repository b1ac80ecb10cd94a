/* SPDX-License-Identifier: Apache-2.0 */
/* The bounded byte queue of pipe.h: a list of chunks; small writes share one. */
#include "lib/net/pipe.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data/mem.h"

#define CHUNK_MIN 4096

struct chunk {
    struct chunk *next;
    rt_time arrival;
    char *data;
    size_t start, end, cap;
};

struct pipe {
    struct rt *rt;
    int refs;
    size_t window, bytes;
    struct chunk *first, *last;
    rt_time last_arrival; /* bytes do not overtake each other */
    bool finished, broken, reader_gone;
    enum error_kind kind;
    char *reason;
    struct pipe_hooks hooks;
    struct rt_cond readable, writable;
};

struct pipe *pipe_new(struct rt *rt, size_t window)
{
    struct pipe *pipe = mem_alloc(sizeof(*pipe));

    pipe->rt = rt;
    pipe->refs = 1;
    pipe->window = window;
    return pipe;
}

struct pipe *pipe_ref(struct pipe *pipe)
{
    pipe->refs++;
    return pipe;
}

static void drop_first(struct pipe *pipe)
{
    struct chunk *chunk = pipe->first;

    pipe->bytes -= chunk->end - chunk->start;
    pipe->first = chunk->next;
    if (!pipe->first)
        pipe->last = NULL;
    free(chunk->data);
    free(chunk);
}

void pipe_unref(struct pipe *pipe)
{
    if (!pipe || --pipe->refs)
        return;
    while (pipe->first)
        drop_first(pipe);
    free(pipe->reason);
    free(pipe);
}

void pipe_hook(struct pipe *pipe, const struct pipe_hooks *hooks)
{
    pipe->hooks = *hooks;
}

void pipe_unhook(struct pipe *pipe)
{
    pipe->hooks = (struct pipe_hooks){0};
}

static void tell_reader(struct pipe *pipe)
{
    rt_cond_broadcast(pipe->rt, &pipe->readable);
    if (pipe->hooks.on_data)
        pipe->hooks.on_data(pipe->hooks.arg);
}

static void tell_writer(struct pipe *pipe)
{
    rt_cond_broadcast(pipe->rt, &pipe->writable);
    if (pipe->hooks.on_space)
        pipe->hooks.on_space(pipe->hooks.arg);
}

static rt_time next_arrival(struct pipe *pipe)
{
    rt_time arrival = pipe->hooks.arrival ? pipe->hooks.arrival(pipe->hooks.arg) : 0;

    if (arrival > pipe->last_arrival)
        pipe->last_arrival = arrival;
    return pipe->last_arrival;
}

static struct chunk *add_chunk(struct pipe *pipe, rt_time arrival)
{
    struct chunk *chunk = mem_alloc(sizeof(*chunk));

    chunk->arrival = arrival;
    if (pipe->last)
        pipe->last->next = chunk;
    else
        pipe->first = chunk;
    pipe->last = chunk;
    return chunk;
}

void pipe_push(struct pipe *pipe, const void *data, size_t len)
{
    if (!len || pipe->reader_gone || pipe->finished || pipe->broken)
        return;
    rt_time arrival = next_arrival(pipe);
    struct chunk *chunk = pipe->last;
    if (!chunk || chunk->cap - chunk->end < len || chunk->arrival != arrival) {
        chunk = add_chunk(pipe, arrival);
        chunk->cap = len < CHUNK_MIN && !arrival ? CHUNK_MIN : len;
        chunk->data = mem_resize(NULL, chunk->cap, 1);
    }
    memcpy(chunk->data + chunk->end, data, len);
    chunk->end += len;
    pipe->bytes += len;
    tell_reader(pipe);
}

void pipe_push_owned(struct pipe *pipe, char *data, size_t len)
{
    if (!len || pipe->reader_gone || pipe->finished || pipe->broken) {
        free(data);
        return;
    }
    struct chunk *chunk = add_chunk(pipe, next_arrival(pipe));
    chunk->data = data;
    chunk->end = len;
    chunk->cap = len + 1;
    pipe->bytes += len;
    tell_reader(pipe);
}

size_t pipe_room(const struct pipe *pipe)
{
    return pipe->bytes < pipe->window ? pipe->window - pipe->bytes : 0;
}

static struct error *write_error(const struct pipe *pipe)
{
    if (pipe->broken)
        return error_new(pipe->kind, "%s", pipe->reason);
    if (pipe->reader_gone)
        return error_new(ERROR_TRANSIENT, "the peer closed the connection");
    if (pipe->finished)
        return error_new(ERROR_INTERNAL, "the body is finished already");
    return NULL;
}

struct error *pipe_write(struct pipe *pipe, const void *data, size_t len, rt_time deadline)
{
    const char *rest = data;

    TRY(write_error(pipe));
    while (len) {
        size_t room = pipe_room(pipe);
        if (!room) {
            TRY(rt_cond_wait(pipe->rt, &pipe->writable, deadline));
            TRY(write_error(pipe));
            continue;
        }
        size_t n = len < room ? len : room;
        pipe_push(pipe, rest, n);
        rest += n;
        len -= n;
    }
    return NULL;
}

void pipe_finish(struct pipe *pipe)
{
    if (pipe->finished || pipe->broken)
        return;
    pipe->finished = true;
    next_arrival(pipe);
    tell_reader(pipe);
}

void pipe_break(struct pipe *pipe, enum error_kind kind, const char *reason)
{
    if (pipe->finished || pipe->broken)
        return;
    pipe->broken = true;
    pipe->kind = kind;
    pipe->reason = mem_strdup(reason);
    tell_reader(pipe);
    tell_writer(pipe);
}

size_t pipe_pull(struct pipe *pipe, void *buf, size_t cap)
{
    char *to = buf;
    size_t filled = 0;
    bool was_full = !pipe_room(pipe), more = false;

    while (filled < cap && pipe->first) {
        struct chunk *chunk = pipe->first;
        size_t n = chunk->end - chunk->start;
        if (n > cap - filled)
            n = cap - filled;
        memcpy(to + filled, chunk->data + chunk->start, n);
        filled += n;
        chunk->start += n;
        pipe->bytes -= n;
        if (chunk->start == chunk->end) {
            more = chunk->next && chunk->next->arrival > chunk->arrival;
            drop_first(pipe);
            if (more)
                break; /* what comes next is for another pull, when its time has come */
        }
    }
    if (filled && (was_full || pipe->hooks.on_space))
        tell_writer(pipe);
    return filled;
}

struct error *pipe_gate(struct pipe *pipe, rt_time deadline)
{
    return pipe->hooks.gate ? pipe->hooks.gate(pipe->hooks.arg, deadline) : NULL;
}

struct error *pipe_wait(struct pipe *pipe, rt_time deadline)
{
    for (;;) {
        bool ended = pipe->finished || pipe->broken;
        if (pipe->broken && !pipe->first)
            return NULL; /* a reset does not wait for its turn */
        if (pipe->first || ended) {
            rt_time arrival = pipe->first ? pipe->first->arrival : pipe->last_arrival;
            if (arrival <= rt_now(pipe->rt))
                return pipe_gate(pipe, deadline);
            if (arrival < deadline) {
                struct error *err = rt_cond_wait(pipe->rt, &pipe->readable, arrival);
                if (err && !error_is(err, ERROR_TIMEOUT))
                    return err;
                error_free(err);
                continue;
            }
        }
        TRY(rt_cond_wait(pipe->rt, &pipe->readable, deadline));
    }
}

struct error *pipe_read(struct pipe *pipe, void *buf, size_t cap, rt_time deadline, size_t *ret_len)
{
    TRY(pipe_wait(pipe, deadline));
    if (!pipe->first && pipe->broken)
        return error_new(pipe->kind, "%s", pipe->reason);
    *ret_len = pipe_pull(pipe, buf, cap);
    return NULL;
}

bool pipe_ended(const struct pipe *pipe)
{
    return !pipe->first && (pipe->finished || pipe->broken);
}

bool pipe_broken(const struct pipe *pipe)
{
    return pipe->broken;
}

bool pipe_take_whole(struct pipe *pipe, char **ret_data, size_t *ret_len)
{
    struct chunk *chunk = pipe->first;

    if (!pipe->finished || !chunk || chunk->next || chunk->start)
        return false;
    if (chunk->end == chunk->cap) /* room for the NUL that callers like */
        chunk->data = mem_resize(chunk->data, chunk->cap + 1, 1);
    chunk->data[chunk->end] = '\0';
    *ret_data = chunk->data;
    *ret_len = chunk->end;
    chunk->data = NULL;
    drop_first(pipe);
    return true;
}

void pipe_leave(struct pipe *pipe)
{
    if (pipe->reader_gone)
        return;
    pipe->reader_gone = true;
    while (pipe->first)
        drop_first(pipe);
    tell_writer(pipe);
}
