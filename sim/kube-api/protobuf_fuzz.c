/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the decoder of protobuf bodies: what it accepts must print and read back as the same JSON. */
#include <stdlib.h>
#include <string.h>

#include "sim/kube-api/body.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    CLEANUP(json_free) struct json *json = NULL, *again = NULL;
    struct error *err = kapi_protobuf_decode(data, size, &kapi_delete_options, &json);

    if (err) {
        error_free(err);
        return 0;
    }
    CLEANUP_FREE char *text = json_print(json);
    err = json_parse(text, strlen(text), &again);
    if (err || !json_equal(json, again))
        abort();
    return 0;
}
