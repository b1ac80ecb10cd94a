/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An in-memory machine: power, boot, virtual media, disks with real bytes, NICs, firmware settings, sensors, and a journal of what
 * happened to it. Drivers call the upper half; a guest, which is whatever runs on the machine when it has booted, calls the lower half.
 *
 * Tasks are cooperative, so nothing here needs a lock; what spans a wait (a power transition, a download) is one task's affair, and a newer
 * command takes its place. Borrowed results live until the machine changes: use them before the next wait.
 */
#ifndef BMC_EMU_MACHINE_MACHINE_H
#define BMC_EMU_MACHINE_MACHINE_H

#include "bmc-emu/machine/chunks.h"
#include "bmc-emu/machine/profile.h"
#include "bmc-emu/machine/types.h"
#include "lib/env.h"

struct machine;
struct media_fetcher;

/* What a machine has booted. Lives as long as the guest's boot() runs. */
struct machine_boot {
    enum machine_boot_target source; /* MACHINE_BOOT_CD, _USB, _UEFI_HTTP or _HDD */
    enum machine_boot_mode mode;
    struct medium *image;  /* the bytes it booted from: the virtual medium, or the disk */
    const char *image_url; /* of a virtual medium; NULL for a disk */
    size_t disk;           /* which disk, for _HDD */
    const char *kernel, *ramdisk,
        *command_line; /* from the boot loader's configuration on the medium; NULL when there is none */
};

/* What runs on machines; one for the whole fleet. Every call is a task of the machine's power cycle: it is cancelled at power off and reset. */
struct machine_guest {
    const char *name;
    void *arg;
    /* The boot loader has handed over. Runs as long as the operating system does; may return early (the system halted). */
    void (*boot)(void *arg, struct machine *machine, const struct machine_boot *what);
    /* The power button was pressed. Returns when the system is down; an error means that it ignores the button. NULL: ends after the profile's delay. */
    struct error *(*shutdown)(void *arg, struct machine *machine);
};

struct machine_options {
    const struct env *env;
    struct rt_group *group; /* its tasks */
    const struct machine_profile *profile;
    struct chunk_store *store;
    struct media_fetcher *fetcher;
    const struct machine_guest *guest; /* NULL: what boots is idle */
    size_t number;                     /* in the fleet, from 0 */
    const char *name;                  /* NULL: "machine-NUMBER" from 1, four digits or more */
    const char *uuid;                  /* NULL: made from the number */
    const char *bmc_address;           /* as the machine itself finds out; NULL: none */
    /* Called after each entry of the journal; NULL: none. */
    void (*on_event)(void *arg, struct machine *machine, const char *what, const char *detail);
    void *on_event_arg;
};

/* Off, with empty disks. Everything in `options` is borrowed and outlives the machine but the strings, which are copied. */
struct machine *machine_new(const struct machine_options *options);
void machine_free(struct machine *machine); /* when its group has no task left */
DEFINE_CLEANUP(struct machine, machine_free);

/* -- identity and parts -- */
const char *machine_name(const struct machine *machine);
const char *machine_uuid(const struct machine *machine);
const char *machine_serial(const struct machine *machine);
size_t machine_number(const struct machine *machine);
const char *machine_bmc_address(const struct machine *machine); /* NULL when there is none */
const struct machine_profile *machine_profile(const struct machine *machine);
/* Grows with every change of the machine but for the drives. */
uint64_t machine_version(const struct machine *machine);

#define MACHINE_SERIAL_SIZE 40
#define MACHINE_MAC_SIZE 18

struct machine_disk {
    const struct machine_disk_profile *profile;
    char serial[MACHINE_SERIAL_SIZE], wwn[20]; /* "0x5000c500…" */
    struct medium *medium;
};
struct machine_nic {
    const struct machine_nic_profile *profile;
    char mac[MACHINE_MAC_SIZE];
};
/* A virtual media drive and what is in it. */
struct machine_slot {
    const struct machine_slot_profile *profile;
    uint64_t version; /* grows with every change of the drive */
    bool inserted, write_protected, verify_certificate, busy;
    char *image, *image_name, *user, *password; /* NULL when empty */
    struct medium *medium;                      /* NULL when empty */
};

