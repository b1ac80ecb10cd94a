/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec.image and what it means to Ironic: checksum rules (bmo.md 2.13), the fields of instance_info (BMO-571…573), and
 * whether a node already carries the same image (IRO-068). An image is the JSON object of the host; NULL is no image.
 */
#ifndef OPERATOR_IRONIC_HOST_IMAGE_H
#define OPERATOR_IRONIC_HOST_IMAGE_H

#include "operator/ironic/node_patch.h"

const char *image_url(const struct json *image); /* "" without one */
bool image_is_oci(const struct json *image);
bool image_is_live_iso(const struct json *image);

/*
 * The checksum that goes to Ironic, and its algorithm ("" lets Ironic detect it). Both NULL when none is needed (OCI,
 * live ISO). Borrowed. ERROR_INVALID in upstream's words when the rules are broken.
 */
struct error *image_checksum(const struct json *image, const char **ret_checksum, const char **ret_type) MUST_CHECK;

/* True when the node's instance_info holds this image. */
bool image_same_as_node(const struct json *image, const struct json *node);

struct image_deploy {
    const struct json *image;      /* NULL: none (custom deploy only) */
    bool custom;                   /* spec.customDeploy is set */
    const char *pull_secret;       /* of an OCI registry; NULL: none */
    const char *force_boot_device; /* driver_info/force_persistent_boot_device of a written image; NULL: "Default" */
    const char *live_force_boot_device; /* the same for live ISOs */
};
/* Adds what `deploy` changes on the node to the patch: instance_info, deploy_interface, driver_info (BMO-571…573). */
struct error *image_patch_node(struct node_patch *patch, const struct image_deploy *deploy) MUST_CHECK;

#endif
