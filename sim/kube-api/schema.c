/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles structural schemas, from CRDs and from the tables of built-in kinds. */
#include "sim/kube-api/schema.h"

#include "lib/data/vec.h"
#include "sim/kube-api/cel.h"

static const char *const type_names[] = {
    [SCHEMA_OBJECT] = "object",   [SCHEMA_ARRAY] = "array",   [SCHEMA_STRING] = "string",
    [SCHEMA_INTEGER] = "integer", [SCHEMA_NUMBER] = "number", [SCHEMA_BOOLEAN] = "boolean"};

static void free_schema_value(void *schema)
{
    kapi_schema_free(schema);
}

static struct kapi_schema *schema_new(enum kapi_schema_type type)
{
    struct kapi_schema *schema = mem_alloc(sizeof(*schema));

    schema->type = type;
    schema->min_length = schema->max_length = schema->min_items = schema->max_items = -1;
    schema->min_properties = schema->max_properties = -1;
    return schema;
}

static void free_rules(struct kapi_schema *schema)
{
    VEC_FOREACH (rule, &schema->rules) {
        kapi_cel_free(rule->cel);
        kapi_cel_free(rule->message_expression);
        free(rule->rule);
        free(rule->message);
        free(rule->reason);
        free(rule->field_path);
    }
    VEC_RELEASE(&schema->rules);
}

void kapi_schema_free(struct kapi_schema *schema)
{
    if (!schema)
        return;
    map_free(schema->properties);
    kapi_schema_free(schema->additional);
    kapi_schema_free(schema->items);
    kapi_schema_free(schema->negated);
    for (size_t i = 0; i < schema->all_of.len; i++)
        kapi_schema_free(schema->all_of.items[i]);
    for (size_t i = 0; i < schema->any_of.len; i++)
        kapi_schema_free(schema->any_of.items[i]);
    for (size_t i = 0; i < schema->one_of.len; i++)
        kapi_schema_free(schema->one_of.items[i]);
    VEC_RELEASE(&schema->all_of);
    VEC_RELEASE(&schema->any_of);
    VEC_RELEASE(&schema->one_of);
    free_rules(schema);
    str_list_free(schema->required);
    str_list_free(schema->list_keys);
    json_free(schema->enumeration);
    json_free(schema->default_value);
    kapi_regex_free(schema->regex);
    free(schema->pattern);
    free(schema->format);
    free(schema->merge_key);
    free(schema);
}

const struct kapi_schema *kapi_schema_member(const struct kapi_schema *schema, const char *name)
{
    const struct kapi_schema *property = schema && schema->properties ? map_get(schema->properties, name) : NULL;

    if (property)
        return property;
    return schema ? schema->additional : NULL;
}

/* -- from the tables -- */

static struct kapi_schema *field_schema(const struct kapi_field *field)
{
    switch (field->type) {
    case KAPI_BOOL:
        return schema_new(SCHEMA_BOOLEAN);
    case KAPI_INT32:
    case KAPI_INT64: {
        struct kapi_schema *schema = schema_new(SCHEMA_INTEGER);
        schema->format = mem_strdup(field->type == KAPI_INT32 ? "int32" : "int64");
        return schema;
    }
    case KAPI_INT_OR_STRING:
    case KAPI_QUANTITY:
        return schema_new(SCHEMA_INT_OR_STRING);
    case KAPI_TIME:
    case KAPI_MICROTIME: {
        struct kapi_schema *schema = schema_new(SCHEMA_STRING);
        schema->format = mem_strdup("date-time");
        schema->nullable = true;
        return schema;
    }
    case KAPI_FIELDS:
    case KAPI_ANY: {
        struct kapi_schema *schema = schema_new(SCHEMA_ANY);
        schema->preserve_unknown = true;
        schema->map_atomic = field->type == KAPI_FIELDS;
        return schema;
    }
    case KAPI_MESSAGE:
        return kapi_schema_from_message(field->message);
    case KAPI_BYTES: {
        struct kapi_schema *schema = schema_new(SCHEMA_STRING);
        schema->format = mem_strdup("byte");
        return schema;
    }
    case KAPI_STRING:
        break;
    }
    return schema_new(SCHEMA_STRING);
}

static struct kapi_schema *list_schema(const struct kapi_field *field)
{
    struct kapi_schema *schema = schema_new(SCHEMA_ARRAY);

    schema->items = field_schema(field);
    schema->drop_nulls = true;
    schema->merge_key = mem_strdup(field->merge_key);
    if (!field->list_keys)
        return schema;
    schema->list_type = *field->list_keys ? LIST_MAP : LIST_SET;
    if (*field->list_keys)
        schema->list_keys = str_split(field->list_keys, ',');
    return schema;
}

