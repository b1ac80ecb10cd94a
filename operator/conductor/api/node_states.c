/* SPDX-License-Identifier: Apache-2.0 */
/* What changes a node's states: provision verbs, power, RAID target, maintenance (IRO-025 to IRO-028). */
#include <stdlib.h>

#include "lib/data/str.h"
#include "operator/conductor/api/rest.h"
#include "operator/conductor/boot_iso.h"
#include "operator/conductor/configdrive.h"
#include "operator/conductor/deploy.h"
#include "operator/conductor/drivers/bmc.h"
#include "operator/conductor/operation.h"
#include "operator/conductor/power.h"
#include "operator/conductor/steps.h"

/* -- provision -- */

struct verb {
    struct rest *rest;
    struct node *node;
    const struct json *body;
    enum provision_event event;
};

static struct error *refuse_maintenance(const struct verb *verb)
{
    if (!verb->node->maintenance)
        return NULL;
    return error_new(ERROR_INVALID, "The %s operation can't be performed on node %s because it's in maintenance mode.",
                     provision_event_name(verb->event), verb->node->uuid);
}

static struct error *check_limit(size_t running, int64_t limit, const char *what)
{
    if ((int64_t)running < limit)
        return NULL;
    return error_new(ERROR_TRANSIENT, "Unable to process: the conductor is at its limit of %lld concurrent %s.",
                     (long long)limit, what);
}

static struct error *prepare_manage(struct verb *verb)
{
    return verb->node->provision_state == STATE_ENROLL ? bmc_validate(verb->node) : NULL;
}

static struct error *prepare_provide(struct verb *verb)
{
    TRY(refuse_maintenance(verb));
    return check_limit(verb->rest->conductor->cleaning, verb->rest->conductor->options.max_concurrent_clean,
                       "cleanings");
}

static struct error *prepare_inspect(struct verb *verb)
{
    if (!str_equal(verb->node->inspect_interface, "agent"))
        return error_new(ERROR_INVALID, "Node %s has the inspect interface %s, which does not inspect.",
                         verb->node->uuid, verb->node->inspect_interface);
    return boot_iso_validate(verb->node);
}

static struct error *prepare_clean(struct verb *verb)
{
    TRY(prepare_provide(verb));
    const struct json *steps = json_get(verb->body, "clean_steps");
    if (!json_len(steps))
        return error_new(ERROR_INVALID, "\"clean_steps\" is required and must not be empty when cleaning manually.");
    TRY(steps_validate(steps, false));
    TRY(boot_iso_validate(verb->node));
    steps_set_user(verb->node, steps);
    return NULL;
}

/* Also for rebuild (IRO-328, IRO-352). */
static struct error *prepare_active(struct verb *verb)
{
    struct node *node = verb->node;
    TRY(refuse_maintenance(verb));
    TRY(check_limit(verb->rest->conductor->deploying, verb->rest->conductor->options.max_concurrent_deploy,
                    "deployments"));
    const struct json *drive = json_get(verb->body, "configdrive"), *steps = json_get(verb->body, "deploy_steps");
    if (drive && !json_is(drive, JSON_NULL))
        TRY(configdrive_validate(drive));
    if (steps && !json_is(steps, JSON_NULL))
        TRY(steps_validate(steps, true));
    TRY_WRAP(deploy_validate(node), "Failed to validate deploy info");
    if (!str_equal(node->deploy_interface, "ramdisk"))
        TRY_WRAP(boot_iso_validate(node), "Failed to validate boot info");
    steps_forget(node);
    if (json_is(steps, JSON_ARRAY))
        steps_set_user(node, steps);
    if (drive && !json_is(drive, JSON_NULL))
        json_put(node->instance_info, "configdrive", json_copy(drive));
    else if (verb->event == EVENT_ACTIVE)
        json_remove_member(node->instance_info, "configdrive");
    return NULL;
}

