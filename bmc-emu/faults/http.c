// SPDX-License-Identifier: Apache-2.0
// Faults between a client and a BMC's web server: no answer, a late one, a refusal, a broken body. A request goes down a table of stages; the first that
// answers ends it, and what none has answered goes to the real front end.
#include <stdlib.h>

#include "bmc-emu/faults/layers.h"
#include "bmc-emu/faults/row.h"
#include "bmc-emu/redfish/messages.h"

#define LOST_SESSIONS_MAX 256
#define TRUNCATED_LENGTH 2048 /* of the body that is announced */

struct fault_front {
    struct bmc_front base;
    struct fault_plan *plan;
    struct bmc_front *next;
    VEC(char *) lost; /* tokens of sessions that a fault has ended, oldest first */
};

/* -- replies -- */

static const struct rf_message_row *message_of(int status)
{
    switch (status) {
    case 401:
        return rf_message(RF_NO_VALID_SESSION);
    case 403:
        return rf_message(RF_INSUFFICIENT_PRIVILEGE);
    case 503:
        return rf_message(RF_SERVICE_UNAVAILABLE);
    default:
        return status >= 500 ? rf_message(RF_INTERNAL_ERROR) : rf_message(RF_GENERAL_ERROR);
    }
}

/* `message_id` "": what fits the status. */
static void reply_error(struct http_exchange *http, int status, const char *message_id)
{
    const struct rf_message_row *message = message_of(status);
    CLEANUP_STRBUF struct strbuf body = STRBUF_INIT;
    struct jsonw json = JSONW_INIT(&body);
    CLEANUP_FREE char *id = *message_id ? mem_strdup(message_id) : mem_printf(RF_BASE_REGISTRY ".%s", message->id);

    jsonw_object(&json, NULL);
    jsonw_object(&json, "error");
    jsonw_str(&json, "code", id);
    jsonw_printf(&json, "message", "The request failed with HTTP status %d.", status);
    jsonw_array(&json, "@Message.ExtendedInfo");
    jsonw_object(&json, NULL);
    jsonw_str(&json, "@odata.type", "#Message.v1_1_2.Message");
    jsonw_str(&json, "MessageId", id);
    jsonw_printf(&json, "Message", "The request failed with HTTP status %d.", status);
    jsonw_array(&json, "MessageArgs");
    jsonw_end(&json);
    jsonw_str(&json, "Severity", message->severity);
    jsonw_str(&json, "MessageSeverity", message->severity);
    jsonw_str(&json, "Resolution", message->resolution);
    jsonw_end(&json);
    jsonw_end(&json);
    jsonw_end(&json);
    jsonw_end(&json);
    http_reply_header(http, "OData-Version", "4.0");
    http_reply_header(http, "Cache-Control", "no-cache");
    http_reply(http, status, "application/json; charset=utf-8", strbuf_str(&body), body.len);
}

static void reply_unauthorized(struct http_exchange *http)
{
    http_reply_header(http, "WWW-Authenticate", "Basic realm=\"Redfish\"");
    reply_error(http, 401, "");
}

/* -- stages: true when the request has ended -- */

static bool be_slow(struct fault_front *front, struct http_exchange *http, const struct fault_hit *hit)
{
    CLEANUP(error_free) struct error *err = rt_sleep(fault_plan_rt(front->plan), hit->delay);

    if (!err)
        return false;
    http_abort(http);
    return true;
}

struct silence {
    struct rt *rt;
    struct rt_cond cond;
};

static void end_silence(void *arg)
{
    struct silence *silence = arg;

    rt_cond_broadcast(silence->rt, &silence->cond);
}

/* Keeps quiet until the client has had enough, or the program ends. */
static void say_nothing(struct rt *rt, struct http_exchange *http)
{
    struct silence silence = {.rt = rt};
    struct error *err = NULL;

    http_on_peer_gone(http, end_silence, &silence);
    while (!http_peer_gone(http) && !err)
        err = rt_cond_wait(rt, &silence.cond, RT_FOREVER);
    error_free(err);
    http_on_peer_gone(http, NULL, NULL);
}

static bool be_unreachable(struct fault_front *front, struct http_exchange *http, const struct fault_hit *hit)
{
    if (hit->mode == FAULT_UNREACHABLE_TIMEOUT)
        say_nothing(fault_plan_rt(front->plan), http);
    http_abort(http);
    return true;
}

/* What a Redfish service shows to everybody (DSP0266, "Resource and operation authentication requirements"). */
static bool needs_credentials(const struct fault_front *front, const struct http_exchange *http)
{
    static const char *const open[] = {"/redfish", "/redfish/v1", "/redfish/v1/odata", "/redfish/v1/$metadata"};
    const char *path = http_path(http);

    for (size_t i = 0; i < ARRAY_SIZE(open); i++)
        if (str_has_prefix(path, open[i]) && (!path[strlen(open[i])] || str_equal(path + strlen(open[i]), "/")))
            return false;
    return true;
}

