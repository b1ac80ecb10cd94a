/* SPDX-License-Identifier: Apache-2.0 */
/* Where the bytes of virtual media come from: an interface with one call, so that a fault can stand in between. */
#ifndef BMC_EMU_MACHINE_MEDIA_H
#define BMC_EMU_MACHINE_MEDIA_H

#include "bmc-emu/machine/machine.h"
#include "lib/net/net.h"

/* Implementations embed it as their first member. */
struct media_fetcher {
    const struct media_fetcher_ops *ops;
};

struct media_fetcher_ops {
    const char *name;
    /*
     * Fills `into`, which is empty and grows, with at most `max` bytes. Errors: INVALID (not a URL that it can fetch, too large), NOT_FOUND and DENIED
     * (the server says so), TRANSIENT and TIMEOUT (no connection, broken off). The text names the URL without credentials.
     */
    struct error *(*fetch)(struct media_fetcher *fetcher, const struct machine *machine,
                           const struct machine_media_request *request, uint64_t max, struct medium *into);
    void (*free)(struct media_fetcher *fetcher);
};

/* Fetches by http and https, with redirects and basic authentication. */
struct error *media_fetcher_http_new(struct net *net, struct media_fetcher **ret) MUST_CHECK;
void media_fetcher_free(struct media_fetcher *fetcher); /* NULL is fine */
DEFINE_CLEANUP(struct media_fetcher, media_fetcher_free);

/* A new medium with the image's bytes. */
struct error *media_fetch(struct media_fetcher *fetcher, const struct machine *machine,
                          const struct machine_media_request *request, int64_t max, struct medium **ret) MUST_CHECK;

#endif
