/* SPDX-License-Identifier: Apache-2.0 */
/* metal3-sim run: stories from files, one after the other. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/data/str.h"
#include "lib/rt/rt.h"
#include "sim/commands/commands.h"
#include "sim/scenario/session.h"

struct run_options {
    int64_t seed, hosts;
    char *events, *report, *junit, *speed, *directory;
    bool virtual_time, quiet;
};

static const struct option_spec specs[] = {
    {"virtual-time", 0, NULL, OPTION_BOOL, offsetof(struct run_options, virtual_time), NULL, NULL,
     "run in one process on virtual time: deterministic, and a day takes seconds"},
    {"seed", 0, NULL, OPTION_INT, offsetof(struct run_options, seed), "N", "1",
     "what chance is drawn from, in virtual time"},
    {"hosts", 'n', NULL, OPTION_INT, offsetof(struct run_options, hosts), "N", "-1",
     "machines, instead of what the file says (-1: that)", -1, SCENARIO_HOSTS_MAX},
    {"events", 0, NULL, OPTION_STRING, offsetof(struct run_options, events), "FILE", NULL,
     "write the event log as JSON lines"},
    {"report", 0, NULL, OPTION_STRING, offsetof(struct run_options, report), "FILE", NULL, "write the outcome as JSON"},
    {"junit", 0, NULL, OPTION_STRING, offsetof(struct run_options, junit), "FILE", NULL,
     "write the outcome as JUnit XML"},
    {"speed", 0, NULL, OPTION_STRING, offsetof(struct run_options, speed), "FACTOR", NULL,
     "factor on the time that machines take and that stories sleep; 1 is like hardware (virtual time: 1, real time: "
     "0.02)"},
    {"dir", 0, NULL, OPTION_STRING, offsetof(struct run_options, directory), "DIR", NULL,
     "new folder for logs, databases and the kubeconfig, kept afterwards; without it a temporary one"},
    {"quiet", 'q', NULL, OPTION_BOOL, offsetof(struct run_options, quiet), NULL, NULL, "print one line a scenario"},
    {0},
};

static struct error *run_one(const struct env *env, const struct run_options *options, const char *path)
{
    CLEANUP(scenario_free) struct scenario *scenario = NULL;
    double speed = options->virtual_time ? 1 : 0.02;

    TRY(scenario_load(path, &scenario));
    if (options->hosts >= 0)
        scenario->hosts = options->hosts;
    TRY(command_speed(options->speed, &speed));
    struct session_options session = {
        .scenario = scenario,
        .stack = {.directory = options->directory, .speed = speed},
        .virtual_time = options->virtual_time,
        .seed = (uint64_t)options->seed,
        .events = options->events,
        .report = options->report,
        .junit = options->junit,
        .progress_fd = options->quiet ? -1 : STDERR_FILENO,
        .table = !options->quiet,
    };
    return session_run(env, &session);
}

static struct error *run_run(const struct env *env, void *arg, int argc, char **argv)
{
    const struct run_options *options = arg;
    int failed = 0;

    if (argc > 1 && (options->events || options->report || options->junit || options->directory))
        return error_new(ERROR_INVALID, "--events, --report, --junit and --dir are for one scenario at a time");
    for (int i = 0; i < argc; i++) {
        rt_time began = rt_now(env->rt);
        struct error *err = run_one(env, options, argv[i]);
        if (error_is(err, ERROR_CANCELLED)) {
            error_free(err);
            return error_new(ERROR_TRANSIENT, "%s: interrupted", argv[i]);
        }
        printf("%s %s (%.1f s)%s%s\n", err ? "FAILED" : "ok    ", argv[i],
               (double)(rt_now(env->rt) - began) / (double)RT_S, err ? ": " : "", err ? error_message(err) : "");
        fflush(stdout);
        failed += err != NULL;
        error_free(err);
    }
    if (failed)
        return error_new(ERROR_INVALID, "%d of %d scenarios failed", failed, argc);
    return NULL;
}

const struct program run_program = {
    .name = "run",
    .synopsis = "FILE...",
    .description = "Runs scenarios (scenarios/README.md describes the format). Exit status 0 only when every one of "
                   "them succeeds.",
    .options = specs,
    .options_size = sizeof(struct run_options),
    .log_level = "warn", /* its own log would run into the bar */
    .arguments_min = 1,
    .arguments_max = -1,
    .run = run_run,
};
