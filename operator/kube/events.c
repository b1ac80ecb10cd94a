/* SPDX-License-Identifier: Apache-2.0 */
/* The event recorder: a queue, and a task that sends it; repetition raises a count, as client-go's correlator does. */
#include "operator/kube/events.h"

#include <inttypes.h>
#include <stdlib.h>

#include "lib/data/map.h"
#include "lib/data/str.h"
#include "lib/data/time.h"
#include "lib/data/vec.h"
#include "lib/log/log.h"
#include "operator/kube/object.h"

#define REPEAT_WITHIN (10 * 60 * RT_S)
#define SEEN_MAX 4096 /* events whose repetition is known */

/* An event that waits to be sent. */
struct pending {
    struct json *event;
    char *repeat_key; /* what makes two events the same; NULL: never the same */
};

/* An event that was sent, should it come again. */
struct seen {
    char *namespace, *name;
    int64_t count;
    rt_time last;
};

struct event_recorder {
    const struct env *env;
    struct kube_client *client;
    VEC(struct pending) queue;
    struct map *seen; /* repeat key -> struct seen *, the oldest first */
    struct rt_cond changed;
    bool sending;
    uint64_t dropped;
};

static void pending_release(struct pending *pending)
{
    json_free(pending->event);
    free(pending->repeat_key);
    *pending = (struct pending){0};
}

static void seen_free(void *value)
{
    struct seen *seen = value;
    free(seen->namespace);
    free(seen->name);
    free(seen);
}

/* -- sending -- */

static struct error *send_new(struct event_recorder *recorder, struct pending *pending)
{
    CLEANUP(json_free) struct json *created = NULL;
    TRY(kube_create(recorder->client, &kube_events, pending->event, &created));
    if (!pending->repeat_key)
        return NULL;
    if (map_len(recorder->seen) >= SEEN_MAX) {
        struct map_iter oldest = {0};
        if (map_next(recorder->seen, &oldest)) {
            CLEANUP_FREE char *key = mem_strdup(oldest.key);
            map_remove(recorder->seen, key);
        }
    }
    struct seen *seen = mem_alloc(sizeof(*seen));
    seen->namespace = mem_strdup(kube_namespace(created));
    seen->name = mem_strdup(kube_name(created));
    seen->count = 1;
    seen->last = rt_now(recorder->env->rt);
    map_remove(recorder->seen, pending->repeat_key);
    map_set(recorder->seen, pending->repeat_key, seen);
    return NULL;
}

static struct error *send_again(struct event_recorder *recorder, struct pending *pending, struct seen *seen)
{
    CLEANUP(json_free) struct json *patch = json_new_object();
    json_set_int(patch, "count", seen->count + 1);
    json_set_str(patch, "lastTimestamp", json_str(pending->event, "lastTimestamp"));
    struct error *err = kube_patch(recorder->client, &kube_events, seen->namespace, seen->name, KUBE_PATCH_STRATEGIC,
                                   patch, NULL, NULL);
    if (kube_is_not_found(err)) { /* it expired */
        error_free(err);
        return send_new(recorder, pending);
    }
    TRY(err);
    seen->count++;
    seen->last = rt_now(recorder->env->rt);
    return NULL;
}

static struct error *send_one(struct event_recorder *recorder, struct pending *pending)
{
    struct seen *seen = pending->repeat_key ? map_get(recorder->seen, pending->repeat_key) : NULL;
    if (seen && rt_now(recorder->env->rt) - seen->last < REPEAT_WITHIN)
        return send_again(recorder, pending, seen);
    return send_new(recorder, pending);
}

static void send_all(void *arg)
{
    struct event_recorder *recorder = arg;
    struct rt *rt = recorder->env->rt;
    for (;;) {
        CLEANUP(error_free) struct error *err = NULL;
        while (recorder->queue.len == 0 && !err)
            err = rt_cond_wait(rt, &recorder->changed, RT_FOREVER);
        if (err)
            return;
        struct pending pending = recorder->queue.items[0];
        VEC_REMOVE(&recorder->queue, 0);
        recorder->sending = true;
        err = send_one(recorder, &pending);
        recorder->sending = false;
        if (err && !error_is(err, ERROR_CANCELLED))
            log_warn(recorder->env->log, "event not sent", KV("reason", json_str(pending.event, "reason")),
                     KV("name", json_str(pending.event, "involvedObject/name")), KV_ERR(err));
        pending_release(&pending);
        rt_cond_broadcast(rt, &recorder->changed);
    }
}

