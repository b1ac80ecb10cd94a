/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A virtual fleet: in-memory machines behind their BMCs (bmc-emu), and what runs on them. A machine that boots the deploy image runs the real agent on its virtual
 * hardware; one that boots from disk runs a guest that reads its config drive and reports. Each machine has two addresses: its BMC's and its own.
 */
#ifndef SIM_FLEET_FLEET_H
#define SIM_FLEET_FLEET_H

#include "lib/env.h"
#include "lib/main.h"

struct fleet_options {
    int64_t machines;
    char *profile;                         /* machine profile file; NULL: generic */
    char *bmc_addresses, *guest_addresses; /* prefixes "127.20.0.0/16": machine N has the N-th address of each */
    int64_t redfish_port;
    char *user, *password; /* of every BMC */
    char *control;         /* "ADDRESS:PORT" of the control API */
    char *speed_text;      /* factor on all delays, as text; NULL: 1 */
};

/* The table behind `metal3-sim fleet --help`. Ends with {0}. */
extern const struct option_spec fleet_option_specs[];

#define FLEET_USER "admin"
#define FLEET_PASSWORD "password"

struct fleet;

/* Starts machines (powered off), BMCs and the control API in env's group; serves when it returns. The options must outlive the fleet. */
struct error *fleet_start(const struct env *env, const struct fleet_options *options, struct fleet **ret) MUST_CHECK;
void fleet_stop(struct fleet *fleet); /* also after env's group was cancelled; from outside of the group */
void fleet_free(struct fleet *fleet); /* stopped; NULL is fine */
DEFINE_CLEANUP(struct fleet, fleet_free);

#endif
