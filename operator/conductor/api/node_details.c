/* SPDX-License-Identifier: Apache-2.0 */
/* What belongs to a node: validation, inventory, virtual media, BIOS and firmware listings, vendor calls (IRO-024, IRO-029 to IRO-033). */
#include <stdlib.h>

#include "lib/data/str.h"
#include "operator/conductor/api/rest.h"
#include "operator/conductor/boot_iso.h"
#include "operator/conductor/deploy.h"
#include "operator/conductor/drivers/bmc.h"
#include "operator/conductor/inspection.h"

/* -- validate -- */

static void put_result(struct json *body, const char *interface, struct error *err)
{
    CLEANUP_FREE char *result = mem_printf("%s/result", interface), *reason = mem_printf("%s/reason", interface);
    json_set_bool(body, result, err == NULL);
    json_set_str(body, reason, err ? error_message(err) : NULL);
    error_free(err);
}

static struct error *get_validate(struct rest *rest)
{
    CLEANUP(node_unref) struct node *node = NULL;
    TRY(rest_node(rest, &node));
    CLEANUP(json_free) struct json *body = json_new_object();
    put_result(body, "boot", str_equal(node->deploy_interface, "ramdisk") ? NULL : boot_iso_validate(node));
    put_result(body, "deploy", deploy_validate(node));
    put_result(body, "power", bmc_validate(node));
    put_result(body, "management", bmc_validate(node));
    static const char *const fine[] = {"bios", "firmware", "inspect", "network", "raid", "storage"};
    for (size_t i = 0; i < ARRAY_SIZE(fine); i++)
        put_result(body, fine[i], NULL);
    put_result(body, "console", error_new(ERROR_UNSUPPORTED, "not supported"));
    put_result(body, "rescue", error_new(ERROR_UNSUPPORTED, "not supported"));
    rest_reply(rest, 200, body);
    return NULL;
}

/* -- inventory, BIOS, firmware -- */

static struct error *get_inventory(struct rest *rest)
{
    CLEANUP(node_unref) struct node *node = NULL;
    CLEANUP(json_free) struct json *body = NULL;
    TRY(rest_node(rest, &node));
    TRY(inspection_read(node, &body));
    rest_reply(rest, 200, body);
    return NULL;
}

/* Nothing is cached of them yet. */
static struct error *empty_listing(struct rest *rest, const char *key)
{
    CLEANUP(node_unref) struct node *node = NULL;
    TRY(rest_node(rest, &node));
    CLEANUP(json_free) struct json *body = json_new_object();
    json_put(body, key, json_new_array());
    rest_reply(rest, 200, body);
    return NULL;
}

static struct error *get_bios(struct rest *rest)
{
    return empty_listing(rest, "bios");
}

static struct error *get_firmware(struct rest *rest)
{
    return empty_listing(rest, "firmware");
}

/* -- virtual media (IRO-032, IRO-211) -- */

static struct error *get_vmedia(struct rest *rest)
{
    CLEANUP(node_unref) struct node *node = NULL;
    TRY(rest_node(rest, &node));
    struct bmc_media_list media = {0};
    struct error *err = bmc_list_media(node, &media);
    CLEANUP(json_free) struct json *body = json_new_object();
    struct json *list = json_new_array();
    json_set(body, "vmedia", list);
    VEC_FOREACH (slot, &media) {
        struct json *value = json_new_object();
        json_set(value, "media_types", json_copy(slot->types));
        json_set_bool(value, "inserted", slot->inserted);
        json_set_str(value, "image", slot->image);
        json_append(list, value);
    }
    bmc_media_list_release(&media);
    TRY(err);
    rest_reply(rest, 200, body);
    return NULL;
}

/* Work in the background; an error is only seen in last_error. */
struct media_job {
    struct node *node;
    char *url; /* NULL: eject */
};

