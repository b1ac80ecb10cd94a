/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where faults bite: decorators around a driver, a fetcher of media and a front end. Each wraps the same interface, knows only the next one, and asks
 * the plan. They own what they wrap; the plan is borrowed and outlives them.
 */
#ifndef BMC_EMU_FAULTS_LAYERS_H
#define BMC_EMU_FAULTS_LAYERS_H

#include "bmc-emu/emulator.h"
#include "bmc-emu/faults/plan.h"

/* All three, for bmc_emulator_options.layers. */
struct bmc_layers fault_layers(struct fault_plan *plan);

/* The machines of `next` become the plan's. */
struct bmc_driver *fault_driver_new(struct fault_plan *plan, struct bmc_driver *next);
struct media_fetcher *fault_fetcher_new(struct fault_plan *plan, struct media_fetcher *next);
struct bmc_front *fault_front_new(struct fault_plan *plan, struct bmc_front *next);

#endif
