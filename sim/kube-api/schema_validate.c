/* SPDX-License-Identifier: Apache-2.0 */
/* Validates objects by their schema, with the wording of KAPI-150…152. */
#include "sim/kube-api/schema.h"

#include <math.h>

#include "lib/data/vec.h"
#include "sim/kube-api/cel.h"

struct validation {
    struct kapi_causes *causes;
};

static void validate(struct validation *run, const struct kapi_schema *schema, const struct json *value,
                     const struct kapi_path *path);

/* The word that messages use for the type of a value. */
static const char *type_word(const struct json *value)
{
    if (json_is(value, JSON_NUMBER))
        return json_is_integer(value) ? "integer" : "number";
    return json_is(value, JSON_BOOL) ? "boolean" : json_type_name(json_type(value));
}

static bool type_fits(enum kapi_schema_type type, const struct json *value)
{
    switch (type) {
    case SCHEMA_ANY:
        return true;
    case SCHEMA_OBJECT:
        return json_is(value, JSON_OBJECT);
    case SCHEMA_ARRAY:
        return json_is(value, JSON_ARRAY);
    case SCHEMA_STRING:
        return json_is(value, JSON_STRING);
    case SCHEMA_INTEGER:
        return json_is_integer(value);
    case SCHEMA_NUMBER:
        return json_is(value, JSON_NUMBER);
    case SCHEMA_BOOLEAN:
        return json_is(value, JSON_BOOL);
    case SCHEMA_INT_OR_STRING:
        return json_is_integer(value) || json_is(value, JSON_STRING);
    }
    return false;
}

static const char *schema_type_word(enum kapi_schema_type type)
{
    static const char *const words[] = {[SCHEMA_ANY] = "object",      [SCHEMA_OBJECT] = "object",
                                        [SCHEMA_ARRAY] = "array",     [SCHEMA_STRING] = "string",
                                        [SCHEMA_INTEGER] = "integer", [SCHEMA_NUMBER] = "number",
                                        [SCHEMA_BOOLEAN] = "boolean", [SCHEMA_INT_OR_STRING] = "integer,string"};
    return words[type];
}

/* Adds "Invalid value: <value>: <path> in body <text>". */
static void add_invalid(struct validation *run, const struct kapi_path *path, const struct json *value, const char *fmt,
                        ...) __attribute__((format(printf, 4, 5)));

static void add_invalid(struct validation *run, const struct kapi_path *path, const struct json *value, const char *fmt,
                        ...)
{
    CLEANUP_FREE char *field = kapi_path_text(path);
    CLEANUP_FREE char *shown = json_print(value);
    va_list args;
    va_start(args, fmt);
    CLEANUP_FREE char *text = mem_vprintf(fmt, args);
    va_end(args);
    kapi_causes_add(run->causes, KAPI_INVALID, field, "Invalid value: %s: %s in body %s", shown, field, text);
}

static void check_enum(struct validation *run, const struct kapi_schema *schema, const struct json *value,
                       const struct kapi_path *path)
{
    JSON_FOREACH (allowed, schema->enumeration) {
        if (json_equal(allowed, value))
            return;
    }
    CLEANUP_STRBUF struct strbuf list = STRBUF_INIT;
    JSON_FOREACH (allowed, schema->enumeration) {
        if (list.len)
            strbuf_adds(&list, ", ");
        json_print_to(allowed, &list);
    }
    CLEANUP_FREE char *field = kapi_path_text(path);
    CLEANUP_FREE char *shown = json_print(value);
    kapi_causes_add(run->causes, KAPI_NOT_SUPPORTED, field, "Unsupported value: %s: supported values: %s", shown,
                    strbuf_str(&list));
}

static void check_number(struct validation *run, const struct kapi_schema *schema, const struct json *value,
                         const struct kapi_path *path)
{
    double number = json_number(value, "", 0);

    if (schema->has_minimum && (schema->exclusive_minimum ? number <= schema->minimum : number < schema->minimum))
        add_invalid(run, path, value, "should be greater than %s%.15g", schema->exclusive_minimum ? "" : "or equal to ",
                    schema->minimum);
    if (schema->has_maximum && (schema->exclusive_maximum ? number >= schema->maximum : number > schema->maximum))
        add_invalid(run, path, value, "should be less than %s%.15g", schema->exclusive_maximum ? "" : "or equal to ",
                    schema->maximum);
    if (schema->multiple_of != 0 && fabs(remainder(number, schema->multiple_of)) > 1e-9)
        add_invalid(run, path, value, "should be a multiple of %.15g", schema->multiple_of);
}

