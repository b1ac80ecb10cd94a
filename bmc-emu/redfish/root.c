// SPDX-License-Identifier: Apache-2.0
// The entry points: versions, service root, OData documents (EMU-001, 002, 004, 005, 041).
#include <stdio.h>

#include "bmc-emu/redfish/handlers.h"

#define SCHEMAS RF_ROOT "/JsonSchemas"

/* What hangs off the root. */
static const struct {
    const char *name, *path;
} children[] = {
    {"Systems", RF_ROOT "/Systems"},
    {"Managers", RF_ROOT "/Managers"},
    {"Chassis", RF_ROOT "/Chassis"},
    {"SessionService", RF_ROOT "/SessionService"},
    {"AccountService", RF_ROOT "/AccountService"},
    {"UpdateService", RF_ROOT "/UpdateService"},
    {"Tasks", RF_ROOT "/TaskService"},
    {"EventService", RF_ROOT "/EventService"},
    {"Registries", RF_ROOT "/Registries"},
    {"JsonSchemas", SCHEMAS},
};

void rf_get_versions(struct rf_request *request)
{
    strbuf_adds(&request->out, "{\"v1\":\"/redfish/v1/\"}");
    rf_send_json(request, 200);
}

void rf_get_root(struct rf_request *request)
{
    static const char *const off[] = {"FilterQuery", "ExcerptQuery"};
    static const char *const on[] = {"SelectQuery", "OnlyMemberQuery", "TopSkipQuery"};
    struct jsonw *json = &request->json;

    rf_begin(request, "ServiceRoot.v1_15_0.ServiceRoot", RF_ROOT "/", "RootService", "Root Service", 1);
    jsonw_str(json, "RedfishVersion", "1.17.0");
    jsonw_str(json, "UUID", request->service->uuid);
    jsonw_str(json, "Vendor", str_or(request->context->vendor, "Metal3"));
    jsonw_str(json, "Product", "bmc-emu");
    jsonw_object(json, "ProtocolFeaturesSupported");
    for (size_t i = 0; i < ARRAY_SIZE(off); i++)
        jsonw_bool(json, off[i], false);
    for (size_t i = 0; i < ARRAY_SIZE(on); i++)
        jsonw_bool(json, on[i], true);
    jsonw_raw(json, "ExpandQuery",
              "{\"ExpandAll\":true,\"Levels\":true,\"Links\":true,\"NoLinks\":true,\"MaxLevels\":6}");
    jsonw_end(json);
    for (size_t i = 0; i < ARRAY_SIZE(children); i++)
        rf_link(request, children[i].name, "%s", children[i].path);
    rf_write_oem(request, "ServiceRoot");
    jsonw_object(json, "Links");
    rf_link(request, "Sessions", RF_ROOT "/SessionService/Sessions");
    jsonw_end(json);
    rf_end(request);
}

void rf_get_odata(struct rf_request *request)
{
    struct jsonw *json = &request->json;

    jsonw_object(json, NULL);
    jsonw_str(json, "@odata.context", RF_ROOT "/$metadata");
    jsonw_array(json, "value");
    for (size_t i = 0; i < ARRAY_SIZE(children); i++) {
        jsonw_object(json, NULL);
        jsonw_str(json, "name", children[i].name);
        jsonw_str(json, "kind", "Singleton");
        jsonw_str(json, "url", children[i].path);
        jsonw_end(json);
    }
    jsonw_end(json);
    jsonw_end(json);
    rf_send_json(request, 200);
}

