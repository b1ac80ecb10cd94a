/* SPDX-License-Identifier: Apache-2.0 */
/* Bar, lines and table. */
#include "sim/scenario/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "lib/data/str.h"
#include "lib/data/vec.h"

#define BAR_WIDTH 30
#define COLUMNS 80         /* where nothing tells the terminal's width */
#define TICK (500 * RT_MS) /* how often the clock beside the bar is set */
#define DRAW_INTERVAL (100 * RT_MS)
#define LINE_INTERVAL (2 * RT_S) /* where there is no terminal */
#define LINES_HOSTS_MAX 25       /* in larger fleets the bar alone speaks */

/* What was told of a host already. */
struct told {
    size_t phases;
    char *error;
};

struct progress {
    const struct env *env;
    struct rt_group *group; /* of the ticking clock */
    struct runner *runner;  /* once it has started */
    int fd;
    bool terminal, drawn, ended;
    char *line; /* the last one, without its time */
    char *goal;
    rt_time last;
    VEC(struct told) told; /* by a host's number - 1 */
};

struct progress *progress_new(const struct env *env, int fd, const char *goal)
{
    struct progress *progress = mem_alloc(sizeof(*progress));
    progress->env = env;
    progress->group = rt_group_new(env->rt, env->group, "progress");
    progress->fd = fd;
    progress->terminal = isatty(fd) && !rt_is_sim(env->rt);
    progress->goal = mem_strdup(str_or(goal, "provisioned"));
    return progress;
}

void progress_free(struct progress *progress)
{
    if (!progress)
        return;
    rt_group_stop(progress->group);
    rt_group_free(progress->group);
    VEC_FOREACH (told, &progress->told)
        free(told->error);
    VEC_RELEASE(&progress->told);
    free(progress->goal);
    free(progress->line);
    free(progress);
}

static void put(struct progress *progress, const char *text)
{
    size_t len = strlen(text);
    while (len > 0) {
        ssize_t written = write(progress->fd, text, len);
        if (written <= 0)
            return; /* nobody reads any more */
        text += written;
        len -= (size_t)written;
    }
}

static double seconds(rt_time duration)
{
    return (double)duration / (double)RT_S;
}

/* Takes the bar away, for a line in its place. */
static void clear(struct progress *progress)
{
    if (progress->drawn)
        put(progress, "\r\033[K");
    progress->drawn = false;
}

void progress_end(struct progress *progress)
{
    progress->ended = true;
    rt_group_stop(progress->group);
    clear(progress);
}

/* A line that wraps could not be taken away again. */
static void fit_to_terminal(struct progress *progress, char *line)
{
    struct winsize size = {0};
    size_t columns = ioctl(progress->fd, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : COLUMNS;
    if (strlen(line) >= columns)
        line[columns - 1] = 0;
}

/* "12 inspecting, 3 provisioning, 1 with an error" */
static void add_counts(struct hosts *hosts, const char *goal, struct strbuf *out)
{
    static const char *const states[] = {"registering", "inspecting",     "preparing", "available", "provisioning",
                                         "provisioned", "deprovisioning", "deleting",  "deleted"};
    size_t errors = 0;
    for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
        size_t count = hosts_in_state(hosts, states[i]);
        if (count && !str_equal(states[i], goal))
            strbuf_addf(out, ", %zu %s", count, states[i]);
    }
    for (size_t i = 0; i < hosts_len(hosts); i++)
        errors += !str_is_empty(json_str(hosts_at(hosts, i)->object, "status/errorMessage"));
    if (errors)
        strbuf_addf(out, ", %zu with an error", errors);
}

static void draw_bar(struct progress *progress, size_t done, size_t total, rt_time elapsed)
{
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
    size_t filled = total ? done * BAR_WIDTH / total : 0;

    strbuf_addc(&line, '[');
    for (size_t i = 0; i < BAR_WIDTH; i++)
        strbuf_addc(&line, i < filled ? '#' : '.');
    strbuf_addf(&line, "] %5.1f s  %s", seconds(elapsed), progress->line);
    CLEANUP_FREE char *text = strbuf_take(&line);
    fit_to_terminal(progress, text);
    put(progress, "\r\033[K");
    put(progress, text);
    progress->drawn = true;
}

