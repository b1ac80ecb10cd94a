/* SPDX-License-Identifier: Apache-2.0 */
/* Inspection: booting the ramdisk, taking its findings, hooks as Metal3 configures them. */
#include "operator/conductor/inspection.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "operator/conductor/agent_session.h"
#include "operator/conductor/boot.h"
#include "operator/conductor/boot_iso.h"
#include "operator/conductor/internal.h"
#include "operator/conductor/operation.h"
#include "operator/conductor/power.h"

#define KEY_RECEIVED "inspection_received" /* in driver_internal_info: the callback came */
#define INTERFACES_MAX 1000

/* -- hooks -- */

static bool mac_usable(const char *mac)
{
    static const char *const never[] = {"00:00:00:00:00:00", "ff:ff:ff:ff:ff:ff"};
    for (size_t i = 0; i < ARRAY_SIZE(never); i++)
        if (str_equal(mac, never[i]))
            return false;
    return true;
}

/* validate-interfaces (IRO-253): all_interfaces, valid_interfaces and macs of plugin_data. */
static struct error *validate_interfaces(const struct json *body, struct json *plugin)
{
    CLEANUP_FREE char *pxe = NULL;
    const char *boot = json_str(body, "boot_interface");
    if (boot)
        error_free(mac_normalize(str_has_prefix(boot, "01-") ? boot + 3 : boot, &pxe)); /* no MAC: none */
    struct json *all = json_new_object(), *valid = json_new_object(), *macs = json_new_array();
    json_set(plugin, "all_interfaces", all);
    json_set(plugin, "valid_interfaces", valid);
    json_set(plugin, "macs", macs);
    JSON_FOREACH (interface, json_get(body, "inventory/interfaces")) {
        const char *name = json_str(interface, "name");
        CLEANUP_FREE char *mac = NULL;
        CLEANUP(error_free) struct error *bad = mac_normalize(json_str(interface, "mac_address"), &mac);
        if (!name || str_equal(name, "lo") || bad || !mac_usable(mac))
            continue;
        struct json *copy = json_copy(interface);
        json_set_str(copy, "mac_address", mac);
        json_set_bool(copy, "pxe_enabled", str_equal(mac, pxe));
        json_put(all, name, json_copy(copy));
        json_put(valid, name, copy);
        json_append_str(macs, mac);
    }
    if (!json_len(macs))
        return error_new(ERROR_INVALID, "no valid network interface in the inventory");
    return NULL;
}

/* ports (IRO-254): one for each MAC, those that are not there are removed; pxe_enabled as found, when a PXE interface is known. */
static struct error *sync_ports(struct node *node, const struct json *plugin)
{
    struct conductor *conductor = node->conductor;
    bool pxe_known = false;
    JSON_FOREACH (interface, json_get(plugin, "valid_interfaces"))
        pxe_known = pxe_known || json_bool(interface, "pxe_enabled", false);
    TRY(ports_delete_but(conductor, node->uuid, json_get(plugin, "macs")));
    JSON_FOREACH (interface, json_get(plugin, "valid_interfaces")) {
        const char *mac = json_str(interface, "mac_address");
        bool pxe = json_bool(interface, "pxe_enabled", false);
        struct port *port = port_find_address(conductor, mac);
        if (port && !str_equal(port->node_uuid, node->uuid)) {
            log_warn(conductor->log, "MAC address belongs to another node", KV("node", node->uuid), KV("mac", mac),
                     KV("other", port->node_uuid));
        } else if (!port) {
            TRY(port_create(conductor, node->uuid, mac, pxe, &port));
        } else if (pxe_known && port->pxe_enabled != pxe) {
            port->pxe_enabled = pxe;
            TRY(port_save(conductor, port));
        }
    }
    return NULL;
}

static int hex_digit(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* Bytes from hex text as printable text; what is not printable is shown in hex, as a MAC address is. */
static char *tlv_text(const char *hex, size_t skip)
{
    size_t len = strlen(hex) / 2;
    struct strbuf text = STRBUF_INIT;
    bool printable = len > skip;
    for (size_t i = skip; i < len; i++) {
        int byte = hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]);
        printable = printable && byte >= 0x20 && byte < 0x7f;
        strbuf_addc(&text, (char)byte);
    }
    if (!printable) {
        strbuf_clear(&text);
        for (size_t i = skip; i < len; i++)
            strbuf_addf(&text, "%s%c%c", i > skip ? ":" : "", hex[2 * i], hex[2 * i + 1]);
    }
    strbuf_add(&text, "", 0);
    return text.data ? strbuf_take(&text) : mem_strdup("");
}

