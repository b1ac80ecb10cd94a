// SPDX-License-Identifier: Apache-2.0
// The system event log (§31, §32): what happened to the machine, and what clients add.
#include <stdlib.h>
#include <string.h>

#include "bmc-emu/ipmi/bmc.h"

#define VERSION 0x51
#define SYSTEM_EVENT 0x02
#define OEM_WITHOUT_TIME 0xe0
#define EVENT_REVISION 0x04
#define DISCRETE 0x6f
#define FIRST 0x0000
#define LAST 0xffff
#define WHOLE 0xff
#define OPERATIONS 0x0a /* reserve, delete */
#define OVERFLOW 0x80
#define ERASE 0xaa
#define ERASE_STATUS 0x00
#define ERASED 0x01

/* What the journal says, as events. The first row that fits is taken; an empty detail fits any. */
static const struct {
    const char *what, *detail; /* its beginning */
    uint8_t sensor, offset;
} events[] = {
    {"power", "On", IPMI_SENSOR_ACPI, 0},
    {"power", "Off", IPMI_SENSOR_ACPI, 5},
    {"power", "reset", IPMI_SENSOR_BOOT_START, 1},
    {"power", "power button", IPMI_SENSOR_BUTTON, 0},
    {"boot", "nothing to boot", IPMI_SENSOR_BOOT_ERROR, 0},
    {"boot", "Hdd", IPMI_SENSOR_OS_BOOT, 1},
    {"boot", "Pxe", IPMI_SENSOR_OS_BOOT, 2},
    {"boot", "Cd", IPMI_SENSOR_OS_BOOT, 4},
    {"boot", "Usb", IPMI_SENSOR_OS_BOOT, 6},
    {"boot", "UefiHttp ", IPMI_SENSOR_OS_BOOT, 6},
};

static uint32_t wall_seconds(struct ipmi_context *context, int64_t offset)
{
    return (uint32_t)((rt_wall(context->env->rt) + offset) / RT_S);
}

uint32_t ipmi_log_time(const struct ipmi_bmc *bmc)
{
    return wall_seconds(bmc->context, bmc->clock_offset);
}

/* The log's next record, with its number; NULL when it is full. */
static uint8_t *new_record(struct ipmi_context *context, size_t machine)
{
    struct ipmi_log *log = ipmi_log_of(context, machine);

    if (log->len == IPMI_SEL_MAX) {
        log->overflow = true;
        return NULL;
    }
    if (log->len == log->cap) {
        log->cap = log->cap ? log->cap * 2 : 4;
        log->records = mem_resize(log->records, log->cap, sizeof(*log->records));
    }
    if (++log->last_id == LAST)
        log->last_id = 1;
    const struct ipmi_bmc *bmc = context->bmcs[machine];
    log->added = wall_seconds(context, bmc ? bmc->clock_offset : 0);
    uint8_t *record = log->records[log->len++];
    memset(record, 0, IPMI_SEL_RECORD);
    record[0] = (uint8_t)log->last_id;
    record[1] = (uint8_t)(log->last_id >> 8);
    put_le32(record + 3, log->added);
    return record;
}

void ipmi_log_event(struct ipmi_context *context, size_t machine, uint8_t sensor, uint8_t offset)
{
    uint8_t *record = new_record(context, machine);

    if (!record)
        return;
    record[2] = SYSTEM_EVENT;
    record[7] = IPMI_ADDRESS_BMC;
    record[9] = EVENT_REVISION;
    record[10] = ipmi_sensors[sensor - 1].type;
    record[11] = sensor;
    record[12] = DISCRETE;
    record[13] = offset;
    record[14] = record[15] = 0xff; /* unspecified */
}

static void count_power(struct ipmi_context *context, size_t machine, const char *detail)
{
    struct ipmi_log *log = ipmi_log_of(context, machine);
    int64_t now = rt_wall(context->env->rt);

    if (str_equal(detail, "On") && !log->on_since) {
        log->on_since = now;
    } else if (str_equal(detail, "Off") && log->on_since) {
        log->on_total += now - log->on_since;
        log->on_since = 0;
    }
}

void ipmi_event(struct ipmi_context *context, size_t machine, const char *what, const char *detail)
{
    if (machine >= context->count)
        return;
    if (str_equal(what, "power"))
        count_power(context, machine, detail);
    for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
        if (str_equal(events[i].what, what) && str_has_prefix(detail, events[i].detail)) {
            ipmi_log_event(context, machine, events[i].sensor, events[i].offset);
            return;
        }
    }
}

/* -- commands -- */

static struct ipmi_log *log_of(struct ipmi_call *call)
{
    return ipmi_log_of(call->bmc->context, call->bmc->machine);
}

uint8_t ipmi_platform_event(struct ipmi_call *call)
{
    /* Eight bytes begin with the generator; over the LAN it is the console (§29.3). */
    const uint8_t *data = call->len == 8 ? call->data + 1 : call->data;
    uint8_t generator = call->len == 8 ? call->data[0] : IPMI_ADDRESS_CONSOLE;

    if (data[0] != EVENT_REVISION)
        return IPMI_CC_FIELD;
    uint8_t *record = new_record(call->bmc->context, call->bmc->machine);
    if (!record)
        return IPMI_CC_OUT_OF_SPACE;
    record[2] = SYSTEM_EVENT;
    record[7] = generator;
    memcpy(record + 9, data, 7);
    return IPMI_OK;
}

