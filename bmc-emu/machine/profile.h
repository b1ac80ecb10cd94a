/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a kind of machine is: its hardware, its BMC's habits, how long things take. Read from fixtures/machines/NAME.yaml, which tells what
 * each key means; a key that is left out has generic's value. Shared by all machines of the kind, never changed after loading.
 */
#ifndef BMC_EMU_MACHINE_PROFILE_H
#define BMC_EMU_MACHINE_PROFILE_H

#include "bmc-emu/machine/types.h"
#include "lib/data/json.h"
#include "lib/data/vec.h"
#include "lib/rt/rt.h"

struct machine_disk_profile {
    char *name; /* the operating system's, without /dev/ */
    char *vendor, *model;
    char *media;    /* "HDD" or "SSD" */
    char *protocol; /* "SATA", "SAS", "NVMe" */
    int64_t size;   /* bytes */
    int64_t block_size;
};

struct machine_nic_profile {
    char *name;
    int64_t speed_mbps;
};

/* A virtual media drive. */
struct machine_slot_profile {
    char *id, *name;
    bool cd, usb; /* kinds of media that it takes: CD and DVD; floppies and USB sticks */
};

struct machine_delays {
    rt_time power_on;       /* from the command to power */
    rt_time post;           /* from power to the boot loader */
    rt_time power_off;      /* from the command to no power */
    rt_time shutdown;       /* what an operating system takes to end, when no guest tells */
    rt_time shutdown_limit; /* how long a graceful shutdown is waited for */
    rt_time bmc_restart;    /* how long a BMC that restarts does not answer */
};

/* What BMCs do differently; each with its row in the reference's section 1.9 or 4. */
struct machine_quirks {
    bool refuse_repeat;      /* power action that changes nothing is a 409 (EMU-448) */
    bool refuse_reinsert;    /* inserting into a drive that holds something is a 409 (EMU-121) */
    bool refuse_empty_eject; /* ejecting from an empty drive is an error (EMU-465) */
    bool one_media;          /* only one drive holds something at a time */
    bool media_by_patch;     /* virtual media has no actions, only PATCH (EMU-184) */
    bool media_in_manager;   /* virtual media is under the manager only */
    bool insert_image_only;  /* InsertMedia refuses Inserted and WriteProtected (EMU-185) */
    bool action_needs_body;  /* an action without a body is a 415 (EMU-183) */
    bool busy_in_post;       /* the boot override is refused while the machine starts (EMU-183) */
    bool settings_resource;  /* the boot override is changed at the system's settings object too (EMU-105) */
    bool usb_cd;             /* the target Cd is called UsbCd (EMU-185) */
    bool once_by_default;    /* a target without "enabled" is for one start (EMU-185) */
    bool weak_etags;         /* ETags are weak (EMU-016) */
    bool need_if_match;      /* PATCH without If-Match is a 428 (EMU-016) */
};

/* Boot targets in an order. */
struct machine_boot_targets VEC_OF(enum machine_boot_target);

struct machine_profile {
    char *name;
    char *manufacturer, *model, *sku, *serial_prefix;
    char *bios_version, *bmc_version, *bmc_model;
    char *system_id, *manager_id, *chassis_id; /* in Redfish paths; NULL: the machine's UUID */
    char *architecture;                        /* "x86_64" or "aarch64" */
    char *cpu_vendor, *cpu_model;
    int64_t sockets, cores, threads, cpu_mhz; /* cores of a socket, threads of a core */
    int64_t memory_mib, dimms;
    VEC(struct machine_disk_profile) disks;
    VEC(struct machine_nic_profile) nics;
    VEC(struct machine_slot_profile) slots;
    enum machine_boot_mode boot_mode;
    bool secure_boot;
    struct machine_boot_targets boot_order, boot_targets; /* tried in order; offered for the override */
    struct json *bios;                                    /* attributes as they leave the factory: an object */
    struct machine_delays delays;
    struct machine_quirks quirks;
    struct json *oem; /* "Oem" of resources: {"ServiceRoot": {…}, "System": {…}, "Manager": {…}}; NULL: none */
    struct json *resources; /* more of the tree, as it is: [{path, method, status, body}]; NULL: none */
    int64_t media_max;      /* largest virtual media image, bytes */
};

/* The generic profile, from the program itself. */
struct machine_profile *machine_profile_new(void);
/* ERROR_INVALID names file, line and key. */
struct error *machine_profile_load(const char *path, struct machine_profile **ret) MUST_CHECK;
/* Takes away disks, NICs, drives and boot targets, for a profile that is made from something else than a file. */
void machine_profile_clear_hardware(struct machine_profile *profile);
void machine_profile_free(struct machine_profile *profile);
DEFINE_CLEANUP(struct machine_profile, machine_profile_free);

#endif
