/* SPDX-License-Identifier: Apache-2.0 */
/* Field tables that several kinds share. */
#include "operator/api/fields.h"

const struct api_field api_no_fields[] = {{0}};

const struct api_field api_secret_reference[] = {
    {"name", API_STRING, .help = "Name of the Secret"},
    {"namespace", API_STRING, .help = "Namespace of the Secret; that of the object when absent"},
    {0},
};

const struct api_field api_object_reference[] = {
    {"apiVersion", API_STRING, .help = "API version of the object"},
    {"fieldPath", API_STRING, .help = "Part of the object that is meant"},
    {"kind", API_STRING, .help = "Kind of the object"},
    {"name", API_STRING, .help = "Name of the object"},
    {"namespace", API_STRING, .help = "Namespace of the object"},
    {"resourceVersion", API_STRING, .help = "Version of the object that is meant"},
    {"uid", API_STRING, .help = "UID of the object"},
    {0},
};

const struct api_field api_named_reference[] = {
    {"name", API_STRING, .required = true, .help = "Name of the object"},
    {"namespace", API_STRING, .required = true, .help = "Namespace of the object"},
    {0},
};

const struct api_field api_condition[] = {
    {"lastTransitionTime", API_TIME, .required = true, .help = "When status last changed"},
    {"message", API_STRING, .required = true, .max_length = 32768, .help = "Details for a reader; may be empty"},
    {"observedGeneration", API_INT, .format = "int64", .minimum = "0", .help = "The generation that this is about"},
    {"reason", API_STRING, .required = true, .min_length = 1, .max_length = 1024,
     .pattern = "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$", .help = "Why, as one word for programs"},
    {"status", API_STRING, .required = true, .values = "True|False|Unknown", .help = "Whether it holds"},
    {"type", API_STRING, .required = true, .max_length = 316,
     .pattern = "^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?"
                "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$",
     .help = "What the condition is about"},
    {0},
};

const struct api_field api_image[] = {
    {"checksum", API_STRING, .help = "Checksum of the image, or the URL of a file that holds it"},
    {"checksumType", API_STRING, .values = "md5|sha256|sha512|auto", .help = "Algorithm of the checksum"},
    {"format", API_STRING, .values = "raw|qcow2|vdi|vmdk|live-iso",
     .help = "Format of the image; a live-iso is booted, not written"},
    {"ociAuthSecretName", API_STRING, .help = "Secret with the registry's credentials, for oci:// images"},
    {"url", API_STRING, .required = true, .help = "Where the image is"},
    {0},
};

const struct api_field api_custom_deploy[] = {
    {"method", API_STRING, .required = true, .help = "Name of the deploy step that the ramdisk provides"},
    {0},
};

const struct api_field api_root_device_hints[] = {
    {"deviceName", API_STRING, .help = "Linux device name or by-path link, e.g. /dev/vda; must match exactly"},
    {"hctl", API_STRING, .help = "SCSI address, e.g. 0:0:0:0; must match exactly"},
    {"minSizeGigabytes", API_INT, .minimum = "0", .help = "Smallest size in gigabytes"},
    {"model", API_STRING, .help = "Part of the disk's model"},
    {"rotational", API_BOOL, .help = "True for spinning disks only, false for others only"},
    {"serialNumber", API_STRING, .help = "Serial number; must match exactly"},
    {"vendor", API_STRING, .help = "Part of the disk's vendor"},
    {"wwn", API_STRING, .help = "World wide name; must match exactly"},
    {"wwnVendorExtension", API_STRING, .help = "Vendor's part of the world wide name; must match exactly"},
    {"wwnWithExtension", API_STRING, .help = "World wide name with the vendor's part; must match exactly"},
    {0},
};

static const struct api_field hardware_raid_volume[] = {
    {"controller", API_STRING, .help = "RAID controller to use; needed with physicalDisks"},
    {"level", API_STRING, .required = true, .values = "0|1|2|5|6|1+0|5+0|6+0", .help = "RAID level"},
    {"name", API_STRING, .max_length = 64, .help = "Name of the volume, unique on the host"},
    {"numberOfPhysicalDisks", API_INT, .minimum = "1", .help = "How many disks; the level's least when absent"},
    {"physicalDisks", API_STRING, API_LIST, .help = "Disks by their names on the controller"},
    {"rotational", API_BOOL, .help = "True for spinning disks only, false for solid state only"},
    {"sizeGibibytes", API_INT, .minimum = "0", .help = "Size in GiB; as large as possible when absent or 0"},
    {0},
};

static const struct api_field software_raid_volume[] = {
    {"level", API_STRING, .required = true, .values = "0|1|1+0", .help = "RAID level"},
    {"physicalDisks", API_OBJECT, API_LIST, .min_items = 2, .fields = api_root_device_hints,
     .help = "Hints that choose the disks; two at least"},
    {"rootVolume", API_BOOL, .fallback = "false", .help = "Whether this volume is the root device"},
    {"sizeGibibytes", API_INT, .minimum = "0", .help = "Size in GiB; as large as possible when absent or 0"},
    {0},
};

