/* SPDX-License-Identifier: Apache-2.0 */
/* The Redfish driver: power, boot device and mode, secure boot, interfaces, event subscriptions (B13, B14). */
#include "operator/conductor/drivers/redfish.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "lib/redfish/names.h"
#include "operator/conductor/internal.h"

#define MACS_MAX 256    /* of a machine */
#define POST_ATTEMPTS 6 /* of a BMC in POST, or one that settles (IRO-404, IRO-410) */

/* -- connection -- */

static const char *driver_text(const struct json *driver_info, const char *key)
{
    return json_str(json_member(driver_info, key), "");
}

static struct error *redfish_validate(const struct json *driver_info)
{
    const char *address = driver_text(driver_info, "redfish_address");
    if (str_is_empty(address))
        return error_new(ERROR_INVALID, "driver_info lacks redfish_address");
    CLEANUP_FREE char *text = strstr(address, "://") ? mem_strdup(address) : mem_printf("https://%s", address);
    CLEANUP_URL struct url url = {0};
    TRY_WRAP(url_parse(text, &url), "driver_info/redfish_address");
    if (!str_equal(url.scheme, "http") && !str_equal(url.scheme, "https"))
        return error_new(ERROR_INVALID, "driver_info/redfish_address must begin with http:// or https://, not %s",
                         url.scheme);
    if (url.user) /* the address is in logs and errors */
        return error_new(ERROR_INVALID, "driver_info/redfish_address has user information in it; it belongs into "
                                        "redfish_username and redfish_password");
    const char *system = driver_text(driver_info, "redfish_system_id");
    if (system && *system != '/')
        return error_new(ERROR_INVALID, "driver_info/redfish_system_id \"%s\" must be a path that begins with /",
                         system);
    const char *auth = driver_text(driver_info, "redfish_auth_type");
    if (auth && !str_equal(auth, "auto") && !str_equal(auth, "session") && !str_equal(auth, "basic"))
        return error_new(ERROR_INVALID, "driver_info/redfish_auth_type \"%s\" must be auto, session or basic", auth);
    return NULL;
}

static void redfish_free(struct bmc *bmc)
{
    struct redfish *redfish = CONTAINER_OF(bmc, struct redfish, bmc);
    redfish_forget_session(redfish);
    redfish_forget_slots(redfish);
    http_client_free(redfish->own_client);
    json_free(redfish->system_doc);
    free(redfish->system_etag);
    free(redfish->address);
    free(redfish->user);
    mem_free_secret(redfish->password);
    free(redfish->root);
    free(redfish->system);
    free(redfish->sessions_path);
    free(redfish->vendor);
    free(redfish->model);
    free(redfish);
}

/* redfish_verify_ca: false, true, or the path of a CA file. */
static struct error *choose_client(struct redfish *redfish, const struct json *driver_info)
{
    struct conductor *conductor = redfish->conductor;
    const struct json *verify = json_member(driver_info, "redfish_verify_ca");
    const char *file = json_str(verify, "");
    if (file && *file == '/') {
        struct http_client_options options = {.ca_file = file};
        TRY(http_client_new(conductor->env->net, &options, &redfish->own_client));
        redfish->client = redfish->own_client;
        return NULL;
    }
    bool insecure = (verify && !json_bool(verify, "", true)) || str_equal_nocase(file, "false");
    redfish->client = insecure ? conductor->bmc_insecure : conductor->bmc_verify;
    return NULL;
}

