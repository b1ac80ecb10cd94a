// SPDX-License-Identifier: Apache-2.0
// Firmware settings: what is in force, what waits for the next start, what left the factory.
#include "bmc-emu/machine/machine_internal.h"

const struct json *machine_bios(const struct machine *machine)
{
    return machine->bios ? machine->bios : machine->profile->bios;
}

const struct json *machine_bios_pending(const struct machine *machine)
{
    return machine->bios_pending;
}

struct error *machine_bios_set(struct machine *machine, const struct json *attributes)
{
    const struct json *factory = machine->profile->bios;

    JSON_FOREACH (item, attributes) {
        const struct json *known = json_member(factory, json_key(item));
        if (!known)
            return error_new(ERROR_INVALID, "%s: there is no BIOS attribute \"%s\"", machine->name, json_key(item));
        if (json_type(item) != json_type(known))
            return error_new(ERROR_INVALID, "%s: BIOS attribute \"%s\" is of type %s, not %s", machine->name,
                             json_key(item), json_type_name(json_type(known)), json_type_name(json_type(item)));
    }
    if (!machine->bios_pending)
        machine->bios_pending = json_new_object();
    JSON_FOREACH (item, attributes)
        json_put(machine->bios_pending, json_key(item), json_copy(item));
    machine_changed(machine);
    machine_journal(machine, "firmware", "%zu BIOS attributes wait for the next start", json_len(attributes));
    return NULL;
}

void machine_bios_reset(struct machine *machine)
{
    json_free(machine->bios_pending);
    machine->bios_pending = json_copy(machine->profile->bios);
    machine_changed(machine);
    machine_journal(machine, "firmware", "BIOS defaults wait for the next start");
}

bool machine_secure_boot(const struct machine *machine)
{
    return machine->secure_boot;
}

bool machine_secure_boot_pending(const struct machine *machine)
{
    return machine->secure_boot_pending;
}

struct error *machine_secure_boot_set(struct machine *machine, bool enable)
{
    if (machine->boot.mode == MACHINE_BOOT_LEGACY)
        return error_new(ERROR_CONFLICT, "%s: secure boot needs the boot mode UEFI, it is Legacy", machine->name);
    if (machine->secure_boot_pending != enable) {
        machine->secure_boot_pending = enable;
        machine_changed(machine);
    }
    return NULL;
}

void machine_firmware_apply(struct machine *machine)
{
    if (machine->secure_boot != machine->secure_boot_pending) {
        machine->secure_boot = machine->secure_boot_pending;
        machine_changed(machine);
        machine_journal(machine, "firmware", "secure boot %s", machine->secure_boot ? "on" : "off");
    }
    if (!machine->bios_pending)
        return;
    if (!machine->bios)
        machine->bios = json_copy(machine->profile->bios);
    JSON_FOREACH (item, machine->bios_pending)
        json_put(machine->bios, json_key(item), json_copy(item));
    json_free(machine->bios_pending);
    machine->bios_pending = NULL;
    machine_changed(machine);
    machine_journal(machine, "firmware", "BIOS attributes applied");
}

void machine_firmware_release(struct machine *machine)
{
    json_free(machine->bios);
    json_free(machine->bios_pending);
}
