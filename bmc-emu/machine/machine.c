// SPDX-License-Identifier: Apache-2.0
// A machine's birth and death, its parts, its journal and console.
#include "bmc-emu/machine/machine_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void make_parts(struct machine *machine)
{
    const struct machine_profile *profile = machine->profile;
    unsigned number = (unsigned)machine->number;

    machine->disks = mem_alloc_array(profile->disks.len, sizeof(*machine->disks));
    for (size_t i = 0; i < profile->disks.len; i++) {
        struct machine_disk *disk = &machine->disks[i];
        disk->profile = &profile->disks.items[i];
        snprintf(disk->serial, sizeof(disk->serial), "%s%06uD%zu", profile->serial_prefix, number + 1, i);
        snprintf(disk->wwn, sizeof(disk->wwn), "0x5000c5%06x%04x", (number + 1) & 0xffffff, (unsigned)i & 0xffff);
        disk->medium = medium_new(machine->store, (uint64_t)disk->profile->size);
    }
    machine->nics = mem_alloc_array(profile->nics.len, sizeof(*machine->nics));
    for (size_t i = 0; i < profile->nics.len; i++) {
        struct machine_nic *nic = &machine->nics[i];
        nic->profile = &profile->nics.items[i];
        snprintf(nic->mac, sizeof(nic->mac), "52:54:%02x:%02x:%02x:%02x", number >> 16 & 0xff, number >> 8 & 0xff,
                 number & 0xff, (unsigned)i & 0xff);
    }
    machine->slots = mem_alloc_array(profile->slots.len, sizeof(*machine->slots));
    for (size_t i = 0; i < profile->slots.len; i++) {
        machine->slots[i].profile = &profile->slots.items[i];
        machine->slots[i].write_protected = true;
    }
}

struct machine *machine_new(const struct machine_options *options)
{
    struct machine *machine = mem_alloc(sizeof(*machine));
    unsigned number = (unsigned)options->number + 1;

    machine->env = options->env;
    machine->group = options->group;
    machine->profile = options->profile;
    machine->store = options->store;
    machine->fetcher = options->fetcher;
    machine->guest = options->guest;
    machine->on_event = options->on_event;
    machine->on_event_arg = options->on_event_arg;
    machine->number = options->number;
    machine->name = options->name ? mem_strdup(options->name) : mem_printf("machine-%04u", number);
    machine->bmc_address = mem_strdup(options->bmc_address);
    if (options->uuid)
        snprintf(machine->uuid, sizeof(machine->uuid), "%s", options->uuid);
    else
        snprintf(machine->uuid, sizeof(machine->uuid), "6d657461-6c33-4000-8000-%012x", number);
    snprintf(machine->serial, sizeof(machine->serial), "%s%06u", options->profile->serial_prefix, number);
    machine->pending = -1;
    machine->boot.mode = options->profile->boot_mode;
    machine->secure_boot = machine->secure_boot_pending = options->profile->secure_boot;
    machine->version = 1;
    machine->console.max = MACHINE_CONSOLE_MAX;
    make_parts(machine);
    return machine;
}

void machine_free(struct machine *machine)
{
    if (!machine)
        return;
    rt_group_free(machine->cycle);
    for (size_t i = 0; i < machine->profile->disks.len; i++)
        medium_unref(machine->disks[i].medium);
    for (size_t i = 0; i < machine->profile->slots.len; i++)
        machine_slot_clear(&machine->slots[i]);
    free(machine->disks);
    free(machine->nics);
    free(machine->slots);
    for (size_t i = 0; i < machine->journal_len; i++)
        free(machine->journal[i].detail);
    free(machine->journal);
    machine_firmware_release(machine);
    strbuf_release(&machine->console);
    free(machine->boot.http_uri);
    free(machine->bmc_address);
    free(machine->name);
    free(machine);
}

const char *machine_name(const struct machine *machine)
{
    return machine->name;
}

const char *machine_uuid(const struct machine *machine)
{
    return machine->uuid;
}

const char *machine_serial(const struct machine *machine)
{
    return machine->serial;
}

size_t machine_number(const struct machine *machine)
{
    return machine->number;
}

const char *machine_bmc_address(const struct machine *machine)
{
    return machine->bmc_address;
}

const struct machine_profile *machine_profile(const struct machine *machine)
{
    return machine->profile;
}

uint64_t machine_version(const struct machine *machine)
{
    return machine->version;
}

