/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's hardware interface over an in-memory machine: the inventory in IPA's form, disks with real bytes, power from inside. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "sim/fleet/guest.h"

static struct machine *machine_of(void *arg)
{
    return ((struct guest_hardware *)arg)->machine;
}

/* -- inventory (IRO-524 to IRO-531) -- */

static struct json *interfaces_json(const struct guest_hardware *hardware)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < machine_nic_count(hardware->machine); i++) {
        const struct machine_nic *nic = machine_nic(hardware->machine, i);
        struct json *row = json_new_object();
        json_put_str(row, "name", nic->profile->name);
        json_put_str(row, "mac_address", nic->mac);
        json_put_str(row, "ipv4_address", i == 0 ? hardware->address : NULL);
        json_put_str(row, "ipv6_address", NULL);
        json_put(row, "has_carrier", json_new_bool(i == 0)); /* only the first one is cabled */
        json_put(row, "lldp", json_new_null());
        json_put_str(row, "vendor", "0x8086");
        json_put_str(row, "product", "0x1572");
        json_put(row, "client_id", json_new_null());
        json_put(row, "biosdevname", json_new_null());
        json_put(row, "speed_mbps", json_new_int(nic->profile->speed_mbps));
        json_set_printf(row, "pci_address", "0000:%02zx:00.0", i + 1);
        json_put_str(row, "driver", "i40e");
        json_append(list, row);
    }
    return list;
}

static struct json *cpu_json(const struct machine_profile *profile)
{
    static const char *const flags[] = {"fpu",  "vme", "pse",  "tsc", "msr", "pae", "cx8",
                                        "apic", "sse", "sse2", "ht",  "lm",  "vmx", "aes"};
    struct json *cpu = json_new_object();
    struct json *list = json_new_array();
    for (size_t i = 0; i < ARRAY_SIZE(flags); i++)
        json_append_str(list, flags[i]);
    json_put_str(cpu, "model_name", profile->cpu_model);
    json_set_printf(cpu, "frequency", "%" PRId64, profile->cpu_mhz);
    json_put(cpu, "count", json_new_int(profile->sockets * profile->cores * profile->threads));
    json_put_str(cpu, "architecture", profile->architecture);
    json_put(cpu, "flags", list);
    json_put(cpu, "socket_count", json_new_int(profile->sockets));
    return cpu;
}

static char *disk_name(const struct machine_disk *disk)
{
    return mem_printf("/dev/%s", disk->profile->name);
}

static struct json *disks_json(struct machine *machine)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < machine_disk_count(machine); i++) {
        const struct machine_disk *disk = machine_disk(machine, i);
        CLEANUP_FREE char *name = disk_name(disk);
        CLEANUP_FREE char *transport = str_lower(disk->profile->protocol);
        struct json *row = json_new_object();
        json_put_str(row, "name", name);
        json_put_str(row, "model", disk->profile->model);
        json_put(row, "size", json_new_int((int64_t)medium_size(disk->medium)));
        json_put(row, "rotational", json_new_bool(str_equal(disk->profile->media, "HDD")));
        json_put_str(row, "wwn", disk->wwn);
        json_put_str(row, "serial", disk->serial);
        json_put_str(row, "vendor", disk->profile->vendor);
        json_put_str(row, "wwn_with_extension", disk->wwn);
        json_put(row, "wwn_vendor_extension", json_new_null());
        json_set_printf(row, "hctl", "0:0:%zu:0", i);
        json_set_printf(row, "by_path", "/dev/disk/by-path/pci-0000:00:1f.2-ata-%zu", i + 1);
        json_put(row, "logical_sectors", json_new_int(disk->profile->block_size));
        json_put(row, "physical_sectors", json_new_int(disk->profile->block_size));
        json_put_str(row, "tran", transport);
        json_append(list, row);
    }
    return list;
}

static struct json *system_vendor_json(const struct machine *machine)
{
    const struct machine_profile *profile = machine_profile(machine);
    struct json *vendor = json_new_object();
    json_put_str(vendor, "product_name", profile->model);
    json_put_str(vendor, "serial_number", machine_serial(machine));
    json_put_str(vendor, "manufacturer", profile->manufacturer);
    json_set_str(vendor, "firmware/vendor", profile->manufacturer);
    json_set_str(vendor, "firmware/version", profile->bios_version);
    json_set_str(vendor, "firmware/build_date", "04/01/2026");
    return vendor;
}

