// SPDX-License-Identifier: Apache-2.0
// The commands that a BMC knows: who may give them, how long their data are, who answers (EMU-305 to 366).
#include <string.h>

#include "bmc-emu/ipmi/bmc.h"

#define ANYONE 0

/* Of each network function, those that clients give most come first. */
const struct ipmi_command ipmi_commands[] = {
    {IPMI_NETFN_CHASSIS, 0x01, IPMI_USER, 0, 0, ipmi_get_chassis_status},
    {IPMI_NETFN_CHASSIS, 0x00, IPMI_USER, 0, 0, ipmi_get_chassis_capabilities},
    {IPMI_NETFN_CHASSIS, 0x02, IPMI_OPERATOR, 1, 1, ipmi_chassis_control},
    {IPMI_NETFN_CHASSIS, 0x04, IPMI_OPERATOR, 0, 2, ipmi_chassis_identify},
    {IPMI_NETFN_CHASSIS, 0x06, IPMI_OPERATOR, 1, 1, ipmi_set_restore_policy},
    {IPMI_NETFN_CHASSIS, 0x07, IPMI_USER, 0, 0, ipmi_get_restart_cause},
    {IPMI_NETFN_CHASSIS, 0x08, IPMI_OPERATOR, 1, 20, ipmi_set_boot_options},
    {IPMI_NETFN_CHASSIS, 0x09, IPMI_OPERATOR, 3, 3, ipmi_get_boot_options},
    {IPMI_NETFN_CHASSIS, 0x0f, IPMI_USER, 0, 0, ipmi_get_power_on_hours},
    {IPMI_NETFN_APP, 0x01, IPMI_USER, 0, 0, ipmi_get_device_id},
    {IPMI_NETFN_APP, 0x38, ANYONE, 2, 2, ipmi_get_auth_capabilities},
    {IPMI_NETFN_APP, 0x54, ANYONE, 3, 3, ipmi_get_cipher_suites},
    {IPMI_NETFN_APP, 0x39, ANYONE, 17, 17, ipmi_get_challenge},
    {IPMI_NETFN_APP, 0x3a, ANYONE, 22, 22, ipmi_activate_session},
    {IPMI_NETFN_APP, 0x3b, IPMI_CALLBACK, 1, 1, ipmi_set_privilege},
    {IPMI_NETFN_APP, 0x3c, IPMI_CALLBACK, 4, 5, ipmi_close_session},
    {IPMI_NETFN_APP, 0x37, ANYONE, 0, 0, ipmi_get_guid},
    {IPMI_NETFN_APP, 0x08, IPMI_USER, 0, 0, ipmi_get_guid},
    {IPMI_NETFN_APP, 0x02, IPMI_ADMINISTRATOR, 0, 0, ipmi_reset_bmc},
    {IPMI_NETFN_APP, 0x03, IPMI_ADMINISTRATOR, 0, 0, ipmi_reset_bmc},
    {IPMI_NETFN_APP, 0x04, IPMI_USER, 0, 0, ipmi_get_self_test},
    {IPMI_NETFN_APP, 0x07, IPMI_USER, 0, 0, ipmi_get_acpi_state},
    {IPMI_NETFN_APP, 0x22, IPMI_OPERATOR, 0, 0, ipmi_reset_watchdog},
    {IPMI_NETFN_APP, 0x24, IPMI_OPERATOR, 6, 6, ipmi_set_watchdog},
    {IPMI_NETFN_APP, 0x25, IPMI_USER, 0, 0, ipmi_get_watchdog},
    {IPMI_NETFN_APP, 0x2e, IPMI_ADMINISTRATOR, 1, 1, ipmi_set_enables},
    {IPMI_NETFN_APP, 0x2f, IPMI_USER, 0, 0, ipmi_get_enables},
    {IPMI_NETFN_APP, 0x3d, IPMI_USER, 1, 5, ipmi_get_session_info},
    {IPMI_NETFN_APP, 0x40, IPMI_ADMINISTRATOR, 3, 3, ipmi_set_channel_access},
    {IPMI_NETFN_APP, 0x41, IPMI_USER, 2, 2, ipmi_get_channel_access},
    {IPMI_NETFN_APP, 0x42, IPMI_USER, 1, 1, ipmi_get_channel_info},
    {IPMI_NETFN_APP, 0x43, IPMI_ADMINISTRATOR, 3, 4, ipmi_set_user_access},
    {IPMI_NETFN_APP, 0x44, IPMI_OPERATOR, 2, 2, ipmi_get_user_access},
    {IPMI_NETFN_APP, 0x45, IPMI_ADMINISTRATOR, 17, 17, ipmi_set_user_name},
    {IPMI_NETFN_APP, 0x46, IPMI_OPERATOR, 1, 1, ipmi_get_user_name},
    {IPMI_NETFN_APP, 0x47, IPMI_ADMINISTRATOR, 2, 22, ipmi_set_user_password},
    {IPMI_NETFN_APP, 0x4e, IPMI_USER, 1, 1, ipmi_get_payload_support},
    {IPMI_NETFN_SENSOR, 0x2d, IPMI_USER, 1, 1, ipmi_get_sensor_reading},
    {IPMI_NETFN_SENSOR, 0x27, IPMI_USER, 1, 1, ipmi_get_sensor_thresholds},
    {IPMI_NETFN_SENSOR, 0x25, IPMI_USER, 2, 2, ipmi_get_sensor_hysteresis},
    {IPMI_NETFN_SENSOR, 0x29, IPMI_USER, 1, 1, ipmi_get_sensor_events},
    {IPMI_NETFN_SENSOR, 0x2b, IPMI_USER, 1, 1, ipmi_get_sensor_event_status},
    {IPMI_NETFN_SENSOR, 0x2f, IPMI_USER, 1, 1, ipmi_get_sensor_type},
    {IPMI_NETFN_SENSOR, 0x02, IPMI_OPERATOR, 7, 8, ipmi_platform_event},
    {IPMI_NETFN_STORAGE, 0x23, IPMI_USER, 6, 6, ipmi_get_sdr},
    {IPMI_NETFN_STORAGE, 0x20, IPMI_USER, 0, 0, ipmi_get_sdr_info},
    {IPMI_NETFN_STORAGE, 0x22, IPMI_USER, 0, 0, ipmi_reserve_sdr},
    {IPMI_NETFN_STORAGE, 0x28, IPMI_USER, 0, 0, ipmi_get_time},
    {IPMI_NETFN_STORAGE, 0x43, IPMI_USER, 6, 6, ipmi_get_sel_entry},
    {IPMI_NETFN_STORAGE, 0x40, IPMI_USER, 0, 0, ipmi_get_sel_info},
    {IPMI_NETFN_STORAGE, 0x41, IPMI_USER, 0, 0, ipmi_get_sel_allocation},
    {IPMI_NETFN_STORAGE, 0x42, IPMI_USER, 0, 0, ipmi_reserve_sel},
    {IPMI_NETFN_STORAGE, 0x44, IPMI_OPERATOR, 16, 16, ipmi_add_sel_entry},
    {IPMI_NETFN_STORAGE, 0x46, IPMI_OPERATOR, 4, 4, ipmi_delete_sel_entry},
    {IPMI_NETFN_STORAGE, 0x47, IPMI_OPERATOR, 6, 6, ipmi_clear_sel},
    {IPMI_NETFN_STORAGE, 0x48, IPMI_USER, 0, 0, ipmi_get_time},
    {IPMI_NETFN_STORAGE, 0x49, IPMI_OPERATOR, 4, 4, ipmi_set_time},
    {IPMI_NETFN_STORAGE, 0x10, IPMI_USER, 1, 1, ipmi_get_fru_info},
    {IPMI_NETFN_STORAGE, 0x11, IPMI_USER, 4, 4, ipmi_read_fru},
    {IPMI_NETFN_STORAGE, 0x12, IPMI_OPERATOR, 4, 255, ipmi_write_fru},
    {IPMI_NETFN_TRANSPORT, 0x01, IPMI_ADMINISTRATOR, 3, 20, ipmi_set_lan},
    {IPMI_NETFN_TRANSPORT, 0x02, IPMI_OPERATOR, 4, 4, ipmi_get_lan},
    {0},
};

