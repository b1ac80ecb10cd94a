/* SPDX-License-Identifier: Apache-2.0 */
/* Power of a node: changing it and waiting for the BMC to tell so, and keeping the record true (B12). */
#ifndef OPERATOR_CONDUCTOR_POWER_H
#define OPERATOR_CONDUCTOR_POWER_H

#include "operator/conductor/drivers/bmc.h"
#include "operator/conductor/node.h"

enum power_action {
    POWER_ACTION_ON,
    POWER_ACTION_OFF,
    POWER_ACTION_SOFT_OFF,
    POWER_ACTION_REBOOT,
    POWER_ACTION_SOFT_REBOOT
};

/* "power on" …; false when it is none. */
bool power_action_from_name(const char *name, enum power_action *ret);

/*
 * Does it and waits until the BMC tells so (IRO-367 to IRO-370); nothing is done when it is there already. Off and reboot forget the agent. `timeout`
 * of a soft action, 0: the default. The caller holds the reservation. The record has power_state when this returns.
 */
struct error *power_do(struct node *node, enum power_action action, rt_time timeout) MUST_CHECK;
/* Reads the BMC; power_state, health and vendor go into the record (not saved). */
struct error *power_refresh(struct node *node) MUST_CHECK;
/* Waits for the BMC to tell that it is off, without doing anything. ERROR_TIMEOUT. */
struct error *power_wait_off(struct node *node, rt_time timeout) MUST_CHECK;

/* Starts a power request of the API in a task; it has taken the reservation and gives it back. */
void power_request_start(struct node *node, enum power_action action, rt_time timeout);

/* Starts the periodic comparison with the BMCs and the recovery from power failures. */
struct conductor;
void power_sync_start(struct conductor *conductor);

#endif
