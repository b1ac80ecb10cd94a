/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The single writer of what a host's status says about its life: state, error, operational status, operation history,
 * conditions. Each change is logged and counted here and nowhere else.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/log/log.h"
#include "operator/bmo/host_states.h"

/* -- reading -- */

enum host_state host_state(const struct host_pass *pass)
{
    enum host_state state = HOST_STATE_NONE;
    struct error *err = host_state_parse(host_status(pass, "provisioning/state"), &state);
    error_free(err); /* refused at the start of the pass */
    return state;
}

enum host_error host_error(const struct host_pass *pass)
{
    enum host_error error = HOST_ERROR_NONE;
    struct error *err = host_error_parse(host_status(pass, "errorType"), &error);
    error_free(err);
    return error;
}

enum operational_status host_operational_status(const struct host_pass *pass)
{
    enum operational_status status = OPERATIONAL_STATUS_NONE;
    struct error *err = operational_status_parse(host_status(pass, "operationalStatus"), &status);
    error_free(err);
    return status;
}

/* -- errors -- */

static void set_text(struct host_pass *pass, const char *path, const char *text)
{
    CLEANUP_FREE char *whole = mem_printf("status/%s", path);
    json_set_str(pass->host, whole, text);
}

void host_set_operational_status(struct host_pass *pass, enum operational_status status)
{
    set_text(pass, "operationalStatus", operational_status_text(status));
}

static void set_error_type(struct host_pass *pass, enum host_error type)
{
    if (type == HOST_ERROR_NONE || type == HOST_ERROR_DETACH) /* the CRD does not know the latter (BMO-049) */
        json_remove(pass->host, "status/errorType");
    else
        set_text(pass, "errorType", host_error_text(type));
}

void host_fail_silently(struct host_pass *pass, enum host_error type, const char *message)
{
    host_set_operational_status(pass, OPERATIONAL_STATUS_ERROR);
    set_error_type(pass, type);
    set_text(pass, "errorMessage", message);
    json_set_int(pass->host, "status/errorCount", host_status_int(pass, "errorCount") + 1);
    log_warn(pass->log, "host has an error", KV("type", host_error_reason(type)), KV("err", message));
}

struct action host_fail(struct host_pass *pass, enum host_error type, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    CLEANUP_FREE char *message = mem_vprintf(fmt, args);
    va_end(args);
    host_fail_silently(pass, type, message);
    pass_event(pass, false, host_error_reason(type), "%s", message);
    pass_metric(pass, HOST_METRIC_ERROR, host_error_reason(type), NULL, NULL);
    return (struct action){ACTION_FAILED, 0};
}

struct action host_refuse(struct host_pass *pass, const char *message)
{
    if (host_error(pass) != HOST_ERROR_REGISTRATION || !str_equal(host_status(pass, "errorMessage"), message))
        host_fail(pass, HOST_ERROR_REGISTRATION, "%s", message);
    return (struct action){ACTION_REST, 0};
}

bool host_clear_error(struct host_pass *pass)
{
    bool clear = host_operational_status(pass) == OPERATIONAL_STATUS_OK && !host_status(pass, "errorType")[0] &&
                 !host_status(pass, "errorMessage")[0];
    if (clear)
        return false;
    host_set_operational_status(pass, OPERATIONAL_STATUS_OK);
    set_error_type(pass, HOST_ERROR_NONE);
    set_text(pass, "errorMessage", "");
    return true;
}

void host_reset_error_count(struct host_pass *pass)
{
    json_set_int(pass->host, "status/errorCount", 0);
}

rt_time host_backoff(struct rt *rt, int64_t error_count)
{
    int64_t n = error_count < 0 ? 0 : error_count > 9 ? 9 : error_count;
    double minutes = (double)(INT64_C(1) << n);

    minutes -= rt_random_unit(rt) * minutes * 0.5;
    return (rt_time)(minutes * (double)TIME_MIN);
}

/* -- history -- */

static const struct {
    enum host_state state;
    const char *name;
    enum host_metric metric;
} operations[] = {
    {HOST_STATE_REGISTERING, "register", HOST_METRIC_REGISTER_SECONDS},
    {HOST_STATE_INSPECTING, "inspect", HOST_METRIC_INSPECT_SECONDS},
    {HOST_STATE_PROVISIONING, "provision", HOST_METRIC_PROVISION_SECONDS},
    {HOST_STATE_DEPROVISIONING, "deprovision", HOST_METRIC_DEPROVISION_SECONDS},
};

static const char *history_text(const struct host_pass *pass, const char *operation, const char *which)
{
    CLEANUP_FREE char *path = mem_printf("operationHistory/%s/%s", operation, which);
    return host_status(pass, path);
}

