/* SPDX-License-Identifier: Apache-2.0 */
/* The hardware types we know, and a node's connection to its BMC. */
#include "operator/conductor/drivers/bmc.h"

#include <stdlib.h>

#include "lib/data/str.h"
#include "operator/conductor/drivers/redfish.h"
#include "operator/conductor/internal.h"

static const struct bmc_driver *const drivers[] = {&redfish_driver, NULL};

const struct bmc_driver *const *bmc_drivers(void)
{
    return drivers;
}

const struct bmc_driver *bmc_driver_find(const char *hardware_type)
{
    for (size_t i = 0; drivers[i]; i++) {
        if (str_equal(drivers[i]->name, hardware_type))
            return drivers[i];
        for (size_t j = 0; drivers[i]->names && drivers[i]->names[j]; j++)
            if (str_equal(drivers[i]->names[j], hardware_type))
                return drivers[i];
    }
    return NULL;
}

void bmc_unref(struct bmc *bmc)
{
    if (bmc && --bmc->refs == 0)
        bmc->driver->free(bmc);
}

struct farewell {
    struct conductor *conductor;
    struct bmc *bmc;
};

static void farewell_task(void *arg)
{
    struct farewell *farewell = arg;
    struct rt *rt = farewell->conductor->rt;
    struct bmc *bmc = farewell->bmc;
    CLEANUP(error_free) struct error *err = rt_mutex_lock(rt, &bmc->lock);
    if (!err) {
        err = bmc->driver->logout(bmc);
        rt_mutex_unlock(rt, &bmc->lock);
    }
    if (err) /* it ends by itself after a while */
        log_debug(farewell->conductor->log, "BMC session not closed", KV_ERR(err));
    bmc_unref(bmc);
    free(farewell);
}

/* Each member of `from` whose name begins with `prefix` is the same in `other`. */
static bool covers(const struct json *other, const struct json *from, const char *prefix)
{
    JSON_FOREACH (member, from)
        if (str_has_prefix(json_key(member), prefix) && !json_equal(member, json_member(other, json_key(member))))
            return false;
    return true;
}

bool bmc_same_access(const struct node *a, const struct node *b)
{
    const struct bmc_driver *driver = bmc_driver_find(a->driver);
    return driver && driver == bmc_driver_find(b->driver) && covers(b->driver_info, a->driver_info, driver->name) &&
           covers(a->driver_info, b->driver_info, driver->name);
}

void bmc_forget(struct node *node)
{
    struct bmc *bmc = TAKE_PTR(node->bmc);
    if (!bmc || !bmc->driver->logout) {
        bmc_unref(bmc);
        return;
    }
    struct farewell *farewell = mem_alloc(sizeof(*farewell));
    *farewell = (struct farewell){node->conductor, bmc};
    rt_spawn(node->conductor->rt, node->conductor->group, "BMC logout", farewell_task, farewell);
}

static struct error *driver_of(const struct node *node, const struct bmc_driver **ret)
{
    *ret = bmc_driver_find(node->driver);
    if (!*ret)
        return error_new(ERROR_INVALID, "node %s has the unknown driver \"%s\"", node->uuid, str_or(node->driver, ""));
    return NULL;
}

struct error *bmc_validate(const struct node *node)
{
    const struct bmc_driver *driver = NULL;
    TRY(driver_of(node, &driver));
    return driver->validate(node->driver_info);
}

/* The node's connection, held and locked. */
static struct error *acquire(struct node *node, struct bmc **ret)
{
    if (!node->bmc) {
        const struct bmc_driver *driver = NULL;
        TRY(driver_of(node, &driver));
        TRY(driver->connect(node->conductor, node->driver_info, &node->bmc));
        node->bmc->refs = 1;
    }
    struct bmc *bmc = node->bmc;
    bmc->refs++;
    struct error *err = rt_mutex_lock(node->conductor->rt, &bmc->lock);
    if (err) {
        bmc_unref(bmc);
        return err;
    }
    *ret = bmc;
    return NULL;
}

static void release(struct node *node, struct bmc *bmc)
{
    rt_mutex_unlock(node->conductor->rt, &bmc->lock);
    bmc_unref(bmc);
}

/* Calls the driver's `function`, when it has one. */
#define ON_BMC(node, function, ...)                                                                                    \
    do {                                                                                                               \
        struct bmc *bmc = NULL;                                                                                        \
        TRY_WRAP(acquire(node, &bmc), "node %s", (node)->uuid);                                                        \
        struct error *err = bmc->driver->function                                                                      \
                                ? bmc->driver->function(bmc __VA_OPT__(, ) __VA_ARGS__)                                \
                                : error_new(ERROR_UNSUPPORTED, "driver %s cannot do that", bmc->driver->name);         \
        release(node, bmc);                                                                                            \
        return error_wrap(err, "node %s", (node)->uuid);                                                               \
    } while (0)

struct error *bmc_read(struct node *node, struct bmc_facts *ret)
{
    ON_BMC(node, read, ret);
}

struct error *bmc_reset(struct node *node, enum bmc_reset reset)
{
    ON_BMC(node, reset, reset);
}

static struct error *set_boot_device(struct node *node, enum bmc_device device, bool persistent, bool *ret_once)
{
    ON_BMC(node, set_boot_device, device, persistent, ret_once);
}

#define KEY_RENEW "redfish_boot_device" /* of driver_internal_info: the BMC took it for one boot only */

struct error *bmc_set_boot_device(struct node *node, enum bmc_device device, bool persistent)
{
    bool once = false;
    TRY(set_boot_device(node, device, persistent, &once));
    node_internal_set(node, KEY_RENEW, once && device == BMC_DEVICE_DISK ? "disk" : NULL);
    return NULL;
}

struct error *bmc_renew_boot_device(struct node *node)
{
    return node_internal(node, KEY_RENEW) ? bmc_set_boot_device(node, BMC_DEVICE_DISK, true) : NULL;
}

struct error *bmc_set_boot_mode(struct node *node, const char *mode)
{
    ON_BMC(node, set_boot_mode, mode);
}

struct error *bmc_set_secure_boot(struct node *node, bool enabled)
{
    ON_BMC(node, set_secure_boot, enabled);
}

struct error *bmc_list_media(struct node *node, struct bmc_media_list *ret)
{
    ON_BMC(node, list_media, ret);
}

struct error *bmc_insert_cd(struct node *node, const char *url)
{
    ON_BMC(node, insert_cd, url);
}

struct error *bmc_eject(struct node *node, bool everything)
{
    ON_BMC(node, eject, everything);
}

struct error *bmc_list_macs(struct node *node, struct json **ret)
{
    ON_BMC(node, list_macs, ret);
}

struct error *bmc_subscribe(struct node *node, const struct json *request, struct json **ret)
{
    ON_BMC(node, subscribe, request, ret);
}

struct error *bmc_unsubscribe(struct node *node, const char *id)
{
    ON_BMC(node, unsubscribe, id);
}
