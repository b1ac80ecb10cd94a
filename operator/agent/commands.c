/* SPDX-License-Identifier: Apache-2.0 */
/* Commands by table, one at a time (IRO-551 to IRO-562). */
#include <stdlib.h>
#include <string.h>

#include "operator/agent/internal.h"

static struct error *get_partition_uuids(struct agent *agent, const struct json *params, struct fault *fault,
                                         struct json **ret)
{
    *ret = json_new_object(); /* a whole disk image has no UUID of ours (IRO-568) */
    return NULL;
}

static struct error *sync_disks(struct agent *agent, const struct json *params, struct fault *fault, struct json **ret)
{
    JSON_FOREACH (row, json_get(agent->inventory, "disks")) {
        struct disk disk;
        TRY(disk_from_inventory(agent->hardware, row, &disk));
        TRY(disk_sync(&disk));
    }
    *ret = NULL;
    return NULL;
}

static struct error *get_hardware_info(struct agent *agent, const struct json *params, struct fault *fault,
                                       struct json **ret)
{
    *ret = json_copy(agent->inventory);
    return NULL;
}

static struct error *power_off(struct agent *agent, const struct json *params, struct fault *fault, struct json **ret)
{
    TRY(sync_disks(agent, params, fault, ret));
    agent->finished = true;
    return agent->hardware->ops->power_off(agent->hardware->arg);
}

static struct error *run_image(struct agent *agent, const struct json *params, struct fault *fault, struct json **ret)
{
    TRY(sync_disks(agent, params, fault, ret));
    agent->finished = true;
    return agent->hardware->ops->reboot(agent->hardware->arg);
}

static struct error *prepare_image(struct agent *agent, const struct json *params, struct fault *fault,
                                   struct json **ret)
{
    CLEANUP_FREE char *text = NULL;
    TRY(image_prepare(agent, json_get(params, "image_info"), json_get(params, "configdrive"), NULL, fault, &text));
    *ret = json_new_object();
    json_set_printf(*ret, "result", "prepare_image: %s", text);
    return NULL;
}

static const struct command_type command_types[] = {
    {"clean", "get_clean_steps", false, steps_get_clean},
    {"clean", "execute_clean_step", true, steps_execute_clean},
    {"deploy", "get_deploy_steps", false, steps_get_deploy},
    {"deploy", "execute_deploy_step", true, steps_execute_deploy},
    {"service", "get_service_steps", false, steps_get_service},
    {"service", "execute_service_step", true, steps_execute_service},
    {"standby", "prepare_image", true, prepare_image},
    {"standby", "get_partition_uuids", false, get_partition_uuids},
    {"standby", "sync", false, sync_disks},
    {"standby", "power_off", true, power_off},
    {"standby", "run_image", true, run_image},
    {"image", "install_bootloader", true, bootloader_install},
    {"poll", "get_hardware_info", false, get_hardware_info},
};

static const char *const status_names[] = {
    [COMMAND_RUNNING] = "RUNNING",
    [COMMAND_SUCCEEDED] = "SUCCEEDED",
    [COMMAND_FAILED] = "FAILED",
    [COMMAND_VERSION_MISMATCH] = "CLEAN_VERSION_MISMATCH",
};

struct json *command_json(const struct command *command)
{
    struct json *json = json_new_object();
    json_put_str(json, "id", command->id);
    json_put_str(json, "command_name", command->name);
    json_put_str(json, "command_status", status_names[command->status]);
    json_put(json, "command_error", command->error ? json_copy(command->error) : json_new_null());
    json_put(json, "command_result", command->result ? json_copy(command->result) : json_new_null());
    return json;
}

void command_free(struct command *command)
{
    json_free(command->params);
    json_free(command->result);
    json_free(command->error);
    free(command);
}

struct command *command_find(struct agent *agent, const char *id)
{
    VEC_FOREACH (command, &agent->commands)
        if (str_equal((*command)->id, id))
            return *command;
    return NULL;
}

