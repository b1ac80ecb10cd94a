/* SPDX-License-Identifier: Apache-2.0 */
/* The driver for in-memory machines: a fleet that shares one store of disk contents. */
#ifndef BMC_EMU_DRIVERS_MEMORY_H
#define BMC_EMU_DRIVERS_MEMORY_H

#include "bmc-emu/drivers/driver.h"

struct bmc_memory_options {
    const struct env *env;
    struct rt_group *group; /* the machines' tasks; must be empty before the driver is freed */
    size_t count;
    const struct machine_profile *profile;
    struct media_fetcher *fetcher;
    const struct machine_guest *guest; /* NULL: none */
    const char *name_prefix;           /* NULL: "machine-" */
    /* The BMC's address as machine `number` would find it out, into `buf`; NULL: none. */
    const char *(*bmc_address)(void *arg, size_t number, char *buf, size_t cap);
    void *bmc_address_arg;
    void (*on_event)(void *arg, struct machine *machine, const char *what, const char *detail); /* NULL: none */
    void *on_event_arg;
};

/* All is borrowed for the driver's life but the strings. */
struct bmc_driver *bmc_memory_new(const struct bmc_memory_options *options);
struct machine *bmc_memory_machine(struct bmc_driver *driver, size_t number);
const struct chunk_store *bmc_memory_store(const struct bmc_driver *driver);

#endif
