/* SPDX-License-Identifier: Apache-2.0 */
/* Objects as rows of a Table, and as partial metadata (KAPI-102…111). */
#ifndef SIM_KUBE_API_TABLE_H
#define SIM_KUBE_API_TABLE_H

#include "sim/kube-api/kapi.h"

/* The columns of a CRD version; never NULL, ends with {0}, strings are owned by it. Name comes first; without columns of its own also Age. */
struct kapi_column *kapi_columns_compile(const struct json *columns);

enum kapi_include { INCLUDE_METADATA, INCLUDE_OBJECT, INCLUDE_NONE };

/* A new Table without rows. `with_columns` false: columnDefinitions null, for later events of a watch. */
struct json *kapi_table_new(const struct kapi_version *version, bool with_columns);
/* The row of an object. Cells are made from `stored`, in the storage version; `form` is what includeObject shows. */
struct json *kapi_table_row(const struct kapi_version *version, const struct json *stored, const struct json *form,
                            enum kapi_include include, int64_t wall);
/* The object's apiVersion, kind and metadata as PartialObjectMetadata. */
struct json *kapi_partial(const struct json *object);

/* Age text of a timestamp as a string cell; "<unknown>" without one (KAPI-107). */
struct json *kapi_age_cell(const char *timestamp, int64_t wall);
/* kubectl's way to write an age; `buf` is returned. */
const char *kapi_age_text(int64_t age_ns, char buf[32]);

/* The first result of a JSONPath of the subset of KAPI-105; NULL: none. Borrowed. */
const struct json *kapi_json_path(const struct json *object, const char *path);

#endif
