/* SPDX-License-Identifier: Apache-2.0 */
/*
 * THE table of host states, and the frame around the handlers: delay, deletion, detachment, registration, handler, next
 * state (BMO-140).
 */
#include "operator/bmo/host_states.h"

#include "lib/log/log.h"

static const struct host_state_row rows[HOST_STATE_COUNT] = {
    [HOST_STATE_NONE] =
        {
            .handle = state_none,
            .next = {[OUTCOME_DONE] = HOST_STATE_REGISTERING, [OUTCOME_NO_BMC] = HOST_STATE_UNMANAGED},
            .on_delete = HOST_STATE_DELETING,
            .keeps_error_count = true,
        },
    [HOST_STATE_UNMANAGED] =
        {
            .handle = state_unmanaged,
            .next = {[OUTCOME_DONE] = HOST_STATE_REGISTERING},
            .on_delete = HOST_STATE_DELETING,
            .keeps_error_count = true,
        },
    [HOST_STATE_REGISTERING] =
        {
            .handle = state_registering,
            .registers = true,
            .next = {[OUTCOME_DONE] = HOST_STATE_INSPECTING,
                     [OUTCOME_EXTERNAL] = HOST_STATE_EXTERNALLY_PROVISIONED,
                     [OUTCOME_SKIP] = HOST_STATE_PREPARING},
            .on_delete = HOST_STATE_DELETING,
            .progressing = "Registering",
        },
    [HOST_STATE_INSPECTING] =
        {
            .handle = state_inspecting,
            .registers = true,
            .needs_capacity = true,
            .next = {[OUTCOME_DONE] = HOST_STATE_PREPARING},
            .on_delete = HOST_STATE_POWERING_OFF_BEFORE_DELETE,
            .manageable = "Manageable",
            .progressing = "Inspecting",
        },
    [HOST_STATE_MATCH_PROFILE] =
        {
            .handle = state_match_profile,
            .next = {[OUTCOME_DONE] = HOST_STATE_PREPARING},
            .on_delete = HOST_STATE_POWERING_OFF_BEFORE_DELETE,
            .manageable = "Manageable",
            .progressing = "Inspecting",
        },
    [HOST_STATE_PREPARING] =
        {
            .handle = state_preparing,
            .registers = true,
            .next = {[OUTCOME_DONE] = HOST_STATE_AVAILABLE},
            .on_delete = HOST_STATE_POWERING_OFF_BEFORE_DELETE,
            .manageable = "Manageable",
            .progressing = "Preparing",
        },
    [HOST_STATE_READY] =
        {
            .handle = state_available,
            .registers = true,
            .next = {[OUTCOME_EXTERNAL] = HOST_STATE_EXTERNALLY_PROVISIONED,
                     [OUTCOME_INSPECT] = HOST_STATE_INSPECTING,
                     [OUTCOME_PREPARE] = HOST_STATE_PREPARING,
                     [OUTCOME_PROVISION] = HOST_STATE_PROVISIONING},
            .on_delete = HOST_STATE_POWERING_OFF_BEFORE_DELETE,
            .detachable = true,
            .manageable = "Manageable",
            .available = true,
        },
    [HOST_STATE_AVAILABLE] =
        {
            .handle = state_available,
            .registers = true,
            .next = {[OUTCOME_EXTERNAL] = HOST_STATE_EXTERNALLY_PROVISIONED,
                     [OUTCOME_INSPECT] = HOST_STATE_INSPECTING,
                     [OUTCOME_PREPARE] = HOST_STATE_PREPARING,
                     [OUTCOME_PROVISION] = HOST_STATE_PROVISIONING},
            .on_delete = HOST_STATE_POWERING_OFF_BEFORE_DELETE,
            .detachable = true,
            .manageable = "Manageable",
            .available = true,
        },
    [HOST_STATE_PROVISIONING] =
        {
            .handle = state_provisioning,
            .registers = true,
            .needs_capacity = true,
            .next = {[OUTCOME_DONE] = HOST_STATE_PROVISIONED, [OUTCOME_DEPROVISION] = HOST_STATE_DEPROVISIONING},
            .on_delete = HOST_STATE_DEPROVISIONING,
            .manageable = "Manageable",
            .progressing = "Provisioning",
        },
    [HOST_STATE_PROVISIONED] =
        {
            .handle = state_provisioned,
            .registers = true,
            .next = {[OUTCOME_DEPROVISION] = HOST_STATE_DEPROVISIONING},
            .on_delete = HOST_STATE_DEPROVISIONING,
            .detachable = true,
            .manageable = "Manageable",
            .provisioned = true,
        },
    [HOST_STATE_EXTERNALLY_PROVISIONED] =
        {
            .handle = state_externally_provisioned,
            .registers = true,
            .next = {[OUTCOME_EXTERNAL] = HOST_STATE_PROVISIONED},
            .on_delete = HOST_STATE_POWERING_OFF_BEFORE_DELETE,
            .detachable = true,
            .manageable = "Manageable",
            .provisioned = true,
        },
    [HOST_STATE_DEPROVISIONING] =
        {
            .handle = state_deprovisioning,
            .registers = true,
            .needs_capacity = true,
            .next = {[OUTCOME_DONE] = HOST_STATE_AVAILABLE,
                     [OUTCOME_GIVE_UP] = HOST_STATE_POWERING_OFF_BEFORE_DELETE,
                     [OUTCOME_FORGOTTEN] = HOST_STATE_DELETING},
            .on_delete = HOST_STATE_DEPROVISIONING,
            .manageable = "Manageable",
            .progressing = "Deprovisioning",
        },
    [HOST_STATE_POWERING_OFF_BEFORE_DELETE] =
        {
            .handle = state_powering_off,
            .registers = true,
            .next = {[OUTCOME_DONE] = HOST_STATE_DELETING,
                     [OUTCOME_GIVE_UP] = HOST_STATE_DELETING,
                     [OUTCOME_FORGOTTEN] = HOST_STATE_DELETING},
            .on_delete = HOST_STATE_POWERING_OFF_BEFORE_DELETE,
            .manageable = "Manageable",
            .progressing = "PoweringOffBeforeDelete",
        },
    [HOST_STATE_DELETING] =
        {
            .handle = state_deleting,
            .on_delete = HOST_STATE_DELETING,
            .manageable = "Manageable",
            .progressing = "Deleting",
        },
};

