/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes: list, show, create, change, delete (IRO-019 to IRO-023, IRO-207, IRO-209). */
#include <stdlib.h>
#include <string.h>

#include "lib/data/jsonpatch.h"
#include "lib/data/str.h"
#include "operator/conductor/api/rest.h"
#include "operator/conductor/drivers/bmc.h"
#include "operator/conductor/interfaces.h"

/* -- showing -- */

struct error *rest_check_fields(const char *fields)
{
    CLEANUP(str_list_free) char **names = str_split(fields ? fields : "", ',');
    for (size_t i = 0; names[i]; i++)
        if (!node_field_find(names[i]) && !str_equal(names[i], "links") && !str_equal(names[i], "traits"))
            return error_new(ERROR_INVALID, "Field(s) \"%s\" are not valid.", names[i]);
    return NULL;
}

void rest_write_node(const struct rest *rest, const struct node *node, const char *fields, struct jsonw *json)
{
    CLEANUP(str_list_free) char **names = fields ? str_split(fields, ',') : NULL;
    bool links = !names;
    jsonw_object(json, NULL);
    for (size_t i = 0; names && names[i]; i++) {
        const struct node_field *field = node_field_find(names[i]);
        links = links || str_equal(names[i], "links");
        if (field)
            node_field_write(node, field, true, json);
    }
    for (size_t i = 0; !names && i < node_field_count; i++)
        if (node_fields[i].since <= rest->version)
            node_field_write(node, &node_fields[i], true, json);
    if (!names) {
        jsonw_str(json, "conductor", rest->conductor->options.hostname);
        jsonw_str(json, "conductor_group", "");
        jsonw_raw(json, "traits", "[]");
        jsonw_null(json, "chassis_uuid");
    }
    if (links)
        rest_write_links(rest, json, "nodes", node->uuid);
    jsonw_end(json);
}

void rest_reply_node(struct rest *rest, int status, const struct node *node, const char *fields)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct jsonw json = JSONW_INIT(&text);
    rest_write_node(rest, node, fields, &json);
    rest_reply_text(rest, status, &text);
}

static bool node_wanted(const struct rest *rest, const struct node *node)
{
    const char *text;
    if ((text = rest_query(rest, "provision_state")) && !str_equal(text, provision_state_name(node->provision_state)))
        return false;
    if ((text = rest_query(rest, "instance_uuid")) && !str_equal(text, node->instance_uuid))
        return false;
    if ((text = rest_query(rest, "driver")) && !str_equal(text, node->driver))
        return false;
    if ((text = rest_query(rest, "fault")) && !str_equal(text, node->fault))
        return false;
    if ((text = rest_query(rest, "maintenance")) && str_equal_nocase(text, "true") != node->maintenance)
        return false;
    if ((text = rest_query(rest, "associated")) && str_equal_nocase(text, "true") != (node->instance_uuid != NULL))
        return false;
    return true;
}

static void write_next(const struct rest *rest, struct jsonw *json, size_t limit, const char *last)
{
    CLEANUP_FREE char *base = rest_base(rest);
    const char *asked = rest_query(rest, "fields");
    jsonw_printf(json, "next", "%s/nodes?limit=%zu&marker=%s%s%s", base, limit, last, asked ? "&fields=" : "",
                 str_or(asked, ""));
}

static struct error *list(struct rest *rest, const char *fields)
{
    size_t limit = 0, count = 0;
    const char *marker = NULL, *last = NULL;
    TRY(rest_page(rest, &limit, &marker));
    TRY(rest_check_fields(fields));
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    struct jsonw json = JSONW_INIT(&text);
    jsonw_object(&json, NULL);
    jsonw_array(&json, "nodes");
    bool started = !marker, more = false;
    struct map_iter it = {0};
    while (!more && map_next(rest->conductor->nodes, &it)) {
        const struct node *node = it.value;
        if (!started) {
            started = str_equal(node->uuid, marker);
        } else if (node_wanted(rest, node)) {
            more = count++ == limit;
            if (!more) {
                rest_write_node(rest, node, fields, &json);
                last = node->uuid;
            }
        }
    }
    if (!started)
        return error_new(ERROR_INVALID, "Node %s, the marker, could not be found.", marker);
    jsonw_end(&json);
    if (more)
        write_next(rest, &json, limit, last);
    jsonw_end(&json);
    rest_reply_text(rest, 200, &text);
    return NULL;
}

static struct error *list_nodes(struct rest *rest)
{
    const char *fields = rest_query(rest, "fields");
    if (str_equal_nocase(rest_query(rest, "detail"), "true"))
        return list(rest, NULL);
    return list(rest, fields ? fields : "uuid,name,instance_uuid,power_state,provision_state,maintenance,links");
}

static struct error *list_detail(struct rest *rest)
{
    return list(rest, NULL);
}

static struct error *get_node(struct rest *rest)
{
    CLEANUP(node_unref) struct node *node = NULL;
    TRY(rest_node(rest, &node));
    TRY(rest_check_fields(rest_query(rest, "fields")));
    rest_reply_node(rest, 200, node, rest_query(rest, "fields"));
    return NULL;
}

