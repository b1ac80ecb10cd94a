/* SPDX-License-Identifier: Apache-2.0 */
/* The subcommands of metal3-sim. */
#ifndef SIM_COMMANDS_COMMANDS_H
#define SIM_COMMANDS_COMMANDS_H

#include "lib/main.h"

/* The value of --speed into *speed, which keeps its default where `text` is NULL. */
struct error *command_speed(const char *text, double *speed) MUST_CHECK;

extern const struct program up_program;    /* metal3-sim up: a fleet, provisioned */
extern const struct program run_program;   /* metal3-sim run: scenarios from files */
extern const struct program fleet_program; /* metal3-sim fleet: machines and their BMCs alone */

#endif
