// SPDX-License-Identifier: Apache-2.0
// The task service: operations that outlive their request, answered 202 with a monitor (EMU-033, 034, 087).
#include <stdio.h>
#include <stdlib.h>

#include "bmc-emu/redfish/handlers.h"
#include "lib/log/log.h"

#define SERVICE RF_ROOT "/TaskService"
#define TASKS SERVICE "/Tasks"
#define MONITORS SERVICE "/TaskMonitors"
#define POLL (500 * RT_MS)

static bool has_ended(const struct rf_task *task)
{
    return task->state == RF_TASK_COMPLETED || task->state == RF_TASK_EXCEPTION;
}

static void task_free(struct rf_task *task)
{
    if (task->release)
        task->release(task->arg);
    free(task->name);
    free(task->target);
    free(task->text);
    free(task->created);
    free(task);
}

void rf_tasks_release(struct rf_service *service)
{
    VEC_FOREACH (task, &service->tasks)
        task_free(*task);
    VEC_RELEASE(&service->tasks);
}

void rf_task_progress(struct rf_task *task, enum rf_task_state state, int percent)
{
    task->state = state;
    task->percent = percent;
    task->version++;
}

static struct error *last_reset(const struct rf_task *task, int64_t *ret)
{
    struct bmc_driver *driver = task->service->context->driver;
    struct bmc_snapshot snapshot;

    TRY(driver->ops->snapshot(driver, task->machine, &snapshot));
    *ret = snapshot.last_reset;
    return NULL;
}

struct error *rf_task_wait_reset(struct rf_task *task)
{
    int64_t before, now;

    TRY(last_reset(task, &before));
    do {
        TRY(rt_sleep(task->service->context->env->rt, POLL));
        TRY(last_reset(task, &now));
    } while (now == before);
    return NULL;
}

static void run_task(void *arg)
{
    struct rf_task *task = arg;
    const struct env *env = task->service->context->env;
    CLEANUP(error_free) struct error *err = task->run(task, task->arg);

    if (error_is(err, ERROR_CANCELLED))
        return;
    task->ended = rt_wall(env->rt);
    task->text = err ? mem_strdup(error_message(err)) : NULL;
    rf_task_progress(task, err ? RF_TASK_EXCEPTION : RF_TASK_COMPLETED, err ? task->percent : 100);
    log_debug(env->log, "redfish task ended", KV("task", task->name), KV("error", str_or(task->text, "")));
}

/* Makes room for one more; false when all of them still run. */
static bool make_room(struct rf_service *service)
{
    if (service->tasks.len < RF_TASKS_MAX)
        return true;
    for (size_t i = 0; i < service->tasks.len; i++) {
        if (!has_ended(service->tasks.items[i]))
            continue;
        task_free(service->tasks.items[i]);
        VEC_REMOVE(&service->tasks, i);
        return true;
    }
    return false;
}

static void write_task(struct rf_request *request, const struct rf_task *task)
{
    static const char *const states[] = {[RF_TASK_RUNNING] = "Running",
                                         [RF_TASK_PENDING] = "Pending",
                                         [RF_TASK_COMPLETED] = "Completed",
                                         [RF_TASK_EXCEPTION] = "Exception"};
    struct jsonw *json = &request->json;
    bool failed = task->state == RF_TASK_EXCEPTION;
    char path[RF_PATH_MAX], time[TIME_TEXT_SIZE];

    snprintf(path, sizeof(path), TASKS "/%s", task->id);
    rf_begin(request, "Task.v1_7_3.Task", path, task->id, task->name, task->version);
    jsonw_str(json, "TaskState", states[task->state]);
    jsonw_str(json, "TaskStatus", failed ? "Critical" : "OK");
    jsonw_int(json, "PercentComplete", task->percent);
    jsonw_str(json, "StartTime", time_format(task->started, 0, time));
    if (has_ended(task))
        jsonw_str(json, "EndTime", time_format(task->ended, 0, time));
    jsonw_printf(json, "TaskMonitor", MONITORS "/%s", task->id);
    jsonw_object(json, "Payload");
    jsonw_str(json, "TargetUri", task->target);
    jsonw_end(json);
    jsonw_array(json, "Messages");
    if (has_ended(task))
        rf_message_write(json, failed ? RF_GENERAL_ERROR : RF_SUCCESS, NULL, task->text);
    jsonw_end(json);
    jsonw_end(json);
}

/*
 * 202 with the monitor's place. The first reply has no body: sushy takes the "@odata.id" in it for the monitor, which would be the task, and that
 * answers 200 however far it is.
 */
