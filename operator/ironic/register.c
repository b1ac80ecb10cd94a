/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registration, which runs on every pass (bmo.md 7.3, ironic.md A6): checks, find or create the node, push what differs
 * in one PATCH, and bring an enrolled node under management.
 */
#include "operator/ironic/backend.h"

#include <string.h>

#include "operator/ironic/config_drive.h"
#include "operator/ironic/host_image.h"
#include "operator/ironic/node_fields.h"

/* -- checks: why this host cannot be managed at all; NULL when it can. Free with free() -- */

static char *refusal_before_lookup(const struct ironic_host *host, const struct register_data *data)
{
    const struct bmc_address *bmc = host->bmc;

    if (!bmc)
        return mem_strdup(host->bmc_error);
    if (str_equal(data->inspection_mode, "fast") && !bmc->driver->inspect)
        return mem_printf("BMC driver %s does not support fast (out-of-band) inspection", bmc->type);
    if (str_equal(data->boot_mode, "UEFISecureBoot") && !bmc->driver->secure_boot)
        return mem_printf("BMC driver %s does not support secure boot", bmc->type);
    if (host->backend->options->provisioning_network_disabled && bmc->driver->needs_provisioning_network)
        return mem_printf("BMC driver %s requires a provisioning network", bmc->type);
    if (data->disable_power_off && ironic_version(host->backend->client) < IRONIC_VERSION_DISABLE_POWER_OFF)
        return mem_strdup("current ironic version does not support DisablePowerOff, refusing to manage node");
    return NULL;
}

/* -- finding the node -- */

/* The node of that name or uuid; *ret is NULL when there is none. */
static struct error *node_lookup(struct ironic_host *host, const char *id, struct json **ret)
{
    struct error *err = ironic_node_get(host->backend->client, id, ret);
    if (!error_is(err, ERROR_NOT_FOUND))
        return err;
    error_free(err);
    *ret = NULL;
    return NULL;
}

/* The node that owns a port with the boot MAC (IRO-040). A failing list counts as not found. */
static struct error *node_by_mac(struct ironic_host *host, struct provision_result *ret, struct json **ret_node)
{
    struct json *ports CLEANUP(json_free) = NULL;
    const char *mac = str_or(host->host->boot_mac, "");

    if (!mac[0])
        return NULL;
    CLEANUP_FREE char *encoded = str_url_encode(mac);
    CLEANUP_FREE char *path = mem_printf("/ports?address=%s&fields=node_uuid,uuid,address", encoded);
    struct error *err = ironic_list(host->backend->client, path, "ports", &ports);
    if (error_is(err, ERROR_CANCELLED))
        return err;
    error_free(err);
    const char *uuid = json_str(ports, "0/node_uuid");
    if (!uuid)
        return NULL;
    struct json *node = NULL;
    TRY_WRAP(ironic_node_get(host->backend->client, uuid, &node), "node of the port with address %s", mac);
    const char *name = json_str_or(node, "name", "");
    if (name[0]) {
        result_fail(ret, "MAC address %s conflicts with existing node %s", mac, name);
        json_free(node);
        return NULL;
    }
    *ret_node = node;
    return NULL;
}

/* BMO-538. Leaves the node in host->node; a conflict in *ret. */
static struct error *find_node(struct ironic_host *host, struct provision_result *ret)
{
    struct json *node = NULL;

    if (host->node && !host->stale)
        return NULL; /* read in this pass already */
    if (host->id[0])
        TRY(node_lookup(host, host->id, &node));
    if (!node) {
        CLEANUP_FREE char *name = node_name_for_host(host->host->ns, host->host->name);
        TRY(node_lookup(host, name, &node));
    }
    if (!node && !strchr(host->host->name, '~'))
        TRY(node_lookup(host, host->host->name, &node));
    if (!node)
        TRY(node_by_mac(host, ret, &node));
    if (node) {
        host_keep_node(host, node);
    } else {
        json_free(host->node);
        host->node = NULL;
    }
    return NULL;
}

/* -- what the node should hold -- */

/* The deploy ramdisk (BMO-548): one of the three forms; false when none is configured. */
static bool deploy_image(const struct ironic_host *host, const char **ret_iso, const char **ret_kernel,
                         const char **ret_ramdisk)
{
    const struct ironic_options *options = host->backend->options;

    *ret_iso = *ret_kernel = *ret_ramdisk = NULL;
    if (!str_is_empty(options->deploy_iso_url) && host->bmc->driver->takes_iso) {
        *ret_iso = options->deploy_iso_url;
        return true;
    }
    if (str_is_empty(options->deploy_kernel_url) || str_is_empty(options->deploy_ramdisk_url))
        return false;
    *ret_kernel = options->deploy_kernel_url;
    *ret_ramdisk = options->deploy_ramdisk_url;
    return true;
}

