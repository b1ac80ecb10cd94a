/* SPDX-License-Identifier: Apache-2.0 */
/* JSON Patch works on a copy that takes the document's place when every operation succeeded; merge patches cannot fail. */
#include "lib/data/jsonpatch.h"

#include <string.h>

#include "lib/data/json_node.h"

#define OPERATIONS_MAX 10000         /* as the Kubernetes API server */
#define COPIED_MAX (3 * 1024 * 1024) /* bytes of text that all "copy" operations together may add */

/* One operation, and the document that it works on. */
struct operation {
    struct json **document;
    const char *path;
    const char *from;         /* move, copy */
    const struct json *value; /* add, replace, test */
    size_t *copied;           /* bytes that were copied so far */
};

/* A place that a pointer names: the last step below an existing parent. */
struct target {
    cJSON *parent; /* NULL: the whole document */
    cJSON *node;   /* NULL: nothing there */
    struct json_step step;
};

static struct error *no_such_path(const char *path)
{
    return error_new(ERROR_NOT_FOUND, "there is no \"%s\"", path);
}

static cJSON *child_of(const cJSON *parent, const struct json_step *step)
{
    size_t index;
    if (json_node_type(parent) == cJSON_Object)
        return json_node_member(parent, step->name, step->len);
    return json_step_index(step, &index) ? json_node(json_item((const struct json *)parent, index)) : NULL;
}

/* Finds the parent of what `path` names. The caller releases ret->step, also after an error. */
static struct error *resolve(struct json *document, const char *path, struct target *ret)
{
    *ret = (struct target){.node = json_node(document)};
    if (*path == '\0')
        return NULL;
    if (*path != '/')
        return error_new(ERROR_INVALID, "the path must begin with a slash");
    ret->step = (struct json_step){.rest = path + 1, .name = ""};
    while (json_step_next(&ret->step)) {
        if (!ret->node || (json_node_type(ret->node) != cJSON_Object && json_node_type(ret->node) != cJSON_Array))
            return no_such_path(path);
        ret->parent = ret->node;
        ret->node = child_of(ret->parent, &ret->step);
    }
    return NULL;
}

/* Puts `value`, which it takes over, at the target: "add" inserts into arrays. */
static struct error *target_add(struct json **document, const struct target *target, const char *path,
                                struct json *value)
{
    CLEANUP(json_free) struct json *owned = value;
    const struct json_step *step = &target->step;
    if (!target->parent) {
        json_free(*document);
        *document = TAKE_PTR(owned);
        return NULL;
    }
    if (json_node_type(target->parent) == cJSON_Object) {
        CLEANUP_FREE char *name = mem_strndup(step->name, step->len);
        json_put(json_value(target->parent), name, TAKE_PTR(owned));
        return NULL;
    }
    size_t index, len = json_len(json_value(target->parent));
    if (step->len == 1 && step->name[0] == '-')
        index = len;
    else if (!json_step_index(step, &index))
        return error_new(ERROR_INVALID, "\"%s\" does not end in an array index", path);
    if (index > len)
        return no_such_path(path);
    json_insert(json_value(target->parent), index, TAKE_PTR(owned));
    return NULL;
}

static struct error *add_at(struct json **document, const char *path, struct json *value)
{
    struct target target;
    struct error *err = resolve(*document, path, &target);
    if (err)
        json_free(value);
    else
        err = target_add(document, &target, path, value);
    json_step_release(&target.step);
    return err;
}

/* Finds what exists at `path`; *ret_parent is NULL for the whole document. */
static struct error *find(struct json *document, const char *path, cJSON **ret_parent, cJSON **ret)
{
    struct target target;
    struct error *err = resolve(document, path, &target);
    json_step_release(&target.step);
    TRY(err);
    if (!target.node)
        return no_such_path(path);
    *ret_parent = target.parent;
    *ret = target.node;
    return NULL;
}

static struct error *op_add(struct operation *op)
{
    return add_at(op->document, op->path, json_copy(op->value));
}

static struct error *op_remove(struct operation *op)
{
    cJSON *parent = NULL, *node = NULL;
    TRY(find(*op->document, op->path, &parent, &node));
    if (!parent)
        return error_new(ERROR_INVALID, "the whole document cannot be removed");
    json_node_unlink(parent, node);
    json_free(json_value(node));
    return NULL;
}

static struct error *op_replace(struct operation *op)
{
    cJSON *parent = NULL, *node = NULL;
    TRY(find(*op->document, op->path, &parent, &node));
    if (!parent)
        return add_at(op->document, "", json_copy(op->value));
    cJSON *item = json_node(json_copy(op->value));
    if (node->string)
        json_node_rename(item, node->string, strlen(node->string));
    json_node_replace(parent, node, item);
    return NULL;
}

static struct error *op_move(struct operation *op)
{
    cJSON *parent = NULL, *node = NULL;
    TRY(find(*op->document, op->from, &parent, &node));
    size_t len = strlen(op->from);
    if (strcmp(op->from, op->path) == 0)
        return NULL;
    if (!parent || (strncmp(op->path, op->from, len) == 0 && op->path[len] == '/'))
        return error_new(ERROR_INVALID, "\"%s\" cannot be moved into itself", op->from);
    json_node_unlink(parent, node);
    json_node_rename(node, NULL, 0);
    return add_at(op->document, op->path, json_value(node));
}

