// SPDX-License-Identifier: Apache-2.0
// The libvirt driver: the table of domains, readings, and the driver's verbs as calls on worker threads. Edits of one
// domain are one at a time.
#include "bmc-emu/drivers/libvirt.h"

#include <libxml/parser.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bmc-emu/drivers/libvirt_link.h"
#include "bmc-emu/drivers/libvirt_view.h"
#include "lib/data/str.h"
#include "lib/data/vec.h"
#include "lib/log/log.h"
#include "lib/net/http_client.h"
#include "lib/rt/file.h"

#define SHUTDOWN_LIMIT (120 * RT_S) /* a system that has not ended by then ignores GracefulRestart */

/* Firmware that comes up from a reset may order another one at once; the last one of a row is the boot. */
#define RESETS_SETTLE RT_S

struct libvirt_driver;

struct domain {
    struct libvirt_driver *driver;
    char uuid[VIR_UUID_STRING_BUFLEN];
    char *name;
    bool gone;
    struct rt_mutex lock; /* of whoever changes it */
    struct domain_view *view;
    uint64_t version;
    int64_t last_reset;
    enum machine_led led;
    struct machine_slot slot;
    rt_time reset_seen;
    uint64_t overrides;     /* of boot, counted: a reset from before one does not use it up */
    uint64_t orders;        /* of power, counted: a newer one ends what an older one waits for */
    unsigned started_by_us; /* starts whose event is still to come */
};

struct libvirt_driver {
    struct bmc_driver base;
    const struct env *env;
    struct rt_group *group;
    struct libvirt_link *link;
    struct media_fetcher *fetcher;
    struct chunk_store *store; /* of images on their way to a file */
    char *media_dir;
    VEC(struct domain *) domains;
    struct rt_cond changed; /* something happened to some domain */
};

static struct libvirt_driver *from_base(const struct bmc_driver *base)
{
    return CONTAINER_OF(base, struct libvirt_driver, base);
}

/* -- the table -- */

static struct domain *by_uuid(const struct libvirt_driver *driver, const char *uuid)
{
    VEC_FOREACH (domain, &driver->domains)
        if (str_equal_nocase((*domain)->uuid, uuid))
            return *domain;
    return NULL;
}

static void add_domain(struct libvirt_driver *driver, const struct domain_id *id)
{
    struct domain *domain = by_uuid(driver, id->uuid);

    if (!domain) {
        domain = mem_alloc(sizeof(*domain));
        domain->driver = driver;
        domain->version = 1;
        domain->slot.write_protected = true;
        memcpy(domain->uuid, id->uuid, sizeof(domain->uuid));
        VEC_PUSH(&driver->domains, domain);
        log_info(driver->env->log, "domain found", KV("host", id->name), KV("uuid", id->uuid));
    }
    domain->gone = false;
    if (str_equal(domain->name, id->name))
        return;
    free(domain->name);
    domain->name = mem_strdup(id->name);
}

static struct error *call_list(virConnectPtr conn, void *arg)
{
    return domain_list(conn, arg);
}

/* A domain that is gone keeps its number, for when it comes back. */
static struct error *refresh(struct libvirt_driver *driver)
{
    struct domain_ids ids = {0};

    TRY(libvirt_call(driver->link, call_list, &ids));
    VEC_FOREACH (domain, &driver->domains)
        (*domain)->gone = true;
    VEC_FOREACH (id, &ids)
        add_domain(driver, id);
    domain_ids_release(&ids);
    rt_cond_broadcast(driver->env->rt, &driver->changed);
    return NULL;
}

static struct error *get(struct bmc_driver *base, size_t number, struct domain **ret)
{
    struct libvirt_driver *driver = from_base(base);

    if (number >= driver->domains.len)
        return error_new(ERROR_NOT_FOUND, "there is no machine number %zu", number);
    struct domain *domain = driver->domains.items[number];
    if (domain->gone)
        return error_new(ERROR_NOT_FOUND, "%s: the domain is gone", domain->name);
    *ret = domain;
    return NULL;
}

static unsigned capabilities(const struct bmc_driver *base)
{
    return BMC_CAN_POWER | BMC_CAN_BOOT | BMC_CAN_MEDIA | BMC_CAN_SECURE_BOOT | BMC_CAN_LED;
}

static size_t count(const struct bmc_driver *base)
{
    return from_base(base)->domains.len;
}

