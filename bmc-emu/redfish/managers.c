// SPDX-License-Identifier: Apache-2.0
// The BMC itself: its clock, network and protocols (EMU-067 to 072).
#include <stdio.h>
#include <string.h>

#include "bmc-emu/redfish/handlers.h"

#define INTERFACE "eth0" /* the BMC's only network interface */

void rf_get_managers(struct rf_request *request)
{
    struct rf_service *service = request->service;
    const struct bmc_driver_ops *ops = request->context->driver->ops;
    size_t shown = 0;

    rf_begin_collection(request, "ManagerCollection", RF_ROOT "/Managers", "Manager Collection");
    for (size_t i = service->first; i < service->first + service->count; i++) {
        struct bmc_snapshot snapshot;
        CLEANUP(error_free) struct error *err = ops->snapshot(request->context->driver, i, &snapshot);
        if (err)
            continue;
        rf_member(request, RF_ROOT "/Managers/%s", rf_manager_id(service, &snapshot));
        shown++;
    }
    rf_end_collection(request, shown);
}

void rf_get_manager(struct rf_request *request)
{
    const struct machine_profile *profile = request->snapshot.profile;
    struct jsonw *json = &request->json;
    char name[128], time[TIME_TEXT_SIZE];

    snprintf(name, sizeof(name), "%s-bmc", request->snapshot.name);
    rf_begin(request, "Manager.v1_17_0.Manager", request->manager, rf_manager_id(request->service, &request->snapshot),
             name, request->service->manager_version);
    jsonw_str(json, "ManagerType", "BMC");
    jsonw_str(json, "UUID", request->snapshot.uuid);
    jsonw_str(json, "ServiceEntryPointUUID", request->service->uuid);
    jsonw_str(json, "Manufacturer", profile->manufacturer);
    jsonw_str(json, "Model", profile->bmc_model);
    jsonw_str(json, "FirmwareVersion", rf_firmware_version(request, RF_FIRMWARE_BMC));
    jsonw_str(json, "PowerState", "On");
    int64_t now = rt_wall(request->context->env->rt) + request->service->clock_offset;
    jsonw_str(json, "DateTime", time_format(now, 0, time));
    jsonw_str(json, "DateTimeLocalOffset", "+00:00");
    rf_status(request, true);
    rf_link(request, "EthernetInterfaces", "%s/EthernetInterfaces", request->manager);
    rf_link(request, "NetworkProtocol", "%s/NetworkProtocol", request->manager);
    rf_link(request, "VirtualMedia", "%s/VirtualMedia", request->manager);
    rf_link(request, "LogServices", "%s/LogServices", request->manager);
    jsonw_raw(json, "SerialConsole",
              "{\"ServiceEnabled\":false,\"MaxConcurrentSessions\":0,\"ConnectTypesSupported\":[]}");
    rf_write_oem(request, "Manager");
    jsonw_object(json, "Links");
    rf_write_oem(request, "ManagerLinks");
    rf_link_list(request, "ManagerForServers", request->system);
    rf_link_list(request, "ManagerForChassis", request->chassis);
    jsonw_end(json);
    jsonw_object(json, "Actions");
    jsonw_object(json, "#Manager.Reset");
    jsonw_printf(json, "target", "%s/Actions/Manager.Reset", request->manager);
    jsonw_raw(json, "ResetType@Redfish.AllowableValues", "[\"ForceRestart\",\"GracefulRestart\"]");
    jsonw_end(json);
    jsonw_end(json);
    rf_end(request);
}

/* The BMC goes away for a while, and its sessions with it (EMU-070). Where many share a port, only this one's part of the tree does. */
void rf_post_manager_reset(struct rf_request *request)
{
    struct {
        const char *type;
    } given = {"GracefulRestart"};
    static const struct rf_parameter parameters[] = {{"ResetType", RF_PARAMETER_STRING}, {0}};

    if (!rf_take_parameters(request, "Manager.Reset", parameters, &given))
        return;
    if (!str_equal(given.type, "ForceRestart") && !str_equal(given.type, "GracefulRestart")) {
        rf_fail(request, RF_ACTION_PARAMETER_NOT_IN_LIST, given.type, "ResetType", "Manager.Reset");
        return;
    }
    rf_board_restart(request->service, request->machine, request->snapshot.profile->delays.bmc_restart);
    rf_no_content(request);
}

