/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: url_parse() and net_parse_address() take any text; what they accept has the promised shape. */
#include <stdlib.h>
#include <string.h>

#include "lib/net/http_client.h"
#include "lib/net/net.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP_FREE char *text = mem_strndup((const char *)data, size);
    CLEANUP_FREE char *host = NULL;
    CLEANUP_URL struct url url = {0};
    int port = -1;
    struct error *err = url_parse(text, &url);

    if (!err && (!url.scheme[0] || !url.host[0] || url.port < 0 || url.port > 65535 || url.path[0] != '/'))
        abort();
    error_free(err);
    err = net_parse_address(text, &host, &port);
    if (!err && (!host || port < 0 || port > 65535))
        abort();
    error_free(err);
    return 0;
}
