/* SPDX-License-Identifier: Apache-2.0 */
/* One list call for all hosts that wait, instead of one call for each of them. */
#include "operator/ironic/node_watch.h"

#include <stdlib.h>

#include "lib/data/map.h"
#include "lib/data/vec.h"
#include "lib/log/log.h"

#define WATCH_FIELDS                                                                                                   \
    "uuid,provision_state,target_provision_state,power_state,target_power_state,maintenance,fault,last_error,"         \
    "provision_updated_at"
/* Asking for single nodes pays when there are so many times more nodes than hosts that wait. */
#define SINGLES_RATIO 16
/*
 * While nothing happens each interval is longer than the last by this share: how late a host is woken is in proportion
 * to how long it waited.
 */
#define GROWTH 8

struct waiter {
    char *ns, *name, *uuid;
    char *seen; /* fingerprint of the node that the host knows */
    rt_time since;
};

struct node_watch {
    const struct env *env;
    struct ironic *ironic;
    struct node_watch_options options;
    struct map *waiters; /* "ns/name" to struct waiter */
    struct rt_cond changed;
    rt_time interval;
    size_t nodes;  /* in the last list */
    bool working;  /* the last question was answered */
    bool reported; /* a failure was logged */
    void (*wake)(void *arg, const char *ns, const char *name);
    void *wake_arg;
};

/* Provision states in which Ironic is at work: nothing to wake a host for. */
static const char *const busy_states[] = {"verifying",  "inspecting",   "inspect wait", "cleaning",
                                          "clean wait", "deploying",    "deleting",     "wait call-back",
                                          "adopting",   "service wait", "servicing"};

static bool node_is_busy(const struct json *node)
{
    const char *state = json_str_or(node, "provision_state", "");

    for (size_t i = 0; i < ARRAY_SIZE(busy_states); i++)
        if (str_equal(state, busy_states[i]))
            return true;
    return json_str(node, "target_power_state") != NULL;
}

/* All that can tell a host to go on. Free with free(). */
static char *fingerprint(const struct json *node)
{
    return mem_printf("%s|%s|%s|%s|%d|%s|%s|%s", json_str_or(node, "provision_state", ""),
                      json_str_or(node, "target_provision_state", ""), json_str_or(node, "power_state", ""),
                      json_str_or(node, "target_power_state", ""), json_bool(node, "maintenance", false),
                      json_str_or(node, "fault", ""), json_str_or(node, "provision_updated_at", ""),
                      json_str_or(node, "last_error", ""));
}

static void waiter_free(void *value)
{
    struct waiter *waiter = value;
    free(waiter->ns);
    free(waiter->name);
    free(waiter->uuid);
    free(waiter->seen);
    free(waiter);
}

/* Has the node of this waiter come to rest in a state that is new to it? A node that is gone counts. */
static bool waiter_may_go_on(const struct waiter *waiter, const struct json *node)
{
    if (!node)
        return true;
    if (node_is_busy(node))
        return false;
    CLEANUP_FREE char *now = fingerprint(node);
    return !str_equal(now, waiter->seen);
}

static struct error *ask_list(struct node_watch *watch, struct map *nodes, struct json **ret_owner)
{
    struct json *list CLEANUP(json_free) = NULL;

    TRY(ironic_list(watch->ironic, "/nodes?fields=" WATCH_FIELDS, "nodes", &list));
    watch->nodes = json_len(list);
    JSON_FOREACH (node, list) {
        map_set(nodes, json_str_or(node, "uuid", ""), node);
    }
    *ret_owner = TAKE_PTR(list);
    return NULL;
}

static struct error *ask_singles(struct node_watch *watch, struct map *nodes, struct json **ret_owner)
{
    struct json *list CLEANUP(json_free) = json_new_array();
    VEC(char *) uuids = {0};
    struct map_iter it = {0};
    struct error *err = NULL;

    while (map_next(watch->waiters, &it))
        VEC_PUSH(&uuids, mem_strdup(((struct waiter *)it.value)->uuid));
    for (size_t i = 0; i < uuids.len && !err; i++) {
        struct json *node = NULL;
        CLEANUP_FREE char *path = mem_printf("/nodes/%s?fields=" WATCH_FIELDS, uuids.items[i]);
        err = ironic_call(watch->ironic, "GET", path, NULL, &node);
        if (error_is(err, ERROR_NOT_FOUND)) {
            error_free(err);
            err = NULL;
        } else if (!err) {
            json_append(list, node);
            map_set(nodes, uuids.items[i], node);
        }
    }
    VEC_FOREACH (uuid, &uuids)
        free(*uuid);
    VEC_RELEASE(&uuids);
    if (!err)
        *ret_owner = TAKE_PTR(list);
    return err;
}

