/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The work queue. Every key that waits, is worked on, is delayed or has failed has one item; the item goes when nothing of that is left.
 * Delayed items sit in a binary heap; of the workers that wait, one watches its top.
 */
#include "operator/kube/queue.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data/map.h"
#include "lib/data/str.h"
#include "lib/data/vec.h"
#include "lib/log/metrics.h"

#define BACKOFF_FIRST (5 * RT_MS)
#define BACKOFF_MAX (1000 * RT_S)
#define BACKOFF_JITTER 0.1
#define NOT_DELAYED SIZE_MAX

struct item {
    char *namespace, *name;
    bool ready;      /* in the ready list */
    bool processing; /* with a worker */
    bool dirty;      /* added while with a worker: ready again after it */
    int failures;
    rt_time added, started; /* for the metrics */
    rt_time due;            /* when delayed */
    uint64_t sequence;      /* first come, first served among those with the same due */
    size_t heap_index;      /* NOT_DELAYED when not in the heap */
};

struct queue_metrics {
    struct metric *depth, *adds, *retries, *waited, *worked;
};

struct queue {
    const struct env *env;
    char *name;
    rt_time backoff_first, backoff_max;
    double backoff_jitter;
    struct map *items; /* key -> struct item * */
    VEC(struct item *) ready;
    size_t ready_first;         /* items before it were handed out */
    VEC(struct item *) delayed; /* heap, the earliest first */
    uint64_t sequence;
    struct rt_cond changed;
    bool timer_watched; /* a worker waits for the heap's top */
    struct queue_metrics metrics;
};

static void item_free(void *value)
{
    struct item *item = value;
    free(item->namespace);
    free(item->name);
    free(item);
}

static void register_metrics(struct queue *queue)
{
    static const char *const labels[] = {"name", NULL};
    static const double buckets[] = {1e-3, 1e-2, 0.1, 1, 10, 60};
    struct metrics *metrics = queue->env->metrics;
    queue->metrics = (struct queue_metrics){
        .depth = metrics_gauge(metrics, "workqueue_depth", "Keys that are ready and wait for a worker", labels),
        .adds = metrics_counter(metrics, "workqueue_adds_total", "Keys that became ready", labels),
        .retries = metrics_counter(metrics, "workqueue_retries_total", "Keys added again after a failure", labels),
        .waited = metrics_histogram(metrics, "workqueue_queue_duration_seconds", "Time that a key waited for a worker",
                                    labels, buckets, ARRAY_SIZE(buckets)),
        .worked = metrics_histogram(metrics, "workqueue_work_duration_seconds", "Time that a worker took for a key",
                                    labels, buckets, ARRAY_SIZE(buckets)),
    };
}

struct queue *queue_new(const struct env *env, const struct queue_options *options)
{
    struct queue *queue = mem_alloc(sizeof(*queue));
    queue->env = env;
    queue->name = mem_strdup(options->name);
    queue->backoff_first = options->backoff_first ? options->backoff_first : BACKOFF_FIRST;
    queue->backoff_max = options->backoff_max ? options->backoff_max : BACKOFF_MAX;
    queue->backoff_jitter = options->backoff_jitter > 0 ? options->backoff_jitter : BACKOFF_JITTER;
    queue->items = map_new(item_free);
    register_metrics(queue);
    return queue;
}

void queue_free(struct queue *queue)
{
    if (!queue)
        return;
    VEC_RELEASE(&queue->ready);
    VEC_RELEASE(&queue->delayed);
    map_free(queue->items);
    free(queue->name);
    free(queue);
}

static char *make_key(const char *namespace, const char *name)
{
    return mem_printf("%s/%s", namespace ? namespace : "", name);
}

static struct item *find_item(const struct queue *queue, const char *namespace, const char *name)
{
    CLEANUP_FREE char *key = make_key(namespace, name);
    return map_get(queue->items, key);
}

static struct item *need_item(struct queue *queue, const char *namespace, const char *name)
{
    struct item *item = find_item(queue, namespace, name);
    if (item)
        return item;
    CLEANUP_FREE char *key = make_key(namespace, name);
    item = mem_alloc(sizeof(*item));
    item->namespace = mem_strdup(namespace ? namespace : "");
    item->name = mem_strdup(name);
    item->heap_index = NOT_DELAYED;
    map_set(queue->items, key, item);
    return item;
}