size_t machine_disk_count(const struct machine *machine)
{
    return machine->profile->disks.len;
}

struct machine_disk *machine_disk(struct machine *machine, size_t index)
{
    return &machine->disks[index];
}

size_t machine_nic_count(const struct machine *machine)
{
    return machine->profile->nics.len;
}

struct machine_nic *machine_nic(struct machine *machine, size_t index)
{
    return &machine->nics[index];
}

size_t machine_slot_count(const struct machine *machine)
{
    return machine->profile->slots.len;
}

struct machine_slot *machine_slot(struct machine *machine, size_t index)
{
    return &machine->slots[index];
}

enum machine_led machine_led(const struct machine *machine)
{
    return machine->led;
}

void machine_led_set(struct machine *machine, enum machine_led led)
{
    if (machine->led == led)
        return;
    machine->led = led;
    machine_changed(machine);
}

struct machine_sensors machine_sensors(const struct machine *machine)
{
    /* A little spread over the fleet, so that graphs of it look alive; fixed for a machine, so that runs repeat. */
    int spread = (int)(machine->number % 5);

    if (machine->power == MACHINE_OFF)
        return (struct machine_sensors){.inlet_celsius = 21 + spread, .cpu_celsius = 22 + spread, .watts = 9 + spread};
    if (machine->progress == MACHINE_PROGRESS_OS_RUNNING)
        return (struct machine_sensors){
            .inlet_celsius = 23 + spread,
            .cpu_celsius = 48 + 2 * spread,
            .fan_rpm = 5200 + 120 * spread,
            .watts = 210 + 7 * spread,
        };
    return (struct machine_sensors){
        .inlet_celsius = 22 + spread,
        .cpu_celsius = 38 + spread,
        .fan_rpm = 9000 + 120 * spread,
        .watts = 160 + 7 * spread,
    };
}

/* The ring's next place; the oldest event gives way when it is full. */
static struct machine_event *journal_slot(struct machine *machine)
{
    if (machine->journal_len < MACHINE_JOURNAL_MAX) {
        if (machine->journal_len == machine->journal_cap) {
            machine->journal_cap = machine->journal_cap ? machine->journal_cap * 2 : 4;
            machine->journal = mem_resize(machine->journal, machine->journal_cap, sizeof(*machine->journal));
        }
        return &machine->journal[machine->journal_len++];
    }
    struct machine_event *oldest = &machine->journal[machine->journal_start];
    machine->journal_start = (machine->journal_start + 1) % MACHINE_JOURNAL_MAX;
    free(oldest->detail);
    return oldest;
}

void machine_journal(struct machine *machine, const char *what, const char *fmt, ...)
{
    struct machine_event *event = journal_slot(machine);
    va_list args;

    va_start(args, fmt);
    event->detail = mem_vprintf(fmt, args);
    va_end(args);
    event->what = what;
    machine->journal_total++;
    event->wall = rt_wall(machine->env->rt);
    log_debug(machine->env->log, "machine event", KV("host", machine->name), KV("what", what),
              KV("detail", event->detail));
    if (machine->on_event)
        machine->on_event(machine->on_event_arg, machine, what, event->detail);
}

size_t machine_journal_len(const struct machine *machine)
{
    return machine->journal_len;
}

const struct machine_event *machine_journal_at(const struct machine *machine, size_t index)
{
    return &machine->journal[(machine->journal_start + index) % MACHINE_JOURNAL_MAX];
}

uint64_t machine_journal_total(const struct machine *machine)
{
    return machine->journal_total;
}

void machine_console_append(struct machine *machine, const char *line)
{
    struct strbuf *console = &machine->console;
    size_t need = strlen(line) + 1;

    if (need > MACHINE_CONSOLE_MAX / 2) {
        line += need - MACHINE_CONSOLE_MAX / 2;
        need = MACHINE_CONSOLE_MAX / 2;
    }
    if (console->len + need > MACHINE_CONSOLE_MAX) {
        /* Lines leave by halves, at a line's end, so that this happens rarely. */
        const char *cut = memchr(console->data + console->len / 2, '\n', console->len - console->len / 2);
        size_t gone = cut ? (size_t)(cut + 1 - console->data) : console->len;
        console->len -= gone;
        memmove(console->data, console->data + gone, console->len + 1);
    }
    strbuf_adds(console, line);
    strbuf_addc(console, '\n');
}

const char *machine_console(const struct machine *machine)
{
    return strbuf_str(&machine->console);
}
