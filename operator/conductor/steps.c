/* SPDX-License-Identifier: Apache-2.0 */
/* The step engine. */
#include "operator/conductor/steps.h"

#include <stdlib.h>

#include "lib/data/str.h"
#include "operator/conductor/agent_client.h"
#include "operator/conductor/internal.h"
#include "operator/conductor/power.h"

/* Keys of driver_internal_info. */
#define KEY_LIST "steps"
#define KEY_INDEX "step_index"
#define KEY_PHASE "step_phase" /* absent: not begun; "begun"; "waiting" */
#define KEY_USER "user_steps"
#define KEY_VERSION "hardware_manager_version"
#define STEPS_MAX 500

/* -- lists -- */

struct error *steps_validate(const struct json *list, bool need_priority)
{
    if (!json_is(list, JSON_ARRAY))
        return error_new(ERROR_INVALID, "steps must be an array, not %s", json_type_name(json_type(list)));
    if (json_len(list) > STEPS_MAX)
        return error_new(ERROR_INVALID, "there are %zu steps, more than %d", json_len(list), STEPS_MAX);
    size_t index = 0;
    JSON_FOREACH (step, list) {
        const char *text;
        int64_t priority;
        TRY_WRAP(json_need_str(step, "interface", &text), "step %zu", index);
        TRY_WRAP(json_need_str(step, "step", &text), "step %zu", index);
        if (need_priority)
            TRY_WRAP(json_need_int(step, "priority", &priority), "step %zu (%s)", index, text);
        const struct json *args = json_get(step, "args");
        if (args && !json_is(args, JSON_OBJECT) && !json_is(args, JSON_NULL))
            return error_new(ERROR_INVALID, "step %zu (%s): args must be an object", index, text);
        index++;
    }
    return NULL;
}

void steps_set_user(struct node *node, const struct json *list)
{
    json_remove_member(node->driver_internal_info, KEY_USER);
    if (list)
        json_put(node->driver_internal_info, KEY_USER, json_copy(list));
}

const struct json *steps_user(const struct node *node)
{
    return json_member(node->driver_internal_info, KEY_USER);
}

bool steps_present(const struct node *node)
{
    return json_member(node->driver_internal_info, KEY_LIST) != NULL;
}

void steps_set(struct node *node, struct json *list)
{
    json_put(node->driver_internal_info, KEY_LIST, list);
    json_put(node->driver_internal_info, KEY_INDEX, json_new_int(0));
    json_remove_member(node->driver_internal_info, KEY_PHASE);
}

void steps_forget(struct node *node)
{
    static const char *const keys[] = {KEY_LIST, KEY_INDEX, KEY_PHASE, KEY_USER};
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
        json_remove_member(node->driver_internal_info, keys[i]);
    struct json **present[] = {&node->clean_step, &node->deploy_step};
    for (size_t i = 0; i < ARRAY_SIZE(present); i++) {
        json_free(*present[i]);
        *present[i] = json_new_object();
    }
}

/* IRO-318: who goes first among equal priorities. */
static int interface_rank(const char *interface)
{
    static const char *const order[] = {"raid", "bios", "deploy", "firmware", "management", "power", "vendor"};
    for (size_t i = 0; i < ARRAY_SIZE(order); i++)
        if (str_equal(order[i], interface))
            return (int)i;
    return -1;
}

static bool goes_before(const struct json *a, const struct json *b)
{
    int64_t priority_a = json_int(a, "priority", 0), priority_b = json_int(b, "priority", 0);
    if (priority_a != priority_b)
        return priority_a > priority_b;
    return interface_rank(json_str(a, "interface")) > interface_rank(json_str(b, "interface"));
}

struct json *steps_sorted(const struct json *list)
{
    struct json *sorted = json_new_array();
    JSON_FOREACH (step, list) {
        size_t at = json_len(sorted);
        while (at > 0 && goes_before(step, json_item(sorted, at - 1)))
            at--;
        json_insert(sorted, at, json_copy(step));
    }
    return sorted;
}

/* -- talking to the agent -- */

static struct json *step_params(const struct node *node, const struct step_family *family)
{
    struct json *params = json_new_object();
    json_set(params, "node", node_for_agent(node, family->configdrive));
    struct json *list = json_new_array();
    struct port_list ports = {0};
    ports_of(node->conductor, node->uuid, &ports);
    VEC_FOREACH (port, &ports)
        json_append(list, port_to_json(*port));
    VEC_RELEASE(&ports);
    json_set(params, "ports", list);
    return params;
}

