/* SPDX-License-Identifier: Apache-2.0 */
/* The steps of scenarios, one row each: what it takes and what it does. scenarios/README.md shows them in use. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bmc-emu/faults/plan.h"
#include "lib/data/str.h"
#include "lib/data/yaml.h"
#include "operator/api/host.h"
#include "operator/api/metal3.h"
#include "operator/kube/object.h"
#include "sim/scenario/runner.h"

#define FIELD(json_name, json_type, member)                                                                            \
    {                                                                                                                  \
        json_name, json_type, offsetof(struct step_arguments, member)                                                  \
    }
#define HOSTS FIELD("hosts", JSON_FIELD_JSON, hosts)
#define TIMEOUT FIELD("timeout", JSON_FIELD_STRING, timeout)

/* -- apply -- */

struct apply_call {
    struct runner *runner;
    const struct step_arguments *arguments;
};

static struct error *apply_host(void *arg, struct host *host)
{
    const struct apply_call *call = arg;
    const struct step_arguments *arguments = call->arguments;
    const struct stack_image *image = stack_image(runner_stack(call->runner));
    struct host_manifest manifest = {
        .online = !arguments->has_online || arguments->online,
        .image = !arguments->has_image || arguments->image,
        .image_url = str_or(arguments->url, image->url),
        .image_checksum = str_or(arguments->checksum, image->checksum_url),
        .user_data = arguments->user_data,
    };
    return hosts_apply(runner_hosts(call->runner), host, &manifest);
}

/* Any object of a namespaced kind whose plural is its name and an s. */
static struct error *apply_object(struct runner *runner, const struct json *object)
{
    const char *api_version = NULL, *kind = NULL;
    TRY(json_need_str(object, "apiVersion", &api_version));
    TRY(json_need_str(object, "kind", &kind));
    const char *slash = strchr(api_version, '/');
    CLEANUP_FREE char *group = slash ? mem_strndup(api_version, (size_t)(slash - api_version)) : mem_strdup("");
    CLEANUP_FREE char *lower = str_lower(kind);
    CLEANUP_FREE char *plural = mem_printf("%ss", lower);
    struct kube_resource resource = {group, slash ? slash + 1 : api_version, plural, kind, true};
    struct kube_patch_options options = {.field_manager = "metal3-sim", .force = true};
    const char *namespace = *kube_namespace(object) ? kube_namespace(object) : HOSTS_NAMESPACE;

    TRY_WRAP(kube_patch(runner_kube(runner), &resource, namespace, kube_name(object), KUBE_PATCH_APPLY, object,
                        &options, NULL),
             "applying %s %s", kind, kube_name(object));
    return NULL;
}

static struct error *run_apply(struct runner *runner, const struct step_arguments *arguments)
{
    if (arguments->manifest)
        return apply_object(runner, arguments->manifest);
    if (arguments->file) {
        CLEANUP(yaml_free) struct yaml *yaml = NULL;
        TRY(yaml_parse_file(arguments->file, &yaml));
        for (size_t i = 0; i < yaml_len(yaml); i++)
            TRY_WRAP(apply_object(runner, yaml_document(yaml, i)), "%s", arguments->file);
        return NULL;
    }
    struct apply_call call = {runner, arguments};
    return hosts_select(runner_hosts(runner), arguments->hosts, apply_host, &call);
}

/* A file that is missing or broken is told of before the story begins. */
static struct error *check_apply(const struct step_arguments *arguments)
{
    CLEANUP(yaml_free) struct yaml *yaml = NULL;
    return arguments->file ? yaml_parse_file(arguments->file, &yaml) : NULL;
}

/* -- wait -- */

struct wait_call {
    const struct step_arguments *arguments;
    struct host *lagging; /* the first that is not there yet */
};

/* Whether more than a state is waited for: then all of it must hold at once. */
static bool is_condition(const struct step_arguments *arguments)
{
    return arguments->operational_status || arguments->error_type || arguments->contains || arguments->has_power_on;
}

static bool host_matches(struct host *host, const struct step_arguments *arguments)
{
    const struct json *status = json_get(host->object, "status");
    if (!is_condition(arguments))
        return hosts_reached(host, arguments->state);
    if (arguments->state && !str_equal(hosts_state_of(host), arguments->state))
        return false;
    if (arguments->operational_status &&
        !str_equal(json_str_or(status, "operationalStatus", ""), arguments->operational_status))
        return false;
    if (arguments->error_type && !str_equal(json_str_or(status, "errorType", ""), arguments->error_type))
        return false;
    if (arguments->contains && !strstr(json_str_or(status, "errorMessage", ""), arguments->contains))
        return false;
    return !arguments->has_power_on || json_bool(status, "poweredOn", false) == arguments->power_on;
}

