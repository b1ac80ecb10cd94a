/* SPDX-License-Identifier: Apache-2.0 */
/* Kinds about media: the ramdisk that a host is prepared with, and a data image in its virtual drive (BMO-080 … BMO-082, BMO-086). */
#include "operator/api/fields.h"
#include "operator/api/kinds.h"
#include "operator/api/metal3.h"

/* -- PreprovisioningImage -- */

const struct kube_resource metal3_preprovisioning_images = {METAL3_GROUP, "v1alpha1", "preprovisioningimages",
                                                            "PreprovisioningImage", true};

static const struct api_field image_spec[] = {
    {"acceptFormats", API_STRING, API_LIST, .values = "iso|initrd", .help = "Formats that the host can boot"},
    {"architecture", API_STRING, .help = "CPU architecture of the host"},
    {"networkDataName", API_STRING, .help = "Secret with the network data to build in, same namespace"},
    {0},
};

static const struct api_field network_data_status[] = {
    {"name", API_STRING, .help = "Name of the Secret"},
    {"version", API_STRING, .help = "resourceVersion of the Secret"},
    {0},
};

static const struct api_field image_status[] = {
    {"architecture", API_STRING, .help = "CPU architecture of the image"},
    API_CONDITIONS,
    {"extraKernelParams", API_STRING, .help = "To add to the kernel's command line"},
    {"format", API_STRING, .values = "iso|initrd", .help = "Format of the image"},
    {"imageUrl", API_STRING, .help = "Where the image is"},
    {"kernelUrl", API_STRING, .help = "Where the kernel of an initrd is"},
    {"networkData", API_OBJECT, .fields = network_data_status, .help = "The network data that is built in"},
    {0},
};

static const struct api_field image_fields[] = {
    {"spec", API_OBJECT, .fields = image_spec, .help = "What the host needs"},
    {"status", API_OBJECT, .fields = image_status, .help = "What was built"},
    {0},
};

static const struct api_column image_columns[] = {
    {"Ready", ".status.conditions[?(@.type=='Ready')].status"},
    {"Reason", ".status.conditions[?(@.type=='Ready')].reason"},
    {0},
};

const struct api_kind api_preprovisioning_image = {
    .resource = &metal3_preprovisioning_images,
    .singular = "preprovisioningimage",
    .short_names = "ppimg",
    .help = "The deploy ramdisk for one host",
    .versions = {{"v1alpha1", .storage = true, .status = true, .fields = image_fields, .columns = image_columns}},
};

/* -- DataImage -- */

const struct kube_resource metal3_data_images = {METAL3_GROUP, "v1alpha1", "dataimages", "DataImage", true};

static const struct api_field data_image_spec[] = {
    {"url", API_STRING, .required = true, .help = "Where the ISO image is"},
    {0},
};

static const struct api_field attached_image[] = {
    {"url", API_STRING, .required = true, .help = "Where it came from"},
    {0},
};

static const struct api_field data_image_error[] = {
    {"count", API_INT, .required = true, .help = "Failures in a row"},
    {"message", API_STRING, .required = true, .help = "The last one"},
    {0},
};

static const struct api_field data_image_status[] = {
    {"attachedImage", API_OBJECT, .fields = attached_image, .help = "What is in the drive"},
    {"error", API_OBJECT, .fields = data_image_error, .help = "Why it is not there"},
    {"lastReconciled", API_TIME, .help = "When the drive was last looked at"},
    {0},
};

static const struct api_field data_image_fields[] = {
    {"spec", API_OBJECT, .fields = data_image_spec, .help = "What shall be in the drive"},
    {"status", API_OBJECT, .fields = data_image_status, .help = "What is in the drive"},
    {0},
};

const struct api_kind api_data_image = {
    .resource = &metal3_data_images,
    .singular = "dataimage",
    .help = "An ISO image for the virtual drive of the host of the same name",
    .versions = {{"v1alpha1", .storage = true, .status = true, .fields = data_image_fields}},
};