static bool same_step(const struct json *a, const struct json *b)
{
    return str_equal(json_str(a, "interface"), json_str(b, "interface")) &&
           str_equal(json_str(a, "step"), json_str(b, "step"));
}

struct error *steps_fetch(struct operation *operation, const struct step_family *family, struct json **ret)
{
    struct node *node = operation->node;
    CLEANUP_FREE char *name = mem_printf("%s.get_%s_steps", family->name, family->name);
    CLEANUP_FREE char *key = mem_printf("%s_steps", family->name);
    CLEANUP(json_free) struct json *params = step_params(node, family);
    CLEANUP_RAMDISK_COMMAND struct ramdisk_command command = {0};
    TRY(ramdisk_run(node, name, params, true, &command));
    if (command.status != RAMDISK_SUCCEEDED)
        return error_new(ERROR_INVALID, "the agent did not tell its %s steps: %s", family->name,
                         str_or(command.failure, "the command did not end"));
    const struct json *version = json_member(command.result, KEY_VERSION);
    json_put(node->driver_internal_info, KEY_VERSION, version ? json_copy(version) : json_new_object());
    CLEANUP(json_free) struct json *all = json_new_array();
    JSON_FOREACH (manager, json_member(command.result, key)) {
        JSON_FOREACH (step, manager) {
            bool known = json_len(all) >= STEPS_MAX || !json_str(step, "step");
            JSON_FOREACH (other, all)
                known = known || same_step(step, other);
            if (!known)
                json_append(all, json_copy(step));
        }
    }
    *ret = TAKE_PTR(all);
    return NULL;
}

/* The command that runs this step already, when the conductor was started again meanwhile. */
static struct error *find_running(struct step_context *context, const struct step_family *family,
                                  struct ramdisk_command *ret, bool *ret_found)
{
    CLEANUP_FREE char *name = mem_printf("execute_%s_step", family->name);
    struct error *err = ramdisk_find(context->node, name, json_str(context->step, "step"), ret);
    *ret_found = err == NULL;
    if (error_is(err, ERROR_NOT_FOUND)) {
        error_free(err);
        return NULL;
    }
    return err;
}

static struct error *send_step(struct step_context *context, const struct step_family *family,
                               struct ramdisk_command *ret)
{
    if (context->again) {
        bool found = false;
        TRY(find_running(context, family, ret, &found));
        if (found)
            return NULL;
    }
    if (!json_member(context->node->driver_internal_info, KEY_VERSION)) { /* each step carries it (IRO-339) */
        CLEANUP(json_free) struct json *steps = NULL;
        TRY(steps_fetch(context->operation, family, &steps));
    }
    CLEANUP(json_free) struct json *params = step_params(context->node, family);
    CLEANUP_FREE char *name = mem_printf("%s.execute_%s_step", family->name, family->name);
    CLEANUP_FREE char *version = mem_printf("%s_version", family->name);
    struct json *step = json_copy(context->step);
    if (context->args)
        json_set(step, "args", json_copy(context->args));
    json_set(params, "step", step);
    const struct json *managers = json_member(context->node->driver_internal_info, KEY_VERSION);
    json_set(params, version, managers ? json_copy(managers) : json_new_object());
    return ramdisk_run(context->node, name, params, false, ret);
}

struct poll {
    struct node *node;
    struct ramdisk_command *command;
};

/* An agent that does not answer is given its time: heartbeats and the state's timeout decide. */
static struct error *command_ended(void *arg, bool *ret_done)
{
    struct poll *poll = arg;
    if (poll->command->status == RAMDISK_RUNNING) {
        struct ramdisk_command now = {0};
        struct error *err = ramdisk_poll(poll->node, poll->command->id, &now);
        if (error_is_retryable(err)) {
            error_free(err);
            return NULL;
        }
        if (error_is(err, ERROR_NOT_FOUND))
            return error_wrap(err, "the agent was restarted during the step");
        TRY(err);
        ramdisk_command_release(poll->command);
        *poll->command = now;
    }
    *ret_done = poll->command->status != RAMDISK_RUNNING;
    return NULL;
}