struct kapi_schema *kapi_schema_from_message(const struct kapi_message *message)
{
    struct kapi_schema *schema = schema_new(SCHEMA_OBJECT);

    schema->map_atomic = message->atomic;
    schema->drop_nulls = true;
    schema->properties = map_new(free_schema_value);
    for (const struct kapi_field *field = message->fields; field->name; field++) {
        struct kapi_schema *member;
        if (field->shape == KAPI_LIST) {
            member = list_schema(field);
        } else if (field->shape == KAPI_MAP) {
            member = schema_new(SCHEMA_OBJECT);
            member->additional = field_schema(field);
            member->map_atomic = field->list_keys != NULL;
            member->drop_nulls = true;
        } else {
            member = field_schema(field);
        }
        map_set(schema->properties, field->name, member);
    }
    return schema;
}

/* -- from a CRD -- */

struct compiler {
    struct kapi_causes *causes;
};

static struct kapi_schema *compile(struct compiler *compiler, const struct json *text, const char *path,
                                   bool checks_only);

static void compile_type(struct compiler *compiler, struct kapi_schema *schema, const struct json *text,
                         const char *path, bool checks_only)
{
    const char *type = json_str_or(text, "type", "");
    CLEANUP_FREE char *field = mem_printf("%s.type", path);

    if (json_bool(text, "x-kubernetes-int-or-string", false)) {
        schema->type = SCHEMA_INT_OR_STRING;
        return;
    }
    for (size_t i = 0; i < ARRAY_SIZE(type_names); i++) {
        if (type_names[i] && str_equal(type_names[i], type))
            schema->type = (enum kapi_schema_type)i;
    }
    if (schema->type != SCHEMA_ANY || checks_only)
        return;
    if (*type)
        kapi_causes_add(compiler->causes, KAPI_NOT_SUPPORTED, field,
                        "Unsupported value: \"%s\": supported values: \"array\", \"boolean\", \"integer\", \"number\", "
                        "\"object\", \"string\"",
                        type);
    else if (!schema->preserve_unknown)
        kapi_causes_add(compiler->causes, KAPI_REQUIRED, field,
                        "Required value: must not be empty for specified object fields");
}

static void compile_numbers(struct kapi_schema *schema, const struct json *text)
{
    schema->has_minimum = json_is(json_member(text, "minimum"), JSON_NUMBER);
    schema->has_maximum = json_is(json_member(text, "maximum"), JSON_NUMBER);
    schema->minimum = json_number(text, "minimum", 0);
    schema->maximum = json_number(text, "maximum", 0);
    schema->exclusive_minimum = json_bool(text, "exclusiveMinimum", false);
    schema->exclusive_maximum = json_bool(text, "exclusiveMaximum", false);
    schema->multiple_of = json_number(text, "multipleOf", 0);
    schema->min_length = json_int(text, "minLength", -1);
    schema->max_length = json_int(text, "maxLength", -1);
    schema->min_items = json_int(text, "minItems", -1);
    schema->max_items = json_int(text, "maxItems", -1);
    schema->min_properties = json_int(text, "minProperties", -1);
    schema->max_properties = json_int(text, "maxProperties", -1);
}

static void compile_text(struct compiler *compiler, struct kapi_schema *schema, const struct json *text,
                         const char *path)
{
    schema->required = json_str_list(json_member(text, "required"));
    if (json_is(json_member(text, "enum"), JSON_ARRAY))
        schema->enumeration = json_copy(json_member(text, "enum"));
    schema->format = mem_strdup(json_str(text, "format"));
    schema->pattern = mem_strdup(json_str(text, "pattern"));
    if (!schema->pattern)
        return;
    struct error *err = kapi_regex_new(schema->pattern, &schema->regex);
    if (!err)
        return;
    CLEANUP_FREE char *field = mem_printf("%s.pattern", path);
    kapi_causes_add(compiler->causes, KAPI_INVALID, field,
                    "Invalid value: \"%s\": must be a valid regular expression, but isn't: %s", schema->pattern,
                    error_message(err));
    error_free(err);
}

