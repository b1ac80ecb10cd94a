/* SPDX-License-Identifier: Apache-2.0 */
/* Ports (IRO-034, IRO-035). */
#include <stdlib.h>

#include "lib/data/jsonpatch.h"
#include "lib/data/str.h"
#include "operator/conductor/api/rest.h"

static struct json *port_json(const struct rest *rest, const struct port *port)
{
    struct json *value = port_to_json(port);
    json_put(value, "links", rest_links(rest, "ports", port->uuid));
    return value;
}

/* Only the fields of a comma list. */
static struct json *select_fields(struct json *value, const char *fields)
{
    if (!fields)
        return value;
    struct json *selected = json_new_object();
    CLEANUP(str_list_free) char **names = str_split(fields, ',');
    for (size_t i = 0; names[i]; i++)
        if (json_member(value, names[i]))
            json_put(selected, names[i], json_copy(json_member(value, names[i])));
    json_free(value);
    return selected;
}

/* Those that the query asks for, before paging: of an address, of a node, or all. */
static void find_wanted(const struct rest *rest, const struct node *node, struct port_list *ret)
{
    const struct conductor *conductor = rest->conductor;
    const char *address = rest_query(rest, "address");
    struct port *port = address ? port_find_address(conductor, address) : NULL;
    if (address) {
        if (port && (!node || str_equal(port->node_uuid, node->uuid)))
            VEC_PUSH(ret, port);
        return;
    }
    if (node) {
        ports_of(conductor, node->uuid, ret);
        return;
    }
    struct map_iter it = {0};
    while (map_next(conductor->ports, &it))
        VEC_PUSH(ret, it.value);
}

static struct error *list_ports(struct rest *rest)
{
    size_t limit = 0;
    const char *marker = NULL, *last = NULL;
    TRY(rest_page(rest, &limit, &marker));
    const char *node_ident = rest->args[0] ? rest->args[0] : rest_query(rest, "node_uuid");
    if (!node_ident)
        node_ident = rest_query(rest, "node");
    const struct node *node = node_ident ? node_find(rest->conductor, node_ident) : NULL;
    if (node_ident && !node)
        return error_new(ERROR_NOT_FOUND, "Node %s could not be found.", node_ident);
    CLEANUP(json_free) struct json *body = json_new_object();
    struct json *list = json_new_array();
    json_set(body, "ports", list);
    struct port_list wanted = {0};
    find_wanted(rest, node, &wanted);
    bool started = !marker;
    for (size_t i = 0; i < wanted.len; i++) {
        const struct port *port = wanted.items[i];
        if (!started) {
            started = str_equal(port->uuid, marker);
            continue;
        }
        if (json_len(list) == limit) {
            CLEANUP_FREE char *base = rest_base(rest);
            json_set_printf(body, "next", "%s/ports?limit=%zu&marker=%s", base, limit, last);
            break;
        }
        json_append(list, select_fields(port_json(rest, port), rest_query(rest, "fields")));
        last = port->uuid;
    }
    VEC_RELEASE(&wanted);
    rest_reply(rest, 200, body);
    return NULL;
}

static struct error *post_port(struct rest *rest)
{
    CLEANUP(json_free) struct json *body = NULL;
    TRY(rest_body(rest, &body));
    const char *node_uuid = NULL, *address = NULL;
    TRY(json_need_str(body, "address", &address));
    TRY(json_need_str(body, "node_uuid", &node_uuid));
    const struct node *node = node_find(rest->conductor, node_uuid);
    if (!node)
        return error_new(ERROR_INVALID, "Node %s could not be found.", node_uuid);
    struct port *port = NULL;
    TRY(port_create(rest->conductor, node->uuid, address, json_bool(body, "pxe_enabled", true), &port));
    CLEANUP(json_free) struct json *value = port_json(rest, port);
    rest_reply(rest, 201, value);
    return NULL;
}

static struct error *find_port(const struct rest *rest, struct port **ret)
{
    *ret = port_find(rest->conductor, rest->args[0]);
    if (!*ret)
        return error_new(ERROR_NOT_FOUND, "Port %s could not be found.", rest->args[0]);
    return NULL;
}

static struct error *get_port(struct rest *rest)
{
    struct port *port = NULL;
    TRY(find_port(rest, &port));
    CLEANUP(json_free) struct json *value = select_fields(port_json(rest, port), rest_query(rest, "fields"));
    rest_reply(rest, 200, value);
    return NULL;
}

/* pxe_enabled, name and extra can be changed. */
static struct error *patch_port(struct rest *rest)
{
    struct port *port = NULL;
    TRY(find_port(rest, &port));
    CLEANUP(json_free) struct json *operations = NULL, *value = port_to_json(port);
    TRY(rest_body(rest, &operations));
    TRY_WRAP(json_patch_apply(&value, operations), "PATCH");
    CLEANUP(port_free) struct port *changed = NULL;
    TRY(port_from_json(value, &changed));
    if (!str_equal(changed->uuid, port->uuid) || !str_equal(changed->node_uuid, port->node_uuid) ||
        !str_equal(changed->address, port->address))
        return error_new(ERROR_INVALID,
                         "uuid, node_uuid and address of a port can not be changed; delete it and make another");
    port->pxe_enabled = changed->pxe_enabled;
    node_set_text(&port->name, changed->name);
    json_free(port->extra);
    port->extra = TAKE_PTR(changed->extra);
    port->updated_at = rt_wall(rest->conductor->rt);
    CLEANUP(json_free) struct json *reply = port_json(rest, port);
    TRY(port_save(rest->conductor, port));
    rest_reply(rest, 200, reply);
    return NULL;
}

static struct error *delete_port(struct rest *rest)
{
    struct port *port = NULL;
    TRY(find_port(rest, &port));
    TRY(port_delete(rest->conductor, port));
    rest_reply(rest, 204, NULL);
    return NULL;
}

const struct rest_route rest_port_routes[] = {
    {"GET", "/v1/ports", list_ports},         {"GET", "/v1/ports/detail", list_ports},
    {"POST", "/v1/ports", post_port},         {"GET", "/v1/ports/%", get_port},
    {"PATCH", "/v1/ports/%", patch_port},     {"DELETE", "/v1/ports/%", delete_port},
    {"GET", "/v1/nodes/%/ports", list_ports}, {0},
};
