/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes JSON text straight into a buffer, for bodies that are built often and never looked at again. It cannot produce bad
 * nesting: a missing or superfluous name or end is a bug that aborts. Members come in the order of the calls.
 *
 *     struct jsonw json = JSONW_INIT(&body);
 *     jsonw_object(&json, NULL);
 *     jsonw_str(&json, "Name", name);
 *     jsonw_end(&json);
 */
#ifndef LIB_DATA_JSONW_H
#define LIB_DATA_JSONW_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/data/str.h"

#define JSONW_DEPTH_MAX 32

struct jsonw {
    struct strbuf *out;
    unsigned depth;
    uint32_t arrays; /* bit n: level n is an array */
    bool comma;      /* the next value of this level needs a comma before it */
};

#define JSONW_INIT(buffer)                                                                                             \
    {                                                                                                                  \
        .out = (buffer)                                                                                                \
    }

/* `name` is the member's name within an object, and NULL within an array or at the top. */
void jsonw_object(struct jsonw *json, const char *name);
void jsonw_array(struct jsonw *json, const char *name);
void jsonw_end(struct jsonw *json);                                     /* of the innermost object or array */
void jsonw_str(struct jsonw *json, const char *name, const char *text); /* NULL text: null */
void jsonw_printf(struct jsonw *json, const char *name, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void jsonw_int(struct jsonw *json, const char *name, int64_t number);
void jsonw_number(struct jsonw *json, const char *name, double number);
void jsonw_bool(struct jsonw *json, const char *name, bool flag);
void jsonw_null(struct jsonw *json, const char *name);
/* `text` is JSON already, and is taken as it is. */
void jsonw_raw(struct jsonw *json, const char *name, const char *text);

#endif