static struct error *check_host(void *arg, struct host *host)
{
    struct wait_call *call = arg;
    if (!call->lagging && !host_matches(host, call->arguments))
        call->lagging = host;
    return NULL;
}

static struct error *describe_lag(const struct host *host)
{
    const char *state = hosts_state_of(host);
    const char *message = json_str_or(host->object, "status/errorMessage", "");
    return error_new(ERROR_TIMEOUT, "host %s is %s%s%s%s", host->name,
                     *state         ? state
                     : host->object ? "without a state"
                                    : "not there",
                     json_bool(host->object, "status/poweredOn", false) ? ", powered on" : "", *message ? ", " : "",
                     message);
}

/* Looks at all hosts again only when the one that was waited for has come: fleets are large and changes are many. */
static struct error *run_wait(struct runner *runner, const struct step_arguments *arguments)
{
    for (;;) {
        struct wait_call call = {.arguments = arguments};
        TRY(hosts_select(runner_hosts(runner), arguments->hosts, check_host, &call));
        if (!call.lagging)
            return NULL;
        while (!host_matches(call.lagging, arguments)) {
            struct error *err = hosts_wait_change(runner_hosts(runner), runner_step_deadline(runner));
            if (error_is(err, ERROR_TIMEOUT)) {
                error_free(err);
                return describe_lag(call.lagging);
            }
            TRY(err);
        }
    }
}

static struct error *check_wait(const struct step_arguments *arguments)
{
    enum host_state state;
    enum operational_status status;
    enum host_error error;
    if (!arguments->state && !is_condition(arguments))
        return error_new(ERROR_INVALID,
                         "say what to wait for: state, operationalStatus, errorType, errorContains or poweredOn");
    if (arguments->state && !str_equal(arguments->state, "deleted"))
        TRY(host_state_parse(arguments->state, &state));
    if (arguments->operational_status)
        TRY(operational_status_parse(arguments->operational_status, &status));
    return arguments->error_type ? host_error_parse(arguments->error_type, &error) : NULL;
}

/* -- changes of hosts -- */

struct patch_call {
    struct runner *runner;
    const struct json *patch;
};

static struct error *patch_host(void *arg, struct host *host)
{
    const struct patch_call *call = arg;
    return kube_patch(runner_kube(call->runner), &metal3_bare_metal_hosts, HOSTS_NAMESPACE, host->name,
                      KUBE_PATCH_MERGE, call->patch, NULL, NULL);
}

static struct error *patch_hosts(struct runner *runner, const struct json *hosts, const struct json *patch)
{
    struct patch_call call = {runner, patch};
    return hosts_select(runner_hosts(runner), hosts, patch_host, &call);
}

static struct error *run_patch(struct runner *runner, const struct step_arguments *arguments)
{
    return patch_hosts(runner, arguments->hosts, arguments->patch);
}

static struct error *run_power(struct runner *runner, const struct step_arguments *arguments)
{
    CLEANUP(json_free) struct json *patch = json_new_object();
    json_set_bool(patch, "spec/online", arguments->online);
    return patch_hosts(runner, arguments->hosts, patch);
}

static struct error *run_reboot(struct runner *runner, const struct step_arguments *arguments)
{
    CLEANUP(json_free) struct json *patch = json_new_object();
    CLEANUP_FREE char *value = mem_printf("{\"mode\":\"%s\"}", str_or(arguments->mode, "soft"));
    json_set(patch, "metadata/annotations", json_new_object());
    json_put_str(json_get(patch, "metadata/annotations"), "reboot.metal3.io", value);
    return patch_hosts(runner, arguments->hosts, patch);
}

static struct error *run_deprovision(struct runner *runner, const struct step_arguments *arguments)
{
    CLEANUP(json_free) struct json *patch = json_new_object();
    json_set(patch, "spec/image", json_new_null());
    return patch_hosts(runner, arguments->hosts, patch);
}

static struct error *delete_host(void *arg, struct host *host)
{
    return kube_delete(runner_kube(arg), &metal3_bare_metal_hosts, HOSTS_NAMESPACE, host->name, NULL);
}

