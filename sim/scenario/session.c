/* SPDX-License-Identifier: Apache-2.0 */
/* Sets up the world that a scenario asks for, runs it there, writes what is to be written. */
#include "sim/scenario/session.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/data/str.h"
#include "lib/log/log.h"
#include "lib/log/metrics.h"
#include "lib/net/net.h"
#include "lib/rt/file.h"
#include "sim/scenario/progress.h"
#include "sim/scenario/report.h"
#include "sim/scenario/runner.h"

/* Wall clock of a virtual world's beginning: 2026-01-01T00:00:00Z, for all seeds. */
#define VIRTUAL_EPOCH (INT64_C(1767225600) * TIME_S)

struct session {
    const struct session_options *options;
    const struct env *env; /* of the world that the runner lives in */
    struct net_sim *network;
    FILE *events;
    struct error *result;
};

/* -- the event log -- */

static void write_event(void *arg, const char *line, size_t len)
{
    struct session *session = arg;
    if (!session->events)
        return;
    fwrite(line, 1, len, session->events);
    fputc('\n', session->events);
}

static int64_t world_wall(void *clock)
{
    return rt_wall(clock);
}

static struct error *open_events(struct session *session)
{
    if (!session->options->events)
        return NULL;
    session->events = fopen(session->options->events, "we");
    if (!session->events)
        return error_from_errno(errno, "cannot write %s", session->options->events);
    return NULL;
}

static struct error *close_events(struct session *session)
{
    FILE *events = TAKE_PTR(session->events);
    if (events && fclose(events) != 0)
        return error_from_errno(errno, "cannot write %s", session->options->events);
    return NULL;
}

static struct log *event_log(struct session *session, struct rt *rt)
{
    struct log_options options = {
        .level = LOG_INFO, .format = LOG_JSON, .sink = write_event, .arg = session, .wall = world_wall, .clock = rt};
    return log_new(&options);
}

/* -- the run -- */

static struct error *write_reports(const struct session *session, struct runner *runner, const struct error *failure)
{
    const struct session_options *options = session->options;
    if (options->report) {
        CLEANUP(json_free) struct json *report = report_json(runner, failure);
        CLEANUP_FREE char *text = json_print_pretty(report);
        TRY(rt_file_write(runner_env(runner)->rt, options->report, text, strlen(text), 0644));
    }
    if (options->junit) {
        CLEANUP_STRBUF struct strbuf xml = STRBUF_INIT;
        report_junit(runner, failure, &xml);
        TRY(rt_file_write(runner_env(runner)->rt, options->junit, strbuf_str(&xml), xml.len, 0644));
    }
    return NULL;
}

static void print_table(struct runner *runner)
{
    CLEANUP_STRBUF struct strbuf table = STRBUF_INIT;
    progress_table(runner, &table);
    fputs(strbuf_str(&table), stdout);
    fflush(stdout);
}

static struct error *run_story(struct session *session, struct stack *stack)
{
    const struct session_options *options = session->options;
    CLEANUP(progress_free)
    struct progress *progress =
        options->progress_fd >= 0 ? progress_new(session->env, options->progress_fd, NULL) : NULL;
    struct runner_options runner_options = {.scenario = options->scenario, .stack = stack};
    if (progress)
        runner_options.listener = progress_listener(progress);
    CLEANUP(runner_free) struct runner *runner = runner_new(session->env, &runner_options);

    struct error *err = runner_run(runner);
    if (progress)
        progress_end(progress);
    if (error_is(err, ERROR_CANCELLED))
        return err;
    if (options->table)
        print_table(runner);
    struct error *unwritten = write_reports(session, runner, err);
    if (options->keep)
        options->keep(options->arg, session->env, stack, err);
    if (err) {
        error_free(unwritten);
        return err;
    }
    return unwritten;
}

static struct error *run_in_world(struct session *session)
{
    struct stack_options options = session->options->stack;
    CLEANUP(stack_free) struct stack *stack = NULL;

    options.hosts = (int)session->options->scenario->hosts;
    options.profile = session->options->scenario->profile;
    TRY(stack_new(session->env, &options, session->network, &stack));
    return run_story(session, stack);
}

static struct error *run_real(struct session *session, const struct env *env)
{
    struct env own = *env;
    CLEANUP(log_free) struct log *log = event_log(session, env->rt);
    own.log = log;
    session->env = &own;
    return run_in_world(session);
}

/* -- virtual time -- */

static void virtual_main(void *arg)
{
    struct session *session = arg;
    struct env env = *session->env;
    env.group = rt_current_group(env.rt);
    session->env = &env;
    session->result = run_in_world(session);
    session->env = NULL;
}

static struct error *run_virtual(struct session *session)
{
    CLEANUP(rt_free) struct rt *rt = rt_new_sim(session->options->seed, VIRTUAL_EPOCH);
    struct net_sim_options net_options = {0};
    CLEANUP(net_sim_free) struct net_sim *network = net_sim_new(rt, &net_options);
    CLEANUP(net_free) struct net *net = net_sim_host(network, "runner", "10.0.0.1");
    CLEANUP(log_free) struct log *log = event_log(session, rt);
    CLEANUP(metrics_free) struct metrics *metrics = metrics_new();
    struct env env = {.rt = rt, .group = rt_current_group(rt), .net = net, .log = log, .metrics = metrics};

    session->env = &env;
    session->network = network;
    TRY(rt_run(rt, virtual_main, session));
    return TAKE_PTR(session->result);
}

struct offloaded {
    struct session *session;
    struct error *result;
};

static void virtual_thread(void *arg)
{
    struct offloaded *call = arg;
    call->result = run_virtual(call->session);
}

struct error *session_run(const struct env *env, const struct session_options *options)
{
    struct session session = {.options = options};
    /* What could not be written at the end is told of before the beginning. */
    TRY(report_check(options->report));
    TRY(report_check(options->junit));
    TRY(open_events(&session));
    struct error *err;
    if (options->virtual_time) {
        /* A loop of its own, on a thread of its own: the calling program keeps listening to signals. */
        struct offloaded call = {.session = &session};
        rt_offload(env->rt, virtual_thread, &call);
        err = call.result;
    } else {
        err = run_real(&session, env);
    }
    struct error *unwritten = close_events(&session);
    if (err) {
        error_free(unwritten);
        return err;
    }
    return unwritten;
}
