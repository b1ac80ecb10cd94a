/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps power_state true: compares with the BMCs, restores what was changed behind our back, and recovers nodes whose BMC came back (B12). */
#include <stdlib.h>

#include "lib/data/str.h"
#include "operator/conductor/internal.h"
#include "operator/conductor/power.h"

#define PARALLEL 8 /* nodes read at once (IRO-461) */
#define FAULT_POWER "power failure"

/* A pass over all nodes; shared by the tasks that read them. */
struct pass {
    unsigned refs;
    struct conductor *conductor;
    bool recovery;
    size_t running;
    struct rt_cond ended;
};

struct one {
    struct pass *pass;
    struct node *node;
};

static bool applies(const struct node *node, bool recovery)
{
    if (node->reservation)
        return false;
    if (recovery)
        return node->maintenance && str_equal(node->fault, FAULT_POWER);
    return !node->maintenance && !(provision_state_flags(node->provision_state) & STATE_NO_SYNC);
}

/* IRO-373. */
static void give_up(struct node *node, const char *reason)
{
    node_set_text(&node->power_state, NULL);
    node_set_text(&node->last_error, reason);
    node->maintenance = true;
    node_set_text(&node->maintenance_reason, reason);
    node_set_text(&node->fault, FAULT_POWER);
    node_save_later(node);
    log_warn(node->conductor->log, "power state cannot be synchronized", KV("node", node->uuid), KV("name", node->name),
             KV("err", reason));
}

/* The record says one thing and the BMC another: the record wins (IRO-372). */
static void restore(struct node *node, const char *recorded)
{
    bool on = str_equal(recorded, POWER_ON);
    if (node->disable_power_off && !on) {
        node_save_later(node);
        return;
    }
    log_warn(node->conductor->log, "power state was changed outside, restoring it", KV("node", node->uuid),
             KV("recorded", recorded), KV("found", node->power_state));
    CLEANUP(error_free) struct error *locked = node_reserve(node, false);
    if (locked)
        return;
    CLEANUP(error_free) struct error *err = power_do(node, on ? POWER_ACTION_ON : POWER_ACTION_OFF, 0);
    if (!err)
        node->power_sync_failures = 0;
    else if (!error_is(err, ERROR_CANCELLED))
        node_set_error(node, err, "power sync");
    node_save_later(node);
    node_release(node);
}

static void compare(struct node *node)
{
    int64_t retries = node->conductor->options.power_sync_max_retries;
    CLEANUP_FREE char *recorded = mem_strdup(node->power_state);
    uint64_t operation = node->operation;
    CLEANUP(error_free) struct error *err = power_refresh(node);
    if (error_is(err, ERROR_CANCELLED) || node->gone || node->operation != operation || node->reservation)
        return; /* somebody else works on it now */
    bool differs = !err && recorded && !str_equal(recorded, node->power_state);
    if (!err && !differs) {
        node->power_sync_failures = 0;
        if (!recorded)
            node_save_later(node);
        return;
    }
    node->power_sync_failures++;
    if (node->power_sync_failures > (unsigned)retries) {
        CLEANUP_FREE char *reason =
            mem_printf("During sync_power_state, max retries exceeded for node %s, %s", node->uuid,
                       err ? error_message(err) : "node state does not match expected state");
        give_up(node, reason);
    } else if (differs) {
        restore(node, recorded);
    }
}

static void recover(struct node *node)
{
    CLEANUP(error_free) struct error *err = power_refresh(node);
    if (err || node->gone || !str_equal(node->fault, FAULT_POWER))
        return;
    node->power_sync_failures = 0;
    node->maintenance = false;
    node_set_text(&node->maintenance_reason, NULL);
    node_set_text(&node->fault, NULL);
    node_set_text(&node->last_error, NULL);
    node_save_later(node);
    node_changed(node);
    log_info(node->conductor->log, "node recovered from a power failure", KV("node", node->uuid),
             KV("name", node->name));
}

static void pass_unref(struct pass *pass)
{
    if (--pass->refs == 0)
        free(pass);
}

static void one_task(void *arg)
{
    struct one *one = arg;
    struct pass *pass = one->pass;
    if (applies(one->node, pass->recovery))
        (pass->recovery ? recover : compare)(one->node);
    node_unref(one->node);
    free(one);
    pass->running--;
    rt_cond_signal(pass->conductor->rt, &pass->ended);
    pass_unref(pass);
}

/* Waits until fewer than `limit` are running. */
static struct error *wait_below(struct pass *pass, size_t limit)
{
    while (pass->running >= limit)
        TRY(rt_cond_wait(pass->conductor->rt, &pass->ended, RT_FOREVER));
    return NULL;
}

static struct error *read_all(struct pass *pass, const struct node_list *nodes)
{
    VEC_FOREACH (node, nodes) {
        if (!applies(*node, pass->recovery))
            continue;
        TRY(wait_below(pass, PARALLEL));
        struct one *one = mem_alloc(sizeof(*one));
        *one = (struct one){pass, node_ref(*node)};
        pass->running++;
        pass->refs++;
        rt_spawn(pass->conductor->rt, pass->conductor->group, "power sync", one_task, one);
    }
    return wait_below(pass, 1);
}

static struct error *run_pass(struct conductor *conductor, bool recovery)
{
    struct pass *pass = mem_alloc(sizeof(*pass));
    pass->refs = 1;
    pass->conductor = conductor;
    pass->recovery = recovery;
    struct node_list nodes = {0};
    nodes_all(conductor, &nodes);
    struct error *err = read_all(pass, &nodes);
    node_list_release(&nodes);
    pass_unref(pass);
    return err;
}

static void every(struct conductor *conductor, rt_time interval, bool recovery)
{
    if (!interval)
        return;
    struct error *err = NULL;
    while (!err) {
        err = rt_sleep(conductor->rt, interval);
        if (!err)
            err = run_pass(conductor, recovery);
    }
    error_free(err); /* we are stopping */
}

static void sync_task(void *arg)
{
    struct conductor *conductor = arg;
    every(conductor, conductor->options.sync_power_state_interval, false);
}

static void recovery_task(void *arg)
{
    struct conductor *conductor = arg;
    every(conductor, conductor->options.power_failure_recovery_interval, true);
}

void power_sync_start(struct conductor *conductor)
{
    rt_spawn(conductor->rt, conductor->group, "power sync", sync_task, conductor);
    rt_spawn(conductor->rt, conductor->group, "power recovery", recovery_task, conductor);
}