const struct host_state_row *host_state_row(enum host_state state)
{
    return &rows[state];
}

/* -- capacity -- */

static struct action delay_host(struct host_pass *pass, enum host_state state)
{
    host_set_operational_status(pass, OPERATIONAL_STATUS_DELAYED);
    pass_metric(pass,
                state == HOST_STATE_DEPROVISIONING ? HOST_METRIC_DELAYED_DEPROVISIONING
                                                   : HOST_METRIC_DELAYED_PROVISIONING,
                pass->ns, pass->name, NULL);
    log_info(pass->log, "waiting for capacity", KV("state", host_state_text(state)));
    return (struct action){ACTION_DELAYED, 0};
}

/* BMO-143: comes before the look at deletion (BMO-144). */
static struct error *check_delayed(struct host_pass *pass, struct action *ret)
{
    bool delayed = host_operational_status(pass) == OPERATIONAL_STATUS_DELAYED;
    bool capacity = true;

    if (!delayed && !rows[host_state(pass)].needs_capacity)
        return NULL;
    TRY_WRAP(pass->provisioner->ops->has_capacity(pass->provisioner, &capacity), "failed to determine capacity");
    if (!capacity) {
        *ret = delay_host(pass, host_state(pass));
    } else if (delayed) {
        host_clear_error(pass);
        *ret = action_after(0);
    }
    return NULL;
}

/* Moves the host, unless the backend has no room for what the new state does (BMO-141). */
static struct error *enter(struct host_pass *pass, enum host_state next, struct action *ret)
{
    bool capacity = true;

    if (next == NO_STATE || next == host_state(pass))
        return NULL;
    if (rows[next].needs_capacity)
        TRY_WRAP(pass->provisioner->ops->has_capacity(pass->provisioner, &capacity), "failed to determine capacity");
    if (!capacity)
        *ret = delay_host(pass, next);
    else
        host_set_state(pass, next);
    return NULL;
}

/* -- deletion -- */

