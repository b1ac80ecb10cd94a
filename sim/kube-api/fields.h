/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sets of fields, as managedFields has them (FieldsV1, KAPI-072): a tree whose steps are "f:name", "k:{…}" (item of a list map), "v:…" (member of a
 * set) or "i:n"; a step may belong to the set itself, and may have steps below it.
 */
#ifndef SIM_KUBE_API_FIELDS_H
#define SIM_KUBE_API_FIELDS_H

#include "sim/kube-api/schema.h"

struct kapi_fields;

struct kapi_fields *kapi_fields_new(void);
void kapi_fields_free(struct kapi_fields *fields);
DEFINE_CLEANUP(struct kapi_fields, kapi_fields_free);
struct kapi_fields *kapi_fields_from_json(const struct json *json); /* what is no FieldsV1 is left out */
struct json *kapi_fields_json(const struct kapi_fields *fields);
bool kapi_fields_empty(const struct kapi_fields *fields);
bool kapi_fields_equal(const struct kapi_fields *a, const struct kapi_fields *b);
void kapi_fields_add(struct kapi_fields *into, const struct kapi_fields *what);
void kapi_fields_subtract(struct kapi_fields *from, const struct kapi_fields *what);
struct kapi_fields *kapi_fields_intersect(const struct kapi_fields *a, const struct kapi_fields *b);
/* Calls `fn` with the path of each member: `.spec.ports[name="x"].port`. */
void kapi_fields_each(const struct kapi_fields *fields, void (*fn)(void *arg, const char *path), void *arg);

/* Everything in `value`. `containers`: maps and lists count themselves too (updates), or only leaves and list items do (apply). */
void kapi_fields_collect(const struct kapi_schema *schema, const struct json *value, bool containers,
                         struct kapi_fields *ret);
/* What differs: new or other values in `changed`, what is gone in `removed`. */
void kapi_fields_diff(const struct kapi_schema *schema, const struct json *old, const struct json *value,
                      struct kapi_fields *changed, struct kapi_fields *removed);
/* Takes members of the set out of `value`; maps and lists that become empty by it go too. */
void kapi_fields_remove(const struct kapi_schema *schema, struct json *value, const struct kapi_fields *fields);

/* The step of a list's item: "k:{…}" or "v:…"; NULL for an atomic list. Free with free(). */
char *kapi_fields_item(const struct kapi_schema *list, const struct json *item);
/* True when an object or list is merged member by member. */
bool kapi_is_granular(const struct kapi_schema *schema, const struct json *value);

#endif
