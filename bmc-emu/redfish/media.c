// SPDX-License-Identifier: Apache-2.0
// Virtual media (EMU-063 to 066, 116 to 130): the same drives in the system's tree and in the manager's.
#include <stdio.h>
#include <stdlib.h>

#include "bmc-emu/redfish/handlers.h"

#define INSERT "VirtualMedia.InsertMedia"
#define EJECT "VirtualMedia.EjectMedia"

static void send_list(struct rf_request *request, const char *owner)
{
    const struct machine_profile *profile = request->snapshot.profile;
    char path[RF_PATH_MAX * 2];

    snprintf(path, sizeof(path), "%s/VirtualMedia", owner);
    rf_begin_collection(request, "VirtualMediaCollection", path, "Virtual Media");
    VEC_FOREACH (slot, &profile->slots)
        rf_member(request, "%s/%s", path, slot->id);
    rf_end_collection(request, profile->slots.len);
}

void rf_get_system_media_list(struct rf_request *request)
{
    if (rf_quirks(request)->media_in_manager)
        rf_not_found(request);
    else
        send_list(request, request->system);
}

void rf_get_manager_media_list(struct rf_request *request)
{
    send_list(request, request->manager);
}

static void write_action(struct rf_request *request, const char *name, const char *path)
{
    CLEANUP_FREE char *key = mem_printf("#%s", name);

    jsonw_object(&request->json, key);
    jsonw_printf(&request->json, "target", "%s/Actions/%s", path, name);
    jsonw_end(&request->json);
}

static const char *protocol_of(const struct machine_slot *slot)
{
    if (!slot->image)
        return NULL;
    return str_has_prefix(slot->image, "https://") ? "HTTPS" : "HTTP";
}

static void send_media(struct rf_request *request, const char *owner)
{
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX * 2];
    size_t number;

    if (!rf_find_slot(request, &number))
        return;
    const struct machine_slot *slot = &request->snapshot.slots[number];
    snprintf(path, sizeof(path), "%s/VirtualMedia/%s", owner, slot->profile->id);
    rf_begin(request, "VirtualMedia.v1_6_0.VirtualMedia", path, slot->profile->id, slot->profile->name, slot->version);
    if (slot->profile->cd && slot->profile->usb)
        jsonw_raw(json, "MediaTypes", "[\"CD\",\"DVD\",\"Floppy\",\"USBStick\"]");
    else
        jsonw_raw(json, "MediaTypes", slot->profile->cd ? "[\"CD\",\"DVD\"]" : "[\"Floppy\",\"USBStick\"]");
    jsonw_str(json, "Image", slot->image);
    jsonw_str(json, "ImageName", slot->image_name);
    jsonw_str(json, "ConnectedVia", slot->image ? "URI" : "NotConnected");
    jsonw_bool(json, "Inserted", slot->inserted);
    jsonw_bool(json, "WriteProtected", slot->write_protected);
    jsonw_str(json, "TransferMethod", slot->image ? "Stream" : NULL);
    jsonw_str(json, "TransferProtocolType", protocol_of(slot));
    jsonw_str(json, "UserName", slot->user);
    jsonw_null(json, "Password");
    jsonw_bool(json, "VerifyCertificate", slot->verify_certificate);
    rf_status(request, true);
    if (!rf_quirks(request)->media_by_patch) {
        jsonw_object(json, "Actions");
        write_action(request, INSERT, path);
        write_action(request, EJECT, path);
        jsonw_end(json);
    }
    rf_end(request);
}

void rf_get_system_media(struct rf_request *request)
{
    if (rf_quirks(request)->media_in_manager)
        rf_not_found(request);
    else
        send_media(request, request->system);
}

void rf_get_manager_media(struct rf_request *request)
{
    send_media(request, request->manager);
}

/* -- insert -- */

struct insert_parameters {
    struct machine_media_request media;
    const char *protocol, *method;
};

