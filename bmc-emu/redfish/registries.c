// SPDX-License-Identifier: Apache-2.0
// Registries (EMU-008): the messages that we send, and the BIOS attributes.
#include <stdio.h>

#include "bmc-emu/redfish/handlers.h"

#define REGISTRIES RF_ROOT "/Registries"

static void write_bios(struct rf_request *request)
{
    struct bmc_driver *driver = request->context->driver;
    struct bmc_snapshot snapshot;
    struct error *err = driver->ops->snapshot(driver, request->service->first, &snapshot);

    if (err)
        rf_fail_error(request, err);
    else
        rf_write_bios_registry(request, snapshot.profile->bios);
}

static void write_base(struct rf_request *request)
{
    rf_message_write_registry(&request->json);
    rf_send_json(request, 200);
}

static const struct {
    const char *id, *name, *registry, *publication;
    void (*write)(struct rf_request *request);
} registries[] = {
    {"Base", "Base Message Registry", RF_BASE_REGISTRY,
     "https://redfish.dmtf.org/registries/Base." RF_BASE_REGISTRY_VERSION ".json", write_base},
    {"BiosAttributeRegistry.v1_0_0", "BIOS Attribute Registry", "BiosAttributeRegistry.1.0", NULL, write_bios},
};

void rf_get_registries(struct rf_request *request)
{
    rf_begin_collection(request, "MessageRegistryFileCollection", REGISTRIES, "Registries");
    for (size_t i = 0; i < ARRAY_SIZE(registries); i++)
        rf_member(request, REGISTRIES "/%s", registries[i].id);
    rf_end_collection(request, ARRAY_SIZE(registries));
}

/* The row that the path names; -1 when it has answered. */
static int find_registry(struct rf_request *request)
{
    for (size_t i = 0; i < ARRAY_SIZE(registries); i++)
        if (str_equal(registries[i].id, request->params[0]))
            return (int)i;
    rf_not_found(request);
    return -1;
}

void rf_get_registry(struct rf_request *request)
{
    struct jsonw *json = &request->json;
    int row = find_registry(request);
    char path[RF_PATH_MAX];

    if (row < 0)
        return;
    snprintf(path, sizeof(path), REGISTRIES "/%s", registries[row].id);
    rf_begin(request, "MessageRegistryFile.v1_1_3.MessageRegistryFile", path, registries[row].id, registries[row].name,
             1);
    jsonw_str(json, "Registry", registries[row].registry);
    jsonw_raw(json, "Languages", "[\"en\"]");
    jsonw_array(json, "Location");
    jsonw_object(json, NULL);
    jsonw_str(json, "Language", "en");
    jsonw_printf(json, "Uri", "%s/Registry", path);
    if (registries[row].publication)
        jsonw_str(json, "PublicationUri", registries[row].publication);
    jsonw_end(json);
    jsonw_end(json);
    rf_end(request);
}

void rf_get_registry_file(struct rf_request *request)
{
    int row = find_registry(request);

    if (row >= 0)
        registries[row].write(request);
}
