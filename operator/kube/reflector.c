/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps an informer up to date: list, then watch from there; resume a watch that ended; list again when the place to resume from is too old.
 * A watch that is silent for longer than the server's bookmarks allow is taken for broken and opened again.
 */
#include <stdlib.h>

#include "lib/log/log.h"
#include "operator/kube/informer_internal.h"

#define PAGE 100 /* objects a list page: bounds the memory that a list needs at once */
#define BACKOFF_FIRST (800 * RT_MS)
#define BACKOFF_MAX (30 * RT_S)
#define SILENCE_MAX (150 * RT_S)  /* servers send a bookmark each minute */
#define WATCH_TIMEOUT 300         /* seconds, at least; up to twice that, as client-go */
#define WATCH_SHORTEST (1 * RT_S) /* a watch that ends sooner than that, without events, counts as a failure */

struct reflector *reflector_new(const struct env *env, struct kube_client *client, struct informer *informer,
                                const char *namespace)
{
    struct reflector *reflector = mem_alloc(sizeof(*reflector));
    reflector->env = env;
    reflector->client = client;
    reflector->informer = informer;
    reflector->namespace = mem_strdup(namespace);
    return reflector;
}

void reflector_free(struct reflector *reflector)
{
    if (!reflector)
        return;
    free(reflector->namespace);
    free(reflector->resource_version);
    free(reflector);
}

static void resume_from(struct reflector *reflector, const char *resource_version)
{
    if (str_is_empty(resource_version))
        return;
    free(reflector->resource_version);
    reflector->resource_version = mem_strdup(resource_version);
}

/* Items of a list of a built-in kind come without apiVersion and kind (KAPI-081). */
static void complete(const struct kube_resource *resource, struct json *object)
{
    if (json_has(object, "kind"))
        return;
    CLEANUP_FREE char *api_version = kube_api_version(resource);
    json_set_str(object, "apiVersion", api_version);
    json_set_str(object, "kind", resource->kind);
}

static struct error *list(struct reflector *reflector)
{
    struct informer *informer = reflector->informer;
    struct kube_list_options options = {
        .namespace = reflector->namespace, .label_selector = informer->label_selector, .limit = PAGE};
    CLEANUP(json_free) struct json *result = NULL;
    TRY(kube_list(reflector->client, informer->resource, &options, &result));
    CLEANUP(map_free) struct map *keys = map_new(NULL);
    struct json *object;
    while ((object = json_detach(result, "items/0"))) {
        CLEANUP_FREE char *key = informer_key(kube_namespace(object), kube_name(object));
        map_set(keys, key, keys); /* any value: it is a set */
        complete(informer->resource, object);
        informer_store(informer, object);
    }
    informer_retain(informer, reflector->namespace, keys);
    resume_from(reflector, json_str(result, "metadata/resourceVersion"));
    if (!reflector->listed) {
        reflector->listed = true;
        informer->unsynced--;
        if (reflector->synced)
            reflector->synced(reflector->arg);
    }
    return NULL;
}

static void apply(struct reflector *reflector, enum kube_watch_event event, struct json *object)
{
    resume_from(reflector, kube_resource_version(object));
    switch (event) {
    case KUBE_ADDED:
    case KUBE_MODIFIED:
        informer_store(reflector->informer, object);
        break;
    case KUBE_DELETED:
        informer_remove(reflector->informer, object);
        break;
    case KUBE_BOOKMARK:
        json_free(object);
        break;
    }
}

/* One watch from its opening to its end. */
static struct error *watch(struct reflector *reflector)
{
    struct rt *rt = reflector->env->rt;
    struct kube_watch_options options = {
        .namespace = reflector->namespace,
        .label_selector = reflector->informer->label_selector,
        .resource_version = reflector->resource_version,
        .timeout_seconds = WATCH_TIMEOUT + (int)rt_random_below(rt, WATCH_TIMEOUT),
    };
    rt_time opened = rt_now(rt);
    CLEANUP(kube_watch_close) struct kube_watch *stream = NULL;
    TRY(kube_watch_open(reflector->client, reflector->informer->resource, &options, &stream));
    for (size_t events = 0;; events++) {
        enum kube_watch_event event;
        struct json *object;
        TRY(kube_watch_next(stream, rt_after(rt, SILENCE_MAX), &event, &object));
        if (object) {
            apply(reflector, event, object);
            reflector->failures = 0;
            continue;
        }
        if (events == 0 && rt_now(rt) - opened < WATCH_SHORTEST)
            return error_new(ERROR_TRANSIENT, "the server ended the watch at once");
        return NULL;
    }
}

/* What doubles with each failure, plus up to as much again at random, so that many instances spread. */
static rt_time backoff(struct reflector *reflector)
{
    rt_time delay = BACKOFF_FIRST;
    for (int i = 1; i < reflector->failures && delay < BACKOFF_MAX; i++)
        delay *= 2;
    if (delay > BACKOFF_MAX)
        delay = BACKOFF_MAX;
    return delay + (rt_time)rt_random_below(reflector->env->rt, delay);
}

/* Decides what an error means for the next turn; returns how long to wait before it. */
static rt_time recover(struct reflector *reflector, const struct error *err)
{
    const char *plural = reflector->informer->resource->plural;
    if (kube_is_gone(err) && reflector->resource_version) {
        log_debug(reflector->env->log, "watch is too old, listing again", KV("resource", plural));
        free(TAKE_PTR(reflector->resource_version));
        return 0;
    }
    reflector->failures++;
    rt_time delay = backoff(reflector);
    if (error_is(err, ERROR_TIMEOUT) && reflector->failures == 1)
        delay = 0; /* silence, or one slow answer: try at once */
    const char *what = kube_is_not_found(err) ? "the API server does not know this kind: apply its definition"
                                              : "list or watch failed";
    log_write(reflector->env->log, reflector->failures > 1 ? LOG_WARN : LOG_DEBUG, what,
              (struct log_kv[]){KV("resource", plural), KV_ERR(err), KV_INT("retry_ms", delay / RT_MS)}, 3);
    return delay;
}

void reflector_run(void *arg)
{
    struct reflector *reflector = arg;
    for (;;) {
        CLEANUP(error_free) struct error *err = NULL;
        if (!reflector->resource_version)
            err = list(reflector);
        if (!err)
            err = watch(reflector);
        if (error_is(err, ERROR_CANCELLED))
            return;
        rt_time delay = err ? recover(reflector, err) : 0;
        CLEANUP(error_free) struct error *stopped = rt_sleep(reflector->env->rt, delay);
        if (stopped)
            return;
    }
}
