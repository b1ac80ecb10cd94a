// SPDX-License-Identifier: Apache-2.0
// Systems: the machine as a resource, its boot override, its power (EMU-042, 043, 097 to 115).
#include "bmc-emu/redfish/handlers.h"

#include <stdio.h>

void rf_get_systems(struct rf_request *request)
{
    struct rf_service *service = request->service;
    const struct bmc_driver_ops *ops = request->context->driver->ops;
    size_t shown = 0;

    rf_begin_collection(request, "ComputerSystemCollection", RF_ROOT "/Systems", "Computer System Collection");
    for (size_t i = service->first; i < service->first + service->count; i++) {
        struct bmc_snapshot snapshot;
        CLEANUP(error_free) struct error *err = ops->snapshot(request->context->driver, i, &snapshot);
        if (err)
            continue;
        rf_member(request, RF_ROOT "/Systems/%s", rf_system_id(service, &snapshot));
        shown++;
    }
    rf_end_collection(request, shown);
}

/* Some call a virtual CD by another name. */
static const char *target_name(const struct rf_request *request, enum machine_boot_target target)
{
    return target == MACHINE_BOOT_CD && rf_quirks(request)->usb_cd ? "UsbCd" : machine_boot_target_name(target);
}

static bool target_parse(const struct rf_request *request, const char *text, enum machine_boot_target *ret)
{
    if (!rf_quirks(request)->usb_cd)
        return machine_boot_target_parse(text, ret);
    if (str_equal(text, "UsbCd")) {
        *ret = MACHINE_BOOT_CD;
        return true;
    }
    return machine_boot_target_parse(text, ret) && *ret != MACHINE_BOOT_CD;
}

static void write_boot(struct rf_request *request)
{
    const struct bmc_snapshot *snapshot = &request->snapshot;
    struct jsonw *json = &request->json;

    jsonw_object(json, "Boot");
    jsonw_str(json, "BootSourceOverrideEnabled", machine_boot_enabled_name(snapshot->boot.enabled));
    jsonw_str(json, "BootSourceOverrideTarget", target_name(request, snapshot->boot.target));
    jsonw_array(json, "BootSourceOverrideTarget@Redfish.AllowableValues");
    VEC_FOREACH (target, &snapshot->profile->boot_targets)
        jsonw_str(json, NULL, target_name(request, *target));
    jsonw_end(json);
    jsonw_str(json, "BootSourceOverrideMode", machine_boot_mode_name(snapshot->boot.mode));
    jsonw_raw(json, "BootSourceOverrideMode@Redfish.AllowableValues", "[\"UEFI\",\"Legacy\"]");
    jsonw_str(json, "HttpBootUri", snapshot->boot.http_uri);
    jsonw_end(json);
}

static void write_actions(struct rf_request *request)
{
    struct jsonw *json = &request->json;

    jsonw_object(json, "Actions");
    jsonw_object(json, "#ComputerSystem.Reset");
    jsonw_printf(json, "target", "%s/Actions/ComputerSystem.Reset", request->system);
    jsonw_array(json, "ResetType@Redfish.AllowableValues");
    for (int action = 0; action < MACHINE_ACTION_COUNT; action++)
        jsonw_str(json, NULL, machine_action_name((enum machine_action)action));
    jsonw_end(json);
    jsonw_printf(json, "@Redfish.ActionInfo", "%s/ResetActionInfo", request->system);
    jsonw_end(json);
    jsonw_end(json);
}

static void write_hardware(struct rf_request *request)
{
    const struct machine_profile *profile = request->snapshot.profile;
    struct jsonw *json = &request->json;

    jsonw_object(json, "ProcessorSummary");
    jsonw_int(json, "Count", profile->sockets);
    jsonw_int(json, "CoreCount", profile->sockets * profile->cores);
    jsonw_int(json, "LogicalProcessorCount", profile->sockets * profile->cores * profile->threads);
    jsonw_str(json, "Model", profile->cpu_model);
    rf_status(request, true);
    jsonw_end(json);
    jsonw_object(json, "MemorySummary");
    jsonw_number(json, "TotalSystemMemoryGiB", (double)profile->memory_mib / 1024);
    rf_status(request, true);
    jsonw_end(json);
}