static void draw(struct progress *progress, struct runner *runner)
{
    struct hosts *hosts = runner_hosts(runner);
    size_t total = hosts_len(hosts), done = hosts_in_state(hosts, progress->goal);
    rt_time now = rt_now(progress->env->rt), elapsed = now - runner_began(runner);
    CLEANUP_STRBUF struct strbuf counts = STRBUF_INIT;

    if (progress->drawn || !progress->terminal) {
        if (now - progress->last < (progress->terminal ? DRAW_INTERVAL : LINE_INTERVAL) && done < total)
            return;
    }
    progress->last = now;
    strbuf_addf(&counts, "%zu/%zu %s", done, total, progress->goal);
    add_counts(hosts, progress->goal, &counts);
    bool news = !str_equal(progress->line, strbuf_str(&counts));
    free(progress->line);
    progress->line = mem_strdup(strbuf_str(&counts));
    if (progress->terminal) {
        draw_bar(progress, done, total, elapsed);
    } else if (news) {
        CLEANUP_FREE char *line = mem_printf("%5.1f s  %s\n", seconds(elapsed), progress->line);
        put(progress, line);
    }
}

/* A line of its own, above the bar. */
static void tell(struct progress *progress, struct runner *runner, rt_time at, const char *text)
{
    CLEANUP_FREE char *line = mem_printf("%5.1f s  %s\n", seconds(at - runner_began(runner)), text);
    clear(progress);
    put(progress, line);
}

static void tick(void *arg)
{
    struct progress *progress = arg;
    struct error *err;
    while (!(err = rt_sleep(progress->env->rt, TICK)))
        draw(progress, progress->runner);
    error_free(err);
}

static void on_started(void *arg, struct runner *runner)
{
    struct progress *progress = arg;
    CLEANUP_FREE char *text =
        mem_printf("Kubernetes API, fleet of %zu, conductor and operator serve", hosts_len(runner_hosts(runner)));
    tell(progress, runner, runner_ready(runner), text);
    progress->runner = runner;
    if (progress->terminal)
        rt_spawn(progress->env->rt, progress->group, "progress", tick, progress);
}

static struct told *told_of(struct progress *progress, const struct host *host)
{
    while (progress->told.len < host->number) {
        struct told none = {0};
        VEC_PUSH(&progress->told, none);
    }
    return &progress->told.items[host->number - 1];
}

/* The states that the host has entered, and its error when that is another one than before. */
static void tell_host(struct progress *progress, struct runner *runner, const struct host *host)
{
    const char *error = json_str_or(host->object, "status/errorMessage", "");
    struct told *told = told_of(progress, host);

    for (; told->phases < host->phases.len; told->phases++) {
        const struct host_phase *phase = &host->phases.items[told->phases];
        if (!progress->terminal || str_is_empty(phase->state))
            continue; /* a log has counts instead */
        CLEANUP_FREE char *text = mem_printf("%s: %s", host->name, phase->state);
        tell(progress, runner, phase->since, text);
    }
    if (!str_equal(str_or(told->error, ""), error)) {
        free(told->error);
        told->error = mem_strdup(error);
        CLEANUP_FREE char *text = mem_printf("%s: %s", host->name, *error ? error : "its error is gone");
        tell(progress, runner, rt_now(progress->env->rt), text);
    }
}

static void on_host(void *arg, struct runner *runner, const struct host *host)
{
    struct progress *progress = arg;
    if (progress->ended)
        return;
    if (hosts_len(runner_hosts(runner)) <= LINES_HOSTS_MAX)
        tell_host(progress, runner, host);
    draw(progress, runner);
}

static void on_step(void *arg, struct runner *runner, const struct step *step)
{
    struct progress *progress = arg;
    CLEANUP_FREE char *text = mem_printf("- %s", step->title);
    tell(progress, runner, rt_now(progress->env->rt), text);
    if (progress->terminal)
        draw(progress, runner);
}

struct runner_listener progress_listener(struct progress *progress)
{
    return (struct runner_listener){on_started, on_host, on_step, progress};
}

/* -- the table -- */