static struct error *inventory(void *arg, struct json **ret)
{
    const struct guest_hardware *hardware = arg;
    const struct machine_profile *profile = machine_profile(hardware->machine);
    struct json *json = json_new_object();

    json_put(json, "interfaces", interfaces_json(hardware));
    json_put(json, "cpu", cpu_json(profile));
    json_put(json, "disks", disks_json(hardware->machine));
    json_set_int(json, "memory/total", profile->memory_mib * 1024 * 1024);
    json_set_int(json, "memory/physical_mb", profile->memory_mib);
    json_put_str(json, "bmc_address", machine_bmc_address(hardware->machine));
    json_put(json, "bmc_v6address", json_new_null());
    json_put(json, "system_vendor", system_vendor_json(hardware->machine));
    json_set_str(json, "boot/current_boot_mode", hardware->boot->mode == MACHINE_BOOT_UEFI ? "uefi" : "bios");
    json_set(json, "boot/pxe_interface", json_new_null());
    json_put_str(json, "hostname", machine_name(hardware->machine));
    *ret = json;
    return NULL;
}

static struct error *own_address(void *arg, const char *peer, char **ret)
{
    *ret = mem_strdup(((const struct guest_hardware *)arg)->address);
    return NULL;
}

/* -- disks -- */

static struct error *find_disk(void *arg, const char *name, struct medium **ret)
{
    struct machine *machine = machine_of(arg);
    for (size_t i = 0; i < machine_disk_count(machine); i++) {
        struct machine_disk *disk = machine_disk(machine, i);
        CLEANUP_FREE char *this_name = disk_name(disk);
        if (str_equal(this_name, name)) {
            *ret = disk->medium;
            return NULL;
        }
    }
    return error_new(ERROR_NOT_FOUND, "there is no disk %s", name);
}

static struct error *disk_read_bytes(void *arg, const char *disk, uint64_t offset, void *buf, size_t len)
{
    struct medium *medium = NULL;
    TRY(find_disk(arg, disk, &medium));
    return medium_read(medium, offset, buf, len);
}

static struct error *disk_write_bytes(void *arg, const char *disk, uint64_t offset, const void *buf, size_t len)
{
    struct medium *medium = NULL;
    TRY(find_disk(arg, disk, &medium));
    return medium_write(medium, offset, buf, len);
}

static struct error *disk_zero_bytes(void *arg, const char *disk, uint64_t offset, uint64_t len)
{
    struct medium *medium = NULL;
    TRY(find_disk(arg, disk, &medium));
    return medium_zero(medium, offset, len);
}

static struct error *disk_flush(void *arg, const char *disk)
{
    struct medium *medium = NULL;
    TRY(find_disk(arg, disk, &medium));
    medium_flush(medium);
    return NULL;
}

/* -- firmware and power -- */

static struct error *set_boot_entry(void *arg, const struct agent_boot_entry *entry)
{
    machine_journal(machine_of(arg), "boot-entry", "%s: %s on %s partition %d", entry->label, entry->loader,
                    entry->disk, entry->partition);
    return NULL;
}

static struct error *power_off(void *arg)
{
    machine_guest_power_off(machine_of(arg));
    return NULL;
}

static struct error *reboot(void *arg)
{
    machine_guest_reboot(machine_of(arg));
    return NULL;
}

static const struct agent_hardware_ops ops = {
    .name = "generic_hardware_manager",
    .inventory = inventory,
    .own_address = own_address,
    .disk_read = disk_read_bytes,
    .disk_write = disk_write_bytes,
    .disk_zero = disk_zero_bytes,
    .disk_sync = disk_flush,
    .set_boot_entry = set_boot_entry,
    .power_off = power_off,
    .reboot = reboot,
};

struct agent_hardware guest_hardware_of(struct guest_hardware *hardware)
{
    return (struct agent_hardware){&ops, hardware};
}
