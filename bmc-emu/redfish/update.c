// SPDX-License-Identifier: Apache-2.0
// The update service: what firmware there is, and updates that download an image, wait for a reset, and then are in force (EMU-080 to 083, 176, 180).
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bmc-emu/redfish/handlers.h"
#include "lib/net/http_client.h"

#define SERVICE RF_ROOT "/UpdateService"
#define INVENTORY SERVICE "/FirmwareInventory"
#define SIMPLE_UPDATE "UpdateService.SimpleUpdate"
#define IMAGE_MAX (INT64_C(512) << 20)
#define OPEN_TIMEOUT (30 * RT_S)
#define READ_TIMEOUT (60 * RT_S)
#define BUFFER_SIZE 16384

/* Firmware of one machine: an id's prefix, the name, and words in an image's name by which the BMC knows what the image is for. */
static const struct {
    const char *prefix, *name;
    const char *words[5];
} kinds[RF_FIRMWARE_COUNT] = {
    [RF_FIRMWARE_BIOS] = {"BIOS-", "BIOS", {NULL}},
    [RF_FIRMWARE_BMC] = {"BMC-", "BMC", {"bmc", "idrac", "ilo", "xcc", NULL}},
};

void rf_get_update_service(struct rf_request *request)
{
    struct jsonw *json = &request->json;

    rf_begin(request, "UpdateService.v1_11_3.UpdateService", SERVICE, "UpdateService", "Update Service", 1);
    rf_status(request, true);
    jsonw_bool(json, "ServiceEnabled", true);
    jsonw_int(json, "MaxImageSizeBytes", IMAGE_MAX);
    rf_link(request, "FirmwareInventory", INVENTORY);
    jsonw_object(json, "Actions");
    jsonw_object(json, "#" SIMPLE_UPDATE);
    jsonw_str(json, "target", SERVICE "/Actions/" SIMPLE_UPDATE);
    jsonw_raw(json, "TransferProtocol@Redfish.AllowableValues", "[\"HTTP\",\"HTTPS\"]");
    rf_write_apply_times(json);
    jsonw_end(json);
    jsonw_end(json);
    rf_end(request);
}

void rf_get_firmware_list(struct rf_request *request)
{
    struct rf_service *service = request->service;
    const struct bmc_driver_ops *ops = request->context->driver->ops;
    size_t shown = 0;

    rf_begin_collection(request, "SoftwareInventoryCollection", INVENTORY, "Firmware Inventory");
    for (size_t i = service->first; i < service->first + service->count; i++) {
        struct bmc_snapshot snapshot;
        CLEANUP(error_free) struct error *err = ops->snapshot(request->context->driver, i, &snapshot);
        if (err)
            continue;
        for (size_t kind = 0; kind < ARRAY_SIZE(kinds); kind++, shown++)
            rf_member(request, INVENTORY "/%s%s", kinds[kind].prefix, snapshot.uuid);
    }
    rf_end_collection(request, shown);
}

static void send_firmware(struct rf_request *request, enum rf_firmware kind)
{
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX];

    snprintf(path, sizeof(path), INVENTORY "/%s", request->params[0]);
    rf_begin(request, "SoftwareInventory.v1_9_0.SoftwareInventory", path, request->params[0], kinds[kind].name, 1);
    jsonw_str(json, "Version", rf_firmware_version(request, kind));
    jsonw_bool(json, "Updateable", true);
    jsonw_str(json, "SoftwareId", kinds[kind].name);
    rf_status(request, true);
    rf_end(request);
}

/* The machine and kind that an id of the inventory names; false: none. */
static bool parse_id(const struct rf_service *service, const char *id, size_t *ret_machine, enum rf_firmware *ret_kind)
{
    for (int kind = 0; kind < RF_FIRMWARE_COUNT; kind++) {
        if (!str_has_prefix(id, kinds[kind].prefix))
            continue;
        *ret_machine = rf_find_machine(service, id + strlen(kinds[kind].prefix));
        *ret_kind = (enum rf_firmware)kind;
        return *ret_machine != RF_NO_MACHINE;
    }
    return false;
}

void rf_get_firmware(struct rf_request *request)
{
    struct bmc_driver *driver = request->context->driver;
    enum rf_firmware kind;

    if (!parse_id(request->service, request->params[0], &request->machine, &kind)) {
        rf_not_found(request);
        return;
    }
    struct error *err = driver->ops->snapshot(driver, request->machine, &request->snapshot);
    if (err)
        rf_fail_error(request, err);
    else
        send_firmware(request, kind);
}

