/* SPDX-License-Identifier: Apache-2.0 */
/* Making, loading and freeing the registry of nodes and ports. */
#ifndef OPERATOR_CONDUCTOR_NODE_STORE_H
#define OPERATOR_CONDUCTOR_NODE_STORE_H

#include "lib/data/error.h"

struct conductor;

void node_store_init(struct conductor *conductor);
struct error *node_store_load(struct conductor *conductor) MUST_CHECK; /* from the database */
void node_store_release(struct conductor *conductor);

#endif
