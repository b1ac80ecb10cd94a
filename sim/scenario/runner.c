/* SPDX-License-Identifier: Apache-2.0 */
/* From a stack with nothing running to the end of the story. */
#include "sim/scenario/runner.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data/map.h"
#include "lib/data/str.h"
#include "lib/log/log.h"
#include "lib/net/http_client.h"
#include "operator/api/kind.h"
#include "operator/kube/object.h"

#define STEP_TIMEOUT (30 * 60 * RT_S)
#define ESTABLISHED_LIMIT (30 * RT_S)

struct runner {
    struct env env; /* with a group of our own, for the watch */
    struct runner_options options;
    struct kube_client *kube;
    struct http_client *http;
    struct hosts *hosts;
    struct json *faults;
    struct map *verified; /* host name to checksum */
    VEC(struct step_result) results;
    rt_time began, ready, step_deadline, story_deadline;
};

struct runner *runner_new(const struct env *env, const struct runner_options *options)
{
    struct runner *runner = mem_alloc(sizeof(*runner));
    runner->env = *env;
    runner->env.group = rt_group_new(env->rt, env->group, "runner");
    runner->options = *options;
    runner->faults = json_new_object();
    runner->verified = map_new(free);
    return runner;
}

void runner_free(struct runner *runner)
{
    if (!runner)
        return;
    rt_group_stop(runner->env.group);
    hosts_free(runner->hosts);
    kube_client_free(runner->kube);
    http_client_free(runner->http);
    rt_group_free(runner->env.group);
    json_free(runner->faults);
    map_free(runner->verified);
    VEC_FOREACH (result, &runner->results)
        free(result->error);
    VEC_RELEASE(&runner->results);
    free(runner);
}

/* -- getting going -- */

static void on_host(void *arg, const struct host *host)
{
    struct runner *runner = arg;
    const struct json *status = json_get(host->object, "status");
    const char *error = json_str_or(status, "errorMessage", "");

    log_info(runner->env.log, "host", KV("host", host->name), KV("state", hosts_state_of(host)),
             KV("operationalStatus", json_str(status, "operationalStatus")), KV("error", error));
    if (runner->options.listener.host)
        runner->options.listener.host(runner->options.listener.arg, runner, host);
}

static struct error *connect_kube(struct runner *runner)
{
    struct kube_client_options options = {.kubeconfig = stack_kubeconfig(runner->options.stack),
                                          .user_agent = "metal3-sim"};
    kube_client_free(TAKE_PTR(runner->kube));
    return kube_client_new(&runner->env, &options, &runner->kube);
}

static struct error *create_unless_there(struct runner *runner, const struct kube_resource *resource,
                                         const struct json *object)
{
    struct error *err = kube_create(runner->kube, resource, object, NULL);
    if (kube_is_already_exists(err)) {
        error_free(err);
        err = NULL;
    }
    return err;
}

/* An operator cannot watch a resource that is not served yet. */
static struct error *wait_established(struct runner *runner, const char *name)
{
    rt_time deadline = rt_after(runner->env.rt, ESTABLISHED_LIMIT);
    for (;;) {
        CLEANUP(json_free) struct json *crd = NULL;
        TRY(kube_get(runner->kube, &kube_crds, NULL, name, &crd));
        if (kube_condition_is(crd, "Established", "True"))
            return NULL;
        if (rt_now(runner->env.rt) >= deadline)
            return error_new(ERROR_TIMEOUT, "the CustomResourceDefinition %s is not established", name);
        TRY(rt_sleep(runner->env.rt, 20 * RT_MS));
    }
}

static struct error *install_crds(struct runner *runner)
{
    CLEANUP(json_free) struct json *namespace = kube_object_make(&kube_namespaces, NULL, HOSTS_NAMESPACE);

    for (const struct api_kind *const *kind = api_kinds; *kind; kind++) {
        CLEANUP(json_free) struct json *crd = api_crd(*kind);
        TRY_WRAP(create_unless_there(runner, &kube_crds, crd), "installing the kind %s", (*kind)->resource->kind);
    }
    for (const struct api_kind *const *kind = api_kinds; *kind; kind++) {
        CLEANUP_FREE char *name = mem_printf("%s.%s", (*kind)->resource->plural, (*kind)->resource->group);
        TRY(wait_established(runner, name));
    }
    return create_unless_there(runner, &kube_namespaces, namespace);
}

static struct error *meet_fleet(struct runner *runner)
{
    CLEANUP(json_free) struct json *machines = NULL;
    TRY_WRAP(runner_fleet_call(runner, "GET", "/fleet/v1/machines", NULL, &machines),
             "asking the fleet for its machines");
    struct hosts_options options = {.kube = runner->kube, .machines = machines, .changed = on_host, .arg = runner};
    TRY(hosts_new(&runner->env, &options, &runner->hosts));
    hosts_watch(runner->hosts);
    return NULL;
}

