// SPDX-License-Identifier: Apache-2.0
// The memory driver: verbs go straight to the machine, a snapshot is pointers into it.
#include "bmc-emu/drivers/memory.h"

#include <stdlib.h>

struct memory_driver {
    struct bmc_driver base;
    struct chunk_store *store;
    struct machine **machines;
    size_t count;
};

static struct memory_driver *from_base(const struct bmc_driver *base)
{
    return CONTAINER_OF(base, struct memory_driver, base);
}

static struct error *find(const struct bmc_driver *base, size_t number, struct machine **ret)
{
    struct memory_driver *driver = from_base(base);

    if (number >= driver->count)
        return error_new(ERROR_NOT_FOUND, "there is no machine number %zu, the fleet has %zu", number, driver->count);
    *ret = driver->machines[number];
    return NULL;
}

static unsigned capabilities(const struct bmc_driver *base)
{
    return BMC_CAN_POWER | BMC_CAN_BOOT | BMC_CAN_MEDIA | BMC_CAN_BIOS | BMC_CAN_SECURE_BOOT | BMC_CAN_LED;
}

static size_t count(const struct bmc_driver *base)
{
    return from_base(base)->count;
}

static const char *name_of(const struct bmc_driver *base, size_t number)
{
    struct memory_driver *driver = from_base(base);

    return number < driver->count ? machine_name(driver->machines[number]) : "";
}

static struct error *snapshot(struct bmc_driver *base, size_t number, struct bmc_snapshot *ret)
{
    struct machine *machine;

    TRY(find(base, number, &machine));
    *ret = (struct bmc_snapshot){
        .name = machine_name(machine),
        .uuid = machine_uuid(machine),
        .serial = machine_serial(machine),
        .profile = machine_profile(machine),
        .version = machine_version(machine),
        .power = machine_power(machine),
        .progress = machine_progress(machine),
        .last_reset = machine_last_reset(machine),
        .boot = *machine_boot_settings(machine),
        .bios = machine_bios(machine),
        .bios_pending = machine_bios_pending(machine),
        .secure_boot = machine_secure_boot(machine),
        .secure_boot_pending = machine_secure_boot_pending(machine),
        .led = machine_led(machine),
        .disks = machine_disk(machine, 0),
        .nics = machine_nic(machine, 0),
        .slots = machine_slot(machine, 0),
        .sensors = machine_sensors(machine),
        .journal_total = machine_journal_total(machine),
    };
    return NULL;
}

static struct error *power(struct bmc_driver *base, size_t number, enum machine_action action)
{
    struct machine *machine;

    TRY(find(base, number, &machine));
    return machine_act(machine, action);
}

static struct error *boot_set(struct bmc_driver *base, size_t number, const struct machine_boot_change *change)
{
    struct machine *machine;

    TRY(find(base, number, &machine));
    return machine_boot_set(machine, change);
}

static struct error *find_slot(struct bmc_driver *base, size_t number, size_t slot, struct machine **ret)
{
    struct machine *machine;

    TRY(find(base, number, &machine));
    if (slot >= machine_slot_count(machine))
        return error_new(ERROR_NOT_FOUND, "%s has no virtual media drive number %zu", machine_name(machine), slot);
    *ret = machine;
    return NULL;
}

static struct error *media_insert(struct bmc_driver *base, size_t number, size_t slot,
                                  const struct machine_media_request *request)
{
    struct machine *machine;

    TRY(find_slot(base, number, slot, &machine));
    return machine_media_insert(machine, slot, request);
}

static struct error *media_eject(struct bmc_driver *base, size_t number, size_t slot)
{
    struct machine *machine;

    TRY(find_slot(base, number, slot, &machine));
    return machine_media_eject(machine, slot);
}

static struct error *media_verify(struct bmc_driver *base, size_t number, size_t slot, bool verify)
{
    struct machine *machine;

    TRY(find_slot(base, number, slot, &machine));
    machine_media_verify(machine, slot, verify);
    return NULL;
}

static struct error *bios_set(struct bmc_driver *base, size_t number, const struct json *attributes)
{
    struct machine *machine;

    TRY(find(base, number, &machine));
    return machine_bios_set(machine, attributes);
}

static struct error *bios_reset(struct bmc_driver *base, size_t number)
{
    struct machine *machine;

    TRY(find(base, number, &machine));
    machine_bios_reset(machine);
    return NULL;
}

static struct error *secure_boot_set(struct bmc_driver *base, size_t number, bool enable)
{
    struct machine *machine;

    TRY(find(base, number, &machine));
    return machine_secure_boot_set(machine, enable);
}

static struct error *led_set(struct bmc_driver *base, size_t number, enum machine_led led)
{
    struct machine *machine;

    TRY(find(base, number, &machine));
    machine_led_set(machine, led);
    return NULL;
}

static bool journal(struct bmc_driver *base, size_t number, uint64_t serial, struct machine_event *ret)
{
    struct memory_driver *driver = from_base(base);

    if (number >= driver->count)
        return false;
    const struct machine *machine = driver->machines[number];
    uint64_t total = machine_journal_total(machine), len = machine_journal_len(machine);
    if (serial > total || serial + len <= total)
        return false;
    *ret = *machine_journal_at(machine, (size_t)(serial + len - total - 1));
    return true;
}

static void memory_free(struct bmc_driver *base)
{
    struct memory_driver *driver = from_base(base);

    for (size_t i = 0; i < driver->count; i++)
        machine_free(driver->machines[i]);
    free(driver->machines);
    chunk_store_free(driver->store);
    free(driver);
}

static const struct bmc_driver_ops memory_ops = {
    .name = "memory",
    .capabilities = capabilities,
    .count = count,
    .machine_name = name_of,
    .snapshot = snapshot,
    .power = power,
    .boot_set = boot_set,
    .media_insert = media_insert,
    .media_eject = media_eject,
    .media_verify = media_verify,
    .bios_set = bios_set,
    .bios_reset = bios_reset,
    .secure_boot_set = secure_boot_set,
    .led_set = led_set,
    .journal = journal,
    .free = memory_free,
};

static struct machine *new_machine(const struct bmc_memory_options *options, struct chunk_store *store, size_t number)
{
    char address[64];
    CLEANUP_FREE char *name = options->name_prefix ? mem_printf("%s%zu", options->name_prefix, number + 1) : NULL;
    struct machine_options machine = {
        .env = options->env,
        .group = options->group,
        .profile = options->profile,
        .store = store,
        .fetcher = options->fetcher,
        .guest = options->guest,
        .number = number,
        .name = name,
        .on_event = options->on_event,
        .on_event_arg = options->on_event_arg,
    };

    if (options->bmc_address)
        machine.bmc_address = options->bmc_address(options->bmc_address_arg, number, address, sizeof(address));
    return machine_new(&machine);
}

struct bmc_driver *bmc_memory_new(const struct bmc_memory_options *options)
{
    struct memory_driver *driver = mem_alloc(sizeof(*driver));

    driver->base.ops = &memory_ops;
    driver->store = chunk_store_new();
    driver->count = options->count;
    driver->machines = mem_alloc_array(options->count, sizeof(struct machine *));
    for (size_t i = 0; i < options->count; i++)
        driver->machines[i] = new_machine(options, driver->store, i);
    return &driver->base;
}

struct machine *bmc_memory_machine(struct bmc_driver *base, size_t number)
{
    struct memory_driver *driver = from_base(base);

    return number < driver->count ? driver->machines[number] : NULL;
}

const struct chunk_store *bmc_memory_store(const struct bmc_driver *base)
{
    return from_base(base)->store;
}
