/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the JSON reader: whatever is accepted must print, read back as the same value, and survive a diff and a patch. */
#include <stdlib.h>
#include <string.h>

#include "lib/data/json.h"
#include "lib/data/jsonpatch.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool condition)
{
    if (!condition)
        abort();
}

/* The input is a document, or a document and a patch with a NUL between. */
int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const char *text = (const char *)data;
    const char *nul = memchr(text, '\0', size);
    size_t len = nul ? (size_t)(nul - text) : size;
    CLEANUP(json_free) struct json *value = NULL, *again = NULL, *strict = NULL, *patch = NULL;
    error_free(json_parse_strict(text, len, &strict));
    CLEANUP(error_free) struct error *err = json_parse(text, len, &value);
    check(!err == (value != NULL));
    check(!strict || json_equal(strict, value));
    if (err)
        return 0;
    CLEANUP_FREE char *compact = json_print(value), *pretty = json_print_pretty(value);
    CLEANUP(error_free) struct error *again_err = json_parse(compact, strlen(compact), &again);
    check(!again_err && json_equal(again, value));
    json_free(again);
    again = NULL;
    CLEANUP(error_free) struct error *pretty_err = json_parse_strict(pretty, strlen(pretty), &again);
    check(!pretty_err && json_equal(again, value));
    if (!nul)
        return 0;
    CLEANUP(error_free) struct error *patch_err = json_parse(nul + 1, size - len - 1, &patch);
    if (patch_err)
        return 0;
    CLEANUP(error_free) struct error *applied = json_patch_apply(&again, patch);
    check(!applied || json_equal(again, value));
    json_merge_apply(&again, patch);
    json_free(json_merge_diff(value, again));
    return 0;
}