static void history_set(struct host_pass *pass, const char *operation, const char *which, const char *text)
{
    CLEANUP_FREE char *path = mem_printf("status/operationHistory/%s/%s", operation, which);
    json_set_str(pass->host, path, text);
}

void host_history_start(struct host_pass *pass, enum host_state state)
{
    char now[TIME_TEXT_SIZE];

    for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
        const char *name = operations[i].name;
        if (operations[i].state != state ||
            (history_text(pass, name, "start")[0] && !history_text(pass, name, "end")[0]))
            continue;
        history_set(pass, name, "start", time_format(rt_wall(pass->bmo->env->rt), 0, now));
        history_set(pass, name, "end", NULL);
    }
}

void host_history_end(struct host_pass *pass, enum host_state state)
{
    char text[TIME_TEXT_SIZE];
    int64_t now = rt_wall(pass->bmo->env->rt), start = 0;

    for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
        const char *name = operations[i].name;
        if (operations[i].state != state || !history_text(pass, name, "start")[0] || history_text(pass, name, "end")[0])
            continue;
        history_set(pass, name, "end", time_format(now, 0, text));
        struct error *err = time_parse(history_text(pass, name, "start"), &start);
        if (!err)
            pass_metric_seconds(pass, operations[i].metric, (double)(now - start) / TIME_S);
        error_free(err); /* a start that is no time: no duration */
    }
}

/* -- state -- */

void host_set_state(struct host_pass *pass, enum host_state state)
{
    enum host_state from = host_state(pass);

    host_history_end(pass, from);
    host_history_start(pass, state);
    set_text(pass, "provisioning/state", host_state_text(state));
    if (state == HOST_STATE_REGISTERING || state == HOST_STATE_INSPECTING || state == HOST_STATE_PROVISIONING)
        set_text(pass, "provisioning/bootMode", str_or(host_spec(pass, "bootMode"), BOOT_UEFI));
    pass_metric(pass, HOST_METRIC_STATE_CHANGE, host_state_text(from), host_state_text(state), NULL);
    log_info(pass->log, "changing provisioning state", KV("from", host_state_text(from)),
             KV("to", host_state_text(state)));
}

void host_fill_status(struct json *host)
{
    static const char *const texts[] = {"status/operationalStatus", "status/errorMessage", "status/provisioning/state",
                                        "status/provisioning/ID"};
    static const char *const numbers[] = {"status/errorCount", "status/provisioningFailCount"};
    static const char *const objects[] = {"status/goodCredentials", "status/triedCredentials"};

    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        if (!json_str(host, texts[i]))
            json_set_str(host, texts[i], "");
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++)
        if (!json_has(host, numbers[i]))
            json_set_int(host, numbers[i], 0);
    for (size_t i = 0; i < ARRAY_SIZE(objects); i++)
        if (!json_has(host, objects[i]))
            json_set(host, objects[i], json_new_object());
    if (!json_has(host, "status/poweredOn"))
        json_set_bool(host, "status/poweredOn", false);
    if (!json_has(host, "status/provisioning/image"))
        json_set_str(host, "status/provisioning/image/url", "");
    for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
        CLEANUP_FREE char *start = mem_printf("status/operationHistory/%s/start", operations[i].name);
        CLEANUP_FREE char *end = mem_printf("status/operationHistory/%s/end", operations[i].name);
        if (!json_has(host, start))
            json_set(host, start, json_new_null());
        if (!json_has(host, end))
            json_set(host, end, json_new_null());
    }
}

/* -- conditions: computed first, set once (BMO-241) -- */

struct verdict {
    const char *type, *status, *reason;
};

static void set_condition(struct host_pass *pass, const struct verdict *verdict)
{
    kube_set_condition(pass->host, verdict->type, verdict->status, verdict->reason, "", rt_wall(pass->bmo->env->rt));
}

static struct verdict verdict_of(const char *type, const char *reason, const char *not_reason)
{
    return (struct verdict){type, reason ? "True" : "False", reason ? reason : not_reason};
}

static struct verdict ready_verdict(const struct host_pass *pass, const struct host_state_row *row)
{
    enum operational_status status = host_operational_status(pass);

    if (status == OPERATIONAL_STATUS_ERROR)
        return (struct verdict){CONDITION_READY, "False", "Error"};
    if (status == OPERATIONAL_STATUS_SERVICING)
        return (struct verdict){CONDITION_READY, "False", "Servicing"};
    if (status == OPERATIONAL_STATUS_DETACHED)
        return (struct verdict){CONDITION_READY, "False", "Detached"};
    return verdict_of(CONDITION_READY, row->provisioned ? "Provisioned" : NULL, "NotProvisioned");
}