static void patch_deploy_image(struct node_patch *patch, const struct ironic_host *host)
{
    const char *iso, *kernel, *ramdisk;

    if (!deploy_image(host, &iso, &kernel, &ramdisk))
        return;
    node_patch_str(patch, "driver_info/deploy_iso", iso);
    node_patch_str(patch, "driver_info/deploy_kernel", kernel);
    node_patch_str(patch, "driver_info/deploy_ramdisk", ramdisk);
    node_patch_str(patch, "driver_info/kernel_append_params", NULL);
}

/* Access data, and what else an existing node's driver_info holds that is not about access. */
static struct json *driver_info(const struct ironic_host *host, const struct json *present)
{
    static const char *const kept[] = {"deploy_iso", "deploy_kernel", "deploy_ramdisk", "kernel_append_params",
                                       "force_persistent_boot_device"};
    struct json *info = bmc_driver_info(host->bmc, host->host->user, host->host->password);
    const char *iso, *kernel, *ramdisk;

    if (!str_is_empty(host->backend->options->external_url_v6) && bmc_address_is_ipv6(host->bmc))
        json_set_str(info, "external_http_url", host->backend->options->external_url_v6);
    if (!present && deploy_image(host, &iso, &kernel, &ramdisk)) {
        json_set_str_opt(info, "deploy_iso", iso);
        json_set_str_opt(info, "deploy_kernel", kernel);
        json_set_str_opt(info, "deploy_ramdisk", ramdisk);
    }
    for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
        if (json_get(present, kept[i]))
            json_set(info, kept[i], json_copy(json_get(present, kept[i])));
    return info;
}

/* The one key of a driver_info that ends in "_address" (IRO-045). */
static const char *address_of(const struct json *info)
{
    JSON_FOREACH (value, info) {
        if (str_has_suffix(json_key(value), "_address"))
            return json_str_or(value, "", "");
    }
    return "";
}

/* -- creating -- */

static struct json *node_body(const struct ironic_host *host, const struct register_data *data)
{
    const struct bmc_driver *driver = host->bmc->driver;
    CLEANUP_FREE char *name = node_name_for_host(host->host->ns, host->host->name);
    CLEANUP_FREE char *capabilities = capabilities_for_boot_mode(NULL, data->boot_mode);
    struct json *body = json_new_object();

    json_set_str(body, "driver", driver->driver);
    json_set_str_opt(body, "bios_interface", driver->bios);
    json_set_str_opt(body, "boot_interface", driver->boot);
    if (data->has_custom_deploy)
        json_set_str(body, "deploy_interface", "custom-agent");
    else if (image_is_live_iso(data->current_image))
        json_set_str(body, "deploy_interface", "ramdisk");
    json_set_str_opt(body, "firmware_interface", driver->firmware);
    json_set_str(body, "inspect_interface", host_inspect_interface(host, data->inspection_mode));
    json_set_str_opt(body, "management_interface", driver->management);
    json_set_str_opt(body, "power_interface", driver->power);
    json_set_str_opt(body, "raid_interface", driver->raid);
    json_set_str_opt(body, "vendor_interface", driver->vendor);
    json_set_str(body, "name", name);
    json_set(body, "driver_info", driver_info(host, NULL));
    if (data->disable_power_off)
        json_set_bool(body, "disable_power_off", true);
    json_set_bool(body, "automated_clean", !str_equal(data->automated_cleaning_mode, "disabled"));
    json_set_str(body, "properties/capabilities", capabilities);
    json_set_str_opt(body, "properties/cpu_arch", data->architecture);
    return body;
}

static struct error *create_node(struct ironic_host *host, const struct register_data *data,
                                 struct provision_result *ret)
{
    struct json *body CLEANUP(json_free) = node_body(host, data);
    struct json *node = NULL;

    struct error *err = ironic_node_create(host->backend->client, body, &node);
    if (err)
        return result_from_error(host, err, ret);
    host_keep_node(host, node);
    host_publish(host, "Registered", "Registered new host");
    return NULL;
}

/* -- updating -- */

