/* SPDX-License-Identifier: Apache-2.0 */
/* Converts an inspection's inventory to the structure of the HardwareData kind. */
#include "operator/ironic/hardware_details.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void copy_strings(struct json *to, const struct json *from, const char *const pairs[][2], size_t count)
{
    for (size_t i = 0; i < count; i++)
        json_set_str_opt(to, pairs[i][0], json_str(from, pairs[i][1]));
}

static void set_int_opt(struct json *to, const char *name, int64_t value)
{
    if (value)
        json_set_int(to, name, value);
}

static void set_true(struct json *to, const char *name, bool value)
{
    if (value)
        json_set_bool(to, name, true);
}

static struct json *system_vendor(const struct json *inventory)
{
    static const char *const pairs[][2] = {
        {"manufacturer", "manufacturer"}, {"productName", "product_name"}, {"serialNumber", "serial_number"}};
    struct json *out = json_new_object();

    copy_strings(out, json_get(inventory, "system_vendor"), pairs, ARRAY_SIZE(pairs));
    return out;
}

static struct json *firmware(const struct json *inventory)
{
    static const char *const pairs[][2] = {{"date", "build_date"}, {"vendor", "vendor"}, {"version", "version"}};
    struct json *out = json_new_object(), *bios = json_new_object();

    copy_strings(bios, json_get(inventory, "system_vendor/firmware"), pairs, ARRAY_SIZE(pairs));
    json_set(out, "bios", bios);
    return out;
}