static struct error *redfish_connect(struct conductor *conductor, const struct json *driver_info, struct bmc **ret)
{
    TRY(redfish_validate(driver_info));
    struct redfish *redfish = mem_alloc(sizeof(*redfish));
    redfish->bmc.driver = &redfish_driver;
    redfish->conductor = conductor;
    const char *address = driver_text(driver_info, "redfish_address");
    CLEANUP_FREE char *trimmed = str_trim_end(address, '/');
    redfish->address = mem_printf("%s%s", strstr(trimmed, "://") ? "" : "https://", trimmed);
    redfish->user = mem_strdup(driver_text(driver_info, "redfish_username"));
    redfish->password = mem_strdup(driver_text(driver_info, "redfish_password"));
    const char *root = driver_text(driver_info, "redfish_root_prefix");
    redfish->root = root ? mem_printf("%s/", root) : mem_strdup(REDFISH_ROOT);
    redfish->system = mem_strdup(driver_text(driver_info, "redfish_system_id"));
    const char *auth = driver_text(driver_info, "redfish_auth_type");
    redfish->auth = str_equal(auth, "basic")     ? REDFISH_AUTH_BASIC
                    : str_equal(auth, "session") ? REDFISH_AUTH_SESSION
                                                 : REDFISH_AUTH_AUTO;
    struct error *err = choose_client(redfish, driver_info);
    if (err) {
        redfish_free(&redfish->bmc);
        return err;
    }
    *ret = &redfish->bmc;
    return NULL;
}

/* -- reading -- */

static enum bmc_power power_of(const struct json *system)
{
    const char *state = json_str(system, "PowerState");
    if (str_equal(state, REDFISH_POWER_ON) || str_equal(state, REDFISH_POWER_POWERING_ON))
        return BMC_POWER_ON;
    if (str_equal(state, REDFISH_POWER_OFF) || str_equal(state, REDFISH_POWER_POWERING_OFF))
        return BMC_POWER_OFF;
    return BMC_POWER_UNKNOWN;
}

static const char *mode_of(const struct json *system)
{
    const char *mode = json_str(system, "Boot/" REDFISH_BOOT_MODE);
    return str_equal(mode, REDFISH_BOOT_UEFI) ? "uefi" : str_equal(mode, REDFISH_BOOT_LEGACY) ? "bios" : NULL;
}

static struct error *redfish_read(struct bmc *bmc, struct bmc_facts *ret)
{
    struct redfish *redfish = CONTAINER_OF(bmc, struct redfish, bmc);
    TRY(redfish_read_system(redfish));
    const struct json *system = redfish->system_doc;
    *ret = (struct bmc_facts){
        .power = power_of(system),
        .vendor = mem_strdup(redfish->vendor),
        .model = mem_strdup(redfish->model),
        .health = mem_strdup(json_str(system, "Status/Health")),
        .boot_mode = mem_strdup(mode_of(system)),
    };
    return NULL;
}

void bmc_facts_release(struct bmc_facts *facts)
{
    free(facts->vendor);
    free(facts->model);
    free(facts->health);
    free(facts->boot_mode);
    *facts = (struct bmc_facts){0};
}

/* -- power -- */

/* IRO-409. */
static const struct {
    const char *type;
    enum bmc_power wanted; /* with a 400 or 409: is it there already? */
} resets[] = {
    [BMC_RESET_ON] = {REDFISH_RESET_ON, BMC_POWER_ON},
    [BMC_RESET_OFF] = {REDFISH_RESET_FORCE_OFF, BMC_POWER_OFF},
    [BMC_RESET_SOFT_OFF] = {REDFISH_RESET_GRACEFUL_SHUTDOWN, BMC_POWER_OFF},
    [BMC_RESET_RESTART] = {REDFISH_RESET_FORCE_RESTART, BMC_POWER_UNKNOWN},
    [BMC_RESET_SOFT_RESTART] = {REDFISH_RESET_GRACEFUL_RESTART, BMC_POWER_UNKNOWN},
};

static struct error *check_allowed(const struct redfish *redfish, const struct json *action, const char *type)
{
    const struct json *allowed = json_member(action, "ResetType@Redfish.AllowableValues");
    if (!json_is(allowed, JSON_ARRAY))
        return NULL;
    JSON_FOREACH (item, allowed)
        if (str_equal(json_str(item, ""), type))
            return NULL;
    return error_new(ERROR_UNSUPPORTED, "%s does not offer the reset type %s", redfish->address, type);
}

