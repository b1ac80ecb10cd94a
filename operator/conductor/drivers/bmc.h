/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Everything the conductor asks of a BMC, behind one table of functions per protocol. Functions block the task. Errors: TRANSIENT or TIMEOUT when
 * the BMC does not answer, DENIED for credentials, UNSUPPORTED for what it cannot do, INVALID for wrong driver_info; each names the BMC.
 */
#ifndef OPERATOR_CONDUCTOR_DRIVERS_BMC_H
#define OPERATOR_CONDUCTOR_DRIVERS_BMC_H

#include <stdbool.h>

#include "lib/data/error.h"
#include "lib/data/json.h"
#include "lib/data/vec.h"
#include "lib/rt/rt.h"

struct conductor;
struct node;
struct bmc; /* a connection to one BMC and what was learned about it */

enum bmc_power { BMC_POWER_UNKNOWN, BMC_POWER_ON, BMC_POWER_OFF };
enum bmc_reset { BMC_RESET_ON, BMC_RESET_OFF, BMC_RESET_SOFT_OFF, BMC_RESET_RESTART, BMC_RESET_SOFT_RESTART };
enum bmc_device { BMC_DEVICE_DISK, BMC_DEVICE_CDROM, BMC_DEVICE_PXE };

/* What one reading of the machine tells; strings are owned, see bmc_facts_release(). */
struct bmc_facts {
    enum bmc_power power;
    char *vendor, *model, *health, *boot_mode; /* health: OK, Warning, Critical; boot_mode: uefi, bios; NULL: unknown */
};
void bmc_facts_release(struct bmc_facts *facts);

/* A virtual media slot. */
struct bmc_media {
    char *id, *image;
    struct json *types; /* array of names: CD, DVD, USBStick, Floppy */
    bool inserted;
};
struct bmc_media_list VEC_OF(struct bmc_media);
void bmc_media_list_release(struct bmc_media_list *list);

struct bmc_driver {
    const char *name;                    /* of the hardware type: "redfish" */
    const char *const *names;            /* further hardware types that it serves; NULL-terminated, may be NULL */
    const char *boot, *inspect, *vendor; /* default interfaces */
    struct error *(*validate)(const struct json *driver_info);
    struct error *(*connect)(struct conductor *conductor, const struct json *driver_info, struct bmc **ret);
    void (*free)(struct bmc *bmc);
    struct error *(*read)(struct bmc *bmc, struct bmc_facts *ret);
    struct error *(*reset)(struct bmc *bmc, enum bmc_reset reset);
    /* *ret_once: the BMC took a persistent setting for one boot only. */
    struct error *(*set_boot_device)(struct bmc *bmc, enum bmc_device device, bool persistent, bool *ret_once);
    struct error *(*set_boot_mode)(struct bmc *bmc,
                                   const char *mode); /* "uefi", "bios"; no call when it is set already */
    struct error *(*set_secure_boot)(struct bmc *bmc, bool enabled);
    struct error *(*list_media)(struct bmc *bmc, struct bmc_media_list *ret);
    struct error *(*insert_cd)(struct bmc *bmc, const char *url);   /* whatever was in the slot is ejected first */
    struct error *(*eject)(struct bmc *bmc, bool everything);       /* CD slots, or all of them */
    struct error *(*list_macs)(struct bmc *bmc, struct json **ret); /* array of strings, of enabled interfaces */
    struct error *(*subscribe)(struct bmc *bmc, const struct json *request, struct json **ret);
    struct error *(*unsubscribe)(struct bmc *bmc, const char *id);
    struct error *(*logout)(struct bmc *bmc); /* before the connection is forgotten */
};

/* Every connection begins with this. */
struct bmc {
    const struct bmc_driver *driver;
    unsigned refs;        /* of the node, and of who is using it */
    struct rt_mutex lock; /* one operation at a time */
};

/* The driver of a hardware type; NULL. */
const struct bmc_driver *bmc_driver_find(const char *hardware_type);
const struct bmc_driver *const *bmc_drivers(void); /* NULL-terminated */

/*
 * The operations on a node's BMC; the connection is made when first needed. They take turns per BMC. What a driver does not have is
 * ERROR_UNSUPPORTED.
 */
struct error *bmc_validate(const struct node *node) MUST_CHECK; /* without asking the BMC */
struct error *bmc_read(struct node *node, struct bmc_facts *ret) MUST_CHECK;
struct error *bmc_reset(struct node *node, enum bmc_reset reset) MUST_CHECK;
struct error *bmc_set_boot_device(struct node *node, enum bmc_device device, bool persistent) MUST_CHECK;
/* Before a power on: sets the disk again on a BMC that knows no persistent setting (IRO-403). */
struct error *bmc_renew_boot_device(struct node *node) MUST_CHECK;
struct error *bmc_set_boot_mode(struct node *node, const char *mode) MUST_CHECK;
struct error *bmc_set_secure_boot(struct node *node, bool enabled) MUST_CHECK;
struct error *bmc_list_media(struct node *node, struct bmc_media_list *ret) MUST_CHECK;
struct error *bmc_insert_cd(struct node *node, const char *url) MUST_CHECK;
struct error *bmc_eject(struct node *node, bool everything) MUST_CHECK;
struct error *bmc_list_macs(struct node *node, struct json **ret) MUST_CHECK;
struct error *bmc_subscribe(struct node *node, const struct json *request, struct json **ret) MUST_CHECK;
struct error *bmc_unsubscribe(struct node *node, const char *id) MUST_CHECK;
/* Whether both reach one BMC in one way: by the members of driver_info that begin with the driver's name. */
bool bmc_same_access(const struct node *a, const struct node *b);
/* Forgets the connection, for the way to the BMC has changed; logs out in a task. Who uses it meanwhile may end. */
void bmc_forget(struct node *node);
void bmc_unref(struct bmc *bmc); /* NULL is fine */

#endif
