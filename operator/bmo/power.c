/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Power of a host at rest (bmo.md 2.9): what it is, what spec.online and the reboot annotations wish it to be, and one
 * step from the one to the other.
 */
#include "lib/log/log.h"
#include "operator/bmo/host_pass.h"

#define SOFT_FAILED "Continuing with hard poweroff after soft poweroff fails. More details: "

static bool is_provisioned(const struct host_pass *pass)
{
    enum host_state state = host_state(pass);
    return state == HOST_STATE_PROVISIONED || state == HOST_STATE_EXTERNALLY_PROVISIONED;
}

static bool is_powered_on(const struct host_pass *pass)
{
    return json_bool(pass->host, "status/poweredOn", false);
}

struct error *host_read_power(struct host_pass *pass)
{
    enum power_state power = POWER_UNKNOWN;

    TRY_WRAP(pass->provisioner->ops->power_state(pass->provisioner, &power), "failed to update the host power status");
    if (power == POWER_UNKNOWN || (power == POWER_ON) == is_powered_on(pass))
        return NULL;
    log_info(pass->log, "power status changed", KV("power", power == POWER_ON ? "on" : "off"));
    json_set_bool(pass->host, "status/poweredOn", power == POWER_ON);
    if (host_error(pass) == HOST_ERROR_POWER_MANAGEMENT)
        host_clear_error(pass);
    return NULL;
}

/* What the backend sees goes into status first, and is all that a pass does (BMO-217). */
static struct error *read_power(struct host_pass *pass, struct action *ret)
{
    bool before = is_powered_on(pass);

    TRY(host_read_power(pass));
    if (is_powered_on(pass) != before)
        *ret = action_after(0);
    return NULL;
}

static struct error *drop_reboot(struct host_pass *pass, struct action *ret)
{
    bool dropped = false;

    TRY(host_drop_annotation(pass, HOST_REBOOT_ANNOTATION, &dropped));
    if (dropped)
        *ret = action_after(0);
    return NULL;
}

static struct error *call_backend(struct host_pass *pass, bool on, bool hard, struct provision_result *ret)
{
    const struct provisioner_ops *ops = pass->provisioner->ops;
    bool force = host_error(pass) == HOST_ERROR_POWER_MANAGEMENT;
    const struct power_off_data off = {
        .hard = hard, .force = force, .automated_cleaning_mode = host_cleaning_mode(pass)};

    TRY_WRAP(on ? ops->power_on(pass->provisioner, force, ret) : ops->power_off(pass->provisioner, &off, ret),
             "failed to change power state");
    return NULL;
}

static struct error *change_power(struct host_pass *pass, bool on, bool wished_hard, struct action *ret)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    bool hard = wished_hard || host_status_int(pass, "errorCount") > 0;
    bool first = host_error(pass) != HOST_ERROR_POWER_MANAGEMENT;

    log_info(pass->log, "power state change needed", KV("to", on ? "on" : "off"), KV("mode", hard ? "hard" : "soft"));
    TRY(call_backend(pass, on, hard, &result));
    if (json_bool(pass->host, "spec/disablePowerOff", false) && !result.message && !result.busy) {
        TRY(drop_reboot(pass, ret)); /* it was a reboot, and is done (BMO-226) */
        if (ret->kind != ACTION_NONE)
            return NULL;
    }
    if (result.message) {
        *ret = host_fail(pass, HOST_ERROR_POWER_MANAGEMENT, "%s%s", !on && !hard && first ? SOFT_FAILED : "",
                         result.message);
        return NULL;
    }
    if (result.dirty) {
        host_clear_error(pass);
        host_metrics_count(&pass->bmo->metrics, HOST_METRIC_POWER_CHANGE, pass->ns, pass->name, on ? "on" : "off");
        *ret = action_after(result.requeue_after);
        return NULL;
    }
    json_set_bool(pass->host, "status/poweredOn", host_is_online(pass));
    host_reset_error_count(pass);
    *ret = action_after(DELAY_POWER_POLL);
    return NULL;
}

struct error *step_power(struct host_pass *pass, struct action *ret)
{
    TRY(read_power(pass, ret));
    if (ret->kind == ACTION_NONE && !is_powered_on(pass))
        TRY(drop_reboot(pass, ret)); /* the off half of a reboot is done (BMO-219) */
    if (ret->kind != ACTION_NONE)
        return NULL;
    struct reboot_wish reboot = host_reboot_wish(pass, !is_provisioned(pass));
    bool wished = host_is_online(pass) && !reboot.wished;
    if (wished != is_powered_on(pass))
        return change_power(pass, wished, reboot.hard, ret);
    *ret = action_after(DELAY_POWER_POLL);
    return NULL;
}
