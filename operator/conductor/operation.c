/* SPDX-License-Identifier: Apache-2.0 */
/* Starting, waiting, failing and resuming operations. */
#include "operator/conductor/operation.h"

#include <stdlib.h>

#include "lib/data/str.h"
#include "operator/conductor/agent_session.h"
#include "operator/conductor/boot.h"
#include "operator/conductor/internal.h"
#include "operator/conductor/steps.h"

/* What runs while a node is in a state. */
static const struct kind {
    enum provision_state running, waiting;
    const char *what; /* in front of last_error */
    struct error *(*run)(struct operation *operation);
    void (*failed)(struct operation *operation);
    size_t timeout; /* option: how long the waiting state lasts without a sign of life */
} kinds[] = {
    {STATE_VERIFYING, STATE_NONE, "Failed to get power state", verify_run, NULL, 0},
    {STATE_INSPECTING, STATE_INSPECT_WAIT, "Failed to inspect hardware", inspect_run, inspect_failed,
     offsetof(struct conductor_options, inspect_wait_timeout)},
    {STATE_CLEANING, STATE_CLEAN_WAIT, "Failed to clean", clean_run, clean_failed,
     offsetof(struct conductor_options, clean_callback_timeout)},
    {STATE_DEPLOYING, STATE_DEPLOY_WAIT, "Failed to deploy", deploy_run, deploy_failed,
     offsetof(struct conductor_options, deploy_callback_timeout)},
    {STATE_DELETING, STATE_NONE, "Failed to tear down", undeploy_run, undeploy_failed, 0},
    {STATE_ADOPTING, STATE_NONE, "Failed to adopt", adopt_run, adopt_failed, 0},
};

static const struct kind *kind_of(enum provision_state state)
{
    for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
        if (kinds[i].running == state || (kinds[i].waiting && kinds[i].waiting == state))
            return &kinds[i];
    return NULL;
}

/* -- a run -- */

static bool overtaken(const struct operation *operation)
{
    return operation->node->operation != operation->number || operation->node->gone;
}

/* The state says so; the reason stands in last_error. */
static void fail(struct operation *operation, struct error *err)
{
    struct node *node = operation->node;
    const struct kind *kind = kind_of(node->provision_state); /* an undeployment may have gone on to cleaning */
    if (!operation->held) {
        CLEANUP(error_free) struct error *locked = node_reserve(node, true);
        if (locked || overtaken(operation)) {
            if (!locked)
                node_release(node);
            return;
        }
        operation->held = true;
    }
    node_set_error(node, err, kind ? kind->what : NULL);
    if (kind && kind->failed)
        kind->failed(operation);
    if (rt_group_cancelled(node->conductor->group))
        return;
    CLEANUP(error_free) struct error *unmoved = node_transition(node, EVENT_FAIL);
    if (unmoved)
        log_error(node->conductor->log, "failure not recorded", KV("node", node->uuid), KV_ERR(unmoved));
}

static void operation_task(void *arg)
{
    struct operation *operation = arg;
    struct node *node = operation->node;
    struct conductor *conductor = node->conductor;
    const struct kind *kind = kind_of(node->provision_state);
    bool deploys = kind && kind->running == STATE_DEPLOYING;
    *(deploys ? &conductor->deploying : &conductor->cleaning) += 1;
    CLEANUP(error_free) struct error *err = kind ? kind->run(operation) : NULL;
    *(deploys ? &conductor->deploying : &conductor->cleaning) -= 1;
    if (err && !overtaken(operation) && !rt_group_cancelled(conductor->group))
        fail(operation, err);
    if (operation->held)
        node_release(node);
    node_unref(node);
    free(operation);
}

static void spawn(struct node *node, bool resumed, bool held)
{
    struct operation *operation = mem_alloc(sizeof(*operation));
    *operation =
        (struct operation){.node = node_ref(node), .number = ++node->operation, .resumed = resumed, .held = held};
    rt_spawn(node->conductor->rt, node->conductor->group, "operation", operation_task, operation);
}

void operation_start(struct node *node)
{
    spawn(node, false, true);
}

void operation_overtake(struct node *node)
{
    node->operation++;
    node_changed(node);
}

void operations_recover(struct conductor *conductor)
{
    struct map_iter it = {0};
    while (map_next(conductor->nodes, &it)) {
        struct node *node = it.value;
        const struct kind *kind = kind_of(node->provision_state);
        if (!kind)
            continue;
        bool waits = kind->waiting == node->provision_state;
        log_info(conductor->log, "operation resumed", KV("node", node->uuid), KV("name", node->name),
                 KV("state", provision_state_name(node->provision_state)));
        if (!waits)
            node_set_text(&node->reservation, conductor->options.hostname);
        spawn(node, true, !waits);
    }
}

