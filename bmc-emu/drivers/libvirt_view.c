// SPDX-License-Identifier: Apache-2.0
// From a domain's XML and state to a machine's profile, parts and settings.
#include "bmc-emu/drivers/libvirt_view.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/data/str.h"

static enum machine_power power_of(int state)
{
    switch (state) {
    case VIR_DOMAIN_SHUTOFF:
    case VIR_DOMAIN_CRASHED:
        return MACHINE_OFF;
    case VIR_DOMAIN_SHUTDOWN:
        return MACHINE_POWERING_OFF;
    default:
        return MACHINE_ON;
    }
}

static void take_parts(struct domain_view *view, const struct domain_view *before)
{
    struct machine_profile *profile = view->profile;

    view->disks = mem_alloc_array(profile->disks.len + 1, sizeof(struct machine_disk));
    for (size_t i = 0; i < profile->disks.len; i++) {
        view->disks[i].profile = &profile->disks.items[i];
        if (view->reading.sizes)
            profile->disks.items[i].size = view->reading.sizes[i];
        else if (before && i < before->profile->disks.len)
            profile->disks.items[i].size = before->profile->disks.items[i].size;
        snprintf(view->disks[i].serial, sizeof(view->disks[i].serial), "%s",
                 domain_xml_disk_serial(view->definition, i));
    }
    view->nics = mem_alloc_array(profile->nics.len + 1, sizeof(struct machine_nic));
    for (size_t i = 0; i < profile->nics.len; i++) {
        view->nics[i].profile = &profile->nics.items[i];
        snprintf(view->nics[i].mac, sizeof(view->nics[i].mac), "%s", domain_xml_nic_mac(view->definition, i));
    }
}

static void take_settings(struct domain_view *view)
{
    const struct domain_xml *now = view->live ? view->live : view->definition;

    domain_xml_boot(view->definition, &view->boot);
    view->secure_boot = domain_xml_secure_boot(now);
    view->secure_boot_pending = domain_xml_secure_boot(view->definition);
    view->power = power_of(view->reading.state);
    /* What runs in a domain, libvirt does not know; that it was started, it does. */
    view->progress = view->power == MACHINE_OFF ? MACHINE_PROGRESS_NONE : MACHINE_PROGRESS_OS_BOOT_STARTED;
    view->drive_file = domain_xml_drive_file(domain_xml_has_drive(now) ? now : view->definition);
    if (view->drive_file)
        view->drive_image = str_or(domain_xml_drive_image(view->definition), view->drive_file);
}

struct error *domain_view_new(struct domain_reading *reading, const struct domain_view *before,
                              struct domain_view **ret)
{
    CLEANUP(domain_view_free) struct domain_view *view = mem_alloc(sizeof(*view));

    view->reading = *reading;
    *reading = (struct domain_reading){0};
    TRY(domain_xml_parse(view->reading.definition, &view->definition));
    if (view->reading.live)
        TRY(domain_xml_parse(view->reading.live, &view->live));
    view->profile = domain_xml_profile(view->definition);
    take_parts(view, before);
    take_settings(view);
    *ret = TAKE_PTR(view);
    return NULL;
}

void domain_view_free(struct domain_view *view)
{
    if (!view)
        return;
    domain_reading_release(&view->reading);
    domain_xml_free(view->definition);
    domain_xml_free(view->live);
    machine_profile_free(view->profile);
    free(view->disks);
    free(view->nics);
    free(view);
}

bool domain_view_is_of(const struct domain_view *view, const struct domain_reading *reading)
{
    return view && view->reading.state == reading->state && str_equal(view->reading.definition, reading->definition) &&
           str_equal(view->reading.live, reading->live);
}