/* The message that tells which of the ways in which a download fails it was. */
static void fail_insert(struct rf_request *request, struct error *err, const char *image)
{
    char status[16];

    snprintf(status, sizeof(status), "%d", error_code(err));
    switch (error_kind(err)) {
    case ERROR_DENIED:
        rf_fail(request, RF_UNAUTHORIZED_AT_URI, image, status, NULL);
        break;
    case ERROR_NOT_FOUND:
        rf_fail(request, RF_URI_RESOURCE_MISSING, "Image", image, NULL);
        break;
    case ERROR_UNSUPPORTED:
        rf_fail(request, RF_ACTION_PARAMETER_FORMAT_ERROR, image, "Image", INSERT);
        break;
    case ERROR_INVALID:
        rf_fail(request, RF_URI_FORMAT, image, NULL, NULL);
        break;
    case ERROR_TRANSIENT:
    case ERROR_TIMEOUT:
        rf_fail(request, RF_COULD_NOT_CONNECT, image, NULL, NULL);
        break;
    default:
        rf_fail_error(request, TAKE_PTR(err));
        break;
    }
    error_free(err);
}

/* Checks what the standard ties together; false when it has answered. */
static bool check_insert(struct rf_request *request, const struct insert_parameters *given)
{
    const char *image = given->media.image;

    if (given->method && !str_equal(given->method, "Stream") && !str_equal(given->method, "Upload")) {
        rf_fail(request, RF_ACTION_PARAMETER_NOT_IN_LIST, given->method, "TransferMethod", INSERT);
        return false;
    }
    if (given->method && str_equal(given->method, "Upload")) {
        rf_fail(request, RF_ACTION_PARAMETER_CONFLICT, "TransferMethod", given->method, NULL);
        return false;
    }
    if (given->protocol && !str_equal(given->protocol, "HTTP") && !str_equal(given->protocol, "HTTPS")) {
        rf_fail(request, RF_ACTION_PARAMETER_NOT_IN_LIST, given->protocol, "TransferProtocolType", INSERT);
        return false;
    }
    if (!str_has_prefix(image, "http://") && !str_has_prefix(image, "https://")) {
        rf_fail(request, RF_ACTION_PARAMETER_FORMAT_ERROR, image, "Image", INSERT);
        return false;
    }
    return true;
}

static bool other_is_used(const struct rf_request *request, size_t slot)
{
    for (size_t i = 0; i < request->snapshot.profile->slots.len; i++)
        if (i != slot && request->snapshot.slots[i].image)
            return true;
    return false;
}

/* Whether the drive is reached by this way at all; false when it has answered. */
static bool has_actions(struct rf_request *request)
{
    if (rf_quirks(request)->media_by_patch)
        rf_not_found(request);
    return !rf_quirks(request)->media_by_patch;
}

/* Inserts and answers; the drive's number was found before. */
static void insert(struct rf_request *request, size_t slot, struct insert_parameters *given)
{
    struct bmc_driver *driver = request->context->driver;

    if (!check_insert(request, given))
        return;
    if (rf_quirks(request)->one_media && other_is_used(request, slot)) {
        rf_fail(request, RF_RESOURCE_IN_USE, NULL, NULL, NULL);
        return;
    }
    struct error *err = driver->ops->media_insert(driver, request->machine, slot, &given->media);
    if (err)
        fail_insert(request, err, given->media.image);
    else
        rf_no_content(request);
}

void rf_post_insert_media(struct rf_request *request)
{
    static const struct rf_parameter parameters[] = {
        {"Image", RF_PARAMETER_STRING, .required = true, offsetof(struct insert_parameters, media.image)},
        {"Inserted", RF_PARAMETER_BOOL, .offset = offsetof(struct insert_parameters, media.inserted)},
        {"WriteProtected", RF_PARAMETER_BOOL, .offset = offsetof(struct insert_parameters, media.write_protected)},
        {"UserName", RF_PARAMETER_STRING, .offset = offsetof(struct insert_parameters, media.user)},
        {"Password", RF_PARAMETER_STRING, .offset = offsetof(struct insert_parameters, media.password)},
        {"TransferProtocolType", RF_PARAMETER_STRING, .offset = offsetof(struct insert_parameters, protocol)},
        {"TransferMethod", RF_PARAMETER_STRING, .offset = offsetof(struct insert_parameters, method)},
        {0},
    };
    struct insert_parameters given = {.media = {.inserted = true, .write_protected = true}};
    size_t slot;

    if (!has_actions(request) || !rf_find_slot(request, &slot))
        return;
    given.media.verify_certificate = request->snapshot.slots[slot].verify_certificate;
    static const char *const details[] = {"Inserted", "WriteProtected"};
    for (size_t i = 0; i < ARRAY_SIZE(details) && rf_quirks(request)->insert_image_only; i++) {
        if (!json_member(request->body, details[i]))
            continue;
        rf_fail(request, RF_ACTION_PARAMETER_UNKNOWN, INSERT, details[i], NULL);
        return;
    }
    if (rf_take_parameters(request, INSERT, parameters, &given))
        insert(request, slot, &given);
}