/* -- creating -- */

static bool name_valid(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= 255 &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~") == len;
}

static struct error *check_names(const struct rest *rest, const struct node *self, const struct node *wanted)
{
    if (wanted->name && !name_valid(wanted->name))
        return error_new(ERROR_INVALID, "Cannot use the invalid name %s: letters, digits, - . _ ~ are possible.",
                         wanted->name);
    TRY(node_check_name(rest->conductor, self, wanted->name));
    struct map_iter it = {0};
    while (wanted->instance_uuid && map_next(rest->conductor->nodes, &it))
        if (it.value != self && str_equal(((struct node *)it.value)->instance_uuid, wanted->instance_uuid))
            return error_new(
                ERROR_CONFLICT,
                "Instance %s is already associated with a node, it cannot be associated with this other node %s",
                wanted->instance_uuid, wanted->uuid);
    return NULL;
}

static struct error *post_node(struct rest *rest)
{
    CLEANUP(json_free) struct json *body = NULL;
    TRY(rest_body(rest, &body));
    if (!json_is(body, JSON_OBJECT))
        return error_new(ERROR_INVALID, "The body must be an object.");
    char made[RT_UUID_SIZE];
    rt_uuid(rest->conductor->rt, made);
    CLEANUP(node_unref) struct node *node = node_new(rest->conductor, json_str_or(body, "uuid", made));
    if (strlen(node->uuid) != RT_UUID_SIZE - 1 || strspn(node->uuid, "0123456789abcdefABCDEF-") != RT_UUID_SIZE - 1)
        return error_new(ERROR_INVALID, "Expected a UUID but received %s.", node->uuid);
    JSON_FOREACH (member, body) {
        const struct node_field *field = node_field_find(json_key(member));
        if (str_equal(json_key(member), "uuid"))
            continue;
        if (!field || !(field->flags & NODE_PATCHABLE))
            return error_new(ERROR_INVALID, "Unknown attribute for argument node: %s", json_key(member));
        TRY(node_field_set(node, field, member));
    }
    if (!node->driver)
        return error_new(ERROR_INVALID, "Mandatory field driver is missing.");
    interfaces_default(node);
    TRY(interfaces_validate(node));
    TRY(check_names(rest, node, node));
    node->provision_state = STATE_ENROLL;
    node->created_at = node->provision_updated_at = rt_wall(rest->conductor->rt);
    TRY(node_insert(node));
    log_info(rest->conductor->log, "node enrolled", KV("node", node->uuid), KV("name", node->name));
    CLEANUP_FREE char *base = rest_base(rest);
    CLEANUP_FREE char *location = mem_printf("%s/nodes/%s", base, node->uuid);
    http_reply_header(rest->exchange, "Location", location);
    rest_reply_node(rest, 201, node, NULL);
    return NULL;
}

/* -- changing -- */

/* The first segment of every path must be a field that may be changed. */
static struct error *check_operations(const struct json *operations)
{
    if (!json_is(operations, JSON_ARRAY))
        return error_new(ERROR_INVALID, "The body must be a JSON Patch: an array of operations.");
    JSON_FOREACH (operation, operations) {
        const char *path = NULL;
        TRY(json_need_str(operation, "path", &path));
        CLEANUP_FREE char *name = *path == '/' ? mem_strndup(path + 1, strcspn(path + 1, "/")) : mem_strdup(path);
        const struct node_field *field = node_field_find(name);
        if (!field)
            return error_new(ERROR_INVALID, "Couldn't apply patch: \"%s\" is not a field of a node.", path);
        if (!(field->flags & NODE_PATCHABLE))
            return error_new(ERROR_INVALID, "'%s' is an internal attribute and can not be updated", path);
    }
    return NULL;
}

/* "replace" of what is not there is taken as "add": a field that is null is there for the client. */
static struct error *patched(const struct node *node, const struct json *operations, struct json **ret)
{
    CLEANUP(json_free) struct json *document = json_new_object();
    for (size_t i = 0; i < node_field_count; i++)
        if (node_fields[i].flags & NODE_PATCHABLE)
            json_put(document, node_fields[i].name, node_field_get(node, &node_fields[i]));
    struct error *err = json_patch_apply(&document, operations);
    if (err)
        return error_wrap_kind(err, error_is(err, ERROR_CONFLICT) ? ERROR_CONFLICT : ERROR_INVALID,
                               "Couldn't apply patch");
    *ret = TAKE_PTR(document);
    return NULL;
}

/* A node with the changed fields, to check them all before the first one is taken. */
static struct error *try_fields(const struct node *node, const struct json *document, struct node *scratch)
{
    for (size_t i = 0; i < node_field_count; i++) {
        CLEANUP(json_free) struct json *old = NULL;
        const struct node_field *field = &node_fields[i];
        const struct json *value = field->flags & NODE_PATCHABLE ? json_member(document, field->name) : NULL;
        if (!(field->flags & NODE_PATCHABLE))
            value = old = node_field_get(node, field);
        TRY(node_field_set(scratch, field, value));
    }
    return NULL;
}

