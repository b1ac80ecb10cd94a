// SPDX-License-Identifier: Apache-2.0
// The BMC itself: who it is, whether it is well, restarting it (§20, §22.1 and 22.2).
#include <stdio.h>

#include "bmc-emu/ipmi/bmc.h"

#define RESTART_TIME (5 * RT_S)
#define ENABLES_MASK 0xef /* bit 4 is reserved */

static unsigned bcd(unsigned value)
{
    return value % 100 / 10 << 4 | value % 10;
}

uint8_t ipmi_get_device_id(struct ipmi_call *call)
{
    struct bmc_snapshot snapshot;
    unsigned major = 1, minor = 0;
    uint8_t code = ipmi_snapshot(call, &snapshot);

    if (code)
        return code;
    if (sscanf(snapshot.profile->bmc_version, "%3u.%3u", &major, &minor) < 1)
        major = 1;
    ipmi_reply8(call, 0x20);         /* device */
    ipmi_reply8(call, 0x81);         /* has device SDRs, revision 1 */
    ipmi_reply8(call, major & 0x7f); /* firmware */
    ipmi_reply8(call, bcd(minor));
    ipmi_reply8(call, 0x02);                    /* IPMI 2.0 */
    ipmi_reply8(call, 0x8f);                    /* chassis, FRU, SEL, SDR, sensors */
    ipmi_reply(call, (const uint8_t[9]){0}, 9); /* no manufacturer, product, auxiliary firmware */
    return IPMI_OK;
}

uint8_t ipmi_reset_bmc(struct ipmi_call *call)
{
    struct ipmi_bmc *bmc = call->bmc;

    /* Everybody is out, and nobody gets an answer for a while, but for this one. */
    for (size_t i = 0; i < IPMI_SESSIONS_MAX; i++)
        if (bmc->sessions[i] && bmc->sessions[i] != call->session)
            ipmi_session_end(bmc->sessions[i]);
    call->end_session = true;
    bmc->away_until = rt_after(bmc->context->env->rt, RESTART_TIME);
    return IPMI_OK;
}

uint8_t ipmi_get_self_test(struct ipmi_call *call)
{
    ipmi_reply8(call, 0x55); /* passed */
    ipmi_reply8(call, 0x00);
    return IPMI_OK;
}

uint8_t ipmi_get_acpi_state(struct ipmi_call *call)
{
    struct bmc_snapshot snapshot;
    uint8_t code = ipmi_snapshot(call, &snapshot);

    if (code)
        return code;
    ipmi_reply8(call, snapshot.power == MACHINE_OFF || snapshot.power == MACHINE_POWERING_ON ? 0x05 : 0x00);
    ipmi_reply8(call, 0x00); /* the BMC is awake */
    return IPMI_OK;
}

uint8_t ipmi_get_guid(struct ipmi_call *call)
{
    ipmi_reply(call, call->bmc->guid, IPMI_GUID_SIZE);
    return IPMI_OK;
}

uint8_t ipmi_set_enables(struct ipmi_call *call)
{
    if (call->data[0] & ~ENABLES_MASK)
        return IPMI_CC_FIELD;
    call->bmc->enables = call->data[0];
    return IPMI_OK;
}

uint8_t ipmi_get_enables(struct ipmi_call *call)
{
    ipmi_reply8(call, call->bmc->enables);
    return IPMI_OK;
}
