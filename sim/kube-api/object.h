/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stored version of an object: immutable, shared by reference count between the store, the history for watches and requests under way. Its text
 * is printed once, and the same bytes go to every reader.
 */
#ifndef SIM_KUBE_API_OBJECT_H
#define SIM_KUBE_API_OBJECT_H

#include <stdint.h>

#include "lib/data/json.h"

/* The object in another version than the stored one; made when first asked for. */
struct kapi_view {
    struct kapi_view *next;
    char *api_version;
    struct json *json;
    char *text;
    size_t len;
};

struct kapi_object {
    unsigned refs;
    uint64_t rv;
    char *key;             /* "namespace/name", or "name" */
    const char *ns, *name; /* ns "" for cluster-scoped; borrowed from json */
    const char *uid;
    struct json *json; /* in the storage version; read only */
    char *text;        /* of json */
    size_t len;
    struct kapi_view *views;
};

/* Takes `json`, puts apiVersion, kind and metadata first, stamps `rv`, prints. One reference. */
struct kapi_object *kapi_object_new(struct json *json, uint64_t rv);
struct kapi_object *kapi_object_ref(struct kapi_object *object); /* NULL stays NULL */
void kapi_object_unref(struct kapi_object *object);
DEFINE_CLEANUP(struct kapi_object, kapi_object_unref);
/* "ns/name" or "name"; free with free(). */
char *kapi_object_key(const char *ns, const char *name);

#endif