/* Drops an item that says nothing any more. */
static void drop_if_idle(struct queue *queue, struct item *item)
{
    if (item->ready || item->processing || item->failures > 0 || item->heap_index != NOT_DELAYED)
        return;
    CLEANUP_FREE char *key = make_key(item->namespace, item->name);
    map_remove(queue->items, key);
}

/* -- the heap of delayed items -- */

static bool earlier(const struct item *a, const struct item *b)
{
    return a->due != b->due ? a->due < b->due : a->sequence < b->sequence;
}

static void place(struct queue *queue, size_t index, struct item *item)
{
    queue->delayed.items[index] = item;
    item->heap_index = index;
}

static void sift_up(struct queue *queue, size_t index)
{
    struct item *item = queue->delayed.items[index];
    while (index > 0) {
        size_t parent = (index - 1) / 2;
        if (!earlier(item, queue->delayed.items[parent]))
            break;
        place(queue, index, queue->delayed.items[parent]);
        index = parent;
    }
    place(queue, index, item);
}

static void sift_down(struct queue *queue, size_t index)
{
    struct item *item = queue->delayed.items[index];
    for (;;) {
        size_t child = 2 * index + 1;
        if (child >= queue->delayed.len)
            break;
        if (child + 1 < queue->delayed.len && earlier(queue->delayed.items[child + 1], queue->delayed.items[child]))
            child++;
        if (!earlier(queue->delayed.items[child], item))
            break;
        place(queue, index, queue->delayed.items[child]);
        index = child;
    }
    place(queue, index, item);
}

static struct item *take_delayed(struct queue *queue, size_t index)
{
    struct item *item = queue->delayed.items[index];
    struct item *last = queue->delayed.items[--queue->delayed.len];
    if (last != item) {
        place(queue, index, last);
        sift_up(queue, index);
        sift_down(queue, last->heap_index);
    }
    item->heap_index = NOT_DELAYED;
    return item;
}

/* -- adding -- */

static const char *const *labels_of(const struct queue *queue, const char *values[2])
{
    values[0] = queue->name;
    values[1] = NULL;
    return values;
}

static void show_depth(struct queue *queue)
{
    const char *values[2];
    metric_set(queue->metrics.depth, queue_len(queue), labels_of(queue, values));
}

static void make_ready(struct queue *queue, struct item *item)
{
    if (item->ready || item->dirty)
        return;
    const char *values[2];
    metric_add(queue->metrics.adds, 1, labels_of(queue, values));
    item->added = rt_now(queue->env->rt);
    if (item->processing) {
        item->dirty = true;
        return;
    }
    item->ready = true;
    VEC_PUSH(&queue->ready, item);
    show_depth(queue);
    rt_cond_signal(queue->env->rt, &queue->changed);
}

void queue_add(struct queue *queue, const char *namespace, const char *name)
{
    make_ready(queue, need_item(queue, namespace, name));
}

static void delay_item(struct queue *queue, struct item *item, rt_time delay)
{
    rt_time due = rt_after(queue->env->rt, delay);
    if (item->heap_index != NOT_DELAYED) {
        if (due >= item->due)
            return; /* it comes sooner already */
        item->due = due;
        sift_up(queue, item->heap_index);
    } else {
        item->due = due;
        item->sequence = queue->sequence++;
        VEC_PUSH(&queue->delayed, item);
        item->heap_index = queue->delayed.len - 1;
        sift_up(queue, item->heap_index);
    }
    if (queue->delayed.items[0] == item)
        rt_cond_broadcast(queue->env->rt, &queue->changed); /* the one who watches the top must look again */
}

void queue_add_after(struct queue *queue, const char *namespace, const char *name, rt_time delay)
{
    struct item *item = need_item(queue, namespace, name);
    if (delay <= 0)
        make_ready(queue, item);
    else
        delay_item(queue, item, delay);
}

void queue_drop_delay(struct queue *queue, const char *namespace, const char *name)
{
    struct item *item = find_item(queue, namespace, name);
    if (!item || item->heap_index == NOT_DELAYED)
        return;
    take_delayed(queue, item->heap_index);
    drop_if_idle(queue, item);
}

