/* SPDX-License-Identifier: Apache-2.0 */
/* Life of a node, its reservation, and the one function that moves its provision state. */
#include "operator/conductor/node.h"

#include <stdlib.h>

#include "lib/data/str.h"
#include "operator/conductor/agent_client.h"
#include "operator/conductor/boot_iso.h"
#include "operator/conductor/drivers/bmc.h"
#include "operator/conductor/internal.h"

#define RESERVE_WAIT (3 * RT_S) /* IRO-465: three tries, a second apart */

void node_set_text(char **field, const char *text)
{
    char *copy = mem_strdup(text);
    free(*field);
    *field = copy;
}

struct node *node_new(struct conductor *conductor, const char *uuid)
{
    struct node *node = mem_alloc(sizeof(*node));
    node->conductor = conductor;
    node->refs = 1;
    node->uuid = mem_strdup(uuid);
    for (size_t i = 0; i < node_field_count; i++)
        if (node_fields[i].type == NODE_OBJECT)
            error_free(node_field_set(node, &node_fields[i], NULL)); /* clearing cannot fail */
    return node;
}

struct node *node_ref(struct node *node)
{
    node->refs++;
    return node;
}

void node_unref(struct node *node)
{
    if (!node || --node->refs > 0)
        return;
    for (size_t i = 0; i < node_field_count; i++) {
        void *member = (char *)node + node_fields[i].offset;
        if (node_fields[i].type == NODE_TEXT)
            free(*(char **)member);
        else if (node_fields[i].type == NODE_OBJECT)
            json_free(*(struct json **)member);
    }
    bmc_unref(node->bmc);
    ramdisk_free(node->ramdisk);
    boot_iso_unref(node->iso);
    free(node);
}

bool node_is_on(const struct node *node)
{
    return str_equal(node->power_state, POWER_ON);
}

const char *node_internal(const struct node *node, const char *key)
{
    return json_str(json_member(node->driver_internal_info, key), "");
}

void node_internal_set(struct node *node, const char *key, const char *text)
{
    if (text)
        json_put_str(node->driver_internal_info, key, text);
    else
        json_remove_member(node->driver_internal_info, key);
}

void node_changed(struct node *node)
{
    rt_cond_broadcast(node->conductor->rt, &node->changed);
}

/* -- reservation -- */

struct error *node_reserve(struct node *node, bool patient)
{
    struct rt *rt = node->conductor->rt;
    rt_time deadline = patient ? RT_FOREVER : rt_after(rt, RESERVE_WAIT);
    while (node->reservation) {
        struct error *err = rt_cond_wait(rt, &node->changed, deadline);
        if (error_is(err, ERROR_TIMEOUT)) {
            error_free(err);
            return error_new(ERROR_CONFLICT,
                             "Node %s is locked by host %s, please retry after the current operation is completed.",
                             node->uuid, str_or(node->reservation, "?"));
        }
        TRY(err);
    }
    if (node->gone)
        return error_new(ERROR_NOT_FOUND, "Node %s could not be found.", node->uuid);
    if (rt_group_cancelled(node->conductor->group))
        return error_new(ERROR_CANCELLED, "the conductor is stopping");
    node_set_text(&node->reservation, node->conductor->options.hostname);
    return NULL;
}

void node_release(struct node *node)
{
    node_set_text(&node->reservation, NULL);
    node_changed(node);
}

/* -- state -- */

struct error *node_transition(struct node *node, enum provision_event event)
{
    struct conductor *conductor = node->conductor;
    enum provision_state target = STATE_NONE, from = node->provision_state, old_target = node->target_provision_state;
    enum provision_state to = provision_state_next(from, event, old_target, &target);
    if (to == STATE_NONE)
        return error_new(ERROR_CONFLICT,
                         "The requested action \"%s\" can not be performed on node \"%s\" while it is in state \"%s\".",
                         provision_event_name(event), node->uuid, str_or(provision_state_name(from), "none"));
    int64_t old_stamp = node->provision_updated_at;
    node->provision_state = to;
    node->target_provision_state = target;
    node->provision_updated_at = rt_wall(conductor->rt);
    struct error *err = node_save(node);
    if (err) {
        if (node->provision_state == to) {
            node->provision_state = from;
            node->target_provision_state = old_target;
            node->provision_updated_at = old_stamp;
        }
        return error_wrap(err, "node %s", node->uuid);
    }
    metric_add(conductor->transitions, 1, (const char *const[]){provision_state_name(from), provision_state_name(to)});
    log_info(conductor->log, "node moved", KV("node", node->uuid), KV("name", node->name),
             KV("event", provision_event_name(event)), KV("from", provision_state_name(from)),
             KV("to", provision_state_name(to)), KV("target", provision_state_name(target)));
    node_changed(node);
    return NULL;
}

void node_set_error(struct node *node, const struct error *err, const char *what)
{
    if (!err) {
        node_set_text(&node->last_error, NULL);
        return;
    }
    CLEANUP_FREE char *text = what ? mem_printf("%s: %s", what, error_message(err)) : mem_strdup(error_message(err));
    log_warn(node->conductor->log, "operation failed", KV("node", node->uuid), KV("name", node->name),
             KV("state", provision_state_name(node->provision_state)), KV("err", text));
    node_set_text(&node->last_error, text);
}
