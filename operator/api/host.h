/* SPDX-License-Identifier: Apache-2.0 */
/* Enumerations of the BareMetalHost and their texts in the API. */
#ifndef OPERATOR_API_HOST_H
#define OPERATOR_API_HOST_H

#include <stdbool.h>

#include "lib/data/error.h"

/* status.provisioning.state */
enum host_state {
    HOST_STATE_NONE, /* "" */
    HOST_STATE_UNMANAGED,
    HOST_STATE_REGISTERING,
    HOST_STATE_MATCH_PROFILE, /* of old releases; becomes inspecting or preparing */
    HOST_STATE_PREPARING,
    HOST_STATE_READY, /* of old releases; becomes available */
    HOST_STATE_AVAILABLE,
    HOST_STATE_PROVISIONING,
    HOST_STATE_PROVISIONED,
    HOST_STATE_EXTERNALLY_PROVISIONED,
    HOST_STATE_DEPROVISIONING,
    HOST_STATE_INSPECTING,
    HOST_STATE_POWERING_OFF_BEFORE_DELETE,
    HOST_STATE_DELETING,
    HOST_STATE_COUNT,
};
const char *host_state_text(enum host_state state); /* "registering", "externally provisioned" … */
/* ERROR_INVALID names the text. NULL is HOST_STATE_NONE. */
struct error *host_state_parse(const char *text, enum host_state *ret) MUST_CHECK;

/* status.operationalStatus */
enum operational_status {
    OPERATIONAL_STATUS_NONE, /* "" */
    OPERATIONAL_STATUS_OK,
    OPERATIONAL_STATUS_DISCOVERED,
    OPERATIONAL_STATUS_ERROR,
    OPERATIONAL_STATUS_DELAYED,
    OPERATIONAL_STATUS_DETACHED,
    OPERATIONAL_STATUS_SERVICING,
    OPERATIONAL_STATUS_COUNT,
};
const char *operational_status_text(enum operational_status status);
struct error *operational_status_parse(const char *text, enum operational_status *ret) MUST_CHECK;

/* status.errorType */
enum host_error {
    HOST_ERROR_NONE, /* "" */
    HOST_ERROR_PROVISIONED_REGISTRATION,
    HOST_ERROR_REGISTRATION,
    HOST_ERROR_INSPECTION,
    HOST_ERROR_PREPARATION,
    HOST_ERROR_PROVISIONING,
    HOST_ERROR_POWER_MANAGEMENT,
    HOST_ERROR_SERVICING,
    HOST_ERROR_DETACH, /* not in the CRD's enumeration (BMO-049): never write it to a server */
    HOST_ERROR_COUNT,
};
const char *host_error_text(enum host_error error); /* "registration error" … */
const char *
host_error_reason(enum host_error error); /* of the event and the metric: "RegistrationError" …; "" for none */
struct error *host_error_parse(const char *text, enum host_error *ret) MUST_CHECK;

/* spec.automatedCleaningMode, spec.bootMode, spec.inspectionMode, image formats: plain texts */
#define CLEANING_METADATA "metadata"
#define CLEANING_DISABLED "disabled"
#define BOOT_UEFI "UEFI" /* what an absent bootMode means */
#define BOOT_UEFI_SECURE "UEFISecureBoot"
#define BOOT_LEGACY "legacy"
#define INSPECTION_DISABLED "disabled"
#define INSPECTION_AGENT "agent" /* what an absent inspectionMode means */
#define INSPECTION_FAST "fast"
#define IMAGE_FORMAT_LIVE_ISO "live-iso"
#define CHECKSUM_AUTO "auto"

/* status.conditions[].type */
#define CONDITION_MANAGEABLE "Manageable"
#define CONDITION_AVAILABLE "AvailableForProvisioning"
#define CONDITION_PROVISIONED "Provisioned"
#define CONDITION_READY "Ready"
#define CONDITION_PROGRESSING "Progressing"
#define CONDITION_HEALTHY "Healthy"
#define CONDITION_CHANGE_DETECTED "ChangeDetected" /* firmware settings and components */
#define CONDITION_VALID "Valid"
#define CONDITION_ERROR "Error"           /* preprovisioning images */
#define CONDITION_ASSOCIATED "Associated" /* host claims */
#define CONDITION_SYNCHRONIZED "Synchronized"

#endif
