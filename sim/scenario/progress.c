/* SPDX-License-Identifier: Apache-2.0 */
/* Bar, lines and table. */
#include "sim/scenario/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/data/str.h"

#define BAR_WIDTH 30
#define DRAW_INTERVAL (100 * RT_MS)
#define LINE_INTERVAL (2 * RT_S) /* where there is no terminal */
#define LINES_HOSTS_MAX 25       /* in larger fleets the bar alone speaks */

struct progress {
    const struct env *env;
    int fd;
    bool terminal, drawn;
    char *line; /* the last one, without its time */
    char *goal;
    rt_time last;
};

struct progress *progress_new(const struct env *env, int fd, const char *goal)
{
    struct progress *progress = mem_alloc(sizeof(*progress));
    progress->env = env;
    progress->fd = fd;
    progress->terminal = isatty(fd) && !rt_is_sim(env->rt);
    progress->goal = mem_strdup(str_or(goal, "provisioned"));
    return progress;
}

void progress_free(struct progress *progress)
{
    if (!progress)
        return;
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

void progress_end(struct progress *progress)
{
    if (progress->drawn)
        put(progress, "\r\033[K");
    progress->drawn = false;
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

static void draw(struct progress *progress, struct runner *runner)
{
    struct hosts *hosts = runner_hosts(runner);
    size_t total = hosts_len(hosts), done = hosts_in_state(hosts, progress->goal);
    rt_time now = rt_now(progress->env->rt);
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT, counts = STRBUF_INIT;

    if (now - progress->last < (progress->terminal ? DRAW_INTERVAL : LINE_INTERVAL) && done < total)
        return;
    progress->last = now;
    strbuf_addf(&counts, "%zu/%zu %s", done, total, progress->goal);
    add_counts(hosts, progress->goal, &counts);
    if (!progress->terminal && str_equal(progress->line, strbuf_str(&counts)))
        return; /* nothing new for a log */
    free(progress->line);
    progress->line = mem_strdup(strbuf_str(&counts));
    if (progress->terminal) {
        size_t filled = total ? done * BAR_WIDTH / total : 0;
        strbuf_adds(&line, "\r\033[K[");
        for (size_t i = 0; i < BAR_WIDTH; i++)
            strbuf_addc(&line, i < filled ? '#' : '.');
        strbuf_adds(&line, "] ");
    }
    strbuf_addf(&line, "%5.1f s  %s%s", seconds(now - runner_began(runner)), progress->line,
                progress->terminal ? "" : "\n");
    put(progress, strbuf_str(&line));
    progress->drawn = progress->terminal;
}

static void on_started(void *arg, struct runner *runner)
{
    struct progress *progress = arg;
    CLEANUP_FREE char *line =
        mem_printf("%5.1f s  Kubernetes API, fleet of %zu, conductor and operator serve\n",
                   seconds(runner_ready(runner) - runner_began(runner)), hosts_len(runner_hosts(runner)));
    progress_end(progress);
    put(progress, line);
}

static void on_host(void *arg, struct runner *runner, const struct host *host)
{
    struct progress *progress = arg;
    const char *error = json_str_or(host->object, "status/errorMessage", "");
    bool entered = host->phases.len && host->phases.items[host->phases.len - 1].since == rt_now(progress->env->rt);

    if (hosts_len(runner_hosts(runner)) <= LINES_HOSTS_MAX && progress->terminal && (entered || *error)) {
        CLEANUP_FREE char *line =
            mem_printf("%5.1f s  %s: %s%s%s\n", seconds(rt_now(progress->env->rt) - runner_began(runner)), host->name,
                       str_or(hosts_state_of(host), "declared"), *error ? ": " : "", error);
        progress_end(progress);
        put(progress, line);
    }
    draw(progress, runner);
}

static void on_step(void *arg, struct runner *runner, const struct step *step)
{
    struct progress *progress = arg;
    CLEANUP_FREE char *line =
        mem_printf("%5.1f s  - %s\n", seconds(rt_now(progress->env->rt) - runner_began(runner)), step->title);
    progress_end(progress);
    put(progress, line);
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

static void add_cell(struct strbuf *out, double value)
{
    if (value < 0)
        strbuf_addf(out, " %11s", "-");
    else
        strbuf_addf(out, " %10.1fs", value);
}

static void add_host(struct runner *runner, const struct host *host, struct strbuf *out)
{
    static const char *const states[] = {"registering", "inspecting", "preparing", "provisioning"};
    const char *checksum = runner_verified(runner, host);
    const char *error = json_str_or(host->object, "status/errorMessage", "");
    double total = host->applied && host->phases.len
                       ? seconds(host->phases.items[host->phases.len - 1].since - host->applied)
                       : -1;

    strbuf_addf(out, "%-16s %-15s", host->name, str_or(hosts_state_of(host), "-"));
    add_cell(out, total);
    for (size_t i = 0; i < ARRAY_SIZE(states); i++)
        add_cell(out, time_in(host, states[i]));
    strbuf_addf(out, "  %.12s%s%s\n", checksum ? checksum : "not verified", *error ? "  " : "", error);
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
    strbuf_addf(out, "%-16s %-15s %11s %11s %11s %11s %11s  %s\n", "HOST", "STATE", "TOTAL", "REGISTERING",
                "INSPECTING", "PREPARING", "PROVISIONING", "DISK SHA-256");
    for (size_t i = 0; i < hosts_len(hosts); i++)
        add_host(runner, hosts_at(hosts, i), out);
    add_programs(runner, out);
}
