// SPDX-License-Identifier: Apache-2.0
// The decorators as the emulator takes them.
#include "bmc-emu/faults/layers.h"

static struct bmc_driver *wrap_driver(void *arg, struct bmc_driver *next)
{
    return fault_driver_new(arg, next);
}

static struct bmc_front *wrap_front(void *arg, struct bmc_front *next, const struct bmc_driver *driver)
{
    return fault_front_new(arg, next);
}

static struct media_fetcher *wrap_fetcher(void *arg, struct media_fetcher *next)
{
    return fault_fetcher_new(arg, next);
}

struct bmc_layers fault_layers(struct fault_plan *plan)
{
    return (struct bmc_layers){
        .arg = plan,
        .wrap_driver = wrap_driver,
        .wrap_front = wrap_front,
        .wrap_fetcher = wrap_fetcher,
    };
}