/* -- life -- */

struct event_recorder *event_recorder_new(const struct env *env, struct kube_client *client)
{
    struct event_recorder *recorder = mem_alloc(sizeof(*recorder));
    recorder->env = env;
    recorder->client = client;
    recorder->seen = map_new(seen_free);
    rt_spawn(env->rt, env->group, "events", send_all, recorder);
    return recorder;
}

void event_recorder_free(struct event_recorder *recorder)
{
    if (!recorder)
        return;
    VEC_FOREACH (pending, &recorder->queue)
        pending_release(pending);
    VEC_RELEASE(&recorder->queue);
    map_free(recorder->seen);
    free(recorder);
}

struct error *event_recorder_flush(struct event_recorder *recorder, rt_time deadline)
{
    while (recorder->queue.len > 0 || recorder->sending)
        TRY(rt_cond_wait(recorder->env->rt, &recorder->changed, deadline));
    return NULL;
}

/* -- recording -- */

static struct json *reference_to(const struct event *event)
{
    CLEANUP_FREE char *api_version = kube_api_version(event->resource);
    struct json *reference = json_new_object();
    json_set_str(reference, "kind", event->resource->kind);
    json_set_str_opt(reference, "namespace", kube_namespace(event->object));
    json_set_str(reference, "name", kube_name(event->object));
    json_set_str_opt(reference, "uid", kube_uid(event->object));
    json_set_str(reference, "apiVersion", api_version);
    if (!event->always_new)
        json_set_str_opt(reference, "resourceVersion", kube_resource_version(event->object));
    return reference;
}

static struct json *build(const struct event *event, int64_t wall)
{
    char now[TIME_TEXT_SIZE];
    time_format(wall, 0, now);
    struct json *json = kube_object_make(&kube_events, str_or(kube_namespace(event->object), "default"), NULL);
    if (event->always_new)
        json_set_printf(json, "metadata/generateName", "%s-", event->reason);
    else
        json_set_printf(json, "metadata/name", "%s.%" PRIx64, kube_name(event->object), (uint64_t)wall);
    json_set(json, "involvedObject", reference_to(event));
    if (event->related)
        json_set(json, "related", json_copy(event->related));
    json_set_str(json, "reason", event->reason);
    json_set_str(json, "message", event->message);
    json_set_str(json, "source/component", str_or(event->component, ""));
    json_set_str(json, "firstTimestamp", now);
    json_set_str(json, "lastTimestamp", now);
    json_set_int(json, "count", 1);
    json_set_str(json, "type", event->type ? event->type : EVENT_NORMAL);
    json_set_str(json, "reportingComponent", str_or(event->reporting_component, str_or(event->component, "")));
    json_set_str(json, "reportingInstance", "");
    return json;
}

void event_record(struct event_recorder *recorder, const struct event *event)
{
    if (recorder->queue.len >= EVENTS_QUEUE_MAX) {
        if (recorder->dropped++ % EVENTS_QUEUE_MAX == 0)
            log_warn(recorder->env->log, "too many events, dropping some", KV("reason", event->reason));
        return;
    }
    struct pending pending = {.event = build(event, rt_wall(recorder->env->rt))};
    if (!event->always_new)
        pending.repeat_key =
            mem_printf("%s\n%s\n%s\n%s\n%s\n%s", str_or(event->component, ""), kube_namespace(event->object),
                       kube_uid(event->object), str_or(event->type, EVENT_NORMAL), event->reason, event->message);
    VEC_PUSH(&recorder->queue, pending);
    rt_cond_broadcast(recorder->env->rt, &recorder->changed);
}
