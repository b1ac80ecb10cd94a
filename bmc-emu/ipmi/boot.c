// SPDX-License-Identifier: Apache-2.0
// System boot options (§28.12, 28.13, EMU-340, 341). Parameter 5, the boot flags, is the machine's boot override; the others are kept as told.
#include <string.h>

#include "bmc-emu/ipmi/bmc.h"

#define PARAMETER_FLAGS 5
#define PARAMETER_KEEP 3
#define PARAMETER_MAILBOX 7
#define VERSION 1
#define INVALID_BIT 0x80
#define FLAG_VALID 0x80
#define FLAG_PERSISTENT 0x40
#define FLAG_EFI 0x20
#define KEEP_WITHOUT_COMMAND 0x08
#define VALID_TIME (60 * RT_S) /* without a chassis command, boot flags end */
#define DEVICE(flags) ((flags) >> 2 & 0x0f)

/* Bytes of each parameter. */
static const uint8_t lengths[IPMI_BOOT_PARAMETERS] = {1, 1, 1, 1, 2, 5, 9, IPMI_BOOT_DATA_MAX};

/* Device selectors; the first one of a target is what is read back. */
static const struct {
    uint8_t device;
    enum machine_boot_target target;
} devices[] = {
    {0, MACHINE_BOOT_NONE},    {1, MACHINE_BOOT_PXE},        {2, MACHINE_BOOT_HDD},
    {5, MACHINE_BOOT_CD},      {6, MACHINE_BOOT_BIOS_SETUP}, {9, MACHINE_BOOT_USB},
    {15, MACHINE_BOOT_FLOPPY}, {3, MACHINE_BOOT_HDD}, /* in safe mode */
    {7, MACHINE_BOOT_FLOPPY},  {8, MACHINE_BOOT_CD},  /* remote ones */
};

static void flags_end(struct ipmi_bmc *bmc)
{
    struct bmc_driver *driver = bmc->context->options.driver;
    struct machine_boot_change change = {.set_enabled = true, .enabled = MACHINE_BOOT_DISABLED};

    if (bmc->boot.data[PARAMETER_KEEP][0] & KEEP_WITHOUT_COMMAND)
        return;
    error_free(driver->ops->boot_set(driver, bmc->machine, &change));
}

void ipmi_boot_keep(struct ipmi_bmc *bmc)
{
    ipmi_timer_stop(&bmc->boot.valid_end);
}

static uint8_t set_flags(struct ipmi_call *call, const uint8_t *data)
{
    struct ipmi_bmc *bmc = call->bmc;
    struct bmc_driver *driver = bmc->context->options.driver;
    struct machine_boot_change change = {.set_enabled = true, .enabled = MACHINE_BOOT_DISABLED};
    size_t row = 0;

    while (row < ARRAY_SIZE(devices) && devices[row].device != DEVICE(data[1]))
        row++;
    if (row == ARRAY_SIZE(devices))
        return IPMI_CC_FIELD;
    if ((data[0] & FLAG_VALID) && devices[row].target != MACHINE_BOOT_NONE) {
        change.enabled = data[0] & FLAG_PERSISTENT ? MACHINE_BOOT_CONTINUOUS : MACHINE_BOOT_ONCE;
        change.set_target = change.set_mode = true;
        change.target = devices[row].target;
        change.mode = data[0] & FLAG_EFI ? MACHINE_BOOT_UEFI : MACHINE_BOOT_LEGACY;
    }
    uint8_t code = ipmi_completion_of(bmc, driver->ops->boot_set(driver, bmc->machine, &change));
    if (code)
        return code;
    memcpy(bmc->boot.flags, data + 2, sizeof(bmc->boot.flags));
    if (change.enabled == MACHINE_BOOT_ONCE)
        ipmi_timer_start(bmc, &bmc->boot.valid_end, VALID_TIME, flags_end);
    else
        ipmi_boot_keep(bmc);
    return IPMI_OK;
}

uint8_t ipmi_set_boot_options(struct ipmi_call *call)
{
    struct ipmi_boot *boot = &call->bmc->boot;
    uint8_t parameter = call->data[0] & ~INVALID_BIT;
    const uint8_t *data = call->data + 1;
    size_t len = call->len - 1;

    if (parameter >= IPMI_BOOT_PARAMETERS)
        return IPMI_CC_80;
    if (!len) { /* only the mark */
        boot->invalid[parameter] = call->data[0] & INVALID_BIT;
        return IPMI_OK;
    }
    if (len > lengths[parameter] || (parameter != PARAMETER_MAILBOX && len < lengths[parameter]))
        return IPMI_CC_LENGTH;
    /* Two clients at once: the second one has to wait for its turn. */
    if (parameter == 0 && (data[0] & 3) == 1 && (boot->data[0][0] & 3) == 1)
        return IPMI_CC_81;
    if (parameter == PARAMETER_FLAGS) {
        uint8_t code = set_flags(call, data);
        if (code)
            return code;
    } else if (parameter == 4) { /* bits of the first byte say which of the second to change */
        boot->data[4][0] = 0;
        boot->data[4][1] = (uint8_t)((boot->data[4][1] & ~data[0]) | (data[1] & data[0]));
    } else {
        memcpy(boot->data[parameter], data, len);
    }
    boot->invalid[parameter] = call->data[0] & INVALID_BIT;
    return IPMI_OK;
}

static uint8_t reply_flags(struct ipmi_call *call)
{
    const struct ipmi_boot *boot = &call->bmc->boot;
    struct bmc_snapshot snapshot;
    uint8_t code = ipmi_snapshot(call, &snapshot), flags = 0, device = 0;

    if (code)
        return code;
    if (snapshot.boot.enabled != MACHINE_BOOT_DISABLED) {
        flags = FLAG_VALID;
        for (size_t i = 0; i < ARRAY_SIZE(devices) && !device; i++)
            if (devices[i].target == snapshot.boot.target)
                device = devices[i].device;
    }
    if (snapshot.boot.enabled == MACHINE_BOOT_CONTINUOUS)
        flags |= FLAG_PERSISTENT;
    if (snapshot.boot.mode == MACHINE_BOOT_UEFI)
        flags |= FLAG_EFI;
    ipmi_reply8(call, flags);
    ipmi_reply8(call, device << 2);
    ipmi_reply(call, boot->flags, sizeof(boot->flags));
    return IPMI_OK;
}

uint8_t ipmi_get_boot_options(struct ipmi_call *call)
{
    struct ipmi_boot *boot = &call->bmc->boot;
    uint8_t parameter = call->data[0] & ~INVALID_BIT;

    if (parameter >= IPMI_BOOT_PARAMETERS)
        return IPMI_CC_80;
    ipmi_reply8(call, VERSION);
    ipmi_reply8(call, parameter | (boot->invalid[parameter] ? INVALID_BIT : 0));
    if (parameter == PARAMETER_FLAGS)
        return reply_flags(call);
    ipmi_reply(call, boot->data[parameter], lengths[parameter]);
    return IPMI_OK;
}