uint8_t ipmi_get_sel_info(struct ipmi_call *call)
{
    const struct ipmi_log *log = log_of(call);

    ipmi_reply8(call, VERSION);
    ipmi_reply16(call, (unsigned)log->len);
    ipmi_reply16(call, (unsigned)((IPMI_SEL_MAX - log->len) * IPMI_SEL_RECORD));
    ipmi_reply32(call, log->added);
    ipmi_reply32(call, log->erased);
    ipmi_reply8(call, OPERATIONS | (log->overflow ? OVERFLOW : 0));
    return IPMI_OK;
}

uint8_t ipmi_get_sel_allocation(struct ipmi_call *call)
{
    unsigned left = (unsigned)(IPMI_SEL_MAX - log_of(call)->len);

    ipmi_reply16(call, IPMI_SEL_MAX);
    ipmi_reply16(call, IPMI_SEL_RECORD);
    ipmi_reply16(call, left);
    ipmi_reply16(call, left);
    ipmi_reply8(call, 1);
    return IPMI_OK;
}

uint8_t ipmi_reserve_sel(struct ipmi_call *call)
{
    struct ipmi_log *log = log_of(call);

    if (!++log->reservation)
        log->reservation = 1;
    ipmi_reply16(call, log->reservation);
    return IPMI_OK;
}

/* The index of a record; log->len when it is not there. */
static size_t find_record(const struct ipmi_log *log, unsigned id)
{
    size_t i = 0;

    if (id == FIRST || !log->len)
        return 0;
    if (id == LAST)
        return log->len - 1;
    while (i < log->len && get_le16(log->records[i]) != id)
        i++;
    return i;
}

uint8_t ipmi_get_sel_entry(struct ipmi_call *call)
{
    const struct ipmi_log *log = log_of(call);
    size_t offset = call->data[4], count = call->data[5];
    size_t index = find_record(log, get_le16(call->data + 2));

    if (index >= log->len)
        return IPMI_CC_NOT_PRESENT;
    if (offset && get_le16(call->data) != log->reservation)
        return IPMI_CC_RESERVATION_LOST;
    if (offset > IPMI_SEL_RECORD)
        return IPMI_CC_OUT_OF_RANGE;
    if (count == WHOLE || count > IPMI_SEL_RECORD - offset)
        count = IPMI_SEL_RECORD - offset;
    ipmi_reply16(call, index + 1 < log->len ? get_le16(log->records[index + 1]) : LAST);
    ipmi_reply(call, log->records[index] + offset, count);
    return IPMI_OK;
}

uint8_t ipmi_add_sel_entry(struct ipmi_call *call)
{
    uint8_t *record = new_record(call->bmc->context, call->bmc->machine);

    if (!record)
        return IPMI_CC_OUT_OF_SPACE;
    record[2] = call->data[2];
    /* Number and time are ours, but for records without a time. */
    size_t from = call->data[2] >= OEM_WITHOUT_TIME ? 3 : 7;
    memcpy(record + from, call->data + from, IPMI_SEL_RECORD - from);
    ipmi_reply(call, record, 2);
    return IPMI_OK;
}

/* A change takes every reservation away (§31.4). */
static bool take_reservation(struct ipmi_call *call)
{
    struct ipmi_log *log = log_of(call);

    return get_le16(call->data) == log->reservation && log->reservation;
}

uint8_t ipmi_delete_sel_entry(struct ipmi_call *call)
{
    struct ipmi_log *log = log_of(call);
    size_t index = find_record(log, get_le16(call->data + 2));

    if (!take_reservation(call))
        return IPMI_CC_RESERVATION_LOST;
    if (index >= log->len)
        return IPMI_CC_NOT_PRESENT;
    ipmi_reply(call, log->records[index], 2);
    memmove(log->records[index], log->records[index + 1], (log->len - index - 1) * sizeof(*log->records));
    log->len--;
    log->reservation++;
    return IPMI_OK;
}

uint8_t ipmi_clear_sel(struct ipmi_call *call)
{
    struct ipmi_log *log = log_of(call);

    if (!take_reservation(call))
        return IPMI_CC_RESERVATION_LOST;
    if (memcmp(call->data + 2, "CLR", 3) != 0 || (call->data[5] != ERASE && call->data[5] != ERASE_STATUS))
        return IPMI_CC_FIELD;
    if (call->data[5] == ERASE) {
        log->len = 0;
        log->overflow = false;
        log->erased = ipmi_log_time(call->bmc);
    }
    ipmi_reply8(call, ERASED);
    return IPMI_OK;
}

uint8_t ipmi_get_time(struct ipmi_call *call)
{
    ipmi_reply32(call, ipmi_log_time(call->bmc));
    return IPMI_OK;
}

uint8_t ipmi_set_time(struct ipmi_call *call)
{
    struct ipmi_bmc *bmc = call->bmc;

    bmc->clock_offset = (int64_t)get_le32(call->data) * RT_S - rt_wall(bmc->context->env->rt);
    return IPMI_OK;
}