size_t machine_disk_count(const struct machine *machine);
struct machine_disk *machine_disk(struct machine *machine, size_t index);
size_t machine_nic_count(const struct machine *machine);
struct machine_nic *machine_nic(struct machine *machine, size_t index);
size_t machine_slot_count(const struct machine *machine);
struct machine_slot *machine_slot(struct machine *machine, size_t index);

/* -- power (power.c) -- */
enum machine_power machine_power(const struct machine *machine);
enum machine_progress machine_progress(const struct machine *machine);
int64_t machine_last_reset(const struct machine *machine); /* wall time; 0: never */
/*
 * Accepts an action; the transition runs in the machine's own time. A newer action takes the place of one that is under way. An action that
 * changes nothing is fine, or ERROR_CONFLICT when the profile has refuse_repeat.
 */
struct error *machine_act(struct machine *machine, enum machine_action action) MUST_CHECK;

/* -- boot (boot.c) -- */
struct machine_boot_settings {
    enum machine_boot_enabled enabled;
    enum machine_boot_target target;
    enum machine_boot_mode mode;
    char *http_uri; /* NULL: none */
};
const struct machine_boot_settings *machine_boot_settings(const struct machine *machine);
/* ERROR_INVALID for a target that the profile does not offer. Takes effect at the next start of the boot loader. */
struct error *machine_boot_set(struct machine *machine, const struct machine_boot_change *change) MUST_CHECK;

/* -- virtual media (media.c) -- */
/*
 * Downloads the image, then swaps it in; waits as long as that takes. On an error the drive is as before: ERROR_CONFLICT when the drive is busy or, by
 * the profile, occupied; else what the fetcher says.
 */
struct error *machine_media_insert(struct machine *machine, size_t slot, const struct machine_media_request *request)
    MUST_CHECK;
/* Ejecting from an empty drive is fine, or ERROR_CONFLICT when the profile has refuse_empty_eject. */
struct error *machine_media_eject(struct machine *machine, size_t slot) MUST_CHECK;

/* Whether later insertions into the drive check the certificate of the image's server. */
void machine_media_verify(struct machine *machine, size_t slot, bool verify);

/* -- firmware settings (firmware.c); changes wait for the next start -- */
const struct json *machine_bios(const struct machine *machine); /* current attributes */
const struct json *
machine_bios_pending(const struct machine *machine); /* what changes at the next start; NULL: nothing */
/* ERROR_INVALID names an attribute that does not exist or has another type; then nothing is pending of it. */
struct error *machine_bios_set(struct machine *machine, const struct json *attributes) MUST_CHECK;
void machine_bios_reset(struct machine *machine); /* to what left the factory */
bool machine_secure_boot(const struct machine *machine);
bool machine_secure_boot_pending(const struct machine *machine); /* what it will be after the next start */
/* ERROR_CONFLICT in Legacy mode. */
struct error *machine_secure_boot_set(struct machine *machine, bool enable) MUST_CHECK;

/* -- the rest of the front panel -- */
enum machine_led { MACHINE_LED_OFF, MACHINE_LED_LIT, MACHINE_LED_BLINKING, MACHINE_LED_COUNT };
enum machine_led machine_led(const struct machine *machine);
void machine_led_set(struct machine *machine, enum machine_led led);
struct machine_sensors {
    int inlet_celsius, cpu_celsius, fan_rpm, watts;
};
struct machine_sensors machine_sensors(const struct machine *machine); /* they follow the power state */

/* -- journal: the last MACHINE_JOURNAL_MAX events, oldest first -- */
#define MACHINE_JOURNAL_MAX 64
struct machine_event {
    int64_t wall;
    const char *what; /* "power", "boot", "media" … */
    char *detail;
};
size_t machine_journal_len(const struct machine *machine);
uint64_t
machine_journal_total(const struct machine *machine); /* events ever; the last in the journal has this serial number */
const struct machine_event *machine_journal_at(const struct machine *machine, size_t index);
void machine_journal(struct machine *machine, const char *what, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* -- for guests: requests from inside; the guest's tasks are cancelled thereupon -- */
void machine_guest_reboot(struct machine *machine);
void machine_guest_power_off(struct machine *machine);
/* Adds a line to the console's log, which keeps the last MACHINE_CONSOLE_MAX bytes. */
#define MACHINE_CONSOLE_MAX 16384
void machine_console_append(struct machine *machine, const char *line);
const char *machine_console(const struct machine *machine);

#endif
