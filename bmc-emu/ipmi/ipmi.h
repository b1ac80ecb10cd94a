/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The IPMI front end: BMCs on UDP, IPMI 2.0 with cipher suites 3 and 17 and IPMI 1.5, over the machines of a driver (EMU-249 to 366). A BMC's state
 * comes into being with the first datagram to it.
 */
#ifndef BMC_EMU_IPMI_IPMI_H
#define BMC_EMU_IPMI_IPMI_H

#include "bmc-emu/drivers/driver.h"
#include "lib/env.h"

#define IPMI_SESSIONS_MAX 16 /* of one BMC, with those that are being set up; more are refused */
#define IPMI_USERS_MAX 16
#define IPMI_SEL_MAX 256  /* events that a BMC keeps */
#define IPMI_JOBS_MAX 256 /* datagrams of all BMCs that are being worked on; more are dropped */
#define IPMI_NO_MACHINE SIZE_MAX

struct ipmi_context;

/* Borrowed for the context's life but the strings. */
struct ipmi_options {
    const struct env *env;
    struct rt_group *group; /* its tasks; to be cancelled and empty before the context is freed */
    struct bmc_driver *driver;
    const char *user, *password; /* of user 2, an administrator; NULL user: "admin" and "password", as virtualbmc */
    unsigned prefix_bits;        /* of the network that the BMCs are in */
    /* A BMC's address, and whose address it is: IPMI_NO_MACHINE when nobody's. */
    const char *(*address_of)(void *arg, size_t machine, char *buf, size_t cap);
    size_t (*machine_at)(void *arg, const char *address);
    void *arg;
};
/* ERROR_INVALID when the password does not fit IPMI's 20 bytes, or the name its 16. */
struct error *ipmi_context_new(const struct ipmi_options *options, struct ipmi_context **ret) MUST_CHECK;
void ipmi_context_free(struct ipmi_context *context);
DEFINE_CLEANUP(struct ipmi_context, ipmi_context_free);

/*
 * Serves a UDP port for one machine, or, with IPMI_NO_MACHINE, for the machine that has the address that a datagram came to. `address` and `port` as
 * in udp_open(); ERROR_CONFLICT when the port is in use.
 */
struct error *ipmi_listen(struct ipmi_context *context, const char *address, int port, size_t machine) MUST_CHECK;
/* The first listener's port. */
int ipmi_port(const struct ipmi_context *context);

/* Something happened to a machine, as its journal has it: goes to the event log of its BMC where IPMI has a word for it. */
void ipmi_event(struct ipmi_context *context, size_t machine, const char *what, const char *detail);

/*
 * Works on one datagram for a machine and writes the answer, if there is one, to IPMI_PACKET_MAX bytes; returns its length. May wait for the driver.
 * What ipmi_listen() calls for each.
 */
struct udp_peer;
size_t ipmi_handle(struct ipmi_context *context, size_t machine, const struct udp_peer *from, const void *data,
                   size_t len, uint8_t *answer);

#endif
