/* SPDX-License-Identifier: Apache-2.0 */
/* The machine's one struct: for the files of this folder only. */
#ifndef BMC_EMU_MACHINE_MACHINE_INTERNAL_H
#define BMC_EMU_MACHINE_MACHINE_INTERNAL_H

#include "bmc-emu/machine/machine.h"
#include "lib/data/str.h"
#include "lib/log/log.h"

/* Actions that come from inside, beyond those of enum machine_action. */
enum { MACHINE_ACTION_GUEST_REBOOT = MACHINE_ACTION_COUNT, MACHINE_ACTION_GUEST_OFF, MACHINE_ACTION_ALL };

struct machine {
    const struct env *env;
    struct rt_group *group;
    const struct machine_profile *profile;
    struct chunk_store *store;
    struct media_fetcher *fetcher;
    const struct machine_guest *guest;
    void (*on_event)(void *arg, struct machine *machine, const char *what, const char *detail);
    void *on_event_arg;

    size_t number;
    char *name, *bmc_address;
    char uuid[RT_UUID_SIZE];
    char serial[MACHINE_SERIAL_SIZE];
    uint64_t version;

    /* power.c */
    enum machine_power power;
    enum machine_progress progress;
    int64_t last_reset;
    struct rt_group *cycle;                               /* tasks of this power cycle; NULL when there is no power */
    int pending;                                          /* the action that the power task takes next; -1: none */
    bool power_task;                                      /* it runs */
    bool shutdown_runs, shutdown_ended, shutdown_refused; /* what the guest does about the power button */
    rt_time transition_end;                               /* of PoweringOn or PoweringOff */
    struct rt_cond power_cond;                            /* a new action, or the guest's word */

    struct machine_boot_settings boot;

    /* firmware.c; NULL: as the profile says, or nothing */
    struct json *bios, *bios_pending;
    bool secure_boot, secure_boot_pending;

    enum machine_led led;
    struct machine_disk *disks;
    struct machine_nic *nics;
    struct machine_slot *slots;

    struct machine_event *journal; /* a ring, grown to MACHINE_JOURNAL_MAX */
    size_t journal_len, journal_cap, journal_start;
    uint64_t journal_total; /* ever */
    struct strbuf console;
};

/* Tells that something changed. */
static inline void machine_changed(struct machine *machine)
{
    machine->version++;
}

void machine_firmware_apply(struct machine *machine);   /* firmware.c: at each start */
void machine_firmware_release(struct machine *machine); /* firmware.c */
void machine_slot_clear(struct machine_slot *slot);     /* media.c */
void machine_boot_run(struct machine *machine);         /* boot.c: POST is over; decides and runs */
void machine_set_progress(struct machine *machine, enum machine_progress progress); /* power.c */

#endif
