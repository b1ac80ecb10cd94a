/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports of a node: one for the boot MAC, one for each NIC that inspection found (BMO-544, IRO-042). Never removed,
 * never altered.
 */
#include "operator/ironic/backend.h"

#include <stdlib.h>
#include <string.h>

/* How long a node's ports count as known. */
#define PORTS_KNOWN (10 * TIME_MIN)

struct ports_seen {
    rt_time until;
    struct map *macs; /* in lower case; the values say nothing */
};

static const char *const port_states[] = {
    "enroll",        "manageable",     "available", "active", "adopt failed", "inspect failed", "clean failed",
    "deploy failed", "service failed", "error",     NULL};

/* MAC address in lower case to "1" (PXE) or "0". */
static struct map *wished_ports(const struct ironic_host *host, const struct json *hardware)
{
    struct map *wished = map_new(NULL);
    const char *boot_mac = str_or(host->host->boot_mac, "");

    if (boot_mac[0]) {
        CLEANUP_FREE char *lower = str_lower(boot_mac);
        map_set(wished, lower, "1");
    }
    const struct json *nics = json_get(hardware, "nics");
    JSON_FOREACH (nic, nics) {
        CLEANUP_FREE char *lower = str_lower(json_str_or(nic, "mac", ""));
        if (lower[0] && !map_get(wished, lower))
            map_set(wished, lower, json_bool(nic, "pxe", false) ? "1" : "0");
    }
    return wished;
}

static struct error *create_port(struct ironic_host *host, const char *mac, bool pxe)
{
    struct json *body CLEANUP(json_free) = json_new_object();
    struct json *owner CLEANUP(json_free) = NULL;

    json_set_str(body, "node_uuid", host->id);
    json_set_str(body, "address", mac);
    json_set_bool(body, "pxe_enabled", pxe);
    struct error *err = ironic_call(host->backend->client, "POST", "/ports", body, NULL);
    if (!error_is(err, ERROR_CONFLICT))
        return err;
    /* Somebody has that port: fine when it is this node after all. */
    CLEANUP_FREE char *path = mem_printf("/ports?address=%s&fields=node_uuid,uuid,address", mac);
    struct error *list_err = ironic_list(host->backend->client, path, "ports", &owner);
    if (list_err || !json_len(owner)) {
        error_free(list_err);
        return err;
    }
    error_free(err);
    const char *uuid = json_str_or(owner, "0/node_uuid", "");
    if (str_equal(uuid, host->id))
        return NULL;
    return error_new(ERROR_INVALID, "port with address %s of host %s/%s: port belongs to another node %s", mac,
                     host->host->ns, host->host->name, uuid);
}

/* The MACs that the node has ports for, into the map. */
static struct error *list_ports(struct ironic_host *host, struct map *known)
{
    struct json *present CLEANUP(json_free) = NULL;
    CLEANUP_FREE char *path = mem_printf("/ports?node_uuid=%s&fields=node_uuid,uuid,address", host->id);

    TRY(ironic_list(host->backend->client, path, "ports", &present));
    JSON_FOREACH (port, present) {
        CLEANUP_FREE char *lower = str_lower(json_str_or(port, "address", ""));
        map_set(known, lower, host);
    }
    return NULL;
}

static struct error *create_missing(struct ironic_host *host, const struct map *wished, struct map *known)
{
    struct map_iter it = {0};

    while (map_next(wished, &it)) {
        if (map_get(known, it.key))
            continue;
        TRY(create_port(host, it.key, str_equal(it.value, "1")));
        map_set(known, it.key, host->backend);
    }
    return NULL;
}

/* What we know of the node's ports: asked for again after a while, as somebody may have removed them. */
static struct error *ports_seen(struct ironic_host *host, bool created, struct ports_seen **ret)
{
    struct rt *rt = host->backend->env->rt;
    struct ports_seen *seen = map_get(host->backend->ports, host->id);

    if (!seen || created || rt_now(rt) >= seen->until) {
        struct map *known CLEANUP(map_free) = map_new(NULL);
        if (!created)
            TRY(list_ports(host, known));
        seen = mem_alloc(sizeof(*seen));
        seen->until = rt_after(rt, PORTS_KNOWN);
        seen->macs = TAKE_PTR(known);
        map_set(host->backend->ports, host->id, seen);
    }
    *ret = seen;
    return NULL;
}

void ports_seen_free(void *value)
{
    struct ports_seen *seen = value;
    map_free(seen->macs);
    free(seen);
}

struct error *host_ensure_ports(struct ironic_host *host, const struct json *hardware, bool created,
                                struct provision_result *ret)
{
    struct map *wished CLEANUP(map_free) = wished_ports(host, hardware);
    struct ports_seen *seen = NULL;

    if (!map_len(wished) || !node_state_in(host->node, port_states))
        return NULL;
    struct error *err = ports_seen(host, created, &seen);
    if (!err)
        err = create_missing(host, wished, seen->macs);
    return err ? result_from_error(host, err, ret) : NULL;
}