static struct error *run_delete(struct runner *runner, const struct step_arguments *arguments)
{
    return hosts_select(runner_hosts(runner), arguments->hosts, delete_host, runner);
}

/* -- programs -- */

static struct error *check_program(const struct step_arguments *arguments)
{
    if (stack_program_parse(arguments->program) < 0)
        return error_new(ERROR_INVALID,
                         "there is no program \"%s\"; programs are: kube-api, fleet, conductor, operator",
                         arguments->program);
    return NULL;
}

static enum stack_program program_of(const struct step_arguments *arguments)
{
    return (enum stack_program)stack_program_parse(arguments->program);
}

static struct error *run_kill(struct runner *runner, const struct step_arguments *arguments)
{
    stack_kill(runner_stack(runner), program_of(arguments));
    return NULL;
}

static struct error *run_stop(struct runner *runner, const struct step_arguments *arguments)
{
    stack_stop(runner_stack(runner), program_of(arguments));
    return NULL;
}

static struct error *run_start(struct runner *runner, const struct step_arguments *arguments)
{
    return stack_start(runner_stack(runner), program_of(arguments));
}

static struct error *run_restart(struct runner *runner, const struct step_arguments *arguments)
{
    stack_kill(runner_stack(runner), program_of(arguments));
    return run_start(runner, arguments);
}

/* -- faults -- */

static struct error *check_inject(const struct step_arguments *arguments)
{
    return fault_row_check(arguments->fault);
}

static struct error *run_inject(struct runner *runner, const struct step_arguments *arguments)
{
    CLEANUP(json_free) struct json *answer = NULL;
    TRY(runner_fleet_call(runner, "POST", "/fleet/v1/faults", arguments->fault, &answer));
    const char *id = str_or(arguments->id, "default");
    if (!json_member(runner_faults(runner), id))
        json_put(runner_faults(runner), id, json_new_array());
    json_append(json_member(runner_faults(runner), id), json_new_int(json_int(answer, "id", 0)));
    return NULL;
}

static struct error *heal_one(struct runner *runner, const struct json *fault_ids)
{
    JSON_FOREACH (fault, fault_ids) {
        CLEANUP_FREE char *path = mem_printf("/fleet/v1/faults/%d", (int)json_int(fault, "", 0));
        struct error *err = runner_fleet_call(runner, "DELETE", path, NULL, NULL);
        if (error_code(err) != 404) /* it had run out by itself */
            TRY(err);
        error_free(err);
    }
    return NULL;
}

static struct error *run_heal(struct runner *runner, const struct step_arguments *arguments)
{
    struct json *faults = runner_faults(runner);
    if (arguments->id && !str_equal(arguments->id, "all")) {
        if (!json_member(faults, arguments->id))
            return error_new(ERROR_INVALID, "no fault was injected under the id \"%s\"", arguments->id);
        TRY(heal_one(runner, json_member(faults, arguments->id)));
        json_remove_member(faults, arguments->id);
        return NULL;
    }
    while (json_len(faults)) {
        struct json *first = json_first(faults);
        CLEANUP_FREE char *id = mem_strdup(json_key(first));
        TRY(heal_one(runner, first));
        json_remove_member(faults, id);
    }
    return NULL;
}

/* -- looking -- */

static struct error *verify_disk(struct runner *runner, struct host *host)
{
    const struct stack_image *image = stack_image(runner_stack(runner));
    CLEANUP(json_free) struct json *answer = NULL;
    CLEANUP_FREE char *path =
        mem_printf("/fleet/v1/machines/%s/disks/%s?offset=%llu&length=%llu", host->name,
                   json_str_or(host->machine, "disks/0", "sda"), (unsigned long long)image->content_offset,
                   (unsigned long long)image->content_length);
    TRY(runner_fleet_call(runner, "GET", path, NULL, &answer));
    const char *actual = json_str_or(answer, "sha256", "");
    if (!str_equal(actual, image->content_checksum))
        return error_new(ERROR_INVALID, "the disk does not hold the image: SHA-256 %s instead of %s", actual,
                         image->content_checksum);
    runner_set_verified(runner, host, actual);
    return NULL;
}

