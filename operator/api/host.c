/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of the BareMetalHost's enumerations. */
#include "operator/api/host.h"

#include "lib/data/str.h"

static const char *const states[HOST_STATE_COUNT] = {
    [HOST_STATE_NONE] = "",
    [HOST_STATE_UNMANAGED] = "unmanaged",
    [HOST_STATE_REGISTERING] = "registering",
    [HOST_STATE_MATCH_PROFILE] = "match profile",
    [HOST_STATE_PREPARING] = "preparing",
    [HOST_STATE_READY] = "ready",
    [HOST_STATE_AVAILABLE] = "available",
    [HOST_STATE_PROVISIONING] = "provisioning",
    [HOST_STATE_PROVISIONED] = "provisioned",
    [HOST_STATE_EXTERNALLY_PROVISIONED] = "externally provisioned",
    [HOST_STATE_DEPROVISIONING] = "deprovisioning",
    [HOST_STATE_INSPECTING] = "inspecting",
    [HOST_STATE_POWERING_OFF_BEFORE_DELETE] = "powering off before delete",
    [HOST_STATE_DELETING] = "deleting",
};

static const char *const statuses[OPERATIONAL_STATUS_COUNT] = {
    [OPERATIONAL_STATUS_NONE] = "",
    [OPERATIONAL_STATUS_OK] = "OK",
    [OPERATIONAL_STATUS_DISCOVERED] = "discovered",
    [OPERATIONAL_STATUS_ERROR] = "error",
    [OPERATIONAL_STATUS_DELAYED] = "delayed",
    [OPERATIONAL_STATUS_DETACHED] = "detached",
    [OPERATIONAL_STATUS_SERVICING] = "servicing",
};

static const struct {
    const char *text, *reason;
} errors[HOST_ERROR_COUNT] = {
    [HOST_ERROR_NONE] = {"", ""},
    [HOST_ERROR_PROVISIONED_REGISTRATION] = {"provisioned registration error", "ProvisionedRegistrationError"},
    [HOST_ERROR_REGISTRATION] = {"registration error", "RegistrationError"},
    [HOST_ERROR_INSPECTION] = {"inspection error", "InspectionError"},
    [HOST_ERROR_PREPARATION] = {"preparation error", "PreparationError"},
    [HOST_ERROR_PROVISIONING] = {"provisioning error", "ProvisioningError"},
    [HOST_ERROR_POWER_MANAGEMENT] = {"power management error", "PowerManagementError"},
    [HOST_ERROR_SERVICING] = {"servicing error", "ServicingError"},
    [HOST_ERROR_DETACH] = {"detach error", "DetachError"},
};

static struct error *unknown(const char *what, const char *text)
{
    return error_new(ERROR_INVALID, "\"%s\" is no %s that this version knows", text, what);
}

const char *host_state_text(enum host_state state)
{
    return states[state];
}

struct error *host_state_parse(const char *text, enum host_state *ret)
{
    for (int i = 0; i < HOST_STATE_COUNT; i++) {
        if (str_equal(states[i], text ? text : "")) {
            *ret = i;
            return NULL;
        }
    }
    return unknown("provisioning state", text);
}

const char *operational_status_text(enum operational_status status)
{
    return statuses[status];
}

struct error *operational_status_parse(const char *text, enum operational_status *ret)
{
    for (int i = 0; i < OPERATIONAL_STATUS_COUNT; i++) {
        if (str_equal(statuses[i], text ? text : "")) {
            *ret = i;
            return NULL;
        }
    }
    return unknown("operational status", text);
}

const char *host_error_text(enum host_error error)
{
    return errors[error].text;
}

const char *host_error_reason(enum host_error error)
{
    return errors[error].reason;
}

struct error *host_error_parse(const char *text, enum host_error *ret)
{
    for (int i = 0; i < HOST_ERROR_COUNT; i++) {
        if (str_equal(errors[i].text, text ? text : "")) {
            *ret = i;
            return NULL;
        }
    }
    return unknown("error type", text);
}
