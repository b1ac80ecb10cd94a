/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a scenario on a stack, in either world. It speaks to the programs as their users do: Kubernetes API for hosts, the fleet's control API for faults and for
 * what is on disks.
 */
#ifndef SIM_SCENARIO_RUNNER_H
#define SIM_SCENARIO_RUNNER_H

#include "sim/scenario/hosts.h"
#include "sim/scenario/scenario.h"
#include "sim/stack/stack.h"

struct runner;

/* What a runner tells while it runs; any may be NULL. */
struct runner_listener {
    void (*started)(void *arg, struct runner *runner); /* all programs serve */
    void (*host)(void *arg, struct runner *runner, const struct host *host);
    void (*step)(void *arg, struct runner *runner, const struct step *step); /* begins */
    void *arg;
};

struct step_result {
    const struct step *step;
    rt_time began, ended; /* ended 0: not reached or under way */
    char *error;          /* NULL: it succeeded */
};

struct runner_options {
    const struct scenario *scenario; /* borrowed */
    struct stack *stack;             /* borrowed */
    struct runner_listener listener;
};

struct runner *runner_new(const struct env *env, const struct runner_options *options);
void runner_free(struct runner *runner); /* NULL is fine */
DEFINE_CLEANUP(struct runner, runner_free);
/* Starts the programs, tells the story. An error names file, line and step. */
struct error *runner_run(struct runner *runner) MUST_CHECK;

/* -- for listeners and reports -- */
const struct scenario *runner_scenario(const struct runner *runner);
struct stack *runner_stack(struct runner *runner);
struct hosts *runner_hosts(struct runner *runner); /* NULL before the fleet serves */
rt_time runner_began(const struct runner *runner); /* when the programs' start began */
rt_time runner_ready(const struct runner *runner); /* when all of them served */
size_t runner_result_count(const struct runner *runner);
const struct step_result *runner_result(const struct runner *runner, size_t index);

/* -- for steps -- */
const struct env *runner_env(const struct runner *runner);
struct kube_client *runner_kube(struct runner *runner);
/* One call of the fleet's control API; `body` and `ret` may be NULL. */
struct error *runner_fleet_call(struct runner *runner, const char *method, const char *path, const struct json *body,
                                struct json **ret) MUST_CHECK;
/* The fault ids behind a name that the scenario gave; a list of integers. */
struct json *runner_faults(struct runner *runner);
/* When the present step has to end. */
rt_time runner_step_deadline(const struct runner *runner);
/* What verify found for a host, by number: NULL or its disk's hash. */
void runner_set_verified(struct runner *runner, const struct host *host, const char *checksum);
const char *runner_verified(const struct runner *runner, const struct host *host);

#endif
