/* SPDX-License-Identifier: Apache-2.0 */
/* A reader for FAT12, FAT16 and FAT32 file systems by their short names: what it takes to find a boot loader on an EFI system partition. */
#ifndef OPERATOR_AGENT_FAT_H
#define OPERATOR_AGENT_FAT_H

#include "operator/agent/disk.h"

/*
 * Searches the file system at `offset` for a file with one of `names` (NULL-terminated, any case; an earlier name wins). *ret_path is its path with
 * backslashes, "\\EFI\\BOOT\\BOOTX64.EFI", owned by the caller; NULL when there is none. ERROR_INVALID when this is no FAT file system.
 */
struct error *fat_find(const struct disk *disk, uint64_t offset, const char *const *names, char **ret_path) MUST_CHECK;

#endif
