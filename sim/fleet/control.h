/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fleet's control API, for whoever drives a fleet from outside (metal3-sim up, the scenario runner, curl). JSON over HTTP on loopback:
 *
 *   GET    /fleet/v1/machines                 [{name, number, uuid, bmc: {address, user, password}, mac, power, ...}]
 *   GET    /fleet/v1/machines/NAME            the same with its journal, console and the guest's report
 *   GET    /fleet/v1/machines/NAME/disks/DISK?offset=O&length=L     {"sha256": ...} of that range
 *   GET    /fleet/v1/faults                   the active faults
 *   POST   /fleet/v1/faults                   adds one (bmc-emu/faults/plan.h; and {"fault": "agent-silent", "machines": [...]}): {"id": N}
 *   DELETE /fleet/v1/faults/ID                removes it
 */
#ifndef SIM_FLEET_CONTROL_H
#define SIM_FLEET_CONTROL_H

#include "lib/net/http_server.h"
#include "sim/fleet/fleet.h"

/* Answers one request; the handler of the control server. `arg` is the fleet. */
void control_handle(struct http_exchange *exchange, void *arg);

#endif
