/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structural schemas: compiled from a CRD's openAPIV3Schema or from the tables of built-in kinds; then used to prune, default and validate
 * objects, and by server-side apply and strategic merge to know how lists merge. Rows KAPI-137, 140, 141, 149…160.
 */
#ifndef SIM_KUBE_API_SCHEMA_H
#define SIM_KUBE_API_SCHEMA_H

#include "lib/data/json.h"
#include "lib/data/map.h"
#include "sim/kube-api/status.h"
#include "sim/kube-api/types.h"

enum kapi_schema_type {
    SCHEMA_ANY, /* no type given */
    SCHEMA_OBJECT,
    SCHEMA_ARRAY,
    SCHEMA_STRING,
    SCHEMA_INTEGER,
    SCHEMA_NUMBER,
    SCHEMA_BOOLEAN,
    SCHEMA_INT_OR_STRING,
};

enum kapi_list_type { LIST_ATOMIC, LIST_SET, LIST_MAP };

struct kapi_cel;
struct kapi_regex;

/* One x-kubernetes-validations rule. */
struct kapi_rule {
    struct kapi_cel *cel;
    struct kapi_cel *message_expression;        /* NULL: none */
    char *rule, *message, *reason, *field_path; /* NULL where absent, but for rule */
};

struct kapi_schema {
    enum kapi_schema_type type;
    bool nullable, preserve_unknown, embedded_resource;
    bool map_atomic;                /* x-kubernetes-map-type: atomic */
    struct map *properties;         /* name -> struct kapi_schema; NULL: none */
    struct kapi_schema *additional; /* additionalProperties */
    struct kapi_schema *items;
    char **required; /* NULL: none */
    struct json *enumeration, *default_value;
    char *pattern;
    struct kapi_regex *regex;
    char *format;
    bool has_minimum, has_maximum, exclusive_minimum, exclusive_maximum;
    double minimum, maximum, multiple_of;                                                 /* multiple_of 0: none */
    int64_t min_length, max_length, min_items, max_items, min_properties, max_properties; /* -1: none */
    struct {
        struct kapi_schema **items;
        size_t len, cap;
    } all_of, any_of, one_of;    /* checks only */
    struct kapi_schema *negated; /* not */
    enum kapi_list_type list_type;
    char **list_keys; /* of LIST_MAP */
    char *merge_key;  /* strategic merge: "" for primitives, NULL: replaced */
    struct {
        struct kapi_rule *items;
        size_t len, cap;
    } rules;
    bool drop_nulls; /* of a built-in kind: null is the same as absent */
};

/*
 * Compiles a CRD's schema. What is not structural is added to `causes` with fields below `path`. `root`: apiVersion, kind and metadata are the
 * object's own. Never NULL.
 */
struct kapi_schema *kapi_schema_compile(const struct json *text, const char *path, bool root,
                                        struct kapi_causes *causes);
struct kapi_schema *kapi_schema_from_message(const struct kapi_message *message);
void kapi_schema_free(struct kapi_schema *schema);
DEFINE_CLEANUP(struct kapi_schema, kapi_schema_free);

/* The schema of a member: a property or additionalProperties; NULL when neither. */
const struct kapi_schema *kapi_schema_member(const struct kapi_schema *schema, const char *name);

/* Removes members that the schema does not know; adds "unknown field \"path\"" to `unknown` (may be NULL) for each. */
void kapi_schema_prune(const struct kapi_schema *schema, struct json *value, struct kapi_texts *unknown);
/* Fills in defaults and resolves nulls (KAPI-141). Returns true when something changed. */
bool kapi_schema_default(const struct kapi_schema *schema, struct json *value);
/* Adds every violation to `causes`. `old` is the stored object, for transition rules; NULL on create. */
void kapi_schema_validate(const struct kapi_schema *schema, const struct json *value, const struct json *old,
                          struct kapi_causes *causes);

/* -- paths in messages: "spec.ports[0].name" -- */
struct kapi_path {
    const struct kapi_path *parent;
    const char *name; /* NULL: an index */
    size_t index;
};
/* Free with free(). "<nil>" is the root. */
char *kapi_path_text(const struct kapi_path *path);

/* -- patterns (RE2 syntax, searched anywhere) -- */
struct error *kapi_regex_new(const char *pattern, struct kapi_regex **ret) MUST_CHECK;
void kapi_regex_free(struct kapi_regex *regex);
bool kapi_regex_matches(const struct kapi_regex *regex, const char *text);

/* True when `value` has the named format; true for unknown formats. */
bool kapi_format_valid(const char *format, const struct json *value);

#endif
