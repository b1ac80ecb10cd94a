/* SPDX-License-Identifier: Apache-2.0 */
/* BareMetalHost: a machine, how to reach its BMC, and what shall run on it (BMO-023 … BMO-061). */
#include "operator/api/fields.h"
#include "operator/api/kinds.h"
#include "operator/api/metal3.h"

const struct kube_resource metal3_bare_metal_hosts = {METAL3_GROUP, "v1alpha1", "baremetalhosts", "BareMetalHost",
                                                      true};

static const struct api_field bmc[] = {
    {"address", API_STRING, .required = true, .help = "URL of the BMC; its scheme chooses the driver"},
    {"credentialsName", API_STRING, .required = true, .help = "Secret with username and password, same namespace"},
    {"disableCertificateVerification", API_BOOL, .help = "Trust whatever certificate the BMC shows"},
    {0},
};

static const struct api_field taint[] = {
    {"effect", API_STRING, .required = true, .help = "What happens to pods that do not tolerate it"},
    {"key", API_STRING, .required = true, .help = "Key of the taint"},
    {"timeAdded", API_TIME, .help = "When it was added"},
    {"value", API_STRING, .help = "Value of the taint"},
    {0},
};

static const struct api_field network_attachment_reference[] = {
    {"name", API_STRING, .max_length = 253, .help = "Name of the HostNetworkAttachment"},
    {"namespace", API_STRING, .max_length = 63, .help = "Its namespace; that of the host when absent"},
    {0},
};

static const struct api_field switch_port[] = {
    {"portID", API_STRING, .required = true, .help = "Port on the switch"},
    {"switchID", API_STRING, .required = true, .pattern = API_MAC_PATTERN, .help = "MAC address of the switch"},
    {0},
};

static const struct api_field network_interface[] = {
    {"hostNetworkAttachment", API_OBJECT, .fields = network_attachment_reference,
     .help = "The network that the interface shall be on"},
    {"macAddress", API_STRING, .pattern = API_MAC_PATTERN, .help = "MAC address of the interface"},
    {"name", API_STRING, .pattern = "^[a-zA-Z0-9._-]+$", .help = "Name of the interface, unique on the host"},
    {"switchPort", API_OBJECT, .fields = switch_port, .help = "Where the interface is plugged in"},
    {0},
};

static const struct api_field spec[] = {
    {"architecture", API_STRING, .help = "CPU architecture; filled in from inspection when absent"},
    {"automatedCleaningMode", API_STRING, .values = "metadata|disabled", .fallback = "\"metadata\"",
     .help = "Whether partition tables are wiped before and after use"},
    {"bmc", API_OBJECT, .fields = bmc, .help = "How to reach the host's BMC"},
    {"bootMACAddress", API_STRING, .pattern = API_MAC_PATTERN_LOOSE,
     .help = "MAC address of the interface that boots; needed unless virtual media are used"},
    {"bootMode", API_STRING, .values = API_BOOT_MODES, .help = "How the host boots; UEFI when absent"},
    {"consumerRef", API_OBJECT, .atomic = true, .fields = api_object_reference,
     .help = "Who uses the host; a host with a consumer is not free"},
    {"customDeploy", API_OBJECT, .fields = api_custom_deploy,
     .help = "A deploy step to run in place of writing an image"},
    {"description", API_STRING, .help = "Notes for a reader"},
    {"disablePowerOff", API_BOOL, .help = "Never power the host off: reboot it instead"},
    {"externallyProvisioned", API_BOOL, .help = "Somebody else put an operating system on it: manage power only"},
    {"firmware", API_OBJECT, .fields = api_firmware_config, .help = "Not supported any more: use HostFirmwareSettings"},
    {"hardwareProfile", API_STRING, .help = "Deprecated: use rootDeviceHints"},
    {"image", API_OBJECT, .fields = api_image, .help = "What to provision"},
    {"inspectionMode", API_STRING, .values = "disabled|agent|fast", .help = "How to inspect; agent when absent"},
    {"metaData", API_OBJECT, .atomic = true, .fields = api_secret_reference, .help = "Secret with the meta data"},
    {"networkData", API_OBJECT, .atomic = true, .fields = api_secret_reference, .help = "Secret with the network data"},
    {"networkInterfaces", API_OBJECT, API_LIST, .fields = network_interface,
     .help = "How the host's interfaces shall be attached to networks"},
    {"online", API_BOOL, .required = true, .help = "Whether the host shall be powered on"},
    {"preprovisioningNetworkDataName", API_STRING, .help = "Secret with the network data of the deploy ramdisk"},
    {"raid", API_OBJECT, .fields = api_raid, .help = "RAID volumes to make before provisioning"},
    {"rootDeviceHints", API_OBJECT, .fields = api_root_device_hints, .help = "Which disk to write to"},
    {"taints", API_OBJECT, API_LIST, .fields = taint, .help = "Deprecated and without effect"},
    {"userData", API_OBJECT, .atomic = true, .fields = api_secret_reference, .help = "Secret with the user data"},
    {0},
};

