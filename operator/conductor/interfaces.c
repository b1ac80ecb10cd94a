/* SPDX-License-Identifier: Apache-2.0 */
/* The table of interfaces. */
#include "operator/conductor/interfaces.h"

#include <stdlib.h>

#include "lib/data/str.h"
#include "operator/conductor/drivers/bmc.h"

#define ALLOWED_MAX 5

/* The first one is the default. */
static const struct {
    size_t field;
    const char *name;
    const char *allowed[ALLOWED_MAX];
} interfaces[] = {
    {offsetof(struct node, boot_interface), "boot", {"redfish-virtual-media", "idrac-redfish-virtual-media"}},
    {offsetof(struct node, bios_interface), "bios", {"no-bios", "redfish", "idrac-redfish"}},
    {offsetof(struct node, console_interface), "console", {"no-console"}},
    {offsetof(struct node, deploy_interface), "deploy", {"direct", "ramdisk", "custom-agent"}},
    {offsetof(struct node, firmware_interface), "firmware", {"no-firmware", "redfish"}},
    {offsetof(struct node, inspect_interface), "inspect", {"agent", "no-inspect"}},
    {offsetof(struct node, management_interface), "management", {"redfish", "idrac-redfish"}},
    {offsetof(struct node, network_interface), "network", {"noop"}},
    {offsetof(struct node, power_interface), "power", {"redfish", "idrac-redfish"}},
    {offsetof(struct node, raid_interface), "raid", {"no-raid", "agent", "redfish", "idrac-redfish"}},
    {offsetof(struct node, rescue_interface), "rescue", {"no-rescue"}},
    {offsetof(struct node, storage_interface), "storage", {"noop"}},
    {offsetof(struct node, vendor_interface), "vendor", {"redfish", "no-vendor", "idrac-redfish"}},
};

void interfaces_default(struct node *node)
{
    for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++) {
        char **field = (char **)((char *)node + interfaces[i].field);
        if (!*field)
            node_set_text(field, interfaces[i].allowed[0]);
    }
}

struct error *interfaces_validate(const struct node *node)
{
    if (!bmc_driver_find(node->driver))
        return error_new(ERROR_INVALID, "Could not find the following driver(s) or hardware type(s): %s.",
                         str_or(node->driver, "none"));
    for (size_t i = 0; i < ARRAY_SIZE(interfaces); i++) {
        const char *value = *(char *const *)((const char *)node + interfaces[i].field);
        bool known = false;
        CLEANUP_STRBUF struct strbuf list = STRBUF_INIT;
        for (size_t j = 0; j < ALLOWED_MAX && interfaces[i].allowed[j]; j++) {
            known = known || str_equal(interfaces[i].allowed[j], value);
            strbuf_addf(&list, "%s%s", j ? ", " : "", interfaces[i].allowed[j]);
        }
        if (value && !known)
            return error_new(ERROR_INVALID,
                             "Could not find %s interface '%s' for driver '%s'. Valid interfaces are: %s.",
                             interfaces[i].name, value, node->driver, strbuf_str(&list));
    }
    return NULL;
}