static void write_links(struct rf_request *request)
{
    static const char *const parts[] = {"Processors", "Memory",       "EthernetInterfaces", "SimpleStorage",
                                        "Storage",    "VirtualMedia", "LogServices",        "NetworkInterfaces"};

    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        if (!str_equal(parts[i], "VirtualMedia") || !rf_quirks(request)->media_in_manager)
            rf_link(request, parts[i], "%s/%s", request->system, parts[i]);
    if (request->context->capabilities & BMC_CAN_BIOS)
        rf_link(request, "Bios", "%s/Bios", request->system);
    if (request->context->capabilities & BMC_CAN_SECURE_BOOT)
        rf_link(request, "SecureBoot", "%s/SecureBoot", request->system);
    jsonw_object(&request->json, "Links");
    rf_link_list(request, "ManagedBy", request->manager);
    rf_link_list(request, "Chassis", request->chassis);
    jsonw_end(&request->json);
}

void rf_get_system(struct rf_request *request)
{
    const struct bmc_snapshot *snapshot = &request->snapshot;
    struct jsonw *json = &request->json;
    char time[TIME_TEXT_SIZE];

    rf_begin(request, "ComputerSystem.v1_20_0.ComputerSystem", request->system,
             rf_system_id(request->service, snapshot), snapshot->name, snapshot->version);
    jsonw_str(json, "SystemType", "Physical");
    jsonw_str(json, "UUID", snapshot->uuid);
    jsonw_str(json, "Manufacturer", snapshot->profile->manufacturer);
    jsonw_str(json, "Model", snapshot->profile->model);
    jsonw_str(json, "SKU", snapshot->profile->sku);
    jsonw_str(json, "SerialNumber", snapshot->serial);
    jsonw_str(json, "BiosVersion", rf_firmware_version(request, RF_FIRMWARE_BIOS));
    jsonw_str(json, "PowerState", machine_power_name(snapshot->power));
    jsonw_str(json, "IndicatorLED", rf_led_name(snapshot->led));
    jsonw_bool(json, "LocationIndicatorActive", snapshot->led == MACHINE_LED_BLINKING);
    rf_status(request, true);
    jsonw_object(json, "BootProgress");
    jsonw_str(json, "LastState", machine_progress_name(snapshot->progress));
    jsonw_end(json);
    if (snapshot->last_reset)
        jsonw_str(json, "LastResetTime", time_format(snapshot->last_reset, 0, time));
    write_boot(request);
    write_hardware(request);
    write_links(request);
    rf_write_oem(request, "System");
    if (rf_quirks(request)->settings_resource) {
        jsonw_object(json, "@Redfish.Settings");
        jsonw_str(json, "@odata.type", "#Settings.v1_3_5.Settings");
        rf_link(request, "SettingsObject", "%s/Settings", request->system);
        jsonw_end(json);
    }
    write_actions(request);
    rf_end(request);
}

/* Where some want the boot override to be changed (EMU-105). */
void rf_get_system_settings(struct rf_request *request)
{
    char path[RF_PATH_MAX * 2];

    if (!rf_quirks(request)->settings_resource) {
        rf_not_found(request);
        return;
    }
    snprintf(path, sizeof(path), "%s/Settings", request->system);
    rf_begin(request, "ComputerSystem.v1_20_0.ComputerSystem", path, "Settings", "System Settings",
             request->snapshot.version);
    write_boot(request);
    rf_end(request);
}

/* -- PATCH -- */

struct system_change {
    struct machine_boot_change boot;
    bool set_boot, set_led;
    enum machine_led led;
};

static bool not_in_list(struct rf_request *request, const char *value, const char *name)
{
    rf_fail(request, RF_PROPERTY_NOT_IN_LIST, value, name, NULL);
    return false;
}

static bool take_target(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct system_change *change = arg;
    const char *text;

    if (!rf_need_string(request, name, value, &text))
        return false;
    if (!target_parse(request, text, &change->boot.target))
        return not_in_list(request, text, name);
    VEC_FOREACH (offered, &request->snapshot.profile->boot_targets)
        change->boot.set_target = change->boot.set_target || *offered == change->boot.target;
    change->set_boot = true;
    return change->boot.set_target || not_in_list(request, text, name);
}

static bool take_enabled(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct system_change *change = arg;
    const char *text;

    if (!rf_need_string(request, name, value, &text))
        return false;
    change->set_boot = change->boot.set_enabled = true;
    return machine_boot_enabled_parse(text, &change->boot.enabled) || not_in_list(request, text, name);
}

static bool take_mode(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct system_change *change = arg;
    const char *text;

    if (!rf_need_string(request, name, value, &text))
        return false;
    change->set_boot = change->boot.set_mode = true;
    return machine_boot_mode_parse(text, &change->boot.mode) || not_in_list(request, text, name);
}

