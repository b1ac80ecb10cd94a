/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HardwareDetails handed in by people: unknown members are refused, so that a misspelt one does not vanish (BMO-113).
 */
#include "operator/bmo/host_pass.h"

struct member {
    const char *name;
    const struct member *members; /* of an object, or of the items of a list */
};

static const struct member vendor_members[] = {{"manufacturer"}, {"productName"}, {"serialNumber"}, {0}};
static const struct member bios_members[] = {{"date"}, {"vendor"}, {"version"}, {0}};
static const struct member firmware_members[] = {{"bios", bios_members}, {0}};
static const struct member vlan_members[] = {{"id"}, {"name"}, {0}};
static const struct member lldp_members[] = {{"switchID"}, {"portID"}, {"switchSystemName"}, {0}};
static const struct member nic_members[] = {{"name"},
                                            {"model"},
                                            {"mac"},
                                            {"ip"},
                                            {"speedGbps"},
                                            {"vlans", vlan_members},
                                            {"vlanId"},
                                            {"pxe"},
                                            {"pciAddress"},
                                            {"lldp", lldp_members},
                                            {0}};
static const struct member storage_members[] = {
    {"name"},  {"alternateNames"}, {"rotational"}, {"type"}, {"sizeBytes"},          {"vendor"},
    {"model"}, {"serialNumber"},   {"wwn"},        {"hctl"}, {"wwnVendorExtension"}, {"wwnWithExtension"},
    {0}};
static const struct member cpu_members[] = {{"arch"}, {"model"}, {"clockMegahertz"}, {"flags"}, {"count"}, {0}};
static const struct member details_members[] = {
    {"systemVendor", vendor_members}, {"firmware", firmware_members}, {"ramMebibytes"}, {"nics", nic_members},
    {"storage", storage_members},     {"cpu", cpu_members},           {"hostname"},     {0}};

static struct error *check(const struct json *object, const struct member *members, const char *where)
{
    if (!json_is(object, JSON_OBJECT))
        return error_new(ERROR_INVALID, "hardware details: %s must be an object, not %s", where,
                         json_type_name(json_type(object)));
    JSON_FOREACH (value, object) {
        const struct member *member = members;
        while (member->name && !str_equal(member->name, json_key(value)))
            member++;
        if (!member->name)
            return error_new(ERROR_INVALID, "hardware details: unknown field \"%s\" in %s", json_key(value), where);
        if (!member->members)
            continue;
        if (!json_is(value, JSON_ARRAY)) {
            TRY(check(value, member->members, member->name));
            continue;
        }
        JSON_FOREACH (item, value) {
            TRY(check(item, member->members, member->name));
        }
    }
    return NULL;
}

struct error *hardware_details_check(const struct json *details)
{
    return check(details, details_members, "annotation " HOST_HARDWARE_DETAILS_ANNOTATION);
}
