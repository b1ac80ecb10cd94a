/* SPDX-License-Identifier: Apache-2.0 */
/* What agents call: lookup, heartbeat, inspection callback (C1). */
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "lib/data/time.h"
#include "operator/conductor/agent_session.h"
#include "operator/conductor/api/rest.h"
#include "operator/conductor/boot_iso.h"
#include "operator/conductor/inspection.h"

#define MACS_MAX 1000

/* -- lookup -- */

/* All matching ports must belong to one node (IRO-512). */
static struct error *node_of_addresses(const struct conductor *conductor, const char *addresses, struct node **ret)
{
    CLEANUP(str_list_free) char **macs = str_split(addresses ? addresses : "", ',');
    *ret = NULL;
    for (size_t i = 0; macs[i] && i < MACS_MAX; i++) {
        const struct port *port = port_find_address(conductor, macs[i]);
        struct node *node = port ? map_get(conductor->nodes, port->node_uuid) : NULL;
        if (node && *ret && node != *ret)
            return error_new(ERROR_NOT_FOUND, "the addresses belong to several nodes");
        if (node)
            *ret = node;
    }
    return NULL;
}

static bool lookup_allowed(const struct node *node)
{
    unsigned flags = provision_state_flags(node->provision_state);
    return (flags & STATE_LOOKUP) || ((flags & STATE_LOOKUP_FAST) && node->conductor->options.fast_track);
}

/* IRO-508 to IRO-511; the keys of the recorded wire. */
static struct json *agent_config(const struct conductor *conductor, const char *token)
{
    struct json *config = json_new_object();
    json_set_str(config, "metrics/backend", "noop");
    json_set_bool(config, "metrics/prepend_host", false);
    json_set_bool(config, "metrics/prepend_uuid", false);
    json_set_bool(config, "metrics/prepend_host_reverse", true);
    json_set(config, "metrics/global_prefix", json_new_null());
    json_set_str(config, "metrics_statsd/statsd_host", "localhost");
    json_set_int(config, "metrics_statsd/statsd_port", 8125);
    json_set_int(config, "heartbeat_timeout", conductor->options.heartbeat_timeout / RT_S);
    json_set_bool(config, "agent_containers/allow_arbitrary_containers", false);
    json_set(config, "agent_containers/allowed_containers", json_new_array());
    json_set_str(config, "agent_token", token);
    json_set_bool(config, "agent_token_required", true);
    json_set_bool(config, "agent_md5_checksum_enable", false);
    json_set_bool(config, "disable_deep_image_inspection", false);
    struct json *formats = json_new_array();
    static const char *const permitted[] = {"raw", "gpt", "qcow2", "iso"};
    for (size_t i = 0; i < ARRAY_SIZE(permitted); i++)
        json_append_str(formats, permitted[i]);
    json_set(config, "permitted_image_formats", formats);
    json_set_bool(config, "agent_skip_bmc_detect", true);
    json_set_bool(config, "enable_bios_bootloader_install", false);
    json_set_str(config, "tls_min_version", "1.2");
    json_set(config, "tls_cipher_suites", json_new_null());
    return config;
}

static struct json *lookup_json(const struct rest *rest, const struct node *node, const char *token)
{
    CLEANUP(json_free) struct json *record = node_for_agent(node, false);
    struct json *body = json_new_object();
    json_set_str(body, "node/uuid", node->uuid);
    static const char *const shown[] = {"properties", "instance_info", "driver_internal_info"};
    for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
        json_put(json_get(body, "node"), shown[i], json_copy(json_member(record, shown[i])));
    json_put(json_get(body, "node"), "links", rest_links(rest, "nodes", node->uuid));
    json_set(body, "config", agent_config(rest->conductor, token));
    return body;
}

/* The token is told once, unless it came with the boot ISO (IRO-306). *ret is owned. */
static struct error *token_for(struct node *node, char **ret)
{
    if (node_internal(node, "agent_secret_token")) {
        *ret = mem_strdup("******");
        return NULL;
    }
    if (node->reservation && !(provision_state_flags(node->provision_state) & STATE_RUNS))
        return error_new(ERROR_CONFLICT,
                         "Node %s is locked by host %s, please retry after the current operation is completed.",
                         node->uuid, node->reservation);
    ramdisk_token_new(node, false);
    CLEANUP_SECRET char *token = mem_strdup(node_internal(node, "agent_secret_token"));
    TRY(node_save(node));
    *ret = TAKE_PTR(token);
    return NULL;
}

