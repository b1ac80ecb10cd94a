/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Partition tables on the bytes of a disk: GPT (UEFI specification 2.10, chapter 5) and MBR. Enough for what follows the writing of an image: moving the
 * backup GPT to the disk's real end, adding the config drive's partition, finding the EFI system partition.
 */
#ifndef OPERATOR_AGENT_PARTITIONS_H
#define OPERATOR_AGENT_PARTITIONS_H

#include <stdbool.h>

#include "operator/agent/disk.h"

enum partition_table_type { PARTITION_TABLE_NONE, PARTITION_TABLE_MBR, PARTITION_TABLE_GPT };

struct partition {
    int number;            /* from 1, as in /dev/sda1 */
    uint64_t offset, size; /* bytes */
    bool efi_system;
};

struct partition_table;

/* Reads the table; a disk without one gives PARTITION_TABLE_NONE, a GPT with a wrong checksum ERROR_INVALID. */
struct error *partition_table_read(const struct disk *disk, struct partition_table **ret) MUST_CHECK;
void partition_table_free(struct partition_table *table);
DEFINE_CLEANUP(struct partition_table, partition_table_free);

enum partition_table_type partition_table_type(const struct partition_table *table);
size_t partition_table_len(const struct partition_table *table);
struct partition partition_table_at(const struct partition_table *table, size_t index);
/* Identifier of an MBR disk as "0x1234abcd" (IRO-604); "" for GPT. Borrowed. */
const char *partition_table_root_uuid(const struct partition_table *table);

/* GPT only: the backup table goes to the disk's last sectors and all space behind the image becomes usable (IRO-603). */
struct error *partition_table_grow(struct partition_table *table) MUST_CHECK;

/*
 * Adds a partition of `size` bytes at the disk's end and writes the table (IRO-605). `unique` is 16 random bytes (GPT). ERROR_INVALID when
 * there is no room or no free entry.
 */
struct error *partition_table_append(struct partition_table *table, uint64_t size, const unsigned char unique[16],
                                     struct partition *ret) MUST_CHECK;

#endif
