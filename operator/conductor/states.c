/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of provision states and transitions. */
#include "operator/conductor/states.h"

#include "lib/data/mem.h"
#include "lib/data/str.h"

/* IRO-232; flags by the rows named at them. */
static const struct {
    const char *name;
    unsigned flags;
} states[STATE_COUNT] = {
    [STATE_NONE] = {NULL, 0},
    [STATE_ENROLL] = {"enroll", STATE_STABLE | STATE_DELETABLE | STATE_LOOKUP_FAST | STATE_HEARTBEAT |
                                    STATE_INTERFACES | STATE_NO_SYNC},
    [STATE_VERIFYING] = {"verifying", STATE_RUNS | STATE_PATCHABLE},
    [STATE_MANAGEABLE] = {"manageable",
                          STATE_STABLE | STATE_DELETABLE | STATE_LOOKUP_FAST | STATE_HEARTBEAT | STATE_INTERFACES},
    [STATE_INSPECTING] = {"inspecting", STATE_RUNS | STATE_LOOKUP | STATE_INTERFACES},
    [STATE_INSPECT_WAIT] = {"inspect wait",
                            STATE_RUNS | STATE_LOOKUP | STATE_PATCHABLE | STATE_INTERFACES | STATE_NO_SYNC},
    [STATE_INSPECT_FAILED] = {"inspect failed", STATE_PATCHABLE},
    [STATE_AVAILABLE] = {"available",
                         STATE_STABLE | STATE_DELETABLE | STATE_LOOKUP_FAST | STATE_HEARTBEAT | STATE_INTERFACES},
    [STATE_DEPLOYING] = {"deploying", STATE_RUNS | STATE_LOOKUP | STATE_HEARTBEAT},
    [STATE_DEPLOY_WAIT] = {"wait call-back", STATE_RUNS | STATE_WAITS | STATE_LOOKUP | STATE_HEARTBEAT | STATE_NO_SYNC},
    [STATE_DEPLOY_FAILED] = {"deploy failed", STATE_PATCHABLE},
    [STATE_ACTIVE] = {"active", STATE_STABLE},
    [STATE_DELETING] = {"deleting", STATE_RUNS},
    [STATE_ERROR] = {"error", STATE_PATCHABLE},
    [STATE_CLEANING] = {"cleaning", STATE_RUNS | STATE_LOOKUP | STATE_HEARTBEAT | STATE_NO_POWER},
    [STATE_CLEAN_WAIT] = {"clean wait",
                          STATE_RUNS | STATE_WAITS | STATE_LOOKUP | STATE_HEARTBEAT | STATE_NO_SYNC | STATE_NO_POWER},
    [STATE_CLEAN_FAILED] = {"clean failed", STATE_PATCHABLE},
    [STATE_ADOPTING] = {"adopting", STATE_RUNS},
    [STATE_ADOPT_FAILED] = {"adopt failed", STATE_DELETABLE | STATE_PATCHABLE | STATE_NO_SYNC},
    [STATE_SERVICING] = {"servicing", STATE_RUNS | STATE_LOOKUP_FAST | STATE_HEARTBEAT},
    [STATE_SERVICE_WAIT] = {"service wait", STATE_RUNS | STATE_WAITS | STATE_LOOKUP | STATE_HEARTBEAT | STATE_NO_SYNC},
    [STATE_SERVICE_FAILED] = {"service failed", STATE_PATCHABLE},
};

static const char *const events[EVENT_COUNT] = {
    [EVENT_MANAGE] = "manage", [EVENT_PROVIDE] = "provide", [EVENT_INSPECT] = "inspect", [EVENT_CLEAN] = "clean",
    [EVENT_ACTIVE] = "active", [EVENT_REBUILD] = "rebuild", [EVENT_DELETED] = "deleted", [EVENT_ABORT] = "abort",
    [EVENT_ADOPT] = "adopt",   [EVENT_SERVICE] = "service", [EVENT_WAIT] = "wait",       [EVENT_RESUME] = "resume",
    [EVENT_DONE] = "done",     [EVENT_FAIL] = "fail",
};

