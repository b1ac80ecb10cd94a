/* SPDX-License-Identifier: Apache-2.0 */
/* The short operations: verifying a new node, tearing an instance down, adopting a provisioned machine (B4, B11). */
#include <stdlib.h>

#include "lib/data/str.h"
#include "operator/conductor/agent_session.h"
#include "operator/conductor/boot.h"
#include "operator/conductor/boot_iso.h"
#include "operator/conductor/internal.h"
#include "operator/conductor/operation.h"
#include "operator/conductor/power.h"
#include "operator/conductor/steps.h"

/* The first contact with the BMC (IRO-241). */
struct error *verify_run(struct operation *operation)
{
    struct node *node = operation->node;
    TRY(bmc_validate(node));
    TRY(power_refresh(node));
    return node_transition(node, EVENT_DONE);
}

/* -- undeployment -- */

static void forget_instance(struct node *node)
{
    json_free(node->instance_info);
    node->instance_info = json_new_object();
    node_set_text(&node->instance_uuid, NULL);
    steps_forget(node);
    ramdisk_forget(node, true);
    boot_iso_withdraw(node);
}

static struct error *tear_down(struct node *node)
{
    TRY(power_do(node, POWER_ACTION_OFF, 0));
    TRY(bmc_eject(node, true));
    CLEANUP_FREE char *secure = node_capability(node, "secure_boot");
    if (str_equal_nocase(secure, "true"))
        TRY(bmc_set_secure_boot(node, false));
    return NULL;
}

struct error *undeploy_run(struct operation *operation)
{
    struct node *node = operation->node;
    if (!node->disable_power_off)
        TRY(tear_down(node));
    forget_instance(node);
    TRY(node_transition(node, EVENT_CLEAN));
    operation->resumed = false;
    return clean_run(operation);
}

void undeploy_failed(struct operation *operation)
{
    forget_instance(operation->node); /* even then (IRO-360) */
}

/* -- adoption -- */

/* The machine runs: nothing is done to its power (IRO-363). */
struct error *adopt_run(struct operation *operation)
{
    struct node *node = operation->node;
    TRY(bmc_validate(node));
    TRY(power_refresh(node));
    if (!str_equal(node->deploy_interface, "ramdisk")) /* a live ISO stays in */
        TRY(bmc_eject(node, true));
    return node_transition(node, EVENT_DONE);
}

void adopt_failed(struct operation *operation)
{
    node_set_text(&operation->node->power_state, NULL);
}