/* Where a deletion that begins in this pass leads; NO_STATE when it is put off or under way (BMO-146, BMO-147). */
static enum host_state deletion_target(struct host_pass *pass)
{
    enum host_state state = host_state(pass);
    bool detached = host_operational_status(pass) == OPERATIONAL_STATUS_DETACHED;
    bool cannot_register =
        host_error(pass) == HOST_ERROR_REGISTRATION && host_status_int(pass, "errorCount") > DELETION_PATIENCE;

    if (!host_is_deleting(pass) || state == HOST_STATE_DELETING)
        return NO_STATE;
    if (detached || host_is_detach_wished(pass)) {
        if (!host_is_detach_wished(pass) || host_detach_delays_delete(pass)) {
            pass_metric(pass, HOST_METRIC_DELETE_DELAYED, NULL, NULL, NULL);
            return NO_STATE;
        }
        return HOST_STATE_DELETING;
    }
    if (rows[state].on_delete == state)
        return cannot_register ? HOST_STATE_DELETING : NO_STATE;
    return rows[state].on_delete;
}

/* -- one run -- */

static struct error *run_handler(struct host_pass *pass, struct action *ret)
{
    const struct host_state_row *row = &rows[host_state(pass)];
    struct step step = {0};

    TRY(row->handle(pass, &step));
    *ret = step.action;
    if (step.outcome == OUTCOME_STAY)
        return NULL;
    /* A host under deletion does not become available again. */
    bool leaves = host_state(pass) == HOST_STATE_DEPROVISIONING && host_is_deleting(pass);
    enum host_outcome outcome = leaves && step.outcome == OUTCOME_DONE ? OUTCOME_GIVE_UP : step.outcome;
    if (step.outcome == OUTCOME_DONE && !row->keeps_error_count)
        host_reset_error_count(pass);
    return enter(pass, row->next[outcome], ret);
}

struct error *step_states(struct host_pass *pass, struct action *ret)
{
    TRY(check_delayed(pass, ret));
    if (ret->kind != ACTION_NONE)
        return NULL;
    enum host_state target = deletion_target(pass);
    if (target != NO_STATE) {
        log_info(pass->log, "initiating host deletion");
        *ret = action_complete();
        return enter(pass, target, ret);
    }
    TRY(step_detached(pass, ret));
    if (ret->kind == ACTION_NONE)
        TRY(step_register(pass, ret));
    return ret->kind == ACTION_NONE ? run_handler(pass, ret) : NULL;
}

/* -- the diagram -- */

static const char *const outcome_names[OUTCOME_COUNT] = {
    [OUTCOME_DONE] = "done",
    [OUTCOME_NO_BMC] = "no BMC details",
    [OUTCOME_EXTERNAL] = "externallyProvisioned changed",
    [OUTCOME_SKIP] = "inspection disabled",
    [OUTCOME_INSPECT] = "inspection asked for",
    [OUTCOME_PREPARE] = "settings changed",
    [OUTCOME_PROVISION] = "image wished",
    [OUTCOME_DEPROVISION] = "image changed or failed",
    [OUTCOME_GIVE_UP] = "deleting: goes on",
    [OUTCOME_FORGOTTEN] = "deleting: not registered",
};

static void print_state(enum host_state state, struct strbuf *out)
{
    for (const char *c = state == HOST_STATE_NONE ? "none" : host_state_text(state); *c; c++)
        strbuf_addc(out, *c == ' ' ? '_' : *c);
}

static void print_edge(enum host_state from, enum host_state to, const char *why, struct strbuf *out)
{
    strbuf_adds(out, "    ");
    print_state(from, out);
    strbuf_adds(out, " --> ");
    print_state(to, out);
    strbuf_addf(out, ": %s\n", why);
}

void host_states_print(struct strbuf *out)
{
    strbuf_adds(out, "stateDiagram-v2\n    [*] --> none\n");
    for (enum host_state state = 0; state < HOST_STATE_COUNT; state++) {
        for (enum host_outcome outcome = 0; outcome < OUTCOME_COUNT; outcome++)
            if (rows[state].next[outcome] != NO_STATE)
                print_edge(state, rows[state].next[outcome], outcome_names[outcome], out);
        if (rows[state].on_delete != state)
            print_edge(state, rows[state].on_delete, "deletion", out);
    }
    strbuf_adds(out, "    deleting --> [*]: forgotten\n");
}