/* A transition; `target` is what the new state works towards: STATE_NONE keeps the target (or drops it in a stable state). */
struct transition {
    enum provision_state from;
    enum provision_event event;
    enum provision_state to, target;
    enum provision_state when_target; /* only when the node's target is this one; STATE_NONE: always */
};

/* IRO-212 to IRO-230. */
static const struct transition transitions[] = {
    {STATE_ENROLL, EVENT_MANAGE, STATE_VERIFYING, STATE_MANAGEABLE},
    {STATE_VERIFYING, EVENT_DONE, STATE_MANAGEABLE},
    {STATE_VERIFYING, EVENT_FAIL, STATE_ENROLL},

    {STATE_MANAGEABLE, EVENT_PROVIDE, STATE_CLEANING, STATE_AVAILABLE},
    {STATE_MANAGEABLE, EVENT_CLEAN, STATE_CLEANING, STATE_MANAGEABLE},
    {STATE_MANAGEABLE, EVENT_INSPECT, STATE_INSPECTING, STATE_MANAGEABLE},
    {STATE_MANAGEABLE, EVENT_ADOPT, STATE_ADOPTING, STATE_ACTIVE},

    {STATE_INSPECTING, EVENT_WAIT, STATE_INSPECT_WAIT},
    {STATE_INSPECTING, EVENT_DONE, STATE_MANAGEABLE},
    {STATE_INSPECTING, EVENT_FAIL, STATE_INSPECT_FAILED},
    {STATE_INSPECT_WAIT, EVENT_RESUME, STATE_INSPECTING},
    {STATE_INSPECT_WAIT, EVENT_DONE, STATE_MANAGEABLE},
    {STATE_INSPECT_WAIT, EVENT_FAIL, STATE_INSPECT_FAILED},
    {STATE_INSPECT_WAIT, EVENT_ABORT, STATE_INSPECT_FAILED},
    {STATE_INSPECT_FAILED, EVENT_INSPECT, STATE_INSPECTING, STATE_MANAGEABLE},
    {STATE_INSPECT_FAILED, EVENT_MANAGE, STATE_MANAGEABLE},

    {STATE_AVAILABLE, EVENT_ACTIVE, STATE_DEPLOYING, STATE_ACTIVE},
    {STATE_AVAILABLE, EVENT_MANAGE, STATE_MANAGEABLE},

    {STATE_DEPLOYING, EVENT_WAIT, STATE_DEPLOY_WAIT},
    {STATE_DEPLOYING, EVENT_DONE, STATE_ACTIVE},
    {STATE_DEPLOYING, EVENT_FAIL, STATE_DEPLOY_FAILED},
    {STATE_DEPLOY_WAIT, EVENT_RESUME, STATE_DEPLOYING},
    {STATE_DEPLOY_WAIT, EVENT_FAIL, STATE_DEPLOY_FAILED},
    {STATE_DEPLOY_WAIT, EVENT_DELETED, STATE_DELETING, STATE_AVAILABLE},
    {STATE_DEPLOY_WAIT, EVENT_ABORT, STATE_DEPLOY_FAILED},
    {STATE_DEPLOY_FAILED, EVENT_ACTIVE, STATE_DEPLOYING, STATE_ACTIVE},
    {STATE_DEPLOY_FAILED, EVENT_REBUILD, STATE_DEPLOYING, STATE_ACTIVE},
    {STATE_DEPLOY_FAILED, EVENT_DELETED, STATE_DELETING, STATE_AVAILABLE},

    {STATE_ACTIVE, EVENT_REBUILD, STATE_DEPLOYING, STATE_ACTIVE},
    {STATE_ACTIVE, EVENT_DELETED, STATE_DELETING, STATE_AVAILABLE},
    {STATE_ACTIVE, EVENT_SERVICE, STATE_SERVICING, STATE_ACTIVE},

    {STATE_DELETING, EVENT_CLEAN, STATE_CLEANING, STATE_AVAILABLE},
    {STATE_DELETING, EVENT_FAIL, STATE_ERROR},
    {STATE_ERROR, EVENT_REBUILD, STATE_DEPLOYING, STATE_ACTIVE},
    {STATE_ERROR, EVENT_DELETED, STATE_DELETING, STATE_AVAILABLE},

    {STATE_CLEANING, EVENT_WAIT, STATE_CLEAN_WAIT},
    {STATE_CLEANING, EVENT_DONE, STATE_MANAGEABLE, .when_target = STATE_MANAGEABLE},
    {STATE_CLEANING, EVENT_DONE, STATE_AVAILABLE},
    {STATE_CLEANING, EVENT_FAIL, STATE_CLEAN_FAILED},
    {STATE_CLEAN_WAIT, EVENT_RESUME, STATE_CLEANING},
    {STATE_CLEAN_WAIT, EVENT_FAIL, STATE_CLEAN_FAILED},
    {STATE_CLEAN_WAIT, EVENT_ABORT, STATE_CLEAN_FAILED},
    {STATE_CLEAN_FAILED, EVENT_MANAGE, STATE_MANAGEABLE},

    {STATE_ADOPTING, EVENT_DONE, STATE_ACTIVE},
    {STATE_ADOPTING, EVENT_FAIL, STATE_ADOPT_FAILED},
    {STATE_ADOPT_FAILED, EVENT_ADOPT, STATE_ADOPTING, STATE_ACTIVE},
    {STATE_ADOPT_FAILED, EVENT_MANAGE, STATE_MANAGEABLE},

    {STATE_SERVICING, EVENT_WAIT, STATE_SERVICE_WAIT},
    {STATE_SERVICING, EVENT_DONE, STATE_ACTIVE},
    {STATE_SERVICING, EVENT_FAIL, STATE_SERVICE_FAILED},
    {STATE_SERVICE_WAIT, EVENT_RESUME, STATE_SERVICING},
    {STATE_SERVICE_WAIT, EVENT_FAIL, STATE_SERVICE_FAILED},
    {STATE_SERVICE_WAIT, EVENT_ABORT, STATE_SERVICE_FAILED},
    {STATE_SERVICE_WAIT, EVENT_DELETED, STATE_DELETING, STATE_AVAILABLE},
    {STATE_SERVICE_FAILED, EVENT_SERVICE, STATE_SERVICING, STATE_ACTIVE},
    {STATE_SERVICE_FAILED, EVENT_ABORT, STATE_ACTIVE},
    {STATE_SERVICE_FAILED, EVENT_DELETED, STATE_DELETING, STATE_AVAILABLE},
};