/* parse-lldp (IRO-256): chassis, port, system name of the switch. */
static void parse_lldp(const struct json *body, struct json *plugin)
{
    static const struct {
        int type;
        size_t skip; /* the subtype byte */
        const char *key;
    } tlvs[] = {{1, 1, "switch_chassis_id"}, {2, 1, "switch_port_id"}, {5, 0, "switch_system_name"}};
    struct json *parsed = json_new_object();
    JSON_FOREACH (interface, json_get(body, "inventory/interfaces")) {
        const char *name = json_str(interface, "name");
        const struct json *raw = json_member(json_get(body, "lldp_raw"), name ? name : "");
        if (!raw)
            raw = json_get(interface, "lldp");
        if (!name || !json_is(raw, JSON_ARRAY))
            continue;
        struct json *found = json_new_object();
        JSON_FOREACH (tlv, raw) {
            const char *hex = json_str(json_item(tlv, 1), "");
            for (size_t i = 0; hex && i < ARRAY_SIZE(tlvs); i++) {
                if (json_int(json_item(tlv, 0), "", 0) != tlvs[i].type || strlen(hex) % 2 ||
                    strspn(hex, "0123456789abcdefABCDEF") != strlen(hex))
                    continue;
                CLEANUP_FREE char *text = tlv_text(hex, tlvs[i].skip);
                json_set_str(found, tlvs[i].key, text);
            }
        }
        json_put(parsed, name, found);
    }
    json_set(plugin, "parsed_lldp", parsed);
}

/* plugin_data: the body without inventory and logs (IRO-540). */
static struct json *plugin_data(const struct json *body)
{
    struct json *plugin = json_copy(body);
    json_remove_member(plugin, "inventory");
    json_remove_member(plugin, "logs");
    return plugin;
}

/* -- the callback -- */

static struct error *body_check(const struct json *body)
{
    const struct json *interfaces = json_get(body, "inventory/interfaces");
    if (!json_is(interfaces, JSON_ARRAY) || !json_len(interfaces) || json_len(interfaces) > INTERFACES_MAX)
        return error_new(ERROR_INVALID, "inventory/interfaces must be a list with at least one interface");
    JSON_FOREACH (interface, interfaces)
        if (!json_str(interface, "mac_address"))
            return error_new(ERROR_INVALID, "an interface of the inventory lacks mac_address");
    return NULL;
}

static bool mac_cached(const struct node *node, const char *mac)
{
    JSON_FOREACH (item, json_member(node->driver_internal_info, "lookup_macs"))
        if (str_equal_nocase(json_str(item, ""), mac))
            return true;
    return false;
}

/* The report may come before the BMC has answered the command that powered the machine on: the operation takes it when it gets there. */
static bool expects_report(const struct node *node)
{
    return node->provision_state == STATE_INSPECT_WAIT || node->provision_state == STATE_INSPECTING;
}

/* The node under inspection that has one of the MACs as a port, or was told so by its BMC. */
static struct node *find_node(const struct conductor *conductor, const struct json *body)
{
    JSON_FOREACH (interface, json_get(body, "inventory/interfaces")) {
        const char *mac = json_str(interface, "mac_address");
        const struct port *port = port_find_address(conductor, mac);
        struct node *node = port ? map_get(conductor->nodes, port->node_uuid) : NULL;
        if (node)
            return node;
        struct map_iter it = {0};
        while (map_next(conductor->nodes, &it))
            if (expects_report(it.value) && mac_cached(it.value, mac))
                return it.value;
    }
    return NULL;
}

static struct error *store(struct node *node, const struct json *body)
{
    CLEANUP(json_free) struct json *document = json_new_object();
    CLEANUP(json_free) struct json *plugin = plugin_data(body);
    TRY(validate_interfaces(body, plugin));
    parse_lldp(body, plugin);
    TRY(sync_ports(node, plugin));
    json_set(document, "inventory", json_copy(json_get(body, "inventory")));
    json_set(document, "plugin_data", TAKE_PTR(plugin));
    CLEANUP_FREE char *text = json_print(document);
    TRY(db_write(node->conductor->db, DB_INVENTORY, node->uuid, text));
    const char *arch = json_str(body, "inventory/cpu/architecture");
    if (arch)
        json_put_str(node->properties, "cpu_arch", arch); /* architecture hook (IRO-255) */
    return NULL;
}

