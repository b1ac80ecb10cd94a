/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Kubernetes kinds that we define: one table per kind, from which come the CustomResourceDefinition and everything that wants to know the
 * fields. A field is a row; an object's fields are a table of their own, so that shared types (Image, SecretReference …) are written once.
 */
#ifndef OPERATOR_API_KIND_H
#define OPERATOR_API_KIND_H

#include "lib/data/json.h"
#include "operator/kube/client.h"

enum api_type {
    API_OBJECT, /* described by `fields`; without: any members are dropped by the server */
    API_STRING,
    API_BOOL,
    API_INT,
    API_NUMBER,
    API_TIME,          /* a string in RFC 3339 */
    API_INT_OR_STRING, /* Kubernetes' IntOrString */
    API_ANY,           /* an object whose members are kept unseen */
};

enum api_container {
    API_ONE,  /* the type itself */
    API_LIST, /* an array of it */
    API_MAP,  /* an object whose every member is of it */
};

/* A row. What is about the value (values, pattern …) is about each item of a list or map. The table ends with {0}. */
struct api_field {
    const char *name;
    enum api_type type;
    enum api_container container;
    bool required;
    bool nullable;
    bool atomic;          /* x-kubernetes-map-type or -list-type: atomic */
    const char *values;   /* the enumeration, joined by '|'; a leading '|' allows "" */
    const char *fallback; /* default, as JSON text */
    const char *pattern;
    const char *format;  /* "int32", "double", "uri" … */
    const char *minimum; /* as JSON text; NULL: none */
    const char *maximum;
    int min_length, max_length; /* of a string; 0: none */
    int min_items, max_items;   /* of a list; 0: none */
    int min_members;            /* of an object; 0: none */
    const char *keys;           /* list-type map: its keys, joined by '|' */
    bool set;                   /* list-type set */
    const struct api_field *fields;
    const char *help; /* description in the CRD */
};

struct api_column {
    const char *name, *path;
    const char *type; /* NULL: "string" */
    const char *format;
    int priority;
};

struct api_version {
    const char *name;
    bool storage, deprecated, status; /* status: has the status subresource. Every version is served */
    const struct api_field *fields;   /* spec, status; apiVersion, kind and metadata come by themselves */
    const struct api_column *columns; /* ends with {0}; NULL: none */
};

struct api_kind {
    const struct kube_resource *resource; /* group, storage version, plural, kind; all our kinds are namespaced */
    const char *singular;
    const char *short_names; /* joined by '|'; NULL: none */
    const char *categories;  /* the same */
    const char *labels;      /* of the CRD: "key=value" joined by '|' */
    const char *help;
    struct api_version versions[3]; /* ends with a version without name */
};

/* Every kind, in the order in which `crds` prints them; ends with NULL. */
extern const struct api_kind *const api_kinds[];
/* NULL when we do not define it. */
const struct api_kind *api_kind_find(const char *group, const char *kind);

/* The CustomResourceDefinition (apiextensions.k8s.io/v1) of a kind. The caller owns it. */
struct json *api_crd(const struct api_kind *kind);
/* All of them as one YAML stream, ready for kubectl apply. Free with free(). */
char *api_crds_yaml(void);

#endif
