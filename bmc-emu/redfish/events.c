// SPDX-License-Identifier: Apache-2.0
// Events on their way to subscribers: by POST with retries, or on an open stream (EMU-030, 031).
#include "bmc-emu/redfish/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log/log.h"
#include "lib/net/http_client.h"

const char *const rf_event_type_names[RF_EVENT_TYPE_COUNT] = {
    [RF_EVENT_STATUS_CHANGE] = "StatusChange",
    [RF_EVENT_RESOURCE_UPDATED] = "ResourceUpdated",
    [RF_EVENT_ALERT] = "Alert",
};

void rf_subscription_free(struct rf_subscription *subscription)
{
    free(subscription->name);
    free(subscription->destination);
    free(subscription->context);
    for (size_t i = 0; i < subscription->header_count; i++) {
        free(subscription->header_names[i]);
        mem_free_secret(subscription->header_values[i]);
    }
    VEC_FOREACH (body, &subscription->queue)
        free(*body);
    VEC_RELEASE(&subscription->queue);
    free(subscription);
}

void rf_subscriptions_release(struct rf_service *service)
{
    VEC_FOREACH (subscription, &service->subscriptions)
        rf_subscription_free(*subscription);
    VEC_RELEASE(&service->subscriptions);
}

void rf_subscription_add(struct rf_service *service, struct rf_subscription *subscription)
{
    snprintf(subscription->id, sizeof(subscription->id), "%llu", (unsigned long long)++service->subscription_serial);
    subscription->service = service;
    VEC_PUSH(&service->subscriptions, subscription);
}

void rf_subscription_remove(struct rf_subscription *subscription)
{
    struct rf_service *service = subscription->service;

    for (size_t i = 0; i < service->subscriptions.len; i++) {
        if (service->subscriptions.items[i] != subscription)
            continue;
        VEC_REMOVE(&service->subscriptions, i);
        break;
    }
    subscription->gone = true;
    if (subscription->running)
        rt_cond_broadcast(service->context->env->rt, &subscription->cond);
    else
        rf_subscription_free(subscription);
}

/* -- delivery -- */

static struct error *post(struct rf_subscription *subscription, const char *body)
{
    struct http_header headers[RF_EVENT_HEADERS_MAX + 1] = {{"Content-Type", "application/json"}};
    struct http_request request = {
        .method = "POST",
        .url = subscription->destination,
        .headers = headers,
        .header_count = 1,
        .body = body,
        .body_len = strlen(body),
    };
    CLEANUP(http_response_free) struct http_response *response = NULL;
    struct http_client *client;

    for (size_t i = 0; i < subscription->header_count; i++)
        headers[request.header_count++] =
            (struct http_header){subscription->header_names[i], subscription->header_values[i]};
    TRY(rf_client(subscription->service->context, &client));
    TRY(http_call(client, &request, &response));
    if (response->status < 200 || response->status > 299)
        return error_new(ERROR_TRANSIENT, "the event's destination answers %d", response->status);
    return NULL;
}

/* Tries until it is delivered, the attempts are used up, or nobody wants it any more. */
static struct error *deliver_one(struct rf_subscription *subscription, const char *body)
{
    struct rf_service *service = subscription->service;
    struct rt *rt = service->context->env->rt;

    for (int64_t attempt = 0;; attempt++) {
        CLEANUP(error_free) struct error *err = post(subscription, body);
        if (!err || subscription->gone)
            return NULL;
        if (error_is(err, ERROR_CANCELLED) || (attempt >= service->event_attempts && !subscription->forever))
            return TAKE_PTR(err);
        rt_time until = rt_after(rt, service->event_interval);
        while (!subscription->gone && rt_now(rt) < until) {
            CLEANUP(error_free) struct error *woken = rt_cond_wait(rt, &subscription->cond, until);
            if (error_is(woken, ERROR_CANCELLED))
                return TAKE_PTR(woken);
        }
        if (subscription->gone)
            return NULL;
    }
}

static void delivery_task(void *arg)
{
    struct rf_subscription *subscription = arg;

    while (subscription->queue.len > 0 && !subscription->gone) {
        CLEANUP_FREE char *body = subscription->queue.items[0];
        VEC_REMOVE(&subscription->queue, 0);
        CLEANUP(error_free) struct error *err = deliver_one(subscription, body);
        if (error_is(err, ERROR_CANCELLED)) {
            /* The program ends; who still has it on the list frees it. */
            if (subscription->gone)
                break;
            subscription->running = false;
            return;
        }
        if (err && !subscription->gone) {
            log_info(subscription->service->context->env->log, "event subscription ended",
                     KV("subscription", subscription->id), KV("error", error_message(err)));
            rf_subscription_remove(subscription);
        }
    }
    subscription->running = false;
    if (subscription->gone)
        rf_subscription_free(subscription);
}

