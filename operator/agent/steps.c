/* SPDX-License-Identifier: Apache-2.0 */
/* Clean, deploy and service steps by table: what get_*_steps offers and execute_*_step runs (IRO-563 to IRO-566, IRO-579 to IRO-585). */
#include <stdlib.h>
#include <string.h>

#include "operator/agent/internal.h"

enum phase { PHASE_CLEAN, PHASE_DEPLOY, PHASE_SERVICE, PHASE_COUNT };

static const struct {
    const char *steps, *version, *result, *step; /* member names */
} phases[PHASE_COUNT] = {
    [PHASE_CLEAN] = {"clean_steps", "clean_version", "clean_result", "clean_step"},
    [PHASE_DEPLOY] = {"deploy_steps", "deploy_version", "deploy_result", "deploy_step"},
    [PHASE_SERVICE] = {"service_steps", "service_version", "service_result", "service_step"},
};

/* What a step is given: its arguments and the node as the conductor sent it. The result text may be NULL. */
struct step_call {
    struct agent *agent;
    const struct json *args, *node;
    struct fault *fault;
};

struct step {
    const char *name, *interface;
    int priority[PHASE_COUNT]; /* -1: not offered in that phase */
    bool abortable;
    struct error *(*run)(const struct step_call *call, char **ret_text);
};

static struct error *each_disk(const struct step_call *call, struct error *(*erase)(const struct disk *disk))
{
    JSON_FOREACH (row, json_get(call->agent->inventory, "disks")) {
        struct disk disk;
        TRY(disk_from_inventory(call->agent->hardware, row, &disk));
        struct error *err = erase(&disk);
        if (err) {
            call->fault->type = "BlockDeviceEraseError";
            call->fault->message = "Error erasing block device";
            return err;
        }
        log_debug(call->agent->env->log, "disk erased", KV("disk", disk.name));
    }
    return NULL;
}

static struct error *erase_devices(const struct step_call *call, char **ret_text)
{
    return each_disk(call, disk_erase);
}

static struct error *erase_devices_metadata(const struct step_call *call, char **ret_text)
{
    return each_disk(call, disk_erase_metadata);
}

static struct error *write_image(const struct step_call *call, char **ret_text)
{
    CLEANUP_FREE char *text = NULL;
    const struct json *drive = json_get(call->args, "configdrive");
    if (!drive)
        drive = json_get(call->args, "image_info/configdrive");
    TRY(image_prepare(call->agent, json_get(call->args, "image_info"), drive, call->node, call->fault, &text));
    *ret_text = mem_printf("prepare_image: %s", text);
    return NULL;
}

static const struct step steps[] = {
    {"erase_devices", "deploy", {10, -1, -1}, true, erase_devices},
    {"erase_devices_metadata", "deploy", {99, 0, -1}, true, erase_devices_metadata},
    {"write_image", "deploy", {-1, 0, 0}, false, write_image},
};

static struct json *versions(const struct agent *agent)
{
    struct json *json = json_new_object();
    json_put_str(json, agent->hardware->ops->name, AGENT_MANAGER_VERSION);
    return json;
}

static struct json *describe(const struct step *step, enum phase phase)
{
    struct json *json = json_new_object();
    json_put_str(json, "step", step->name);
    json_put(json, "priority", json_new_int(step->priority[phase]));
    json_put_str(json, "interface", step->interface);
    json_put(json, "reboot_requested", json_new_bool(false));
    if (phase != PHASE_DEPLOY)
        json_put(json, "abortable", json_new_bool(step->abortable));
    return json;
}

static struct error *list_steps(struct agent *agent, enum phase phase, struct json **ret)
{
    struct json *result = json_new_object(), *by_manager = json_new_object(), *list = json_new_array();

    for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
        if (steps[i].priority[phase] >= 0)
            json_append(list, describe(&steps[i], phase));
    json_put(by_manager, agent->hardware->ops->name, list);
    json_put(result, phases[phase].steps, by_manager);
    json_put(result, "hardware_manager_version", versions(agent));
    *ret = result;
    return NULL;
}

/* The conductor must run the steps of the agent that it asked: another version means that the ramdisk was exchanged in between. */
static struct error *check_version(const struct agent *agent, const struct json *wanted, struct fault *fault)
{
    CLEANUP(json_free) struct json *present = versions(agent);
    if (!json_is(wanted, JSON_OBJECT) || json_equal(wanted, present))
        return NULL;
    CLEANUP_FREE char *present_text = json_print(present);
    CLEANUP_FREE char *wanted_text = json_print(wanted);
    fault->type = "VersionMismatch";
    fault->message = "Hardware managers version mismatch, reload agent with correct version";
    fault->version_mismatch = true;
    return error_new(ERROR_CONFLICT, "Current versions: %s, versions used by ironic: %s", present_text, wanted_text);
}

static struct error *execute_step(struct agent *agent, enum phase phase, const struct json *params, struct fault *fault,
                                  struct json **ret)
{
    const struct json *step = json_member(params, "step");
    const char *name = json_str_or(step, "step", "");
    CLEANUP_FREE char *text = NULL;

    TRY(check_version(agent, json_member(params, phases[phase].version), fault));
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        if (!str_equal(steps[i].name, name) || steps[i].priority[phase] < 0)
            continue;
        struct step_call call = {
            .agent = agent, .args = json_member(step, "args"), .node = json_member(params, "node"), .fault = fault};
        TRY(steps[i].run(&call, &text));
        struct json *result = json_new_object();
        struct json *outcome = json_new_null();
        if (text) {
            json_free(outcome);
            outcome = json_new_object();
            json_put_str(outcome, "result", text);
        }
        json_put(result, phases[phase].result, outcome);
        json_put(result, phases[phase].step, json_copy(step));
        *ret = result;
        return NULL;
    }
    fault->type = "HardwareManagerMethodNotFound";
    fault->message = "No HardwareManager found to handle method";
    return error_new(ERROR_NOT_FOUND, "Could not find method: %s", name);
}

struct error *steps_get_clean(struct agent *agent, const struct json *params, struct fault *fault, struct json **ret)
{
    return list_steps(agent, PHASE_CLEAN, ret);
}

struct error *steps_get_deploy(struct agent *agent, const struct json *params, struct fault *fault, struct json **ret)
{
    return list_steps(agent, PHASE_DEPLOY, ret);
}

struct error *steps_get_service(struct agent *agent, const struct json *params, struct fault *fault, struct json **ret)
{
    return list_steps(agent, PHASE_SERVICE, ret);
}

struct error *steps_execute_clean(struct agent *agent, const struct json *params, struct fault *fault,
                                  struct json **ret)
{
    return execute_step(agent, PHASE_CLEAN, params, fault, ret);
}

struct error *steps_execute_deploy(struct agent *agent, const struct json *params, struct fault *fault,
                                   struct json **ret)
{
    return execute_step(agent, PHASE_DEPLOY, params, fault, ret);
}

struct error *steps_execute_service(struct agent *agent, const struct json *params, struct fault *fault,
                                    struct json **ret)
{
    return execute_step(agent, PHASE_SERVICE, params, fault, ret);
}
