/* SPDX-License-Identifier: Apache-2.0 */
/* metal3-sim fleet: machines with BMCs and guests, for the other programs to work on. */
#include "lib/log/log.h"
#include "lib/rt/rt.h"
#include "sim/commands/commands.h"
#include "sim/fleet/fleet.h"

static struct error *run_fleet(const struct env *env, void *arg, int argc, char **argv)
{
    const struct fleet_options *options = arg;
    struct fleet *fleet = NULL;

    TRY(fleet_start(env, options, &fleet));
    log_info(env->log, "fleet serves", KV_INT("machines", options->machines), KV("bmcs", options->bmc_addresses),
             KV_INT("port", options->redfish_port), KV("control", options->control));
    struct error *err = rt_sleep_until(env->rt, RT_FOREVER);
    fleet_stop(fleet);
    fleet_free(fleet);
    return err;
}

const struct program fleet_program = {
    .name = "fleet",
    .description = "Serves virtual machines: each with a Redfish BMC at an address of its own, running the agent or "
                   "its installed system.",
    .options = fleet_option_specs,
    .options_size = sizeof(struct fleet_options),
    .run = run_fleet,
};