static const char *machine_name_of(const struct bmc_driver *base, size_t number)
{
    const struct libvirt_driver *driver = from_base(base);

    return number < driver->domains.len ? driver->domains.items[number]->name : "";
}

static size_t look_up(const struct libvirt_driver *driver, const char *id)
{
    for (size_t i = 0; i < driver->domains.len; i++) {
        const struct domain *domain = driver->domains.items[i];
        if (!domain->gone && (str_equal_nocase(domain->uuid, id) || str_equal(domain->name, id)))
            return i;
    }
    return SIZE_MAX;
}

/* One that is not known may have come just now. */
static size_t find(struct bmc_driver *base, const char *id)
{
    struct libvirt_driver *driver = from_base(base);
    size_t found = look_up(driver, id);

    if (found != SIZE_MAX)
        return found;
    CLEANUP(error_free) struct error *err = refresh(driver);
    return err ? SIZE_MAX : look_up(driver, id);
}

/* -- calls: what a worker needs, and what it brings back -- */

struct call {
    struct domain *domain;
    char uuid[VIR_UUID_STRING_BUFLEN];
    char *known; /* for readings */
    struct domain_reading reading;
    enum machine_action action;
    unsigned started;
    const struct machine_boot_change *boot;
    bool enable;
    const char *file, *image;
};

static struct error *call_read(virConnectPtr conn, void *arg)
{
    struct call *call = arg;

    return domain_read(conn, call->uuid, call->known, &call->reading);
}

static struct error *call_power(virConnectPtr conn, void *arg)
{
    struct call *call = arg;

    return domain_power(conn, call->uuid, call->action, &call->started);
}

static struct error *call_booted(virConnectPtr conn, void *arg)
{
    return domain_booted(conn, ((struct call *)arg)->uuid);
}

static struct error *call_boot_set(virConnectPtr conn, void *arg)
{
    struct call *call = arg;

    return domain_boot_set(conn, call->uuid, call->boot);
}

static struct error *call_secure_boot(virConnectPtr conn, void *arg)
{
    struct call *call = arg;

    return domain_secure_boot_set(conn, call->uuid, call->enable);
}

static struct error *call_media(virConnectPtr conn, void *arg)
{
    struct call *call = arg;

    return domain_media_set(conn, call->uuid, call->file, call->image);
}

/* A domain that libvirt does not know any more is marked, whoever finds it. */
static struct error *run(struct domain *domain, struct error *(*fn)(virConnectPtr conn, void *arg), struct call *call)
{
    memcpy(call->uuid, domain->uuid, sizeof(call->uuid));
    struct error *err = libvirt_call(domain->driver->link, fn, call);
    if (error_is(err, ERROR_NOT_FOUND))
        domain->gone = true;
    return err;
}

static struct error *run_locked(struct domain *domain, struct error *(*fn)(virConnectPtr conn, void *arg),
                                struct call *call)
{
    struct rt *rt = domain->driver->env->rt;

    TRY(rt_mutex_lock(rt, &domain->lock));
    struct error *err = run(domain, fn, call);
    rt_mutex_unlock(rt, &domain->lock);
    return err;
}

/* -- readings -- */

/* The last part of a URL's path. */
static char *image_name(const char *url)
{
    CLEANUP_FREE char *path = mem_strndup(url, strcspn(url, "?#"));
    const char *slash = strrchr(path, '/');

    return mem_strdup(str_or(slash ? slash + 1 : path, "image"));
}

static void show_drive(struct domain *domain)
{
    struct machine_slot *slot = &domain->slot;
    const struct domain_view *view = domain->view;

    slot->profile = &view->profile->slots.items[0];
    slot->inserted = view->drive_file != NULL;
    if (str_equal(slot->image, view->drive_image))
        return;
    free(slot->image);
    free(slot->image_name);
    slot->image = mem_strdup(view->drive_image);
    slot->image_name = view->drive_image ? image_name(view->drive_image) : NULL;
    slot->version++;
}

static struct error *take_reading(struct domain *domain, struct domain_reading *reading)
{
    struct domain_view *view;

    if (domain_view_is_of(domain->view, reading)) {
        domain_reading_release(reading);
        return NULL;
    }
    TRY_WRAP(domain_view_new(reading, domain->view, &view), "%s", domain->name);
    domain_view_free(domain->view);
    domain->view = view;
    domain->version++;
    show_drive(domain);
    return NULL;
}