static void compile_rules(struct compiler *compiler, struct kapi_schema *schema, const struct json *text,
                          const char *path)
{
    size_t index = 0;

    JSON_FOREACH (item, json_member(text, "x-kubernetes-validations")) {
        struct kapi_rule rule = {.rule = mem_strdup(json_str_or(item, "rule", "")),
                                 .message = mem_strdup(json_str(item, "message")),
                                 .reason = mem_strdup(json_str(item, "reason")),
                                 .field_path = mem_strdup(json_str(item, "fieldPath"))};
        const char *expression = json_str(item, "messageExpression");
        struct error *err = kapi_cel_compile(rule.rule, &rule.cel);
        const char *member = "rule";
        if (!err && expression) {
            err = kapi_cel_compile(expression, &rule.message_expression);
            member = "messageExpression";
        }
        if (err) {
            CLEANUP_FREE char *field = mem_printf("%s.x-kubernetes-validations[%zu].%s", path, index, member);
            kapi_causes_add(compiler->causes, KAPI_INVALID, field, "Invalid value: \"%s\": compilation failed: %s",
                            str_equal(member, "rule") ? rule.rule : expression, error_message(err));
            error_free(err);
        }
        VEC_PUSH(&schema->rules, rule);
        index++;
    }
}

static void compile_list(struct compiler *compiler, struct kapi_schema *schema, const struct json *text,
                         const char *path)
{
    const char *list_type = json_str_or(text, "x-kubernetes-list-type", "atomic");

    schema->list_type = str_equal(list_type, "set") ? LIST_SET : str_equal(list_type, "map") ? LIST_MAP : LIST_ATOMIC;
    schema->list_keys = json_str_list(json_member(text, "x-kubernetes-list-map-keys"));
    if (schema->list_type == LIST_MAP && !schema->list_keys) {
        CLEANUP_FREE char *field = mem_printf("%s.x-kubernetes-list-map-keys", path);
        kapi_causes_add(compiler->causes, KAPI_REQUIRED, field,
                        "Required value: must not be empty if x-kubernetes-list-type is map");
        schema->list_type = LIST_ATOMIC;
    }
    CLEANUP_FREE char *field = mem_printf("%s.items", path);
    if (json_is(json_member(text, "items"), JSON_OBJECT))
        schema->items = compile(compiler, json_member(text, "items"), field, false);
    else if (schema->type == SCHEMA_ARRAY)
        kapi_causes_add(compiler->causes, KAPI_REQUIRED, field, "Required value: must be specified");
}

static void compile_members(struct compiler *compiler, struct kapi_schema *schema, const struct json *text,
                            const char *path, bool checks_only)
{
    const struct json *properties = json_member(text, "properties"),
                      *additional = json_member(text, "additionalProperties");

    schema->map_atomic = str_equal(json_str(text, "x-kubernetes-map-type"), "atomic");
    if (json_len(properties)) {
        schema->properties = map_new(free_schema_value);
        JSON_FOREACH (property, properties) {
            CLEANUP_FREE char *field = mem_printf("%s.properties[%s]", path, json_key(property));
            map_set(schema->properties, json_key(property), compile(compiler, property, field, checks_only));
        }
    }
    if (!additional || (json_is(additional, JSON_BOOL) && !json_bool(additional, "", false)))
        return;
    CLEANUP_FREE char *field = mem_printf("%s.additionalProperties", path);
    if (schema->properties) {
        kapi_causes_add(compiler->causes, KAPI_FIELD_FORBIDDEN, field,
                        "Forbidden: additionalProperties and properties are mutual exclusive");
    } else if (json_is(additional, JSON_BOOL)) {
        schema->preserve_unknown = true;
    } else {
        schema->additional = compile(compiler, additional, field, checks_only);
    }
}

#define COMPILE_ALTERNATIVES(list, word)                                                                               \
    JSON_FOREACH (item, json_member(text, word)) {                                                                     \
        CLEANUP_FREE char *field = mem_printf("%s.%s[%zu]", path, word, (list)->len);                                  \
        VEC_PUSH(list, compile(compiler, item, field, true));                                                          \
    }

static void compile_alternatives(struct compiler *compiler, struct kapi_schema *schema, const struct json *text,
                                 const char *path)
{
    COMPILE_ALTERNATIVES(&schema->all_of, "allOf");
    COMPILE_ALTERNATIVES(&schema->any_of, "anyOf");
    COMPILE_ALTERNATIVES(&schema->one_of, "oneOf");
    if (json_is(json_member(text, "not"), JSON_OBJECT)) {
        CLEANUP_FREE char *field = mem_printf("%s.not", path);
        schema->negated = compile(compiler, json_member(text, "not"), field, true);
    }
}

