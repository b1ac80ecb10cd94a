// SPDX-License-Identifier: Apache-2.0
// libvirt's calls for one domain. The domain is looked up anew each time, so that no handle outlives libvirtd, and
// edits start from the definition as it is.
#include "bmc-emu/drivers/libvirt_domain.h"

#include <libvirt/libvirt-qemu.h>
#include <stdlib.h>
#include <string.h>

#include "bmc-emu/drivers/libvirt_link.h"
#include "lib/data/str.h"

static void domain_put(virDomainPtr *domain)
{
    if (*domain)
        virDomainFree(*domain);
}
#define CLEANUP_DOMAIN __attribute__((cleanup(domain_put)))

static struct error *find(virConnectPtr conn, const char *uuid, virDomainPtr *ret)
{
    virDomainPtr domain = virDomainLookupByUUIDString(conn, uuid);

    if (!domain)
        return libvirt_error("domain");
    *ret = domain;
    return NULL;
}

static struct error *failed(virDomainPtr domain, const char *what)
{
    return error_wrap(libvirt_error(what), "%s", virDomainGetName(domain));
}

static struct error *state_of(virDomainPtr domain, int *ret)
{
    int reason;

    if (virDomainGetState(domain, ret, &reason, 0) < 0)
        return failed(domain, "state");
    return NULL;
}

static bool is_off(int state)
{
    return state == VIR_DOMAIN_SHUTOFF || state == VIR_DOMAIN_CRASHED;
}

/* -- reading -- */

void domain_reading_release(struct domain_reading *reading)
{
    free(reading->definition);
    free(reading->live);
    free(reading->sizes);
}

static struct error *read_xml(virDomainPtr domain, unsigned flags, char **ret)
{
    char *text = virDomainGetXMLDesc(domain, flags);

    if (!text)
        return failed(domain, "definition");
    *ret = text;
    return NULL;
}

/* Sizes that libvirt cannot tell (a network disk that is not there) stay 0. */
static struct error *read_sizes(virDomainPtr domain, struct domain_reading *reading)
{
    CLEANUP(domain_xml_free) struct domain_xml *xml = NULL;

    TRY(domain_xml_parse(reading->definition, &xml));
    CLEANUP(machine_profile_free) struct machine_profile *profile = domain_xml_profile(xml);
    reading->sizes = mem_alloc_array(profile->disks.len + 1, sizeof(int64_t));
    for (size_t i = 0; i < profile->disks.len; i++) {
        virDomainBlockInfo info;
        if (virDomainGetBlockInfo(domain, profile->disks.items[i].name, &info, 0) == 0)
            reading->sizes[i] = (int64_t)info.capacity;
    }
    return NULL;
}

static struct error *read_domain(virDomainPtr domain, const char *known, struct domain_reading *reading)
{
    TRY(state_of(domain, &reading->state));
    TRY(read_xml(domain, VIR_DOMAIN_XML_INACTIVE, &reading->definition));
    if (!is_off(reading->state)) {
        CLEANUP(error_free) struct error *err = read_xml(domain, 0, &reading->live);
        /* It may have stopped meanwhile. */
        if (err && !error_is(err, ERROR_CONFLICT))
            return TAKE_PTR(err);
    }
    return str_equal(reading->definition, known) ? NULL : read_sizes(domain, reading);
}

struct error *domain_read(virConnectPtr conn, const char *uuid, const char *known, struct domain_reading *ret)
{
    CLEANUP_DOMAIN virDomainPtr domain = NULL;
    struct domain_reading reading = {0};

    TRY(find(conn, uuid, &domain));
    struct error *err = read_domain(domain, known, &reading);
    if (err)
        domain_reading_release(&reading);
    else
        *ret = reading;
    return err;
}

void domain_ids_release(struct domain_ids *ids)
{
    VEC_FOREACH (id, ids)
        free(id->name);
    VEC_RELEASE(ids);
}

static int by_name(const void *a, const void *b)
{
    const struct domain_id *x = a, *y = b;

    return strcmp(x->name, y->name);
}

struct error *domain_list(virConnectPtr conn, struct domain_ids *ret)
{
    virDomainPtr *domains = NULL;
    int count = virConnectListAllDomains(conn, &domains, 0);
    struct domain_ids ids = {0};

    if (count < 0)
        return libvirt_error("list of domains");
    for (int i = 0; i < count; i++) {
        struct domain_id id = {.name = mem_strdup(virDomainGetName(domains[i]))};
        virDomainGetUUIDString(domains[i], id.uuid);
        VEC_PUSH(&ids, id);
        virDomainFree(domains[i]);
    }
    free(domains);
    if (ids.len > 1)
        qsort(ids.items, ids.len, sizeof(ids.items[0]), by_name);
    *ret = ids;
    return NULL;
}