static struct error *snapshot(struct bmc_driver *base, size_t number, struct bmc_snapshot *ret)
{
    struct domain *domain;
    struct call call = {0};

    TRY(get(base, number, &domain));
    call.known = domain->view ? mem_strdup(domain->view->reading.definition) : NULL;
    struct error *err = run(domain, call_read, &call);
    free(call.known);
    TRY(err);
    TRY(take_reading(domain, &call.reading));
    const struct domain_view *view = domain->view;
    *ret = (struct bmc_snapshot){
        .name = domain->name,
        .uuid = domain->uuid,
        .serial = domain_xml_serial(view->definition),
        .profile = view->profile,
        .version = domain->version,
        .power = view->power,
        .progress = view->progress,
        .last_reset = domain->last_reset,
        .boot = view->boot,
        .bios = view->profile->bios,
        .secure_boot = view->secure_boot,
        .secure_boot_pending = view->secure_boot_pending,
        .led = domain->led,
        .disks = view->disks,
        .nics = view->nics,
        .slots = &domain->slot,
    };
    return NULL;
}

/* -- power -- */

static struct error *act(struct domain *domain, enum machine_action action)
{
    struct call call = {.action = action};

    /* Expected before the call: the event may be here sooner than the call's end. */
    domain->started_by_us++;
    struct error *err = run_locked(domain, call_power, &call);
    if (!call.started && domain->started_by_us > 0)
        domain->started_by_us--;
    if (call.started)
        domain->last_reset = rt_wall(domain->driver->env->rt);
    return err;
}

/* Waits until the domain is off; false when the limit passed, or something else is to be done. */
static bool wait_for_end(struct domain *domain, uint64_t order)
{
    struct libvirt_driver *driver = domain->driver;
    rt_time limit = rt_after(driver->env->rt, SHUTDOWN_LIMIT);

    while (domain->orders == order && !domain->gone && rt_now(driver->env->rt) < limit) {
        struct call call = {0};
        CLEANUP(error_free) struct error *err = run(domain, call_read, &call);
        bool off = !err && (call.reading.state == VIR_DOMAIN_SHUTOFF || call.reading.state == VIR_DOMAIN_CRASHED);
        domain_reading_release(&call.reading);
        if (off)
            return domain->orders == order;
        error_free(err);
        /* Events tell at once; without them a look each second is enough. */
        err = rt_cond_wait(driver->env->rt, &driver->changed, rt_after(driver->env->rt, RT_S));
        if (error_is(err, ERROR_CANCELLED))
            return false;
    }
    return false;
}

static void restart_task(void *arg)
{
    struct domain *domain = arg;
    uint64_t order = domain->orders;

    if (!wait_for_end(domain, order))
        return;
    CLEANUP(error_free) struct error *err = act(domain, MACHINE_ACTION_ON);
    if (err && !error_is(err, ERROR_CANCELLED))
        log_warn(domain->driver->env->log, "restart failed", KV("host", domain->name), KV_ERR(err));
}

static struct error *power(struct bmc_driver *base, size_t number, enum machine_action action)
{
    struct domain *domain;

    TRY(get(base, number, &domain));
    if (action != MACHINE_ACTION_NMI)
        domain->orders++;
    TRY(act(domain, action));
    /*
     * A reboot by the system itself would go on with what the running QEMU was given; a new start takes all that was
     * changed.
     */
    if (action == MACHINE_ACTION_GRACEFUL_RESTART)
        rt_spawn(domain->driver->env->rt, domain->driver->group, "libvirt restart", restart_task, domain);
    return NULL;
}

/* -- boot, firmware, front panel -- */

static struct error *boot_set(struct bmc_driver *base, size_t number, const struct machine_boot_change *change)
{
    struct domain *domain;
    struct call call = {.boot = change};

    TRY(get(base, number, &domain));
    TRY(rt_mutex_lock(domain->driver->env->rt, &domain->lock));
    struct error *err = run(domain, call_boot_set, &call);
    domain->overrides++; /* whoever waits for the lock because of an older reset sees it */
    rt_mutex_unlock(domain->driver->env->rt, &domain->lock);
    return err;
}

static struct error *secure_boot_set(struct bmc_driver *base, size_t number, bool enable)
{
    struct domain *domain;
    struct call call = {.enable = enable};

