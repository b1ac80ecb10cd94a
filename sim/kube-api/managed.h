/* SPDX-License-Identifier: Apache-2.0 */
/* The list in metadata.managedFields, decoded (KAPI-071). */
#ifndef SIM_KUBE_API_MANAGED_H
#define SIM_KUBE_API_MANAGED_H

#include "sim/kube-api/fields.h"
#include "sim/kube-api/kapi.h"

struct kapi_managed_entry {
    char *manager, *operation, *api_version, *time, *subresource; /* subresource "" for none */
    struct kapi_fields *fields;
};

struct kapi_managed {
    struct kapi_managed_entry *items;
    size_t len, cap;
};

void kapi_managed_read(const struct json *object, struct kapi_managed *ret);
void kapi_managed_release(struct kapi_managed *managed);
#define CLEANUP_MANAGED __attribute__((cleanup(kapi_managed_release)))
/* The entry of this writer, made when missing. */
struct kapi_managed_entry *kapi_managed_entry(struct kapi_managed *managed, const char *manager, const char *operation,
                                              const char *api_version, const char *subresource);
/* Writes metadata.managedFields: entries that own nothing are left out, the rest sorted. */
void kapi_managed_write(struct kapi_managed *managed, struct json *object);
/*
 * The object without what nobody ever owns, for collecting fields; the caller owns it. What is the same in `like` (metadata
 * apart) is left out too: for a difference between the two. NULL: nothing is.
 */
struct json *kapi_managed_view(const struct json *object, const struct json *like);

#endif