static void eject(struct rf_request *request, size_t slot)
{
    struct bmc_driver *driver = request->context->driver;
    struct error *err = driver->ops->media_eject(driver, request->machine, slot);

    if (err)
        rf_fail_error(request, err);
    else
        rf_no_content(request);
}

void rf_post_eject_media(struct rf_request *request)
{
    static const struct rf_parameter parameters[] = {{0}};
    size_t slot;

    if (has_actions(request) && rf_find_slot(request, &slot) && rf_take_parameters(request, EJECT, parameters, NULL))
        eject(request, slot);
}

/* -- PATCH: how some clients insert and eject, and how certificate checks are switched (EMU-064, 129, 130) -- */

struct media_change {
    struct insert_parameters insert;
    bool set_image, set_inserted, set_verify;
};

static bool take_image(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct media_change *change = arg;

    change->set_image = true;
    return json_is(value, JSON_NULL) || rf_need_string(request, name, value, &change->insert.media.image);
}

static bool take_inserted(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct media_change *change = arg;

    change->set_inserted = true;
    return rf_need_bool(request, name, value, &change->insert.media.inserted);
}

static bool take_write_protected(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct media_change *change = arg;

    return rf_need_bool(request, name, value, &change->insert.media.write_protected);
}

static bool take_user(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct media_change *change = arg;

    return json_is(value, JSON_NULL) || rf_need_string(request, name, value, &change->insert.media.user);
}

static bool take_password(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct media_change *change = arg;

    return json_is(value, JSON_NULL) || rf_need_string(request, name, value, &change->insert.media.password);
}

static bool take_protocol(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct media_change *change = arg;

    return json_is(value, JSON_NULL) || rf_need_string(request, name, value, &change->insert.protocol);
}

static bool take_method(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct media_change *change = arg;

    return json_is(value, JSON_NULL) || rf_need_string(request, name, value, &change->insert.method);
}

static bool take_verify(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct media_change *change = arg;

    change->set_verify = true;
    return rf_need_bool(request, name, value, &change->insert.media.verify_certificate);
}

static void set_verify(struct rf_request *request, size_t slot, bool verify)
{
    struct bmc_driver *driver = request->context->driver;
    struct error *err = driver->ops->media_verify(driver, request->machine, slot, verify);

    if (err)
        rf_fail_error(request, err);
    else
        rf_no_content(request);
}

void rf_patch_media(struct rf_request *request)
{
    static const struct rf_property properties[] = {
        {"Image", take_image},           {"Inserted", take_inserted},        {"WriteProtected", take_write_protected},
        {"UserName", take_user},         {"Password", take_password},        {"TransferProtocolType", take_protocol},
        {"TransferMethod", take_method}, {"VerifyCertificate", take_verify}, {0},
    };
    static const char *const read_only[] = {"Id",           "Name",   "MediaTypes", "ImageName",
                                            "ConnectedVia", "Status", "Actions",    NULL};
    struct media_change change = {.insert.media = {.inserted = true, .write_protected = true}};
    size_t slot;

    if (!rf_find_slot(request, &slot))
        return;
    change.insert.media.verify_certificate = request->snapshot.slots[slot].verify_certificate;
    if (!rf_if_match(request, request->snapshot.slots[slot].version) ||
        !rf_take_properties(request, properties, read_only, &change))
        return;
    if (change.set_image && change.insert.media.image)
        insert(request, slot, &change.insert);
    else if (change.set_image || (change.set_inserted && !change.insert.media.inserted))
        eject(request, slot);
    else if (change.set_verify)
        set_verify(request, slot, change.insert.media.verify_certificate);
    else
        rf_fail(request, RF_PROPERTY_MISSING, "Image", NULL, NULL);
}
