/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The driver for libvirt domains: each domain of a libvirt is a machine, also one that comes later. A reading asks
 * libvirt once for all of it. Virtual media are downloaded to files that libvirt's host must be able to open under
 * the same path.
 */
#ifndef BMC_EMU_DRIVERS_LIBVIRT_H
#define BMC_EMU_DRIVERS_LIBVIRT_H

#include "bmc-emu/drivers/driver.h"
#include "bmc-emu/machine/media.h"

struct bmc_libvirt_options {
    const struct env *env;
    struct rt_group *group;        /* its tasks; must be empty before the driver is freed */
    const char *uri;               /* "qemu:///system" … */
    const char *media_dir;         /* where images are put; made when it is first needed */
    struct media_fetcher *fetcher; /* called with a NULL machine */
};

/*
 * Machines are numbered in the order of the domains' names; later ones follow. All but the strings is borrowed. *ret
 * is set in any case, because the driver's tasks run already: free it after the group was stopped. ERROR_TRANSIENT
 * when there is no connection.
 */
struct error *bmc_libvirt_new(const struct bmc_libvirt_options *options, struct bmc_driver **ret) MUST_CHECK;

#endif