static int64_t code_points(const char *text)
{
    int64_t count = 0;

    for (; *text; text++)
        count += (*text & 0xc0) != 0x80;
    return count;
}

static void check_string(struct validation *run, const struct kapi_schema *schema, const struct json *value,
                         const struct kapi_path *path)
{
    const char *text = json_str(value, "");

    if (schema->min_length >= 0 && code_points(text) < schema->min_length)
        add_invalid(run, path, value, "should be at least %lld chars long", (long long)schema->min_length);
    if (schema->max_length >= 0 && code_points(text) > schema->max_length) {
        CLEANUP_FREE char *field = kapi_path_text(path);
        kapi_causes_add(run->causes, KAPI_TOO_LONG, field, "Too long: may not be more than %lld bytes",
                        (long long)schema->max_length);
    }
    if (schema->regex && !kapi_regex_matches(schema->regex, text))
        add_invalid(run, path, value, "should match '%s'", schema->pattern);
}

/* The members of an item that make its key, as an object. */
static struct json *item_key(const struct kapi_schema *schema, const struct json *item)
{
    if (schema->list_type == LIST_SET)
        return json_copy(item);
    struct json *key = json_new_object();
    for (char **name = schema->list_keys; *name; name++) {
        const struct json *part = json_member(item, *name);
        if (part)
            json_put(key, *name, json_copy(part));
    }
    return key;
}

/* Keys of list-map items must be there, or have a default that was filled in before (KAPI-160). */
static void check_keys_present(struct validation *run, const struct kapi_schema *schema, const struct json *item,
                               const struct kapi_path *path)
{
    for (char **name = schema->list_keys; schema->list_type == LIST_MAP && *name; name++) {
        bool required = false;
        for (char **known = schema->items ? schema->items->required : NULL; known && *known; known++)
            required = required || str_equal(*known, *name);
        if (json_member(item, *name) || required || !json_is(item, JSON_OBJECT))
            continue;
        struct kapi_path step = {path, *name, 0};
        CLEANUP_FREE char *field = kapi_path_text(&step);
        kapi_causes_add(run->causes, KAPI_REQUIRED, field, "Required value");
    }
}

static void check_duplicates(struct validation *run, const struct kapi_schema *schema, const struct json *value,
                             const struct kapi_path *path)
{
    CLEANUP(map_free) struct map *seen = map_new(NULL);
    struct kapi_path step = {path, NULL, 0};

    JSON_FOREACH (item, value) {
        CLEANUP(json_free) struct json *key = item_key(schema, item);
        CLEANUP_FREE char *text = json_print(key);
        check_keys_present(run, schema, item, &step);
        if (map_get(seen, text)) {
            CLEANUP_FREE char *field = kapi_path_text(&step);
            kapi_causes_add(run->causes, KAPI_DUPLICATE, field, "Duplicate value: %s", text);
        }
        map_set(seen, text, item);
        step.index++;
    }
}

static void check_array(struct validation *run, const struct kapi_schema *schema, const struct json *value,
                        const struct kapi_path *path)
{
    int64_t len = (int64_t)json_len(value);

    if (schema->max_items >= 0 && len > schema->max_items) {
        CLEANUP_FREE char *field = kapi_path_text(path);
        kapi_causes_add(run->causes, KAPI_TOO_MANY, field, "Too many: %lld: must have at most %lld items",
                        (long long)len, (long long)schema->max_items);
    }
    if (schema->min_items >= 0 && len < schema->min_items) {
        CLEANUP(json_free) struct json *count = json_new_int(len);
        add_invalid(run, path, count, "should have at least %lld items", (long long)schema->min_items);
    }
    /* Built-in kinds have rules of their own. */
    if (schema->list_type != LIST_ATOMIC && !schema->drop_nulls)
        check_duplicates(run, schema, value, path);
    if (!schema->items)
        return;
    struct kapi_path step = {path, NULL, 0};
    JSON_FOREACH (item, value) {
        validate(run, schema->items, item, &step);
        step.index++;
    }
}

