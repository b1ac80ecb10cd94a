/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was read of a domain, made into what front ends are shown. It stays the same, and its pointers valid, until
 * the domain is found changed.
 */
#ifndef BMC_EMU_DRIVERS_LIBVIRT_VIEW_H
#define BMC_EMU_DRIVERS_LIBVIRT_VIEW_H

#include "bmc-emu/drivers/driver.h"
#include "bmc-emu/drivers/libvirt_domain.h"

struct domain_view {
    struct domain_reading reading; /* what it was made of; its sizes are in the profile */
    struct domain_xml *definition;
    struct machine_profile *profile;
    struct machine_disk *disks;
    struct machine_nic *nics;
    struct machine_boot_settings boot;
    enum machine_power power;
    enum machine_progress progress;
    bool secure_boot, secure_boot_pending;
    const char *drive_file, *drive_image; /* NULL: empty */
    struct domain_xml *live;              /* NULL when it is off */
};

/* Takes over what `reading` holds, also on an error. Sizes that were not read come from `before`. */
struct error *domain_view_new(struct domain_reading *reading, const struct domain_view *before,
                              struct domain_view **ret) MUST_CHECK;
void domain_view_free(struct domain_view *view);
DEFINE_CLEANUP(struct domain_view, domain_view_free);
bool domain_view_is_of(const struct domain_view *view, const struct domain_reading *reading);

#endif
