/* SPDX-License-Identifier: Apache-2.0 */
/* GPT and MBR as bytes: read, grow, append, write back. */
#include "operator/agent/partitions.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "lib/data/bytes.h"
#include "lib/data/vec.h"

#define MBR_TABLE 446
#define MBR_ENTRY_SIZE 16
#define MBR_ENTRIES 4
#define MBR_IDENTIFIER 440
#define MBR_TYPE_PROTECTIVE 0xee
#define MBR_TYPE_EFI 0xef
#define MBR_TYPE_FAT32_LBA 0x0c
#define GPT_ENTRIES_MAX 512 /* 128 is what everybody writes */
#define GPT_ENTRY_SIZE 128
#define GPT_HEADER_SIZE 92
#define ALIGNMENT (1024 * 1024)

static const unsigned char guid_efi_system[16] = {0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11,
                                                  0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b};
static const unsigned char guid_linux_data[16] = {0xaf, 0x3d, 0xc6, 0x0f, 0x83, 0x84, 0x72, 0x47,
                                                  0x8e, 0x79, 0x3d, 0x69, 0xd8, 0x47, 0x7d, 0xe4};

/* Fields of the GPT header, by offset. */
enum {
    GPT_SIZE = 12,
    GPT_CRC = 16,
    GPT_MY_LBA = 24,
    GPT_ALTERNATE_LBA = 32,
    GPT_FIRST_USABLE = 40,
    GPT_LAST_USABLE = 48,
    GPT_TABLE_LBA = 72,
    GPT_ENTRY_COUNT = 80,
    GPT_ENTRY_BYTES = 84,
    GPT_TABLE_CRC = 88,
};
/* Fields of a GPT entry. */
enum { ENTRY_UNIQUE = 16, ENTRY_FIRST = 32, ENTRY_LAST = 40 };

struct partition_table {
    struct disk disk;
    enum partition_table_type type;
    unsigned char mbr[512];
    unsigned char header[512]; /* GPT, primary */
    unsigned char *entries;    /* GPT, entry_count * GPT_ENTRY_SIZE */
    uint32_t entry_count;
    char root_uuid[16];
    VEC(struct partition) partitions;
};

static uint32_t checksum(const void *data, size_t len)
{
    return (uint32_t)crc32(0, data, (uInt)len);
}

static size_t table_bytes(const struct partition_table *table)
{
    size_t bytes = (size_t)table->entry_count * GPT_ENTRY_SIZE;
    return (bytes + table->disk.sector - 1) / table->disk.sector * table->disk.sector;
}

static void list_gpt(struct partition_table *table)
{
    table->partitions.len = 0;
    for (uint32_t i = 0; i < table->entry_count; i++) {
        const unsigned char *entry = table->entries + (size_t)i * GPT_ENTRY_SIZE;
        if (mem_is_zero(entry, 16))
            continue;
        uint64_t first = get_le64(entry + ENTRY_FIRST), last = get_le64(entry + ENTRY_LAST);
        if (last < first || last >= table->disk.size / table->disk.sector)
            continue; /* not a place on this disk: nobody can use it */
        struct partition partition = {
            .number = (int)i + 1,
            .offset = first * table->disk.sector,
            .size = (last - first + 1) * table->disk.sector,
            .efi_system = memcmp(entry, guid_efi_system, 16) == 0,
        };
        VEC_PUSH(&table->partitions, partition);
    }
}

static void list_mbr(struct partition_table *table)
{
    table->partitions.len = 0;
    for (int i = 0; i < MBR_ENTRIES; i++) {
        const unsigned char *entry = table->mbr + MBR_TABLE + i * MBR_ENTRY_SIZE;
        uint64_t offset = (uint64_t)get_le32(entry + 8) * table->disk.sector;
        uint64_t size = (uint64_t)get_le32(entry + 12) * table->disk.sector;
        if (!entry[4] || !size || offset > table->disk.size || size > table->disk.size - offset)
            continue;
        struct partition partition = {
            .number = i + 1, .offset = offset, .size = size, .efi_system = entry[4] == MBR_TYPE_EFI};
        VEC_PUSH(&table->partitions, partition);
    }
    snprintf(table->root_uuid, sizeof(table->root_uuid), "0x%08" PRIx32, get_le32(table->mbr + MBR_IDENTIFIER));
}

