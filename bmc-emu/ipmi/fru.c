// SPDX-License-Identifier: Apache-2.0
// The inventory of FRU 0 (§34, and the FRU storage definition 1.0): chassis, board and product, made from the profile when it is read.
#include <string.h>

#include "bmc-emu/ipmi/bmc.h"

#define FRU_SIZE 512
#define AREA_MAX 160
#define READ_MAX 128
#define FORMAT 0x01
#define HEADER_LEN 8
#define FIELD_END 0xc1
#define ASCII 0xc0
#define FIELD_MAX 0x3f
#define LANGUAGE_ENGLISH 0
#define CHASSIS_RACK_MOUNT 0x17

struct area {
    uint8_t data[AREA_MAX];
    size_t len;
};

static void add_byte(struct area *area, uint8_t byte)
{
    area->data[area->len++] = byte;
}

/* As much of the text as fits with what ends an area. */
static void add_text(struct area *area, const char *text)
{
    size_t len = text ? strlen(text) : 0, room = AREA_MAX - 16 - area->len;

    if (len > FIELD_MAX - 1)
        len = FIELD_MAX - 1;
    if (len > room)
        len = room;
    if (len == 1) /* would read as the end */
        len = 0;
    add_byte(area, (uint8_t)(ASCII | len));
    memcpy(area->data + area->len, text ? text : "", len);
    area->len += len;
}

static void zero_checksum(uint8_t *data, size_t len)
{
    uint8_t sum = 0;

    for (size_t i = 0; i + 1 < len; i++)
        sum += data[i];
    data[len - 1] = (uint8_t)-sum;
}

/* Ends an area and puts it behind the others; returns its offset in units of 8 bytes. */
static uint8_t put_area(struct area *area, uint8_t *fru, size_t *len)
{
    uint8_t at = (uint8_t)(*len / 8);

    add_byte(area, FIELD_END);
    size_t padded = (area->len + 1 + 7) / 8 * 8;
    area->data[1] = (uint8_t)(padded / 8);
    zero_checksum(area->data, padded);
    memcpy(fru + *len, area->data, padded);
    *len += padded;
    return at;
}

static void build(const struct bmc_snapshot *snapshot, uint8_t fru[FRU_SIZE])
{
    const struct machine_profile *profile = snapshot->profile;
    struct area chassis = {.data = {FORMAT, 0, CHASSIS_RACK_MOUNT}, .len = 3};
    struct area board = {.data = {FORMAT, 0, LANGUAGE_ENGLISH}, .len = 6}; /* no date */
    struct area product = {.data = {FORMAT, 0, LANGUAGE_ENGLISH}, .len = 3};
    size_t len = HEADER_LEN;

    memset(fru, 0, FRU_SIZE);
    add_text(&chassis, profile->sku);
    add_text(&chassis, snapshot->serial);
    add_text(&board, profile->manufacturer);
    add_text(&board, profile->model);
    add_text(&board, snapshot->serial);
    add_text(&board, profile->sku);
    add_text(&board, NULL);
    add_text(&product, profile->manufacturer);
    add_text(&product, profile->model);
    add_text(&product, profile->sku);
    add_text(&product, profile->bios_version);
    add_text(&product, snapshot->serial);
    add_text(&product, snapshot->name); /* the asset tag */
    add_text(&product, NULL);
    fru[0] = FORMAT;
    fru[2] = put_area(&chassis, fru, &len);
    fru[3] = put_area(&board, fru, &len);
    fru[4] = put_area(&product, fru, &len);
    zero_checksum(fru, HEADER_LEN);
}

uint8_t ipmi_get_fru_info(struct ipmi_call *call)
{
    if (call->data[0] != 0)
        return IPMI_CC_NOT_PRESENT;
    ipmi_reply16(call, FRU_SIZE);
    ipmi_reply8(call, 0); /* by bytes */
    return IPMI_OK;
}

uint8_t ipmi_read_fru(struct ipmi_call *call)
{
    struct bmc_snapshot snapshot;
    size_t offset = get_le16(call->data + 1), count = call->data[3];
    uint8_t fru[FRU_SIZE];

    if (call->data[0] != 0)
        return IPMI_CC_NOT_PRESENT;
    if (offset >= FRU_SIZE)
        return IPMI_CC_OUT_OF_RANGE;
    if (count > READ_MAX)
        return IPMI_CC_TOO_MANY_BYTES;
    if (count > FRU_SIZE - offset)
        count = FRU_SIZE - offset;
    uint8_t code = ipmi_snapshot(call, &snapshot);
    if (code)
        return code;
    build(&snapshot, fru);
    ipmi_reply8(call, (unsigned)count);
    ipmi_reply(call, fru + offset, count);
    return IPMI_OK;
}

uint8_t ipmi_write_fru(struct ipmi_call *call)
{
    return call->data[0] == 0 ? IPMI_CC_80 : IPMI_CC_NOT_PRESENT; /* write protected */
}
