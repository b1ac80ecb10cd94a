// SPDX-License-Identifier: Apache-2.0
// Disks as Redfish shows them: one storage controller with all drives, and the same as simple storage (EMU-052 to 056).
#include <stdio.h>

#include "bmc-emu/redfish/handlers.h"

#define CONTROLLER "1" /* the only one's id */

static bool is_controller(struct rf_request *request)
{
    if (str_equal(request->params[0], CONTROLLER))
        return true;
    rf_not_found(request);
    return false;
}

static void send_one_member(struct rf_request *request, const char *type, const char *folder, const char *title)
{
    char path[RF_PATH_MAX * 2];

    snprintf(path, sizeof(path), "%s/%s", request->system, folder);
    rf_begin_collection(request, type, path, title);
    rf_member(request, "%s/" CONTROLLER, path);
    rf_end_collection(request, 1);
}

void rf_get_simple_storages(struct rf_request *request)
{
    send_one_member(request, "SimpleStorageCollection", "SimpleStorage", "Simple Storage");
}

void rf_get_simple_storage(struct rf_request *request)
{
    const struct bmc_snapshot *snapshot = &request->snapshot;
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX * 2];

    if (!is_controller(request))
        return;
    snprintf(path, sizeof(path), "%s/SimpleStorage/" CONTROLLER, request->system);
    rf_begin(request, "SimpleStorage.v1_3_1.SimpleStorage", path, CONTROLLER, "Simple Storage", 1);
    jsonw_array(json, "Devices");
    for (size_t i = 0; i < snapshot->profile->disks.len; i++) {
        const struct machine_disk_profile *disk = snapshot->disks[i].profile;
        jsonw_object(json, NULL);
        jsonw_str(json, "Name", disk->name);
        jsonw_str(json, "Manufacturer", disk->vendor);
        jsonw_str(json, "Model", disk->model);
        jsonw_int(json, "CapacityBytes", disk->size);
        rf_status(request, true);
        jsonw_end(json);
    }
    jsonw_end(json);
    rf_status(request, true);
    rf_end(request);
}

void rf_get_storages(struct rf_request *request)
{
    send_one_member(request, "StorageCollection", "Storage", "Storage");
}

static void write_controller_abilities(struct jsonw *json)
{
    jsonw_raw(json, "SupportedControllerProtocols", "[\"PCIe\"]");
    jsonw_raw(json, "SupportedDeviceProtocols", "[\"SATA\",\"SAS\",\"NVMe\"]");
    rf_write_raid_types(json, "SupportedRAIDTypes");
}

void rf_get_storage(struct rf_request *request)
{
    const struct bmc_snapshot *snapshot = &request->snapshot;
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX * 2];

    if (!is_controller(request))
        return;
    snprintf(path, sizeof(path), "%s/Storage/" CONTROLLER, request->system);
    rf_begin(request, "Storage.v1_15_1.Storage", path, CONTROLLER, "Storage Controller", 1);
    jsonw_array(json, "StorageControllers");
    jsonw_object(json, NULL);
    jsonw_printf(json, "@odata.id", "%s#/StorageControllers/0", path);
    jsonw_str(json, "MemberId", "0");
    jsonw_str(json, "Name", "Virtual HBA");
    jsonw_str(json, "Manufacturer", snapshot->profile->manufacturer);
    jsonw_str(json, "Model", "Virtual HBA");
    write_controller_abilities(json);
    rf_status(request, true);
    jsonw_end(json);
    jsonw_end(json);
    jsonw_array(json, "Drives");
    for (size_t i = 0; i < snapshot->profile->disks.len; i++)
        rf_member(request, "%s/Drives/%s", path, snapshot->disks[i].profile->name);
    jsonw_end(json);
    jsonw_int(json, "Drives@odata.count", (int64_t)snapshot->profile->disks.len);
    rf_link(request, "Controllers", "%s/Controllers", path);
    rf_link(request, "Volumes", "%s/Volumes", path);
    rf_status(request, true);
    rf_end(request);
}

static const struct machine_disk *find_disk(const struct bmc_snapshot *snapshot, const char *name)
{
    for (size_t i = 0; i < snapshot->profile->disks.len; i++)
        if (str_equal(snapshot->disks[i].profile->name, name))
            return &snapshot->disks[i];
    return NULL;
}

void rf_get_drive(struct rf_request *request)
{
    const struct machine_disk *disk = find_disk(&request->snapshot, request->params[1]);
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX * 2];

    if (!is_controller(request))
        return;
    if (!disk) {
        rf_not_found(request);
        return;
    }
    const struct machine_disk_profile *profile = disk->profile;
    snprintf(path, sizeof(path), "%s/Storage/" CONTROLLER "/Drives/%s", request->system, profile->name);
    rf_begin(request, "Drive.v1_18_0.Drive", path, profile->name, profile->name, 1);
    jsonw_str(json, "Manufacturer", profile->vendor);
    jsonw_str(json, "Model", profile->model);
    jsonw_str(json, "SerialNumber", disk->serial);
    jsonw_int(json, "CapacityBytes", profile->size);
    jsonw_int(json, "BlockSizeBytes", profile->block_size);
    jsonw_str(json, "MediaType", profile->media);
    jsonw_str(json, "Protocol", profile->protocol);
    jsonw_array(json, "Identifiers");
    jsonw_object(json, NULL);
    jsonw_str(json, "DurableNameFormat", "NAA");
    jsonw_str(json, "DurableName", disk->wwn + 2); /* without the 0x */
    jsonw_end(json);
    jsonw_end(json);
    jsonw_object(json, "Links");
    rf_write_drive_volumes(request, (size_t)(disk - request->snapshot.disks));
    jsonw_end(json);
    rf_status(request, true);
    rf_end(request);
}

void rf_get_controllers(struct rf_request *request)
{
    if (is_controller(request))
        send_one_member(request, "StorageControllerCollection", "Storage/" CONTROLLER "/Controllers", "Controllers");
}

void rf_get_controller(struct rf_request *request)
{
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX * 2];

    if (!is_controller(request))
        return;
    if (!str_equal(request->params[1], CONTROLLER)) {
        rf_not_found(request);
        return;
    }
    snprintf(path, sizeof(path), "%s/Storage/" CONTROLLER "/Controllers/" CONTROLLER, request->system);
    rf_begin(request, "StorageController.v1_7_0.StorageController", path, CONTROLLER, "Virtual HBA", 1);
    jsonw_str(json, "Manufacturer", request->snapshot.profile->manufacturer);
    jsonw_str(json, "Model", "Virtual HBA");
    write_controller_abilities(json);
    rf_status(request, true);
    rf_end(request);
}
