/* SPDX-License-Identifier: Apache-2.0 */
/* The registry of nodes: lookup by uuid and name, and writing to the database. */
#include "operator/conductor/node_store.h"

#include <string.h>

#include "lib/data/str.h"
#include "operator/conductor/drivers/bmc.h"
#include "operator/conductor/internal.h"

struct node *node_find(const struct conductor *conductor, const char *uuid_or_name)
{
    struct node *node = map_get(conductor->nodes, uuid_or_name);
    return node ? node : map_get(conductor->names, uuid_or_name);
}

void nodes_all(const struct conductor *conductor, struct node_list *ret)
{
    struct map_iter it = {0};
    while (map_next(conductor->nodes, &it))
        VEC_PUSH(ret, node_ref(it.value));
}

void node_list_release(struct node_list *list)
{
    VEC_FOREACH (node, list)
        node_unref(*node);
    VEC_RELEASE(list);
}

struct error *node_check_name(const struct conductor *conductor, const struct node *self, const char *name)
{
    const struct node *other = name ? map_get(conductor->names, name) : NULL;
    if (other && other != self)
        return error_new(ERROR_CONFLICT, "A node with name %s already exists.", name);
    return NULL;
}

void node_renamed(struct node *node, const char *old_name)
{
    struct map *names = node->conductor->names;
    if (old_name && map_get(names, old_name) == node)
        map_remove(names, old_name);
    if (node->name)
        map_set(names, node->name, node);
}

struct error *node_insert(struct node *node)
{
    struct conductor *conductor = node->conductor;
    if (map_get(conductor->nodes, node->uuid))
        return error_new(ERROR_CONFLICT, "A node with UUID %s already exists.", node->uuid);
    TRY(node_check_name(conductor, node, node->name));
    map_set(conductor->nodes, node->uuid, node_ref(node));
    node_renamed(node, NULL);
    struct error *err = node_save(node);
    if (err) {
        map_remove(conductor->names, str_or(node->name, ""));
        map_remove(conductor->nodes, node->uuid);
    }
    return err;
}

struct error *node_remove(struct node *node)
{
    struct conductor *conductor = node->conductor;
    CLEANUP(node_unref) struct node *keep = node_ref(node);
    TRY(ports_delete_but(conductor, node->uuid, NULL));
    db_write_later(conductor->db, DB_INVENTORY, node->uuid, NULL);
    TRY(db_write(conductor->db, DB_NODE, node->uuid, NULL));
    keep->gone = true;
    bmc_forget(keep);
    if (node->name)
        map_remove(conductor->names, node->name);
    map_remove(conductor->nodes, keep->uuid);
    node_changed(keep);
    return NULL;
}

static char *record_text(struct node *node)
{
    struct strbuf text = STRBUF_INIT;
    node->updated_at = rt_wall(node->conductor->rt);
    node_write_record(node, &text);
    return strbuf_take(&text);
}

struct error *node_save(struct node *node)
{
    if (node->gone)
        return error_new(ERROR_NOT_FOUND, "Node %s could not be found.", node->uuid);
    CLEANUP_SECRET char *text = record_text(node);
    return db_write(node->conductor->db, DB_NODE, node->uuid, text);
}

void node_save_later(struct node *node)
{
    if (node->gone)
        return;
    CLEANUP_SECRET char *text = record_text(node);
    db_write_later(node->conductor->db, DB_NODE, node->uuid, text);
}

/* -- loading -- */

static struct error *load_node(void *arg, const char *key, const char *text)
{
    struct conductor *conductor = arg;
    CLEANUP(json_free) struct json *record = NULL;
    TRY_WRAP(json_parse(text, strlen(text), &record), "the database's record of node %s", key);
    CLEANUP(node_unref) struct node *node = node_new(conductor, key);
    for (size_t i = 0; i < node_field_count; i++) {
        const struct json *value = json_member(record, node_fields[i].name);
        if (value)
            TRY_WRAP(node_field_set(node, &node_fields[i], value), "the database's record of node %s", key);
    }
    map_set(conductor->nodes, key, node_ref(node));
    node_renamed(node, NULL);
    return NULL;
}

static struct error *load_port(void *arg, const char *key, const char *text)
{
    struct conductor *conductor = arg;
    CLEANUP(json_free) struct json *record = NULL;
    TRY_WRAP(json_parse(text, strlen(text), &record), "the database's record of port %s", key);
    struct port *port = NULL;
    TRY_WRAP(port_from_json(record, &port), "the database's record of port %s", key);
    port_index(conductor, port);
    return NULL;
}

static void unref_value(void *value)
{
    node_unref(value);
}

static void free_port_value(void *value)
{
    port_free(value);
}

static void free_port_list(void *value)
{
    struct port_list *list = value;
    VEC_RELEASE(list);
    free(list);
}

void node_store_init(struct conductor *conductor)
{
    conductor->nodes = map_new(unref_value);
    conductor->names = map_new(NULL);
    conductor->ports = map_new(free_port_value);
    conductor->addresses = map_new(NULL);
    conductor->node_ports = map_new(free_port_list);
}

struct error *node_store_load(struct conductor *conductor)
{
    TRY(db_each(conductor->db, DB_NODE, load_node, conductor));
    return db_each(conductor->db, DB_PORT, load_port, conductor);
}

void node_store_release(struct conductor *conductor)
{
    map_free(conductor->names);
    map_free(conductor->addresses);
    map_free(conductor->node_ports);
    map_free(conductor->ports);
    map_free(conductor->nodes);
}