/* Schemas whose resources the tree has, each with the namespace of its version. */
static const char *const schemas[][2] = {
    {"ServiceRoot", "v1_15_0"},
    {"ComputerSystemCollection", NULL},
    {"ComputerSystem", "v1_20_0"},
    {"ProcessorCollection", NULL},
    {"Processor", "v1_18_0"},
    {"MemoryCollection", NULL},
    {"Memory", "v1_17_1"},
    {"EthernetInterfaceCollection", NULL},
    {"EthernetInterface", "v1_9_0"},
    {"SimpleStorageCollection", NULL},
    {"SimpleStorage", "v1_3_1"},
    {"StorageCollection", NULL},
    {"Storage", "v1_15_1"},
    {"Drive", "v1_18_0"},
    {"VolumeCollection", NULL},
    {"Volume", "v1_9_0"},
    {"StorageControllerCollection", NULL},
    {"StorageController", "v1_7_0"},
    {"Bios", "v1_2_1"},
    {"SecureBoot", "v1_1_0"},
    {"SecureBootDatabaseCollection", NULL},
    {"SecureBootDatabase", "v1_0_1"},
    {"VirtualMediaCollection", NULL},
    {"VirtualMedia", "v1_6_0"},
    {"ManagerCollection", NULL},
    {"Manager", "v1_17_0"},
    {"ManagerNetworkProtocol", "v1_9_1"},
    {"ChassisCollection", NULL},
    {"Chassis", "v1_22_0"},
    {"NetworkAdapterCollection", NULL},
    {"NetworkAdapter", "v1_9_0"},
    {"NetworkInterfaceCollection", NULL},
    {"NetworkInterface", "v1_2_1"},
    {"PortCollection", NULL},
    {"Port", "v1_9_0"},
    {"Thermal", "v1_7_1"},
    {"Power", "v1_7_1"},
    {"SessionService", "v1_1_8"},
    {"SessionCollection", NULL},
    {"Session", "v1_5_0"},
    {"AccountService", "v1_12_0"},
    {"ManagerAccountCollection", NULL},
    {"ManagerAccount", "v1_9_0"},
    {"RoleCollection", NULL},
    {"Role", "v1_3_1"},
    {"UpdateService", "v1_11_3"},
    {"SoftwareInventoryCollection", NULL},
    {"SoftwareInventory", "v1_9_0"},
    {"TaskService", "v1_2_0"},
    {"TaskCollection", NULL},
    {"Task", "v1_7_3"},
    {"EventService", "v1_10_0"},
    {"EventDestinationCollection", NULL},
    {"EventDestination", "v1_13_2"},
    {"Event", "v1_7_0"},
    {"LogServiceCollection", NULL},
    {"LogService", "v1_4_0"},
    {"LogEntryCollection", NULL},
    {"LogEntry", "v1_15_0"},
    {"JsonSchemaFileCollection", NULL},
    {"JsonSchemaFile", "v1_1_5"},
    {"MessageRegistryFileCollection", NULL},
    {"MessageRegistryFile", "v1_1_3"},
    {"MessageRegistry", "v1_4_0"},
    {"AttributeRegistry", "v1_3_6"},
    {"ActionInfo", "v1_3_0"},
    {"Message", "v1_1_2"},
    {"Settings", "v1_3_5"},
};

/* The schemas as resources that name the published files (EMU-007). */
void rf_get_schemas(struct rf_request *request)
{
    rf_begin_collection(request, "JsonSchemaFileCollection", SCHEMAS, "JSON Schemas");
    for (size_t i = 0; i < ARRAY_SIZE(schemas); i++)
        rf_member(request, SCHEMAS "/%s", schemas[i][0]);
    rf_end_collection(request, ARRAY_SIZE(schemas));
}

void rf_get_schema(struct rf_request *request)
{
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX];
    size_t row = 0;

    while (row < ARRAY_SIZE(schemas) && !str_equal(schemas[row][0], request->params[0]))
        row++;
    if (row == ARRAY_SIZE(schemas)) {
        rf_not_found(request);
        return;
    }
    const char *name = schemas[row][0], *version = schemas[row][1];
    snprintf(path, sizeof(path), SCHEMAS "/%s", name);
    rf_begin(request, "JsonSchemaFile.v1_1_5.JsonSchemaFile", path, name, name, 1);
    jsonw_printf(json, "Schema", "#%s%s%s.%s", name, version ? "." : "", str_or(version, ""), name);
    jsonw_raw(json, "Languages", "[\"en\"]");
    jsonw_array(json, "Location");
    jsonw_object(json, NULL);
    jsonw_str(json, "Language", "en");
    jsonw_printf(json, "PublicationUri", "http://redfish.dmtf.org/schemas/v1/%s%s%s.json", name, version ? "." : "",
                 str_or(version, ""));
    jsonw_end(json);
    jsonw_end(json);
    rf_end(request);
}

void rf_get_metadata(struct rf_request *request)
{
    struct strbuf *out = &request->out;

    strbuf_adds(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                     "<edmx:Edmx xmlns:edmx=\"http://docs.oasis-open.org/odata/ns/edmx\" Version=\"4.0\">\n");
    for (size_t i = 0; i < ARRAY_SIZE(schemas); i++) {
        const char *name = schemas[i][0], *version = schemas[i][1];
        strbuf_addf(out,
                    "  <edmx:Reference Uri=\"http://redfish.dmtf.org/schemas/v1/%s_v1.xml\">\n"
                    "    <edmx:Include Namespace=\"%s\"/>\n",
                    name, name);
        if (version)
            strbuf_addf(out, "    <edmx:Include Namespace=\"%s.%s\"/>\n", name, version);
        strbuf_adds(out, "  </edmx:Reference>\n");
    }
    strbuf_adds(out, "  <edmx:Reference Uri=\"http://redfish.dmtf.org/schemas/v1/RedfishExtensions_v1.xml\">\n"
                     "    <edmx:Include Namespace=\"RedfishExtensions.v1_0_0\" Alias=\"Redfish\"/>\n"
                     "  </edmx:Reference>\n"
                     "  <edmx:DataServices>\n"
                     "    <Schema xmlns=\"http://docs.oasis-open.org/odata/ns/edm\" Namespace=\"Service\">\n"
                     "      <EntityContainer Name=\"Service\" Extends=\"ServiceRoot.v1_15_0.ServiceContainer\"/>\n"
                     "    </Schema>\n"
                     "  </edmx:DataServices>\n"
                     "</edmx:Edmx>\n");
    http_reply_header(request->http, "OData-Version", "4.0");
    http_reply_header(request->http, "Cache-Control", "no-cache");
    http_reply(request->http, 200, "application/xml", strbuf_str(out), out->len);
}
