/* SPDX-License-Identifier: Apache-2.0 */
/* Root device hints, capabilities, node names. */
#include "operator/ironic/node_fields.h"

#include <string.h>

static const struct {
    const char *hint, *ironic, *operator_prefix;
} string_hints[] = {
    {"hctl", "hctl", "s== "},
    {"model", "model", "<in> "},
    {"vendor", "vendor", "<in> "},
    {"serialNumber", "serial", "s== "},
    {"wwn", "wwn", "s== "},
    {"wwnWithExtension", "wwn_with_extension", "s== "},
    {"wwnVendorExtension", "wwn_vendor_extension", "s== "},
};

struct json *root_hints_to_ironic(const struct json *hints)
{
    struct json *out = json_new_object();
    const char *device = json_str_or(hints, "deviceName", "");

    if (device[0])
        json_set_printf(out, str_has_prefix(device, "/dev/disk/by-path/") ? "by_path" : "name", "s== %s", device);
    for (size_t i = 0; i < ARRAY_SIZE(string_hints); i++) {
        const char *value = json_str_or(hints, string_hints[i].hint, "");
        if (value[0])
            json_set_printf(out, string_hints[i].ironic, "%s%s", string_hints[i].operator_prefix, value);
    }
    int64_t size = json_int(hints, "minSizeGigabytes", 0);
    if (size > 0)
        json_set_printf(out, "size", ">= %lld", (long long)size);
    if (json_is(json_get(hints, "rotational"), JSON_BOOL))
        json_set_str(out, "rotational", json_bool(hints, "rotational", false) ? "true" : "false");
    if (json_len(out))
        return out;
    json_free(out);
    return NULL;
}

char *capabilities_for_boot_mode(const char *present, const char *boot_mode)
{
    struct strbuf out = STRBUF_INIT;
    char **items CLEANUP(str_list_free) = str_split(present ? present : "", ',');

    for (char **item = items; *item; item++) {
        if (!(*item)[0] || str_has_prefix(*item, "boot_mode:") || str_has_prefix(*item, "secure_boot:"))
            continue;
        strbuf_addf(&out, "%s%s", out.len ? "," : "", *item);
    }
    if (out.len)
        strbuf_addc(&out, ',');
    if (str_equal(boot_mode, "legacy"))
        strbuf_adds(&out, "boot_mode:bios");
    else if (str_equal(boot_mode, "UEFISecureBoot"))
        strbuf_adds(&out, "boot_mode:uefi,secure_boot:true");
    else
        strbuf_adds(&out, "boot_mode:uefi");
    return strbuf_take(&out);
}

char *node_name_for_host(const char *ns, const char *name)
{
    return mem_printf("%s~%s", ns, name);
}