static struct verdict manageable_verdict(const struct host_pass *pass, const struct host_state_row *row)
{
    enum host_state state = host_state(pass);
    bool detached = host_operational_status(pass) == OPERATIONAL_STATUS_DETACHED;

    if (state == HOST_STATE_REGISTERING)
        return (struct verdict){CONDITION_MANAGEABLE, "False",
                                host_operational_status(pass) == OPERATIONAL_STATUS_ERROR ? "RegistrationFailed"
                                                                                          : "Registering"};
    if (row->manageable && state != HOST_STATE_DELETING && !detached &&
        pass->provisioner->ops->has_power_failure(pass->provisioner))
        return (struct verdict){CONDITION_MANAGEABLE, "False", "PowerFailure"};
    return verdict_of(CONDITION_MANAGEABLE, row->manageable, "NotManaged");
}

static void set_health(struct host_pass *pass)
{
    const char *health = pass->provisioner->ops->health(pass->provisioner);
    struct verdict verdict = {CONDITION_HEALTHY, "Unknown", "Unknown"};

    if (str_equal(health, "OK"))
        verdict = (struct verdict){CONDITION_HEALTHY, "True", "Healthy"};
    else if (str_equal(health, "Warning"))
        verdict = (struct verdict){CONDITION_HEALTHY, "False", "Warning"};
    else if (str_equal(health, "Critical"))
        verdict = (struct verdict){CONDITION_HEALTHY, "False", "CriticalError"};
    else if (!health[0] && kube_condition(pass->host, CONDITION_HEALTHY))
        return; /* nothing new is known */
    set_condition(pass, &verdict);
}

/* Ready first, the others by name. */
static int compare_conditions(const void *a, const void *b)
{
    const char *left = json_str_or(*(struct json *const *)a, "type", "");
    const char *right = json_str_or(*(struct json *const *)b, "type", "");
    bool left_ready = str_equal(left, CONDITION_READY), right_ready = str_equal(right, CONDITION_READY);

    return left_ready != right_ready ? right_ready - left_ready : strcmp(left, right);
}

static bool conditions_are_sorted(const struct json *host)
{
    const struct json *conditions = json_get(host, "status/conditions");
    struct json *previous = NULL;

    JSON_FOREACH (condition, conditions) {
        if (previous && compare_conditions(&previous, &condition) > 0)
            return false;
        previous = condition;
    }
    return true;
}

static void sort_conditions(struct json *host)
{
    if (conditions_are_sorted(host))
        return;
    struct json *conditions = json_detach(host, "status/conditions"), *sorted = json_new_array();
    size_t len = json_len(conditions);
    CLEANUP_FREE struct json **items = mem_alloc_array(len ? len : 1, sizeof(*items));
    size_t i = 0;

    JSON_FOREACH (condition, conditions) {
        items[i++] = condition;
    }
    qsort(items, len, sizeof(*items), compare_conditions);
    for (i = 0; i < len; i++)
        json_append(sorted, json_copy(items[i]));
    json_free(conditions);
    json_set(host, "status/conditions", sorted);
}

void host_set_conditions(struct host_pass *pass)
{
    const struct host_state_row *row = host_state_row(host_state(pass));
    bool detached = host_operational_status(pass) == OPERATIONAL_STATUS_DETACHED;
    const struct verdict verdicts[] = {
        ready_verdict(pass, row),
        verdict_of(CONDITION_AVAILABLE, row->available ? "Available" : NULL, "NotAvailable"),
        manageable_verdict(pass, row),
        detached ? (struct verdict){CONDITION_PROGRESSING, "False", "Detached"}
                 : verdict_of(CONDITION_PROGRESSING, row->progressing, "NotProgressing"),
        verdict_of(CONDITION_PROVISIONED, row->provisioned ? "Provisioned" : NULL, "NotProvisioned"),
    };

    /* In "registering" the last three stay what they were (BMO-237). */
    bool registering = host_state(pass) == HOST_STATE_REGISTERING;
    for (size_t i = 0; i < ARRAY_SIZE(verdicts); i++) {
        bool kept =
            str_equal(verdicts[i].type, CONDITION_AVAILABLE) || str_equal(verdicts[i].type, CONDITION_PROVISIONED) ||
            (str_equal(verdicts[i].type, CONDITION_READY) && host_operational_status(pass) == OPERATIONAL_STATUS_OK);
        if (!registering || !kept || !kube_condition(pass->host, verdicts[i].type))
            set_condition(pass, &verdicts[i]);
    }
    set_health(pass);
    sort_conditions(pass->host);
}
