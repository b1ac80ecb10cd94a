/* SPDX-License-Identifier: Apache-2.0 */
/* The provision states of Ironic and their transitions, as one table (reference rows B2). node_transition() in node.h is the only writer. */
#ifndef OPERATOR_CONDUCTOR_STATES_H
#define OPERATOR_CONDUCTOR_STATES_H

#include <stdbool.h>
#include <stddef.h>

enum provision_state {
    STATE_NONE, /* null on the wire */
    STATE_ENROLL,
    STATE_VERIFYING,
    STATE_MANAGEABLE,
    STATE_INSPECTING,
    STATE_INSPECT_WAIT,
    STATE_INSPECT_FAILED,
    STATE_AVAILABLE,
    STATE_DEPLOYING,
    STATE_DEPLOY_WAIT,
    STATE_DEPLOY_FAILED,
    STATE_ACTIVE,
    STATE_DELETING,
    STATE_ERROR,
    STATE_CLEANING,
    STATE_CLEAN_WAIT,
    STATE_CLEAN_FAILED,
    STATE_ADOPTING,
    STATE_ADOPT_FAILED,
    STATE_SERVICING,
    STATE_SERVICE_WAIT,
    STATE_SERVICE_FAILED,
    STATE_COUNT,
};

/* What moves a node. The first ones are the verbs of PUT states/provision (IRO-233). */
enum provision_event {
    EVENT_MANAGE,
    EVENT_PROVIDE,
    EVENT_INSPECT,
    EVENT_CLEAN,
    EVENT_ACTIVE,
    EVENT_REBUILD,
    EVENT_DELETED,
    EVENT_ABORT,
    EVENT_ADOPT,
    EVENT_SERVICE,
    EVENT_VERB_COUNT,
    EVENT_WAIT = EVENT_VERB_COUNT,
    EVENT_RESUME,
    EVENT_DONE,
    EVENT_FAIL,
    EVENT_COUNT,
};

/* What a state is like. */
enum state_flags {
    STATE_STABLE = 1,       /* nothing is under way: no target */
    STATE_DELETABLE = 2,    /* DELETE of the node is fine (IRO-209) */
    STATE_LOOKUP = 4,       /* an agent may look its node up (IRO-512) */
    STATE_LOOKUP_FAST = 8,  /* … with fast track only */
    STATE_HEARTBEAT = 16,   /* heartbeats are recorded (IRO-519) */
    STATE_WAITS = 32,       /* for the agent: heartbeats are acted upon */
    STATE_RUNS = 64,        /* an operation works on it */
    STATE_PATCHABLE = 128,  /* PATCH is fine although a target is set (IRO-207) */
    STATE_INTERFACES = 256, /* *_interface may be changed (IRO-207) */
    STATE_NO_SYNC = 512,    /* left out of the power sync (IRO-375) */
    STATE_NO_POWER = 1024,  /* no power requests by API (IRO-208) */
};

const char *provision_state_name(enum provision_state state); /* on the wire; NULL for STATE_NONE */
enum provision_state provision_state_from_name(const char *name);
unsigned provision_state_flags(enum provision_state state);

const char *provision_event_name(enum provision_event event);
/* The verb's event; false when it is none of ours. */
bool provision_event_from_verb(const char *verb, enum provision_event *ret);

/* Where `event` leads from `from`; STATE_NONE: nowhere. *ret_target is the state that the new one works towards. */
enum provision_state provision_state_next(enum provision_state from, enum provision_event event,
                                          enum provision_state target, enum provision_state *ret_target);

#endif
