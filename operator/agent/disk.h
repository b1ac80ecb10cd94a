/* SPDX-License-Identifier: Apache-2.0 */
/* One disk of the machine as the agent's steps see it: its row of the inventory, and its bytes. */
#ifndef OPERATOR_AGENT_DISK_H
#define OPERATOR_AGENT_DISK_H

#include "operator/agent/hardware.h"

struct disk {
    const struct agent_hardware *hardware;
    const char *name; /* borrowed from the inventory */
    uint64_t size;    /* bytes */
    uint32_t sector;  /* logical sector size, bytes */
};

/* From a row of inventory/disks, which must outlive it. ERROR_INVALID when name or size are missing. */
struct error *disk_from_inventory(const struct agent_hardware *hardware, const struct json *row, struct disk *ret)
    MUST_CHECK;

struct error *disk_read(const struct disk *disk, uint64_t offset, void *buf, size_t len) MUST_CHECK;
struct error *disk_write(const struct disk *disk, uint64_t offset, const void *buf, size_t len) MUST_CHECK;
struct error *disk_zero(const struct disk *disk, uint64_t offset, uint64_t len) MUST_CHECK;
struct error *disk_sync(const struct disk *disk) MUST_CHECK;

/* Destroys what makes a disk look used: signatures and partition tables at both ends and at each partition's start (IRO-580). */
struct error *disk_erase_metadata(const struct disk *disk) MUST_CHECK;
/* Makes every byte read as zero. */
struct error *disk_erase(const struct disk *disk) MUST_CHECK;

#endif
