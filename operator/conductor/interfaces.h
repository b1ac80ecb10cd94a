/* SPDX-License-Identifier: Apache-2.0 */
/* The interfaces of a node ("boot_interface" …): which ones there are, and the defaults. */
#ifndef OPERATOR_CONDUCTOR_INTERFACES_H
#define OPERATOR_CONDUCTOR_INTERFACES_H

#include "operator/conductor/node.h"

/* Fills in the default of every interface that is not set. */
void interfaces_default(struct node *node);
/* ERROR_INVALID names an unknown driver, or an interface that we do not have and those that we have. */
struct error *interfaces_validate(const struct node *node) MUST_CHECK;

#endif
