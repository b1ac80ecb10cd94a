/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzzes the YAML reader: whatever is accepted must print as YAML that reads back as the same value. */
#include <stdlib.h>
#include <string.h>

#include "lib/data/yaml.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    CLEANUP(yaml_free) struct yaml *yaml = NULL;
    CLEANUP(error_free) struct error *err = yaml_parse("fuzz", (const char *)data, size, &yaml);
    if (err)
        return 0;
    for (size_t i = 0; i < yaml_len(yaml); i++) {
        const struct json *value = yaml_document(yaml, i);
        CLEANUP_FREE char *text = yaml_print(value);
        CLEANUP(yaml_free) struct yaml *again = NULL;
        CLEANUP(error_free) struct error *again_err = yaml_parse("printed", text, strlen(text), &again);
        if (again_err || yaml_len(again) != 1 || !json_equal(yaml_document(again, 0), value))
            abort();
    }
    return 0;
}