static struct error *redfish_reset(struct bmc *bmc, enum bmc_reset reset)
{
    struct redfish *redfish = CONTAINER_OF(bmc, struct redfish, bmc);
    struct rt *rt = redfish->conductor->rt;
    if (!redfish->system_doc)
        TRY(redfish_read_system(redfish));
    const struct json *action = json_member(json_get(redfish->system_doc, "Actions"), REDFISH_RESET_ACTION);
    const char *type = resets[reset].type;
    TRY(check_allowed(redfish, action, type));
    if (!json_str(action, "target"))
        return error_new(ERROR_UNSUPPORTED, "%s%s has no action %s", redfish->address, redfish->system,
                         REDFISH_RESET_ACTION);
    CLEANUP_FREE char *target = mem_strdup(json_str(action, "target"));
    CLEANUP(json_free) struct json *body = json_new_object();
    json_set_str(body, "ResetType", type);
    redfish->system_read = 0;
    for (int attempt = 1;; attempt++) {
        struct error *err = redfish_post(redfish, target, body, NULL);
        int code = error_code(err);
        if (code != 400 && code != 409)
            return err;
        /* Refused: it may be there already (IRO-411), or settle (IRO-410). */
        CLEANUP(error_free) struct error *unread = redfish_read_system(redfish);
        if (!unread && resets[reset].wanted && power_of(redfish->system_doc) == resets[reset].wanted) {
            error_free(err);
            return NULL;
        }
        if (code != 409 || reset != BMC_RESET_ON || attempt >= POST_ATTEMPTS)
            return err;
        error_free(err);
        TRY(rt_sleep(rt, 10 * RT_S));
    }
}

/* -- boot -- */

static bool allows_target(const struct redfish *redfish, const char *target)
{
    const struct json *boot = json_get(redfish->system_doc, "Boot");
    JSON_FOREACH (item, json_member(boot, REDFISH_BOOT_TARGET "@Redfish.AllowableValues"))
        if (str_equal(json_str(item, ""), target))
            return true;
    return false;
}

static struct error *patch_boot(struct redfish *redfish, const struct json *boot)
{
    struct rt *rt = redfish->conductor->rt;
    CLEANUP(json_free) struct json *body = json_new_object();
    json_set(body, "Boot", json_copy(boot));
    rt_time pause = 5 * RT_S;
    for (int attempt = 1;; attempt++) {
        struct error *err = redfish_patch(redfish, redfish->system, body, redfish->system_etag);
        free(TAKE_PTR(redfish->system_etag)); /* another one now */
        redfish->system_read = 0;
        bool in_post = error_code(err) == 400 && strstr(error_message(err), "UnableToModifyDuringSystemPOST");
        if (!in_post || attempt >= POST_ATTEMPTS)
            return err;
        error_free(err);
        TRY(rt_sleep(rt, pause));
        pause = pause * 2 > 30 * RT_S ? 30 * RT_S : pause * 2;
    }
}

static struct json *boot_request(const struct redfish *redfish, const char *target, const char *enabled)
{
    unsigned quirks = redfish_quirks(redfish->vendor, redfish->model);
    struct json *boot = json_new_object();
    json_set_str(boot, REDFISH_BOOT_TARGET, target);
    const char *now = json_str(redfish->system_doc, "Boot/" REDFISH_BOOT_ENABLED);
    if ((quirks & (QUIRK_SEND_ENABLED | QUIRK_SEND_ALL)) || !str_equal(now, enabled))
        json_set_str(boot, REDFISH_BOOT_ENABLED, enabled);
    if (quirks & QUIRK_SEND_ALL)
        json_set_str(boot, REDFISH_BOOT_MODE,
                     json_str_or(redfish->system_doc, "Boot/" REDFISH_BOOT_MODE, REDFISH_BOOT_UEFI));
    return boot;
}

static struct error *redfish_set_boot_mode(struct bmc *bmc, const char *mode);

