/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scenario: a story in YAML about a fleet and what happens to it. The format is described in scenarios/README.md. Parsing checks every word, so that a story
 * that starts can only fail by what it tells.
 */
#ifndef SIM_SCENARIO_SCENARIO_H
#define SIM_SCENARIO_SCENARIO_H

#include "lib/data/vec.h"
#include "lib/data/yaml.h"
#include "lib/rt/rt.h"

struct runner;

/* What a step may be told; each step's table names the members that it takes. Owned by the scenario. */
struct step_arguments {
    struct json *hosts;    /* "all" (also when absent), a number from 1, a name, or a list of these */
    struct json *manifest; /* objects to apply */
    struct json *patch, *value;
    struct json *fault; /* a row of the fleet's fault plan */
    char *file, *state, *operational_status, *error_type, *program, *id, *path, *contains, *reason, *user_data,
        *checksum, *url, *timeout, *duration, *mode;
    bool image, online, power_on; /* power_on: wait for status.poweredOn with that value, when set */
    bool has_image, has_online, has_power_on;
};

struct step_type {
    const char *name;
    const char *scalar; /* member that a plain value goes to ("kill: conductor"); NULL: a mapping is needed */
    const struct json_field *fields;
    /* More than the table can say; NULL: nothing. */
    struct error *(*check)(const struct step_arguments *arguments);
    struct error *(*run)(struct runner *runner, const struct step_arguments *arguments);
    const char *help; /* one line */
};

struct step {
    const struct step_type *type;
    int line;
    char *title; /* "wait state=provisioned" */
    struct step_arguments arguments;
    rt_time timeout, duration; /* parsed; 0: the type's default */
};

struct scenario {
    char *name, *description, *profile, *file;
    int64_t hosts;
    rt_time time_limit; /* of the whole story */
    VEC(struct step) steps;
};

#define SCENARIO_HOSTS_MAX 10000
#define SCENARIO_TIME_LIMIT (2 * 3600 * RT_S)

/* ERROR_INVALID "file:line: …" names what is wrong and what is allowed. */
struct error *scenario_load(const char *path, struct scenario **ret) MUST_CHECK;
struct error *scenario_parse(const char *name, const char *text, struct scenario **ret) MUST_CHECK;
void scenario_free(struct scenario *scenario);
DEFINE_CLEANUP(struct scenario, scenario_free);

/* -- steps.c -- */
extern const struct step_type step_types[]; /* ends with {0} */

#endif
