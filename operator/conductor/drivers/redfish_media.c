/* SPDX-License-Identifier: Apache-2.0 */
/* Virtual media over Redfish: slots of the system or of its managers, ejecting before inserting, and what BMCs want besides (B6b). */
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "lib/redfish/names.h"
#include "operator/conductor/drivers/redfish.h"
#include "operator/conductor/internal.h"

#define INSERT_POSTS_MAX 4 /* IRO-286 */
#define SLOTS_MAX 32

/* -- slots -- */

static bool has_type(const struct json *slot, const char *type)
{
    JSON_FOREACH (item, json_get(slot, "MediaTypes"))
        if (str_equal(json_str(item, ""), type))
            return true;
    return false;
}

void redfish_forget_slots(struct redfish *redfish)
{
    VEC_FOREACH (slot, &redfish->slots)
        free(slot->path);
    VEC_RELEASE(&redfish->slots);
}

static struct error *find_slots_in(struct redfish *redfish, const char *collection_path)
{
    CLEANUP(json_free) struct json *collection = NULL;
    TRY(redfish_get(redfish, collection_path, &collection, NULL));
    JSON_FOREACH (member, json_get(collection, "Members")) {
        const char *path = json_str(json_member(member, "@odata.id"), "");
        if (!path || redfish->slots.len >= SLOTS_MAX)
            continue;
        CLEANUP(json_free) struct json *slot = NULL;
        TRY(redfish_get(redfish, path, &slot, NULL));
        struct redfish_slot found = {.path = mem_strdup(path), .is_cd = has_type(slot, "CD") || has_type(slot, "DVD")};
        VEC_PUSH(&redfish->slots, found);
    }
    return NULL;
}

/* The system's own slots, else those of its managers (IRO-282). */
static struct error *search_slots(struct redfish *redfish)
{
    if (!redfish->system_doc)
        TRY(redfish_read_system(redfish));
    const struct json *own = json_member(json_get(redfish->system_doc, "VirtualMedia"), "@odata.id");
    if (own)
        return find_slots_in(redfish, json_str(own, ""));
    const struct json *managers = json_get(redfish->system_doc, "Links/ManagedBy");
    if (!managers)
        managers = json_get(redfish->system_doc, "Links/Managers");
    JSON_FOREACH (manager, managers) {
        const char *path = json_str(json_member(manager, "@odata.id"), "");
        CLEANUP(json_free) struct json *document = NULL;
        if (!path)
            continue;
        TRY(redfish_get(redfish, path, &document, NULL));
        const struct json *media = json_member(json_get(document, "VirtualMedia"), "@odata.id");
        if (media)
            TRY(find_slots_in(redfish, json_str(media, "")));
    }
    if (!redfish->slots.len)
        return error_new(ERROR_UNSUPPORTED, "%s offers no virtual media", redfish->address);
    return NULL;
}

/* All of them are found once, or none is kept. */
static struct error *find_slots(struct redfish *redfish)
{
    if (redfish->slots.len)
        return NULL;
    struct error *err = search_slots(redfish);
    if (err)
        redfish_forget_slots(redfish);
    return err;
}

static const char *action_target(const struct json *slot, const char *action)
{
    return json_str(json_member(json_get(slot, "Actions"), action), "target");
}

/* -- eject -- */

static struct error *slot_eject(struct redfish *redfish, const char *path, const struct json *slot)
{
    if (!json_bool(slot, "Inserted", false))
        return NULL;
    const char *target = action_target(slot, REDFISH_EJECT_ACTION);
    CLEANUP(json_free) struct json *body = json_new_object();
    if (!target) { /* Lenovo: PATCH (IRO-288) */
        json_set(body, "Image", json_new_null());
        json_set_bool(body, "Inserted", false);
        return redfish_patch(redfish, path, body, NULL);
    }
    struct error *err = redfish_post(redfish, target, NULL, NULL);
    if (error_code(err) == 415 || error_code(err) == 400) { /* HPE iLO wants a body */
        error_free(err);
        err = redfish_post(redfish, target, body, NULL);
    }
    int code = error_code(err);
    if (code == 400 || code == 409 || code >= 500) {
        CLEANUP(json_free) struct json *again = NULL;
        CLEANUP(error_free) struct error *unread = redfish_get(redfish, path, &again, NULL);
        if (!unread && !json_bool(again, "Inserted", true)) {
            error_free(err);
            return NULL;
        }
    }
    return err;
}

