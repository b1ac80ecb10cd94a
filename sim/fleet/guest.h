/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs on a fleet's machines: the agent, when a machine booted the deploy image; otherwise a small operating system that reads its config drive from
 * the disk, as cloud-init does, and reports on the console.
 */
#ifndef SIM_FLEET_GUEST_H
#define SIM_FLEET_GUEST_H

#include "bmc-emu/faults/plan.h"
#include "bmc-emu/machine/machine.h"
#include "lib/env.h"
#include "operator/agent/agent.h"

struct guests;

/* What the operating system on a machine's disk found at its last start; strings are NULL when they were not there. */
struct guest_report {
    int starts;                   /* of an operating system, since the fleet began */
    char *hostname, *name, *uuid; /* of meta_data.json */
    char *user_data_sha256, *network_data_sha256;
    char *error; /* why there is no report */
};

struct guests_options {
    const char *guest_addresses; /* prefix; machine N has the N-th address */
    double speed;                /* factor on the time that a start takes */
    struct fault_plan *faults;   /* borrowed; asked whether a machine's agent is silent */
};

/* For `count` machines. Each machine's agent gets an env of its own whose group is the machine's power cycle. */
struct error *guests_new(const struct env *env, const struct guests_options *options, size_t count, struct guests **ret)
    MUST_CHECK;
void guests_free(struct guests *guests); /* when no machine runs any more */
DEFINE_CLEANUP(struct guests, guests_free);
/* To hand to the machines. */
const struct machine_guest *guests_machine_guest(const struct guests *guests);
const struct guest_report *guests_report(const struct guests *guests, size_t number);
const char *guests_address(const struct guests *guests, size_t number); /* of the machine itself */

/* -- hardware.c: the agent's view of a machine -- */
struct guest_hardware {
    struct machine *machine;
    const struct machine_boot *boot;
    const char *address;
};
struct agent_hardware guest_hardware_of(struct guest_hardware *hardware);

/* -- os.c -- */
/* Finds the config drive on the disk and reads what it says. */
struct error *os_read_config_drive(struct machine *machine, size_t disk, struct guest_report *report) MUST_CHECK;
void guest_report_clear(struct guest_report *report); /* all but the count of starts */

/* The N-th address (from 1) of "127.20.0.0/16"; ERROR_INVALID when the prefix is malformed or has no such address. Free with free(). */
struct error *fleet_address(const char *prefix, size_t number, char **ret) MUST_CHECK;

#endif