struct error *inspection_receive(struct conductor *conductor, const struct json *body, struct node **ret)
{
    TRY(body_check(body));
    struct node *found = find_node(conductor, body);
    if (!found || !expects_report(found))
        return error_new(ERROR_NOT_FOUND, "no node waits for this inspection data");
    CLEANUP(node_unref) struct node *node = node_ref(found);
    uint64_t operation = node->operation;
    const char *failure = json_str(body, "error"); /* ramdisk-error hook (IRO-252) */
    if (!str_is_empty(failure))
        node_internal_set(node, KEY_RECEIVED, failure);
    else
        TRY(store(node, body));
    if (node->operation != operation || node->gone)
        return error_new(ERROR_NOT_FOUND, "the inspection was aborted");
    if (str_is_empty(failure))
        node_internal_set(node, KEY_RECEIVED, "");
    if (node->provision_state == STATE_INSPECT_WAIT)
        boot_iso_release(node);
    node->agent_expected = conductor->options.fast_track ? rt_now(conductor->rt) : 0;
    TRY(node_save(node));
    node_changed(node);
    *ret = TAKE_PTR(node);
    return NULL;
}

struct error *inspection_read(struct node *node, struct json **ret)
{
    CLEANUP_FREE char *text = NULL;
    struct error *err = db_read(node->conductor->db, DB_INVENTORY, node->uuid, &text);
    if (error_is(err, ERROR_NOT_FOUND)) {
        error_free(err);
        return error_new(ERROR_NOT_FOUND, "Inventory for node %s could not be found.", node->uuid);
    }
    TRY(err);
    return json_parse(text, strlen(text), ret);
}

/* -- the operation -- */

/* With fast track the agent goes on to lookup and heartbeats (IRO-248). */
static char *inspection_params(const struct node *node)
{
    CLEANUP_FREE char *api = boot_api_params(node);
    return mem_printf("ipa-inspection-callback-url=%s/v1/continue_inspection%s%s ipa-collect-lldp=1",
                      node->conductor->text.api_url, node->conductor->options.fast_track ? " " : "",
                      node->conductor->options.fast_track ? api : "");
}

/* Nodes without ports are found by the MACs that their BMC tells (IRO-246, IRO-247). */
static struct error *cache_macs(struct node *node)
{
    struct port_list ports = {0};
    ports_of(node->conductor, node->uuid, &ports);
    bool has_ports = ports.len > 0;
    VEC_RELEASE(&ports);
    json_remove_member(node->driver_internal_info, "lookup_macs");
    if (has_ports)
        return NULL;
    struct json *macs = NULL;
    TRY(bmc_list_macs(node, &macs));
    json_put(node->driver_internal_info, "lookup_macs", macs);
    return NULL;
}

static struct error *received(void *arg, bool *ret_done)
{
    const struct operation *operation = arg;
    *ret_done = node_internal(operation->node, KEY_RECEIVED) != NULL;
    return NULL;
}

static struct error *begin(struct operation *operation)
{
    struct node *node = operation->node;
    if (!operation->resumed)
        node->inspection_started_at = rt_wall(node->conductor->rt);
    node_internal_set(node, KEY_RECEIVED, NULL);
    TRY(cache_macs(node));
    CLEANUP_FREE char *params = inspection_params(node);
    return boot_ramdisk(node, params);
}

struct error *inspect_run(struct operation *operation)
{
    struct node *node = operation->node;
    if (node->provision_state != STATE_INSPECT_WAIT && !(operation->resumed && node_internal(node, KEY_RECEIVED)))
        TRY(begin(operation));
    TRY(operation_wait(operation, RT_FOREVER, received, operation));
    CLEANUP_FREE char *failure = mem_strdup(node_internal(node, KEY_RECEIVED));
    node_internal_set(node, KEY_RECEIVED, NULL);
    json_remove_member(node->driver_internal_info, "lookup_macs");
    if (!str_is_empty(failure))
        return error_new(ERROR_INVALID, "Ramdisk reported an error: %.4000s", failure);
    if (!node->conductor->options.fast_track)
        TRY(boot_clean_up_ramdisk(node));
    node->inspection_finished_at = rt_wall(node->conductor->rt);
    return node_transition(node, EVENT_DONE);
}

void inspect_failed(struct operation *operation)
{
    struct node *node = operation->node;
    node_internal_set(node, KEY_RECEIVED, NULL);
    CLEANUP(error_free) struct error *err = boot_clean_up_ramdisk(node);
    if (err)
        log_warn(node->conductor->log, "ramdisk not cleaned up", KV("node", node->uuid), KV_ERR(err));
}
