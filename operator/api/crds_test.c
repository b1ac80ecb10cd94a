/* SPDX-License-Identifier: Apache-2.0 */
/* The YAML stream of all definitions. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/data/yaml.h"
#include "operator/api/kind.h"

static void yaml_stream_holds_the_same(void **state)
{
    CLEANUP_FREE char *text = api_crds_yaml();
    CLEANUP(yaml_free) struct yaml *yaml = NULL;
    assert_null(yaml_parse("crds", text, strlen(text), &yaml));
    for (size_t i = 0; api_kinds[i]; i++) {
        CLEANUP(json_free) struct json *crd = api_crd(api_kinds[i]);
        assert_true(json_equal(yaml_document(yaml, i), crd));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(yaml_stream_holds_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
