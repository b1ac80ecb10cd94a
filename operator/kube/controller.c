/* SPDX-License-Identifier: Apache-2.0 */
/* Controllers: from informers' changes to keys, from keys to reconcile calls, from their results to when the key comes again. */
#include "operator/kube/controller.h"

#include <stdlib.h>

#include "lib/data/str.h"
#include "lib/data/vec.h"
#include "lib/log/log.h"
#include "lib/log/metrics.h"

/* One informer that feeds one controller. */
struct binding {
    struct controller *controller;
    struct controller_watch watch;
    /* For controller_watch_owners(). */
    const struct kube_resource *owner;
    bool controller_only;
};

struct controller {
    const struct env *env;
    struct controller_options options;
    char *name;
    struct log *log;
    struct queue *queue;
    VEC(struct binding *) bindings;
    struct metric *reconciles, *errors, *seconds, *active;
};

static void register_metrics(struct controller *controller)
{
    static const char *const labels[] = {"controller", NULL};
    static const char *const result_labels[] = {"controller", "result", NULL};
    static const double buckets[] = {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60};
    struct metrics *metrics = controller->env->metrics;
    controller->reconciles = metrics_counter(metrics, "controller_runtime_reconcile_total",
                                             "Reconciliations, by controller and result", result_labels);
    controller->errors = metrics_counter(metrics, "controller_runtime_reconcile_errors_total",
                                         "Reconciliations that failed, by controller", labels);
    controller->seconds = metrics_histogram(metrics, "controller_runtime_reconcile_time_seconds",
                                            "Time that a reconciliation took", labels, buckets, ARRAY_SIZE(buckets));
    controller->active =
        metrics_gauge(metrics, "controller_runtime_active_workers", "Workers that are busy, by controller", labels);
}

struct controller *controller_new(const struct env *env, const struct controller_options *options)
{
    struct controller *controller = mem_alloc(sizeof(*controller));
    controller->env = env;
    controller->options = *options;
    controller->name = mem_strdup(options->name);
    controller->log = log_with(env->log, "controller", options->name);
    struct queue_options queue_options = options->queue;
    queue_options.name = options->name;
    controller->queue = queue_new(env, &queue_options);
    register_metrics(controller);
    return controller;
}

void controller_free(struct controller *controller)
{
    if (!controller)
        return;
    VEC_FOREACH (binding, &controller->bindings)
        free(*binding);
    VEC_RELEASE(&controller->bindings);
    queue_free(controller->queue);
    log_free(controller->log);
    free(controller->name);
    free(controller);
}

/* -- working -- */

static const char *const result_names[] = {
    [RECONCILE_DONE] = "success",
    [RECONCILE_AFTER] = "requeue_after",
    [RECONCILE_AGAIN] = "requeue",
    [RECONCILE_ERROR] = "error",
};

static void count(struct controller *controller, enum reconcile_verdict verdict, rt_time took)
{
    metric_add(controller->reconciles, 1, (const char *const[]){controller->name, result_names[verdict], NULL});
    metric_observe(controller->seconds, (double)took / RT_S, (const char *const[]){controller->name, NULL});
    if (verdict == RECONCILE_ERROR)
        metric_add(controller->errors, 1, (const char *const[]){controller->name, NULL});
}

/* When the key comes again. */
static void schedule(struct controller *controller, const struct queue_key *key, const struct reconcile_result *result)
{
    switch (result->verdict) {
    case RECONCILE_DONE:
        queue_forget(controller->queue, key->namespace, key->name);
        break;
    case RECONCILE_AFTER:
        queue_forget(controller->queue, key->namespace, key->name);
        queue_add_after(controller->queue, key->namespace, key->name, result->after);
        break;
    case RECONCILE_AGAIN:
    case RECONCILE_ERROR:
        queue_add_backoff(controller->queue, key->namespace, key->name);
        break;
    }
}