static struct error *redfish_set_boot_device(struct bmc *bmc, enum bmc_device device, bool persistent, bool *ret_once)
{
    struct redfish *redfish = CONTAINER_OF(bmc, struct redfish, bmc);
    TRY(redfish_know_system(redfish));
    unsigned quirks = redfish_quirks(redfish->vendor, redfish->model);
    const char *target = device == BMC_DEVICE_DISK    ? REDFISH_BOOT_HDD
                         : device == BMC_DEVICE_CDROM ? REDFISH_BOOT_CD
                                                      : REDFISH_BOOT_PXE;
    if (device == BMC_DEVICE_CDROM && (quirks & QUIRK_USB_CD) && allows_target(redfish, REDFISH_BOOT_USB_CD))
        target = REDFISH_BOOT_USB_CD;
    CLEANUP_FREE char *mode = mem_strdup(mode_of(redfish->system_doc));
    CLEANUP(json_free)
    struct json *boot = boot_request(redfish, target, persistent ? REDFISH_BOOT_CONTINUOUS : REDFISH_BOOT_ONCE);
    struct error *err = patch_boot(redfish, boot);
    if (err && persistent && error_code(err) && !error_is(err, ERROR_DENIED)) { /* Continuous is refused (IRO-403) */
        error_free(err);
        json_set_str(boot, REDFISH_BOOT_ENABLED, REDFISH_BOOT_ONCE);
        err = patch_boot(redfish, boot);
        *ret_once = true;
    }
    TRY_WRAP(err, "setting the boot device to %s", target);
    if ((quirks & QUIRK_MODE_AGAIN) && mode)
        return redfish_set_boot_mode(bmc, mode);
    return NULL;
}

static struct error *redfish_set_boot_mode(struct bmc *bmc, const char *mode)
{
    struct redfish *redfish = CONTAINER_OF(bmc, struct redfish, bmc);
    TRY(redfish_know_system(redfish));
    const char *now = mode_of(redfish->system_doc);
    if (str_equal(now, mode))
        return NULL;
    CLEANUP(json_free) struct json *boot = json_new_object();
    json_set_str(boot, REDFISH_BOOT_MODE, str_equal(mode, "uefi") ? REDFISH_BOOT_UEFI : REDFISH_BOOT_LEGACY);
    struct error *err = patch_boot(redfish, boot);
    if (err && !now && error_code(err)) { /* unreadable and not settable (HPE Gen9): the deployment goes on (IRO-406) */
        error_free(err);
        return NULL;
    }
    return err ? error_wrap(err, "setting the boot mode to %s", mode) : NULL;
}

static struct error *redfish_set_secure_boot(struct bmc *bmc, bool enabled)
{
    struct redfish *redfish = CONTAINER_OF(bmc, struct redfish, bmc);
    if (!redfish->system_doc)
        TRY(redfish_read_system(redfish));
    const struct json *link = json_member(json_get(redfish->system_doc, "SecureBoot"), "@odata.id");
    if (!link && !enabled)
        return NULL;
    if (!link)
        return error_new(ERROR_UNSUPPORTED, "%s has no secure boot", redfish->address);
    CLEANUP_FREE char *path = mem_strdup(json_str(link, "")), *etag = NULL;
    CLEANUP(json_free) struct json *document = NULL;
    TRY(redfish_get(redfish, path, &document, &etag));
    if (json_bool(document, "SecureBootEnable", false) == enabled)
        return NULL;
    CLEANUP(json_free) struct json *body = json_new_object();
    json_set_bool(body, "SecureBootEnable", enabled);
    TRY_WRAP(redfish_patch(redfish, path, body, etag), "switching secure boot %s", enabled ? "on" : "off");
    return NULL;
}

/* -- interfaces and events -- */

