/* SPDX-License-Identifier: Apache-2.0 */
/* The resources of group metal3.io (BMO-001 …). */
#ifndef OPERATOR_API_METAL3_H
#define OPERATOR_API_METAL3_H

#include "operator/kube/client.h"

#define METAL3_GROUP "metal3.io"
#define METAL3_API_VERSION "metal3.io/v1alpha1"

extern const struct kube_resource metal3_bare_metal_hosts, metal3_hardware_data, metal3_host_firmware_settings,
    metal3_firmware_schemas, metal3_host_firmware_components, metal3_preprovisioning_images,
    metal3_bmc_event_subscriptions, metal3_data_images, metal3_host_update_policies, metal3_host_deploy_policies,
    metal3_host_claims, metal3_bare_metal_switches, metal3_host_network_attachments;

#endif
