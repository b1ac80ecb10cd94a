/* SPDX-License-Identifier: Apache-2.0 */
/* All definitions as one YAML stream: what `metal3-operator crds` prints. */
#include "lib/data/str.h"
#include "lib/data/yaml.h"
#include "operator/api/kind.h"

char *api_crds_yaml(void)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    for (size_t i = 0; api_kinds[i]; i++) {
        CLEANUP(json_free) struct json *crd = api_crd(api_kinds[i]);
        CLEANUP_FREE char *yaml = yaml_print(crd);
        strbuf_addf(&text, "---\n%s", yaml);
    }
    return strbuf_take(&text);
}