static struct error *redfish_list_macs(struct bmc *bmc, struct json **ret)
{
    struct redfish *redfish = CONTAINER_OF(bmc, struct redfish, bmc);
    if (!redfish->system_doc)
        TRY(redfish_read_system(redfish));
    CLEANUP(json_free) struct json *macs = json_new_array();
    const struct json *link = json_member(json_get(redfish->system_doc, "EthernetInterfaces"), "@odata.id");
    if (link) {
        CLEANUP(json_free) struct json *collection = NULL;
        TRY(redfish_get(redfish, json_str(link, ""), &collection, NULL));
        JSON_FOREACH (member, json_get(collection, "Members")) {
            CLEANUP(json_free) struct json *interface = NULL;
            const char *path = json_str(json_member(member, "@odata.id"), "");
            if (!path || json_len(macs) >= MACS_MAX)
                continue;
            TRY(redfish_get(redfish, path, &interface, NULL));
            const char *mac = json_str_or(interface, "MACAddress", json_str(interface, "PermanentMACAddress"));
            if (mac && str_equal(json_str_or(interface, "Status/State", "Enabled"), "Enabled"))
                json_append_str(macs, mac);
        }
    }
    *ret = TAKE_PTR(macs);
    return NULL;
}

#define SUBSCRIPTIONS "/redfish/v1/EventService/Subscriptions"

static struct error *redfish_subscribe(struct bmc *bmc, const struct json *request, struct json **ret)
{
    struct redfish *redfish = CONTAINER_OF(bmc, struct redfish, bmc);
    TRY(redfish_read_root(redfish));
    CLEANUP(json_free) struct json *body = json_copy(request);
    if (!json_get(body, "Protocol"))
        json_set_str(body, "Protocol", "Redfish");
    if (!json_get(body, "Context"))
        json_set_str(body, "Context", "");
    if (!json_get(body, "EventTypes")) {
        json_set(body, "EventTypes", json_new_array());
        json_append_str(json_get(body, "EventTypes"), "Alert");
    }
    CLEANUP(http_response_free) struct http_response *response = NULL;
    TRY(redfish_post(redfish, SUBSCRIPTIONS, body, &response));
    const char *location = http_response_header(response, "Location");
    const char *id = location ? strrchr(location, '/') : NULL;
    if (!id)
        return error_new(ERROR_UNSUPPORTED, "%s did not tell where the subscription is", redfish->address);
    struct json *answer = json_new_object();
    json_set_str(answer, "Id", id + 1);
    static const char *const shown[] = {"Context", "Protocol", "Destination", "EventTypes"};
    for (size_t i = 0; i < ARRAY_SIZE(shown); i++)
        if (json_get(body, shown[i]))
            json_set(answer, shown[i], json_copy(json_get(body, shown[i])));
    *ret = answer;
    return NULL;
}

static struct error *redfish_unsubscribe(struct bmc *bmc, const char *id)
{
    struct redfish *redfish = CONTAINER_OF(bmc, struct redfish, bmc);
    TRY(redfish_read_root(redfish));
    CLEANUP_FREE char *escaped = str_url_encode(id);
    CLEANUP_FREE char *path = mem_printf("%s/%s", SUBSCRIPTIONS, escaped);
    return redfish_call(redfish, "DELETE", path, NULL, NULL, NULL);
}

static const char *const also_redfish[] = {"idrac", NULL};

const struct bmc_driver redfish_driver = {
    .name = "redfish",
    .names = also_redfish,
    .boot = "redfish-virtual-media",
    .inspect = "agent",
    .vendor = "redfish",
    .validate = redfish_validate,
    .connect = redfish_connect,
    .free = redfish_free,
    .read = redfish_read,
    .reset = redfish_reset,
    .set_boot_device = redfish_set_boot_device,
    .set_boot_mode = redfish_set_boot_mode,
    .set_secure_boot = redfish_set_secure_boot,
    .list_media = redfish_list_media,
    .insert_cd = redfish_insert_cd,
    .eject = redfish_eject,
    .list_macs = redfish_list_macs,
    .subscribe = redfish_subscribe,
    .unsubscribe = redfish_unsubscribe,
    .logout = redfish_logout,
};
