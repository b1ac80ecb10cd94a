/* SPDX-License-Identifier: Apache-2.0 */
/* metal3-sim up: the story that everybody tries first, told to real processes. */
#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/data/str.h"
#include "lib/log/log.h"
#include "lib/rt/rt.h"
#include "sim/commands/commands.h"
#include "sim/scenario/session.h"

/* Machines of a fleet that is watched start twenty times faster than hardware. */
#define SPEED 0.02

struct up_options {
    int64_t hosts;
    char *driver, *image, *scenario, *report, *events, *directory, *level, *speed;
    bool keep;
};

static const struct option_spec specs[] = {
    {"hosts", 'n', "HOSTS", OPTION_INT, offsetof(struct up_options, hosts), "N", "3", "machines in the fleet", 0,
     SCENARIO_HOSTS_MAX},
    {"driver", 0, "DRIVER", OPTION_STRING, offsetof(struct up_options, driver), "NAME", "memory",
     "kind of machines: memory"},
    {"image", 0, "IMAGE", OPTION_STRING, offsetof(struct up_options, image), "FILE", NULL,
     "raw disk image to install; without it a tiny one that is built in"},
    {"scenario", 0, "SCENARIO", OPTION_STRING, offsetof(struct up_options, scenario), "FILE", NULL,
     "story to run instead of provisioning all hosts"},
    {"keep", 0, NULL, OPTION_BOOL, offsetof(struct up_options, keep), NULL, NULL,
     "leave everything running until Ctrl-C"},
    {"report", 0, NULL, OPTION_STRING, offsetof(struct up_options, report), "FILE", NULL, "write the outcome as JSON"},
    {"events", 0, NULL, OPTION_STRING, offsetof(struct up_options, events), "FILE", NULL,
     "write each change of a host as JSON lines"},
    {"dir", 0, NULL, OPTION_STRING, offsetof(struct up_options, directory), "DIR", NULL,
     "new folder for logs, databases and the kubeconfig, kept afterwards; without it a temporary one"},
    {"programs-log-level", 0, NULL, OPTION_STRING, offsetof(struct up_options, level), "LEVEL", "info",
     "log level of the programs"},
    {"speed", 0, NULL, OPTION_STRING, offsetof(struct up_options, speed), "FACTOR", NULL,
     "factor on the time that machines take to start and stop and that stories sleep; 1 is like hardware (0.02)"},
    {0},
};

static void print_success(const struct scenario *scenario)
{
    printf("\nAll well: %" PRId64 " hosts are where they should be.\n", scenario->hosts);
    fflush(stdout);
}

static void keep_running(void *arg, const struct env *env, struct stack *stack, const struct error *failure)
{
    if (failure)
        printf("\nIt failed: %s\n", error_message(failure));
    else
        print_success(arg);
    printf("\nEverything is running. To look around:\n\n"
           "    export KUBECONFIG=%s\n"
           "    kubectl get baremetalhosts -n metal3\n\n"
           "Logs are in %s. Ctrl-C ends it all.\n",
           stack_kubeconfig_path(stack), stack_directory(stack));
    fflush(stdout);
    error_free(rt_sleep_until(env->rt, RT_FOREVER));
}

static struct error *load(const struct up_options *options, struct scenario **ret)
{
    if (options->scenario)
        return scenario_load(options->scenario, ret);
    CLEANUP_FREE char *text = mem_printf("name: provision the fleet\n"
                                         "hosts: %" PRId64 "\n"
                                         "steps:\n"
                                         "  - apply: {hosts: all, userData: \"#cloud-config\"}\n"
                                         "  - wait: {hosts: all, state: provisioned, timeout: 30m}\n"
                                         "  - verify: {hosts: all, timeout: 5m}\n",
                                         options->hosts);
    return scenario_parse("metal3-sim up", text, ret);
}

static struct error *run_up(const struct env *env, void *arg, int argc, char **argv)
{
    const struct up_options *options = arg;
    CLEANUP(scenario_free) struct scenario *scenario = NULL;
    enum log_level level;
    double speed = SPEED;

    if (!str_equal(options->driver, "memory"))
        return error_new(ERROR_UNSUPPORTED, "there is no driver \"%s\"; use memory", options->driver);
    TRY(command_speed(options->speed, &speed));
    TRY_WRAP(log_parse_level(options->level, &level), "--programs-log-level");
    TRY(load(options, &scenario));
    struct session_options session = {
        .scenario = scenario,
        .stack = {.image = options->image,
                  .directory = options->directory,
                  .log_level = options->level,
                  .speed = speed},
        .events = options->events,
        .report = options->report,
        .progress_fd = STDERR_FILENO,
        .table = true,
        .keep = options->keep ? keep_running : NULL,
        .arg = scenario,
    };
    struct error *err = session_run(env, &session);
    if (error_is(err, ERROR_CANCELLED)) { /* a signal before the end is no success */
        error_free(err);
        return error_new(ERROR_TRANSIENT, "interrupted before every host was done");
    }
    TRY(err);
    if (!options->keep)
        print_success(scenario);
    return NULL;
}

const struct program up_program = {
    .name = "up",
    .description = "Brings up a Kubernetes API, a fleet of virtual machines with BMCs, the conductor and the operator, "
                   "and provisions every host.",
    .options = specs,
    .options_size = sizeof(struct up_options),
    .log_level = "warn", /* its own log would run into the bar */
    .run = run_up,
};
