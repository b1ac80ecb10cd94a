/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine that the agent runs on, behind one interface: real Linux, or the virtual hardware of a simulated machine. The agent's core
 * knows disks, addresses and power only through this table. All calls are made in tasks and may wait; ERROR_CANCELLED when power goes.
 */
#ifndef OPERATOR_AGENT_HARDWARE_H
#define OPERATOR_AGENT_HARDWARE_H

#include <stddef.h>
#include <stdint.h>

#include "lib/data/error.h"
#include "lib/data/json.h"

/* A UEFI boot entry to make the first one (IRO-572). */
struct agent_boot_entry {
    const char *label;
    const char *disk;   /* "/dev/sda" */
    int partition;      /* from 1 */
    const char *loader; /* "\\EFI\\BOOT\\BOOTX64.EFI" */
};

struct agent_hardware_ops {
    const char *name; /* of the hardware manager, as in get_clean_steps */
    /* The inventory in IPA's form (IRO-524 to IRO-531), owned by the caller. */
    struct error *(*inventory)(void *arg, struct json **ret);
    /* The address that `peer` (a host name or address) can reach us at, owned by the caller (IRO-542). */
    struct error *(*own_address)(void *arg, const char *peer, char **ret);
    /* Disk bytes; `disk` is a name of the inventory. Offsets and lengths are multiples of the sector size. */
    struct error *(*disk_read)(void *arg, const char *disk, uint64_t offset, void *buf, size_t len);
    struct error *(*disk_write)(void *arg, const char *disk, uint64_t offset, const void *buf, size_t len);
    /* Makes a range read as zeroes, in the cheapest way that the disk has. */
    struct error *(*disk_zero)(void *arg, const char *disk, uint64_t offset, uint64_t len);
    /* All written bytes are on the medium when it returns; the kernel has read the partition table again. */
    struct error *(*disk_sync)(void *arg, const char *disk);
    struct error *(*set_boot_entry)(void *arg, const struct agent_boot_entry *entry);
    /* Both end the agent: its group is cancelled soon after. */
    struct error *(*power_off)(void *arg);
    struct error *(*reboot)(void *arg);
};

struct agent_hardware {
    const struct agent_hardware_ops *ops;
    void *arg;
};

#endif