/* Time spent in a state, over all visits; -1 when it never was there. */
static double time_in(const struct host *host, const char *state)
{
    rt_time sum = 0;
    bool seen = false;
    for (size_t i = 0; i + 1 < host->phases.len; i++) {
        if (!str_equal(host->phases.items[i].state, state))
            continue;
        sum += host->phases.items[i + 1].since - host->phases.items[i].since;
        seen = true;
    }
    return seen ? seconds(sum) : -1;
}

/* Columns of the table: a state each, as narrow as its heading and "1234.5s". */
static const struct {
    const char *heading, *state;
} columns[] = {
    {"REGISTER", "registering"},
    {"INSPECT", "inspecting"},
    {"PREPARE", "preparing"},
    {"PROVISION", "provisioning"},
};

#define CELL_WIDTH 7

static void add_cell(struct strbuf *out, size_t width, double value)
{
    int cell = (int)(width > CELL_WIDTH ? width : CELL_WIDTH);
    if (value < 0)
        strbuf_addf(out, " %*s", cell, "-");
    else
        strbuf_addf(out, " %*.1fs", cell - 1, value);
}

/* How wide the columns of names and of states must be. */
static void measure(struct hosts *hosts, int *ret_name, int *ret_state)
{
    size_t name = 4, state = 5;
    for (size_t i = 0; i < hosts_len(hosts); i++) {
        const struct host *host = hosts_at(hosts, i);
        name = strlen(host->name) > name ? strlen(host->name) : name;
        state = strlen(hosts_state_of(host)) > state ? strlen(hosts_state_of(host)) : state;
    }
    *ret_name = (int)name;
    *ret_state = (int)state;
}

static void add_host(struct runner *runner, const struct host *host, int name, int state, struct strbuf *out)
{
    const char *checksum = runner_verified(runner, host);
    const char *error = json_str_or(host->object, "status/errorMessage", "");
    double total = host->applied && host->phases.len
                       ? seconds(host->phases.items[host->phases.len - 1].since - host->applied)
                       : -1;

    strbuf_addf(out, "%-*s %-*s", name, host->name, state, str_or(hosts_state_of(host), "-"));
    add_cell(out, CELL_WIDTH, total);
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
        add_cell(out, strlen(columns[i].heading), time_in(host, columns[i].state));
    strbuf_addf(out, " %.12s\n", checksum ? checksum : "not verified");
    if (*error)
        strbuf_addf(out, "%*s %s\n", name, "", error);
}

static void add_programs(struct runner *runner, struct strbuf *out)
{
    size_t hosts = runner_hosts(runner) ? hosts_len(runner_hosts(runner)) : 0;
    int64_t cpu = 0;
    bool any = false;

    for (int i = 0; i < STACK_PROGRAM_COUNT; i++) {
        struct process_usage usage;
        struct error *err = stack_usage(runner_stack(runner), (enum stack_program)i, &usage);
        if (err) {
            error_free(err);
            continue;
        }
        if (!any)
            strbuf_adds(out, "\nPROGRAM          CPU        MEMORY\n");
        any = true;
        cpu += usage.cpu;
        strbuf_addf(out, "%-12s %6.2f s  %6.1f MB\n", stack_program_name((enum stack_program)i), seconds(usage.cpu),
                    (double)usage.rss_peak / 1e6);
    }
    if (any && hosts)
        strbuf_addf(out, "%-12s %6.2f s, %.1f ms a host\n", "together", seconds(cpu),
                    seconds(cpu) * 1000 / (double)hosts);
}

void progress_table(struct runner *runner, struct strbuf *out)
{
    struct hosts *hosts = runner_hosts(runner);
    if (!hosts)
        return;
    int name, state;
    measure(hosts, &name, &state);
    strbuf_addf(out, "%-*s %-*s %*s", name, "HOST", state, "STATE", CELL_WIDTH, "TOTAL");
    for (size_t i = 0; i < ARRAY_SIZE(columns); i++)
        strbuf_addf(out, " %*s", CELL_WIDTH, columns[i].heading);
    strbuf_adds(out, " DISK SHA-256\n");
    for (size_t i = 0; i < hosts_len(hosts); i++)
        add_host(runner, hosts_at(hosts, i), name, state, out);
    add_programs(runner, out);
}
