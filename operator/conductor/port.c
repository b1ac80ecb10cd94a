/* SPDX-License-Identifier: Apache-2.0 */
/* Ports: the MAC addresses by which agents find their node. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "lib/data/time.h"
#include "operator/conductor/internal.h"

struct error *mac_normalize(const char *text, char **ret)
{
    CLEANUP_FREE char *mac = str_lower(text ? text : "");
    bool fine = strlen(mac) == 17;
    for (size_t i = 0; fine && i < 17; i++) {
        if (i % 3 == 2 && mac[i] == '-')
            mac[i] = ':';
        fine = i % 3 == 2 ? mac[i] == ':' : isxdigit((unsigned char)mac[i]) != 0;
    }
    if (!fine)
        return error_new(ERROR_INVALID, "Expected a MAC address but received %s.", text ? text : "nothing");
    *ret = TAKE_PTR(mac);
    return NULL;
}

void port_free(struct port *port)
{
    if (!port)
        return;
    free(port->uuid);
    free(port->node_uuid);
    free(port->address);
    free(port->name);
    json_free(port->extra);
    json_free(port->local_link_connection);
    json_free(port->internal_info);
    free(port);
}

struct port *port_find(const struct conductor *conductor, const char *uuid)
{
    return map_get(conductor->ports, uuid);
}

struct port *port_find_address(const struct conductor *conductor, const char *mac)
{
    CLEANUP_FREE char *address = NULL;
    CLEANUP(error_free) struct error *bad = mac_normalize(mac, &address);
    return bad ? NULL : map_get(conductor->addresses, address);
}

void ports_of(const struct conductor *conductor, const char *node_uuid, struct port_list *ret)
{
    const struct port_list *list = map_get(conductor->node_ports, node_uuid);
    for (size_t i = 0; list && i < list->len; i++)
        VEC_PUSH(ret, list->items[i]);
}

void port_index(struct conductor *conductor, struct port *port)
{
    map_set(conductor->ports, port->uuid, port);
    map_set(conductor->addresses, port->address, port);
    struct port_list *list = map_get(conductor->node_ports, port->node_uuid);
    if (!list) {
        list = mem_alloc(sizeof(*list));
        map_set(conductor->node_ports, port->node_uuid, list);
    }
    VEC_PUSH(list, port);
}

/* Takes it out of all indices, and frees it. */
static void forget(struct conductor *conductor, struct port *port)
{
    struct port_list *list = map_get(conductor->node_ports, port->node_uuid);
    size_t kept = 0;
    for (size_t i = 0; i < list->len; i++)
        if (list->items[i] != port)
            list->items[kept++] = list->items[i];
    list->len = kept;
    if (!kept)
        map_remove(conductor->node_ports, port->node_uuid);
    map_remove(conductor->addresses, port->address);
    CLEANUP_FREE char *uuid = mem_strdup(port->uuid);
    map_remove(conductor->ports, uuid);
}

static void put_time(struct json *object, const char *name, int64_t wall)
{
    char text[TIME_TEXT_SIZE];
    json_put(object, name, wall ? json_new_string(time_format(wall, 6, text)) : json_new_null());
}

static struct json *object_or_empty(const struct json *value)
{
    return value ? json_copy(value) : json_new_object();
}

struct json *port_to_json(const struct port *port)
{
    struct json *value = json_new_object();
    json_put_str(value, "uuid", port->uuid);
    json_put_str(value, "node_uuid", port->node_uuid);
    json_put_str(value, "address", port->address);
    json_put_str(value, "name", port->name);
    json_put(value, "pxe_enabled", json_new_bool(port->pxe_enabled));
    json_put(value, "local_link_connection", object_or_empty(port->local_link_connection));
    json_put(value, "internal_info", object_or_empty(port->internal_info));
    json_put(value, "extra", object_or_empty(port->extra));
    json_put(value, "portgroup_uuid", json_new_null());
    json_put(value, "physical_network", json_new_null());
    json_put(value, "is_smartnic", json_new_bool(false));
    put_time(value, "created_at", port->created_at);
    put_time(value, "updated_at", port->updated_at);
    return value;
}

