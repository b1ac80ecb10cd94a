/* SPDX-License-Identifier: Apache-2.0 */
/* Reports as data. */
#include "sim/scenario/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/data/str.h"

static double seconds(rt_time duration)
{
    return (double)(duration / RT_MS) / 1000.0; /* whole milliseconds: no noise in the file */
}

static struct json *host_json(struct runner *runner, const struct host *host)
{
    struct json *json = json_new_object();
    struct json *phases = json_new_array();

    json_put_str(json, "name", host->name);
    json_put_str(json, "state", hosts_state_of(host));
    json_set_str_opt(json, "error", json_str(host->object, "status/errorMessage"));
    if (host->applied && host->phases.len)
        json_set_number(json, "seconds", seconds(host->phases.items[host->phases.len - 1].since - host->applied));
    for (size_t i = 0; i < host->phases.len; i++) {
        struct json *phase = json_new_object();
        json_put_str(phase, "state", host->phases.items[i].state);
        json_set_number(phase, "at", seconds(host->phases.items[i].since - runner_began(runner)));
        json_append(phases, phase);
    }
    json_put(json, "phases", phases);
    json_set_str_opt(json, "diskSHA256", runner_verified(runner, host));
    return json;
}

static struct json *steps_json(struct runner *runner)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < runner_result_count(runner); i++) {
        const struct step_result *result = runner_result(runner, i);
        struct json *json = json_new_object();
        json_put_str(json, "step", result->step->title);
        json_set_int(json, "line", result->step->line);
        json_set_number(json, "at", seconds(result->began - runner_began(runner)));
        json_set_number(json, "seconds", seconds(result->ended - result->began));
        json_set_str_opt(json, "error", result->error);
        json_append(list, json);
    }
    return list;
}

static struct json *programs_json(struct runner *runner)
{
    struct json *list = json_new_array();
    for (int i = 0; i < STACK_PROGRAM_COUNT; i++) {
        struct process_usage usage;
        struct error *err = stack_usage(runner_stack(runner), (enum stack_program)i, &usage);
        if (err) {
            error_free(err);
            continue;
        }
        struct json *json = json_new_object();
        json_put_str(json, "program", stack_program_name((enum stack_program)i));
        json_set_number(json, "cpuSeconds", seconds(usage.cpu));
        json_set_int(json, "rssBytes", usage.rss);
        json_set_int(json, "rssPeakBytes", usage.rss_peak);
        json_append(list, json);
    }
    return list;
}

struct json *report_json(struct runner *runner, const struct error *failure)
{
    struct json *json = json_new_object();
    struct json *hosts = json_new_array();

    json_put_str(json, "scenario", runner_scenario(runner)->name);
    json_put_str(json, "result", failure ? "failed" : "succeeded");
    if (failure)
        json_put_str(json, "error", error_message(failure));
    if (runner_ready(runner))
        json_set_number(json, "startSeconds", seconds(runner_ready(runner) - runner_began(runner)));
    json_set_number(json, "seconds", seconds(rt_now(runner_env(runner)->rt) - runner_began(runner)));
    for (size_t i = 0; runner_hosts(runner) && i < hosts_len(runner_hosts(runner)); i++)
        json_append(hosts, host_json(runner, hosts_at(runner_hosts(runner), i)));
    json_put(json, "hosts", hosts);
    json_put(json, "steps", steps_json(runner));
    json_put(json, "programs", programs_json(runner));
    return json;
}

static void add_xml(struct strbuf *out, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '<':
            strbuf_adds(out, "&lt;");
            break;
        case '>':
            strbuf_adds(out, "&gt;");
            break;
        case '&':
            strbuf_adds(out, "&amp;");
            break;
        case '"':
            strbuf_adds(out, "&quot;");
            break;
        default:
            strbuf_addc(out, (unsigned char)*text < ' ' ? ' ' : *text);
        }
    }
}

static void add_case(struct strbuf *out, const char *suite, const char *name, double duration, const char *failure)
{
    strbuf_adds(out, "  <testcase classname=\"");
    add_xml(out, suite);
    strbuf_adds(out, "\" name=\"");
    add_xml(out, name);
    strbuf_addf(out, "\" time=\"%.3f\"", duration);
    if (!failure) {
        strbuf_adds(out, "/>\n");
        return;
    }
    strbuf_adds(out, "><failure message=\"");
    add_xml(out, failure);
    strbuf_adds(out, "\"/></testcase>\n");
}

void report_junit(struct runner *runner, const struct error *failure, struct strbuf *out)
{
    const struct scenario *scenario = runner_scenario(runner);
    size_t count = runner_result_count(runner);
    bool failed_outside = failure && (count == 0 || !runner_result(runner, count - 1)->error);

    strbuf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"");
    add_xml(out, scenario->name);
    strbuf_addf(out, "\" tests=\"%zu\" failures=\"%d\">\n", count + failed_outside, failure ? 1 : 0);
    if (failed_outside)
        add_case(out, scenario->name, "start", 0, error_message(failure));
    for (size_t i = 0; i < count; i++) {
        const struct step_result *result = runner_result(runner, i);
        add_case(out, scenario->name, result->step->title, seconds(result->ended - result->began), result->error);
    }
    strbuf_adds(out, "</testsuite>\n");
}

struct error *report_check(const char *path)
{
    struct stat status;
    if (!path)
        return NULL;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return error_new(ERROR_INVALID, "cannot write %s: it is a directory", path);
    CLEANUP_FREE char *temporary = mem_printf("%s.new", path);
    CLEANUP_CLOSE int fd = open(temporary, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0)
        return error_from_errno(errno, "cannot write %s", path);
    unlink(temporary);
    return NULL;
}
