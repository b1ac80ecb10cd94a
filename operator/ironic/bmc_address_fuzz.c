/* SPDX-License-Identifier: Apache-2.0 */
/* Fuzz target: BMC addresses from manifests. */
#include <stdlib.h>

#include "operator/ironic/bmc_address.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    CLEANUP_FREE char *text = mem_strndup((const char *)data, size);
    struct bmc_address *address CLEANUP(bmc_address_free) = NULL;

    struct error *err = bmc_address_parse(text, size % 2, &address);
    if (!err)
        json_free(bmc_driver_info(address, "user", "password"));
    error_free(err);
    return 0;
}
