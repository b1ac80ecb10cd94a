// SPDX-License-Identifier: Apache-2.0
// The event service's resources: subscriptions, test events, the stream (EMU-030, 031, 181).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bmc-emu/redfish/events.h"
#include "bmc-emu/redfish/handlers.h"

#define SERVICE RF_ROOT "/EventService"
#define SUBSCRIPTIONS SERVICE "/Subscriptions"
#define SUBMIT "EventService.SubmitTestEvent"
#define ATTEMPTS_MAX 100
#define INTERVAL_MAX 3600
#define KEEP_ALIVE (30 * RT_S) /* a stream that is silent for so long sends a comment */
#define TEXT_MAX 1024

static void write_types(struct jsonw *json, const char *name, unsigned types)
{
    jsonw_array(json, name);
    for (int type = 0; type < RF_EVENT_TYPE_COUNT; type++)
        if (!types || (types >> type & 1))
            jsonw_str(json, NULL, rf_event_type_names[type]);
    jsonw_end(json);
}

void rf_get_event_service(struct rf_request *request)
{
    const struct rf_service *service = request->service;
    struct jsonw *json = &request->json;

    rf_begin(request, "EventService.v1_10_0.EventService", SERVICE, "EventService", "Event Service",
             service->manager_version);
    rf_status(request, true);
    jsonw_bool(json, "ServiceEnabled", true);
    jsonw_int(json, "DeliveryRetryAttempts", service->event_attempts);
    jsonw_int(json, "DeliveryRetryIntervalSeconds", service->event_interval / RT_S);
    write_types(json, "EventTypesForSubscription", 0);
    jsonw_raw(json, "EventFormatTypes", "[\"Event\"]");
    jsonw_str(json, "ServerSentEventUri", SERVICE "/SSE");
    rf_link(request, "Subscriptions", SUBSCRIPTIONS);
    jsonw_object(json, "Actions");
    jsonw_object(json, "#" SUBMIT);
    jsonw_str(json, "target", SERVICE "/Actions/" SUBMIT);
    write_types(json, "EventType@Redfish.AllowableValues", 0);
    jsonw_end(json);
    jsonw_end(json);
    rf_end(request);
}

struct service_change {
    int64_t attempts, interval;
};

static bool take_attempts(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    return rf_need_int(request, name, value, 0, ATTEMPTS_MAX, &((struct service_change *)arg)->attempts);
}

static bool take_interval(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    return rf_need_int(request, name, value, 1, INTERVAL_MAX, &((struct service_change *)arg)->interval);
}

void rf_patch_event_service(struct rf_request *request)
{
    static const struct rf_property properties[] = {
        {"DeliveryRetryAttempts", take_attempts}, {"DeliveryRetryIntervalSeconds", take_interval}, {0}};
    static const char *const read_only[] = {"Id", "Name", "Status", "ServiceEnabled", "Subscriptions", NULL};
    struct rf_service *service = request->service;
    struct service_change change = {service->event_attempts, service->event_interval / RT_S};

    if (!rf_if_match(request, service->manager_version) || !rf_take_properties(request, properties, read_only, &change))
        return;
    service->event_attempts = change.attempts;
    service->event_interval = change.interval * RT_S;
    service->manager_version++;
    rf_no_content(request);
}

/* -- subscriptions -- */

void rf_get_subscriptions(struct rf_request *request)
{
    rf_begin_collection(request, "EventDestinationCollection", SUBSCRIPTIONS, "Event Subscriptions");
    VEC_FOREACH (subscription, &request->service->subscriptions)
        rf_member(request, SUBSCRIPTIONS "/%s", (*subscription)->id);
    rf_end_collection(request, request->service->subscriptions.len);
}

/* The subscription that the path names; NULL when it has answered. */
static struct rf_subscription *find_subscription(struct rf_request *request)
{
    VEC_FOREACH (subscription, &request->service->subscriptions)
        if (str_equal((*subscription)->id, request->params[0]))
            return *subscription;
    rf_not_found(request);
    return NULL;
}

static void send_subscription(struct rf_request *request, const struct rf_subscription *subscription, int status)
{
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX];

    snprintf(path, sizeof(path), SUBSCRIPTIONS "/%s", subscription->id);
    if (status == 201)
        http_reply_header(request->http, "Location", path);
    rf_begin(request, "EventDestination.v1_13_2.EventDestination", path, subscription->id,
             str_or(subscription->name, "Event Subscription"), 1);
    jsonw_str(json, "Destination", subscription->destination);
    jsonw_str(json, "Context", str_or(subscription->context, ""));
    jsonw_str(json, "Protocol", "Redfish");
    jsonw_str(json, "SubscriptionType", subscription->destination ? "RedfishEvent" : "SSE");
    jsonw_str(json, "EventFormatType", "Event");
    jsonw_str(json, "DeliveryRetryPolicy", subscription->forever ? "RetryForever" : "TerminateAfterRetries");
    write_types(json, "EventTypes", subscription->types);
    jsonw_null(json, "HttpHeaders"); /* there may be secrets in them */
    rf_status(request, true);
    jsonw_end(json);
    rf_send_json(request, status);
}