const char *provision_state_name(enum provision_state state)
{
    return states[state].name;
}

enum provision_state provision_state_from_name(const char *name)
{
    for (enum provision_state state = STATE_ENROLL; state < STATE_COUNT; state++)
        if (str_equal(states[state].name, name))
            return state;
    return STATE_NONE;
}

unsigned provision_state_flags(enum provision_state state)
{
    return states[state].flags;
}

const char *provision_event_name(enum provision_event event)
{
    return events[event];
}

bool provision_event_from_verb(const char *verb, enum provision_event *ret)
{
    for (enum provision_event event = 0; event < EVENT_VERB_COUNT; event++) {
        if (str_equal(events[event], verb)) {
            *ret = event;
            return true;
        }
    }
    return false;
}

enum provision_state provision_state_next(enum provision_state from, enum provision_event event,
                                          enum provision_state target, enum provision_state *ret_target)
{
    for (size_t i = 0; i < ARRAY_SIZE(transitions); i++) {
        const struct transition *row = &transitions[i];
        if (row->from != from || row->event != event || (row->when_target && row->when_target != target))
            continue;
        if (row->target)
            *ret_target = row->target;
        else
            *ret_target = states[row->to].flags & STATE_STABLE ? STATE_NONE : target;
        return row->to;
    }
    return STATE_NONE;
}
