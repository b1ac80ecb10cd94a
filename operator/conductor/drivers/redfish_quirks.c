/* SPDX-License-Identifier: Apache-2.0 */
/* What BMCs of some vendors need, as data; each row with its evidence. */
#include <string.h>

#include "lib/data/str.h"
#include "operator/conductor/drivers/redfish.h"

static const struct {
    const char *vendor;       /* part of the vendor's name, lower case */
    const char *except_model; /* beginning of models without the quirk; NULL: none */
    unsigned quirks;
    const char *evidence;
} quirks[] = {
    {"supermicro", NULL, QUIRK_SEND_ENABLED | QUIRK_MODE_AGAIN,
     "Ironic sends Enabled always and syncs the boot mode after each device change (IRO-401, IRO-405)"},
    {"supermicro", "ARS-111GL-NHR", QUIRK_USB_CD, "sushy replaces Cd by UsbCd but for this model (IRO-405)"},
    {"ami", NULL, QUIRK_SEND_ALL, "Ironic's list of vendors that want the full request (IRO-402)"},
    {"american megatrends international", NULL, QUIRK_SEND_ALL, "as above (IRO-402)"},
    {"asrockrack", NULL, QUIRK_SEND_ALL, "as above (IRO-402)"},
    {"redfish_compatible", NULL, QUIRK_SEND_ALL, "as above (IRO-402)"},
};

unsigned redfish_quirks(const char *vendor, const char *model)
{
    if (!vendor)
        return 0;
    CLEANUP_FREE char *lower = str_lower(vendor);
    unsigned found = 0;
    for (size_t i = 0; i < ARRAY_SIZE(quirks); i++) {
        /* "ami" is a whole word only: "Miami" is not */
        bool matches =
            strlen(quirks[i].vendor) > 3 ? strstr(lower, quirks[i].vendor) != NULL : str_equal(lower, quirks[i].vendor);
        if (matches && !(quirks[i].except_model && model && str_has_prefix(model, quirks[i].except_model)))
            found |= quirks[i].quirks;
    }
    return found;
}
