/* SPDX-License-Identifier: Apache-2.0 */
/* Names, labels and annotations: what is allowed (KAPI-052, 053, 118, 119), and generated names. */
#ifndef SIM_KUBE_API_NAMES_H
#define SIM_KUBE_API_NAMES_H

#include "lib/data/json.h"
#include "lib/rt/rt.h"
#include "sim/kube-api/status.h"

enum kapi_name_rule {
    NAME_SUBDOMAIN,    /* RFC 1123 subdomain, at most 253 */
    NAME_LABEL,        /* RFC 1123 label, at most 63 */
    NAME_LABEL_1035,   /* RFC 1035 label: begins with a letter */
    NAME_PATH_SEGMENT, /* anything that is one segment of a path: RBAC */
};

/* NULL when the name is good, else what is wrong with it, without "Invalid value". Static. */
const char *kapi_name_check(enum kapi_name_rule rule, const char *name);
/* "[prefix/]name" of labels, annotations, finalizers. NULL when good. Static. */
const char *kapi_qualified_name_check(const char *name);
const char *kapi_label_value_check(const char *value);

/* Checks the whole metadata of an object. `warnings` gets a line for finalizers without a domain. */
void kapi_meta_validate(const struct json *metadata, enum kapi_name_rule rule, bool namespaced,
                        struct kapi_causes *causes, struct kapi_texts *warnings);

/* `prefix` cut to fit and five random characters; free with free(). */
char *kapi_generate_name(struct rt *rt, const char *prefix);

#endif
