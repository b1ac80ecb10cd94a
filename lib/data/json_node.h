/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside of the JSON module: `struct json` is a cJSON node, and this is the only header that says so.
 *
 * The tree, its links and its release are cJSON's; reading and printing are ours, because cJSON's accept what the Kubernetes API
 * rejects, and lose integers above 2^53. A node is one allocation: its name and text stand behind it, marked with
 * cJSON_StringIsConst and cJSON_IsReference so that cJSON_Delete() frees them with the node. As in cJSON, the first child's
 * `prev` is the last child.
 */
#ifndef LIB_DATA_JSON_NODE_H
#define LIB_DATA_JSON_NODE_H

#include <cjson/cJSON.h>

#include "lib/data/json.h"

#define JSON_EXACT_MAX INT64_C(9007199254740992) /* 2^53: integers up to it are exact as a double */

static inline cJSON *json_node(const struct json *value)
{
    return (cJSON *)value;
}

static inline struct json *json_value(cJSON *node)
{
    return (struct json *)node;
}

static inline int json_node_type(const cJSON *node)
{
    return node->type & 0xff;
}

/* A node of cJSON type `type`; `name` and `text` may be NULL. The bytes are copied behind the node. */
cJSON *json_node_new(int type, const char *name, size_t name_len, const char *text, size_t text_len);
/* Gives the node another name, or none. */
void json_node_rename(cJSON *node, const char *name, size_t len);
/* Links a node that has no parent in front of `before`, or at the end when that is NULL. */
void json_node_link(cJSON *parent, cJSON *node, cJSON *before);
void json_node_unlink(cJSON *parent, cJSON *node);
/* Puts `node` where `old` was, and frees `old`. */
void json_node_replace(cJSON *parent, cJSON *old, cJSON *node);
cJSON *json_node_member(const cJSON *object, const char *name, size_t len);

/*
 * The next name of a path, with its escapes resolved. Short names that have no escape stay where they are.
 * Start: `struct json_step step = {.rest = path}`; json_step_next() is false at the end; json_step_release() at last.
 */
struct json_step {
    const char *rest;
    const char *name;
    size_t len;
    char *unescaped;
};
bool json_step_next(struct json_step *step);
void json_step_release(struct json_step *step);
/* True when the name is an array index; there is no limit but size_t's. */
bool json_step_index(const struct json_step *step, size_t *ret);

/* The path as people write it: "spec.bmc.address", "conditions[0].type". */
void json_path_describe(const char *path, struct strbuf *out);

#endif
