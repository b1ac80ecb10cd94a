/* SPDX-License-Identifier: Apache-2.0 */
/* The event service's inside: what subscribers wait for, and how it gets to them. For the files of this folder only. */
#ifndef BMC_EMU_REDFISH_EVENTS_H
#define BMC_EMU_REDFISH_EVENTS_H

#include "bmc-emu/redfish/request.h"
#include "lib/net/http.h"

#define RF_SUBSCRIPTIONS_MAX 16
#define RF_EVENTS_QUEUED_MAX 64 /* for one subscriber; more are dropped */
#define RF_EVENT_HEADERS_MAX 8

/* Event types that we send; the names are in events.c. */
enum rf_event_type { RF_EVENT_STATUS_CHANGE, RF_EVENT_RESOURCE_UPDATED, RF_EVENT_ALERT, RF_EVENT_TYPE_COUNT };
extern const char *const rf_event_type_names[RF_EVENT_TYPE_COUNT];

struct rf_event {
    enum rf_event_type type;
    const char *message, *message_id, *severity;
    const char *origin;           /* path of the resource; NULL: none */
    const struct json *arguments; /* an array of strings; NULL: none */
    const char *id, *time;        /* NULL: its own */
};

struct rf_subscription {
    char id[24];
    struct rf_service *service;
    char *name, *destination, *context; /* destination NULL: an open stream */
    unsigned types;                     /* bit n: of enum rf_event_type; 0: all */
    bool forever;                       /* deliveries are tried until they succeed */
    char *header_names[RF_EVENT_HEADERS_MAX], *header_values[RF_EVENT_HEADERS_MAX];
    size_t header_count;
    VEC(char *) queue; /* bodies, oldest first */
    struct rt_cond cond;
    bool running; /* its delivery task, or its stream */
    bool gone;    /* deleted while that runs, which frees it */
};

/* Hands the event to everyone who asked for such. */
void rf_event_send(struct rf_service *service, const struct rf_event *event);
/* Sends what is queued; starts a task unless one is at it. */
void rf_deliver(struct rf_subscription *subscription);
/* Adds it to the service, with an id; takes it over. */
void rf_subscription_add(struct rf_service *service, struct rf_subscription *subscription);
/* Takes it off the service, and frees it as soon as nobody uses it. */
void rf_subscription_remove(struct rf_subscription *subscription);
void rf_subscription_free(struct rf_subscription *subscription);

#endif
