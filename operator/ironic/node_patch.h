/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The JSON Patch of one step for an Ironic node: only what differs from the node is sent; "add" also replaces, and
 * nothing else but "add" and "remove" is used (BMO-533, IRO-066).
 */
#ifndef OPERATOR_IRONIC_NODE_PATCH_H
#define OPERATOR_IRONIC_NODE_PATCH_H

#include "lib/data/json.h"

struct node_patch {
    const struct json *node; /* borrowed: the node as read; NULL: as if it were empty */
    struct json *operations; /* NULL until there is one */
};

/* Wishes `path` ("instance_info/root_device", no leading slash) to be `value`, taken over; NULL wishes it away. */
void node_patch_set(struct node_patch *patch, const char *path, struct json *value);
void node_patch_str(struct node_patch *patch, const char *path, const char *value); /* NULL wishes it away */
void node_patch_bool(struct node_patch *patch, const char *path, bool value);
void node_patch_release(struct node_patch *patch);
#define CLEANUP_NODE_PATCH __attribute__((cleanup(node_patch_release)))

#endif
