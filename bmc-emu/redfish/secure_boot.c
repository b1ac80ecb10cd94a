// SPDX-License-Identifier: Apache-2.0
// Secure boot: on or off from the next start on, and its key databases (EMU-061, 062).
#include <stdio.h>

#include "bmc-emu/redfish/handlers.h"

#define RESET_DATABASE "SecureBootDatabase.ResetKeys"
#define RESET_ALL "SecureBoot.ResetKeys"

static const char *const databases[] = {"PK", "KEK", "db", "dbx"};
#define ALL_DATABASES ((1u << ARRAY_SIZE(databases)) - 1)

static unsigned deleted_keys(const struct rf_request *request)
{
    const struct rf_board *board = rf_board_peek(request->service, request->machine);

    return board ? board->deleted_keys : 0;
}

static void write_reset(struct rf_request *request, const char *action, const char *path, const char *types)
{
    struct jsonw *json = &request->json;
    CLEANUP_FREE char *key = mem_printf("#%s", action);

    jsonw_object(json, "Actions");
    jsonw_object(json, key);
    jsonw_printf(json, "target", "%s/Actions/%s", path, action);
    jsonw_raw(json, "ResetKeysType@Redfish.AllowableValues", types);
    jsonw_end(json);
    jsonw_end(json);
}

void rf_get_secure_boot(struct rf_request *request)
{
    const struct bmc_snapshot *snapshot = &request->snapshot;
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX * 2];

    snprintf(path, sizeof(path), "%s/SecureBoot", request->system);
    rf_begin(request, "SecureBoot.v1_1_0.SecureBoot", path, "SecureBoot", "UEFI Secure Boot", snapshot->version);
    jsonw_bool(json, "SecureBootEnable", snapshot->secure_boot_pending);
    jsonw_str(json, "SecureBootCurrentBoot", snapshot->secure_boot ? "Enabled" : "Disabled");
    /* Without a platform key anyone may write keys. */
    jsonw_str(json, "SecureBootMode", deleted_keys(request) & 1 ? "SetupMode" : "UserMode");
    rf_link(request, "SecureBootDatabases", "%s/SecureBootDatabases", path);
    write_reset(request, RESET_ALL, path, "[\"ResetAllKeysToDefault\",\"DeleteAllKeys\",\"DeletePK\"]");
    rf_end(request);
}

static bool take_enable(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    return rf_need_bool(request, name, value, arg);
}

void rf_patch_secure_boot(struct rf_request *request)
{
    static const struct rf_property properties[] = {{"SecureBootEnable", take_enable}, {0}};
    static const char *const read_only[] = {"Id", "Name", "SecureBootCurrentBoot", "SecureBootMode", NULL};
    struct bmc_driver *driver = request->context->driver;
    bool enable;

    if (!rf_if_match(request, request->snapshot.version) ||
        !rf_take_properties(request, properties, read_only, &enable))
        return;
    struct error *err = driver->ops->secure_boot_set(driver, request->machine, enable);
    if (error_is(err, ERROR_CONFLICT)) {
        error_free(err);
        rf_fail(request, RF_PROPERTY_CONFLICT, "SecureBootEnable", "BootSourceOverrideMode", NULL);
    } else if (err) {
        rf_fail_error(request, err);
    } else {
        rf_no_content(request);
    }
}

void rf_get_secure_boot_databases(struct rf_request *request)
{
    char path[RF_PATH_MAX * 2];

    snprintf(path, sizeof(path), "%s/SecureBoot/SecureBootDatabases", request->system);
    rf_begin_collection(request, "SecureBootDatabaseCollection", path, "Secure Boot Databases");
    for (size_t i = 0; i < ARRAY_SIZE(databases); i++)
        rf_member(request, "%s/%s", path, databases[i]);
    rf_end_collection(request, ARRAY_SIZE(databases));
}

/* The database that the path names; false when it has answered. */
static bool find_database(struct rf_request *request, size_t *ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(databases); i++) {
        if (str_equal(databases[i], request->params[0])) {
            *ret = i;
            return true;
        }
    }
    rf_not_found(request);
    return false;
}

void rf_get_secure_boot_database(struct rf_request *request)
{
    const struct rf_board *board = rf_board_peek(request->service, request->machine);
    char path[RF_PATH_MAX * 2];
    size_t index;

    if (!find_database(request, &index))
        return;
    snprintf(path, sizeof(path), "%s/SecureBoot/SecureBootDatabases/%s", request->system, databases[index]);
    rf_begin(request, "SecureBootDatabase.v1_0_1.SecureBootDatabase", path, databases[index], databases[index],
             board ? board->version : 1);
    jsonw_str(&request->json, "DatabaseId", databases[index]);
    write_reset(request, RESET_DATABASE, path, "[\"ResetAllKeysToDefault\",\"DeleteAllKeys\"]");
    rf_end(request);
}

/* Deletes or restores the keys of these databases (bits). */
static void reset_keys(struct rf_request *request, const char *action, unsigned which)
{
    struct {
        const char *type;
    } given = {0};
    static const struct rf_parameter parameters[] = {{"ResetKeysType", RF_PARAMETER_STRING, .required = true}, {0}};
    bool whole = which == ALL_DATABASES;

    if (!rf_take_parameters(request, action, parameters, &given))
        return;
    struct rf_board *board = rf_board(request->service, request->machine);
    if (str_equal(given.type, "ResetAllKeysToDefault")) {
        board->deleted_keys &= ~which;
    } else if (str_equal(given.type, "DeleteAllKeys")) {
        board->deleted_keys |= which;
    } else if (whole && str_equal(given.type, "DeletePK")) {
        board->deleted_keys |= 1;
    } else {
        rf_fail(request, RF_ACTION_PARAMETER_NOT_IN_LIST, given.type, "ResetKeysType", action);
        return;
    }
    board->version++;
    rf_no_content(request);
}

void rf_post_secure_boot_reset_keys(struct rf_request *request)
{
    reset_keys(request, RESET_ALL, ALL_DATABASES);
}

void rf_post_secure_boot_database_reset_keys(struct rf_request *request)
{
    size_t index;

    if (find_database(request, &index))
        reset_keys(request, RESET_DATABASE, 1u << index);
}
