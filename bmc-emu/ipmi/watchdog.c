// SPDX-License-Identifier: Apache-2.0
// The watchdog (§27): counts down, then does to the machine what it was told.
#include "bmc-emu/ipmi/bmc.h"

#define COUNT_UNIT (100 * RT_MS)
#define USE_DONT_LOG 0x80
#define USE_DONT_STOP 0x40
#define USE_MASK 0x07
#define ACTION_MASK 0x07
#define CAUSE_WATCHDOG 4

/* By the timeout action of Set Watchdog Timer. */
static const struct {
    bool acts;
    enum machine_action action;
} actions[] = {
    {false, 0},
    {true, MACHINE_ACTION_FORCE_RESTART},
    {true, MACHINE_ACTION_FORCE_OFF},
    {true, MACHINE_ACTION_POWER_CYCLE},
};

static void expire(struct ipmi_bmc *bmc)
{
    struct ipmi_watchdog *watchdog = &bmc->watchdog;
    struct bmc_driver *driver = bmc->context->options.driver;
    uint8_t action = watchdog->action & ACTION_MASK;

    watchdog->expired |= (uint8_t)(1 << (watchdog->use & USE_MASK));
    if (!(watchdog->use & USE_DONT_LOG))
        ipmi_log_event(bmc->context, bmc->machine, IPMI_SENSOR_WATCHDOG, action);
    if (!actions[action].acts)
        return;
    bmc->restart_cause = CAUSE_WATCHDOG;
    struct error *err = driver->ops->power(driver, bmc->machine, actions[action].action);
    if (err)
        log_warn(bmc->context->env->log, "the watchdog's action failed", KV_INT("machine", (int64_t)bmc->machine),
                 KV_ERR(err));
    error_free(err);
}

static void start(struct ipmi_bmc *bmc)
{
    ipmi_timer_start(bmc, &bmc->watchdog.timer, bmc->watchdog.count * COUNT_UNIT, expire);
}

uint8_t ipmi_reset_watchdog(struct ipmi_call *call)
{
    if (!call->bmc->watchdog.set)
        return IPMI_CC_80;
    start(call->bmc);
    return IPMI_OK;
}

uint8_t ipmi_set_watchdog(struct ipmi_call *call)
{
    struct ipmi_watchdog *watchdog = &call->bmc->watchdog;
    uint8_t use = call->data[0] & USE_MASK;

    if (use < 1 || use > 5 || (call->data[1] & ACTION_MASK) >= ARRAY_SIZE(actions))
        return IPMI_CC_FIELD;
    bool runs = watchdog->timer.when && (call->data[0] & USE_DONT_STOP);
    watchdog->set = true;
    watchdog->use = call->data[0] & (USE_DONT_LOG | USE_MASK);
    watchdog->action = call->data[1];
    watchdog->pretimeout = call->data[2];
    watchdog->expired &= ~call->data[3];
    watchdog->count = get_le16(call->data + 4);
    if (runs)
        start(call->bmc);
    else
        ipmi_timer_stop(&watchdog->timer);
    return IPMI_OK;
}

uint8_t ipmi_get_watchdog(struct ipmi_call *call)
{
    const struct ipmi_watchdog *watchdog = &call->bmc->watchdog;
    rt_time left = watchdog->timer.when ? watchdog->timer.when - rt_now(call->bmc->context->env->rt) : 0;

    ipmi_reply8(call, watchdog->use | (watchdog->timer.when ? USE_DONT_STOP : 0)); /* here the bit says "runs" */
    ipmi_reply8(call, watchdog->action);
    ipmi_reply8(call, watchdog->pretimeout);
    ipmi_reply8(call, watchdog->expired);
    ipmi_reply16(call, watchdog->count);
    ipmi_reply16(call, watchdog->timer.when ? (unsigned)(left > 0 ? left / COUNT_UNIT : 0) : watchdog->count);
    return IPMI_OK;
}