void rf_deliver(struct rf_subscription *subscription)
{
    struct rf_context *context = subscription->service->context;

    if (subscription->running) {
        /* A stream waits for this; a delivery that waits for its next attempt looks at the time again. */
        rt_cond_broadcast(context->env->rt, &subscription->cond);
        return;
    }
    subscription->running = true;
    rt_spawn(context->env->rt, context->group, "bmc-event", delivery_task, subscription);
}

/* -- events -- */

static char *format_event(const struct rf_subscription *subscription, const struct rf_event *event, uint64_t number)
{
    struct strbuf out = STRBUF_INIT;
    struct jsonw json = JSONW_INIT(&out);
    struct rf_service *service = subscription->service;
    char time[TIME_TEXT_SIZE], id[24];

    snprintf(id, sizeof(id), "%llu", (unsigned long long)number);
    time_format(rt_wall(service->context->env->rt) + service->clock_offset, 0, time);
    jsonw_object(&json, NULL);
    jsonw_str(&json, "@odata.type", "#Event.v1_7_0.Event");
    jsonw_str(&json, "Id", id);
    jsonw_str(&json, "Name", "Event Array");
    jsonw_str(&json, "Context", str_or(subscription->context, ""));
    jsonw_array(&json, "Events");
    jsonw_object(&json, NULL);
    jsonw_str(&json, "MemberId", "0");
    jsonw_str(&json, "EventId", str_or(event->id, id));
    jsonw_str(&json, "EventType", rf_event_type_names[event->type]);
    jsonw_str(&json, "EventTimestamp", str_or(event->time, time));
    jsonw_str(&json, "Severity", str_or(event->severity, "OK"));
    jsonw_str(&json, "MessageSeverity", str_or(event->severity, "OK"));
    jsonw_str(&json, "Message", event->message);
    jsonw_str(&json, "MessageId", event->message_id);
    CLEANUP_FREE char *arguments = event->arguments ? json_print(event->arguments) : NULL;
    jsonw_raw(&json, "MessageArgs", str_or(arguments, "[]"));
    if (event->origin) {
        jsonw_object(&json, "OriginOfCondition");
        jsonw_str(&json, "@odata.id", event->origin);
        jsonw_end(&json);
    }
    jsonw_end(&json);
    jsonw_end(&json);
    jsonw_end(&json);
    return strbuf_take(&out);
}

void rf_event_send(struct rf_service *service, const struct rf_event *event)
{
    uint64_t number = ++service->event_serial;

    VEC_FOREACH (item, &service->subscriptions) {
        struct rf_subscription *subscription = *item;
        if (subscription->types && !(subscription->types >> event->type & 1))
            continue;
        if (subscription->queue.len >= RF_EVENTS_QUEUED_MAX)
            continue;
        char *body = format_event(subscription, event, number);
        VEC_PUSH(&subscription->queue, body);
        rf_deliver(subscription);
    }
}

/* What entries of a machine's journal are to subscribers. */
static const struct {
    const char *what;
    enum rf_event_type type;
} journal_rows[] = {
    {"power", RF_EVENT_STATUS_CHANGE},       {"boot", RF_EVENT_STATUS_CHANGE}, {"media", RF_EVENT_RESOURCE_UPDATED},
    {"firmware", RF_EVENT_RESOURCE_UPDATED}, {NULL, RF_EVENT_ALERT},
};

void rf_service_event(struct rf_service *service, size_t machine, const char *what, const char *detail)
{
    struct bmc_driver *driver = service->context->driver;
    struct bmc_snapshot snapshot;
    char origin[RF_PATH_MAX];
    size_t row = 0;

    if (service->subscriptions.len == 0)
        return;
    CLEANUP(error_free) struct error *err = driver->ops->snapshot(driver, machine, &snapshot);
    if (err)
        return;
    while (journal_rows[row].what && !str_equal(journal_rows[row].what, what))
        row++;
    CLEANUP_FREE char *message = mem_printf("%s: %s", what, detail);
    snprintf(origin, sizeof(origin), RF_ROOT "/Systems/%s", rf_system_id(service, &snapshot));
    rf_event_send(service, &(struct rf_event){.type = journal_rows[row].type,
                                              .message = message,
                                              .message_id = "ResourceEvent.1.2.ResourceChanged",
                                              .origin = origin});
}