/* -- definitions -- */

/* The XML of the next start, with its secrets, so that none is lost when it is written again. */
static struct error *read_definition(virDomainPtr domain, struct domain_xml **ret)
{
    char *text = NULL;

    TRY(read_xml(domain, VIR_DOMAIN_XML_INACTIVE | VIR_DOMAIN_XML_SECURE, &text));
    struct error *err = domain_xml_parse(text, ret);
    mem_free_secret(text);
    return err;
}

static struct error *define(virConnectPtr conn, virDomainPtr domain, const struct domain_xml *xml)
{
    CLEANUP_SECRET char *text = domain_xml_print(xml);

    if (virDomainIsPersistent(domain) != 1)
        return error_new(ERROR_UNSUPPORTED, "%s: the domain is transient: it has no definition that could be changed",
                         virDomainGetName(domain));
    virDomainPtr defined = virDomainDefineXML(conn, text);
    if (!defined)
        return failed(domain, "new definition");
    virDomainFree(defined);
    return NULL;
}

/* -- the order of a running QEMU -- */

static void set_index(virDomainPtr domain, const char *alias, int index)
{
    CLEANUP_FREE char *command =
        mem_printf("{\"execute\":\"qom-set\",\"arguments\":{\"path\":\"/machine/peripheral/%s\","
                   "\"property\":\"bootindex\",\"value\":%d}}",
                   alias, index);
    char *reply = NULL;

    /* A device that has no such property is not bootable: nothing is lost. */
    if (virDomainQemuMonitorCommand(domain, command, &reply, 0) == 0)
        free(reply);
}

static void clear_index(void *arg, const char *alias)
{
    set_index(arg, alias, -1);
}

/*
 * The firmware of a running machine looks at the order again at each reset, so a one-time boot holds for a reboot
 * from inside too, and is over after it. Other hypervisors take the definition's order at the next cold start only.
 */
static void order_live(virConnectPtr conn, virDomainPtr domain, const struct domain_xml *definition)
{
    CLEANUP(domain_xml_free) struct domain_xml *live = NULL;
    CLEANUP_FREE char *text = NULL;
    struct domain_order order;
    int index = 1;

    if (!str_equal(virConnectGetType(conn), "QEMU") || virDomainIsActive(domain) != 1)
        return;
    CLEANUP(error_free) struct error *err = read_xml(domain, 0, &text);
    if (!err)
        err = domain_xml_parse(text, &live);
    if (err)
        return; /* it has stopped */
    domain_xml_order(definition, &order);
    domain_xml_each_alias(live, clear_index, domain); /* no two may have the same, not even for a moment */
    VEC_FOREACH (key, &order) {
        const char *alias = domain_xml_alias(live, *key);
        if (alias)
            set_index(domain, alias, index++);
    }
    domain_order_release(&order);
}

/* -- power -- */

static struct error *note_booted(virConnectPtr conn, virDomainPtr domain, struct domain_xml *xml)
{
    bool fresh = domain_xml_fresh_nvram(xml), used = domain_xml_boot_used(xml);

    if (!fresh && !used)
        return NULL;
    domain_xml_nvram_used(xml);
    TRY(define(conn, domain, xml));
    if (used)
        order_live(conn, domain, xml);
    return NULL;
}

struct error *domain_booted(virConnectPtr conn, const char *uuid)
{
    CLEANUP_DOMAIN virDomainPtr domain = NULL;
    CLEANUP(domain_xml_free) struct domain_xml *xml = NULL;

    TRY(find(conn, uuid, &domain));
    TRY(read_definition(domain, &xml));
    return note_booted(conn, domain, xml);
}

static struct error *start(virConnectPtr conn, virDomainPtr domain, unsigned *ret_started)
{
    CLEANUP(domain_xml_free) struct domain_xml *xml = NULL;

    TRY(read_definition(domain, &xml));
    if (virDomainCreateWithFlags(domain, domain_xml_fresh_nvram(xml) ? VIR_DOMAIN_START_RESET_NVRAM : 0) < 0)
        return failed(domain, "start");
    ++*ret_started;
    return note_booted(conn, domain, xml);
}

static struct error *stop(virDomainPtr domain)
{
    if (virDomainDestroy(domain) == 0)
        return NULL;
    CLEANUP(error_free) struct error *err = failed(domain, "stop");
    /* It may have ended on its own just now. */
    return virDomainIsActive(domain) == 0 ? NULL : TAKE_PTR(err);
}

/* Only a new start takes what was changed in the definition; a transient domain would be gone, and is reset. */
static struct error *restart(virConnectPtr conn, virDomainPtr domain, unsigned *ret_started)
{
    if (virDomainIsPersistent(domain) != 1)
        return virDomainReset(domain, 0) == 0 ? NULL : failed(domain, "reset");
    TRY(stop(domain));
    return start(conn, domain, ret_started);
}