static struct error *start_programs(struct runner *runner)
{
    struct stack *stack = runner->options.stack;
    struct http_client_options http = {.user_agent = "metal3-sim"};

    TRY(http_client_new(runner->env.net, &http, &runner->http));
    TRY(stack_start(stack, STACK_KUBE_API));
    TRY(connect_kube(runner));
    TRY(install_crds(runner));
    TRY(stack_start(stack, STACK_FLEET));
    TRY(meet_fleet(runner));
    TRY(stack_start(stack, STACK_CONDUCTOR));
    return stack_start(stack, STACK_OPERATOR);
}

/* -- the story -- */

static struct error *run_step(struct runner *runner, const struct step *step)
{
    struct rt *rt = runner->env.rt;
    struct step_result result = {.step = step, .began = rt_now(rt)};

    runner->step_deadline = rt_after(rt, step->timeout ? step->timeout : STEP_TIMEOUT);
    if (runner->step_deadline > runner->story_deadline)
        runner->step_deadline = runner->story_deadline;
    log_info(runner->env.log, "step", KV("step", step->title));
    if (runner->options.listener.step)
        runner->options.listener.step(runner->options.listener.arg, runner, step);
    rt_time pause = (rt_time)((double)step->duration * stack_speed(runner->options.stack));
    struct error *err = step->duration ? rt_sleep(rt, pause) : NULL;
    if (!err && step->type->run)
        err = step->type->run(runner, &step->arguments);
    result.ended = rt_now(rt);
    result.error = err ? mem_strdup(error_message(err)) : NULL;
    VEC_PUSH(&runner->results, result);
    return err ? error_wrap(err, "%s:%d: step %s", runner->options.scenario->file, step->line, step->type->name) : NULL;
}

struct error *runner_run(struct runner *runner)
{
    const struct scenario *scenario = runner->options.scenario;

    runner->began = rt_now(runner->env.rt);
    TRY(start_programs(runner));
    runner->ready = rt_now(runner->env.rt);
    runner->story_deadline = rt_after(runner->env.rt, scenario->time_limit);
    log_info(runner->env.log, "programs serve");
    if (runner->options.listener.started)
        runner->options.listener.started(runner->options.listener.arg, runner);
    for (size_t i = 0; i < scenario->steps.len; i++)
        TRY(run_step(runner, &scenario->steps.items[i]));
    log_info(runner->env.log, "scenario succeeded", KV("scenario", scenario->name));
    return NULL;
}

/* -- what others ask for -- */

const struct scenario *runner_scenario(const struct runner *runner)
{
    return runner->options.scenario;
}

struct stack *runner_stack(struct runner *runner)
{
    return runner->options.stack;
}

struct hosts *runner_hosts(struct runner *runner)
{
    return runner->hosts;
}

rt_time runner_began(const struct runner *runner)
{
    return runner->began;
}

rt_time runner_ready(const struct runner *runner)
{
    return runner->ready;
}

size_t runner_result_count(const struct runner *runner)
{
    return runner->results.len;
}

const struct step_result *runner_result(const struct runner *runner, size_t index)
{
    return &runner->results.items[index];
}

const struct env *runner_env(const struct runner *runner)
{
    return &runner->env;
}

struct kube_client *runner_kube(struct runner *runner)
{
    return runner->kube;
}

struct json *runner_faults(struct runner *runner)
{
    return runner->faults;
}

rt_time runner_step_deadline(const struct runner *runner)
{
    return runner->step_deadline;
}

void runner_set_verified(struct runner *runner, const struct host *host, const char *checksum)
{
    map_set(runner->verified, host->name, mem_strdup(checksum));
}

const char *runner_verified(const struct runner *runner, const struct host *host)
{
    return map_get(runner->verified, host->name);
}

struct error *runner_fleet_call(struct runner *runner, const char *method, const char *path, const struct json *body,
                                struct json **ret)
{
    CLEANUP(http_response_free) struct http_response *response = NULL;
    CLEANUP_FREE char *url = mem_printf("%s%s", stack_fleet_url(runner->options.stack), path);
    CLEANUP_FREE char *text = body ? json_print(body) : NULL;
    struct http_header type = {"Content-Type", "application/json"};
    struct http_request request = {.method = method,
                                   .url = url,
                                   .headers = &type,
                                   .header_count = 1,
                                   .body = text,
                                   .body_len = text ? strlen(text) : 0};

    TRY(http_call(runner->http, &request, &response));
    if (response->status >= 300) {
        CLEANUP(json_free) struct json *answer = NULL;
        error_free(json_parse(response->body, response->body_len, &answer));
        return error_new_code(response->status >= 500 ? ERROR_TRANSIENT : ERROR_INVALID, response->status,
                              "the fleet: %s", json_str_or(answer, "error", response->body));
    }
    return ret ? json_parse(response->body, response->body_len, ret) : NULL;
}