static int compare_strings(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static struct json *cpu(const struct json *inventory)
{
    const struct json *from = json_get(inventory, "cpu");
    struct json *out = json_new_object();
    double clock = 0;

    json_set_str_opt(out, "arch", json_str(from, "architecture"));
    json_set_str_opt(out, "model", json_str(from, "model_name"));
    const char *frequency = json_str(from, "frequency");
    if (frequency) {
        struct error *err = str_to_double(frequency, &clock);
        error_free(err); /* an unreadable frequency counts as unknown */
    } else {
        clock = json_number(from, "frequency", 0);
    }
    clock = round(clock);
    if (clock > 0)
        json_set_number(out, "clockMegahertz", clock);
    const struct json *flags = json_get(from, "flags");
    size_t count = 0, len = json_len(flags);
    if (len && json_is(flags, JSON_ARRAY)) {
        CLEANUP_FREE const char **sorted = mem_alloc_array(len, sizeof(*sorted));
        JSON_FOREACH (flag, flags) {
            if (json_str(flag, ""))
                sorted[count++] = json_str(flag, "");
        }
        qsort(sorted, count, sizeof(*sorted), compare_strings);
        struct json *list = json_new_array();
        for (size_t i = 0; i < count; i++)
            json_append_str(list, sorted[i]);
        json_set(out, "flags", list);
    }
    set_int_opt(out, "count", json_int(from, "count", 0));
    return out;
}

static struct json *lldp_of(const struct json *parsed)
{
    static const char *const pairs[][2] = {
        {"switchID", "switch_chassis_id"}, {"portID", "switch_port_id"}, {"switchSystemName", "switch_system_name"}};
    struct json *out = json_new_object();

    copy_strings(out, parsed, pairs, ARRAY_SIZE(pairs));
    if (json_len(out))
        return out;
    json_free(out);
    return NULL;
}

static struct json *vlans_of(const struct json *parsed)
{
    const struct json *vlans = json_get(parsed, "switch_port_vlans");
    struct json *out = NULL;

    if (!json_is(vlans, JSON_ARRAY))
        return NULL;
    JSON_FOREACH (vlan, vlans) {
        struct json *item = json_new_object();
        set_int_opt(item, "id", json_int(vlan, "id", 0));
        json_set_str_opt(item, "name", json_str(vlan, "name"));
        if (!out)
            out = json_new_array();
        json_append(out, item);
    }
    return out;
}

/* One entry of nics for one address of an interface. */
static struct json *nic(const struct json *interface, const struct json *plugin_data, const char *ip)
{
    const char *name = json_str_or(interface, "name", "");
    const struct json *all = json_member(json_get(plugin_data, "all_interfaces"), name);
    const struct json *parsed = json_member(json_get(plugin_data, "parsed_lldp"), name);
    struct json *out = json_new_object();

    json_set_str_opt(out, "name", name);
    const char *vendor = json_str_or(interface, "vendor", ""), *product = json_str_or(interface, "product", "");
    CLEANUP_FREE char *model = mem_printf("%s%s%s", vendor, vendor[0] ? " " : "", product);
    if (vendor[0] || product[0])
        json_set_str(out, "model", model);
    json_set_str_opt(out, "mac", json_str(interface, "mac_address"));
    json_set_str_opt(out, "ip", ip);
    set_int_opt(out, "speedGbps", json_int(interface, "speed_mbps", 0) / 1000);
    struct json *vlans = vlans_of(parsed);
    if (vlans)
        json_set(out, "vlans", vlans);
    set_int_opt(out, "vlanId", json_int(parsed, "switch_port_untagged_vlan_id", 0));
    set_true(out, "pxe", json_bool(all, "pxe_enabled", false));
    json_set_str_opt(out, "pciAddress", json_str(interface, "pci_address"));
    struct json *lldp = lldp_of(parsed);
    if (lldp)
        json_set(out, "lldp", lldp);
    return out;
}

static struct json *nics(const struct json *data)
{
    const struct json *interfaces = json_get(data, "inventory/interfaces"),
                      *plugin_data = json_get(data, "plugin_data");
    struct json *out = json_new_array();

    JSON_FOREACH (interface, interfaces) {
        const char *ipv4 = json_str_or(interface, "ipv4_address", "");
        const char *ipv6 = json_str_or(interface, "ipv6_address", "");
        if (ipv4[0] || !ipv6[0])
            json_append(out, nic(interface, plugin_data, ipv4));
        if (ipv6[0])
            json_append(out, nic(interface, plugin_data, ipv6));
    }
    return out;
}

static struct json *disk(const struct json *from)
{
    static const char *const pairs[][2] = {{"vendor", "vendor"},
                                           {"model", "model"},
                                           {"serialNumber", "serial"},
                                           {"wwn", "wwn"},
                                           {"wwnVendorExtension", "wwn_vendor_extension"},
                                           {"wwnWithExtension", "wwn_with_extension"},
                                           {"hctl", "hctl"}};
    const char *name = json_str_or(from, "name", ""), *by_path = json_str_or(from, "by_path", "");
    bool rotational = json_bool(from, "rotational", false);
    struct json *out = json_new_object(), *names = json_new_array();

    json_set_str_opt(out, "name", str_or(by_path, name));
    if (name[0])
        json_append_str(names, name);
    if (by_path[0])
        json_append_str(names, by_path);
    if (json_len(names))
        json_set(out, "alternateNames", names);
    else
        json_free(names);
    set_true(out, "rotational", rotational);
    json_set_str(out, "type", rotational ? "HDD" : str_has_prefix(name, "/dev/nvme") ? "NVME" : "SSD");
    set_int_opt(out, "sizeBytes", json_int(from, "size", 0));
    copy_strings(out, from, pairs, ARRAY_SIZE(pairs));
    return out;
}

static void set_list_opt(struct json *to, const char *name, struct json *list)
{
    if (json_len(list))
        json_set(to, name, list);
    else
        json_free(list);
}

struct json *hardware_details_from_inventory(const struct json *data)
{
    const struct json *inventory = json_get(data, "inventory");
    struct json *out = json_new_object(), *storage = json_new_array();

    json_set(out, "systemVendor", system_vendor(inventory));
    json_set(out, "firmware", firmware(inventory));
    set_int_opt(out, "ramMebibytes", json_int(inventory, "memory/physical_mb", 0));
    set_list_opt(out, "nics", nics(data));
    const struct json *disks = json_get(inventory, "disks");
    JSON_FOREACH (item, disks) {
        json_append(storage, disk(item));
    }
    set_list_opt(out, "storage", storage);
    json_set(out, "cpu", cpu(inventory));
    json_set_str_opt(out, "hostname", json_str(inventory, "hostname"));
    return out;
}