static void check_forbidden(struct compiler *compiler, const struct json *text, const char *path)
{
    if (json_str(text, "$ref")) {
        CLEANUP_FREE char *field = mem_printf("%s.$ref", path);
        kapi_causes_add(compiler->causes, KAPI_FIELD_FORBIDDEN, field, "Forbidden: $ref is not supported");
    }
    if (json_bool(text, "uniqueItems", false)) {
        CLEANUP_FREE char *field = mem_printf("%s.uniqueItems", path);
        kapi_causes_add(compiler->causes, KAPI_FIELD_FORBIDDEN, field,
                        "Forbidden: uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
    }
}

static void compile_default(struct compiler *compiler, struct kapi_schema *schema, const struct json *text,
                            const char *path)
{
    const struct json *value = json_member(text, "default");

    if (!value)
        return;
    CLEANUP_CAUSES struct kapi_causes wrong = {0};
    CLEANUP(json_free) struct json *copy = json_copy(value);
    kapi_schema_default(schema, copy);
    kapi_schema_validate(schema, copy, NULL, &wrong);
    if (kapi_causes_len(&wrong)) {
        CLEANUP_FREE char *field = mem_printf("%s.default", path);
        kapi_causes_add(compiler->causes, KAPI_INVALID, field, "%s",
                        json_str_or(json_item(wrong.list, 0), "message", "Invalid value"));
    }
    schema->default_value = TAKE_PTR(copy);
}

static struct kapi_schema *compile(struct compiler *compiler, const struct json *text, const char *path,
                                   bool checks_only)
{
    struct kapi_schema *schema = schema_new(SCHEMA_ANY);

    schema->nullable = json_bool(text, "nullable", false);
    schema->preserve_unknown = json_bool(text, "x-kubernetes-preserve-unknown-fields", false);
    schema->embedded_resource = json_bool(text, "x-kubernetes-embedded-resource", false);
    check_forbidden(compiler, text, path);
    compile_type(compiler, schema, text, path, checks_only);
    compile_numbers(schema, text);
    compile_text(compiler, schema, text, path);
    compile_list(compiler, schema, text, path);
    compile_members(compiler, schema, text, path, checks_only);
    /* The anyOf of an int-or-string only spells out what the mark says. */
    if (schema->type != SCHEMA_INT_OR_STRING)
        compile_alternatives(compiler, schema, text, path);
    compile_rules(compiler, schema, text, path);
    compile_default(compiler, schema, text, path);
    return schema;
}

/* apiVersion, kind and metadata have the shape that every object has, whatever the CRD says. */
static void complete_root(struct compiler *compiler, struct kapi_schema *schema, const struct json *text,
                          const char *path)
{
    JSON_FOREACH (keyword, json_get(text, "properties/metadata")) {
        static const char *const allowed[] = {"type", "properties", "description", "nullable"};
        bool known = false;
        for (size_t i = 0; i < ARRAY_SIZE(allowed); i++)
            known = known || str_equal(allowed[i], json_key(keyword));
        if (!known) {
            CLEANUP_FREE char *field = mem_printf("%s.properties[metadata]", path);
            kapi_causes_add(compiler->causes, KAPI_FIELD_FORBIDDEN, field,
                            "Forbidden: must not specify anything other than name and generateName, but metadata is "
                            "implicitly specified");
            break;
        }
    }
    JSON_FOREACH (property, json_get(text, "properties/metadata/properties")) {
        if (str_equal(json_key(property), "name") || str_equal(json_key(property), "generateName"))
            continue;
        CLEANUP_FREE char *field = mem_printf("%s.properties[metadata]", path);
        kapi_causes_add(compiler->causes, KAPI_FIELD_FORBIDDEN, field,
                        "Forbidden: must not specify anything other than name and generateName, but metadata is "
                        "implicitly specified");
        break;
    }
    if (schema->type != SCHEMA_OBJECT && schema->type != SCHEMA_ANY) {
        CLEANUP_FREE char *field = mem_printf("%s.type", path);
        kapi_causes_add(compiler->causes, KAPI_INVALID, field, "Invalid value: \"%s\": must be object at the root",
                        json_str_or(text, "type", ""));
    }
    schema->type = SCHEMA_OBJECT;
    if (!schema->properties)
        schema->properties = map_new(free_schema_value);
    map_set(schema->properties, "apiVersion", schema_new(SCHEMA_STRING));
    map_set(schema->properties, "kind", schema_new(SCHEMA_STRING));
    map_set(schema->properties, "metadata", kapi_schema_from_message(&kapi_object_meta));
}

struct kapi_schema *kapi_schema_compile(const struct json *text, const char *path, bool root,
                                        struct kapi_causes *causes)
{
    struct compiler compiler = {causes};
    struct kapi_schema *schema = compile(&compiler, text, path, false);

    if (root)
        complete_root(&compiler, schema, text, path);
    return schema;
}
