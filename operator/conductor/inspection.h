/* SPDX-License-Identifier: Apache-2.0 */
/* Inspection by the agent: its callback, the hooks, and the stored inventory (B5, C2). */
#ifndef OPERATOR_CONDUCTOR_INSPECTION_H
#define OPERATOR_CONDUCTOR_INSPECTION_H

#include "operator/conductor/node.h"

/*
 * Takes the body of POST /v1/continue_inspection: finds the node, runs the hooks and stores the inventory before it returns; the operation that waits for it
 * then ends. *ret is held: end with node_unref(). ERROR_INVALID for a bad body, ERROR_NOT_FOUND when no node waits for it.
 */
struct error *inspection_receive(struct conductor *conductor, const struct json *body, struct node **ret) MUST_CHECK;
/* {"inventory": …, "plugin_data": …}; ERROR_NOT_FOUND when there is none. */
struct error *inspection_read(struct node *node, struct json **ret) MUST_CHECK;

#endif