static struct error *prepare_deleted(struct verb *verb)
{
    operation_overtake(verb->node); /* a deployment that waits for its agent */
    return NULL;
}

/* What is checked and remembered before the node moves; NULL: nothing. */
static struct error *(*const prepare[EVENT_VERB_COUNT])(struct verb *verb) = {
    [EVENT_MANAGE] = prepare_manage,   [EVENT_PROVIDE] = prepare_provide, [EVENT_INSPECT] = prepare_inspect,
    [EVENT_CLEAN] = prepare_clean,     [EVENT_ACTIVE] = prepare_active,   [EVENT_REBUILD] = prepare_active,
    [EVENT_DELETED] = prepare_deleted,
};

/* IRO-206. */
static struct error *check_allowed(const struct node *node, enum provision_event event)
{
    enum provision_state target;
    if (provision_state_next(node->provision_state, event, node->target_provision_state, &target) != STATE_NONE)
        return NULL;
    if (node->reservation)
        return error_new(ERROR_CONFLICT,
                         "Node %s is locked by host %s, please retry after the current operation is completed.",
                         node->uuid, node->reservation);
    return error_new(
        ERROR_INVALID, "The requested action \"%s\" can not be performed on node \"%s\" while it is in state \"%s\".",
        provision_event_name(event), node->uuid, str_or(provision_state_name(node->provision_state), "none"));
}

/* The reservation is held; true in *ret_given when somebody else gives it back. */
static struct error *act(struct verb *verb, bool *ret_given)
{
    struct node *node = verb->node;
    TRY(check_allowed(node, verb->event));
    if (verb->event == EVENT_ABORT) {
        *ret_given = true;
        operation_abort(node);
        return NULL;
    }
    if (prepare[verb->event])
        TRY(prepare[verb->event](verb));
    node_set_text(&node->last_error, NULL);
    TRY(node_transition(node, verb->event));
    if (provision_state_flags(node->provision_state) & STATE_RUNS) {
        *ret_given = true;
        operation_start(node);
    }
    return NULL;
}

static struct error *put_provision(struct rest *rest)
{
    CLEANUP(node_unref) struct node *node = NULL;
    CLEANUP(json_free) struct json *body = NULL;
    TRY(rest_node(rest, &node));
    TRY(rest_body(rest, &body));
    const char *target = NULL;
    TRY(json_need_str(body, "target", &target));
    struct verb verb = {.rest = rest, .node = node, .body = body};
    if (!provision_event_from_verb(target, &verb.event) || verb.event == EVENT_SERVICE)
        return error_new(ERROR_INVALID,
                         "The requested provision target \"%s\" is not one of manage, provide, inspect, clean, "
                         "active, rebuild, deleted, abort, adopt.",
                         target);
    if (verb.event == EVENT_ABORT && node->provision_state == STATE_DEPLOY_WAIT && rest->version < 110)
        return error_new(ERROR_INVALID, "abort in the state wait call-back needs microversion 1.110");
    TRY(check_allowed(node, verb.event));
    TRY(node_reserve(node, false));
    bool given = false;
    struct error *err = act(&verb, &given);
    if (!given)
        node_release(node);
    TRY(err);
    CLEANUP_FREE char *base = rest_base(rest);
    CLEANUP_FREE char *location = mem_printf("%s/nodes/%s/states", base, node->uuid);
    http_reply_header(rest->exchange, "Location", location);
    rest_reply(rest, 202, NULL);
    return NULL;
}

static struct error *get_states(struct rest *rest)
{
    CLEANUP(node_unref) struct node *node = NULL;
    TRY(rest_node(rest, &node));
    rest_reply_node(rest, 200, node,
                    "power_state,target_power_state,provision_state,target_provision_state,provision_updated_at,"
                    "last_error,console_enabled,raid_config,target_raid_config,boot_mode,secure_boot");
    return NULL;
}

/* -- power (IRO-208, IRO-367) -- */