static void media_task(void *arg)
{
    struct media_job *job = arg;
    struct node *node = job->node;
    CLEANUP(error_free) struct error *err = job->url ? bmc_insert_cd(node, job->url) : bmc_eject(node, false);
    if (!error_is(err, ERROR_CANCELLED)) {
        if (err)
            node_set_error(node, err, job->url ? "Failed to attach virtual media" : "Failed to detach virtual media");
        node_save_later(node);
    }
    node_release(node);
    node_unref(node);
    free(job->url);
    free(job);
}

static struct error *start_media(struct rest *rest, const char *device, const char *url)
{
    CLEANUP(node_unref) struct node *node = NULL;
    TRY(rest_node(rest, &node));
    if (device && !str_equal_nocase(device, "cdrom") && !str_equal_nocase(device, "dvd"))
        return error_new(ERROR_INVALID, "The device type \"%s\" is not supported; use cdrom.", device);
    TRY(node_reserve(node, false));
    struct media_job *job = mem_alloc(sizeof(*job));
    *job = (struct media_job){node_ref(node), mem_strdup(url)};
    rt_spawn(rest->conductor->rt, rest->conductor->group, "virtual media", media_task, job);
    rest_reply(rest, 204, NULL);
    return NULL;
}

static struct error *post_vmedia(struct rest *rest)
{
    CLEANUP(json_free) struct json *body = NULL;
    TRY(rest_body(rest, &body));
    const char *device = NULL, *url = NULL;
    TRY(json_need_str(body, "device_type", &device));
    TRY(json_need_str(body, "image_url", &url));
    if (!str_has_prefix(url, "http://") && !str_has_prefix(url, "https://"))
        return error_new(ERROR_INVALID, "image_url \"%s\" must begin with http:// or https://", url);
    return start_media(rest, device, url);
}

static struct error *delete_vmedia(struct rest *rest)
{
    return start_media(rest, rest_query(rest, "device_types"), NULL);
}

/* -- vendor calls (IRO-033) -- */

static struct error *post_vendor(struct rest *rest)
{
    CLEANUP(node_unref) struct node *node = NULL;
    CLEANUP(json_free) struct json *body = NULL, *answer = NULL;
    TRY(rest_node(rest, &node));
    if (!str_equal(rest_query(rest, "method"), "create_subscription"))
        return error_new(ERROR_INVALID,
                         "The vendor method \"%s\" is not one of create_subscription, delete_subscription.",
                         str_or(rest_query(rest, "method"), ""));
    TRY(rest_body(rest, &body));
    const char *destination = NULL;
    TRY(json_need_str(body, "Destination", &destination));
    TRY(bmc_subscribe(node, body, &answer));
    rest_reply(rest, 200, answer);
    return NULL;
}

static struct error *delete_vendor(struct rest *rest)
{
    CLEANUP(node_unref) struct node *node = NULL;
    CLEANUP(json_free) struct json *body = NULL;
    TRY(rest_node(rest, &node));
    if (!str_equal(rest_query(rest, "method"), "delete_subscription"))
        return error_new(ERROR_INVALID, "The vendor method \"%s\" can not be used with DELETE.",
                         str_or(rest_query(rest, "method"), ""));
    TRY(rest_body(rest, &body));
    const char *id = NULL;
    TRY(json_need_str(body, "id", &id));
    TRY(bmc_unsubscribe(node, id));
    rest_reply(rest, 204, NULL);
    return NULL;
}

const struct rest_route rest_media_routes[] = {
    {"GET", "/v1/nodes/%/validate", get_validate},
    {"GET", "/v1/nodes/%/inventory", get_inventory, .since = 81},
    {"GET", "/v1/nodes/%/bios", get_bios, .since = 40},
    {"GET", "/v1/nodes/%/firmware", get_firmware, .since = 86},
    {"GET", "/v1/nodes/%/vmedia", get_vmedia, .since = 93},
    {"POST", "/v1/nodes/%/vmedia", post_vmedia, .since = 89},
    {"DELETE", "/v1/nodes/%/vmedia", delete_vmedia, .since = 89},
    {"POST", "/v1/nodes/%/vendor_passthru", post_vendor},
    {"DELETE", "/v1/nodes/%/vendor_passthru", delete_vendor},
    {0},
};
