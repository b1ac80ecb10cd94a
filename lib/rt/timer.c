/* SPDX-License-Identifier: Apache-2.0 */
/* Timers: a binary heap ordered by deadline, then by the order of arming; and the callback timers of loop.h on top. */
#include <stdlib.h>

#include "lib/data/mem.h"
#include "lib/rt/internal.h"

static bool earlier(const struct timer_node *a, const struct timer_node *b)
{
    return a->deadline != b->deadline ? a->deadline < b->deadline : a->sequence < b->sequence;
}

/* Positions count from 1, so that the parent of n is n / 2. */
static void put(struct timer_heap *heap, size_t position, struct timer_node *node)
{
    heap->items[position - 1] = node;
    node->position = position;
}

static void sift_up(struct timer_heap *heap, size_t position, struct timer_node *node)
{
    while (position > 1 && earlier(node, heap->items[position / 2 - 1])) {
        put(heap, position, heap->items[position / 2 - 1]);
        position /= 2;
    }
    put(heap, position, node);
}

static void sift_down(struct timer_heap *heap, size_t position, struct timer_node *node)
{
    for (size_t child; (child = position * 2) <= heap->len; position = child) {
        if (child < heap->len && earlier(heap->items[child], heap->items[child - 1]))
            child++;
        if (!earlier(heap->items[child - 1], node))
            break;
        put(heap, position, heap->items[child - 1]);
    }
    put(heap, position, node);
}

void timer_heap_add(struct timer_heap *heap, struct timer_node *node, rt_time deadline)
{
    if (heap->len == heap->cap) {
        heap->cap = heap->cap ? heap->cap * 2 : 64;
        heap->items = mem_resize(heap->items, heap->cap, sizeof(struct timer_node *));
    }
    node->deadline = deadline;
    node->sequence = heap->sequence++;
    heap->len++;
    sift_up(heap, heap->len, node);
}

void timer_heap_remove(struct timer_heap *heap, struct timer_node *node)
{
    size_t position = node->position;
    if (position == 0)
        return;
    node->position = 0;
    struct timer_node *last = heap->items[--heap->len];
    if (last == node)
        return;
    if (position > 1 && earlier(last, heap->items[position / 2 - 1]))
        sift_up(heap, position, last);
    else
        sift_down(heap, position, last);
}

rt_time timer_heap_next(const struct timer_heap *heap)
{
    return heap->len > 0 ? heap->items[0]->deadline : RT_FOREVER;
}

void timer_heap_fire(struct timer_heap *heap, rt_time now)
{
    uint64_t limit = heap->sequence;
    while (heap->len > 0 && heap->items[0]->deadline <= now && heap->items[0]->sequence < limit) {
        struct timer_node *node = heap->items[0];
        timer_heap_remove(heap, node);
        node->fire(node);
    }
}

void timer_heap_release(struct timer_heap *heap)
{
    free(heap->items);
    *heap = (struct timer_heap){0};
}

struct rt_timer {
    struct rt *rt;
    struct timer_node node;
    void (*fn)(void *arg);
    void *arg;
};

static void timer_fire(struct timer_node *node)
{
    struct rt_timer *timer = CONTAINER_OF(node, struct rt_timer, node);
    timer->fn(timer->arg); /* may free the timer */
}

struct rt_timer *rt_timer_new(struct rt *rt, void (*fn)(void *arg), void *arg)
{
    struct rt_timer *timer = mem_alloc(sizeof(*timer));
    *timer = (struct rt_timer){.rt = rt, .node = {.fire = timer_fire}, .fn = fn, .arg = arg};
    return timer;
}

void rt_timer_set(struct rt_timer *timer, rt_time when)
{
    timer_heap_remove(&timer->rt->timers, &timer->node);
    if (when != RT_FOREVER)
        timer_heap_add(&timer->rt->timers, &timer->node, when);
}

void rt_timer_free(struct rt_timer *timer)
{
    if (!timer)
        return;
    timer_heap_remove(&timer->rt->timers, &timer->node);
    free(timer);
}
