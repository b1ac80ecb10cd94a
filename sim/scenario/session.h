/* SPDX-License-Identifier: Apache-2.0 */
/* One run of one scenario from nothing to the end: a world, a stack in it, a runner on it, and its reports. Used by metal3-sim up and run. */
#ifndef SIM_SCENARIO_SESSION_H
#define SIM_SCENARIO_SESSION_H

#include "sim/scenario/scenario.h"
#include "sim/stack/stack.h"

struct session_options {
    const struct scenario *scenario;
    struct stack_options stack; /* hosts and profile come from the scenario */
    bool virtual_time;
    uint64_t seed;              /* virtual time only */
    const char *events;         /* file for the event log, JSON lines; NULL: none */
    const char *report, *junit; /* files; NULL: none */
    int progress_fd;            /* for progress; -1: none */
    bool table;                 /* print the table of hosts on standard output */
    /* Called after the story succeeded or not, while all programs still run; NULL: none. Real time only. */
    void (*keep)(void *arg, const struct env *env, struct stack *stack, const struct error *failure);
    void *arg;
};

/* Runs it. `env` is of the calling program, in the real world; in virtual time the session makes a world of its own and runs it to its end. */
struct error *session_run(const struct env *env, const struct session_options *options) MUST_CHECK;

#endif
