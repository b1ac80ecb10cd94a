/* SPDX-License-Identifier: Apache-2.0 */
/* The frame of every program: options, the real world, signals, the exit status. */
#include "lib/main.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/data/mem.h"
#include "lib/data/str.h"
#include "lib/log/log.h"
#include "lib/log/metrics.h"
#include "lib/net/net.h"
#include "lib/options.h"
#include "lib/rt/rt.h"

enum { EXIT_USAGE = 2, EXIT_SIGNAL = 128 };

/* Options that every program has. */
struct common {
    bool help, version;
    char *log_level, *log_format;
};

static const struct option_spec common_specs[] = {
    {.name = "log-level",
     .environment = "METAL3_LOG_LEVEL",
     .type = OPTION_STRING,
     .offset = offsetof(struct common, log_level),
     .value = "LEVEL",
     .fallback = "info",
     .help = "least level that is logged: debug, info, warn or error"},
    {.name = "log-format",
     .environment = "METAL3_LOG_FORMAT",
     .type = OPTION_STRING,
     .offset = offsetof(struct common, log_format),
     .value = "FORMAT",
     .fallback = "text",
     .help = "format of the log on standard error: text or json"},
    {.name = "help", .letter = 'h', .type = OPTION_BOOL, .offset = offsetof(struct common, help), .help = "print this"},
    {.name = "version", .type = OPTION_BOOL, .offset = offsetof(struct common, version), .help = "print the version"},
    {0},
};

/* A run under way. */
struct invocation {
    const struct program *program;
    const char *name;   /* "metal3-sim run" */
    const char *binary; /* "metal3-sim" */
    struct common common;
    struct option_spec common_specs[ARRAY_SIZE(common_specs)]; /* with the program's defaults */
    struct log_options log;
    void *options;
    int argc;
    char **argv;
    struct env env;
    int signal; /* that ended it; 0: none */
    struct error *result;
};

static void print_help(const struct invocation *invocation)
{
    const struct program *program = invocation->program;
    const char *name = invocation->name;
    if (program->run)
        printf("Usage: %s [options]%s%s\n", name, program->synopsis ? " " : "", str_or(program->synopsis, ""));
    if (program->commands)
        printf("Usage: %s COMMAND [options] …\n", name);
    if (program->description)
        printf("\n%s\n", program->description);
    if (program->commands)
        printf("\nCommands (each has --help):\n");
    for (const struct program *const *command = program->commands; command && *command; command++)
        printf("  %-14s %s\n", (*command)->name, str_or((*command)->description, ""));
    printf("\nOptions:\n");
    options_print_help(program->options, stdout);
    options_print_help(invocation->common_specs, stdout);
}

static struct error *check_argument_count(const struct program *program, int count)
{
    if (count < program->arguments_min)
        return error_new(ERROR_INVALID, "an argument is missing: %s", str_or(program->synopsis, "see --help"));
    if (program->arguments_max >= 0 && count > program->arguments_max)
        return error_new(ERROR_INVALID, "there are %d arguments where at most %d are taken; --help shows the usage",
                         count, program->arguments_max);
    return NULL;
}

static struct error *parse(struct invocation *invocation, int argc, char **argv)
{
    const struct program *program = invocation->program;
    const struct option_table tables[] = {{program->options, invocation->options},
                                          {invocation->common_specs, &invocation->common}};
    int first;
    TRY(options_parse_tables(tables, ARRAY_SIZE(tables), argc, argv, &first));
    invocation->argc = argc - first;
    invocation->argv = argv + first;
    return NULL;
}

static struct error *parse_log_options(const struct common *common, struct log_options *ret)
{
    TRY_WRAP(log_parse_level(common->log_level, &ret->level), "option --log-level");
    TRY_WRAP(log_parse_format(common->log_format, &ret->format), "option --log-format");
    return NULL;
}

static int64_t read_wall(void *clock)
{
    return rt_wall(clock);
}

static void stop_program(void *arg)
{
    struct invocation *invocation = arg;
    if (invocation->program->stop)
        invocation->program->stop(&invocation->env, invocation->options);
    rt_group_cancel(invocation->env.group);
}

static void wait_for_signals(void *arg)
{
    struct invocation *invocation = arg;
    const struct env *env = &invocation->env;
    int number;
    for (;;) {
        struct error *err = rt_wait_signal(env->rt, &number);
        if (err) {
            error_free(err);
            return;
        }
        if (invocation->signal)
            _exit(EXIT_SIGNAL + number); /* the user insists */
        invocation->signal = number;
        log_info(env->log, "stopping", KV("signal", strsignal(number)));
        rt_spawn(env->rt, NULL, "stop", stop_program, invocation);
    }
}