static struct error *op_copy(struct operation *op)
{
    cJSON *parent = NULL, *node = NULL;
    TRY(find(*op->document, op->from, &parent, &node));
    struct strbuf text = STRBUF_INIT_MAX(COPIED_MAX);
    json_print_to(json_value(node), &text);
    *op->copied += text.len;
    bool too_much = text.overflow || *op->copied > COPIED_MAX;
    strbuf_release(&text);
    if (too_much)
        return error_new(ERROR_INVALID, "the patch copies more than %d bytes", COPIED_MAX);
    return add_at(op->document, op->path, json_copy(json_value(node)));
}

static struct error *op_test(struct operation *op)
{
    cJSON *parent = NULL, *node = NULL;
    TRY(find(*op->document, op->path, &parent, &node));
    if (!json_equal(json_value(node), op->value))
        return error_new(ERROR_CONFLICT, "the value differs from the one that the test expects");
    return NULL;
}

static const struct verb {
    const char *name;
    struct error *(*run)(struct operation *op);
    bool needs_value, needs_from;
} verbs[] = {
    {"add", op_add, .needs_value = true},         {"remove", op_remove},
    {"replace", op_replace, .needs_value = true}, {"move", op_move, .needs_from = true},
    {"copy", op_copy, .needs_from = true},        {"test", op_test, .needs_value = true},
};

static const struct verb *verb_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
        if (str_equal(verbs[i].name, name))
            return &verbs[i];
    return NULL;
}

static struct error *run_operation(struct json **document, const struct json *item, size_t *copied)
{
    const char *name = json_str(item, "op");
    const struct verb *verb = verb_find(name);
    struct operation op = {
        .document = document,
        .path = json_str(item, "path"),
        .from = json_str(item, "from"),
        .value = json_get(item, "value"),
        .copied = copied,
    };
    if (!verb)
        return error_new(ERROR_INVALID, "\"op\" must be add, remove, replace, move, copy or test, not \"%.40s\"",
                         name ? name : "");
    if (!op.path)
        return error_new(ERROR_INVALID, "\"path\" is missing or no string");
    if (verb->needs_from && !op.from)
        return error_new(ERROR_INVALID, "\"from\" is missing or no string");
    if (verb->needs_value && !op.value)
        return error_new(ERROR_INVALID, "\"value\" is missing");
    return verb->run(&op);
}

struct error *json_patch_apply(struct json **document, const struct json *operations)
{
    if (!json_is(operations, JSON_ARRAY))
        return error_new(ERROR_INVALID, "a JSON patch must be an array of operations, not %s",
                         json_type_name(json_type(operations)));
    if (json_len(operations) > OPERATIONS_MAX)
        return error_new(ERROR_INVALID, "a JSON patch may have at most %d operations", OPERATIONS_MAX);
    CLEANUP(json_free) struct json *copy = json_copy(*document);
    size_t copied = 0, index = 0;
    JSON_FOREACH (item, operations) {
        struct error *err = run_operation(&copy, item, &copied);
        if (err)
            return error_wrap(err, "patch operation %zu (%.20s %.200s)", index, json_str_or(item, "op", "?"),
                              json_str_or(item, "path", "?"));
        index++;
    }
    json_free(*document);
    *document = TAKE_PTR(copy);
    return NULL;
}

/* Applies members of `patch` to an object. */
static void merge_object(struct json *object, const struct json *patch)
{
    JSON_FOREACH (change, patch) {
        const char *name = json_key(change);
        if (json_is(change, JSON_NULL)) {
            json_remove_member(object, name);
        } else if (!json_is(change, JSON_OBJECT)) {
            json_put(object, name, json_copy(change));
        } else {
            struct json *member = json_member(object, name);
            if (!json_is(member, JSON_OBJECT)) {
                member = json_new_object();
                json_put(object, name, member);
            }
            merge_object(member, change);
        }
    }
}

void json_merge_apply(struct json **document, const struct json *patch)
{
    if (!json_is(patch, JSON_OBJECT) || !json_is(*document, JSON_OBJECT)) {
        json_free(*document);
        *document = json_is(patch, JSON_OBJECT) ? json_new_object() : json_copy(patch);
    }
    if (json_is(patch, JSON_OBJECT))
        merge_object(*document, patch);
}

struct json *json_merge_diff(const struct json *from, const struct json *to)
{
    if (json_equal(from, to))
        return NULL;
    if (!json_is(from, JSON_OBJECT) || !json_is(to, JSON_OBJECT))
        return json_copy(to);
    struct json *patch = json_new_object();
    JSON_FOREACH (old, from) {
        if (!json_member(to, json_key(old)))
            json_put(patch, json_key(old), json_new_null());
    }
    JSON_FOREACH (new, to) {
        const struct json *old = json_member(from, json_key(new));
        struct json *change = old ? json_merge_diff(old, new) : json_copy(new);
        if (change)
            json_put(patch, json_key(new), change);
    }
    return patch;
}