static void patch_identity(struct node_patch *patch, const struct ironic_host *host, const struct register_data *data)
{
    CLEANUP_FREE char *name = node_name_for_host(host->host->ns, host->host->name);
    const struct json *present = json_get(patch->node, "driver_info");
    struct json *info CLEANUP(json_free) = driver_info(host, present ? present : patch->node);

    node_patch_str(patch, "name", name);
    if (data->credentials_changed || !str_equal(address_of(present), address_of(info)))
        node_patch_set(patch, "driver_info", TAKE_PTR(info));
    if (json_bool(patch->node, "disable_power_off", false) != data->disable_power_off)
        node_patch_bool(patch, "disable_power_off", data->disable_power_off);
    if (!str_is_empty(data->architecture))
        node_patch_str(patch, "properties/cpu_arch", data->architecture);
}

static struct error *patch_network_data(struct node_patch *patch, const struct register_data *data)
{
    struct json *network = NULL;

    TRY(config_data_parse("networkData", data->preprovisioning_network_data, &network));
    if (network)
        node_patch_set(patch, "network_data", network);
    return NULL;
}

/* configureNode of BMO-547. */
static void patch_settings(struct node_patch *patch, const struct ironic_host *host, const struct register_data *data)
{
    patch_deploy_image(patch, host);
    node_patch_bool(patch, "automated_clean", !str_equal(data->automated_cleaning_mode, "disabled"));
    patch_properties(patch, data->boot_mode, NULL);
}

/* States in which registration leaves the node's settings alone (IRO-073). */
static const char *const running_states[] = {"clean wait", "cleaning", "wait call-back", "deploying", "inspecting",
                                             "verifying",  NULL};

static struct error *update_node(struct ironic_host *host, const struct register_data *data, bool created,
                                 struct provision_result *ret)
{
    CLEANUP_NODE_PATCH struct node_patch patch = {.node = host->node};

    if (!created)
        patch_identity(&patch, host, data);
    TRY(patch_network_data(&patch, data));
    if (!node_state_in(host->node, running_states) && !str_equal(node_state(host->node), "enroll"))
        patch_settings(&patch, host, data);
    return host_patch_node(host, &patch, ret);
}

/* -- bringing under management -- */

static struct error *manage(struct ironic_host *host, const struct register_data *data, struct provision_result *ret)
{
    const char *last_error = json_str_or(host->node, "last_error", "");

    if (str_equal(node_state(host->node), "verifying")) {
        result_wait(host, ret, WAIT_SHORT);
        return NULL;
    }
    if (!str_equal(node_state(host->node), "enroll"))
        return NULL;
    if (last_error[0] && !data->credentials_changed && !data->restart_on_failure) {
        result_fail(ret, "%s", last_error);
        return NULL;
    }
    if (str_equal(json_str(host->node, "target_provision_state"), "manageable")) {
        result_wait(host, ret, WAIT_SHORT);
        return NULL;
    }
    return host_change_state(host, "manage", NULL, ret, NULL);
}

static struct error *register_steps(struct ironic_host *host, const struct register_data *data,
                                    struct provision_result *ret)
{
    CLEANUP_FREE char *refusal = refusal_before_lookup(host, data);

    if (refusal) {
        result_fail(ret, "%s", refusal);
        return NULL;
    }
    TRY(find_node(host, ret));
    if (ret->message)
        return NULL;
    if ((host->bmc->driver->needs_mac || data->inspection_disabled) && str_is_empty(host->host->boot_mac)) {
        result_fail(ret, "BMC driver %s requires a BootMACAddress value", host->bmc->type);
        return NULL;
    }
    bool created = !host->node;
    if (created)
        TRY(create_node(host, data, ret));
    if (!provision_result_done(ret))
        return NULL;
    TRY(update_node(host, data, created, ret));
    if (!provision_result_done(ret))
        return NULL;
    TRY(host_ensure_ports(host, data->hardware, created, ret));
    if (!provision_result_done(ret))
        return NULL;
    return manage(host, data, ret);
}

struct error *ironic_register(struct provisioner *provisioner, const struct register_data *data,
                              struct provision_result *ret, char **ret_id)
{
    struct ironic_host *host = (struct ironic_host *)provisioner;
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};

    struct error *err = register_steps(host, data, &result);
    if (error_is(err, ERROR_INVALID)) {
        /*
         * Ironic refuses what the host asks for, or its data do not parse: trying again does not help, the user must
         * know.
         */
        result_fail(&result, "%s", error_message(err));
        error_free(err);
        err = NULL;
    }
    TRY(err);
    *ret = result;
    result = (struct provision_result){0};
    *ret_id = host->node ? mem_strdup(host->id) : NULL;
    return NULL;
}