/* Wakes whom the answer concerns; those that came to wait meanwhile compare with what they have seen themselves. */
static size_t wake_waiters(struct node_watch *watch, const struct map *nodes, rt_time asked)
{
    struct map_iter it = {0};
    size_t woken = 0;

    while (map_next(watch->waiters, &it)) {
        struct waiter *waiter = it.value;
        if (waiter->since > asked || !waiter_may_go_on(waiter, map_get(nodes, waiter->uuid)))
            continue;
        woken++;
        if (watch->wake)
            watch->wake(watch->wake_arg, waiter->ns, waiter->name);
        map_remove(watch->waiters, it.key);
    }
    return woken;
}

static struct error *look(struct node_watch *watch)
{
    struct map *nodes CLEANUP(map_free) = map_new(NULL);
    struct json *owner CLEANUP(json_free) = NULL;
    rt_time asked = rt_now(watch->env->rt);
    bool singles = watch->nodes > SINGLES_RATIO * map_len(watch->waiters);

    TRY(ironic_ready(watch->ironic));
    TRY(singles ? ask_singles(watch, nodes, &owner) : ask_list(watch, nodes, &owner));
    if (wake_waiters(watch, nodes, asked))
        watch->interval = watch->options.interval_min;
    else
        watch->interval += watch->interval / GROWTH;
    if (watch->interval > watch->options.interval_max)
        watch->interval = watch->options.interval_max;
    return NULL;
}

static struct error *watch_loop(struct node_watch *watch)
{
    struct rt *rt = watch->env->rt;

    while (true) {
        while (!map_len(watch->waiters))
            TRY(rt_cond_wait(rt, &watch->changed, RT_FOREVER));
        TRY(rt_sleep(rt, watch->interval + (rt_time)watch->nodes * watch->options.interval_per_node));
        if (!map_len(watch->waiters))
            continue;
        struct error *err = look(watch);
        if (error_is(err, ERROR_CANCELLED))
            return err;
        if (err && !watch->reported)
            log_warn(watch->env->log, "cannot watch nodes, hosts look for themselves", KV_ERR(err));
        watch->working = !err;
        watch->reported = err != NULL;
        if (err)
            watch->interval = watch->options.interval_max;
        error_free(err);
    }
}

static void watch_task(void *arg)
{
    error_free(watch_loop(arg)); /* only cancellation ends it */
}

struct node_watch *node_watch_new(const struct env *env, struct ironic *ironic,
                                  const struct node_watch_options *options)
{
    struct node_watch *watch = mem_alloc(sizeof(*watch));

    watch->env = env;
    watch->ironic = ironic;
    if (options)
        watch->options = *options;
    if (!watch->options.interval_min)
        watch->options.interval_min = 300 * RT_MS;
    if (!watch->options.interval_max)
        watch->options.interval_max = 3 * RT_S;
    if (!watch->options.interval_per_node)
        watch->options.interval_per_node = RT_MS;
    watch->interval = watch->options.interval_min;
    watch->waiters = map_new(waiter_free);
    rt_spawn(env->rt, env->group, "ironic node watch", watch_task, watch);
    return watch;
}

void node_watch_free(struct node_watch *watch)
{
    if (!watch)
        return;
    map_free(watch->waiters);
    free(watch);
}

void node_watch_on_wake(struct node_watch *watch, void (*wake)(void *arg, const char *ns, const char *name), void *arg)
{
    watch->wake = wake;
    watch->wake_arg = arg;
}

rt_time node_watch_wait(struct node_watch *watch, const char *ns, const char *name, const struct json *node,
                        rt_time delay)
{
    struct rt *rt = watch->env->rt;
    CLEANUP_FREE char *key = mem_printf("%s/%s", ns, name);
    CLEANUP_FREE char *seen = fingerprint(node);
    struct waiter *waiter = map_get(watch->waiters, key);

    if (!waiter || !str_equal(waiter->seen, seen)) {
        waiter = mem_alloc(sizeof(*waiter));
        waiter->ns = mem_strdup(ns);
        waiter->name = mem_strdup(name);
        waiter->uuid = mem_strdup(json_str_or(node, "uuid", ""));
        waiter->seen = TAKE_PTR(seen);
        waiter->since = rt_now(rt);
        map_set(watch->waiters, key, waiter);
        watch->interval = watch->options.interval_min;
        rt_cond_signal(rt, &watch->changed);
    }
    if (!watch->working) {
        /* Half of what it has waited already, so that a short wait is not overslept and a long one costs little. */
        rt_time waited = (rt_now(rt) - waiter->since) / 2;
        rt_time soon = waited > watch->options.interval_min ? waited : watch->options.interval_min;
        delay = soon < delay ? soon : delay;
    }
    return delay + (rt_time)rt_random_below(rt, (uint64_t)delay / 4 + 1);
}

void node_watch_forget(struct node_watch *watch, const char *ns, const char *name)
{
    CLEANUP_FREE char *key = mem_printf("%s/%s", ns, name);
    map_remove(watch->waiters, key);
}
