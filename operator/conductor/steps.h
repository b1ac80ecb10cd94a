/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Steps of deployments and cleanings. A list of steps, where it stands and how far the present one got are in driver_internal_info, so that a
 * conductor that is started again goes on with the same step and sends nothing to an agent twice.
 */
#ifndef OPERATOR_CONDUCTOR_STEPS_H
#define OPERATOR_CONDUCTOR_STEPS_H

#include "operator/conductor/operation.h"

enum step_verdict {
    STEP_DONE,
    STEP_WAIT_BEAT, /* for the ramdisk to call */
    STEP_IN_AGENT,  /* the agent is to run it */
};

struct step_context {
    struct operation *operation;
    struct node *node;
    const struct json *step;
    struct json *args; /* of an in-agent step, may be changed by prepare; owned by the engine */
    bool again;        /* it was begun before the conductor was started again */
};

/* A step of the conductor's own. */
struct step_type {
    const char *name;
    int priority;
    struct error *(*run)(struct step_context *context, enum step_verdict *ret);
};

/* What differs between deploying and cleaning. */
struct step_family {
    const char *name;            /* "deploy": in the agent's command names, and in step_key */
    size_t field;                /* of struct node: the present step */
    const struct step_type *own; /* ends with {0}; NULL: none */
    bool configdrive;            /* the agent gets it */
};
extern const struct step_family deploy_steps, clean_steps;

/* ERROR_INVALID when `list` (of PUT provision) is no list of {interface, step, args, priority}. */
struct error *steps_validate(const struct json *list, bool need_priority) MUST_CHECK;
/* Remembers the user's steps until the operation begins. */
void steps_set_user(struct node *node, const struct json *list);
const struct json *steps_user(const struct node *node);

/* Is there a list, begun or not? */
bool steps_present(const struct node *node);
/* The list to run (taken over), not saved. */
void steps_set(struct node *node, struct json *list);
/* Sorts by priority, highest first; equal ones by interface as Ironic does (IRO-318). */
struct json *steps_sorted(const struct json *list);
/*
 * Asks the agent for its steps (IRO-317); its version is remembered for the steps' execution. *ret is the array of steps of all hardware managers,
 * one per interface and name, owned by the caller.
 */
struct error *steps_fetch(struct operation *operation, const struct step_family *family, struct json **ret) MUST_CHECK;
/* Runs the list to its end and forgets it. */
struct error *steps_run(struct operation *operation, const struct step_family *family) MUST_CHECK;
void steps_forget(struct node *node); /* not saved */

#endif
