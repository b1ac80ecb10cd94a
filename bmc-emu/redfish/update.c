// SPDX-License-Identifier: Apache-2.0
// The update service, to read: what firmware there is (EMU-080, 083).
#include <stdio.h>
#include <string.h>

#include "bmc-emu/redfish/handlers.h"

#define SERVICE RF_ROOT "/UpdateService"
#define INVENTORY SERVICE "/FirmwareInventory"

/* Firmware of one machine: an id's prefix, the name, where its version is in the profile. */
static const struct {
    const char *prefix, *name;
    size_t version;
} kinds[] = {
    {"BIOS-", "BIOS", offsetof(struct machine_profile, bios_version)},
    {"BMC-", "BMC", offsetof(struct machine_profile, bmc_version)},
};

void rf_get_update_service(struct rf_request *request)
{
    rf_begin(request, "UpdateService.v1_11_3.UpdateService", SERVICE, "UpdateService", "Update Service", 1);
    rf_status(request, true);
    jsonw_bool(&request->json, "ServiceEnabled", true);
    rf_link(request, "FirmwareInventory", INVENTORY);
    /* sushy fails without the member, though there is no action yet. */
    jsonw_raw(&request->json, "Actions", "{}");
    rf_end(request);
}

void rf_get_firmware_list(struct rf_request *request)
{
    struct rf_service *service = request->service;
    const struct bmc_driver_ops *ops = request->context->driver->ops;
    size_t shown = 0;

    rf_begin_collection(request, "SoftwareInventoryCollection", INVENTORY, "Firmware Inventory");
    for (size_t i = service->first; i < service->first + service->count; i++) {
        struct bmc_snapshot snapshot;
        CLEANUP(error_free) struct error *err = ops->snapshot(request->context->driver, i, &snapshot);
        if (err)
            continue;
        for (size_t kind = 0; kind < ARRAY_SIZE(kinds); kind++, shown++)
            rf_member(request, INVENTORY "/%s%s", kinds[kind].prefix, snapshot.uuid);
    }
    rf_end_collection(request, shown);
}

static void send_firmware(struct rf_request *request, size_t kind)
{
    struct jsonw *json = &request->json;
    const char *base = (const char *)request->snapshot.profile;
    char path[RF_PATH_MAX];

    snprintf(path, sizeof(path), INVENTORY "/%s", request->params[0]);
    rf_begin(request, "SoftwareInventory.v1_9_0.SoftwareInventory", path, request->params[0], kinds[kind].name, 1);
    jsonw_str(json, "Version", *(char *const *)(base + kinds[kind].version));
    jsonw_bool(json, "Updateable", false);
    jsonw_str(json, "SoftwareId", kinds[kind].name);
    rf_status(request, true);
    rf_end(request);
}

void rf_get_firmware(struct rf_request *request)
{
    struct bmc_driver *driver = request->context->driver;

    for (size_t kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
        if (!str_has_prefix(request->params[0], kinds[kind].prefix))
            continue;
        size_t machine = rf_find_machine(request->service, request->params[0] + strlen(kinds[kind].prefix));
        if (machine == RF_NO_MACHINE)
            break;
        struct error *err = driver->ops->snapshot(driver, machine, &request->snapshot);
        if (err)
            rf_fail_error(request, err);
        else
            send_firmware(request, kind);
        return;
    }
    rf_not_found(request);
}
