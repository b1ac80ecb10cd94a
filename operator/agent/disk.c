/* SPDX-License-Identifier: Apache-2.0 */
/* A disk's bytes, with context in every error, and the two ways to erase it. */
#include "operator/agent/disk.h"

#include <inttypes.h>

#include "operator/agent/partitions.h"

/* GPT header, its entries and the protective MBR: 33 sectors of 512 bytes, or what they take in larger ones. */
#define METADATA_SECTORS 34
/* File system, RAID and LVM signatures lie in the first and last MiB of what they are on. */
#define SIGNATURE_BYTES (1024 * 1024)

struct error *disk_from_inventory(const struct agent_hardware *hardware, const struct json *row, struct disk *ret)
{
    struct disk disk = {.hardware = hardware};
    int64_t size = 0;

    TRY_WRAP(json_need_str(row, "name", &disk.name), "inventory of disks");
    TRY_WRAP(json_need_int(row, "size", &size), "disk %s", disk.name);
    disk.size = (uint64_t)size;
    disk.sector = (uint32_t)json_int(row, "logical_sectors", 512);
    if (disk.sector < 512 || disk.sector > 4096)
        return error_new(ERROR_INVALID, "disk %s: logical sector size %u is not 512 to 4096", disk.name, disk.sector);
    *ret = disk;
    return NULL;
}

static struct error *check_range(const struct disk *disk, uint64_t offset, uint64_t len)
{
    if (offset > disk->size || len > disk->size - offset)
        return error_new(ERROR_INVALID, "disk %s: %" PRIu64 " bytes at offset %" PRIu64 " are past its end at %" PRIu64,
                         disk->name, len, offset, disk->size);
    return NULL;
}

struct error *disk_read(const struct disk *disk, uint64_t offset, void *buf, size_t len)
{
    TRY(check_range(disk, offset, len));
    TRY_WRAP(disk->hardware->ops->disk_read(disk->hardware->arg, disk->name, offset, buf, len), "reading disk %s",
             disk->name);
    return NULL;
}

struct error *disk_write(const struct disk *disk, uint64_t offset, const void *buf, size_t len)
{
    TRY(check_range(disk, offset, len));
    TRY_WRAP(disk->hardware->ops->disk_write(disk->hardware->arg, disk->name, offset, buf, len), "writing disk %s",
             disk->name);
    return NULL;
}

struct error *disk_zero(const struct disk *disk, uint64_t offset, uint64_t len)
{
    TRY(check_range(disk, offset, len));
    TRY_WRAP(disk->hardware->ops->disk_zero(disk->hardware->arg, disk->name, offset, len), "erasing disk %s",
             disk->name);
    return NULL;
}

struct error *disk_sync(const struct disk *disk)
{
    TRY_WRAP(disk->hardware->ops->disk_sync(disk->hardware->arg, disk->name), "flushing disk %s", disk->name);
    return NULL;
}

static struct error *erase_ends(const struct disk *disk, uint64_t offset, uint64_t size)
{
    uint64_t end = SIGNATURE_BYTES;
    if (end < (uint64_t)METADATA_SECTORS * disk->sector)
        end = (uint64_t)METADATA_SECTORS * disk->sector;
    if (size <= 2 * end)
        return disk_zero(disk, offset, size);
    TRY(disk_zero(disk, offset, end));
    return disk_zero(disk, offset + size - end, end);
}

struct error *disk_erase_metadata(const struct disk *disk)
{
    CLEANUP(partition_table_free) struct partition_table *table = NULL;
    /* A damaged table hides its partitions; the disk's own ends are erased all the same. */
    struct error *unreadable = partition_table_read(disk, &table);
    if (error_is(unreadable, ERROR_CANCELLED))
        return unreadable;
    error_free(unreadable);

    for (size_t i = 0; table && i < partition_table_len(table); i++) {
        struct partition partition = partition_table_at(table, i);
        if (partition.offset < disk->size && partition.size <= disk->size - partition.offset)
            TRY(erase_ends(disk, partition.offset, partition.size));
    }
    TRY(erase_ends(disk, 0, disk->size));
    return disk_sync(disk);
}

struct error *disk_erase(const struct disk *disk)
{
    TRY(disk_zero(disk, 0, disk->size));
    return disk_sync(disk);
}
