// SPDX-License-Identifier: Apache-2.0
// Processors, memory modules and network interfaces of a system (EMU-045 to 049).
#include <stdio.h>
#include <string.h>

#include "bmc-emu/redfish/handlers.h"

/* "CPU0" with this prefix and below `count`: its number, else -1. */
static int64_t numbered(const char *id, const char *prefix, int64_t count)
{
    int64_t number;

    if (!str_has_prefix(id, prefix))
        return -1;
    CLEANUP(error_free) struct error *err = str_to_int64(id + strlen(prefix), &number);
    return err || number < 0 || number >= count ? -1 : number;
}

static void send_numbered_collection(struct rf_request *request, const char *type, const char *folder,
                                     const char *title, const char *prefix, int64_t count)
{
    char path[RF_PATH_MAX * 2];

    snprintf(path, sizeof(path), "%s/%s", request->system, folder);
    rf_begin_collection(request, type, path, title);
    for (int64_t i = 0; i < count; i++)
        rf_member(request, "%s/%s%lld", path, prefix, (long long)i);
    rf_end_collection(request, (size_t)count);
}

void rf_get_processors(struct rf_request *request)
{
    send_numbered_collection(request, "ProcessorCollection", "Processors", "Processors", "CPU",
                             request->snapshot.profile->sockets);
}

void rf_get_processor(struct rf_request *request)
{
    const struct machine_profile *profile = request->snapshot.profile;
    int64_t number = numbered(request->params[0], "CPU", profile->sockets);
    bool arm = str_equal(profile->architecture, "aarch64");
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX * 2];

    if (number < 0) {
        rf_not_found(request);
        return;
    }
    snprintf(path, sizeof(path), "%s/Processors/CPU%lld", request->system, (long long)number);
    rf_begin(request, "Processor.v1_18_0.Processor", path, request->params[0], "Processor", 1);
    jsonw_printf(json, "Socket", "CPU %lld", (long long)number);
    jsonw_str(json, "ProcessorType", "CPU");
    jsonw_str(json, "ProcessorArchitecture", arm ? "ARM" : "x86");
    jsonw_str(json, "InstructionSet", arm ? "ARM-A64" : "x86-64");
    jsonw_str(json, "Manufacturer", profile->cpu_vendor);
    jsonw_str(json, "Model", profile->cpu_model);
    jsonw_int(json, "MaxSpeedMHz", profile->cpu_mhz);
    jsonw_int(json, "TotalCores", profile->cores);
    jsonw_int(json, "TotalThreads", profile->cores * profile->threads);
    rf_status(request, true);
    rf_end(request);
}

void rf_get_memory_list(struct rf_request *request)
{
    send_numbered_collection(request, "MemoryCollection", "Memory", "Memory Modules", "DIMM",
                             request->snapshot.profile->dimms);
}

void rf_get_memory(struct rf_request *request)
{
    const struct machine_profile *profile = request->snapshot.profile;
    int64_t number = numbered(request->params[0], "DIMM", profile->dimms);
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX * 2];

    if (number < 0) {
        rf_not_found(request);
        return;
    }
    snprintf(path, sizeof(path), "%s/Memory/DIMM%lld", request->system, (long long)number);
    rf_begin(request, "Memory.v1_17_1.Memory", path, request->params[0], "Memory Module", 1);
    jsonw_str(json, "MemoryType", "DRAM");
    jsonw_str(json, "MemoryDeviceType", "DDR5");
    jsonw_int(json, "CapacityMiB", profile->memory_mib / profile->dimms);
    jsonw_printf(json, "DeviceLocator", "DIMM %lld", (long long)number);
    rf_status(request, true);
    rf_end(request);
}

void rf_get_ethernet_interfaces(struct rf_request *request)
{
    const struct bmc_snapshot *snapshot = &request->snapshot;
    char path[RF_PATH_MAX * 2];

    snprintf(path, sizeof(path), "%s/EthernetInterfaces", request->system);
    rf_begin_collection(request, "EthernetInterfaceCollection", path, "Ethernet Interfaces");
    for (size_t i = 0; i < snapshot->profile->nics.len; i++)
        rf_member(request, "%s/%s", path, snapshot->nics[i].mac);
    rf_end_collection(request, snapshot->profile->nics.len);
}

static const struct machine_nic *find_nic(const struct bmc_snapshot *snapshot, const char *mac)
{
    for (size_t i = 0; i < snapshot->profile->nics.len; i++)
        if (str_equal_nocase(snapshot->nics[i].mac, mac))
            return &snapshot->nics[i];
    return NULL;
}

void rf_get_ethernet_interface(struct rf_request *request)
{
    const struct machine_nic *nic = find_nic(&request->snapshot, request->params[0]);
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX * 2];

    if (!nic) {
        rf_not_found(request);
        return;
    }
    snprintf(path, sizeof(path), "%s/EthernetInterfaces/%s", request->system, nic->mac);
    rf_begin(request, "EthernetInterface.v1_9_0.EthernetInterface", path, nic->mac, nic->profile->name, 1);
    jsonw_str(json, "MACAddress", nic->mac);
    jsonw_str(json, "PermanentMACAddress", nic->mac);
    jsonw_int(json, "SpeedMbps", nic->profile->speed_mbps);
    jsonw_bool(json, "FullDuplex", true);
    jsonw_bool(json, "InterfaceEnabled", true);
    jsonw_str(json, "LinkStatus", "LinkUp");
    rf_status(request, true);
    rf_end(request);
}
