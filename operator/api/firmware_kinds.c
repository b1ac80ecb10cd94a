/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds about firmware: settings, their schema, component updates, and when to apply them (BMO-064 … BMO-079, BMO-089). */
#include "operator/api/fields.h"
#include "operator/api/kinds.h"
#include "operator/api/metal3.h"

/* -- HostFirmwareSettings -- */

const struct kube_resource metal3_host_firmware_settings = {METAL3_GROUP, "v1alpha1", "hostfirmwaresettings",
                                                            "HostFirmwareSettings", true};

static const struct api_field settings_spec[] = {
    {"settings", API_INT_OR_STRING, API_MAP, .required = true, .help = "Settings to change, by name"},
    {0},
};

static const struct api_field settings_status[] = {
    API_CONDITIONS,
    {"lastUpdated", API_TIME, .help = "When this status was written"},
    {"schema", API_OBJECT, .fields = api_named_reference, .help = "The FirmwareSchema that describes the settings"},
    {"settings", API_STRING, API_MAP, .required = true, .help = "The host's settings, by name"},
    {0},
};

static const struct api_field settings_fields[] = {
    {"spec", API_OBJECT, .fields = settings_spec, .help = "Wanted settings"},
    {"status", API_OBJECT, .fields = settings_status, .help = "Settings as the host has them"},
    {0},
};

const struct api_kind api_host_firmware_settings = {
    .resource = &metal3_host_firmware_settings,
    .singular = "hostfirmwaresettings",
    .short_names = "hfs",
    .help = "Firmware (BIOS) settings of a host",
    .versions = {{"v1alpha1", .storage = true, .status = true, .fields = settings_fields}},
};

/* -- FirmwareSchema -- */

const struct kube_resource metal3_firmware_schemas = {METAL3_GROUP, "v1alpha1", "firmwareschemas", "FirmwareSchema",
                                                      true};

static const struct api_field setting_schema[] = {
    {"allowable_values", API_STRING, API_LIST, .help = "Values of an enumeration"},
    {"attribute_type", API_STRING, .values = "Enumeration|String|Integer|Boolean|Password", .help = "Type of setting"},
    {"lower_bound", API_INT, .help = "Least value of an integer"},
    {"max_length", API_INT, .help = "Longest string"},
    {"min_length", API_INT, .help = "Shortest string"},
    {"read_only", API_BOOL, .help = "It cannot be changed"},
    {"unique", API_BOOL, .help = "Its value differs from host to host"},
    {"upper_bound", API_INT, .help = "Greatest value of an integer"},
    {0},
};

static const struct api_field schema_spec[] = {
    {"hardwareModel", API_STRING, .help = "Model that the schema is for"},
    {"hardwareVendor", API_STRING, .help = "Vendor that the schema is for"},
    {"schema", API_OBJECT, API_MAP, .required = true, .fields = setting_schema,
     .help = "Limits of each setting, by name"},
    {0},
};

static const struct api_field schema_fields[] = {
    {"spec", API_OBJECT, .fields = schema_spec, .help = "The settings of one model"},
    {0},
};

const struct api_kind api_firmware_schema = {
    .resource = &metal3_firmware_schemas,
    .singular = "firmwareschema",
    .help = "What the firmware settings of a model may be",
    .versions = {{"v1alpha1", .storage = true, .fields = schema_fields}},
};

/* -- HostFirmwareComponents -- */

const struct kube_resource metal3_host_firmware_components = {METAL3_GROUP, "v1alpha1", "hostfirmwarecomponents",
                                                              "HostFirmwareComponents", true};

static const struct api_field update[] = {
    {"component", API_STRING, .required = true, .help = "bmc, bios, or nic: and a name"},
    {"url", API_STRING, .required = true, .help = "Where the firmware image is"},
    {0},
};

static const struct api_field component[] = {
    {"component", API_STRING, .required = true, .help = "bmc, bios, or nic: and a name"},
    {"currentVersion", API_STRING, .help = "Version now"},
    {"initialVersion", API_STRING, .required = true, .help = "Version when the host was first seen"},
    {"lastVersionFlashed", API_STRING, .help = "Version that was written last"},
    {"updatedAt", API_TIME, .help = "When the version was last seen to change"},
    {0},
};

static const struct api_field components_spec[] = {
    {"updates", API_OBJECT, API_LIST, .required = true, .fields = update, .help = "Updates to apply"},
    {0},
};

static const struct api_field components_status[] = {
    {"components", API_OBJECT, API_LIST, .fields = component, .help = "Components and their versions"},
    API_CONDITIONS,
    {"lastUpdated", API_TIME, .help = "When this status was written"},
    {"updates", API_OBJECT, API_LIST, .fields = update, .help = "Updates that were begun"},
    {0},
};

static const struct api_field components_fields[] = {
    {"spec", API_OBJECT, .fields = components_spec, .help = "Wanted firmware"},
    {"status", API_OBJECT, .fields = components_status, .help = "Firmware as the host has it"},
    {0},
};

const struct api_kind api_host_firmware_components = {
    .resource = &metal3_host_firmware_components,
    .singular = "hostfirmwarecomponents",
    .help = "Firmware versions of a host's components, and updates to them",
    .versions = {{"v1alpha1", .storage = true, .status = true, .fields = components_fields}},
};

/* -- HostUpdatePolicy -- */

const struct kube_resource metal3_host_update_policies = {METAL3_GROUP, "v1alpha1", "hostupdatepolicies",
                                                          "HostUpdatePolicy", true};

static const struct api_field policy_spec[] = {
    {"firmwareSettings", API_STRING, .values = "onPreparing|onReboot", .help = "When settings may be changed"},
    {"firmwareUpdates", API_STRING, .values = "onPreparing|onReboot", .help = "When components may be updated"},
    {0},
};

static const struct api_field policy_fields[] = {
    {"spec", API_OBJECT, .fields = policy_spec, .help = "When a provisioned host's firmware may be touched"},
    {"status", API_OBJECT, .fields = api_no_fields, .help = "Empty"},
    {0},
};

const struct api_kind api_host_update_policy = {
    .resource = &metal3_host_update_policies,
    .singular = "hostupdatepolicy",
    .help = "When firmware changes of the host of the same name take place",
    .versions = {{"v1alpha1", .storage = true, .fields = policy_fields}},
};
