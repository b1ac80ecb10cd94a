/* SPDX-License-Identifier: Apache-2.0 */
/* Cleaning: automated, after an undeployment or a provide, and manual with the user's steps (B8). */
#include <stdlib.h>

#include "lib/data/str.h"
#include "operator/conductor/agent_session.h"
#include "operator/conductor/boot.h"
#include "operator/conductor/internal.h"
#include "operator/conductor/power.h"
#include "operator/conductor/steps.h"

const struct step_family clean_steps = {.name = "clean", .field = offsetof(struct node, clean_step)};

/* IRO-319: what Metal3 sets. */
static const struct {
    const char *step;
    int priority;
} priorities[] = {{"erase_devices", 0}, {"erase_devices_metadata", 10}};

static bool is_manual(const struct node *node)
{
    return node->target_provision_state == STATE_MANAGEABLE;
}

static bool wanted(const struct node *node)
{
    if (is_manual(node) || node->automated_clean == TRISTATE_TRUE)
        return true;
    return node->automated_clean == TRISTATE_UNSET && node->conductor->options.automated_clean;
}

/* IRO-316: how the agent shall erase. */
static void set_erase_options(struct node *node)
{
    struct json *info = node->driver_internal_info;
    json_put(info, "agent_erase_devices_iterations", json_new_int(1));
    json_put(info, "agent_erase_devices_zeroize", json_new_bool(true));
    json_put(info, "agent_continue_if_secure_erase_failed", json_new_bool(false));
    json_put(info, "agent_continue_if_ata_erase_failed", json_new_bool(false));
    json_put(info, "agent_enable_ata_secure_erase", json_new_bool(true));
    json_put(info, "agent_enable_nvme_secure_erase", json_new_bool(true));
    json_put(info, "disk_erasure_concurrency", json_new_int(4));
    json_put(info, "agent_erase_skip_read_only", json_new_bool(false));
}

/* The agent's steps with our priorities; those of priority 0 are not run. */
static struct json *automated_list(const struct json *steps)
{
    CLEANUP(json_free) struct json *list = json_new_array();
    JSON_FOREACH (step, steps) {
        int64_t priority = json_int(step, "priority", 0);
        for (size_t i = 0; i < ARRAY_SIZE(priorities); i++)
            if (str_equal(priorities[i].step, json_str(step, "step")))
                priority = priorities[i].priority;
        if (priority <= 0)
            continue;
        struct json *copy = json_copy(step);
        json_set_int(copy, "priority", priority);
        json_set_bool(copy, "requires_ramdisk", true);
        json_append(list, copy);
    }
    return steps_sorted(list);
}

/* The user's steps in their order; each must be one of the agent's. */
static struct error *manual_list(const struct node *node, const struct json *steps, struct json **ret)
{
    CLEANUP(json_free) struct json *list = json_new_array();
    JSON_FOREACH (wish, steps_user(node)) {
        const struct json *found = NULL;
        JSON_FOREACH (step, steps)
            if (str_equal(json_str(step, "step"), json_str(wish, "step")) &&
                str_equal(json_str(step, "interface"), json_str(wish, "interface")))
                found = step;
        if (!found)
            return error_new(ERROR_INVALID, "node %s has no clean step {interface: %s, step: %s}", node->uuid,
                             json_str_or(wish, "interface", ""), json_str_or(wish, "step", ""));
        struct json *copy = json_copy(found);
        if (json_get(wish, "args"))
            json_set(copy, "args", json_copy(json_get(wish, "args")));
        json_append(list, copy);
    }
    *ret = TAKE_PTR(list);
    return NULL;
}

static struct error *prepare(struct operation *operation)
{
    struct node *node = operation->node;
    bool booted = operation->resumed && node->provision_state == STATE_CLEAN_WAIT, fast = false;
    if (!booted) {
        set_erase_options(node);
        TRY(ramdisk_fast_track(node, &fast));
        CLEANUP_FREE char *params = boot_api_params(node);
        if (!fast)
            TRY(boot_ramdisk(node, params));
    }
    if (!fast)
        TRY(operation_wait_beat(operation));
    CLEANUP(json_free) struct json *steps = NULL, *list = NULL;
    TRY(steps_fetch(operation, &clean_steps, &steps));
    if (is_manual(node))
        TRY(manual_list(node, steps, &list));
    else
        list = automated_list(steps);
    steps_set(node, TAKE_PTR(list));
    operation->resumed = false;
    return NULL;
}

/* With fast track the ramdisk stays up for the deployment. */
static struct error *finish(struct node *node)
{
    if (!node->conductor->options.fast_track || !node_is_on(node))
        TRY(boot_clean_up_ramdisk(node));
    return node_transition(node, EVENT_DONE);
}

struct error *clean_run(struct operation *operation)
{
    struct node *node = operation->node;
    if (!wanted(node))
        return node_transition(node, EVENT_DONE);
    if (!steps_present(node))
        TRY(prepare(operation));
    TRY(operation_proceed(operation));
    TRY(steps_run(operation, &clean_steps));
    return finish(node);
}

void clean_failed(struct operation *operation)
{
    struct node *node = operation->node;
    bool begun = json_str(node->clean_step, "step") != NULL;
    steps_forget(node);
    CLEANUP(error_free) struct error *err = boot_clean_up_ramdisk(node);
    if (err)
        log_warn(node->conductor->log, "ramdisk not cleaned up", KV("node", node->uuid), KV_ERR(err));
    if (begun) { /* IRO-324 */
        node->maintenance = true;
        node_set_text(&node->maintenance_reason, node->last_error);
        node_set_text(&node->fault, "clean failure");
    }
}
