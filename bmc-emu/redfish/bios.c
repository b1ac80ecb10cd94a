// SPDX-License-Identifier: Apache-2.0
// BIOS attributes, current and waiting, with their registry (EMU-057 to 060).
#include "bmc-emu/redfish/handlers.h"

#include <stdio.h>
#include <stdlib.h>

#define REGISTRY "BiosAttributeRegistry.v1_0_0"

/* Attributes as an object; `over` (may be NULL) stands in for those of `base` that it has. */
static void write_attributes(struct jsonw *json, const struct json *base, const struct json *over)
{
    jsonw_object(json, "Attributes");
    JSON_FOREACH (item, base) {
        const struct json *changed = over ? json_member(over, json_key(item)) : NULL;
        CLEANUP_FREE char *text = json_print(changed ? changed : item);
        jsonw_raw(json, json_key(item), text);
    }
    jsonw_end(json);
}

void rf_get_bios(struct rf_request *request)
{
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX * 2];

    snprintf(path, sizeof(path), "%s/Bios", request->system);
    rf_begin(request, "Bios.v1_2_1.Bios", path, "Bios", "BIOS Settings", request->snapshot.version);
    jsonw_str(json, "AttributeRegistry", REGISTRY);
    write_attributes(json, request->snapshot.bios, NULL);
    jsonw_object(json, "@Redfish.Settings");
    jsonw_str(json, "@odata.type", "#Settings.v1_3_5.Settings");
    rf_link(request, "SettingsObject", "%s/Bios/Settings", request->system);
    jsonw_raw(json, "SupportedApplyTimes", "[\"OnReset\"]");
    jsonw_end(json);
    jsonw_object(json, "Actions");
    jsonw_object(json, "#Bios.ResetBios");
    jsonw_printf(json, "target", "%s/Actions/Bios.ResetBios", path);
    jsonw_end(json);
    jsonw_end(json);
    rf_end(request);
}

void rf_get_bios_settings(struct rf_request *request)
{
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX * 2];

    snprintf(path, sizeof(path), "%s/Bios/Settings", request->system);
    rf_begin(request, "Bios.v1_2_1.Bios", path, "Settings", "BIOS Pending Settings", request->snapshot.version);
    jsonw_str(json, "AttributeRegistry", REGISTRY);
    write_attributes(json, request->snapshot.bios, request->snapshot.bios_pending);
    rf_end(request);
}

static bool take_attributes(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    const struct json *known = request->snapshot.bios;

    if (!json_is(value, JSON_OBJECT)) {
        CLEANUP_FREE char *shown = rf_show(value);
        rf_fail(request, RF_PROPERTY_TYPE_ERROR, shown, name, NULL);
        return false;
    }
    JSON_FOREACH (item, value) {
        const struct json *current = json_member(known, json_key(item));
        if (current && json_type(current) == json_type(item))
            continue;
        CLEANUP_FREE char *shown = rf_show(item);
        if (current)
            rf_fail(request, RF_PROPERTY_TYPE_ERROR, shown, json_key(item), NULL);
        else
            rf_fail(request, RF_PROPERTY_UNKNOWN, json_key(item), NULL, NULL);
        return false;
    }
    *(const struct json **)arg = value;
    return true;
}

void rf_patch_bios_settings(struct rf_request *request)
{
    static const struct rf_property properties[] = {{"Attributes", take_attributes}, {0}};
    static const char *const read_only[] = {"Id", "Name", "AttributeRegistry", NULL};
    struct bmc_driver *driver = request->context->driver;
    const struct json *attributes = NULL;

    if (!rf_if_match(request, request->snapshot.version) ||
        !rf_take_properties(request, properties, read_only, &attributes))
        return;
    struct error *err = driver->ops->bios_set(driver, request->machine, attributes);
    if (err)
        rf_fail_error(request, err);
    else
        rf_no_content(request);
}

void rf_post_bios_reset(struct rf_request *request)
{
    struct bmc_driver *driver = request->context->driver;
    struct error *err = driver->ops->bios_reset(driver, request->machine);

    if (err)
        rf_fail_error(request, err);
    else
        rf_no_content(request);
}

void rf_write_bios_registry(struct rf_request *request, const struct json *attributes)
{
    static const char *const types[] = {
        [JSON_BOOL] = "Boolean", [JSON_NUMBER] = "Integer", [JSON_STRING] = "String", [JSON_OBJECT] = NULL};
    struct jsonw *json = &request->json;

    jsonw_object(json, NULL);
    jsonw_str(json, "@odata.type", "#AttributeRegistry.v1_3_6.AttributeRegistry");
    jsonw_str(json, "Id", REGISTRY);
    jsonw_str(json, "Name", "BIOS Attribute Registry");
    jsonw_str(json, "Language", "en");
    jsonw_str(json, "OwningEntity", "Metal3");
    jsonw_str(json, "RegistryVersion", "1.0.0");
    jsonw_object(json, "RegistryEntries");
    jsonw_array(json, "Attributes");
    JSON_FOREACH (item, attributes) {
        jsonw_object(json, NULL);
        jsonw_str(json, "AttributeName", json_key(item));
        jsonw_str(json, "DisplayName", json_key(item));
        jsonw_str(json, "Type", str_or(types[json_type(item)], "String"));
        jsonw_bool(json, "ReadOnly", false);
        jsonw_bool(json, "ResetRequired", true);
        CLEANUP_FREE char *text = json_print(item);
        jsonw_raw(json, "DefaultValue", text);
        jsonw_end(json);
    }
    jsonw_end(json);
    jsonw_end(json);
    rf_end(request);
}
