/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of all kinds, each defined in a file of its own or with its kin. */
#ifndef OPERATOR_API_KINDS_H
#define OPERATOR_API_KINDS_H

#include "operator/api/kind.h"

extern const struct api_kind api_bare_metal_host, api_hardware_data, api_host_firmware_settings, api_firmware_schema,
    api_host_firmware_components, api_host_update_policy, api_preprovisioning_image, api_data_image,
    api_bmc_event_subscription, api_host_claim, api_host_deploy_policy, api_bare_metal_switch,
    api_host_network_attachment;

#endif