static struct error *turn_on(virConnectPtr conn, virDomainPtr domain, int state, unsigned *ret_started)
{
    if (state == VIR_DOMAIN_PAUSED)
        return virDomainResume(domain) == 0 ? NULL : failed(domain, "resume");
    return is_off(state) ? start(conn, domain, ret_started) : NULL;
}

static struct error *ask_to_end(virDomainPtr domain)
{
    return virDomainShutdown(domain) == 0 ? NULL : failed(domain, "shutdown");
}

static struct error *act(virConnectPtr conn, virDomainPtr domain, enum machine_action action, unsigned *ret_started)
{
    int state;

    TRY(state_of(domain, &state));
    bool off = is_off(state);
    switch (action) {
    case MACHINE_ACTION_ON:
    case MACHINE_ACTION_FORCE_ON:
        return turn_on(conn, domain, state, ret_started);
    case MACHINE_ACTION_FORCE_OFF:
        return off ? NULL : stop(domain);
    case MACHINE_ACTION_GRACEFUL_SHUTDOWN:
        return off ? NULL : ask_to_end(domain);
    case MACHINE_ACTION_GRACEFUL_RESTART:
    case MACHINE_ACTION_PUSH_POWER_BUTTON:
        return off ? start(conn, domain, ret_started) : ask_to_end(domain);
    case MACHINE_ACTION_FORCE_RESTART:
    case MACHINE_ACTION_POWER_CYCLE:
        return off ? start(conn, domain, ret_started) : restart(conn, domain, ret_started);
    case MACHINE_ACTION_NMI:
        if (off)
            return error_new(ERROR_CONFLICT, "%s is off", virDomainGetName(domain));
        return virDomainInjectNMI(domain, 0) == 0 ? NULL : failed(domain, "NMI");
    default:
        return error_new(ERROR_UNSUPPORTED, "a libvirt domain has no such power action");
    }
}

struct error *domain_power(virConnectPtr conn, const char *uuid, enum machine_action action, unsigned *ret_started)
{
    CLEANUP_DOMAIN virDomainPtr domain = NULL;

    TRY(find(conn, uuid, &domain));
    return act(conn, domain, action, ret_started);
}

/* -- boot, firmware, media -- */

struct error *domain_boot_set(virConnectPtr conn, const char *uuid, const struct machine_boot_change *change)
{
    CLEANUP_DOMAIN virDomainPtr domain = NULL;
    CLEANUP(domain_xml_free) struct domain_xml *xml = NULL;

    TRY(find(conn, uuid, &domain));
    TRY(read_definition(domain, &xml));
    TRY(domain_xml_boot_set(xml, change));
    TRY(define(conn, domain, xml));
    order_live(conn, domain, xml);
    return NULL;
}

struct error *domain_secure_boot_set(virConnectPtr conn, const char *uuid, bool enable)
{
    CLEANUP_DOMAIN virDomainPtr domain = NULL;
    CLEANUP(domain_xml_free) struct domain_xml *xml = NULL;

    TRY(find(conn, uuid, &domain));
    TRY(read_definition(domain, &xml));
    TRY(domain_xml_secure_boot_set(xml, enable));
    return define(conn, domain, xml);
}

/* Changes the medium of a running machine; one that has no drive gets it at its next start. */
static struct error *media_set_live(virDomainPtr domain, const char *file)
{
    CLEANUP(domain_xml_free) struct domain_xml *live = NULL;
    CLEANUP_FREE char *text = NULL;

    if (virDomainIsActive(domain) != 1)
        return NULL;
    TRY(read_xml(domain, 0, &text));
    TRY(domain_xml_parse(text, &live));
    if (!domain_xml_has_drive(live))
        return NULL;
    domain_xml_drive_set(live, file, NULL);
    CLEANUP_FREE char *drive = domain_xml_drive(live);
    /* By force: a system that has the tray locked does not keep a BMC from changing the medium. */
    if (virDomainUpdateDeviceFlags(domain, drive, VIR_DOMAIN_AFFECT_LIVE | VIR_DOMAIN_DEVICE_MODIFY_FORCE) < 0)
        return failed(domain, "medium");
    return NULL;
}

struct error *domain_media_set(virConnectPtr conn, const char *uuid, const char *file, const char *image)
{
    CLEANUP_DOMAIN virDomainPtr domain = NULL;
    CLEANUP(domain_xml_free) struct domain_xml *xml = NULL;

    TRY(find(conn, uuid, &domain));
    TRY(read_definition(domain, &xml));
    if (!file && !domain_xml_has_drive(xml))
        return NULL;
    domain_xml_drive_set(xml, file, image);
    TRY(media_set_live(domain, file));
    return define(conn, domain, xml);
}