static void run_program(void *arg)
{
    struct invocation *invocation = arg;
    invocation->result =
        invocation->program->run(&invocation->env, invocation->options, invocation->argc, invocation->argv);
    rt_group_cancel(invocation->env.group);
}

static void run_main(void *arg)
{
    struct invocation *invocation = arg;
    const struct env *env = &invocation->env;
    rt_spawn(env->rt, NULL, "signals", wait_for_signals, invocation);
    rt_spawn(env->rt, env->group, invocation->program->name, run_program, invocation);
    /* Its error, a task that did not unwind, comes out of rt_run() too. */
    error_free(rt_group_wait(env->group, RT_FOREVER));
}

/* Thousands of connections need more than the usual soft limit. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* Sets the world up, runs the program in it and takes it down. */
static struct error *run(struct invocation *invocation)
{
    CLEANUP(rt_free) struct rt *rt = NULL;
    CLEANUP(log_free) struct log *log = NULL;
    CLEANUP(metrics_free) struct metrics *metrics = NULL;
    CLEANUP(net_free) struct net *net = NULL;
    CLEANUP(rt_group_free) struct rt_group *group = NULL;
    TRY(rt_new_real(0, &rt));
    invocation->log.fd = STDERR_FILENO;
    invocation->log.wall = read_wall;
    invocation->log.clock = rt;
    log = log_new(&invocation->log);
    metrics = metrics_new();
    net = net_new(rt);
    group = rt_group_new(rt, NULL, invocation->program->name);
    invocation->env = (struct env){.rt = rt, .group = group, .net = net, .log = log, .metrics = metrics};
    struct error *err = rt_run(rt, run_main, invocation);
    if (invocation->result) {
        error_free(err);
        err = TAKE_PTR(invocation->result);
    }
    return err;
}

/* Prints the error as one line and gives the exit status. */
static int report(const char *name, struct error *err, int status)
{
    fprintf(stderr, "%s: %s\n", name, error_message(err));
    error_free(err);
    return status;
}

static int finish(struct invocation *invocation, struct error *err)
{
    if (!err)
        return EXIT_SUCCESS;
    if (invocation->signal && error_is(err, ERROR_CANCELLED)) {
        error_free(err);
        return invocation->signal == SIGTERM ? EXIT_SUCCESS : EXIT_SIGNAL + invocation->signal;
    }
    return report(invocation->name, err, EXIT_FAILURE);
}

/* What to do once the command line is read. */
static int act(struct invocation *invocation)
{
    const struct program *program = invocation->program;
    if (invocation->common.help) {
        print_help(invocation);
        return EXIT_SUCCESS;
    }
    if (invocation->common.version) {
        printf("%s %s\n", invocation->binary, METAL3_VERSION);
        return EXIT_SUCCESS;
    }
    struct error *err = check_argument_count(program, invocation->argc);
    if (!err)
        err = parse_log_options(&invocation->common, &invocation->log);
    if (err)
        return report(invocation->name, err, EXIT_USAGE);
    raise_descriptor_limit();
    mem_tune();
    signal(SIGPIPE, SIG_IGN);
    return finish(invocation, run(invocation));
}

static int run_command(const struct program *program, const char *binary, const char *name, int argc, char **argv)
{
    struct invocation invocation = {.program = program, .name = name, .binary = binary};
    invocation.options = mem_alloc(program->options_size + 1);
    memcpy(invocation.common_specs, common_specs, sizeof(common_specs));
    invocation.common_specs[0].fallback = str_or(program->log_level, common_specs[0].fallback);
    struct error *err = parse(&invocation, argc, argv);
    int status;
    if (!err && !program->run && !invocation.common.help && !invocation.common.version)
        err = invocation.argc > 0
                  ? error_new(ERROR_INVALID, "unknown command \"%s\"; --help lists the commands", invocation.argv[0])
                  : error_new(ERROR_INVALID, "a command is missing; --help lists the commands");
    if (err)
        status = report(name, err, EXIT_USAGE);
    else
        status = act(&invocation);
    options_release(program->options, invocation.options);
    options_release(common_specs, &invocation.common);
    free(invocation.options);
    return status;
}

int program_main(const struct program *program, int argc, char **argv)
{
    for (const struct program *const *command = program->commands; command && *command && argc > 1; command++) {
        if (str_equal((*command)->name, argv[1])) {
            CLEANUP_FREE char *name = mem_printf("%s %s", program->name, argv[1]);
            return run_command(*command, program->name, name, argc - 1, argv + 1);
        }
    }
    return run_command(program, program->name, program->name, argc, argv);
}
