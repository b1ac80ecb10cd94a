// SPDX-License-Identifier: Apache-2.0
// The LAN channel and its parameters (§22.22 to 22.24, §23).
#include <string.h>

#include "bmc-emu/ipmi/bmc.h"

#define SYSTEM_CHANNEL 0x0f
#define MEDIUM_LAN 0x04
#define PROTOCOL_IPMB 0x01
#define MULTI_SESSION 0x80
#define LAN_REVISION 0x11
#define REVISION_ONLY 0x80
#define ACCESS_ALWAYS 0x02
#define SOURCE_STATIC 1

static bool is_lan(uint8_t byte)
{
    return (byte & 0x0f) == IPMI_CHANNEL || (byte & 0x0f) == IPMI_CHANNEL_CURRENT;
}

uint8_t ipmi_set_channel_access(struct ipmi_call *call)
{
    /* Taken note of by nobody: the channel is always available, each message is authenticated. */
    return is_lan(call->data[0]) ? IPMI_CC_82 : IPMI_CC_FIELD;
}

uint8_t ipmi_get_channel_access(struct ipmi_call *call)
{
    if (!is_lan(call->data[0]))
        return IPMI_CC_82;
    if ((call->data[1] >> 6) != 1 && (call->data[1] >> 6) != 2)
        return IPMI_CC_FIELD;
    ipmi_reply8(call, ACCESS_ALWAYS);
    ipmi_reply8(call, IPMI_ADMINISTRATOR);
    return IPMI_OK;
}

uint8_t ipmi_get_channel_info(struct ipmi_call *call)
{
    unsigned active = 0;

    if (!is_lan(call->data[0]))
        return IPMI_CC_NOT_PRESENT;
    for (size_t i = 0; i < IPMI_SESSIONS_MAX; i++)
        active += call->bmc->sessions[i] && call->bmc->sessions[i]->state == IPMI_SESSION_ACTIVE &&
                  ipmi_session_find(call->bmc, call->bmc->sessions[i]->id);
    ipmi_reply8(call, IPMI_CHANNEL);
    ipmi_reply8(call, MEDIUM_LAN);
    ipmi_reply8(call, PROTOCOL_IPMB);
    ipmi_reply8(call, MULTI_SESSION | active);
    ipmi_reply(call, (const uint8_t[]){0xf2, 0x1b, 0x00, 0, 0}, 5); /* the IPMI forum */
    return IPMI_OK;
}

uint8_t ipmi_get_payload_support(struct ipmi_call *call)
{
    if (!is_lan(call->data[0]))
        return IPMI_CC_NOT_PRESENT;
    ipmi_reply(call, (const uint8_t[]){0x01, 0, 0x3f, 0, 0, 0, 0, 0}, 8); /* messages; the session's own payloads */
    return IPMI_OK;
}

/* -- LAN parameters (Table 23-4) -- */

enum {
    LAN_PROGRESS = 0,
    LAN_AUTH_SUPPORT = 1,
    LAN_AUTH_ENABLES = 2,
    LAN_ADDRESS = 3,
    LAN_SOURCE = 4,
    LAN_MAC = 5,
    LAN_MASK = 6,
    LAN_SUITE_COUNT = 22,
    LAN_SUITES = 23,
};

/* Parameters that clients may change, and what they are before. What is told of the network is kept, and changes nothing. */
static const struct {
    uint8_t parameter, len, data[IPMI_LAN_DATA_MAX];
} lan_defaults[] = {
    {LAN_PROGRESS, 1, {0}},
    {LAN_AUTH_ENABLES, 5, {0x14, 0x14, 0x14, 0x14, 0}},
    {LAN_ADDRESS, 4, {0}},
    {LAN_SOURCE, 1, {SOURCE_STATIC}},
    {LAN_MASK, 4, {0}},
    {7, 3, {0x40, 0x40, 0x10}}, /* time to live, flags, service */
    {10, 1, {0}},               /* ARP */
    {11, 1, {0}},
    {12, 4, {0}}, /* gateways */
    {13, 6, {0}},
    {14, 4, {0}},
    {15, 6, {0}},
    {16, IPMI_LAN_DATA_MAX, "public"},
    {20, 2, {0}}, /* VLAN */
    {21, 1, {0}},
    {24, 9, {0, 0x44, 0, 0, 0, 0, 0, 0, 0}}, /* the levels that a suite is good for, two to a byte */
    {26, 6, {0}},                            /* bad passwords */
};

static uint8_t writable_length(uint8_t parameter)
{
    for (size_t i = 0; i < ARRAY_SIZE(lan_defaults); i++)
        if (lan_defaults[i].parameter == parameter)
            return lan_defaults[i].len;
    return 0;
}