static struct error *put_power(struct rest *rest)
{
    CLEANUP(node_unref) struct node *node = NULL;
    CLEANUP(json_free) struct json *body = NULL;
    TRY(rest_node(rest, &node));
    TRY(rest_body(rest, &body));
    const char *target = NULL;
    TRY(json_need_str(body, "target", &target));
    enum power_action action;
    if (!power_action_from_name(target, &action))
        return error_new(ERROR_INVALID,
                         "The requested power target \"%s\" is not one of power on, power off, rebooting, "
                         "soft power off, soft rebooting.",
                         target);
    int64_t timeout = json_int(body, "timeout", 0);
    if (timeout < 0 || (json_get(body, "timeout") && timeout == 0))
        return error_new(ERROR_INVALID, "The timeout must be a positive number of seconds.");
    if (provision_state_flags(node->provision_state) & STATE_NO_POWER)
        return error_new(ERROR_INVALID,
                         "The requested action \"%s\" can not be performed on node \"%s\" while it is in state \"%s\".",
                         target, node->uuid, provision_state_name(node->provision_state));
    if (node->disable_power_off && (action == POWER_ACTION_OFF || action == POWER_ACTION_SOFT_OFF))
        return error_new(ERROR_CONFLICT, "Failed to change power state of node %s: power off is disabled.", node->uuid);
    TRY(node_reserve(node, false));
    power_request_start(node, action, timeout * RT_S);
    rest_reply(rest, 202, NULL);
    return NULL;
}

/* -- RAID (IRO-027) -- */

static struct error *put_raid(struct rest *rest)
{
    CLEANUP(node_unref) struct node *node = NULL;
    CLEANUP(json_free) struct json *body = NULL;
    TRY(rest_node(rest, &node));
    TRY(rest_body(rest, &body));
    if (str_equal(node->raid_interface, "no-raid"))
        return error_new(ERROR_INVALID, "Node %s has the raid interface no-raid, which takes no configuration.",
                         node->uuid);
    if (!json_is(body, JSON_OBJECT) || (json_len(body) && !json_is(json_get(body, "logical_disks"), JSON_ARRAY)))
        return error_new(ERROR_INVALID, "The RAID configuration must be an object with an array \"logical_disks\".");
    TRY(node_reserve(node, false));
    json_free(node->target_raid_config);
    node->target_raid_config = json_copy(body);
    struct error *err = node_save(node);
    node_release(node);
    TRY(err);
    rest_reply(rest, 204, NULL);
    return NULL;
}

/* -- maintenance (IRO-028) -- */

static struct error *set_maintenance(struct rest *rest, bool on, const char *reason)
{
    CLEANUP(node_unref) struct node *node = NULL;
    TRY(rest_node(rest, &node));
    node->maintenance = on;
    node_set_text(&node->maintenance_reason, on ? reason : NULL);
    if (!on)
        node_set_text(&node->fault, NULL);
    TRY(node_save(node));
    node_changed(node);
    rest_reply(rest, 202, NULL);
    return NULL;
}

static struct error *put_maintenance(struct rest *rest)
{
    CLEANUP(json_free) struct json *body = NULL;
    if (http_body_len(rest->exchange))
        TRY(rest_body(rest, &body));
    return set_maintenance(rest, true, json_str(body, "reason"));
}

static struct error *delete_maintenance(struct rest *rest)
{
    return set_maintenance(rest, false, NULL);
}

const struct rest_route rest_state_routes[] = {
    {"GET", "/v1/nodes/%/states", get_states},
    {"PUT", "/v1/nodes/%/states/provision", put_provision, .body_max = REST_BODY_PROVISION_MAX},
    {"PUT", "/v1/nodes/%/states/power", put_power},
    {"PUT", "/v1/nodes/%/states/raid", put_raid},
    {"PUT", "/v1/nodes/%/maintenance", put_maintenance},
    {"DELETE", "/v1/nodes/%/maintenance", delete_maintenance},
    {0},
};