static const struct ipmi_command *find(uint8_t netfn, uint8_t command)
{
    for (const struct ipmi_command *row = ipmi_commands; row->handle; row++)
        if (row->netfn == netfn && row->command == command)
            return row;
    return NULL;
}

uint8_t ipmi_command_run(struct ipmi_call *call, uint8_t netfn, uint8_t command)
{
    const struct ipmi_command *row = find(netfn, command);
    uint8_t level = call->session ? call->session->level : ANYONE;

    /* Outside of a session nothing else is to be learnt about commands. */
    if (!row && level == ANYONE)
        return IPMI_CC_PRIVILEGE;
    if (!row)
        return IPMI_CC_INVALID_COMMAND;
    if (row->privilege > level)
        return IPMI_CC_PRIVILEGE;
    if (call->len < row->min || call->len > row->max)
        return IPMI_CC_LENGTH;
    return row->handle(call);
}

void ipmi_reply(struct ipmi_call *call, const void *data, size_t len)
{
    if (len > sizeof(call->reply) - call->reply_len)
        len = sizeof(call->reply) - call->reply_len;
    memcpy(call->reply + call->reply_len, data, len);
    call->reply_len += len;
}

void ipmi_reply8(struct ipmi_call *call, unsigned value)
{
    ipmi_reply(call, &(uint8_t){(uint8_t)value}, 1);
}

void ipmi_reply16(struct ipmi_call *call, unsigned value)
{
    uint8_t bytes[] = {(uint8_t)value, (uint8_t)(value >> 8)};

    ipmi_reply(call, bytes, sizeof(bytes));
}

void ipmi_reply32(struct ipmi_call *call, uint32_t value)
{
    uint8_t bytes[4];

    put_le32(bytes, value);
    ipmi_reply(call, bytes, sizeof(bytes));
}
