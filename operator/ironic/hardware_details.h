/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ironic's inventory to HardwareDetails, as status.hardware and HardwareData carry them (BMO-018…022, BMO-554…558,
 * IRO-083…085).
 */
#ifndef OPERATOR_IRONIC_HARDWARE_DETAILS_H
#define OPERATOR_IRONIC_HARDWARE_DETAILS_H

#include "lib/data/json.h"

/* `data` is the answer to GET …/inventory: {"inventory", "plugin_data"}. A new object; zero values are left out. */
struct json *hardware_details_from_inventory(const struct json *data);

#endif