    TRY(get(base, number, &domain));
    return run_locked(domain, call_secure_boot, &call);
}

static struct error *led_set(struct bmc_driver *base, size_t number, enum machine_led led)
{
    struct domain *domain;

    TRY(get(base, number, &domain));
    domain->version += domain->led != led;
    domain->led = led;
    return NULL;
}

static struct error *no_bios(struct bmc_driver *base, size_t number)
{
    return error_new(ERROR_UNSUPPORTED, "libvirt domains have no firmware settings");
}

static struct error *no_bios_set(struct bmc_driver *base, size_t number, const struct json *attributes)
{
    return no_bios(base, number);
}

/* -- media -- */

static struct error *get_slot(struct bmc_driver *base, size_t number, size_t slot, struct domain **ret)
{
    TRY(get(base, number, ret));
    if (slot > 0)
        return error_new(ERROR_NOT_FOUND, "%s has no virtual media drive number %zu", (*ret)->name, slot);
    return NULL;
}

/* Takes away the file of an image that is not used any more; other people's files stay. */
static void drop_file(struct domain *domain, const char *file)
{
    CLEANUP_FREE char *own = mem_printf("%s/%s-", domain->driver->media_dir, domain->uuid);

    if (file && str_has_prefix(file, own))
        unlink(file);
}

/* Puts the file (NULL: nothing) into the drive, and drops the one that was there. */
static struct error *change_medium(struct domain *domain, const char *file, const char *image)
{
    struct call call = {.file = file, .image = image};
    struct call read = {0};

    TRY(run(domain, call_read, &read));
    TRY(take_reading(domain, &read.reading));
    CLEANUP_FREE char *old = mem_strdup(domain_xml_drive_file(domain->view->definition));
    TRY(run_locked(domain, call_media, &call));
    if (!str_equal(old, file))
        drop_file(domain, old);
    return NULL;
}

static struct error *insert(struct domain *domain, const struct machine_media_request *request)
{
    struct libvirt_driver *driver = domain->driver;
    int64_t max = domain->view ? domain->view->profile->media_max : INT64_C(8) << 30;
    CLEANUP(medium_unref) struct medium *medium = medium_new(driver->store, 0);
    char unique[RT_UUID_SIZE];

    TRY(driver->fetcher->ops->fetch(driver->fetcher, NULL, request, (uint64_t)max, medium));
    medium_flush(medium);
    rt_uuid(driver->env->rt, unique);
    CLEANUP_FREE char *file = mem_printf("%s/%s-%.8s.iso", driver->media_dir, domain->uuid, unique);
    CLEANUP_FREE char *shown = url_shown(request->image);
    TRY_WRAP(domain_media_write(driver->env->rt, medium, file), "%s", domain->name);
    struct error *err = change_medium(domain, file, shown);
    if (err)
        unlink(file);
    return err;
}

static struct error *media_insert(struct bmc_driver *base, size_t number, size_t slot,
                                  const struct machine_media_request *request)
{
    struct domain *domain;

    TRY(get_slot(base, number, slot, &domain));
    if (domain->slot.busy)
        return error_new(ERROR_CONFLICT, "%s: the drive is busy with another image", domain->name);
    domain->slot.busy = true;
    struct error *err = insert(domain, request);
    domain->slot.busy = false;
    if (!err)
        domain->slot.verify_certificate = request->verify_certificate;
    domain->slot.version++;
    return err;
}

static struct error *media_eject(struct bmc_driver *base, size_t number, size_t slot)
{
    struct domain *domain;

    TRY(get_slot(base, number, slot, &domain));
    if (domain->slot.busy)
        return error_new(ERROR_CONFLICT, "%s: the drive is busy with an image", domain->name);
    return change_medium(domain, NULL, NULL);
}

static struct error *media_verify(struct bmc_driver *base, size_t number, size_t slot, bool verify)
{
    struct domain *domain;

    TRY(get_slot(base, number, slot, &domain));
    domain->slot.version += domain->slot.verify_certificate != verify;
    domain->slot.verify_certificate = verify;
    return NULL;
}

/* -- events -- */

/* A boot that others have caused. */
struct boot_note {
    struct domain *domain;
    uint64_t overrides; /* then */
    rt_time seen;
};

static struct error *put_order_back(const struct boot_note *note)
{
    struct domain *domain = note->domain;
    struct rt *rt = domain->driver->env->rt;
    struct error *err = NULL;
    struct call call = {0};