static struct error *read_gpt(struct partition_table *table)
{
    const struct disk *disk = &table->disk;
    CLEANUP_FREE unsigned char *sector = mem_alloc(disk->sector);

    TRY(disk_read(disk, disk->sector, sector, disk->sector));
    memcpy(table->header, sector, sizeof(table->header));
    if (memcmp(table->header, "EFI PART", 8) != 0)
        return error_new(ERROR_INVALID, "disk %s has a protective MBR but no GPT header", disk->name);

    unsigned char copy[GPT_HEADER_SIZE];
    memcpy(copy, table->header, sizeof(copy));
    put_le32(copy + GPT_CRC, 0);
    if (get_le32(table->header + GPT_SIZE) != GPT_HEADER_SIZE ||
        checksum(copy, sizeof(copy)) != get_le32(table->header + GPT_CRC))
        return error_new(ERROR_INVALID, "disk %s: the checksum of the GPT header is wrong; the image is damaged",
                         disk->name);

    table->entry_count = get_le32(table->header + GPT_ENTRY_COUNT);
    if (get_le32(table->header + GPT_ENTRY_BYTES) != GPT_ENTRY_SIZE || table->entry_count == 0 ||
        table->entry_count > GPT_ENTRIES_MAX)
        return error_new(ERROR_INVALID, "disk %s: GPT with %u entries of %u bytes is not supported", disk->name,
                         table->entry_count, get_le32(table->header + GPT_ENTRY_BYTES));
    table->entries = mem_alloc(table_bytes(table));
    uint64_t table_lba = get_le64(table->header + GPT_TABLE_LBA);
    if (table_lba < 2 || table_lba > disk->size / disk->sector)
        return error_new(ERROR_INVALID, "disk %s: the GPT points past the disk's end", disk->name);
    TRY(disk_read(disk, table_lba * disk->sector, table->entries, table_bytes(table)));
    if (checksum(table->entries, (size_t)table->entry_count * GPT_ENTRY_SIZE) !=
        get_le32(table->header + GPT_TABLE_CRC))
        return error_new(ERROR_INVALID, "disk %s: the checksum of the GPT's entries is wrong; the image is damaged",
                         disk->name);
    list_gpt(table);
    return NULL;
}

struct error *partition_table_read(const struct disk *disk, struct partition_table **ret)
{
    CLEANUP(partition_table_free) struct partition_table *table = mem_alloc(sizeof(*table));
    CLEANUP_FREE unsigned char *sector = mem_alloc(disk->sector);

    table->disk = *disk;
    if (disk->size >= 2 * (uint64_t)disk->sector) {
        TRY(disk_read(disk, 0, sector, disk->sector));
        memcpy(table->mbr, sector, sizeof(table->mbr));
    }
    if (table->mbr[510] == 0x55 && table->mbr[511] == 0xaa) {
        table->type = PARTITION_TABLE_MBR;
        for (int i = 0; i < MBR_ENTRIES; i++)
            if (table->mbr[MBR_TABLE + i * MBR_ENTRY_SIZE + 4] == MBR_TYPE_PROTECTIVE)
                table->type = PARTITION_TABLE_GPT;
    }
    if (table->type == PARTITION_TABLE_GPT)
        TRY(read_gpt(table));
    else if (table->type == PARTITION_TABLE_MBR)
        list_mbr(table);
    *ret = TAKE_PTR(table);
    return NULL;
}