const struct api_field api_raid[] = {
    {"hardwareRAIDVolumes", API_OBJECT, API_LIST, .nullable = true, .fields = hardware_raid_volume,
     .help = "Volumes of a RAID controller; [] removes them, null leaves them as they are"},
    {"softwareRAIDVolumes", API_OBJECT, API_LIST, .nullable = true, .max_items = 2, .fields = software_raid_volume,
     .help = "Volumes that Linux makes; the first must be RAID 1 and becomes the root device"},
    {0},
};

const struct api_field api_firmware_config[] = {
    {"simultaneousMultithreadingEnabled", API_BOOL, .values = "true|false", .help = "Not supported any more"},
    {"sriovEnabled", API_BOOL, .values = "true|false", .help = "Not supported any more"},
    {"virtualizationEnabled", API_BOOL, .values = "true|false", .help = "Not supported any more"},
    {0},
};

/* -- what inspection finds -- */

static const struct api_field cpu[] = {
    {"arch", API_STRING, .help = "Architecture, e.g. x86_64"},
    {"clockMegahertz", API_NUMBER, .format = "double", .help = "Clock speed in MHz"},
    {"count", API_INT, .help = "Number of logical CPUs"},
    {"flags", API_STRING, API_LIST, .help = "Features, as Linux names them"},
    {"model", API_STRING, .help = "Model name"},
    {0},
};

static const struct api_field bios[] = {
    {"date", API_STRING, .help = "Release date"},
    {"vendor", API_STRING, .help = "Vendor"},
    {"version", API_STRING, .help = "Version"},
    {0},
};

static const struct api_field firmware[] = {
    {"bios", API_OBJECT, .fields = bios, .help = "The system's firmware"},
    {0},
};

static const struct api_field lldp[] = {
    {"portID", API_STRING, .help = "Port on the switch"},
    {"switchID", API_STRING, .help = "Chassis ID of the switch"},
    {"switchSystemName", API_STRING, .help = "Name of the switch"},
    {0},
};

static const struct api_field vlan[] = {
    {"id", API_INT, .format = "int32", .minimum = "0", .maximum = "4094", .help = "VLAN ID"},
    {"name", API_STRING, .help = "Name of the VLAN"},
    {0},
};

static const struct api_field nic[] = {
    {"ip", API_STRING, .help = "Address that it had during inspection"},
    {"lldp", API_OBJECT, .fields = lldp, .help = "The switch at the other end, as it announced itself"},
    {"mac", API_STRING, .pattern = API_MAC_PATTERN_LOOSE, .help = "MAC address"},
    {"model", API_STRING, .help = "Vendor and product IDs, e.g. 0x1af4 0x0001"},
    {"name", API_STRING, .help = "Linux interface name"},
    {"pciAddress", API_STRING, .help = "PCI address"},
    {"pxe", API_BOOL, .help = "Whether the host booted from it"},
    {"speedGbps", API_INT, .help = "Speed in Gbit/s"},
    {"vlanId", API_INT, .format = "int32", .minimum = "0", .maximum = "4094", .help = "The native VLAN"},
    {"vlans", API_OBJECT, API_LIST, .fields = vlan, .help = "VLANs that are available on it"},
    {0},
};

static const struct api_field disk[] = {
    {"alternateNames", API_STRING, API_LIST, .help = "Other names of the same device"},
    {"hctl", API_STRING, .help = "SCSI address"},
    {"model", API_STRING, .help = "Model"},
    {"name", API_STRING, .help = "Device name; by-path where it is known, since that stays the same"},
    {"rotational", API_BOOL, .help = "Whether it spins; see type"},
    {"serialNumber", API_STRING, .help = "Serial number"},
    {"sizeBytes", API_INT, .format = "int64", .help = "Size in bytes"},
    {"type", API_STRING, .values = "HDD|SSD|NVME", .help = "Kind of disk"},
    {"vendor", API_STRING, .help = "Vendor"},
    {"wwn", API_STRING, .help = "World wide name"},
    {"wwnVendorExtension", API_STRING, .help = "Vendor's part of the world wide name"},
    {"wwnWithExtension", API_STRING, .help = "World wide name with the vendor's part"},
    {0},
};

static const struct api_field system_vendor[] = {
    {"manufacturer", API_STRING, .help = "Manufacturer"},
    {"productName", API_STRING, .help = "Product"},
    {"serialNumber", API_STRING, .help = "Serial number of the system"},
    {0},
};

const struct api_field api_hardware_details[] = {
    {"cpu", API_OBJECT, .fields = cpu, .help = "Processors"},
    {"firmware", API_OBJECT, .fields = firmware, .help = "Firmware versions"},
    {"hostname", API_STRING, .help = "Host name during inspection"},
    {"nics", API_OBJECT, API_LIST, .fields = nic, .help = "Network interfaces"},
    {"ramMebibytes", API_INT, .help = "Memory in MiB"},
    {"storage", API_OBJECT, API_LIST, .fields = disk, .help = "Disks"},
    {"systemVendor", API_OBJECT, .fields = system_vendor, .help = "Who made the system"},
    {0},
};
