/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON values, on cJSON: nobody else touches cJSON. Objects keep the order of their members; lookups are case-sensitive.
 *
 * A path is member names and array indices joined by '/', as in RFC 6901 without the leading slash: "spec/bmc/address",
 * "status/conditions/0/type"; "~1" is a slash within a name, "~0" a tilde; "" is the value itself. A name that is not a
 * literal of ours (labels, attributes) goes through json_member() and json_put(), which take it as it is.
 * Integers are exact up to 2^53; larger ones keep their text from parsing to printing.
 */
#ifndef LIB_DATA_JSON_H
#define LIB_DATA_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/data/error.h"
#include "lib/data/mem.h"
#include "lib/data/str.h"

struct json;

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* -- text -- */
/*
 * Parses one value, at most JSON_DEPTH_MAX deep, nothing after it but white space. ERROR_INVALID tells line and column.
 * As Go does: of members with one name the last counts, bytes that are no UTF-8 become U+FFFD. "\u0000" is refused.
 */
#define JSON_DEPTH_MAX 100
struct error *json_parse(const char *text, size_t len, struct json **ret) MUST_CHECK;
/* As json_parse(), and a member that occurs twice is an error that names it. */
struct error *json_parse_strict(const char *text, size_t len, struct json **ret) MUST_CHECK;
char *json_print(const struct json *value);        /* compact; free with free() */
char *json_print_pretty(const struct json *value); /* indented by two spaces */
void json_print_to(const struct json *value, struct strbuf *out);
void json_print_string(const char *text, struct strbuf *out); /* one string, with its quotes */

/* -- life -- */
struct json *json_new_null(void);
struct json *json_new_bool(bool value);
struct json *json_new_int(int64_t value);
struct json *json_new_number(double value);
struct json *json_new_string(const char *value); /* NULL gives a JSON null */
struct json *json_new_array(void);
struct json *json_new_object(void);
struct json *json_copy(const struct json *value); /* deep; NULL stays NULL */
void json_free(struct json *value);
DEFINE_CLEANUP(struct json, json_free);

/* -- looking -- */
enum json_type json_type(const struct json *value); /* NULL pointer: JSON_NULL */
const char *json_type_name(enum json_type type);
bool json_is(const struct json *value, enum json_type type); /* false for a NULL pointer */
bool json_is_integer(const struct json *value);
bool json_equal(const struct json *a, const struct json *b); /* member order does not matter; NULL equals NULL */
size_t json_len(const struct json *value);                   /* items or members; 0 for anything else */

/* Below, `value` may be NULL: then everything is absent. Results are borrowed. */
struct json *json_get(const struct json *value, const char *path); /* NULL when absent */
struct json *json_member(const struct json *object, const char *name);
struct json *json_item(const struct json *array, size_t index);
bool json_has(const struct json *value, const char *path);        /* present, null included */
const char *json_str(const struct json *value, const char *path); /* NULL when absent or no string */
const char *json_str_or(const struct json *value, const char *path, const char *fallback);
int64_t json_int(const struct json *value, const char *path, int64_t fallback);
double json_number(const struct json *value, const char *path, double fallback);
bool json_bool(const struct json *value, const char *path, bool fallback);

/* As above, but absence or a wrong type is ERROR_INVALID, which names the path and the type wanted. */
struct error *json_need(const struct json *value, const char *path, enum json_type type, struct json **ret) MUST_CHECK;
struct error *json_need_str(const struct json *value, const char *path, const char **ret) MUST_CHECK;
struct error *json_need_int(const struct json *value, const char *path, int64_t *ret) MUST_CHECK;

/* Copies of an array's strings, NULL-terminated ("" for an item of another type); NULL for none. str_list_free(). */
char **json_str_list(const struct json *array);

/* Iteration over items or members; json_key() is NULL for an item of an array. Do not remove the current one inside. */
struct json *json_first(const struct json *value);
struct json *json_next(const struct json *child);
const char *json_key(const struct json *child);
#define JSON_FOREACH(child, parent) for (struct json *child = json_first(parent); child; child = json_next(child))

/* -- building; a value that is handed in belongs to its new parent; a NULL item stands for a JSON null -- */
/*
 * Sets what is at `path`, which must not be "", making objects on the way; replaces in place, so that member order stays.
 * An index past the end of an array appends. What can hold no such name (a scalar, an array) becomes an object.
 */
void json_set(struct json *value, const char *path, struct json *item);
void json_set_str(struct json *value, const char *path, const char *text); /* NULL text: JSON null */
void json_set_int(struct json *value, const char *path, int64_t number);
void json_set_number(struct json *value, const char *path, double number);
void json_set_bool(struct json *value, const char *path, bool flag);
void json_set_printf(struct json *value, const char *path, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Sets only when `text` is not NULL and not "" (as Go's omitempty). */
void json_set_str_opt(struct json *value, const char *path, const char *text);
void json_put(struct json *object, const char *name, struct json *item);
void json_put_str(struct json *object, const char *name, const char *text);
void json_append(struct json *array, struct json *item);
void json_append_str(struct json *array, const char *text);
void json_insert(struct json *array, size_t index, struct json *item); /* before `index`; at the end when past it */
bool json_remove(struct json *value, const char *path);                /* true when it was there */
bool json_remove_member(struct json *object, const char *name);
struct json *json_detach(struct json *value, const char *path); /* removed, owned by the caller; NULL when absent */
void json_sort_members(struct json *object);                    /* by name, this level only */

/* -- tables: a C struct from and to a JSON object -- */
enum json_field_type {
    JSON_FIELD_STRING, /* char *, owned */
    JSON_FIELD_INT,    /* int64_t */
    JSON_FIELD_BOOL,   /* bool */
    JSON_FIELD_NUMBER, /* double */
    JSON_FIELD_JSON,   /* struct json *, an owned copy of whatever is there */
    JSON_FIELD_OBJECT, /* a nested struct by value, described by `fields` */
};

/* One member of an object. A table ends with {0}. */
struct json_field {
    const char *path; /* relative to the object */
    enum json_field_type type;
    size_t offset;
    bool required;                   /* absent is an error */
    const struct json_field *fields; /* of JSON_FIELD_OBJECT */
    const char *const *values;       /* strings only: NULL-terminated list of what is allowed; NULL allows all */
};

/*
 * Fills the zeroed struct `out`; ERROR_INVALID names the path, what was found and what is allowed, and leaves nothing allocated.
 * A member that is null counts as absent, except for a row of type JSON_FIELD_JSON.
 */
struct error *json_decode(const struct json *object, const struct json_field *fields, void *out) MUST_CHECK;
/* As json_decode(), and a member that no row names is an error that lists the nearest name. */
struct error *json_decode_strict(const struct json *object, const struct json_field *fields, void *out) MUST_CHECK;
/* A new object; empty strings, NULL and zero members of optional rows are left out. */
struct json *json_encode(const struct json_field *fields, const void *in);
/* Frees what json_decode() allocated inside the struct, not the struct. */
void json_decode_release(const struct json_field *fields, void *out);

#endif
