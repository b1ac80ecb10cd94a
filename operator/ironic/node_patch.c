/* SPDX-License-Identifier: Apache-2.0 */
/* Builds node patches: compares first, so that an unchanged node costs no request. */
#include "operator/ironic/node_patch.h"

static void add_operation(struct node_patch *patch, const char *op, const char *path, struct json *value)
{
    struct json *operation = json_new_object();

    json_set_str(operation, "op", op);
    json_set_printf(operation, "path", "/%s", path);
    if (value)
        json_set(operation, "value", value);
    if (!patch->operations)
        patch->operations = json_new_array();
    json_append(patch->operations, operation);
}

void node_patch_set(struct node_patch *patch, const char *path, struct json *value)
{
    const struct json *present = json_get(patch->node, path);

    if (!value) {
        if (present && !json_is(present, JSON_NULL))
            add_operation(patch, "remove", path, NULL);
        return;
    }
    if (present && json_equal(present, value))
        json_free(value);
    else
        add_operation(patch, "add", path, value);
}

void node_patch_str(struct node_patch *patch, const char *path, const char *value)
{
    node_patch_set(patch, path, value ? json_new_string(value) : NULL);
}

void node_patch_bool(struct node_patch *patch, const char *path, bool value)
{
    node_patch_set(patch, path, json_new_bool(value));
}

void node_patch_release(struct node_patch *patch)
{
    json_free(patch->operations);
    patch->operations = NULL;
}
