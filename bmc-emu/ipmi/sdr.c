// SPDX-License-Identifier: Apache-2.0
// The SDR repository (§33, §43): one record a sensor, made when it is read, and one for the BMC itself.
#include <string.h>

#include "bmc-emu/ipmi/bmc.h"

#define VERSION 0x51
#define HEADER_LEN 5
#define RECORD_MAX 64
#define LAST_RECORD 0xffff
#define WHOLE 0xff
#define TYPE_FULL 0x01
#define TYPE_COMPACT 0x02
#define TYPE_EVENT_ONLY 0x03
#define TYPE_CONTROLLER 0x12
#define ENTITY_CONTROLLER 0x2e
#define DISCRETE 0x6f
#define ASCII 0xc0 /* of a string's length byte */
#define CAN_RESERVE 0x02

/* Writes an ID string at an offset, and the record's length; returns all of it. */
static size_t finish(uint8_t *record, size_t at, const char *name)
{
    size_t len = strlen(name);

    record[at] = (uint8_t)(ASCII | len);
    memcpy(record + at + 1, name, len);
    record[4] = (uint8_t)(at + 1 + len - HEADER_LEN);
    return at + 1 + len;
}

static size_t write_full(uint8_t *record, const struct ipmi_sensor *sensor)
{
    uint8_t mask, thresholds[6];

    ipmi_sensor_thresholds(sensor, &mask, thresholds);
    record[3] = TYPE_FULL;
    record[10] = 0x7f; /* everything is on from the start */
    record[11] = 0x64; /* re-arms itself, thresholds can be read, entity's events */
    record[13] = 0x01; /* thresholds */
    record[18] = mask; /* that can be read */
    record[21] = sensor->unit;
    record[24] = (uint8_t)sensor->m;
    record[36 - 2] = 0xff;                                     /* sensor's maximum */
    static const uint8_t places[6] = {41, 40, 39, 38, 37, 36}; /* of LNC, LCR, LNR, UNC, UCR, UNR */
    for (int i = 0; i < 6; i++)
        record[places[i]] = thresholds[i];
    return finish(record, 47, sensor->name);
}

static size_t write_compact(uint8_t *record, const struct ipmi_sensor *sensor)
{
    record[3] = TYPE_COMPACT;
    record[10] = 0x67;
    record[11] = 0x40;
    record[13] = DISCRETE;
    record[14] = (uint8_t)sensor->states;
    record[15] = (uint8_t)(sensor->states >> 8);
    record[18] = (uint8_t)sensor->states;
    record[19] = (uint8_t)(sensor->states >> 8);
    record[20] = 0xc0; /* no analog reading */
    record[23] = 0x01; /* shared with none */
    return finish(record, 31, sensor->name);
}

static size_t write_event_only(uint8_t *record, const struct ipmi_sensor *sensor)
{
    record[3] = TYPE_EVENT_ONLY;
    record[10] = sensor->type;
    record[11] = DISCRETE;
    record[12] = 0x01;
    return finish(record, 16, sensor->name);
}

static size_t write_controller(uint8_t *record)
{
    record[3] = TYPE_CONTROLLER;
    record[5] = IPMI_ADDRESS_BMC;
    record[8] = 0x8f; /* as in the device id */
    record[12] = ENTITY_CONTROLLER;
    record[13] = 1;
    return finish(record, 15, "BMC");
}

static size_t record_count(void)
{
    return ipmi_sensor_count + 1;
}

/* Records are numbered from 1. */
static size_t write_record(size_t number, uint8_t record[RECORD_MAX])
{
    const struct ipmi_sensor *sensor = &ipmi_sensors[number - 1];

    memset(record, 0, RECORD_MAX);
    record[0] = (uint8_t)number;
    record[2] = VERSION;
    if (number > ipmi_sensor_count)
        return write_controller(record);
    record[5] = IPMI_ADDRESS_BMC;
    record[7] = sensor->number;
    record[8] = sensor->entity;
    record[9] = sensor->entity_instance;
    if (sensor->event_only)
        return write_event_only(record, sensor);
    record[12] = sensor->type;
    return sensor->discrete ? write_compact(record, sensor) : write_full(record, sensor);
}

uint8_t ipmi_get_sdr_info(struct ipmi_call *call)
{
    ipmi_reply8(call, VERSION);
    ipmi_reply16(call, (unsigned)record_count());
    ipmi_reply16(call, 0); /* no room: it is made by the factory */
    ipmi_reply32(call, 0);
    ipmi_reply32(call, 0);
    ipmi_reply8(call, CAN_RESERVE);
    return IPMI_OK;
}

uint8_t ipmi_reserve_sdr(struct ipmi_call *call)
{
    if (!++call->bmc->sdr_reservation)
        call->bmc->sdr_reservation = 1;
    ipmi_reply16(call, call->bmc->sdr_reservation);
    return IPMI_OK;
}

uint8_t ipmi_get_sdr(struct ipmi_call *call)
{
    unsigned reservation = get_le16(call->data), number = get_le16(call->data + 2);
    size_t offset = call->data[4], count = call->data[5];
    uint8_t record[RECORD_MAX];

    if (number == 0)
        number = 1;
    else if (number == LAST_RECORD)
        number = (unsigned)record_count();
    if (number > record_count())
        return IPMI_CC_NOT_PRESENT;
    /* Parts need one; nothing changes here, but another client's reservation takes ours away. */
    if (reservation != call->bmc->sdr_reservation && (reservation || offset))
        return IPMI_CC_RESERVATION_LOST;
    size_t len = write_record(number, record);
    if (offset > len)
        return IPMI_CC_OUT_OF_RANGE;
    if (count == WHOLE || count > len - offset)
        count = len - offset;
    ipmi_reply16(call, number < record_count() ? number + 1 : LAST_RECORD);
    ipmi_reply(call, record + offset, count);
    return IPMI_OK;
}