static void send_accepted(struct rf_request *request, const struct rf_task *task, bool body)
{
    char location[RF_PATH_MAX];

    snprintf(location, sizeof(location), MONITORS "/%s", task->id);
    http_reply_header(request->http, "Location", location);
    if (body)
        write_task(request, task);
    rf_send_json(request, 202);
}

void rf_task_start(struct rf_request *request, const struct rf_task_options *options)
{
    struct rf_service *service = request->service;
    struct rt *rt = request->context->env->rt;
    struct rf_task *task = mem_alloc(sizeof(*task));

    task->service = service;
    task->machine = request->machine;
    task->run = options->run;
    task->arg = options->arg;
    task->release = options->release;
    if (!make_room(service)) {
        task_free(task);
        rf_fail(request, RF_CREATE_LIMIT_REACHED, NULL, NULL, NULL);
        return;
    }
    snprintf(task->id, sizeof(task->id), "%llu", (unsigned long long)++service->task_serial);
    task->name = mem_strdup(options->name);
    task->target = mem_strdup(http_raw_path(request->http));
    task->started = rt_wall(rt);
    task->version = 1;
    VEC_PUSH(&service->tasks, task);
    send_accepted(request, task, false);
    rt_spawn(rt, request->context->group, "bmc-task", run_task, task);
}

bool rf_take_apply_time(struct rf_request *request, bool *ret_on_reset)
{
    const struct json *value = request->body ? json_member(request->body, "@Redfish.OperationApplyTime") : NULL;
    const char *text = value ? json_str_or(value, "", "") : "Immediate";

    if (!str_equal(text, "Immediate") && !str_equal(text, "OnReset")) {
        rf_fail(request, RF_PROPERTY_NOT_IN_LIST, text, "@Redfish.OperationApplyTime", NULL);
        return false;
    }
    *ret_on_reset = str_equal(text, "OnReset");
    return true;
}

void rf_write_apply_times(struct jsonw *json)
{
    jsonw_object(json, "@Redfish.OperationApplyTimeSupport");
    jsonw_str(json, "@odata.type", "#Settings.v1_3_5.OperationApplyTimeSupport");
    jsonw_raw(json, "SupportedValues", "[\"Immediate\",\"OnReset\"]");
    jsonw_end(json);
}

/* -- resources -- */

void rf_get_task_service(struct rf_request *request)
{
    char time[TIME_TEXT_SIZE];

    rf_begin(request, "TaskService.v1_2_0.TaskService", SERVICE, "TaskService", "Task Service", 1);
    rf_status(request, true);
    jsonw_bool(&request->json, "ServiceEnabled", true);
    jsonw_str(&request->json, "CompletedTaskOverWritePolicy", "Oldest");
    jsonw_str(&request->json, "DateTime",
              time_format(rt_wall(request->context->env->rt) + request->service->clock_offset, 0, time));
    rf_link(request, "Tasks", TASKS);
    rf_end(request);
}

void rf_get_tasks(struct rf_request *request)
{
    rf_begin_collection(request, "TaskCollection", TASKS, "Tasks");
    VEC_FOREACH (task, &request->service->tasks)
        rf_member(request, TASKS "/%s", (*task)->id);
    rf_end_collection(request, request->service->tasks.len);
}

/* The index of the task that the path names; false when it has answered. */
static bool find_task(struct rf_request *request, size_t *ret)
{
    for (size_t i = 0; i < request->service->tasks.len; i++) {
        if (str_equal(request->service->tasks.items[i]->id, request->params[0])) {
            *ret = i;
            return true;
        }
    }
    rf_not_found(request);
    return false;
}

void rf_get_task(struct rf_request *request)
{
    size_t index;

    if (!find_task(request, &index))
        return;
    write_task(request, request->service->tasks.items[index]);
    rf_send_json(request, 200);
}

/* Once the task has ended, the status and Location that the operation would have had at once; the task is the body, because clients look for it here. */
void rf_get_task_monitor(struct rf_request *request)
{
    size_t index;

    if (!find_task(request, &index))
        return;
    const struct rf_task *task = request->service->tasks.items[index];
    if (!has_ended(task)) {
        send_accepted(request, task, true);
        return;
    }
    if (task->created)
        http_reply_header(request->http, "Location", task->created);
    write_task(request, task);
    rf_send_json(request, task->created ? 201 : 200);
}

void rf_delete_task(struct rf_request *request)
{
    size_t index;

    if (!find_task(request, &index))
        return;
    if (!has_ended(request->service->tasks.items[index])) {
        rf_fail(request, RF_RESOURCE_IN_USE, NULL, NULL, NULL);
        return;
    }
    task_free(request->service->tasks.items[index]);
    VEC_REMOVE(&request->service->tasks, index);
    rf_no_content(request);
}
