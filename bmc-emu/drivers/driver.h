/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A driver makes BMC operations real on some kind of machine. Front ends see machines only through this interface: one snapshot struct per request,
 * a few verbs, and a mask of what the driver can do. Decorators (faults, logs) wrap the same interface and know only the next one.
 */
#ifndef BMC_EMU_DRIVERS_DRIVER_H
#define BMC_EMU_DRIVERS_DRIVER_H

#include "bmc-emu/machine/machine.h"

/* Implementations embed it as their first member. */
struct bmc_driver {
    const struct bmc_driver_ops *ops;
};

enum bmc_capability {
    BMC_CAN_POWER = 1 << 0,
    BMC_CAN_BOOT = 1 << 1,
    BMC_CAN_MEDIA = 1 << 2,
    BMC_CAN_BIOS = 1 << 3,
    BMC_CAN_SECURE_BOOT = 1 << 4,
    BMC_CAN_LED = 1 << 5,
};

/* Everything about a machine at one moment. Pointers are borrowed: use them before the next wait. */
struct bmc_snapshot {
    const char *name, *uuid, *serial;
    const struct machine_profile *profile;
    uint64_t version; /* grows with every change of what is below, but for the drives, which have their own */
    enum machine_power power;
    enum machine_progress progress;
    int64_t last_reset; /* wall time; 0: never */
    struct machine_boot_settings boot;
    const struct json *bios, *bios_pending; /* pending: NULL when nothing waits */
    bool secure_boot, secure_boot_pending;
    enum machine_led led;
    const struct machine_disk *disks;
    const struct machine_nic *nics;
    const struct machine_slot *slots; /* as many as the profile says, as for disks and NICs */
    struct machine_sensors sensors;
    uint64_t journal_total; /* serial number of the journal's last entry; 0: none, or no journal */
};

/* Machines are numbered from 0 to count - 1; a number stays with its machine. A machine that is gone is ERROR_NOT_FOUND. */
struct bmc_driver_ops {
    const char *name;
    unsigned (*capabilities)(
        const struct bmc_driver *driver); /* of enum bmc_capability; others are ERROR_UNSUPPORTED */
    size_t (*count)(const struct bmc_driver *driver);
    /*
     * The number of the machine with this UUID or name; SIZE_MAX when there is none. May wait. NULL: machines never come or go, so that whoever asks
     * can keep a list.
     */
    size_t (*find)(struct bmc_driver *driver, const char *id);
    const char *(*machine_name)(const struct bmc_driver *driver, size_t machine); /* borrowed, never NULL */
    struct error *(*snapshot)(struct bmc_driver *driver, size_t machine, struct bmc_snapshot *ret);
    struct error *(*power)(struct bmc_driver *driver, size_t machine, enum machine_action action);
    struct error *(*boot_set)(struct bmc_driver *driver, size_t machine, const struct machine_boot_change *change);
    struct error *(*media_insert)(struct bmc_driver *driver, size_t machine, size_t slot,
                                  const struct machine_media_request *request);
    struct error *(*media_eject)(struct bmc_driver *driver, size_t machine, size_t slot);
    /* Whether later insertions check the certificate of the image's server. */
    struct error *(*media_verify)(struct bmc_driver *driver, size_t machine, size_t slot, bool verify);
    struct error *(*bios_set)(struct bmc_driver *driver, size_t machine, const struct json *attributes);
    struct error *(*bios_reset)(struct bmc_driver *driver, size_t machine);
    struct error *(*secure_boot_set)(struct bmc_driver *driver, size_t machine, bool enable);
    struct error *(*led_set)(struct bmc_driver *driver, size_t machine, enum machine_led led);
    /*
     * The journal's entry with this serial number (from 1), as borrowed strings; false when it is not there, or no longer. NULL: no journal.
     */
    bool (*journal)(struct bmc_driver *driver, size_t machine, uint64_t serial, struct machine_event *ret);
    void (*free)(struct bmc_driver *driver); /* a decorator frees what it wraps */
};

static inline void bmc_driver_free(struct bmc_driver *driver)
{
    if (driver)
        driver->ops->free(driver);
}
DEFINE_CLEANUP(struct bmc_driver, bmc_driver_free);

#endif
