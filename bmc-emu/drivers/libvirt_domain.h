/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is done to one libvirt domain, call by call. All of it blocks and runs on a worker thread, inside
 * libvirt_call().
 */
#ifndef BMC_EMU_DRIVERS_LIBVIRT_DOMAIN_H
#define BMC_EMU_DRIVERS_LIBVIRT_DOMAIN_H

#include <libvirt/libvirt.h>

#include "bmc-emu/drivers/libvirt_xml.h"

/* A domain as it is now. */
struct domain_reading {
    char *definition; /* XML of the next start */
    char *live;       /* XML of the running machine; NULL when it is off */
    int state;        /* enum virDomainState */
    int64_t *sizes;   /* of the definition's hard disks, in bytes, as many as there are; 0: not known */
};
void domain_reading_release(struct domain_reading *reading);
/* `known` is a definition whose sizes the caller has: then they are not read again, and `sizes` is NULL. */
struct error *domain_read(virConnectPtr conn, const char *uuid, const char *known, struct domain_reading *ret)
    MUST_CHECK;

/* Name and UUID of each domain, running or not; in the order of names. */
struct domain_id {
    char *name;
    char uuid[VIR_UUID_STRING_BUFLEN];
};
struct domain_ids VEC_OF(struct domain_id);
void domain_ids_release(struct domain_ids *ids);
struct error *domain_list(virConnectPtr conn, struct domain_ids *ret) MUST_CHECK;

/*
 * Power (EMU-133 to EMU-139). What changes nothing is fine. *ret_started counts starts of the machine.
 * GracefulRestart only asks the system to end: the caller waits for that and starts it.
 */
struct error *domain_power(virConnectPtr conn, const char *uuid, enum machine_action action, unsigned *ret_started)
    MUST_CHECK;
/* What follows a start or a reset that came from elsewhere: a one-time boot has been used. */
struct error *domain_booted(virConnectPtr conn, const char *uuid) MUST_CHECK;

/*
 * The order takes effect at the next cold start and, where QEMU can be told, at the next reset of the running
 * machine.
 */
struct error *domain_boot_set(virConnectPtr conn, const char *uuid, const struct machine_boot_change *change)
    MUST_CHECK;
struct error *domain_secure_boot_set(virConnectPtr conn, const char *uuid, bool enable) MUST_CHECK;
/* Puts a file into the CD-ROM drive, or takes it out (NULL): now when the machine runs, and for its next starts. */
struct error *domain_media_set(virConnectPtr conn, const char *uuid, const char *file, const char *image) MUST_CHECK;

/*
 * Writes an image to a new file, on a worker thread; nobody may change the medium meanwhile. Makes the file's
 * folders.
 */
struct error *domain_media_write(struct rt *rt, const struct medium *medium, const char *path) MUST_CHECK;

#endif