struct error *port_from_json(const struct json *value, struct port **ret)
{
    CLEANUP(port_free) struct port *port = mem_alloc(sizeof(*port));
    const char *uuid = NULL, *node_uuid = NULL, *address = NULL;
    TRY(json_need_str(value, "uuid", &uuid));
    TRY(json_need_str(value, "node_uuid", &node_uuid));
    TRY(json_need_str(value, "address", &address));
    port->uuid = mem_strdup(uuid);
    port->node_uuid = mem_strdup(node_uuid);
    TRY(mac_normalize(address, &port->address));
    port->name = mem_strdup(json_str(value, "name"));
    port->pxe_enabled = json_bool(value, "pxe_enabled", true);
    port->extra = json_copy(json_get(value, "extra"));
    port->local_link_connection = json_copy(json_get(value, "local_link_connection"));
    port->internal_info = json_copy(json_get(value, "internal_info"));
    if (json_str(value, "created_at"))
        TRY(time_parse(json_str(value, "created_at"), &port->created_at));
    if (json_str(value, "updated_at"))
        TRY(time_parse(json_str(value, "updated_at"), &port->updated_at));
    *ret = TAKE_PTR(port);
    return NULL;
}

struct error *port_save(struct conductor *conductor, const struct port *port)
{
    CLEANUP(json_free) struct json *value = port_to_json(port);
    CLEANUP_FREE char *text = json_print(value);
    return db_write(conductor->db, DB_PORT, port->uuid, text);
}

struct error *port_create(struct conductor *conductor, const char *node_uuid, const char *address, bool pxe_enabled,
                          struct port **ret)
{
    CLEANUP(port_free) struct port *port = mem_alloc(sizeof(*port));
    TRY(mac_normalize(address, &port->address));
    if (map_get(conductor->addresses, port->address))
        return error_new(ERROR_CONFLICT, "A port with MAC address %s already exists.", port->address);
    char uuid[RT_UUID_SIZE];
    rt_uuid(conductor->rt, uuid);
    port->uuid = mem_strdup(uuid);
    port->node_uuid = mem_strdup(node_uuid);
    port->pxe_enabled = pxe_enabled;
    port->created_at = rt_wall(conductor->rt);
    struct port *kept = TAKE_PTR(port);
    port_index(conductor, kept);
    struct error *err = port_save(conductor, kept);
    kept = port_find(conductor, uuid); /* others run while we wait, and may have deleted it */
    if (err && kept)
        forget(conductor, kept);
    TRY(err);
    if (!kept)
        return error_new(ERROR_CONFLICT, "Port %s was deleted while it was made.", uuid);
    *ret = kept;
    return NULL;
}

struct error *port_delete(struct conductor *conductor, struct port *port)
{
    CLEANUP_FREE char *uuid = mem_strdup(port->uuid);
    forget(conductor, port);
    return db_write(conductor->db, DB_PORT, uuid, NULL);
}

static bool is_named(const struct json *macs, const char *address)
{
    JSON_FOREACH (mac, macs)
        if (str_equal(json_str(mac, ""), address))
            return true;
    return false;
}

static struct port *first_but(const struct conductor *conductor, const char *node_uuid, const struct json *macs)
{
    const struct port_list *list = map_get(conductor->node_ports, node_uuid);
    for (size_t i = 0; list && i < list->len; i++)
        if (!is_named(macs, list->items[i]->address))
            return list->items[i];
    return NULL;
}

struct error *ports_delete_but(struct conductor *conductor, const char *node_uuid, const struct json *macs)
{
    /* Each time anew: while one is being deleted, others may delete the next. */
    for (struct port *port; (port = first_but(conductor, node_uuid, macs));)
        TRY(port_delete(conductor, port));
    return NULL;
}
