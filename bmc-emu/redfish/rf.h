/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Redfish front end. A service is the tree that one address shows: that of one BMC with its one system, or, as sushy-tools does it, many
 * systems behind one port. What all services of a process share is in a context.
 */
#ifndef BMC_EMU_REDFISH_RF_H
#define BMC_EMU_REDFISH_RF_H

#include "bmc-emu/drivers/driver.h"
#include "lib/env.h"
#include "lib/net/http_server.h"

#define RF_SESSIONS_MAX 64 /* of one service; more are refused */
#define RF_ACCOUNTS_MAX 16
#define RF_BODY_MAX (256 * 1024)

struct rf_context;
struct rf_service;

/* Borrowed, all of it, for the context's life but the strings. */
struct rf_options {
    const struct env *env;
    struct rt_group *group; /* its tasks; stopped before the context is freed */
    struct bmc_driver *driver;
    const char *user,
        *password; /* of the account "1", Administrator; NULL user: no authentication at all, as sushy-tools without a file */
    rt_time session_timeout; /* 0: 30 min */
};
struct rf_context *rf_context_new(const struct rf_options *options);
void rf_context_free(struct rf_context *context);
DEFINE_CLEANUP(struct rf_context, rf_context_free);

/* Shows the `count` machines from number `first` on; RF_ALL_MACHINES: all that the driver has, also those to come. */
#define RF_ALL_MACHINES SIZE_MAX
struct rf_service *rf_service_new(struct rf_context *context, size_t first, size_t count);
void rf_service_free(struct rf_service *service);

/* Answers a request; may wait (a download). */
void rf_service_handle(struct rf_service *service, struct http_exchange *http);

/* Something happened to a machine of the service, in the words of its journal: subscribers are told. Does not wait. */
void rf_service_event(struct rf_service *service, size_t machine, const char *what, const char *detail);

#define RF_NO_MACHINE SIZE_MAX
/* The machine that a path is about; RF_NO_MACHINE when it is about none in particular, or about one that is not there. */
size_t rf_service_machine_of(const struct rf_service *service, const char *path);

#endif