/* The guest takes a moment to start after the host is provisioned. */
static struct error *wait_report(struct runner *runner, const struct host *host, struct json **ret)
{
    CLEANUP_FREE char *path = mem_printf("/fleet/v1/machines/%s", host->name);
    for (;;) {
        CLEANUP(json_free) struct json *machine = NULL;
        TRY(runner_fleet_call(runner, "GET", path, NULL, &machine));
        if (json_int(machine, "report/starts", 0) > 0 && str_equal(json_str(machine, "power"), "On")) {
            *ret = TAKE_PTR(machine);
            return NULL;
        }
        if (rt_now(runner_env(runner)->rt) >= runner_step_deadline(runner))
            return error_new(ERROR_TIMEOUT, "its operating system does not start");
        TRY(rt_sleep(runner_env(runner)->rt, 50 * RT_MS));
    }
}

static struct error *verify_report(struct runner *runner, const struct host *host)
{
    CLEANUP(json_free) struct json *machine = NULL;
    TRY(wait_report(runner, host, &machine));
    const char *error = json_str(machine, "report/error");
    if (error)
        return error_new(ERROR_INVALID, "its operating system started, but: %s", error);
    if (!str_equal(json_str(machine, "report/name"), host->name))
        return error_new(ERROR_INVALID, "its config drive is of \"%s\"", json_str_or(machine, "report/name", ""));
    return NULL;
}

static struct error *verify_host(void *arg, struct host *host)
{
    TRY(verify_disk(arg, host));
    return verify_report(arg, host);
}

static struct error *run_verify(struct runner *runner, const struct step_arguments *arguments)
{
    return hosts_select(runner_hosts(runner), arguments->hosts, verify_host, runner);
}

static struct error *expect_host(void *arg, struct host *host)
{
    const struct step_arguments *arguments = arg;
    const struct json *actual = json_get(host->object, arguments->path);
    CLEANUP_FREE char *text = actual ? json_print(actual) : mem_strdup("absent");
    CLEANUP_FREE char *wanted = arguments->value ? json_print(arguments->value) : NULL;

    if (arguments->value && !json_equal(actual, arguments->value))
        return error_new(ERROR_INVALID, "%s is %s, not %s", arguments->path, text, wanted);
    if (arguments->contains && !strstr(text, arguments->contains))
        return error_new(ERROR_INVALID, "%s is %s, which lacks \"%s\"", arguments->path, text, arguments->contains);
    return NULL;
}

static struct error *run_expect(struct runner *runner, const struct step_arguments *arguments)
{
    return hosts_select(runner_hosts(runner), arguments->hosts, expect_host, (void *)(uintptr_t)arguments);
}

static struct error *check_expect(const struct step_arguments *arguments)
{
    if (!arguments->value && !arguments->contains)
        return error_new(ERROR_INVALID, "give value or contains");
    return NULL;
}

struct event_call {
    const struct json *events; /* items of a list */
    const struct host *lacking;
};

static struct error *find_event(void *arg, struct host *host)
{
    struct event_call *call = arg;
    JSON_FOREACH (event, call->events)
        if (str_equal(json_str(event, "involvedObject/name"), host->name))
            return NULL;
    call->lacking = host;
    return NULL;
}

/* Events are sent behind the change that they tell of, so they may be waited for. */
static struct error *run_expect_event(struct runner *runner, const struct step_arguments *arguments)
{
    CLEANUP_FREE char *selector = mem_printf("involvedObject.kind=BareMetalHost,reason=%s", arguments->reason);
    struct kube_list_options options = {.namespace = HOSTS_NAMESPACE, .field_selector = selector};

    for (;;) {
        CLEANUP(json_free) struct json *list = NULL;
        TRY(kube_list(runner_kube(runner), &kube_events, &options, &list));
        struct event_call call = {.events = json_get(list, "items")};
        TRY(hosts_select(runner_hosts(runner), arguments->hosts, find_event, &call));
        if (!call.lacking)
            return NULL;
        if (rt_now(runner_env(runner)->rt) >= runner_step_deadline(runner))
            return error_new(ERROR_NOT_FOUND, "host %s has no event %s", call.lacking->name, arguments->reason);
        TRY(rt_sleep(runner_env(runner)->rt, 200 * RT_MS));
    }
}

/* -- the table -- */

