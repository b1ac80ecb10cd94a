/* SPDX-License-Identifier: Apache-2.0 */
/* What HTTP client and server share: headers, and their limits. */
#ifndef LIB_NET_HTTP_H
#define LIB_NET_HTTP_H

#include <stddef.h>

struct http_header {
    const char *name, *value;
};

#define HTTP_HEADERS_MAX 100             /* headers of one message */
#define HTTP_HEADER_BYTES_MAX 20480      /* all of them together */
#define HTTP_BODY_MAX (64 * 1024 * 1024) /* of a buffered body, unless a smaller limit was asked for */

/* "Not Found" for 404; "" when unknown. */
const char *http_status_text(int status);

#endif