static struct error *run_in_agent(struct step_context *context, const struct step_family *family)
{
    struct node *node = context->node;
    const char *step = json_str_or(context->step, "step", "");
    CLEANUP_RAMDISK_COMMAND struct ramdisk_command command = {0};
    TRY_WRAP(send_step(context, family, &command), "step %s", step);
    struct poll poll = {node, &command};
    TRY(operation_wait(context->operation, node->conductor->options.poll_min, command_ended, &poll));
    if (command.status == RAMDISK_SUCCEEDED)
        return NULL;
    return error_new(ERROR_INVALID, "Agent returned error for %s step %s on node %s: %s", family->name, step,
                     node->uuid, str_or(command.failure, "no reason"));
}

/* -- running -- */

static const struct step_type *own_step(const struct step_family *family, const struct json *step)
{
    for (const struct step_type *type = family->own; type && type->name; type++)
        if (str_equal(type->name, json_str(step, "step")))
            return type;
    return NULL;
}

static void set_present(struct node *node, const struct step_family *family, const struct json *step, int64_t index)
{
    struct json **present = (struct json **)((char *)node + family->field);
    json_free(*present);
    *present = json_copy(step);
    json_remove_member(*present, "args"); /* they may be large and are in the list */
    json_put(node->driver_internal_info, KEY_INDEX, json_new_int(index));
}

/* The reboot that a step asked for, and the ramdisk's return (IRO-322). */
static struct error *reboot_after(struct operation *operation)
{
    struct node *node = operation->node;
    TRY(power_do(node, POWER_ACTION_REBOOT, 0));
    return operation_wait_beat(operation);
}

static struct error *attempt(struct step_context *context, const struct step_family *family, bool booted)
{
    struct operation *operation = context->operation;
    const struct step_type *own = own_step(family, context->step);
    enum step_verdict verdict = own ? STEP_DONE : STEP_IN_AGENT;
    if (own && booted)
        verdict = STEP_WAIT_BEAT;
    else if (own)
        TRY(own->run(context, &verdict));
    if (verdict == STEP_WAIT_BEAT) {
        node_internal_set(context->node, KEY_PHASE, "waiting");
        return operation_wait_beat(operation);
    }
    if (verdict == STEP_DONE)
        return NULL;
    TRY(run_in_agent(context, family));
    return json_bool(context->step, "reboot_requested", false) ? reboot_after(operation) : NULL;
}

static struct error *agent_idle(void *arg, bool *ret_done)
{
    bool busy = true;
    struct error *err = ramdisk_is_busy(arg, &busy);
    if (error_is_retryable(err)) {
        error_free(err);
        return NULL;
    }
    *ret_done = !busy;
    return err;
}

static struct error *run_step(struct operation *operation, const struct step_family *family, const struct json *step)
{
    struct node *node = operation->node;
    CLEANUP_FREE char *phase = mem_strdup(node_internal(node, KEY_PHASE));
    struct step_context context = {
        .operation = operation, .node = node, .step = step, .again = operation->resumed && phase};
    node_internal_set(node, KEY_PHASE, phase ? phase : "begun");
    TRY(node_save(node)); /* durable before anything happens outside */
    log_info(node->conductor->log, "step", KV("node", node->uuid), KV("name", node->name),
             KV("step", json_str(step, "step")), KV("state", provision_state_name(node->provision_state)));
    for (;;) {
        struct error *err = attempt(&context, family, context.again && str_equal(phase, "waiting"));
        json_free(TAKE_PTR(context.args));
        if (error_code(err) != RAMDISK_BUSY)
            return err;
        error_free(err); /* with a command of before we were started again (IRO-346) */
        TRY(operation_wait(operation, node->conductor->options.poll_min, agent_idle, node));
        context.again = true;
    }
}

struct error *steps_run(struct operation *operation, const struct step_family *family)
{
    struct node *node = operation->node;
    for (;;) {
        int64_t index = json_int(json_member(node->driver_internal_info, KEY_INDEX), "", 0);
        const struct json *step = json_item(json_member(node->driver_internal_info, KEY_LIST), (size_t)index);
        if (!step)
            break;
        CLEANUP(json_free) struct json *copy = json_copy(step); /* the record changes while it runs */
        set_present(node, family, copy, index);
        TRY(run_step(operation, family, copy));
        node_internal_set(node, KEY_PHASE, NULL);
        operation->resumed = false;
        json_put(node->driver_internal_info, KEY_INDEX, json_new_int(index + 1));
    }
    steps_forget(node);
    return NULL;
}