static bool refuse_credentials(struct fault_front *front, struct http_exchange *http, const struct fault_hit *hit)
{
    reply_unauthorized(http);
    return true;
}

static bool has_session(const struct fault_front *front, const struct http_exchange *http)
{
    return http_header(http, "X-Auth-Token") != NULL;
}

static bool lose_session(struct fault_front *front, struct http_exchange *http, const struct fault_hit *hit)
{
    if (front->lost.len >= LOST_SESSIONS_MAX) {
        mem_free_secret(front->lost.items[0]);
        VEC_REMOVE(&front->lost, 0);
    }
    VEC_PUSH(&front->lost, mem_strdup(http_header(http, "X-Auth-Token")));
    reply_unauthorized(http);
    return true;
}

static bool is_lost(const struct fault_front *front, const struct http_exchange *http)
{
    const char *token = front->lost.len ? http_header(http, "X-Auth-Token") : NULL;

    if (token)
        VEC_FOREACH (lost, &front->lost)
            if (str_equal(*lost, token))
                return true;
    return false;
}

static bool answer_status(struct fault_front *front, struct http_exchange *http, const struct fault_hit *hit)
{
    if (hit->retry_after) {
        CLEANUP_FREE char *seconds = mem_printf("%lld", (long long)((hit->retry_after + RT_S - 1) / RT_S));
        http_reply_header(http, "Retry-After", seconds);
    }
    reply_error(http, hit->status, hit->message_id);
    return true;
}

static bool answer_half(struct fault_front *front, struct http_exchange *http, const struct fault_hit *hit)
{
    CLEANUP_STRBUF struct strbuf body = STRBUF_INIT;
    struct error *err = http_reply_begin(http, 200, "application/json; charset=utf-8", TRUNCATED_LENGTH);

    strbuf_adds(&body, "{\"@odata.id\":");
    json_print_string(http_raw_path(http), &body);
    strbuf_adds(&body, ",\"Id\":\"");
    if (!err)
        err = http_reply_write(http, strbuf_str(&body),
                               body.len < TRUNCATED_LENGTH / 2 ? body.len : TRUNCATED_LENGTH / 2);
    error_free(err);
    http_abort(http);
    return true;
}

static bool answer_garbage(struct fault_front *front, struct http_exchange *http, const struct fault_hit *hit)
{
    http_reply_str(http, 200, "text/html; charset=utf-8",
                   "<!DOCTYPE html>\n<html><head><title>Login</title></head><body>Please log in.</body></html>\n");
    return true;
}

static const struct {
    enum fault_kind kind;
    bool (*concerns)(const struct fault_front *front, const struct http_exchange *http); /* NULL: every request */
    bool (*act)(struct fault_front *front, struct http_exchange *http, const struct fault_hit *hit);
} stages[] = {
    {FAULT_SLOW, NULL, be_slow},
    {FAULT_UNREACHABLE, NULL, be_unreachable},
    {FAULT_WRONG_PASSWORD, needs_credentials, refuse_credentials},
    {FAULT_SESSION_LOST, has_session, lose_session},
    {FAULT_STATUS, NULL, answer_status},
    {FAULT_TRUNCATED_BODY, NULL, answer_half},
    {FAULT_GARBAGE_BODY, NULL, answer_garbage},
};

/* -- the front end -- */

static void handle(struct bmc_front *base, size_t machine, struct http_exchange *http)
{
    struct fault_front *front = CONTAINER_OF(base, struct fault_front, base);
    struct fault_hit hit;

    for (size_t i = 0; i < ARRAY_SIZE(stages); i++) {
        if (stages[i].concerns && !stages[i].concerns(front, http))
            continue;
        if (fault_plan_bites(front->plan, stages[i].kind, machine, http_method(http), http_path(http), &hit) &&
            stages[i].act(front, http, &hit))
            return;
    }
    if (is_lost(front, http))
        reply_unauthorized(http);
    else
        front->next->ops->handle(front->next, machine, http);
}

static void front_free(struct bmc_front *base)
{
    struct fault_front *front = CONTAINER_OF(base, struct fault_front, base);

    VEC_FOREACH (token, &front->lost)
        mem_free_secret(*token);
    VEC_RELEASE(&front->lost);
    front->next->ops->free(front->next);
    free(front);
}

struct bmc_front *fault_front_new(struct fault_plan *plan, struct bmc_front *next)
{
    static const struct bmc_front_ops ops = {.name = "faults", .handle = handle, .free = front_free};
    struct fault_front *front = mem_alloc(sizeof(*front));

    front->base.ops = &ops;
    front->plan = plan;
    front->next = next;
    return &front->base;
}