void rf_get_subscription(struct rf_request *request)
{
    const struct rf_subscription *subscription = find_subscription(request);

    if (subscription)
        send_subscription(request, subscription, 200);
}

void rf_delete_subscription(struct rf_request *request)
{
    struct rf_subscription *subscription = find_subscription(request);

    if (!subscription)
        return;
    rf_subscription_remove(subscription);
    rf_no_content(request);
}

static bool take_text(struct rf_request *request, const char *name, const struct json *value, char **ret)
{
    const char *text;

    if (!rf_need_string(request, name, value, &text))
        return false;
    if (strlen(text) > TEXT_MAX) {
        rf_fail(request, RF_PROPERTY_FORMAT_ERROR, "(too long)", name, NULL);
        return false;
    }
    free(*ret);
    *ret = mem_strdup(text);
    return true;
}

static bool take_destination(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct rf_subscription *subscription = arg;

    if (!take_text(request, name, value, &subscription->destination))
        return false;
    if (str_has_prefix(subscription->destination, "http://") || str_has_prefix(subscription->destination, "https://"))
        return true;
    rf_fail(request, RF_PROPERTY_FORMAT_ERROR, subscription->destination, name, NULL);
    return false;
}

static bool take_context(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct rf_subscription *subscription = arg;

    return json_is(value, JSON_NULL) || take_text(request, name, value, &subscription->context);
}

static bool take_name(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    return take_text(request, name, value, &((struct rf_subscription *)arg)->name);
}

/* Properties that have one value here. */
static bool take_fixed(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    static const char *const rows[][2] = {
        {"Protocol", "Redfish"}, {"SubscriptionType", "RedfishEvent"}, {"EventFormatType", "Event"}};
    const char *text;

    if (!rf_need_string(request, name, value, &text))
        return false;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (str_equal(rows[i][0], name) && str_equal(rows[i][1], text))
            return true;
    rf_fail(request, RF_PROPERTY_NOT_IN_LIST, text, name, NULL);
    return false;
}

static bool take_policy(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct rf_subscription *subscription = arg;
    const char *text;

    if (!rf_need_string(request, name, value, &text))
        return false;
    subscription->forever = str_equal(text, "RetryForever");
    if (!subscription->forever && !str_equal(text, "TerminateAfterRetries")) {
        rf_fail(request, RF_PROPERTY_NOT_IN_LIST, text, name, NULL);
        return false;
    }
    return true;
}

static bool parse_type(const char *text, enum rf_event_type *ret)
{
    for (int type = 0; type < RF_EVENT_TYPE_COUNT; type++) {
        if (str_equal(rf_event_type_names[type], text)) {
            *ret = (enum rf_event_type)type;
            return true;
        }
    }
    return false;
}

static bool take_types(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct rf_subscription *subscription = arg;

    JSON_FOREACH (item, value) {
        const char *text = json_str_or(item, "", "");
        enum rf_event_type type;
        if (!parse_type(text, &type)) {
            rf_fail(request, RF_PROPERTY_NOT_IN_LIST, text, name, NULL);
            return false;
        }
        subscription->types |= 1u << type;
    }
    return true;
}

/* "HttpHeaders": [{"Authorization": "…"}] */
static bool take_headers(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct rf_subscription *subscription = arg;

    JSON_FOREACH (item, value) {
        JSON_FOREACH (header, item) {
            const char *text = json_str(header, "");
            if (!text || !*json_key(header) || strpbrk(text, "\r\n") || strpbrk(json_key(header), "\r\n: ") ||
                subscription->header_count == RF_EVENT_HEADERS_MAX) {
                rf_fail(request, RF_PROPERTY_FORMAT_ERROR, "(not shown)", name, NULL);
                return false;
            }
            subscription->header_names[subscription->header_count] = mem_strdup(json_key(header));
            subscription->header_values[subscription->header_count++] = mem_strdup(text);
        }
    }
    return true;
}

