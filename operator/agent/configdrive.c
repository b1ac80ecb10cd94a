/* SPDX-License-Identifier: Apache-2.0 */
/* The config drive: from base64 of gzip, inline or by URL, to a partition at the disk's end. */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "operator/agent/internal.h"
#include "operator/agent/partitions.h"

#define PARTITION_SIZE (64 * 1024 * 1024)
#define DOWNLOAD_TIMEOUT (60 * RT_S)
#define ISO_LABEL_OFFSET (16 * 2048 + 40) /* volume identifier of the primary volume descriptor (ECMA-119, 8.4.8) */
#define LABEL "config-2"

static struct error *gunzip(const void *data, size_t len, void **ret_data, size_t *ret_len)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)data, .avail_in = (uInt)len};
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT_MAX(CONFIGDRIVE_MAX);
    unsigned char chunk[16384];
    int result = Z_OK;

    if (inflateInit2(&stream, 15 + 16) != Z_OK)
        return error_new(ERROR_INTERNAL, "zlib cannot start");
    while (result == Z_OK && !out.overflow) {
        stream.next_out = chunk;
        stream.avail_out = sizeof(chunk);
        result = inflate(&stream, Z_NO_FLUSH);
        strbuf_add(&out, chunk, sizeof(chunk) - stream.avail_out);
    }
    inflateEnd(&stream);
    TRY(strbuf_check(&out, "the unpacked config drive"));
    if (result != Z_STREAM_END)
        return error_new(ERROR_INVALID, "the gzip data is damaged or cut off");
    *ret_len = out.len;
    *ret_data = strbuf_take(&out);
    return NULL;
}

static struct error *decode_text(const char *text, void **ret_data, size_t *ret_len)
{
    CLEANUP_FREE void *packed = NULL;
    size_t packed_len = 0;

    TRY(str_base64_decode(text, &packed, &packed_len));
    if (packed_len < 2 || memcmp(packed, "\x1f\x8b", 2) != 0)
        return error_new(ERROR_INVALID, "it is not gzip data in base64");
    return gunzip(packed, packed_len, ret_data, ret_len);
}

struct error *configdrive_decode(struct agent *agent, const char *value, void **ret_data, size_t *ret_len)
{
    if (!str_has_prefix(value, "http://") && !str_has_prefix(value, "https://"))
        return decode_text(value, ret_data, ret_len);

    CLEANUP(http_response_free) struct http_response *response = NULL;
    struct http_request request = {
        .url = value,
        .deadline = rt_after(agent->env->rt, DOWNLOAD_TIMEOUT),
        .response_max = 2 * CONFIGDRIVE_MAX,
    };
    TRY(http_call(agent->http, &request, &response));
    if (response->status != 200)
        return error_new_code(ERROR_INVALID, response->status, "Received status code %d from %s, expected 200",
                              response->status, value);
    return decode_text(response->body, ret_data, ret_len);
}

/* A partition that the image brought along for this: a file system labelled config-2, ISO 9660 or FAT. */
static struct error *has_label(const struct disk *disk, const struct partition *partition, bool *ret)
{
    static const uint64_t places[] = {ISO_LABEL_OFFSET, 43 /* FAT12 and FAT16 */, 71 /* FAT32 */};
    unsigned char bytes[4096];

    *ret = false;
    for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
        uint64_t first = places[i] / disk->sector * disk->sector;
        if (first + disk->sector > partition->size)
            continue;
        TRY(disk_read(disk, partition->offset + first, bytes, disk->sector));
        *ret = *ret || strncasecmp((const char *)bytes + (places[i] - first), LABEL, strlen(LABEL)) == 0;
    }
    return NULL;
}

static struct error *find_or_make_partition(struct agent *agent, const struct disk *disk, size_t len,
                                            struct partition *ret)
{
    CLEANUP(partition_table_free) struct partition_table *table = NULL;
    unsigned char unique[16];

    TRY(partition_table_read(disk, &table));
    for (size_t i = 0; i < partition_table_len(table); i++) {
        bool labelled = false;
        *ret = partition_table_at(table, i);
        TRY(has_label(disk, ret, &labelled));
        if (labelled)
            return ret->size >= len
                       ? NULL
                       : error_new(ERROR_INVALID, "partition %d is labelled " LABEL " but too small", ret->number);
    }
    rt_random_bytes(agent->env->rt, unique, sizeof(unique));
    unique[7] = (unsigned char)((unique[7] & 0x0f) | 0x40); /* a version 4 GUID, in GPT's byte order */
    unique[8] = (unsigned char)((unique[8] & 0x3f) | 0x80);
    return partition_table_append(table, PARTITION_SIZE, unique, ret);
}

struct error *configdrive_write(struct agent *agent, const struct disk *disk, const void *data, size_t len)
{
    struct partition partition;

    if (len > PARTITION_SIZE)
        return error_new(ERROR_INVALID, "%zu bytes are more than the 64 MiB of its partition", len);
    TRY(find_or_make_partition(agent, disk, len, &partition));
    size_t padded = (len + disk->sector - 1) / disk->sector * disk->sector;
    CLEANUP_FREE unsigned char *bytes = mem_alloc(padded);
    memcpy(bytes, data, len);
    return disk_write(disk, partition.offset, bytes, padded);
}