static const struct api_field credentials_status[] = {
    {"credentials", API_OBJECT, .atomic = true, .fields = api_secret_reference, .help = "The Secret"},
    {"credentialsVersion", API_STRING, .help = "resourceVersion of the Secret"},
    {0},
};

static const struct api_field operation[] = {
    {"end", API_TIME, .nullable = true, .help = "When it ended"},
    {"start", API_TIME, .nullable = true, .help = "When it began"},
    {0},
};

static const struct api_field operation_history[] = {
    {"deprovision", API_OBJECT, .fields = operation, .help = "Last deprovisioning"},
    {"inspect", API_OBJECT, .fields = operation, .help = "Last inspection"},
    {"provision", API_OBJECT, .fields = operation, .help = "Last provisioning"},
    {"register", API_OBJECT, .fields = operation, .help = "Last registration"},
    {0},
};

static const struct api_field provisioning[] = {
    {"ID", API_STRING, .required = true, .help = "UUID of the node in Ironic"},
    {"bootMode", API_STRING, .values = API_BOOT_MODES, .help = "The boot mode in use"},
    {"customDeploy", API_OBJECT, .fields = api_custom_deploy, .help = "The deploy step that was run"},
    {"firmware", API_OBJECT, .fields = api_firmware_config, .help = "Not used any more"},
    {"image", API_OBJECT, .fields = api_image, .help = "The image on the host"},
    {"raid", API_OBJECT, .fields = api_raid, .help = "The RAID volumes on the host"},
    {"rootDeviceHints", API_OBJECT, .fields = api_root_device_hints, .help = "The hints that were used"},
    {"state", API_STRING, .required = true, .help = "Where the host is between registration and provisioned"},
    {0},
};

static const struct api_field status[] = {
    {"conditions", API_OBJECT, API_LIST, .keys = "type", .max_items = 32, .fields = api_condition,
     .help = "The host's state in terms that other controllers understand"},
    {"errorCount", API_INT, .required = true, .fallback = "0", .help = "Errors since the last success"},
    {"errorMessage", API_STRING, .required = true, .help = "The last error; empty when there is none"},
    {"errorType", API_STRING,
     .values = "provisioned registration error|registration error|inspection error|preparation error|"
               "provisioning error|power management error|servicing error",
     .help = "What failed"},
    {"goodCredentials", API_OBJECT, .fields = credentials_status, .help = "The credentials that worked last"},
    {"hardware", API_OBJECT, .fields = api_hardware_details, .help = "Deprecated: see the HardwareData of that name"},
    {"hardwareProfile", API_STRING, .help = "Deprecated"},
    {"lastAttemptedImage", API_OBJECT, .fields = api_image, .help = "What was tried to provision last"},
    {"lastUpdated", API_TIME, .help = "When this status was written"},
    {"operationHistory", API_OBJECT, .fields = operation_history, .help = "When the last operations ran"},
    {"operationalStatus", API_STRING, .required = true, .values = "|OK|discovered|error|delayed|detached|servicing",
     .help = "Whether all is well"},
    {"poweredOn", API_BOOL, .required = true, .help = "Whether the host is on"},
    {"provisioning", API_OBJECT, .required = true, .fields = provisioning, .help = "What is, or will be, on the host"},
    {"provisioningFailCount", API_INT, .required = true, .fallback = "0",
     .help = "Failures in a row to provision the same image"},
    {"triedCredentials", API_OBJECT, .fields = credentials_status, .help = "The credentials that were tried last"},
    {0},
};

static const struct api_field fields[] = {
    {"spec", API_OBJECT, .fields = spec, .help = "What the host shall be"},
    {"status", API_OBJECT, .fields = status, .help = "What the host is"},
    {0},
};

static const struct api_column columns[] = {
    {"Status", ".status.operationalStatus", .priority = 1},
    {"State", ".status.provisioning.state"},
    {"Consumer", ".spec.consumerRef.name"},
    {"BMC", ".spec.bmc.address", .priority = 1},
    {"Online", ".spec.online"},
    {"Error", ".status.errorType"},
    API_AGE_COLUMN,
    {0},
};

const struct api_kind api_bare_metal_host = {
    .resource = &metal3_bare_metal_hosts,
    .singular = "baremetalhost",
    .short_names = "bmh|bmhost",
    .help = "A physical machine with a BMC",
    .versions = {{"v1alpha1", .storage = true, .status = true, .fields = fields, .columns = columns}},
};
