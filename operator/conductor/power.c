/* SPDX-License-Identifier: Apache-2.0 */
/* Power actions and their waiting. */
#include "operator/conductor/power.h"

#include <stdlib.h>

#include "lib/data/str.h"
#include "operator/conductor/agent_session.h"
#include "operator/conductor/internal.h"

#define POWER_RECENT RT_S /* a reading of this age still counts within a sequence */

static const struct {
    const char *name;
    const char *result; /* the record's power_state */
    enum bmc_power wanted;
    enum bmc_reset reset;
} actions[] = {
    [POWER_ACTION_ON] = {"power on", POWER_ON, BMC_POWER_ON, BMC_RESET_ON},
    [POWER_ACTION_OFF] = {"power off", POWER_OFF, BMC_POWER_OFF, BMC_RESET_OFF},
    [POWER_ACTION_SOFT_OFF] = {"soft power off", POWER_OFF, BMC_POWER_OFF, BMC_RESET_SOFT_OFF},
    [POWER_ACTION_REBOOT] = {"rebooting", POWER_ON, BMC_POWER_ON, BMC_RESET_RESTART},
    [POWER_ACTION_SOFT_REBOOT] = {"soft rebooting", POWER_ON, BMC_POWER_ON, BMC_RESET_SOFT_RESTART},
};

bool power_action_from_name(const char *name, enum power_action *ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
        if (str_equal(actions[i].name, name)) {
            *ret = (enum power_action)i;
            return true;
        }
    }
    return false;
}

/* -- reading -- */

static void record_facts(struct node *node, const struct bmc_facts *facts)
{
    node_set_text(&node->power_state, facts->power == BMC_POWER_ON    ? POWER_ON
                                      : facts->power == BMC_POWER_OFF ? POWER_OFF
                                                                      : NULL);
    node_set_text(&node->health, facts->health);
    node_set_text(&node->boot_mode, facts->boot_mode);
    if (facts->vendor && !json_get(node->properties, "vendor"))
        json_put_str(node->properties, "vendor", facts->vendor);
}

static struct error *read_power(struct node *node, enum bmc_power *ret)
{
    struct bmc_facts facts = {0};
    node->power_read = 0;
    TRY(bmc_read(node, &facts));
    record_facts(node, &facts);
    node->power_read = rt_now(node->conductor->rt);
    *ret = facts.power;
    bmc_facts_release(&facts);
    return NULL;
}

struct error *power_refresh(struct node *node)
{
    enum bmc_power power;
    return read_power(node, &power);
}

/* As the BMC told a moment ago, else as it tells now. */
static struct error *recent_power(struct node *node, enum bmc_power *ret)
{
    if (!node->power_read || rt_now(node->conductor->rt) - node->power_read > POWER_RECENT || !node->power_state)
        return read_power(node, ret);
    *ret = node_is_on(node) ? BMC_POWER_ON : BMC_POWER_OFF;
    return NULL;
}

/* Polls with growing pauses until the BMC tells `wanted`. */
static struct error *wait_for(struct node *node, enum bmc_power wanted, rt_time timeout)
{
    struct conductor *conductor = node->conductor;
    rt_time deadline = rt_after(conductor->rt, timeout), pause = conductor->options.poll_min;
    for (;;) {
        enum bmc_power now = BMC_POWER_UNKNOWN;
        struct error *err = read_power(node, &now);
        if (!err && now == wanted)
            return NULL;
        if (err && !error_is_retryable(err))
            return err;
        if (rt_now(conductor->rt) >= deadline) {
            if (err)
                return err;
            return error_new(ERROR_TIMEOUT, "the BMC did not get it to power %s within %lld s",
                             wanted == BMC_POWER_ON ? "on" : "off", (long long)(timeout / RT_S));
        }
        error_free(err);
        TRY(rt_sleep(conductor->rt, pause));
        pause = pause * 3 / 2 > conductor->options.poll_max ? conductor->options.poll_max : pause * 3 / 2;
    }
}

struct error *power_wait_off(struct node *node, rt_time timeout)
{
    return wait_for(node, BMC_POWER_OFF, timeout);
}

/* -- acting -- */

static rt_time timeout_of(const struct node *node, enum power_action action, rt_time timeout)
{
    const struct conductor_options *options = &node->conductor->options;
    if (action == POWER_ACTION_SOFT_OFF || action == POWER_ACTION_SOFT_REBOOT)
        return timeout ? timeout : options->soft_power_off_timeout;
    return options->power_state_change_timeout;
}

/* One change that has a lasting result. */
static struct error *change(struct node *node, enum power_action action, rt_time timeout)
{
    enum bmc_power now = BMC_POWER_UNKNOWN;
    TRY(recent_power(node, &now));
    if (now == actions[action].wanted)
        return NULL;
    if (action == POWER_ACTION_ON)
        TRY(bmc_renew_boot_device(node));
    TRY(bmc_reset(node, actions[action].reset));
    return wait_for(node, actions[action].wanted, timeout_of(node, action, timeout));
}

/* Off, wait, on (IRO-369); machines that must not be switched off are restarted instead. */
static struct error *reboot(struct node *node, enum power_action action, rt_time timeout)
{
    if (node->disable_power_off) {
        TRY(bmc_reset(node, actions[action].reset));
        TRY(rt_sleep(node->conductor->rt, 15 * RT_S));
        return wait_for(node, BMC_POWER_ON, timeout_of(node, POWER_ACTION_ON, 0));
    }
    TRY(change(node, action == POWER_ACTION_REBOOT ? POWER_ACTION_OFF : POWER_ACTION_SOFT_OFF, timeout));
    return change(node, POWER_ACTION_ON, 0);
}

struct error *power_do(struct node *node, enum power_action action, rt_time timeout)
{
    bool off = actions[action].wanted == BMC_POWER_OFF;
    if (off && node->disable_power_off)
        return error_new(ERROR_CONFLICT, "power off of node %s is disabled (disable_power_off)", node->uuid);
    if (action != POWER_ACTION_ON)
        ramdisk_forget(node, false);
    node_set_text(&node->target_power_state, actions[action].result);
    struct error *err = action == POWER_ACTION_REBOOT || action == POWER_ACTION_SOFT_REBOOT
                            ? reboot(node, action, timeout)
                            : change(node, action, timeout);
    node_set_text(&node->target_power_state, NULL);
    return error_wrap(err, "Failed to change power state to '%s'", actions[action].name);
}

/* -- requests of the API -- */

struct request {
    struct node *node;
    enum power_action action;
    rt_time timeout;
};

static void request_task(void *arg)
{
    struct request *request = arg;
    CLEANUP(node_unref) struct node *node = request->node;
    CLEANUP(error_free) struct error *err = power_do(node, request->action, request->timeout);
    free(request);
    if (!error_is(err, ERROR_CANCELLED)) {
        node_set_error(node, err, NULL);
        CLEANUP(error_free) struct error *unsaved = node_save(node);
        if (unsaved)
            log_warn(node->conductor->log, "node not saved", KV("node", node->uuid), KV_ERR(unsaved));
    }
    node_release(node);
}

void power_request_start(struct node *node, enum power_action action, rt_time timeout)
{
    struct request *request = mem_alloc(sizeof(*request));
    *request = (struct request){node_ref(node), action, timeout};
    node_set_text(&node->target_power_state, actions[action].result);
    if (!(provision_state_flags(node->provision_state) & STATE_PATCHABLE)) /* failures stay visible (IRO-367) */
        node_set_text(&node->last_error, NULL);
    rt_spawn(node->conductor->rt, node->conductor->group, "power", request_task, request);
}