static const struct json_field apply_fields[] = {
    HOSTS,
    FIELD("file", JSON_FIELD_STRING, file),
    FIELD("manifest", JSON_FIELD_JSON, manifest),
    FIELD("image", JSON_FIELD_BOOL, image),
    FIELD("online", JSON_FIELD_BOOL, online),
    FIELD("userData", JSON_FIELD_STRING, user_data),
    FIELD("checksum", JSON_FIELD_STRING, checksum),
    FIELD("url", JSON_FIELD_STRING, url),
    {0},
};
static const struct json_field wait_fields[] = {
    HOSTS,
    TIMEOUT,
    FIELD("state", JSON_FIELD_STRING, state),
    FIELD("operationalStatus", JSON_FIELD_STRING, operational_status),
    FIELD("errorType", JSON_FIELD_STRING, error_type),
    FIELD("errorContains", JSON_FIELD_STRING, contains),
    FIELD("poweredOn", JSON_FIELD_BOOL, power_on),
    {0},
};
static const struct json_field hosts_fields[] = {HOSTS, {0}};
static const struct json_field verify_fields[] = {HOSTS, TIMEOUT, {0}};
static const struct json_field power_fields[] = {
    HOSTS,
    {"online", JSON_FIELD_BOOL, offsetof(struct step_arguments, online), .required = true},
    {0},
};
static const char *const reboot_modes[] = {"soft", "hard", NULL};
static const struct json_field reboot_fields[] = {
    HOSTS,
    {"mode", JSON_FIELD_STRING, offsetof(struct step_arguments, mode), .values = reboot_modes},
    {0},
};
static const struct json_field patch_fields[] = {
    HOSTS,
    {"patch", JSON_FIELD_JSON, offsetof(struct step_arguments, patch), .required = true},
    {0},
};
static const struct json_field program_fields[] = {
    {"program", JSON_FIELD_STRING, offsetof(struct step_arguments, program), .required = true},
    {0},
};
static const struct json_field inject_fields[] = {
    FIELD("id", JSON_FIELD_STRING, id),
    {"fault", JSON_FIELD_JSON, offsetof(struct step_arguments, fault), .required = true},
    {0},
};
static const struct json_field heal_fields[] = {FIELD("id", JSON_FIELD_STRING, id), {0}};
static const struct json_field sleep_fields[] = {
    {"duration", JSON_FIELD_STRING, offsetof(struct step_arguments, duration), .required = true},
    {0},
};
static const struct json_field expect_fields[] = {
    HOSTS,
    {"path", JSON_FIELD_STRING, offsetof(struct step_arguments, path), .required = true},
    FIELD("value", JSON_FIELD_JSON, value),
    FIELD("contains", JSON_FIELD_STRING, contains),
    {0},
};
static const struct json_field event_fields[] = {
    HOSTS,
    TIMEOUT,
    {"reason", JSON_FIELD_STRING, offsetof(struct step_arguments, reason), .required = true},
    {0},
};

const struct step_type step_types[] = {
    {"apply", "hosts", apply_fields, check_apply, run_apply, "declare hosts of the fleet, or objects from a file"},
    {"wait", NULL, wait_fields, check_wait, run_wait, "until hosts are in a state"},
    {"patch", NULL, patch_fields, NULL, run_patch, "merge a change into hosts"},
    {"power", NULL, power_fields, NULL, run_power, "set spec.online of hosts"},
    {"reboot", NULL, reboot_fields, NULL, run_reboot, "annotate hosts for a reboot"},
    {"deprovision", "hosts", hosts_fields, NULL, run_deprovision, "take the image away from hosts"},
    {"delete", "hosts", hosts_fields, NULL, run_delete, "delete hosts"},
    {"kill", "program", program_fields, check_program, run_kill, "end a program as kill -9 does"},
    {"stop", "program", program_fields, check_program, run_stop, "end a program in good order"},
    {"start", "program", program_fields, check_program, run_start, "start a program that was ended"},
    {"restart", "program", program_fields, check_program, run_restart, "kill a program and start it again"},
    {"inject", NULL, inject_fields, check_inject, run_inject, "put a fault into the fleet"},
    {"heal", "id", heal_fields, NULL, run_heal, "take faults away again"},
    {"sleep", "duration", sleep_fields, NULL, NULL, "let time pass"},
    {"verify", "hosts", verify_fields, NULL, run_verify, "disks hold the image and the guests have started from it"},
    {"expect", NULL, expect_fields, check_expect, run_expect, "a field of hosts has a value"},
    {"expectEvent", NULL, event_fields, NULL, run_expect_event, "hosts have an event"},
    {0},
};
