/* SPDX-License-Identifier: Apache-2.0 */
/* Field tables that several kinds share (BMO-008 … BMO-021). */
#ifndef OPERATOR_API_FIELDS_H
#define OPERATOR_API_FIELDS_H

#include "operator/api/kind.h"

#define API_MAC_PATTERN "^[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}$"
#define API_MAC_PATTERN_LOOSE "[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}" /* as upstream has it: longer texts pass */
#define API_BOOT_MODES "UEFI|UEFISecureBoot|legacy"

extern const struct api_field api_secret_reference[];
extern const struct api_field api_object_reference[];
extern const struct api_field api_named_reference[]; /* name and namespace, both required */
extern const struct api_field api_condition[];
extern const struct api_field api_image[];
extern const struct api_field api_custom_deploy[];
extern const struct api_field api_root_device_hints[];
extern const struct api_field api_raid[];
extern const struct api_field api_firmware_config[];
extern const struct api_field api_hardware_details[];
extern const struct api_field api_no_fields[]; /* an object without members */

/* status.conditions as most kinds have it. */
#define API_CONDITIONS                                                                                                 \
    {                                                                                                                  \
        "conditions", API_OBJECT, API_LIST, .keys = "type", .fields = api_condition,                                   \
                                            .help = "What the controllers found out, by type"                          \
    }

/* The column that nearly every kind ends with. */
#define API_AGE_COLUMN                                                                                                 \
    {                                                                                                                  \
        "Age", ".metadata.creationTimestamp", "date"                                                                   \
    }

#endif