static struct error *get_lookup(struct rest *rest)
{
    const char *addresses = rest_query(rest, "addresses"), *uuid = rest_query(rest, "node_uuid");
    if (str_is_empty(addresses) && str_is_empty(uuid))
        return error_new(ERROR_INVALID, "At least one of 'addresses' and 'node_uuid' is needed to look up a node.");
    struct node *found = NULL;
    if (!str_is_empty(uuid))
        found = map_get(rest->conductor->nodes, uuid);
    else
        TRY(node_of_addresses(rest->conductor, addresses, &found));
    if (!found || !lookup_allowed(found))
        return error_new(ERROR_NOT_FOUND, "Node could not be found or is not in a state that allows lookup.");
    CLEANUP(node_unref) struct node *node = node_ref(found);
    CLEANUP_SECRET char *token = NULL;
    TRY(token_for(node, &token));
    CLEANUP(json_free) struct json *body = lookup_json(rest, node, token);
    rest_reply(rest, 200, body);
    return NULL;
}

/* -- heartbeat -- */

/* IRO-517, IRO-308, IRO-309. */
static struct error *heartbeat_check(const struct node *node, const struct json *body)
{
    const char *url = json_str(body, "callback_url"), *token = json_str(body, "agent_token");
    const char *certificate = json_str(body, "agent_verify_ca"), *known = node_internal(node, "agent_secret_token");
    if (str_is_empty(token) || !known || !str_equal_secret(token, known))
        return error_new(ERROR_INVALID, "Agent token is missing or does not match the node's.");
    if (str_is_empty(json_str(body, "agent_version")))
        return error_new(ERROR_INVALID, "Field \"agent_version\" is missing.");
    if (!url || (!str_has_prefix(url, "http://") && !str_has_prefix(url, "https://")))
        return error_new(ERROR_INVALID, "Field \"callback_url\" must be an http:// or https:// URL.");
    if (node->conductor->options.require_agent_tls && !str_has_prefix(url, "https://"))
        return error_new(ERROR_INVALID, "TLS is required for the agent's callback_url.");
    const char *known_url = node_internal(node, "agent_url"),
               *known_certificate = node_internal(node, "agent_verify_ca");
    if (known_url && !str_equal(known_url, url))
        return error_new(ERROR_INVALID, "Detected change in ramdisk provided \"callback_url\".");
    if (known_url && known_certificate && certificate && !str_equal(known_certificate, certificate))
        return error_new(ERROR_INVALID, "Detected change in ramdisk provided \"agent_verify_ca\".");
    return NULL;
}

static void heartbeat_record(struct node *node, const struct json *body)
{
    char now[TIME_TEXT_SIZE];
    int64_t wall = rt_wall(node->conductor->rt);
    bool first = !node_internal(node, "agent_url");
    node_internal_set(node, "agent_url", json_str(body, "callback_url"));
    node_internal_set(node, "agent_version", json_str(body, "agent_version"));
    node_internal_set(node, "agent_last_heartbeat", time_format(wall, 6, now));
    if (json_str(body, "agent_verify_ca"))
        node_internal_set(node, "agent_verify_ca", json_str(body, "agent_verify_ca"));
    node->agent_expected = 0;
    boot_iso_release(node);
    if (provision_state_flags(node->provision_state) & STATE_WAITS)
        node->provision_updated_at = wall; /* a sign of life (IRO-520) */
    if (first)
        log_info(node->conductor->log, "agent is up", KV("node", node->uuid), KV("name", node->name),
                 KV("url", json_str(body, "callback_url")));
    node_save_later(node);
    node_changed(node);
}

static struct error *post_heartbeat(struct rest *rest)
{
    CLEANUP(node_unref) struct node *node = NULL;
    CLEANUP(json_free) struct json *body = NULL;
    TRY(rest_node(rest, &node));
    TRY(rest_body(rest, &body));
    unsigned flags = provision_state_flags(node->provision_state);
    /* An agent that beats during its inspection is on its way to be used (fast track). */
    bool inspecting = node->provision_state == STATE_INSPECTING || node->provision_state == STATE_INSPECT_WAIT;
    TRY(heartbeat_check(node, body));
    if (!node->maintenance && ((flags & STATE_HEARTBEAT) || inspecting))
        heartbeat_record(node, body);
    rest_reply(rest, 202, NULL);
    return NULL;
}

/* -- inspection -- */

static struct error *post_inspection(struct rest *rest)
{
    CLEANUP(json_free) struct json *data = NULL;
    TRY(rest_body(rest, &data));
    CLEANUP(node_unref) struct node *node = NULL;
    TRY(inspection_receive(rest->conductor, data, &node));
    CLEANUP(json_free) struct json *body = json_new_object();
    json_set_str(body, "uuid", node->uuid);
    rest_reply(rest, 202, body);
    return NULL;
}

const struct rest_route rest_ramdisk_routes[] = {
    {"GET", "/v1/lookup", get_lookup, REST_PUBLIC},
    {"POST", "/v1/heartbeat/%", post_heartbeat, REST_PUBLIC},
    {"POST", "/v1/continue_inspection", post_inspection, REST_PUBLIC, .body_max = REST_BODY_INSPECTION_MAX},
    {0},
};
