/* SPDX-License-Identifier: Apache-2.0 */
/* Words that machines, drivers and front ends share: power, boot, media. Names are Redfish's where Redfish has one. */
#ifndef BMC_EMU_MACHINE_TYPES_H
#define BMC_EMU_MACHINE_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum machine_power { MACHINE_OFF, MACHINE_POWERING_ON, MACHINE_ON, MACHINE_POWERING_OFF, MACHINE_POWER_COUNT };
/* "Off", "PoweringOn", "On", "PoweringOff". */
const char *machine_power_name(enum machine_power power);

enum machine_action {
    MACHINE_ACTION_ON,
    MACHINE_ACTION_FORCE_ON,
    MACHINE_ACTION_FORCE_OFF,
    MACHINE_ACTION_GRACEFUL_SHUTDOWN,
    MACHINE_ACTION_GRACEFUL_RESTART,
    MACHINE_ACTION_FORCE_RESTART,
    MACHINE_ACTION_POWER_CYCLE,
    MACHINE_ACTION_PUSH_POWER_BUTTON,
    MACHINE_ACTION_NMI,
    MACHINE_ACTION_COUNT,
};
/* Redfish's ResetType: "On", "ForceOff" … */
const char *machine_action_name(enum machine_action action);
bool machine_action_parse(const char *text, enum machine_action *ret);

enum machine_boot_target {
    MACHINE_BOOT_NONE,
    MACHINE_BOOT_PXE,
    MACHINE_BOOT_FLOPPY,
    MACHINE_BOOT_CD,
    MACHINE_BOOT_USB,
    MACHINE_BOOT_HDD,
    MACHINE_BOOT_BIOS_SETUP,
    MACHINE_BOOT_UEFI_SHELL,
    MACHINE_BOOT_UEFI_HTTP,
    MACHINE_BOOT_TARGET_COUNT,
};
/* "None", "Pxe", "Cd" … */
const char *machine_boot_target_name(enum machine_boot_target target);
bool machine_boot_target_parse(const char *text, enum machine_boot_target *ret);

enum machine_boot_enabled {
    MACHINE_BOOT_DISABLED,
    MACHINE_BOOT_ONCE,
    MACHINE_BOOT_CONTINUOUS,
    MACHINE_BOOT_ENABLED_COUNT
};
const char *machine_boot_enabled_name(enum machine_boot_enabled enabled);
bool machine_boot_enabled_parse(const char *text, enum machine_boot_enabled *ret);

enum machine_boot_mode { MACHINE_BOOT_LEGACY, MACHINE_BOOT_UEFI, MACHINE_BOOT_MODE_COUNT };
/* "Legacy", "UEFI". */
const char *machine_boot_mode_name(enum machine_boot_mode mode);
bool machine_boot_mode_parse(const char *text, enum machine_boot_mode *ret);

/* How far a start has come; Redfish's BootProgress.LastState. */
enum machine_progress {
    MACHINE_PROGRESS_NONE,
    MACHINE_PROGRESS_POST,
    MACHINE_PROGRESS_SETUP,
    MACHINE_PROGRESS_OS_BOOT_STARTED,
    MACHINE_PROGRESS_OS_RUNNING,
    MACHINE_PROGRESS_COUNT,
};
const char *machine_progress_name(enum machine_progress progress);

/* What a client asks for: each part is left as it is unless its `set_` flag is on. */
struct machine_boot_change {
    bool set_target, set_enabled, set_mode, set_http_uri;
    enum machine_boot_target target;
    enum machine_boot_enabled enabled;
    enum machine_boot_mode mode;
    const char *http_uri; /* NULL clears it */
};

/* An image to insert; borrowed strings. */
struct machine_media_request {
    const char *image;           /* URL */
    const char *user, *password; /* for the image's server; NULL: none */
    bool inserted, write_protected;
    bool verify_certificate;
};

#endif