/* -- waiting -- */

static rt_time time_left(const struct node *node, const struct kind *kind)
{
    const char *options = (const char *)&node->conductor->options;
    int64_t timeout = *(const int64_t *)(options + kind->timeout);
    if (timeout == 0)
        return RT_FOREVER; /* never */
    return node->provision_updated_at + timeout - rt_wall(node->conductor->rt);
}

static bool is_waiting(const struct node *node)
{
    const struct kind *kind = kind_of(node->provision_state);
    return kind && kind->waiting == node->provision_state;
}

static struct error *stand_by(struct operation *operation)
{
    struct node *node = operation->node;
    if (!is_waiting(node))
        TRY(node_transition(node, EVENT_WAIT));
    if (operation->held) {
        operation->held = false;
        node_release(node);
    }
    return NULL;
}

struct error *operation_proceed(struct operation *operation)
{
    struct node *node = operation->node;
    if (!operation->held) {
        TRY(node_reserve(node, true));
        if (overtaken(operation)) {
            node_release(node);
            return error_new(ERROR_CANCELLED, "overtaken");
        }
        operation->held = true;
    }
    return is_waiting(node) ? node_transition(node, EVENT_RESUME) : NULL;
}

struct error *operation_wait(struct operation *operation, rt_time poll,
                             struct error *(*done)(void *arg, bool *ret_done), void *arg)
{
    struct node *node = operation->node;
    struct conductor *conductor = node->conductor;
    TRY(stand_by(operation));
    const struct kind *kind = kind_of(node->provision_state);
    for (;;) {
        bool finished = false;
        TRY(done(arg, &finished));
        if (overtaken(operation))
            return error_new(ERROR_CANCELLED, "overtaken");
        if (finished)
            return operation_proceed(operation);
        rt_time left = time_left(node, kind);
        if (left <= 0)
            return error_new(ERROR_TIMEOUT, "Timeout reached while waiting for callback for node %s", node->uuid);
        struct error *err =
            rt_cond_wait(conductor->rt, &node->changed, rt_after(conductor->rt, poll < left ? poll : left));
        if (err && !error_is(err, ERROR_TIMEOUT))
            return err;
        if (err && poll != RT_FOREVER) /* nothing happened: ask less often */
            poll = poll * 3 / 2 > conductor->options.poll_max ? conductor->options.poll_max : poll * 3 / 2;
        error_free(err);
        if (overtaken(operation))
            return error_new(ERROR_CANCELLED, "overtaken");
    }
}

static struct error *beaten(void *arg, bool *ret_done)
{
    const struct operation *operation = arg;
    *ret_done = node_internal(operation->node, "agent_url") != NULL;
    return NULL;
}

struct error *operation_wait_beat(struct operation *operation)
{
    return operation_wait(operation, RT_FOREVER, beaten, operation);
}

/* -- aborting -- */

static void abort_task(void *arg)
{
    struct operation *operation = arg;
    struct node *node = operation->node;
    CLEANUP(error_free) struct error *err = boot_clean_up_ramdisk(node);
    if (err && !error_is(err, ERROR_CANCELLED))
        log_warn(node->conductor->log, "ramdisk not cleaned up after an abort", KV("node", node->uuid), KV_ERR(err));
    if (!rt_group_cancelled(node->conductor->group))
        node_save_later(node);
    node_release(node);
    node_unref(node);
    free(operation);
}

void operation_abort(struct node *node)
{
    struct conductor *conductor = node->conductor;
    bool inspecting = node->provision_state == STATE_INSPECT_WAIT;
    const struct json *step = node->provision_state == STATE_CLEAN_WAIT ? node->clean_step : node->deploy_step;
    CLEANUP_FREE char *text =
        inspecting ? mem_strdup("Inspection was aborted by request.")
                   : mem_printf("By request, the operation was aborted%s%s",
                                json_str(step, "step") ? " during step " : "", json_str_or(step, "step", ""));
    operation_overtake(node);
    steps_forget(node);
    node_set_text(&node->last_error, text);
    CLEANUP(error_free) struct error *err = node_transition(node, EVENT_ABORT);
    if (err) {
        log_warn(conductor->log, "abort not recorded", KV("node", node->uuid), KV_ERR(err));
        node_release(node);
        return;
    }
    struct operation *operation = mem_alloc(sizeof(*operation));
    *operation = (struct operation){.node = node_ref(node), .number = node->operation, .held = true};
    rt_spawn(conductor->rt, conductor->group, "abort", abort_task, operation);
}
