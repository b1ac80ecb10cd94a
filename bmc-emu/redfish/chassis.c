// SPDX-License-Identifier: Apache-2.0
// The box: its LED, and sensors that follow the machine's state (EMU-075 to 079).
#include <stdio.h>
#include <stdlib.h>

#include "bmc-emu/redfish/handlers.h"

static const char *const led_names[MACHINE_LED_COUNT] = {
    [MACHINE_LED_OFF] = "Off",
    [MACHINE_LED_LIT] = "Lit",
    [MACHINE_LED_BLINKING] = "Blinking",
};

const char *rf_led_name(enum machine_led led)
{
    return led_names[led];
}

bool rf_take_led(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    enum machine_led *led = arg;
    const char *text;
    bool active;

    /* The newer of the two properties is a switch. */
    if (str_equal(name, "LocationIndicatorActive")) {
        if (!rf_need_bool(request, name, value, &active))
            return false;
        *led = active ? MACHINE_LED_BLINKING : MACHINE_LED_OFF;
        return true;
    }
    if (!rf_need_string(request, name, value, &text))
        return false;
    for (int i = 0; i < MACHINE_LED_COUNT; i++) {
        if (str_equal(led_names[i], text)) {
            *led = (enum machine_led)i;
            return true;
        }
    }
    rf_fail(request, RF_PROPERTY_NOT_IN_LIST, text, name, NULL);
    return false;
}

void rf_get_chassis_list(struct rf_request *request)
{
    struct rf_service *service = request->service;
    const struct bmc_driver_ops *ops = request->context->driver->ops;
    size_t shown = 0;

    rf_begin_collection(request, "ChassisCollection", RF_ROOT "/Chassis", "Chassis Collection");
    for (size_t i = service->first; i < service->first + service->count; i++) {
        struct bmc_snapshot snapshot;
        CLEANUP(error_free) struct error *err = ops->snapshot(request->context->driver, i, &snapshot);
        if (err)
            continue;
        rf_member(request, RF_ROOT "/Chassis/%s", rf_chassis_id(service, &snapshot));
        shown++;
    }
    rf_end_collection(request, shown);
}

void rf_get_chassis(struct rf_request *request)
{
    const struct bmc_snapshot *snapshot = &request->snapshot;
    struct jsonw *json = &request->json;
    char name[128];

    snprintf(name, sizeof(name), "%s-chassis", snapshot->name);
    rf_begin(request, "Chassis.v1_22_0.Chassis", request->chassis, rf_chassis_id(request->service, snapshot), name,
             snapshot->version);
    jsonw_str(json, "ChassisType", "RackMount");
    jsonw_str(json, "Manufacturer", snapshot->profile->manufacturer);
    jsonw_str(json, "Model", snapshot->profile->model);
    jsonw_str(json, "SKU", snapshot->profile->sku);
    jsonw_str(json, "SerialNumber", snapshot->serial);
    jsonw_str(json, "PowerState", machine_power_name(snapshot->power));
    jsonw_str(json, "IndicatorLED", rf_led_name(snapshot->led));
    jsonw_bool(json, "LocationIndicatorActive", snapshot->led == MACHINE_LED_BLINKING);
    rf_status(request, true);
    rf_link(request, "Thermal", "%s/Thermal", request->chassis);
    rf_link(request, "Power", "%s/Power", request->chassis);
    rf_link(request, "NetworkAdapters", "%s/NetworkAdapters", request->chassis);
    jsonw_object(json, "Links");
    rf_link_list(request, "ComputerSystems", request->system);
    rf_link_list(request, "ManagedBy", request->manager);
    jsonw_end(json);
    rf_end(request);
}

void rf_patch_chassis(struct rf_request *request)
{
    static const struct rf_property properties[] = {
        {"IndicatorLED", rf_take_led}, {"LocationIndicatorActive", rf_take_led}, {0}};
    static const char *const read_only[] = {"Id",           "Name",       "ChassisType", "Manufacturer", "Model", "SKU",
                                            "SerialNumber", "PowerState", "Status",      "Links",        NULL};
    struct bmc_driver *driver = request->context->driver;
    enum machine_led led;

    if (!rf_if_match(request, request->snapshot.version) || !rf_take_properties(request, properties, read_only, &led))
        return;
    struct error *err = driver->ops->led_set(driver, request->machine, led);
    if (err)
        rf_fail_error(request, err);
    else
        rf_no_content(request);
}

static void write_temperature(struct rf_request *request, int number, const char *name, const char *context,
                              int celsius, int critical)
{
    struct jsonw *json = &request->json;

    jsonw_object(json, NULL);
    jsonw_printf(json, "@odata.id", "%s/Thermal#/Temperatures/%d", request->chassis, number);
    jsonw_printf(json, "MemberId", "%d", number);
    jsonw_str(json, "Name", name);
    jsonw_int(json, "SensorNumber", number + 1);
    jsonw_str(json, "PhysicalContext", context);
    jsonw_int(json, "ReadingCelsius", celsius);
    jsonw_int(json, "UpperThresholdCritical", critical);
    rf_status(request, true);
    jsonw_end(json);
}

void rf_get_thermal(struct rf_request *request)
{
    const struct machine_sensors *sensors = &request->snapshot.sensors;
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX * 2];

    snprintf(path, sizeof(path), "%s/Thermal", request->chassis);
    rf_begin(request, "Thermal.v1_7_1.Thermal", path, "Thermal", "Thermal", request->snapshot.version);
    jsonw_array(json, "Temperatures");
    write_temperature(request, 0, "Inlet", "Intake", sensors->inlet_celsius, 47);
    write_temperature(request, 1, "CPU 0", "CPU", sensors->cpu_celsius, 95);
    jsonw_end(json);
    jsonw_array(json, "Fans");
    for (int i = 0; i < 2; i++) {
        jsonw_object(json, NULL);
        jsonw_printf(json, "@odata.id", "%s#/Fans/%d", path, i);
        jsonw_printf(json, "MemberId", "%d", i);
        jsonw_printf(json, "Name", "Fan %d", i);
        jsonw_int(json, "Reading", sensors->fan_rpm);
        jsonw_str(json, "ReadingUnits", "RPM");
        rf_status(request, true);
        jsonw_end(json);
    }
    jsonw_end(json);
    rf_end(request);
}

void rf_get_power(struct rf_request *request)
{
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX * 2];

    snprintf(path, sizeof(path), "%s/Power", request->chassis);
    rf_begin(request, "Power.v1_7_1.Power", path, "Power", "Power", request->snapshot.version);
    jsonw_array(json, "PowerControl");
    jsonw_object(json, NULL);
    jsonw_printf(json, "@odata.id", "%s#/PowerControl/0", path);
    jsonw_str(json, "MemberId", "0");
    jsonw_str(json, "Name", "System Power Control");
    jsonw_int(json, "PowerConsumedWatts", request->snapshot.sensors.watts);
    jsonw_int(json, "PowerCapacityWatts", 800);
    rf_status(request, true);
    jsonw_end(json);
    jsonw_end(json);
    rf_end(request);
}
