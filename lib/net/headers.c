/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of headers, as client and server keep them. */
#include <stdlib.h>

#include "lib/data/str.h"
#include "lib/net/backend.h"

void http_headers_add(struct http_headers *headers, const char *name, size_t name_len, const char *value,
                      size_t value_len)
{
    struct http_header header = {.name = mem_strndup(name, name_len), .value = mem_strndup(value, value_len)};

    VEC_PUSH(headers, header);
}

void http_headers_release(struct http_headers *headers)
{
    VEC_FOREACH (header, headers) {
        free((char *)header->name);
        mem_free_secret((char *)header->value);
    }
    VEC_RELEASE(headers);
}

const char *http_headers_get(const struct http_header *headers, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal_nocase(headers[i].name, name))
            return headers[i].value;
    return NULL;
}