void partition_table_free(struct partition_table *table)
{
    if (!table)
        return;
    VEC_RELEASE(&table->partitions);
    free(table->entries);
    free(table);
}

enum partition_table_type partition_table_type(const struct partition_table *table)
{
    return table->type;
}

size_t partition_table_len(const struct partition_table *table)
{
    return table->partitions.len;
}

struct partition partition_table_at(const struct partition_table *table, size_t index)
{
    return table->partitions.items[index];
}

const char *partition_table_root_uuid(const struct partition_table *table)
{
    return table->root_uuid;
}

/* One of the two GPT copies: the header that says where it lies, at `lba`, and the entries at `table_lba`. */
static struct error *write_copy(struct partition_table *table, uint64_t lba, uint64_t alternate, uint64_t table_lba)
{
    uint32_t sector_size = table->disk.sector;
    CLEANUP_FREE unsigned char *sector = mem_alloc(sector_size);

    memcpy(sector, table->header, GPT_HEADER_SIZE);
    put_le64(sector + GPT_MY_LBA, lba);
    put_le64(sector + GPT_ALTERNATE_LBA, alternate);
    put_le64(sector + GPT_TABLE_LBA, table_lba);
    put_le32(sector + GPT_TABLE_CRC, checksum(table->entries, (size_t)table->entry_count * GPT_ENTRY_SIZE));
    put_le32(sector + GPT_CRC, 0);
    put_le32(sector + GPT_CRC, checksum(sector, GPT_HEADER_SIZE));
    TRY(disk_write(&table->disk, table_lba * sector_size, table->entries, table_bytes(table)));
    return disk_write(&table->disk, lba * sector_size, sector, sector_size);
}

/* The backup first: a crash between the two leaves a valid primary. */
static struct error *write_gpt(struct partition_table *table)
{
    uint64_t last = table->disk.size / table->disk.sector - 1;
    uint64_t backup_table = last - table_bytes(table) / table->disk.sector;

    TRY(write_copy(table, last, 1, backup_table));
    return write_copy(table, 1, last, get_le64(table->header + GPT_TABLE_LBA));
}

struct error *partition_table_grow(struct partition_table *table)
{
    if (table->type != PARTITION_TABLE_GPT)
        return error_new(ERROR_UNSUPPORTED, "disk %s has no GPT to move", table->disk.name);
    uint64_t last = table->disk.size / table->disk.sector - 1;
    uint64_t last_usable = last - table_bytes(table) / table->disk.sector - 1;

    /* The protective MBR covers the whole disk again; its size field saturates. */
    for (int i = 0; i < MBR_ENTRIES; i++) {
        unsigned char *entry = table->mbr + MBR_TABLE + i * MBR_ENTRY_SIZE;
        if (entry[4] == MBR_TYPE_PROTECTIVE)
            put_le32(entry + 12, last > UINT32_MAX ? UINT32_MAX : (uint32_t)last);
    }
    CLEANUP_FREE unsigned char *sector = mem_alloc(table->disk.sector);
    memcpy(sector, table->mbr, sizeof(table->mbr));
    TRY(disk_write(&table->disk, 0, sector, table->disk.sector));

    put_le64(table->header + GPT_ALTERNATE_LBA, last);
    put_le64(table->header + GPT_LAST_USABLE, last_usable);
    TRY(write_gpt(table));
    list_gpt(table);
    return NULL;
}

/* The end, in bytes, of the partition that ends last. */
static uint64_t end_of_partitions(const struct partition_table *table)
{
    uint64_t end = 0;
    for (size_t i = 0; i < table->partitions.len; i++) {
        const struct partition *partition = &table->partitions.items[i];
        if (partition->offset + partition->size > end)
            end = partition->offset + partition->size;
    }
    return end;
}

static struct error *no_room(const struct partition_table *table, uint64_t size)
{
    return error_new(ERROR_INVALID,
                     "disk %s has no room for a partition of %" PRIu64 " MiB behind the image; use a smaller image",
                     table->disk.name, size / (1024 * 1024));
}

