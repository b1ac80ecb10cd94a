/* SPDX-License-Identifier: Apache-2.0 */
/* Root device hints: which disk the image goes to (IRO-597). */
#ifndef OPERATOR_AGENT_HINTS_H
#define OPERATOR_AGENT_HINTS_H

#include "lib/data/json.h"

/*
 * Chooses from `disks` (inventory/disks) by `hints` (a root_device object; NULL or empty: the smallest disk of at least 4 GiB, ties by
 * name). *ret is borrowed from `disks`. ERROR_NOT_FOUND lists the disks and the hints that none matched; ERROR_INVALID for an unknown hint.
 */
struct error *hints_choose(const struct json *disks, const struct json *hints, const struct json **ret) MUST_CHECK;

#endif
