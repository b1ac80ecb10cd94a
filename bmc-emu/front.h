/* SPDX-License-Identifier: Apache-2.0 */
/* A front end as the listener sees it: requests go in, each for one machine's BMC. An interface, so that a fault can stand before it. */
#ifndef BMC_EMU_FRONT_H
#define BMC_EMU_FRONT_H

#include <stddef.h>

#include "lib/net/http_server.h"

/* Implementations embed it as their first member. */
struct bmc_front {
    const struct bmc_front_ops *ops;
};

struct bmc_front_ops {
    const char *name;
    /* Answers a request for machine number `machine`; RF_NO_MACHINE when it is about none in particular. May wait. */
    void (*handle)(struct bmc_front *front, size_t machine, struct http_exchange *http);
    void (*free)(struct bmc_front *front); /* a decorator frees what it wraps */
};

#endif