struct manager_change {
    bool set_time;
    int64_t time;
};

static bool take_time(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct manager_change *change = arg;
    const char *text;

    if (!rf_need_string(request, name, value, &text))
        return false;
    CLEANUP(error_free) struct error *err = time_parse(text, &change->time);
    if (err)
        rf_fail(request, RF_PROPERTY_FORMAT_ERROR, text, name, NULL);
    change->set_time = true;
    return !err;
}

static bool take_offset(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    const char *text;

    if (!rf_need_string(request, name, value, &text))
        return false;
    if (!str_equal(text, "+00:00") && !str_equal(text, "Z")) {
        rf_fail(request, RF_PROPERTY_NOT_IN_LIST, text, name, NULL);
        return false;
    }
    return true;
}

void rf_patch_manager(struct rf_request *request)
{
    static const struct rf_property properties[] = {{"DateTime", take_time}, {"DateTimeLocalOffset", take_offset}, {0}};
    static const char *const read_only[] = {"Id",           "Name",  "ManagerType", "UUID",
                                            "Manufacturer", "Model", "Status",      "FirmwareVersion",
                                            "PowerState",   "Links", NULL};
    struct manager_change change = {0};

    if (!rf_if_match(request, request->service->manager_version) ||
        !rf_take_properties(request, properties, read_only, &change))
        return;
    if (change.set_time)
        request->service->clock_offset = change.time - rt_wall(request->context->env->rt);
    request->service->manager_version++;
    rf_no_content(request);
}

static void write_protocol(struct jsonw *json, const char *name, bool enabled, int port)
{
    jsonw_object(json, name);
    jsonw_bool(json, "ProtocolEnabled", enabled);
    jsonw_int(json, "Port", port);
    jsonw_end(json);
}

void rf_get_network_protocol(struct rf_request *request)
{
    bool tls = http_is_tls(request->http);
    int port = http_local_port(request->http);
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX * 2];

    snprintf(path, sizeof(path), "%s/NetworkProtocol", request->manager);
    rf_begin(request, "ManagerNetworkProtocol.v1_9_1.ManagerNetworkProtocol", path, "NetworkProtocol",
             "Manager Network Protocol", request->service->manager_version);
    jsonw_printf(json, "HostName", "%s-bmc", request->snapshot.name);
    write_protocol(json, "HTTP", !tls, tls ? 80 : port);
    write_protocol(json, "HTTPS", tls, tls ? port : 443);
    write_protocol(json, "SSH", false, 22);
    write_protocol(json, "IPMI", false, 623);
    rf_status(request, true);
    rf_end(request);
}

void rf_get_manager_interfaces(struct rf_request *request)
{
    char path[RF_PATH_MAX * 2];

    snprintf(path, sizeof(path), "%s/EthernetInterfaces", request->manager);
    rf_begin_collection(request, "EthernetInterfaceCollection", path, "Manager Ethernet Interfaces");
    rf_member(request, "%s/" INTERFACE, path);
    rf_end_collection(request, 1);
}

void rf_get_manager_interface(struct rf_request *request)
{
    const char *address = http_local_address(request->http);
    unsigned number = (unsigned)request->machine;
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX * 2];

    if (!str_equal(request->params[0], INTERFACE)) {
        rf_not_found(request);
        return;
    }
    snprintf(path, sizeof(path), "%s/EthernetInterfaces/" INTERFACE, request->manager);
    rf_begin(request, "EthernetInterface.v1_9_0.EthernetInterface", path, INTERFACE, "Manager Ethernet Interface", 1);
    jsonw_printf(json, "MACAddress", "52:55:%02x:%02x:%02x:00", number >> 16 & 0xff, number >> 8 & 0xff, number & 0xff);
    jsonw_int(json, "SpeedMbps", 1000);
    jsonw_bool(json, "InterfaceEnabled", true);
    jsonw_str(json, "LinkStatus", "LinkUp");
    jsonw_printf(json, "HostName", "%s-bmc", request->snapshot.name);
    jsonw_array(json, address && strchr(address, ':') ? "IPv6Addresses" : "IPv4Addresses");
    jsonw_object(json, NULL);
    jsonw_str(json, "Address", address);
    jsonw_end(json);
    jsonw_end(json);
    rf_status(request, true);
    rf_end(request);
}