static bool take_http_uri(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct system_change *change = arg;

    change->set_boot = change->boot.set_http_uri = true;
    if (json_is(value, JSON_NULL))
        return true;
    if (!rf_need_string(request, name, value, &change->boot.http_uri))
        return false;
    if (str_is_empty(change->boot.http_uri))
        change->boot.http_uri = NULL;
    return true;
}

static bool take_led(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct system_change *change = arg;

    change->set_led = true;
    return rf_take_led(request, name, value, &change->led);
}

void rf_patch_system(struct rf_request *request)
{
    static const struct rf_property properties[] = {
        {"Boot/BootSourceOverrideTarget", take_target},
        {"Boot/BootSourceOverrideEnabled", take_enabled},
        {"Boot/BootSourceOverrideMode", take_mode},
        {"Boot/HttpBootUri", take_http_uri},
        {"IndicatorLED", take_led},
        {"LocationIndicatorActive", take_led},
        {0},
    };
    static const char *const read_only[] = {
        "Id",      "Name",         "UUID",          "SystemType",       "Manufacturer",  "Model",
        "SKU",     "SerialNumber", "PowerState",    "BiosVersion",      "Status",        "Links",
        "Actions", "BootProgress", "LastResetTime", "ProcessorSummary", "MemorySummary", NULL,
    };
    struct bmc_driver *driver = request->context->driver;
    struct system_change change = {0};
    struct error *err = NULL;

    if (!rf_if_match(request, request->snapshot.version) ||
        !rf_take_properties(request, properties, read_only, &change))
        return;
    if (change.set_boot && rf_quirks(request)->busy_in_post && request->snapshot.progress == MACHINE_PROGRESS_POST) {
        rf_fail(request, RF_BUSY_IN_POST, NULL, NULL, NULL);
        return;
    }
    if (change.boot.set_target && !change.boot.set_enabled && rf_quirks(request)->once_by_default) {
        change.boot.set_enabled = true;
        change.boot.enabled = MACHINE_BOOT_ONCE;
    }
    if (change.set_boot)
        err = driver->ops->boot_set(driver, request->machine, &change.boot);
    if (!err && change.set_led)
        err = driver->ops->led_set(driver, request->machine, change.led);
    if (err)
        rf_fail_error(request, err);
    else
        rf_no_content(request);
}

/* -- Reset -- */

void rf_patch_system_settings(struct rf_request *request)
{
    if (rf_quirks(request)->settings_resource)
        rf_patch_system(request);
    else
        rf_not_found(request);
}

void rf_post_reset(struct rf_request *request)
{
    struct {
        const char *type;
    } given = {0};
    static const struct rf_parameter parameters[] = {{"ResetType", RF_PARAMETER_STRING, .required = true}, {0}};
    struct bmc_driver *driver = request->context->driver;
    enum machine_action action;

    if (!rf_take_parameters(request, "ComputerSystem.Reset", parameters, &given))
        return;
    if (!machine_action_parse(given.type, &action)) {
        rf_fail(request, RF_ACTION_PARAMETER_NOT_IN_LIST, given.type, "ResetType", "ComputerSystem.Reset");
        return;
    }
    struct error *err = driver->ops->power(driver, request->machine, action);
    if (error_is(err, ERROR_CONFLICT)) {
        error_free(err);
        rf_fail(request, RF_ACTION_PARAMETER_CONFLICT, "ResetType", given.type, NULL);
    } else if (err) {
        rf_fail_error(request, err);
    } else {
        rf_no_content(request);
    }
}

void rf_get_reset_info(struct rf_request *request)
{
    char path[RF_PATH_MAX * 2];
    struct jsonw *json = &request->json;

    snprintf(path, sizeof(path), "%s/ResetActionInfo", request->system);
    rf_begin(request, "ActionInfo.v1_3_0.ActionInfo", path, "ResetActionInfo", "Reset Action Info", 1);
    jsonw_array(json, "Parameters");
    jsonw_object(json, NULL);
    jsonw_str(json, "Name", "ResetType");
    jsonw_bool(json, "Required", true);
    jsonw_str(json, "DataType", "String");
    jsonw_array(json, "AllowableValues");
    for (int action = 0; action < MACHINE_ACTION_COUNT; action++)
        jsonw_str(json, NULL, machine_action_name((enum machine_action)action));
    jsonw_end(json);
    jsonw_end(json);
    jsonw_end(json);
    rf_end(request);
}