static void work(struct controller *controller, const struct queue_key *key)
{
    const char *const labels[] = {controller->name, NULL};
    rt_time started = rt_now(controller->env->rt);
    /* This run decides anew when to come again: what an earlier one asked for must not cut a longer delay short. */
    queue_drop_delay(controller->queue, key->namespace, key->name);
    metric_add(controller->active, 1, labels);
    struct reconcile_result result = controller->options.reconcile(controller->options.arg, key->namespace, key->name);
    metric_add(controller->active, -1, labels);
    CLEANUP(error_free) struct error *err = result.error;
    if (rt_group_cancelled(controller->env->group))
        return; /* the error, if any, is that this program ends */
    count(controller, result.verdict, rt_now(controller->env->rt) - started);
    schedule(controller, key, &result);
    if (err)
        log_write(controller->log, kube_is_conflict(err) ? LOG_DEBUG : LOG_ERROR, "reconcile failed",
                  (struct log_kv[]){KV("namespace", key->namespace), KV("name", key->name), KV_ERR(err)}, 3);
}

static void worker(void *arg)
{
    struct controller *controller = arg;
    for (;;) {
        CLEANUP_QUEUE_KEY struct queue_key key = {0};
        CLEANUP(error_free) struct error *err = queue_get(controller->queue, &key);
        if (err)
            return;
        work(controller, &key);
        queue_done(controller->queue, &key);
    }
}

void controller_start(struct controller *controller)
{
    const struct controller_options *options = &controller->options;
    size_t stack = options->stack_size ? options->stack_size : RT_STACK_DEFAULT;
    for (int i = 0; i < options->workers || i == 0; i++)
        rt_spawn_stack(controller->env->rt, controller->env->group, controller->name, stack, worker, controller);
}

/* -- being told -- */

void controller_enqueue(struct controller *controller, const char *namespace, const char *name)
{
    queue_add(controller->queue, namespace, name);
}

static void enqueue_owners(const struct binding *binding, const struct json *object)
{
    JSON_FOREACH (reference, json_get(object, "metadata/ownerReferences")) {
        /* The group decides, not the version: an old reference may carry an older one. */
        CLEANUP_FREE char *prefix = mem_printf("%s/", binding->owner->group);
        if (!str_equal(json_str(reference, "kind"), binding->owner->kind) ||
            (*binding->owner->group && !str_has_prefix(json_str_or(reference, "apiVersion", ""), prefix)))
            continue;
        if (binding->controller_only && !json_bool(reference, "controller", false))
            continue;
        controller_enqueue(binding->controller, binding->owner->namespaced ? kube_namespace(object) : "",
                           json_str_or(reference, "name", ""));
    }
}

static void changed(struct binding *binding, enum kube_watch_event event, struct kube_object *old,
                    struct kube_object *object)
{
    const struct controller_watch *watch = &binding->watch;
    const struct json *json = kube_object_json(object);
    if (watch->filter && !watch->filter(watch->arg, event, kube_object_json(old), json))
        return;
    if (binding->owner) {
        enqueue_owners(binding, json);
        if (old) /* one that was an owner until now wants to know as well */
            enqueue_owners(binding, kube_object_json(old));
    } else if (watch->map) {
        watch->map(watch->arg, binding->controller, json);
    } else {
        controller_enqueue(binding->controller, kube_namespace(json), kube_name(json));
    }
}

static void on_added(void *arg, struct kube_object *object)
{
    changed(arg, KUBE_ADDED, NULL, object);
}

static void on_updated(void *arg, struct kube_object *old, struct kube_object *object)
{
    changed(arg, KUBE_MODIFIED, old, object);
}

static void on_deleted(void *arg, struct kube_object *last)
{
    changed(arg, KUBE_DELETED, NULL, last);
}

static void bind(struct controller *controller, struct informer *informer, const struct binding *from)
{
    struct binding *binding = mem_dup(from, sizeof(*from));
    VEC_PUSH(&controller->bindings, binding);
    informer_add_handler(informer, &(struct informer_handler){
                                       .added = on_added,
                                       .updated = on_updated,
                                       .deleted = on_deleted,
                                       .arg = binding,
                                   });
}

void controller_watch(struct controller *controller, struct informer *informer, const struct controller_watch *watch)
{
    struct binding binding = {.controller = controller};
    if (watch)
        binding.watch = *watch;
    bind(controller, informer, &binding);
}

void controller_watch_owners(struct controller *controller, struct informer *informer,
                             const struct kube_resource *owner, bool controller_only)
{
    struct binding binding = {.controller = controller, .owner = owner, .controller_only = controller_only};
    bind(controller, informer, &binding);
}

bool controller_filter_generation(void *arg, enum kube_watch_event event, const struct json *old,
                                  const struct json *object)
{
    return event != KUBE_MODIFIED || kube_generation(old) != kube_generation(object);
}