static bool field_differs(const struct node *a, const struct node *b, const struct node_field *field)
{
    CLEANUP(json_free) struct json *value_a = node_field_get(a, field), *value_b = node_field_get(b, field);
    return !json_equal(value_a, value_b);
}

/* IRO-207. */
static struct error *check_change(const struct rest *rest, struct node *node, struct node *scratch)
{
    interfaces_default(scratch);
    TRY(interfaces_validate(scratch));
    TRY(check_names(rest, node, scratch));
    if (node->instance_uuid && scratch->instance_uuid && !str_equal(node->instance_uuid, scratch->instance_uuid))
        return error_new(ERROR_CONFLICT, "Node %s is associated with instance %s.", node->uuid, node->instance_uuid);
    bool allowed = node->maintenance || (provision_state_flags(node->provision_state) & STATE_INTERFACES);
    for (size_t i = 0; i < node_field_count && !allowed; i++) {
        const struct node_field *field = &node_fields[i];
        bool guarded = (field->flags & NODE_INTERFACE) || str_equal(field->name, "driver");
        /* the deploy interface may change where a deployment may begin again */
        if (guarded && field_differs(node, scratch, field) &&
            !(str_equal(field->name, "deploy_interface") && node->provision_state == STATE_DEPLOY_FAILED))
            return error_new(
                ERROR_CONFLICT,
                "Node %s can not have %s updated unless it is in one of allowed (enroll, manageable, available, "
                "inspecting, inspect wait) states or in maintenance mode.",
                node->uuid, field->name);
    }
    return NULL;
}

static void take_fields(struct node *node, const struct node *scratch)
{
    CLEANUP_FREE char *old_name = mem_strdup(node->name);
    bool same_access = bmc_same_access(node, scratch), was_maintenance = node->maintenance;
    for (size_t i = 0; i < node_field_count; i++) {
        const struct node_field *field = &node_fields[i];
        if (!(field->flags & NODE_PATCHABLE) || !field_differs(node, scratch, field))
            continue;
        CLEANUP(json_free) struct json *value = node_field_get(scratch, field);
        error_free(node_field_set(node, field, value)); /* was tried on the scratch node */
    }
    if (!same_access)
        bmc_forget(node);
    if (!str_equal(old_name, node->name))
        node_renamed(node, old_name);
    if (was_maintenance && !node->maintenance) {
        node_set_text(&node->maintenance_reason, NULL);
        node_set_text(&node->fault, NULL);
    }
}

static struct error *change_node(struct rest *rest, struct node *node, const struct json *operations)
{
    CLEANUP(json_free) struct json *document = NULL;
    TRY(patched(node, operations, &document));
    CLEANUP(node_unref) struct node *scratch = node_new(rest->conductor, node->uuid);
    TRY(try_fields(node, document, scratch));
    TRY(check_change(rest, node, scratch));
    take_fields(node, scratch);
    TRY(node_save(node));
    rest_reply_node(rest, 200, node, NULL);
    return NULL;
}

static struct error *patch_node(struct rest *rest)
{
    CLEANUP(node_unref) struct node *node = NULL;
    CLEANUP(json_free) struct json *operations = NULL;
    TRY(rest_node(rest, &node));
    TRY(rest_body(rest, &operations));
    TRY(check_operations(operations));
    TRY(node_reserve(node, false));
    bool blocked = node->target_provision_state && !(provision_state_flags(node->provision_state) & STATE_PATCHABLE);
    struct error *err =
        blocked ? error_new(ERROR_CONFLICT, "Node %s can not be updated while a state transition is in progress.",
                            node->uuid)
                : change_node(rest, node, operations);
    node_release(node);
    return err;
}

/* -- deleting -- */

static struct error *delete_node(struct rest *rest)
{
    CLEANUP(node_unref) struct node *node = NULL;
    TRY(rest_node(rest, &node));
    TRY(node_reserve(node, false));
    struct error *err = NULL;
    if (!node->maintenance && !(provision_state_flags(node->provision_state) & STATE_DELETABLE))
        err = error_new(ERROR_CONFLICT, "Can not delete node \"%s\" while it is in provision state \"%s\".", node->uuid,
                        str_or(provision_state_name(node->provision_state), "none"));
    else if (!node->maintenance && node->instance_uuid)
        err = error_new(ERROR_CONFLICT, "Node %s is associated with instance %s.", node->uuid, node->instance_uuid);
    if (!err) {
        node->operation++; /* whatever waits for its agent ends */
        err = node_remove(node);
    }
    if (!err) {
        log_info(rest->conductor->log, "node deleted", KV("node", node->uuid), KV("name", node->name));
        rest_reply(rest, 204, NULL);
    }
    node_release(node);
    return err;
}

const struct rest_route rest_node_routes[] = {
    {"GET", "/v1/nodes", list_nodes},
    {"POST", "/v1/nodes", post_node},
    {"GET", "/v1/nodes/detail", list_detail},
    {"GET", "/v1/nodes/%", get_node},
    {"PATCH", "/v1/nodes/%", patch_node},
    {"DELETE", "/v1/nodes/%", delete_node},
    {0},
};