static void check_embedded(struct validation *run, const struct json *value, const struct kapi_path *path)
{
    static const char *const needed[] = {"apiVersion", "kind"};

    for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
        if (!str_is_empty(json_str(json_member(value, needed[i]), "")))
            continue;
        struct kapi_path step = {path, needed[i], 0};
        CLEANUP_FREE char *field = kapi_path_text(&step);
        kapi_causes_add(run->causes, KAPI_REQUIRED, field, "Required value: must not be empty");
    }
}

static void check_object(struct validation *run, const struct kapi_schema *schema, const struct json *value,
                         const struct kapi_path *path)
{
    int64_t len = (int64_t)json_len(value);

    for (char **name = schema->required; name && *name; name++) {
        if (json_member(value, *name))
            continue;
        struct kapi_path step = {path, *name, 0};
        CLEANUP_FREE char *field = kapi_path_text(&step);
        kapi_causes_add(run->causes, KAPI_REQUIRED, field, "Required value");
    }
    if (schema->min_properties >= 0 && len < schema->min_properties) {
        CLEANUP(json_free) struct json *count = json_new_int(len);
        add_invalid(run, path, count, "should have at least %lld properties", (long long)schema->min_properties);
    }
    if (schema->max_properties >= 0 && len > schema->max_properties) {
        CLEANUP_FREE char *field = kapi_path_text(path);
        kapi_causes_add(run->causes, KAPI_TOO_MANY, field, "Too many: %lld: must have at most %lld items",
                        (long long)len, (long long)schema->max_properties);
    }
    if (schema->embedded_resource)
        check_embedded(run, value, path);
    JSON_FOREACH (child, value) {
        const struct kapi_schema *member = kapi_schema_member(schema, json_key(child));
        struct kapi_path step = {path, json_key(child), 0};
        if (member)
            validate(run, member, child, &step);
    }
}

static bool fits(const struct kapi_schema *schema, const struct json *value, const struct kapi_path *path)
{
    CLEANUP_CAUSES struct kapi_causes causes = {0};
    struct validation run = {&causes};

    validate(&run, schema, value, path);
    return !kapi_causes_len(&causes);
}

static void check_alternatives(struct validation *run, const struct kapi_schema *schema, const struct json *value,
                               const struct kapi_path *path)
{
    size_t any = 0, one = 0;

    VEC_FOREACH (part, &schema->all_of)
        validate(run, *part, value, path);
    VEC_FOREACH (part, &schema->any_of)
        any += fits(*part, value, path);
    VEC_FOREACH (part, &schema->one_of)
        one += fits(*part, value, path);
    if (schema->any_of.len && !any)
        add_invalid(run, path, value, "must validate at least one schema (anyOf)");
    if (schema->one_of.len && one != 1)
        add_invalid(run, path, value, "must validate one and only one schema (oneOf). Found %zu valid alternatives",
                    one);
    if (schema->negated && fits(schema->negated, value, path))
        add_invalid(run, path, value, "must not validate the schema (not)");
}

static void validate(struct validation *run, const struct kapi_schema *schema, const struct json *value,
                     const struct kapi_path *path)
{
    if (json_is(value, JSON_NULL) && schema->nullable)
        return;
    if (!type_fits(schema->type, value)) {
        CLEANUP_FREE char *field = kapi_path_text(path);
        kapi_causes_add(run->causes, KAPI_TYPE_INVALID, field,
                        "Invalid value: \"%s\": %s in body must be of type %s: \"%s\"", type_word(value), field,
                        schema_type_word(schema->type), type_word(value));
        return;
    }
    if (schema->enumeration)
        check_enum(run, schema, value, path);
    if (json_is(value, JSON_NUMBER))
        check_number(run, schema, value, path);
    else if (json_is(value, JSON_STRING))
        check_string(run, schema, value, path);
    else if (json_is(value, JSON_ARRAY))
        check_array(run, schema, value, path);
    else if (json_is(value, JSON_OBJECT))
        check_object(run, schema, value, path);
    if (schema->format && !kapi_format_valid(schema->format, value)) {
        CLEANUP_FREE char *shown = json_print(value);
        add_invalid(run, path, value, "must be of type %s: %s", schema->format, shown);
    }
    if (schema->all_of.len || schema->any_of.len || schema->one_of.len || schema->negated)
        check_alternatives(run, schema, value, path);
}

/* -- CEL rules -- */

static const struct json *find_old_item(const struct kapi_schema *schema, const struct json *item,
                                        const struct json *old)
{
    if (schema->list_type != LIST_MAP || !old)
        return NULL;
    CLEANUP(json_free) struct json *key = item_key(schema, item);
    JSON_FOREACH (candidate, old) {
        CLEANUP(json_free) struct json *other = item_key(schema, candidate);
        if (json_equal(key, other))
            return candidate;
    }
    return NULL;
}