void queue_add_backoff(struct queue *queue, const char *namespace, const char *name)
{
    struct item *item = need_item(queue, namespace, name);
    rt_time delay = queue->backoff_first;
    for (int i = 0; i < item->failures && delay < queue->backoff_max; i++)
        delay *= 2;
    if (delay > queue->backoff_max)
        delay = queue->backoff_max;
    item->failures++;
    delay += (rt_time)(rt_random_unit(queue->env->rt) * queue->backoff_jitter * delay);
    const char *values[2];
    metric_add(queue->metrics.retries, 1, labels_of(queue, values));
    delay_item(queue, item, delay);
}

void queue_forget(struct queue *queue, const char *namespace, const char *name)
{
    struct item *item = find_item(queue, namespace, name);
    if (!item)
        return;
    item->failures = 0;
    drop_if_idle(queue, item);
}

int queue_failures(const struct queue *queue, const char *namespace, const char *name)
{
    const struct item *item = find_item(queue, namespace, name);
    return item ? item->failures : 0;
}

size_t queue_len(const struct queue *queue)
{
    return queue->ready.len - queue->ready_first;
}

/* -- working -- */

static void ripen(struct queue *queue)
{
    rt_time now = rt_now(queue->env->rt);
    while (queue->delayed.len > 0 && queue->delayed.items[0]->due <= now)
        make_ready(queue, take_delayed(queue, 0));
}

static struct item *pop_ready(struct queue *queue)
{
    struct item *item = queue->ready.items[queue->ready_first++];
    if (queue->ready_first == queue->ready.len) {
        queue->ready_first = queue->ready.len = 0;
    } else if (queue->ready_first > 64 && queue->ready_first * 2 > queue->ready.len) {
        queue->ready.len -= queue->ready_first;
        memmove(queue->ready.items, queue->ready.items + queue->ready_first,
                queue->ready.len * sizeof(queue->ready.items[0]));
        queue->ready_first = 0;
    }
    item->ready = false;
    item->processing = true;
    item->started = rt_now(queue->env->rt);
    const char *values[2];
    metric_observe(queue->metrics.waited, (double)(item->started - item->added) / RT_S, labels_of(queue, values));
    show_depth(queue);
    return item;
}

/* Waits for a key that is ready, or for the first delayed one when no other worker does. */
static struct error *wait_for_change(struct queue *queue)
{
    rt_time deadline = RT_FOREVER;
    bool watches = !queue->timer_watched && queue->delayed.len > 0;
    if (watches) {
        deadline = queue->delayed.items[0]->due;
        queue->timer_watched = true;
    }
    struct error *err = rt_cond_wait(queue->env->rt, &queue->changed, deadline);
    if (watches)
        queue->timer_watched = false;
    if (error_is(err, ERROR_TIMEOUT)) {
        error_free(err);
        return NULL;
    }
    return err;
}

struct error *queue_get(struct queue *queue, struct queue_key *ret)
{
    ripen(queue);
    while (queue_len(queue) == 0) {
        TRY(wait_for_change(queue));
        ripen(queue);
    }
    const struct item *item = pop_ready(queue);
    ret->namespace = mem_strdup(item->namespace);
    ret->name = mem_strdup(item->name);
    if (!queue->timer_watched && queue->delayed.len > 0)
        rt_cond_signal(queue->env->rt, &queue->changed); /* somebody else watches the heap from now on */
    return NULL;
}

void queue_done(struct queue *queue, const struct queue_key *key)
{
    struct item *item = find_item(queue, key->namespace, key->name);
    if (!item)
        return;
    const char *values[2];
    metric_observe(queue->metrics.worked, (double)(rt_now(queue->env->rt) - item->started) / RT_S,
                   labels_of(queue, values));
    item->processing = false;
    if (item->dirty) {
        item->dirty = false;
        item->ready = true;
        VEC_PUSH(&queue->ready, item);
        show_depth(queue);
        rt_cond_signal(queue->env->rt, &queue->changed);
        return;
    }
    drop_if_idle(queue, item);
}

void queue_key_release(struct queue_key *key)
{
    free(key->namespace);
    free(key->name);
    *key = (struct queue_key){0};
}
