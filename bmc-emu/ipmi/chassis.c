// SPDX-License-Identifier: Apache-2.0
// The chassis (§28): power, identification, what was the cause of the last start.
#include "bmc-emu/ipmi/bmc.h"

#define IDENTIFY_DEFAULT 15 /* seconds */
#define IDENTIFY_FORCED 1
#define CAUSE_CHASSIS_CONTROL 1
#define EVENT_ON_BY_COMMAND 0x10
#define POLICY_ASK 3
#define POLICIES 0x07 /* always off, previous, always on */
#define MINUTES_PER_COUNT 60

static bool has_power(const struct bmc_snapshot *snapshot)
{
    return snapshot->power == MACHINE_ON || snapshot->power == MACHINE_POWERING_OFF;
}

uint8_t ipmi_get_chassis_capabilities(struct ipmi_call *call)
{
    ipmi_reply8(call, 0);
    for (int i = 0; i < 4; i++)
        ipmi_reply8(call, IPMI_ADDRESS_BMC); /* FRU, SDR, SEL, system management */
    return IPMI_OK;
}

uint8_t ipmi_get_chassis_status(struct ipmi_call *call)
{
    struct ipmi_bmc *bmc = call->bmc;
    struct bmc_snapshot snapshot;
    uint8_t code = ipmi_snapshot(call, &snapshot);

    if (code)
        return code;
    unsigned identify = snapshot.led == MACHINE_LED_OFF ? 0 : bmc->identify.when ? 1 : 2;
    ipmi_reply8(call, (unsigned)bmc->restore_policy << 5 | has_power(&snapshot));
    ipmi_reply8(call, bmc->power_event);
    ipmi_reply8(call, 0x40 | identify << 4); /* identification can be told */
    return IPMI_OK;
}

uint8_t ipmi_chassis_control(struct ipmi_call *call)
{
    static const struct {
        enum machine_action action;
        bool needs_power; /* D5h without, as the section recommends */
    } controls[] = {
        {MACHINE_ACTION_FORCE_OFF, false},    {MACHINE_ACTION_ON, false}, {MACHINE_ACTION_POWER_CYCLE, true},
        {MACHINE_ACTION_FORCE_RESTART, true}, {MACHINE_ACTION_NMI, true}, {MACHINE_ACTION_GRACEFUL_SHUTDOWN, false},
    };
    struct ipmi_bmc *bmc = call->bmc;
    struct bmc_driver *driver = bmc->context->options.driver;
    struct bmc_snapshot snapshot;

    if (call->data[0] >= ARRAY_SIZE(controls))
        return IPMI_CC_FIELD;
    uint8_t code = ipmi_snapshot(call, &snapshot);
    if (code)
        return code;
    if (controls[call->data[0]].needs_power && !has_power(&snapshot))
        return IPMI_CC_STATE;
    ipmi_boot_keep(bmc);
    enum machine_action action = controls[call->data[0]].action;
    code = ipmi_completion_of(bmc, driver->ops->power(driver, bmc->machine, action));
    if (code)
        return code;
    bmc->power_event = action == MACHINE_ACTION_ON ? EVENT_ON_BY_COMMAND : 0;
    bmc->restart_cause = CAUSE_CHASSIS_CONTROL;
    return IPMI_OK;
}

static void identify_end(struct ipmi_bmc *bmc)
{
    struct bmc_driver *driver = bmc->context->options.driver;

    error_free(driver->ops->led_set(driver, bmc->machine, MACHINE_LED_OFF));
}

uint8_t ipmi_chassis_identify(struct ipmi_call *call)
{
    struct ipmi_bmc *bmc = call->bmc;
    struct bmc_driver *driver = bmc->context->options.driver;
    unsigned seconds = call->len > 0 ? call->data[0] : IDENTIFY_DEFAULT;
    bool forced = call->len > 1 && (call->data[1] & IDENTIFY_FORCED);

    ipmi_timer_stop(&bmc->identify);
    if (seconds && !forced)
        ipmi_timer_start(bmc, &bmc->identify, seconds * RT_S, identify_end);
    return ipmi_completion_of(
        bmc, driver->ops->led_set(driver, bmc->machine, seconds || forced ? MACHINE_LED_BLINKING : MACHINE_LED_OFF));
}

uint8_t ipmi_set_restore_policy(struct ipmi_call *call)
{
    unsigned policy = call->data[0] & 7;

    if (policy > POLICY_ASK)
        return IPMI_CC_FIELD;
    if (policy != POLICY_ASK)
        call->bmc->restore_policy = (uint8_t)policy;
    ipmi_reply8(call, POLICIES);
    return IPMI_OK;
}

uint8_t ipmi_get_restart_cause(struct ipmi_call *call)
{
    ipmi_reply8(call, call->bmc->restart_cause);
    ipmi_reply8(call, call->bmc->restart_cause == CAUSE_CHASSIS_CONTROL ? IPMI_CHANNEL : 0);
    return IPMI_OK;
}

uint8_t ipmi_get_power_on_hours(struct ipmi_call *call)
{
    const struct ipmi_log *log = ipmi_log_of(call->bmc->context, call->bmc->machine);
    int64_t on = log->on_total;

    if (log->on_since)
        on += rt_wall(call->bmc->context->env->rt) - log->on_since;
    ipmi_reply8(call, MINUTES_PER_COUNT);
    ipmi_reply32(call, (uint32_t)(on / (MINUTES_PER_COUNT * 60 * RT_S)));
    return IPMI_OK;
}