static struct ipmi_lan_value *find_value(const struct ipmi_bmc *bmc, uint8_t parameter)
{
    for (size_t i = 0; i < bmc->lan_count; i++)
        if (bmc->lan[i].parameter == parameter)
            return &bmc->lan[i];
    return NULL;
}

uint8_t ipmi_set_lan(struct ipmi_call *call)
{
    struct ipmi_bmc *bmc = call->bmc;
    uint8_t parameter = call->data[1];
    const uint8_t *data = call->data + 2;
    size_t len = call->len - 2;

    if (!is_lan(call->data[0]))
        return IPMI_CC_FIELD;
    if (parameter == LAN_AUTH_SUPPORT || parameter == LAN_MAC || parameter == LAN_SUITE_COUNT ||
        parameter == LAN_SUITES)
        return IPMI_CC_82;
    if (!writable_length(parameter))
        return IPMI_CC_80;
    if (parameter == 16 ? len > writable_length(parameter) : len != writable_length(parameter))
        return IPMI_CC_LENGTH;
    struct ipmi_lan_value *value = find_value(bmc, parameter);
    if (parameter == LAN_PROGRESS && (data[0] & 3) == 1 && value && (value->data[0] & 3) == 1)
        return IPMI_CC_81;
    if (!value) {
        if (!bmc->lan)
            bmc->lan = mem_alloc_array(ARRAY_SIZE(lan_defaults), sizeof(*bmc->lan));
        value = &bmc->lan[bmc->lan_count++];
        value->parameter = parameter;
    }
    memset(value->data, 0, sizeof(value->data));
    value->len = writable_length(parameter);
    memcpy(value->data, data, len);
    return IPMI_OK;
}

static void reply_address(struct ipmi_call *call)
{
    const struct ipmi_options *options = &call->bmc->context->options;
    uint8_t address[4] = {0};
    char text[UDP_ADDRESS_SIZE];

    if (options->address_of)
        ipmi_parse_address(options->address_of(options->arg, call->bmc->machine, text, sizeof(text)), address);
    ipmi_reply(call, address, sizeof(address));
}

static void reply_mask(struct ipmi_call *call)
{
    unsigned bits = call->bmc->context->options.prefix_bits;
    uint32_t mask = bits ? UINT32_MAX << (32 - bits) : 0;

    for (int i = 24; i >= 0; i -= 8)
        ipmi_reply8(call, mask >> i & 0xff);
}

static void reply_mac(struct ipmi_call *call)
{
    size_t machine = call->bmc->machine + 1;

    /* Locally administered, and not that of a NIC of the machine. */
    ipmi_reply(call,
               (const uint8_t[]){0x52, 0x55, 0x00, (uint8_t)(machine >> 16), (uint8_t)(machine >> 8), (uint8_t)machine},
               6);
}

static void reply_suites(struct ipmi_call *call)
{
    ipmi_reply8(call, 0);
    for (int i = 1; i >= 0; i--) /* lowest number first */
        ipmi_reply8(call, ipmi_suites[i].id);
}

static uint8_t reply_default(struct ipmi_call *call, uint8_t parameter)
{
    for (size_t i = 0; i < ARRAY_SIZE(lan_defaults); i++) {
        if (lan_defaults[i].parameter == parameter) {
            ipmi_reply(call, lan_defaults[i].data, lan_defaults[i].len);
            return IPMI_OK;
        }
    }
    call->reply_len = 0;
    return IPMI_CC_80;
}

uint8_t ipmi_get_lan(struct ipmi_call *call)
{
    uint8_t parameter = call->data[1];

    if (!is_lan(call->data[0]))
        return IPMI_CC_FIELD;
    ipmi_reply8(call, LAN_REVISION);
    if (call->data[0] & REVISION_ONLY)
        return IPMI_OK;
    const struct ipmi_lan_value *value = find_value(call->bmc, parameter);
    if (value)
        ipmi_reply(call, value->data, value->len);
    else if (parameter == LAN_ADDRESS)
        reply_address(call);
    else if (parameter == LAN_MASK)
        reply_mask(call);
    else if (parameter == LAN_MAC)
        reply_mac(call);
    else if (parameter == LAN_AUTH_SUPPORT)
        ipmi_reply8(call, 1 << IPMI_AUTH_PASSWORD | 1 << IPMI_AUTH_MD5);
    else if (parameter == LAN_SUITE_COUNT)
        ipmi_reply8(call, 2);
    else if (parameter == LAN_SUITES)
        reply_suites(call);
    else
        return reply_default(call, parameter);
    return IPMI_OK;
}
