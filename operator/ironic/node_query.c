/* SPDX-License-Identifier: Apache-2.0 */
/* Questions that change nothing: capacity (BMO-586), firmware settings and components (BMO-587). */
#include "operator/ironic/backend.h"

#include <string.h>

#include "operator/ironic/node_fields.h"

static const char *const busy_states[] = {"cleaning",  "clean wait",     "inspecting", "inspect wait",
                                          "deploying", "wait call-back", "deleting",   NULL};

struct error *ironic_has_capacity(struct provisioner *provisioner, bool *ret)
{
    struct ironic_host *host = (struct ironic_host *)provisioner;
    struct json *nodes CLEANUP(json_free) = NULL;
    CLEANUP_FREE char *own = node_name_for_host(host->host->ns, host->host->name);
    int64_t busy = 0;

    if (host->bmc && host->bmc->driver->takes_iso) {
        *ret = true;
        return NULL;
    }
    TRY(ironic_list(host->backend->client, "/nodes?fields=uuid,name,provision_state,boot_interface", "nodes", &nodes));
    JSON_FOREACH (node, nodes) {
        if (!node_state_in(node, busy_states) || strstr(json_str_or(node, "boot_interface", ""), "virtual-media"))
            continue;
        if (str_equal(json_str(node, "name"), own)) {
            *ret = true;
            return NULL;
        }
        busy++;
    }
    *ret = busy < host->backend->options->provisioning_limit;
    return NULL;
}

/* Attribute fields of an Ironic BIOS setting, as a FirmwareSchema names them (IRO-128). */
static struct json *schema_of(const struct json *setting)
{
    struct json *schema = json_new_object();

    json_set_str_opt(schema, "attribute_type", json_str(setting, "attribute_type"));
    static const char *const copied[] = {"allowable_values", "lower_bound", "upper_bound", "min_length",
                                         "max_length",       "read_only",   "unique"};
    for (size_t i = 0; i < ARRAY_SIZE(copied); i++) {
        const struct json *value = json_get(setting, copied[i]);
        if (value && !json_is(value, JSON_NULL))
            json_set(schema, copied[i], json_copy(value));
    }
    return schema;
}

static struct error *need_id(const struct ironic_host *host)
{
    if (host->id[0])
        return NULL;
    return error_new_code(ERROR_NOT_FOUND, PROVISIONER_NEEDS_REGISTRATION, "host not registered");
}

struct error *ironic_firmware_settings(struct provisioner *provisioner, bool with_schema, struct json **ret_settings,
                                       struct json **ret_schema)
{
    struct ironic_host *host = (struct ironic_host *)provisioner;
    struct json *list CLEANUP(json_free) = NULL;

    TRY(need_id(host));
    CLEANUP_FREE char *path = mem_printf("/nodes/%s/bios%s", host->id, with_schema ? "?detail=True" : "");
    TRY(ironic_list(host->backend->client, path, "bios", &list));
    struct json *settings = json_new_object(), *schemas = json_new_object();
    JSON_FOREACH (setting, list) {
        const char *name = json_str_or(setting, "name", "");
        json_put_str(settings, name, json_str_or(setting, "value", ""));
        json_put(schemas, name, schema_of(setting));
    }
    *ret_settings = settings;
    if (with_schema)
        *ret_schema = schemas;
    else
        json_free(schemas);
    return NULL;
}

struct error *ironic_firmware_components(struct provisioner *provisioner, struct json **ret)
{
    struct ironic_host *host = (struct ironic_host *)provisioner;
    struct json *list CLEANUP(json_free) = NULL;

    TRY(need_id(host));
    CLEANUP_FREE char *path = mem_printf("/nodes/%s/firmware", host->id);
    TRY(ironic_list(host->backend->client, path, "firmware", &list));
    struct json *kept = json_new_array();
    JSON_FOREACH (component, list) {
        const char *name = json_str_or(component, "component", "");
        if (str_equal(name, "bios") || str_equal(name, "bmc") || str_has_prefix(name, "nic:"))
            json_append(kept, json_copy(component));
    }
    *ret = kept;
    return NULL;
}
