// SPDX-License-Identifier: Apache-2.0
// The names behind the enumerations of types.h.
#include "bmc-emu/machine/types.h"

#include "lib/data/str.h"

static const char *const power_names[MACHINE_POWER_COUNT] = {
    [MACHINE_OFF] = "Off",
    [MACHINE_POWERING_ON] = "PoweringOn",
    [MACHINE_ON] = "On",
    [MACHINE_POWERING_OFF] = "PoweringOff",
};

static const char *const action_names[MACHINE_ACTION_COUNT] = {
    [MACHINE_ACTION_ON] = "On",
    [MACHINE_ACTION_FORCE_ON] = "ForceOn",
    [MACHINE_ACTION_FORCE_OFF] = "ForceOff",
    [MACHINE_ACTION_GRACEFUL_SHUTDOWN] = "GracefulShutdown",
    [MACHINE_ACTION_GRACEFUL_RESTART] = "GracefulRestart",
    [MACHINE_ACTION_FORCE_RESTART] = "ForceRestart",
    [MACHINE_ACTION_POWER_CYCLE] = "PowerCycle",
    [MACHINE_ACTION_PUSH_POWER_BUTTON] = "PushPowerButton",
    [MACHINE_ACTION_NMI] = "Nmi",
};

static const char *const target_names[MACHINE_BOOT_TARGET_COUNT] = {
    [MACHINE_BOOT_NONE] = "None",
    [MACHINE_BOOT_PXE] = "Pxe",
    [MACHINE_BOOT_FLOPPY] = "Floppy",
    [MACHINE_BOOT_CD] = "Cd",
    [MACHINE_BOOT_USB] = "Usb",
    [MACHINE_BOOT_HDD] = "Hdd",
    [MACHINE_BOOT_BIOS_SETUP] = "BiosSetup",
    [MACHINE_BOOT_UEFI_SHELL] = "UefiShell",
    [MACHINE_BOOT_UEFI_HTTP] = "UefiHttp",
};

static const char *const enabled_names[MACHINE_BOOT_ENABLED_COUNT] = {
    [MACHINE_BOOT_DISABLED] = "Disabled",
    [MACHINE_BOOT_ONCE] = "Once",
    [MACHINE_BOOT_CONTINUOUS] = "Continuous",
};

static const char *const mode_names[MACHINE_BOOT_MODE_COUNT] = {
    [MACHINE_BOOT_LEGACY] = "Legacy",
    [MACHINE_BOOT_UEFI] = "UEFI",
};

static const char *const progress_names[MACHINE_PROGRESS_COUNT] = {
    [MACHINE_PROGRESS_NONE] = "None",
    [MACHINE_PROGRESS_POST] = "PrimaryProcessorInitializationStarted",
    [MACHINE_PROGRESS_SETUP] = "SetupEntered",
    [MACHINE_PROGRESS_OS_BOOT_STARTED] = "OSBootStarted",
    [MACHINE_PROGRESS_OS_RUNNING] = "OSRunning",
};

static int find(const char *const *names, int count, const char *text)
{
    for (int i = 0; i < count; i++)
        if (str_equal(names[i], text))
            return i;
    return -1;
}

const char *machine_power_name(enum machine_power power)
{
    return power_names[power];
}

const char *machine_action_name(enum machine_action action)
{
    return action_names[action];
}

bool machine_action_parse(const char *text, enum machine_action *ret)
{
    int found = find(action_names, MACHINE_ACTION_COUNT, text);

    if (found >= 0)
        *ret = (enum machine_action)found;
    return found >= 0;
}

const char *machine_boot_target_name(enum machine_boot_target target)
{
    return target_names[target];
}

bool machine_boot_target_parse(const char *text, enum machine_boot_target *ret)
{
    int found = find(target_names, MACHINE_BOOT_TARGET_COUNT, text);

    if (found >= 0)
        *ret = (enum machine_boot_target)found;
    return found >= 0;
}

const char *machine_boot_enabled_name(enum machine_boot_enabled enabled)
{
    return enabled_names[enabled];
}

bool machine_boot_enabled_parse(const char *text, enum machine_boot_enabled *ret)
{
    int found = find(enabled_names, MACHINE_BOOT_ENABLED_COUNT, text);

    if (found >= 0)
        *ret = (enum machine_boot_enabled)found;
    return found >= 0;
}

const char *machine_boot_mode_name(enum machine_boot_mode mode)
{
    return mode_names[mode];
}

bool machine_boot_mode_parse(const char *text, enum machine_boot_mode *ret)
{
    int found = find(mode_names, MACHINE_BOOT_MODE_COUNT, text);

    if (found >= 0)
        *ret = (enum machine_boot_mode)found;
    return found >= 0;
}

const char *machine_progress_name(enum machine_progress progress)
{
    return progress_names[progress];
}