struct error *redfish_eject(struct bmc *bmc, bool everything)
{
    struct redfish *redfish = CONTAINER_OF(bmc, struct redfish, bmc);
    TRY(find_slots(redfish));
    VEC_FOREACH (slot, &redfish->slots) {
        if (!everything && !slot->is_cd)
            continue;
        CLEANUP(json_free) struct json *document = NULL;
        TRY(redfish_get(redfish, slot->path, &document, NULL));
        TRY_WRAP(slot_eject(redfish, slot->path, document), "ejecting virtual media");
    }
    return NULL;
}

/* -- insert -- */

static bool error_mentions(const struct error *err, const char *word)
{
    return err && strstr(error_message(err), word);
}

/* What the BMC missed is added, as sushy learned it from vendors (IRO-286). False: nothing to add. */
static bool insert_repair(const struct error *err, struct json *body, const char *url)
{
    if (error_mentions(err, "TransferProtocolType") && !json_get(body, "TransferProtocolType")) {
        json_set_str(body, "TransferProtocolType", str_has_prefix(url, "https:") ? "HTTPS" : "HTTP");
        return true;
    }
    if (error_mentions(err, "TransferMethod") && !json_get(body, "TransferMethod")) {
        json_set_str(body, "TransferMethod", "Stream");
        return true;
    }
    if ((error_mentions(err, "UserName") || error_mentions(err, "Password")) && !json_get(body, "UserName")) {
        json_set_str(body, "UserName", "none");
        json_set_str(body, "Password", "none");
        return true;
    }
    return false;
}

static struct error *slot_insert(struct redfish *redfish, const char *path, const struct json *slot, const char *url)
{
    CLEANUP(json_free) struct json *body = json_new_object();
    json_set_str(body, "Image", url);
    const char *target = action_target(slot, REDFISH_INSERT_ACTION);
    if (!target) { /* Lenovo SD530: PATCH (IRO-285) */
        json_set_bool(body, "Inserted", true);
        json_set_bool(body, "WriteProtected", true);
        return redfish_patch(redfish, path, body, NULL);
    }
    struct error *err = NULL;
    for (int posts = 0; posts < INSERT_POSTS_MAX; posts++) {
        error_free(err);
        err = redfish_post(redfish, target, body, NULL);
        if (!err || !insert_repair(err, body, url))
            break;
    }
    return err;
}

struct error *redfish_insert_cd(struct bmc *bmc, const char *url)
{
    struct redfish *redfish = CONTAINER_OF(bmc, struct redfish, bmc);
    struct rt *rt = redfish->conductor->rt;
    TRY(find_slots(redfish));
    CLEANUP(error_free) struct error *first = NULL;
    for (int attempt = 0; attempt < 3; attempt++) { /* 5xx: the whole again, 3 s apart (IRO-287) */
        bool again = false;
        VEC_FOREACH (slot, &redfish->slots) {
            if (!slot->is_cd)
                continue;
            CLEANUP(json_free) struct json *document = NULL;
            TRY(redfish_get(redfish, slot->path, &document, NULL));
            TRY_WRAP(slot_eject(redfish, slot->path, document), "ejecting virtual media");
            struct error *err = slot_insert(redfish, slot->path, document, url);
            if (!err || error_is(err, ERROR_CANCELLED) || error_is(err, ERROR_DENIED))
                return err;
            again = again || error_code(err) >= 500;
            if (first)
                error_free(err);
            else
                first = err;
        }
        if (!again)
            break;
        TRY(rt_sleep(rt, redfish->conductor->options.bmc_retry_interval));
    }
    CLEANUP_FREE char *shown = url_shown(url);
    if (first)
        return error_wrap(TAKE_PTR(first), "no virtual media slot of %s takes %s", redfish->address, shown);
    return error_new(ERROR_UNSUPPORTED, "%s has no virtual CD", redfish->address);
}

/* -- list -- */

void bmc_media_list_release(struct bmc_media_list *list)
{
    VEC_FOREACH (media, list) {
        free(media->id);
        free(media->image);
        json_free(media->types);
    }
    VEC_RELEASE(list);
}

struct error *redfish_list_media(struct bmc *bmc, struct bmc_media_list *ret)
{
    struct redfish *redfish = CONTAINER_OF(bmc, struct redfish, bmc);
    TRY(find_slots(redfish));
    VEC_FOREACH (slot, &redfish->slots) {
        CLEANUP(json_free) struct json *document = NULL;
        TRY(redfish_get(redfish, slot->path, &document, NULL));
        struct bmc_media media = {
            .id = mem_strdup(json_str(document, "Id")),
            .image = mem_strdup(json_str(document, "Image")),
            .types = json_get(document, "MediaTypes") ? json_copy(json_get(document, "MediaTypes")) : json_new_array(),
            .inserted = json_bool(document, "Inserted", false),
        };
        VEC_PUSH(ret, media);
    }
    return NULL;
}