/* -- SimpleUpdate -- */

struct update {
    char *url, *user, *password;
    char *version;
    enum rf_firmware kind;
    bool on_reset;
};

static void update_free(void *arg)
{
    struct update *update = arg;

    free(update->url);
    free(update->user);
    mem_free_secret(update->password);
    free(update->version);
    free(update);
}

/* The name of the file that a URL is of, in lower case. */
static char *file_name(const char *url)
{
    size_t len = strcspn(url, "?#");
    size_t start = len;

    while (start > 0 && url[start - 1] != '/')
        start--;
    char *name = mem_strndup(url + start, len - start);
    for (char *at = name; *at; at++)
        *at = (char)tolower((unsigned char)*at);
    return name;
}

/* Numbers with dots between, as in "bios-2.5.0.bin"; without any, the present version with a "+1" behind. */
static char *version_in(const char *name, const char *present)
{
    for (const char *at = name; *at; at++) {
        size_t len = strspn(at, "0123456789.");
        while (len > 0 && at[len - 1] == '.')
            len--;
        if (isdigit((unsigned char)*at) && memchr(at, '.', len))
            return mem_strndup(at, len);
        at += len > 0 ? len - 1 : 0;
    }
    return mem_printf("%s+1", present);
}

static enum rf_firmware kind_in(const char *name)
{
    for (const char *const *word = kinds[RF_FIRMWARE_BMC].words; *word; word++)
        if (strstr(name, *word))
            return RF_FIRMWARE_BMC;
    return RF_FIRMWARE_BIOS;
}

static struct error *download(struct rf_task *task, const struct update *update)
{
    struct rf_context *context = task->service->context;
    struct rt *rt = context->env->rt;
    CLEANUP_FREE char *shown = url_shown(update->url);
    CLEANUP_FREE char *buf = mem_alloc(BUFFER_SIZE);
    CLEANUP(http_stream_close) struct http_stream *stream = NULL;
    struct http_client *client;
    struct http_request call = {
        .url = update->url,
        .user = update->user,
        .password = update->user ? str_or(update->password, "") : NULL,
        .deadline = rt_after(rt, OPEN_TIMEOUT),
    };
    size_t len;
    int64_t total = 0;

    TRY(rf_client(context, &client));
    TRY_WRAP(http_stream_open(client, &call, &stream), "firmware image %s", shown);
    if (http_stream_status(stream) != 200)
        return error_new(ERROR_NOT_FOUND, "firmware image %s: the server answers %d", shown,
                         http_stream_status(stream));
    do {
        TRY_WRAP(http_stream_read(stream, buf, BUFFER_SIZE, rt_after(rt, READ_TIMEOUT), &len), "firmware image %s",
                 shown);
        total += (int64_t)len;
        if (total > IMAGE_MAX)
            return error_new(ERROR_INVALID, "firmware image %s is larger than %lld bytes", shown, (long long)IMAGE_MAX);
    } while (len > 0);
    return total > 0 ? NULL : error_new(ERROR_INVALID, "firmware image %s is empty", shown);
}

static struct error *run_update(struct rf_task *task, void *arg)
{
    struct rf_service *service = task->service;
    struct bmc_driver *driver = service->context->driver;
    const struct update *update = arg;
    struct bmc_snapshot snapshot;

    rf_task_progress(task, RF_TASK_RUNNING, 10);
    TRY(download(task, update));
    rf_task_progress(task, RF_TASK_RUNNING, 50);
    /* A BIOS is flashed while the machine starts; a BMC flashes itself, and then restarts. */
    if (update->kind == RF_FIRMWARE_BIOS || update->on_reset) {
        rf_task_progress(task, RF_TASK_PENDING, 50);
        TRY(rf_task_wait_reset(task));
        rf_task_progress(task, RF_TASK_RUNNING, 90);
    }
    TRY(driver->ops->snapshot(driver, task->machine, &snapshot));
    struct rf_board *board = rf_board(service, task->machine);
    free(board->firmware[update->kind]);
    board->firmware[update->kind] = mem_strdup(update->version);
    board->version++;
    if (update->kind == RF_FIRMWARE_BMC)
        rf_board_restart(service, task->machine, snapshot.profile->delays.bmc_restart);
    return NULL;
}

