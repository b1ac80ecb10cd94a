/* SPDX-License-Identifier: Apache-2.0 */
/* What the fleet's files share. */
#ifndef SIM_FLEET_INTERNAL_H
#define SIM_FLEET_INTERNAL_H

#include "bmc-emu/machine/machine.h"
#include "lib/data/json.h"
#include "sim/fleet/fleet.h"
#include "sim/fleet/guest.h"

struct fleet {
    struct env env; /* with a group of our own */
    const struct fleet_options *options;
    double speed;
    struct machine_profile *profile; /* with the speed worked in */
    struct fault_plan *faults;
    struct guests *guests;
    struct bmc_emulator *emulator;
    struct http_server *control;
};

size_t fleet_count(const struct fleet *fleet);
struct machine *fleet_machine(struct fleet *fleet, size_t number);
/* The BMC address for a BareMetalHost of that machine. Free with free(). */
char *fleet_bmc_url(const struct fleet *fleet, size_t number);

/* -- faults: of the BMCs and, "agent-silent", of what runs on the machines -- */
struct error *fleet_add_fault(struct fleet *fleet, const struct json *row, uint64_t *ret_id) MUST_CHECK;
bool fleet_remove_fault(struct fleet *fleet, uint64_t id); /* false when there is none of that id */
struct json *fleet_faults(const struct fleet *fleet);      /* a list; the caller owns it */

#endif
