/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Preparation by manual cleaning: RAID, firmware settings, firmware updates (BMO-559…565); and the same steps as
 * servicing of running hosts.
 */
#include "operator/ironic/backend.h"

#include "operator/ironic/raid.h"

static struct json *new_step(const char *interface, const char *name, struct json *settings)
{
    struct json *step = json_new_object();

    json_set_str(step, "interface", interface);
    json_set_str(step, "step", name);
    json_set(step, "args/settings", settings);
    return step;
}

/* A setting as text: "4", "true" and 4, true are the same wish. Free with free(). */
static char *setting_text(const struct json *value)
{
    const char *text = json_str(value, "");
    return text ? mem_strdup(text) : json_print(value);
}

void append_firmware_steps(struct json *steps, const struct json *target_settings, const struct json *actual_settings,
                           const struct json *target_components)
{
    struct json *settings = json_new_array();

    JSON_FOREACH (target, target_settings) {
        const struct json *actual = json_member(actual_settings, json_key(target));
        CLEANUP_FREE char *wished = setting_text(target);
        CLEANUP_FREE char *present = actual ? setting_text(actual) : NULL;
        if (str_equal(wished, present))
            continue;
        struct json *setting = json_new_object();
        json_set_str(setting, "name", json_key(target));
        json_set_str(setting, "value", wished);
        json_append(settings, setting);
    }
    if (json_len(settings))
        json_append(steps, new_step("bios", "apply_configuration", settings));
    else
        json_free(settings);

    if (json_len(target_components))
        json_append(steps, new_step("firmware", "update", json_copy(target_components)));
}

/* The whole list of clean steps, and the RAID configuration that has to be set before. */
static struct error *plan_steps(struct ironic_host *host, const struct prepare_data *data, struct raid_plan *plan,
                                struct json **ret_steps)
{
    const char *interface = host->bmc ? host->bmc->driver->raid : NULL;

    TRY(raid_plan(data->target_raid, data->actual_raid, data->root_hints, interface, plan));
    struct json *steps = json_new_array();
    JSON_FOREACH (step, plan->steps) {
        json_append(steps, json_copy(step));
    }
    append_firmware_steps(steps, data->target_settings, data->actual_settings, data->target_components);
    *ret_steps = steps;
    return NULL;
}

static struct error *set_raid_target(struct ironic_host *host, const struct raid_plan *plan,
                                     struct provision_result *ret)
{
    CLEANUP_NODE_PATCH struct node_patch patch = {.node = host->node};

    if (plan->kind == RAID_LEAVE)
        return NULL;
    node_patch_str(&patch, "raid_interface", plan->interface);
    TRY(host_patch_node(host, &patch, ret));
    if (!plan->target || !provision_result_done(ret))
        return NULL;
    CLEANUP_FREE char *path = mem_printf("/nodes/%s/states/raid", host->id);
    struct error *err = ironic_call(host->backend->client, "PUT", path, plan->target, NULL);
    host->stale = true;
    return err ? result_from_error(host, err, ret) : NULL;
}

static struct error *start_cleaning(struct ironic_host *host, const struct raid_plan *plan, struct json *steps,
                                    struct provision_result *ret, bool *ret_started)
{
    struct json *body CLEANUP(json_free) = json_new_object();

    json_set(body, "clean_steps", steps);
    TRY(set_raid_target(host, plan, ret));
    return provision_result_done(ret) ? host_change_state(host, "clean", TAKE_PTR(body), ret, ret_started) : NULL;
}

/* The node is at rest, and the wish has not been carried out. */
static struct error *prepare_idle(struct ironic_host *host, const struct prepare_data *data, bool available,
                                  struct provision_result *ret, bool *ret_started)
{
    CLEANUP_RAID_PLAN struct raid_plan plan = {0};
    struct json *steps CLEANUP(json_free) = NULL;

    struct error *err = plan_steps(host, data, &plan, &steps);
    if (error_is(err, ERROR_INVALID)) {
        result_fail(ret, "%s", error_message(err));
        error_free(err);
        return NULL;
    }
    TRY(err);
    if (!json_len(steps)) {
        *ret_started = true;
        return NULL;
    }
    if (available)
        return host_change_state(host, "manage", NULL, ret, NULL);
    return start_cleaning(host, &plan, TAKE_PTR(steps), ret, ret_started);
}

static struct error *prepare_failed(struct ironic_host *host, bool restart_on_failure, struct provision_result *ret)
{
    if (!restart_on_failure) {
        result_fail(ret, "%s", str_or(json_str(host->node, "last_error"), "Cleaning failed"));
        return NULL;
    }
    if (json_bool(host->node, "maintenance", false))
        return host_end_maintenance(host, ret);
    return host_change_state(host, "manage", NULL, ret, NULL);
}

struct error *ironic_prepare(struct provisioner *provisioner, const struct prepare_data *data,
                             struct provision_result *ret, bool *ret_started)
{
    struct ironic_host *host = (struct ironic_host *)provisioner;
    const struct json *node = NULL;

    TRY(host_node(host, &node));
    const char *state = node_state(node);
    bool available = str_equal(state, "available");
    if (available || str_equal(state, "manageable"))
        return data->unprepared ? prepare_idle(host, data, available, ret, ret_started) : NULL;
    if (str_equal(state, "clean failed"))
        return prepare_failed(host, data->restart_on_failure, ret);
    if (str_equal(state, "cleaning") || str_equal(state, "clean wait")) {
        result_wait(host, ret, WAIT_LONG);
        return NULL;
    }
    return state_unexpected(host, "prepare", node);
}

/* -- servicing (BMO-585) -- */

static struct error *start_service(struct ironic_host *host, const struct service_data *data,
                                   struct provision_result *ret, bool *ret_started)
{
    struct json *steps = json_new_array(), *body = NULL;

    append_firmware_steps(steps, data->target_settings, data->actual_settings, data->target_components);
    if (!json_len(steps)) {
        json_free(steps);
        *ret_started = true;
        return NULL;
    }
    body = json_new_object();
    json_set(body, "service_steps", steps);
    return host_change_state(host, "service", body, ret, ret_started);
}

struct error *ironic_service(struct provisioner *provisioner, const struct service_data *data,
                             struct provision_result *ret, bool *ret_started)
{
    struct ironic_host *host = (struct ironic_host *)provisioner;
    const struct json *node = NULL;

    TRY(host_node(host, &node));
    const char *state = node_state(node);
    if (str_equal(state, "active"))
        return data->unprepared ? start_service(host, data, ret, ret_started) : NULL;
    if (str_equal(state, "service failed")) {
        if (!data->has_firmware_spec)
            return host_change_state(host, "abort", NULL, ret, NULL);
        if (!data->restart_on_failure) {
            result_fail(ret, "%s", str_or(json_str(node, "last_error"), "Servicing failed"));
            return NULL;
        }
        if (json_bool(node, "maintenance", false))
            return host_end_maintenance(host, ret);
        return start_service(host, data, ret, ret_started);
    }
    if (str_equal(state, "service wait") && !data->has_firmware_spec)
        return host_change_state(host, "abort", NULL, ret, NULL);
    if (str_equal(state, "servicing") || str_equal(state, "service wait")) {
        result_wait(host, ret, WAIT_LONG);
        return NULL;
    }
    return state_unexpected(host, "service", node);
}