/* The error object of a failed command (IRO-560). */
static struct json *fault_json(const struct fault *fault, const struct error *err)
{
    struct json *json = json_new_object();
    json_put_str(json, "type", str_or(fault->type, "CommandExecutionError"));
    json_put(json, "code", json_new_int(fault->version_mismatch ? 409 : 500));
    json_put_str(json, "message", str_or(fault->message, "Command execution failed"));
    json_put_str(json, "details", error_message(err));
    return json;
}

static void run_command(void *arg)
{
    struct command *command = arg;
    struct agent *agent = command->agent;
    struct fault fault = {0};
    struct json *result = NULL;
    struct error *err = command->type->run(agent, command->params, &fault, &result);

    if (err) {
        log_warn(agent->env->log, "command failed", KV("command", command->name), KV_ERR(err));
        command->status = fault.version_mismatch ? COMMAND_VERSION_MISMATCH : COMMAND_FAILED;
        command->error = fault_json(&fault, err);
        error_free(err);
    } else {
        command->status = COMMAND_SUCCEEDED;
        command->result = result;
    }
    json_free(TAKE_PTR(command->params));
    agent->heartbeat_wanted = agent->heartbeat_wanted || command->type->asynchronous;
    rt_cond_broadcast(agent->env->rt, &agent->command_ended);
}

static struct error *find_type(const char *name, int *ret_status, const struct command_type **ret)
{
    const char *dot = strchr(name, '.');
    CLEANUP_FREE char *extension = mem_strndup(name, dot ? (size_t)(dot - name) : strlen(name));
    bool extension_known = false;

    for (size_t i = 0; i < ARRAY_SIZE(command_types); i++) {
        if (!str_equal(command_types[i].extension, extension))
            continue;
        extension_known = true;
        if (dot && str_equal(command_types[i].name, dot + 1)) {
            *ret = &command_types[i];
            return NULL;
        }
    }
    if (!extension_known) {
        *ret_status = 404;
        return error_new(ERROR_NOT_FOUND, "Not found: Extension with id %s not found.", extension);
    }
    *ret_status = 400;
    return error_new(ERROR_INVALID, "Invalid command: Unknown command: %s", dot ? dot + 1 : "");
}

static struct error *check_free(struct agent *agent, int *ret_status)
{
    if (agent->commands.len == 0)
        return NULL;
    const struct command *last = agent->commands.items[agent->commands.len - 1];
    if (last->status == COMMAND_RUNNING) {
        *ret_status = 409;
        return error_new(ERROR_CONFLICT, "Agent is busy: executing command %s", last->name);
    }
    if (agent->commands.len >= AGENT_COMMANDS_MAX) {
        *ret_status = 503;
        return error_new(ERROR_INVALID, "this agent has run %d commands; restart the ramdisk", AGENT_COMMANDS_MAX);
    }
    return NULL;
}

struct error *command_start(struct agent *agent, const char *name, const struct json *params, bool wait,
                            int *ret_status, struct command **ret)
{
    const struct command_type *type = NULL;

    TRY(find_type(name, ret_status, &type));
    TRY(check_free(agent, ret_status));
    struct command *command = mem_alloc(sizeof(*command));
    rt_uuid(agent->env->rt, command->id);
    command->name = type->name;
    command->type = type;
    command->agent = agent;
    command->params = json_copy(params);
    VEC_PUSH(&agent->commands, command);
    log_debug(agent->env->log, "command", KV("name", name), KV("id", command->id));
    if (!type->asynchronous) {
        run_command(command);
    } else {
        rt_spawn(agent->env->rt, agent->env->group, type->name, run_command, command);
        if (wait)
            TRY(command_wait(command));
    }
    *ret = command;
    return NULL;
}

struct error *command_wait(struct command *command)
{
    struct agent *agent = command->agent;
    while (command->status == COMMAND_RUNNING)
        TRY(rt_cond_wait(agent->env->rt, &agent->command_ended, RT_FOREVER));
    return NULL;
}
