/* SPDX-License-Identifier: Apache-2.0 */
/* What the steps of a pass share: reading the host, queueing events and metrics, writing. */
#include "operator/bmo/host_pass.h"

#include <stdlib.h>

#include "lib/log/log.h"

#define COMPONENT "metal3-baremetal-controller"
#define REPORTING_COMPONENT "metal3.io/baremetal-controller"
#define WARNING_COMPONENT "baremetalhost-controller"

const char *host_spec(const struct host_pass *pass, const char *path)
{
    return json_str_or(json_get(pass->host, "spec"), path, "");
}

const char *host_status(const struct host_pass *pass, const char *path)
{
    return json_str_or(json_get(pass->host, "status"), path, "");
}

int64_t host_status_int(const struct host_pass *pass, const char *path)
{
    return json_int(json_get(pass->host, "status"), path, 0);
}

bool host_is_deleting(const struct host_pass *pass)
{
    return kube_is_deleting(pass->host);
}

bool host_is_online(const struct host_pass *pass)
{
    return json_bool(pass->host, "spec/online", false);
}

bool host_inspection_disabled(const struct host_pass *pass)
{
    return str_equal(host_spec(pass, "inspectionMode"), INSPECTION_DISABLED) ||
           str_equal(kube_annotation(pass->host, HOST_INSPECT_ANNOTATION), "disabled");
}

const char *host_cleaning_mode(const struct host_pass *pass)
{
    return str_or(host_spec(pass, "automatedCleaningMode"), CLEANING_METADATA);
}

const char *host_architecture(const struct host_pass *pass)
{
    return str_or(host_spec(pass, "architecture"), host_status(pass, "hardware/cpu/arch"));
}

/* -- events and metrics -- */

void pass_event(struct host_pass *pass, bool warning, const char *reason, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    struct queued_event event = {mem_strdup(reason), mem_vprintf(fmt, args), warning};
    va_end(args);
    VEC_PUSH(&pass->events, event);
}

void pass_metric(struct host_pass *pass, enum host_metric which, const char *a, const char *b, const char *c)
{
    struct queued_metric metric = {.which = which, .labels = {mem_strdup(a), mem_strdup(b), mem_strdup(c)}};
    VEC_PUSH(&pass->metrics, metric);
}

void pass_metric_seconds(struct host_pass *pass, enum host_metric which, double seconds)
{
    struct queued_metric metric = {.which = which, .seconds = seconds};
    VEC_PUSH(&pass->metrics, metric);
}

static bool is_histogram(enum host_metric which)
{
    return which >= HOST_METRIC_REGISTER_SECONDS;
}

static void release_metrics(struct host_pass *pass)
{
    VEC_FOREACH (metric, &pass->metrics)
        for (size_t i = 0; i < ARRAY_SIZE(metric->labels); i++)
            free(metric->labels[i]);
    VEC_RELEASE(&pass->metrics);
}

void pass_count_metrics(struct host_pass *pass)
{
    struct host_metrics *metrics = &pass->bmo->metrics;

    VEC_FOREACH (metric, &pass->metrics)
        if (is_histogram(metric->which))
            host_metrics_observe(metrics, metric->which, metric->seconds, pass->ns, pass->name);
        else
            host_metrics_count(metrics, metric->which, metric->labels[0], metric->labels[1], metric->labels[2]);
    release_metrics(pass);
}

static void release_events(struct host_pass *pass)
{
    VEC_FOREACH (event, &pass->events) {
        free(event->reason);
        free(event->message);
    }
    VEC_RELEASE(&pass->events);
}

/* BMO-256, BMO-257: the controller's own events are always new and Normal; warnings come as from a recorder. */
void pass_publish_events(struct host_pass *pass)
{
    VEC_FOREACH (queued, &pass->events) {
        const struct event event = {
            .resource = &metal3_bare_metal_hosts,
            .object = pass->host,
            .related = json_get(pass->host, "spec/consumerRef"),
            .type = queued->warning ? EVENT_WARNING : EVENT_NORMAL,
            .reason = queued->reason,
            .message = queued->message,
            .component = queued->warning ? WARNING_COMPONENT : COMPONENT,
            .reporting_component = queued->warning ? NULL : REPORTING_COMPONENT,
            .always_new = !queued->warning,
        };
        log_info(pass->log, "event", KV("reason", queued->reason), KV("message", queued->message));
        event_record(pass->bmo->events, &event);
    }
    release_events(pass);
}

void pass_release(struct host_pass *pass)
{
    provisioner_free(pass->provisioner);
    release_events(pass);
    release_metrics(pass);
    json_free(pass->host);
    kube_object_unref(pass->original);
    json_free(pass->told);
    kube_object_unref(pass->hardware_data);
    kube_object_unref(pass->secret);
    free(pass->user);
    mem_free_secret(pass->password);
    free(pass->network_data);
    free(pass->id);
    free(pass->uid);
    free(pass->ns);
    free(pass->name);
    log_free(pass->log);
    *pass = (struct host_pass){0};
}

/* -- writing -- */

/* Takes the server's answer as the new base; what the other half of the object holds in memory stays. */
static void rebase(struct host_pass *pass, struct kube_object *answer, const char *kept)
{
    struct json *mine = json_detach(pass->host, kept);

    kube_object_unref(pass->original);
    json_free(pass->host);
    pass->original = answer;
    pass->host = kube_object_copy(answer);
    if (mine)
        json_set(pass->host, kept, mine);
    else
        json_remove(pass->host, kept);
}

struct error *host_write(struct host_pass *pass)
{
    struct kube_object *answer = NULL;

    TRY_WRAP(object_store_write(pass->bmo->hosts, pass->original, pass->host, false, &answer), "write host %s/%s",
             pass->ns, pass->name);
    if (answer)
        rebase(pass, answer, "status");
    return NULL;
}

bool host_status_changed(const struct host_pass *pass)
{
    return !json_equal(json_get(pass->host, "status"), json_get(kube_object_json(pass->original), "status"));
}

struct error *host_save_status(struct host_pass *pass)
{
    char now[TIME_TEXT_SIZE];
    struct kube_object *answer = NULL;

    if (!host_status_changed(pass))
        return NULL;
    host_fill_status(pass->host);
    json_set_str(pass->host, "status/lastUpdated", time_format(rt_wall(pass->bmo->env->rt), 0, now));
    TRY_WRAP(object_store_write(pass->bmo->hosts, pass->original, pass->host, true, &answer),
             "write status of host %s/%s", pass->ns, pass->name);
    if (answer)
        rebase(pass, answer, "spec");
    return NULL;
}

/* -- results of the provisioner -- */

bool result_ends_pass(struct host_pass *pass, const struct provision_result *result, enum host_error type,
                      struct action *ret)
{
    if (result->message) {
        *ret = host_fail(pass, type, "%s", result->message);
        return true;
    }
    if (!result->dirty)
        return false;
    host_clear_error(pass);
    *ret = action_after(result->requeue_after);
    return true;
}

bool error_needs_registration(const struct error *err)
{
    return err && error_code(err) == PROVISIONER_NEEDS_REGISTRATION;
}
