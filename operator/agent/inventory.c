/* SPDX-License-Identifier: Apache-2.0 */
/* What the inventory is used for: the inspection report, the lookup's addresses, the choice of the root disk. */
#include <stdlib.h>
#include <string.h>

#include "operator/agent/hints.h"
#include "operator/agent/internal.h"

struct error *inventory_root_disk(struct agent *agent, const struct json *node, struct disk *ret)
{
    const struct json *disks = json_get(agent->inventory, "disks");
    const struct json *hints = json_get(node, "instance_info/root_device");
    const struct json *row = NULL;

    if (!json_len(hints))
        hints = json_get(node, "properties/root_device");
    TRY(hints_choose(disks, hints, &row));
    agent->root_disk = row;
    return disk_from_inventory(agent->hardware, row, ret);
}

struct json *inventory_report(struct agent *agent)
{
    struct json *report = json_new_object();
    const struct json *root = NULL;
    struct error *no_root = hints_choose(json_get(agent->inventory, "disks"), NULL, &root);

    json_put(report, "inventory", json_copy(agent->inventory));
    json_put(report, "root_disk", root ? json_copy(root) : json_new_null());
    json_put_str(report, "boot_interface", agent->options->boot_interface);
    json_put(report, "configuration", json_new_object());
    json_set(report, "configuration/collectors", json_new_array());
    json_append_str(json_get(report, "configuration/collectors"), "default");
    struct json *manager = json_new_object();
    json_put_str(manager, "name", agent->hardware->ops->name);
    json_put_str(manager, "version", AGENT_MANAGER_VERSION);
    json_set(report, "configuration/managers", json_new_array());
    json_append(json_get(report, "configuration/managers"), manager);
    json_put_str(report, "error", no_root ? error_message(no_root) : NULL);
    error_free(no_root);
    return report;
}

char *inventory_addresses(const struct agent *agent)
{
    CLEANUP_STRBUF struct strbuf list = STRBUF_INIT;
    JSON_FOREACH (interface, json_get(agent->inventory, "interfaces")) {
        const char *address = json_str(interface, "mac_address");
        if (address)
            strbuf_addf(&list, "%s%s", list.len ? "," : "", address);
    }
    return mem_strdup(strbuf_str(&list));
}