void rf_post_subscription(struct rf_request *request)
{
    static const struct rf_property properties[] = {
        {"Destination", take_destination},
        {"Context", take_context},
        {"Name", take_name},
        {"Protocol", take_fixed},
        {"SubscriptionType", take_fixed},
        {"EventFormatType", take_fixed},
        {"DeliveryRetryPolicy", take_policy},
        {"EventTypes", take_types},
        {"HttpHeaders", take_headers},
        {0},
    };
    static const char *const needed[] = {"Destination", "Protocol"};

    for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
        if (!json_member(request->body, needed[i])) {
            rf_fail(request, RF_PROPERTY_MISSING, needed[i], NULL, NULL);
            return;
        }
    }
    if (request->service->subscriptions.len >= RF_SUBSCRIPTIONS_MAX) {
        rf_fail(request, RF_CREATE_LIMIT_REACHED, NULL, NULL, NULL);
        return;
    }
    struct rf_subscription *subscription = mem_alloc(sizeof(*subscription));
    if (!rf_take_properties(request, properties, NULL, subscription)) {
        rf_subscription_free(subscription);
        return;
    }
    rf_subscription_add(request->service, subscription);
    send_subscription(request, subscription, 201);
}

/* -- test events -- */

struct test_event {
    struct rf_event event;
    const char *type;
};

void rf_post_test_event(struct rf_request *request)
{
    static const struct rf_parameter parameters[] = {
        {"MessageId", RF_PARAMETER_STRING, .required = true, offsetof(struct test_event, event.message_id)},
        {"Message", RF_PARAMETER_STRING, .offset = offsetof(struct test_event, event.message)},
        {"MessageArgs", RF_PARAMETER_ARRAY, .offset = offsetof(struct test_event, event.arguments)},
        {"EventId", RF_PARAMETER_STRING, .offset = offsetof(struct test_event, event.id)},
        {"EventTimestamp", RF_PARAMETER_STRING, .offset = offsetof(struct test_event, event.time)},
        {"OriginOfCondition", RF_PARAMETER_STRING, .offset = offsetof(struct test_event, event.origin)},
        {"Severity", RF_PARAMETER_STRING, .offset = offsetof(struct test_event, event.severity)},
        {"EventType", RF_PARAMETER_STRING, .offset = offsetof(struct test_event, type)},
        {0},
    };
    struct test_event test = {.event.message = "Test event", .type = "Alert"};

    if (!rf_take_parameters(request, SUBMIT, parameters, &test))
        return;
    if (!parse_type(test.type, &test.event.type)) {
        rf_fail(request, RF_ACTION_PARAMETER_NOT_IN_LIST, test.type, "EventType", SUBMIT);
        return;
    }
    rf_event_send(request->service, &test.event);
    rf_no_content(request);
}

/* -- the stream -- */

static void stream_closed(void *arg)
{
    struct rf_subscription *subscription = arg;

    rt_cond_broadcast(subscription->service->context->env->rt, &subscription->cond);
}

/* Sends events as they come, until the client goes or the subscription is deleted. */
static struct error *stream(struct rf_request *request, struct rf_subscription *subscription)
{
    struct rt *rt = request->context->env->rt;
    uint64_t number = 0;

    TRY(http_reply_begin(request->http, 200, "text/event-stream", -1));
    while (!subscription->gone && !http_peer_gone(request->http)) {
        CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
        if (subscription->queue.len == 0) {
            CLEANUP(error_free) struct error *err = rt_cond_wait(rt, &subscription->cond, rt_after(rt, KEEP_ALIVE));
            if (error_is(err, ERROR_CANCELLED))
                return TAKE_PTR(err);
            if (err)
                TRY(http_reply_write(request->http, ":\n\n", 3));
            continue;
        }
        CLEANUP_FREE char *body = subscription->queue.items[0];
        VEC_REMOVE(&subscription->queue, 0);
        strbuf_addf(&out, "id: %llu\ndata: %s\n\n", (unsigned long long)++number, body);
        TRY(http_reply_write(request->http, strbuf_str(&out), out.len));
    }
    return NULL;
}

void rf_get_event_stream(struct rf_request *request)
{
    if (request->inner || request->service->subscriptions.len >= RF_SUBSCRIPTIONS_MAX) {
        rf_fail(request, RF_CREATE_LIMIT_REACHED, NULL, NULL, NULL);
        return;
    }
    struct rf_subscription *subscription = mem_alloc(sizeof(*subscription));
    subscription->running = true;
    rf_subscription_add(request->service, subscription);
    http_reply_header(request->http, "Cache-Control", "no-cache");
    http_reply_header(request->http, "OData-Version", "4.0");
    http_on_peer_gone(request->http, stream_closed, subscription);
    error_free(stream(request, subscription));
    http_on_peer_gone(request->http, NULL, NULL);
    subscription->running = false;
    if (subscription->gone)
        rf_subscription_free(subscription);
    else
        rf_subscription_remove(subscription);
}
