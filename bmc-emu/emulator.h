/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bmc-emu as a library: a fleet of machines, and their BMCs on the network. Either each BMC has an address of its own at the standard
 * port, or all systems share one port. A kill (cancelling env->group) closes the listener at once; machines end with it.
 */
#ifndef BMC_EMU_EMULATOR_H
#define BMC_EMU_EMULATOR_H

#include "bmc-emu/drivers/driver.h"
#include "bmc-emu/front.h"
#include "bmc-emu/machine/media.h"

struct bmc_emulator;

#define BMC_MACHINES_MAX 65000

/*
 * Decorators around the three seams where things can go wrong: what a driver does, what the listener passes on, how media are fetched. Each
 * function wraps `next` and owns it from then on; NULL leaves the seam as it is.
 */
struct bmc_layers {
    void *arg;
    struct bmc_driver *(*wrap_driver)(void *arg, struct bmc_driver *next);
    struct bmc_front *(*wrap_front)(void *arg, struct bmc_front *next, const struct bmc_driver *driver);
    struct media_fetcher *(*wrap_fetcher)(void *arg, struct media_fetcher *next);
};

/* What a driver other than that for in-memory machines is made of; borrowed, but outlives the driver. */
struct bmc_driver_parts {
    const struct env *env;
    struct rt_group *group; /* its tasks; stopped before the driver is freed */
    struct media_fetcher *fetcher;
};

struct bmc_emulator_options {
    size_t machines; /* 1 … BMC_MACHINES_MAX */
    /*
     * Makes the driver; NULL: `machines` machines in memory. With a driver of its own `machines`, `guest`, `profile` and `on_event` mean nothing, faults of
     * downloads do not bite, and with `addresses` the machines that are there at the start have a BMC. *ret is freed also after an error.
     */
    struct error *(*make_driver)(void *arg, const struct bmc_driver_parts *parts, struct bmc_driver **ret);
    void *make_driver_arg;
    const char *
        addresses; /* "127.1.0.0/16": machine N (from 1) at its Nth address, port `port`; NULL: all at `address` and `port` */
    const char *address; /* of the shared port; NULL: "127.0.0.1" */
    int port;            /* 0: 443 with `addresses`, else any free one */
    int ipmi_port;       /* UDP; 0: no IPMI. Without `addresses` machine N (from 1) has port `ipmi_port` + N - 1 */
    const char *user;    /* NULL: no authentication */
    const char *password;
    bool tls; /* with the pair below, or one made at the start */
    const char *cert_pem, *key_pem;
    const char *cert_name;                 /* more host name or address for the made certificate; NULL: none */
    const struct machine_profile *profile; /* outlives the emulator; NULL: generic */
    const struct machine_guest *guest;     /* outlives the emulator; NULL: what boots is idle */
    const struct bmc_layers *layers;       /* NULL: none; used at the start only, `arg` outlives the emulator */
    rt_time session_timeout;               /* 0: 30 min */
    void (*on_event)(void *arg, struct machine *machine, const char *what,
                     const char *detail); /* journal; NULL: none */
    void *on_event_arg;
};

/* Serves when it returns. Strings are copied. ERROR_INVALID for wrong options, ERROR_CONFLICT for a port in use. */
struct error *bmc_emulator_start(const struct env *env, const struct bmc_emulator_options *options,
                                 struct bmc_emulator **ret) MUST_CHECK;
/* Closes the listener, ends all machines, waits for their tasks, frees. NULL is fine. Also after env->group was cancelled. */
void bmc_emulator_stop(struct bmc_emulator *emulator);
DEFINE_CLEANUP(struct bmc_emulator, bmc_emulator_stop);

/* Machines that have a BMC: on one port those that are there now. */
size_t bmc_emulator_count(const struct bmc_emulator *emulator);
struct machine *
bmc_emulator_machine(struct bmc_emulator *emulator,
                     size_t number); /* number from 0; NULL past the end, and when it is not in memory */
/* The decorated driver, as the front ends see it. */
struct bmc_driver *bmc_emulator_driver(struct bmc_emulator *emulator);
int bmc_emulator_port(const struct bmc_emulator *emulator);
/* Of the first machine; 0: no IPMI. */
int bmc_emulator_ipmi_port(const struct bmc_emulator *emulator);
/* "https://127.1.0.5:8443" into `buf`; returns it. */
const char *bmc_emulator_base_url(const struct bmc_emulator *emulator, size_t number, char *buf, size_t cap);
/* "https://127.1.0.5:8443/redfish/v1/Systems/<id>" of a machine in memory into `buf`; returns it. */
const char *bmc_emulator_system_url(const struct bmc_emulator *emulator, size_t number, char *buf, size_t cap);
/* Of the machines in memory; NULL when there are none. */
const struct chunk_store *bmc_emulator_store(const struct bmc_emulator *emulator);

#endif
