/* SPDX-License-Identifier: Apache-2.0 */
/* Power: its state, on, and off in all its ways (BMO-581…584, IRO-117…121). */
#include "operator/ironic/backend.h"

#include <string.h>

#define ON "power on"
#define OFF "power off"
#define SOFT_OFF "soft power off"

struct error *ironic_power_state(struct provisioner *provisioner, enum power_state *ret)
{
    const struct json *node = NULL;

    TRY(host_node((struct ironic_host *)provisioner, &node));
    const char *power = json_str_or(node, "power_state", "");
    *ret = str_equal(power, ON) ? POWER_ON : str_equal(power, OFF) ? POWER_OFF : POWER_UNKNOWN;
    return NULL;
}

/* What a target means to the user; the rebooting targets of a host that must not be off say what they do. */
static void publish_power(struct ironic_host *host, const char *target)
{
    if (str_equal(target, ON))
        host_publish(host, "PowerOn", "Host powered on");
    else if (str_equal(target, OFF))
        host_publish(host, "PowerOff", "Host powered off");
    else if (str_equal(target, SOFT_OFF))
        host_publish(host, "PowerOff", "Host soft powered off");
    else
        host_publish(host, "PowerOff", "Host rebooting, as it must not be powered off");
}

/* PUT states/power. *ret_unsupported (may be NULL) takes a 400 instead of the caller getting an error. */
static struct error *change_power(struct ironic_host *host, const char *target, struct provision_result *ret,
                                  bool *ret_unsupported)
{
    if (json_str_or(host->node, "target_provision_state", "")[0]) {
        result_wait(host, ret, WAIT_SHORT);
        return NULL;
    }
    struct error *err = ironic_node_power(host->backend->client, host->id, target,
                                          str_equal(target, SOFT_OFF) ? SOFT_POWER_OFF_TIMEOUT : 0);
    host->stale = true;
    if (error_is(err, ERROR_INVALID) && ret_unsupported) {
        error_free(err);
        *ret_unsupported = true;
        return NULL;
    }
    if (err)
        return result_from_error(host, err, ret);
    publish_power(host, target);
    result_wait(host, ret, WAIT_SHORT);
    return NULL;
}

struct error *ironic_power_on(struct provisioner *provisioner, bool force, struct provision_result *ret)
{
    struct ironic_host *host = (struct ironic_host *)provisioner;
    const struct json *node = NULL;

    TRY(host_node(host, &node));
    const char *last_error = json_str_or(node, "last_error", "");
    if (str_equal(json_str(node, "power_state"), ON))
        return NULL;
    if (str_equal(json_str(node, "target_power_state"), ON)) {
        result_wait(host, ret, WAIT_SHORT);
        return NULL;
    }
    if (last_error[0] && !force) {
        result_fail(ret, "PowerOn operation failed: %s", last_error);
        return NULL;
    }
    return change_power(host, ON, ret, NULL);
}

/* What holds the node may have to go first (IRO-120). *ret stays "done" when nothing does. */
static struct error *abort_running(struct ironic_host *host, const struct power_off_data *data,
                                   struct provision_result *ret)
{
    const char *state = node_state(host->node);
    const char *target = json_str_or(host->node, "target_provision_state", "");

    if (str_equal(state, "inspect wait"))
        return host_change_state(host, "abort", NULL, ret, NULL);
    if (str_equal(state, "inspect failed") && target[0])
        return host_change_state(host, "manage", NULL, ret, NULL);
    if (str_equal(state, "clean wait")) {
        /* The target of a manual cleaning is "manageable", of an automated one "available". */
        bool manual = str_equal(target, "manageable") || str_equal(target, "clean");
        if (manual || str_equal(data->automated_cleaning_mode, "disabled"))
            return host_change_state(host, "abort", NULL, ret, NULL);
        result_wait(host, ret, WAIT_LONG);
    } else if (str_equal(state, "inspecting") || str_equal(state, "cleaning")) {
        result_wait(host, ret, WAIT_LONG);
    }
    return NULL;
}

static struct error *begin_power_off(struct ironic_host *host, const struct power_off_data *data,
                                     struct provision_result *ret)
{
    bool reboots = json_bool(host->node, "disable_power_off", false);
    bool unsupported = false;

    if (!data->hard && !data->force) {
        TRY(change_power(host, reboots ? "soft rebooting" : SOFT_OFF, ret, &unsupported));
        if (!unsupported)
            return NULL;
    }
    return change_power(host, reboots ? "rebooting" : OFF, ret, NULL);
}

struct error *ironic_power_off(struct provisioner *provisioner, const struct power_off_data *data,
                               struct provision_result *ret)
{
    struct ironic_host *host = (struct ironic_host *)provisioner;
    const struct json *node = NULL;

    TRY(host_node(host, &node));
    TRY(abort_running(host, data, ret));
    if (!provision_result_done(ret))
        return NULL;
    const char *target = json_str_or(node, "target_power_state", "");
    const char *last_error = json_str_or(node, "last_error", "");
    if (str_equal(json_str(node, "power_state"), OFF))
        return NULL;
    if (str_equal(target, OFF) || str_equal(target, SOFT_OFF)) {
        result_wait(host, ret, WAIT_SHORT);
        return NULL;
    }
    if (!target[0] && last_error[0] && !strstr(last_error, "aborted") && !data->force) {
        result_fail(ret, "%s", last_error);
        return NULL;
    }
    return begin_power_off(host, data, ret);
}