static void rule_failed(struct validation *run, const struct kapi_rule *rule, const struct json *value,
                        const struct json *old, const struct kapi_path *path, const struct error *err)
{
    CLEANUP_FREE char *at = kapi_path_text(path);
    const char *suffix = rule->field_path && path ? rule->field_path : "";
    CLEANUP_FREE char *field = rule->field_path && !path ? mem_strdup(rule->field_path + (*rule->field_path == '.'))
                                                         : mem_printf("%s%s", at, suffix);
    CLEANUP_FREE char *type = mem_strdup(type_word(value));
    CLEANUP_FREE char *message = NULL;

    if (err) {
        message = mem_printf("rule evaluation error: %s", error_message(err));
    } else if (rule->message_expression) {
        CLEANUP(json_free) struct json *text = NULL;
        struct error *failed = kapi_cel_eval(rule->message_expression, value, old, &text);
        if (!failed && json_str(text, ""))
            message = mem_strdup(json_str(text, ""));
        error_free(failed);
    }
    if (!message)
        message = rule->message ? mem_strdup(rule->message) : mem_printf("failed rule: %s", rule->rule);
    const char *reason = str_or(rule->reason, KAPI_INVALID);
    if (str_equal(reason, KAPI_REQUIRED))
        kapi_causes_add(run->causes, reason, field, "Required value: %s", message);
    else if (str_equal(reason, KAPI_FIELD_FORBIDDEN))
        kapi_causes_add(run->causes, reason, field, "Forbidden: %s", message);
    else if (str_equal(reason, KAPI_DUPLICATE))
        kapi_causes_add(run->causes, reason, field, "Duplicate value: \"%s\"", type);
    else
        kapi_causes_add(run->causes, KAPI_INVALID, field, "Invalid value: \"%s\": %s", type, message);
}

static void check_rules(struct validation *run, const struct kapi_schema *schema, const struct json *value,
                        const struct json *old, const struct kapi_path *path)
{
    VEC_FOREACH (rule, &schema->rules) {
        if (!rule->cel || (kapi_cel_uses_old_self(rule->cel) && !old))
            continue;
        CLEANUP(json_free) struct json *result = NULL;
        CLEANUP(error_free) struct error *err = kapi_cel_eval(rule->cel, value, old, &result);
        if (err || !json_bool(result, "", false))
            rule_failed(run, rule, value, old, path, err);
    }
}

static void run_rules(struct validation *run, const struct kapi_schema *schema, const struct json *value,
                      const struct json *old, const struct kapi_path *path)
{
    if (json_is(value, JSON_NULL))
        return;
    check_rules(run, schema, value, old, path);
    if (json_is(value, JSON_OBJECT)) {
        JSON_FOREACH (child, value) {
            const struct kapi_schema *member = kapi_schema_member(schema, json_key(child));
            struct kapi_path step = {path, json_key(child), 0};
            if (member)
                run_rules(run, member, child, json_member(old, json_key(child)), &step);
        }
    } else if (json_is(value, JSON_ARRAY) && schema->items) {
        struct kapi_path step = {path, NULL, 0};
        JSON_FOREACH (item, value) {
            run_rules(run, schema->items, item, find_old_item(schema, item, old), &step);
            step.index++;
        }
    }
}

static bool has_rules(const struct kapi_schema *schema)
{
    if (!schema)
        return false;
    if (schema->rules.len || has_rules(schema->items) || has_rules(schema->additional))
        return true;
    struct map_iter it = {0};
    while (schema->properties && map_next(schema->properties, &it)) {
        if (has_rules(it.value))
            return true;
    }
    return false;
}

void kapi_schema_validate(const struct kapi_schema *schema, const struct json *value, const struct json *old,
                          struct kapi_causes *causes)
{
    struct validation run = {causes};
    size_t before = kapi_causes_len(causes);

    validate(&run, schema, value, NULL);
    if (!has_rules(schema))
        return;
    if (kapi_causes_len(causes) == before)
        run_rules(&run, schema, value, old, NULL);
    else
        kapi_causes_add(causes, KAPI_INVALID, "<nil>",
                        "Invalid value: null: some validation rules were not checked because the object was invalid; "
                        "correct the existing errors to complete validation");
}