/* The machine and kind that a target's URI means: a system, a manager, or an item of the inventory. */
static bool parse_target(const struct rf_service *service, const char *uri, size_t *ret_machine,
                         enum rf_firmware *ret_kind)
{
    if (str_has_prefix(uri, INVENTORY "/"))
        return parse_id(service, uri + strlen(INVENTORY "/"), ret_machine, ret_kind);
    if (str_has_prefix(uri, RF_ROOT "/Systems/")) {
        *ret_kind = RF_FIRMWARE_BIOS;
        *ret_machine = rf_find_machine(service, uri + strlen(RF_ROOT "/Systems/"));
    } else if (str_has_prefix(uri, RF_ROOT "/Managers/")) {
        *ret_kind = RF_FIRMWARE_BMC;
        *ret_machine = rf_find_machine(service, uri + strlen(RF_ROOT "/Managers/"));
    } else {
        return false;
    }
    return *ret_machine != RF_NO_MACHINE;
}

struct update_parameters {
    const char *uri, *protocol, *user, *password;
    const struct json *targets;
};

/* Sets request->machine and the kind; false when it has answered. */
static bool find_target(struct rf_request *request, const struct update_parameters *given, const char *name,
                        enum rf_firmware *ret_kind)
{
    struct rf_service *service = request->service;
    const char *uri = json_str_or(given->targets, "0", "");

    if (json_len(given->targets) == 0) {
        *ret_kind = kind_in(name);
        request->machine = service->first;
        if (service->count != 1)
            rf_fail(request, RF_ACTION_PARAMETER_MISSING, SIMPLE_UPDATE, "Targets", NULL);
        return service->count == 1;
    }
    if (json_len(given->targets) == 1 && parse_target(service, uri, &request->machine, ret_kind))
        return true;
    rf_fail(request, RF_ACTION_PARAMETER_NOT_IN_LIST, uri, "Targets", SIMPLE_UPDATE);
    return false;
}

/* The whole URL: the protocol may be given apart. NULL when it has answered. */
static char *update_url(struct rf_request *request, const struct update_parameters *given)
{
    if (given->protocol && !str_equal(given->protocol, "HTTP") && !str_equal(given->protocol, "HTTPS")) {
        rf_fail(request, RF_ACTION_PARAMETER_NOT_IN_LIST, given->protocol, "TransferProtocol", SIMPLE_UPDATE);
        return NULL;
    }
    if (str_has_prefix(given->uri, "http://") || str_has_prefix(given->uri, "https://"))
        return mem_strdup(given->uri);
    if (!strstr(given->uri, "://") && given->protocol)
        return mem_printf("%s://%s", str_equal(given->protocol, "HTTP") ? "http" : "https", given->uri);
    rf_fail(request, RF_ACTION_PARAMETER_FORMAT_ERROR, given->uri, "ImageURI", SIMPLE_UPDATE);
    return NULL;
}

void rf_post_simple_update(struct rf_request *request)
{
    static const struct rf_parameter parameters[] = {
        {"ImageURI", RF_PARAMETER_STRING, .required = true, offsetof(struct update_parameters, uri)},
        {"TransferProtocol", RF_PARAMETER_STRING, .offset = offsetof(struct update_parameters, protocol)},
        {"Username", RF_PARAMETER_STRING, .offset = offsetof(struct update_parameters, user)},
        {"Password", RF_PARAMETER_STRING, .offset = offsetof(struct update_parameters, password)},
        {"Targets", RF_PARAMETER_ARRAY, .offset = offsetof(struct update_parameters, targets)},
        {0},
    };
    struct bmc_driver *driver = request->context->driver;
    struct update_parameters given = {0};
    enum rf_firmware kind;
    bool on_reset;

    if (!rf_take_parameters(request, SIMPLE_UPDATE, parameters, &given) || !rf_take_apply_time(request, &on_reset))
        return;
    CLEANUP_FREE char *url = update_url(request, &given);
    if (!url)
        return;
    CLEANUP_FREE char *name = file_name(url);
    if (!find_target(request, &given, name, &kind))
        return;
    struct error *err = driver->ops->snapshot(driver, request->machine, &request->snapshot);
    if (err) {
        rf_fail_error(request, err);
        return;
    }
    struct update *update = mem_alloc(sizeof(*update));
    update->url = TAKE_PTR(url);
    update->user = mem_strdup(given.user);
    update->password = mem_strdup(given.password);
    update->version = version_in(name, rf_firmware_version(request, kind));
    update->kind = kind;
    update->on_reset = on_reset;
    rf_task_start(request, &(struct rf_task_options){.name = kind == RF_FIRMWARE_BIOS ? "BIOS update" : "BMC update",
                                                     .run = run_update,
                                                     .arg = update,
                                                     .release = update_free});
}
