// SPDX-License-Identifier: Apache-2.0
// Network adapters and their ports under the chassis, and network interfaces under the system: each NIC is an adapter of one port (EMU-050).
#include <stdio.h>

#include "bmc-emu/redfish/handlers.h"

#define PORT "1" /* the only one of an adapter */

static const struct machine_nic *find_nic(struct rf_request *request)
{
    const struct machine_profile *profile = request->snapshot.profile;

    for (size_t i = 0; i < profile->nics.len; i++)
        if (str_equal(profile->nics.items[i].name, request->params[0]))
            return &request->snapshot.nics[i];
    rf_not_found(request);
    return NULL;
}

static void send_list(struct rf_request *request, const char *owner, const char *folder, const char *type)
{
    const struct machine_profile *profile = request->snapshot.profile;
    char path[RF_PATH_MAX * 2];

    snprintf(path, sizeof(path), "%s/%s", owner, folder);
    rf_begin_collection(request, type, path, folder);
    VEC_FOREACH (nic, &profile->nics)
        rf_member(request, "%s/%s", path, nic->name);
    rf_end_collection(request, profile->nics.len);
}

void rf_get_network_adapters(struct rf_request *request)
{
    send_list(request, request->chassis, "NetworkAdapters", "NetworkAdapterCollection");
}

void rf_get_network_interfaces(struct rf_request *request)
{
    send_list(request, request->system, "NetworkInterfaces", "NetworkInterfaceCollection");
}

void rf_get_network_interface(struct rf_request *request)
{
    const struct machine_nic *nic = find_nic(request);
    char path[RF_PATH_MAX * 2];

    if (!nic)
        return;
    snprintf(path, sizeof(path), "%s/NetworkInterfaces/%s", request->system, nic->profile->name);
    rf_begin(request, "NetworkInterface.v1_2_1.NetworkInterface", path, nic->profile->name, nic->profile->name, 1);
    rf_status(request, true);
    rf_link(request, "Ports", "%s/NetworkAdapters/%s/Ports", request->chassis, nic->profile->name);
    jsonw_object(&request->json, "Links");
    rf_link(request, "NetworkAdapter", "%s/NetworkAdapters/%s", request->chassis, nic->profile->name);
    jsonw_end(&request->json);
    rf_end(request);
}

void rf_get_network_adapter(struct rf_request *request)
{
    const struct machine_nic *nic = find_nic(request);
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX * 2];

    if (!nic)
        return;
    snprintf(path, sizeof(path), "%s/NetworkAdapters/%s", request->chassis, nic->profile->name);
    rf_begin(request, "NetworkAdapter.v1_9_0.NetworkAdapter", path, nic->profile->name, nic->profile->name, 1);
    jsonw_str(json, "Manufacturer", request->snapshot.profile->manufacturer);
    jsonw_str(json, "Model", "Virtual NIC");
    rf_status(request, true);
    rf_link(request, "Ports", "%s/Ports", path);
    jsonw_array(json, "Controllers");
    jsonw_object(json, NULL);
    jsonw_object(json, "Links");
    jsonw_array(json, "Ports");
    rf_member(request, "%s/Ports/" PORT, path);
    jsonw_end(json);
    jsonw_end(json);
    jsonw_end(json);
    jsonw_end(json);
    rf_end(request);
}

void rf_get_network_ports(struct rf_request *request)
{
    const struct machine_nic *nic = find_nic(request);
    char path[RF_PATH_MAX * 2];

    if (!nic)
        return;
    snprintf(path, sizeof(path), "%s/NetworkAdapters/%s/Ports", request->chassis, nic->profile->name);
    rf_begin_collection(request, "PortCollection", path, "Ports");
    rf_member(request, "%s/" PORT, path);
    rf_end_collection(request, 1);
}

void rf_get_network_port(struct rf_request *request)
{
    const struct machine_nic *nic = find_nic(request);
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX * 2];

    if (!nic)
        return;
    if (!str_equal(request->params[1], PORT)) {
        rf_not_found(request);
        return;
    }
    snprintf(path, sizeof(path), "%s/NetworkAdapters/%s/Ports/" PORT, request->chassis, nic->profile->name);
    rf_begin(request, "Port.v1_9_0.Port", path, PORT, "Port", 1);
    jsonw_str(json, "PortId", PORT);
    jsonw_str(json, "LinkStatus", "LinkUp");
    jsonw_str(json, "LinkNetworkTechnology", "Ethernet");
    jsonw_number(json, "CurrentSpeedGbps", (double)nic->profile->speed_mbps / 1000);
    jsonw_object(json, "Ethernet");
    jsonw_array(json, "AssociatedMACAddresses");
    jsonw_str(json, NULL, nic->mac);
    jsonw_end(json);
    jsonw_end(json);
    rf_status(request, true);
    rf_end(request);
}
