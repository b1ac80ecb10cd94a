/* SPDX-License-Identifier: Apache-2.0 */
/*
 * RAID: from a host's wish (RAIDConfig) to Ironic's target configuration and cleaning steps (BMO-562…564, IRO-087…090,
 * IRO-098).
 */
#ifndef OPERATOR_IRONIC_RAID_H
#define OPERATOR_IRONIC_RAID_H

#include "lib/data/json.h"

enum raid_kind { RAID_LEAVE, RAID_HARDWARE, RAID_SOFTWARE };

struct raid_plan {
    enum raid_kind kind;   /* RAID_LEAVE: nothing to do */
    const char *interface; /* raid_interface that the node needs for it */
    struct json *steps;    /* clean steps; NULL when none */
    struct json *target;   /* body of PUT states/raid; NULL when the configuration is only deleted */
};

/*
 * What it takes to come from `actual` to `target` (both may be NULL) on a driver whose RAID interface is
 * `driver_interface`. ERROR_INVALID tells what is wrong with the wish.
 */
struct error *raid_plan(const struct json *target, const struct json *actual, const struct json *root_hints,
                        const char *driver_interface, struct raid_plan *ret) MUST_CHECK;
void raid_plan_release(struct raid_plan *plan);
#define CLEANUP_RAID_PLAN __attribute__((cleanup(raid_plan_release)))

#endif