    TRY(rt_sleep(rt, RESETS_SETTLE));
    TRY(rt_mutex_lock(rt, &domain->lock));
    if (domain->overrides == note->overrides && domain->reset_seen == note->seen)
        err = run(domain, call_booted, &call);
    rt_mutex_unlock(rt, &domain->lock);
    return err;
}

static void booted_task(void *arg)
{
    CLEANUP_FREE struct boot_note *note = arg;
    struct domain *domain = note->domain;
    CLEANUP(error_free) struct error *err = put_order_back(note);

    if (err && !error_is(err, ERROR_CANCELLED) && !error_is(err, ERROR_NOT_FOUND))
        log_warn(domain->driver->env->log, "boot order not put back", KV("host", domain->name), KV_ERR(err));
}

static void refresh_task(void *arg)
{
    struct libvirt_driver *driver = arg;

    error_free(refresh(driver)); /* the link tells of a broken connection, and that it is back */
}

/* A start or reset that others have caused uses up a one-time boot, too. */
static void note_boot(struct domain *domain, bool start)
{
    struct libvirt_driver *driver = domain->driver;

    if (start && domain->started_by_us > 0) {
        domain->started_by_us--;
        return;
    }
    domain->reset_seen = rt_now(driver->env->rt);
    domain->last_reset = rt_wall(driver->env->rt);
    domain->version++;
    struct boot_note *note = mem_alloc(sizeof(*note));
    *note = (struct boot_note){domain, domain->overrides, domain->reset_seen};
    rt_spawn(driver->env->rt, driver->group, "libvirt boot", booted_task, note);
}

static void on_event(void *arg, const struct libvirt_event *event)
{
    struct libvirt_driver *driver = arg;
    struct domain *domain = by_uuid(driver, event->uuid);

    if (event->kind == LIBVIRT_OPENED) {
        VEC_FOREACH (known, &driver->domains)
            (*known)->started_by_us = 0;
    } else if (domain && event->kind == LIBVIRT_STARTED) {
        note_boot(domain, true);
    } else if (domain && event->kind == LIBVIRT_REBOOTED) {
        note_boot(domain, false);
    }
    /* A definition may have brought another name, and a transient domain comes and goes with its machine. */
    if (event->kind == LIBVIRT_OPENED || event->kind == LIBVIRT_UNDEFINED || event->kind == LIBVIRT_STOPPED ||
        (!domain && event->kind != LIBVIRT_OTHER))
        rt_spawn(driver->env->rt, driver->group, "libvirt list", refresh_task, driver);
    rt_cond_broadcast(driver->env->rt, &driver->changed);
}

/* -- birth and death -- */

static void libvirt_free(struct bmc_driver *base)
{
    struct libvirt_driver *driver = from_base(base);

    libvirt_link_free(driver->link);
    VEC_FOREACH (domain, &driver->domains) {
        domain_view_free((*domain)->view);
        free((*domain)->slot.image);
        free((*domain)->slot.image_name);
        free((*domain)->name);
        free(*domain);
    }
    VEC_RELEASE(&driver->domains);
    chunk_store_free(driver->store);
    free(driver->media_dir);
    free(driver);
}

static const struct bmc_driver_ops libvirt_ops = {
    .name = "libvirt",
    .capabilities = capabilities,
    .count = count,
    .find = find,
    .machine_name = machine_name_of,
    .snapshot = snapshot,
    .power = power,
    .boot_set = boot_set,
    .media_insert = media_insert,
    .media_eject = media_eject,
    .media_verify = media_verify,
    .bios_set = no_bios_set,
    .bios_reset = no_bios,
    .secure_boot_set = secure_boot_set,
    .led_set = led_set,
    .free = libvirt_free,
};

struct error *bmc_libvirt_new(const struct bmc_libvirt_options *options, struct bmc_driver **ret)
{
    struct libvirt_driver *driver = mem_alloc(sizeof(*driver));

    xmlInitParser();
    driver->base.ops = &libvirt_ops;
    driver->env = options->env;
    driver->group = options->group;
    driver->fetcher = options->fetcher;
    driver->media_dir = mem_strdup(options->media_dir);
    driver->store = chunk_store_new();
    driver->link = libvirt_link_new(options->env, options->group, options->uri, on_event, driver);
    *ret = &driver->base;
    return refresh(driver);
}
