/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The built-in kinds as tables: one row a field, with its protobuf number, type, and how lists merge. From these tables come the decoder of
 * protobuf bodies (protobuf.c), the schemas for strict decoding, server-side apply and strategic merge (schema.c), and the OpenAPI documents.
 */
#ifndef SIM_KUBE_API_TYPES_H
#define SIM_KUBE_API_TYPES_H

#include <stdbool.h>
#include <stddef.h>

enum kapi_type {
    KAPI_STRING,
    KAPI_BOOL,
    KAPI_INT32,
    KAPI_INT64,
    KAPI_BYTES,         /* base64 in JSON */
    KAPI_TIME,          /* seconds in JSON text */
    KAPI_MICROTIME,     /* six digits in JSON text */
    KAPI_QUANTITY,      /* message with one string */
    KAPI_INT_OR_STRING, /* message {type, int, string} */
    KAPI_FIELDS,        /* FieldsV1: a message with raw JSON */
    KAPI_ANY,           /* any JSON; not in protobuf */
    KAPI_MESSAGE,
};

enum kapi_shape { KAPI_ONE, KAPI_LIST, KAPI_MAP };

struct kapi_message;

struct kapi_field {
    const char *name;
    int number; /* protobuf */
    enum kapi_type type;
    enum kapi_shape shape;
    const struct kapi_message *message;
    const char
        *merge_key; /* strategic merge: the key of a list's items, "" for primitives; NULL: the list is replaced */
    const char *list_keys; /* server-side apply: keys joined by commas, "" for a set; NULL: atomic */
};

struct kapi_message {
    const char *name; /* as in OpenAPI: "io.k8s.api.core.v1.Secret" */
    bool atomic;      /* server-side apply treats it as one value */
    const struct kapi_field *fields;
};

extern const struct kapi_message kapi_object_meta;
extern const struct kapi_message kapi_delete_options;

/* The message of a built-in kind; NULL when unknown. `group` is "" for core. */
const struct kapi_message *kapi_message_find(const char *group, const char *version, const char *kind);

#endif