static struct error *append_gpt(struct partition_table *table, uint64_t size, const unsigned char unique[16],
                                struct partition *ret)
{
    uint32_t sector = table->disk.sector;
    uint64_t usable_end = (get_le64(table->header + GPT_LAST_USABLE) + 1) * sector;
    if (usable_end < size)
        return no_room(table, size);
    uint64_t offset = (usable_end - size) / ALIGNMENT * ALIGNMENT;
    if (offset < end_of_partitions(table) || offset < get_le64(table->header + GPT_FIRST_USABLE) * sector)
        return no_room(table, size);

    /* Behind the last entry in use, as sgdisk's "next" does, so that numbers of partitions in the image stay. */
    uint32_t index = 0;
    for (uint32_t i = 0; i < table->entry_count; i++)
        if (!mem_is_zero(table->entries + (size_t)i * GPT_ENTRY_SIZE, 16))
            index = i + 1;
    if (index >= table->entry_count)
        return error_new(ERROR_INVALID, "disk %s: all %u entries of the GPT are in use", table->disk.name,
                         table->entry_count);

    unsigned char *entry = table->entries + (size_t)index * GPT_ENTRY_SIZE;
    memset(entry, 0, GPT_ENTRY_SIZE);
    memcpy(entry, guid_linux_data, 16);
    memcpy(entry + ENTRY_UNIQUE, unique, 16);
    put_le64(entry + ENTRY_FIRST, offset / sector);
    put_le64(entry + ENTRY_LAST, usable_end / sector - 1);
    TRY(write_gpt(table));
    list_gpt(table);
    *ret = (struct partition){.number = (int)index + 1, .offset = offset, .size = usable_end - offset};
    return NULL;
}

static struct error *append_mbr(struct partition_table *table, uint64_t size, struct partition *ret)
{
    uint32_t sector = table->disk.sector;
    uint64_t end = table->disk.size;
    /* MBR addresses end at 2 TiB (of 512-byte sectors). */
    if (end > (uint64_t)UINT32_MAX * sector)
        end = (uint64_t)UINT32_MAX * sector;
    if (end < size)
        return no_room(table, size);
    uint64_t offset = (end - size) / ALIGNMENT * ALIGNMENT;
    if (offset < end_of_partitions(table) || offset < sector)
        return no_room(table, size);

    for (int i = 0; i < MBR_ENTRIES; i++) {
        unsigned char *entry = table->mbr + MBR_TABLE + i * MBR_ENTRY_SIZE;
        if (!mem_is_zero(entry, MBR_ENTRY_SIZE))
            continue;
        entry[4] = MBR_TYPE_FAT32_LBA;
        put_le32(entry + 8, (uint32_t)(offset / sector));
        put_le32(entry + 12, (uint32_t)((end - offset) / sector));
        CLEANUP_FREE unsigned char *first = mem_alloc(sector);
        memcpy(first, table->mbr, sizeof(table->mbr));
        TRY(disk_write(&table->disk, 0, first, sector));
        list_mbr(table);
        *ret = (struct partition){.number = i + 1, .offset = offset, .size = end - offset};
        return NULL;
    }
    return error_new(ERROR_INVALID, "disk %s: all four primary partitions of the MBR are in use; use a GPT image",
                     table->disk.name);
}

struct error *partition_table_append(struct partition_table *table, uint64_t size, const unsigned char unique[16],
                                     struct partition *ret)
{
    switch (table->type) {
    case PARTITION_TABLE_GPT:
        return append_gpt(table, size, unique, ret);
    case PARTITION_TABLE_MBR:
        return append_mbr(table, size, ret);
    case PARTITION_TABLE_NONE:
        break;
    }
    return error_new(ERROR_INVALID, "disk %s has no partition table", table->disk.name);
}
