/* SPDX-License-Identifier: Apache-2.0 */
/* What spec.image means to Ironic. */
#include "operator/ironic/host_image.h"

#include <strings.h>
#include <string.h>

const char *image_url(const struct json *image)
{
    return json_str_or(image, "url", "");
}

bool image_is_oci(const struct json *image)
{
    return strncasecmp(image_url(image), "oci://", strlen("oci://")) == 0;
}

bool image_is_live_iso(const struct json *image)
{
    return str_equal(json_str(image, "format"), "live-iso");
}

struct error *image_checksum(const struct json *image, const char **ret_checksum, const char **ret_type)
{
    static const char *const algorithms[] = {"md5", "sha256", "sha512"};
    const char *checksum = json_str_or(image, "checksum", "");
    const char *type = json_str_or(image, "checksumType", "");

    if (!image)
        return error_new(ERROR_INVALID, "image is not provided");
    if (image_is_oci(image) || image_is_live_iso(image)) {
        if (image_is_oci(image) && checksum[0])
            return error_new(ERROR_INVALID, "spec.image.checksum must be empty for OCI images (oci:// images have "
                                            "embedded checksums)");
        *ret_checksum = NULL;
        *ret_type = NULL;
        return NULL;
    }
    if (!checksum[0])
        return error_new(ERROR_INVALID, "checksum is required for normal images");
    if (!type[0] || str_equal(type, "auto")) {
        *ret_checksum = checksum;
        *ret_type = "";
        return NULL;
    }
    for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
        if (!str_equal(type, algorithms[i]))
            continue;
        *ret_checksum = checksum;
        *ret_type = algorithms[i];
        return NULL;
    }
    return error_new(ERROR_INVALID, "unknown checksumType \"%s\": use md5, sha256, sha512 or auto", type);
}

bool image_same_as_node(const struct json *image, const struct json *node)
{
    const struct json *info = json_get(node, "instance_info");
    const char *source = json_str_or(info, "image_source", "");
    const char *checksum = NULL, *type = NULL;

    if (image_is_live_iso(image))
        return str_equal(json_str_or(info, "boot_iso", ""), image_url(image));
    struct error *err = image_checksum(image, &checksum, &type);
    if (err) {
        error_free(err);
        return false;
    }
    if (!str_equal(source, image_url(image)))
        return false;
    if (!checksum)
        return true;
    const char *node_checksum = json_str_or(info, "image_checksum", "");
    const char *node_algorithm = json_str_or(info, "image_os_hash_algo", "");
    const char *node_hash = json_str_or(info, "image_os_hash_value", "");
    if (!type[0])
        return str_equal(node_checksum, checksum) && !node_algorithm[0] && !node_hash[0];
    return str_equal(node_algorithm, type) && str_equal(node_hash, checksum) && !node_checksum[0];
}

static void patch_live_iso(struct node_patch *patch, const struct image_deploy *deploy)
{
    static const char *const gone[] = {"instance_info/image_source",       "instance_info/image_checksum",
                                       "instance_info/image_os_hash_algo", "instance_info/image_os_hash_value",
                                       "instance_info/image_disk_format",  "instance_info/image_pull_secret"};

    node_patch_str(patch, "instance_info/boot_iso", image_url(deploy->image));
    for (size_t i = 0; i < ARRAY_SIZE(gone); i++)
        node_patch_str(patch, gone[i], NULL);
    node_patch_str(patch, "deploy_interface", "ramdisk");
    node_patch_str(patch, "driver_info/force_persistent_boot_device",
                   str_or(deploy->live_force_boot_device, "Default"));
}

/* Hash fields of a written image: with an algorithm as os_hash, without one as plain checksum. */
static void patch_checksum(struct node_patch *patch, const char *checksum, const char *type)
{
    bool typed = checksum && type[0];

    node_patch_str(patch, "instance_info/image_checksum", checksum && !typed ? checksum : NULL);
    node_patch_str(patch, "instance_info/image_os_hash_algo", typed ? type : NULL);
    node_patch_str(patch, "instance_info/image_os_hash_value", typed ? checksum : NULL);
}

struct error *image_patch_node(struct node_patch *patch, const struct image_deploy *deploy)
{
    const char *checksum = NULL, *type = "";
    bool has_image = image_url(deploy->image)[0];

    if (has_image)
        TRY(image_checksum(deploy->image, &checksum, &type));
    if (!deploy->custom && image_is_live_iso(deploy->image)) {
        patch_live_iso(patch, deploy);
        return NULL;
    }
    node_patch_str(patch, "instance_info/boot_iso", NULL);
    node_patch_str(patch, "instance_info/image_source", has_image ? image_url(deploy->image) : NULL);
    node_patch_str(patch, "instance_info/image_disk_format", has_image ? json_str(deploy->image, "format") : NULL);
    node_patch_str(patch, "instance_info/image_pull_secret", deploy->pull_secret);
    patch_checksum(patch, checksum, type);
    if (deploy->custom) {
        node_patch_str(patch, "deploy_interface", "custom-agent");
    } else {
        const char *present = json_str_or(patch->node, "deploy_interface", "");
        if (str_equal(present, "ramdisk") || str_equal(present, "custom-agent"))
            node_patch_str(patch, "deploy_interface", NULL);
    }
    node_patch_str(patch, "driver_info/force_persistent_boot_device", str_or(deploy->force_boot_device, "Default"));
    return NULL;
}
