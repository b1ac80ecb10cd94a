/* SPDX-License-Identifier: Apache-2.0 */
/* HardwareData: what inspection found out about the host of the same name (BMO-062, BMO-063). */
#include "operator/api/fields.h"
#include "operator/api/kinds.h"
#include "operator/api/metal3.h"

const struct kube_resource metal3_hardware_data = {METAL3_GROUP, "v1alpha1", "hardwaredata", "HardwareData", true};

static const struct api_field spec[] = {
    {"hardware", API_OBJECT, .fields = api_hardware_details, .help = "The host's hardware"},
    {0},
};

static const struct api_field fields[] = {
    {"spec", API_OBJECT, .fields = spec, .help = "What inspection found"},
    {0},
};

static const struct api_column columns[] = {API_AGE_COLUMN, {0}};

const struct api_kind api_hardware_data = {
    .resource = &metal3_hardware_data,
    .singular = "hardwaredata",
    .short_names = "hd",
    .help = "The hardware of a BareMetalHost, found by inspection",
    .versions = {{"v1alpha1", .storage = true, .fields = fields, .columns = columns}},
};
