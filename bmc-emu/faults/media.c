// SPDX-License-Identifier: Apache-2.0
// Faults of fetching virtual media. They look to the machine as the real ones do (EMU-467, EMU-469, EMU-491).
#include <stdlib.h>

#include "bmc-emu/faults/layers.h"
#include "bmc-emu/faults/row.h"

struct fault_fetcher {
    struct media_fetcher base;
    struct fault_plan *plan;
    struct media_fetcher *next;
};

static struct error *fail(const struct machine *machine, const struct fault_hit *hit)
{
    const char *name = machine_name(machine);

    switch (hit->mode) {
    case FAULT_DOWNLOAD_TIMEOUT:
        return error_new(ERROR_TIMEOUT, "%s: the image server does not answer", name);
    case FAULT_DOWNLOAD_NOT_FOUND:
        return error_new_code(ERROR_NOT_FOUND, 404, "%s: the image server answers 404 Not Found", name);
    case FAULT_DOWNLOAD_DENIED:
        return error_new_code(ERROR_DENIED, 401, "%s: the image server answers 401 Unauthorized", name);
    default:
        return error_new(ERROR_TRANSIENT, "%s: there is no connection to the image server", name);
    }
}

static struct error *fetch(struct media_fetcher *base, const struct machine *machine,
                           const struct machine_media_request *request, uint64_t max, struct medium *into)
{
    struct fault_fetcher *fetcher = CONTAINER_OF(base, struct fault_fetcher, base);
    struct fault_hit hit;

    if (!fault_plan_bites(fetcher->plan, FAULT_MEDIA_DOWNLOAD_FAILS, machine_number(machine), NULL, NULL, &hit))
        return fetcher->next->ops->fetch(fetcher->next, machine, request, max, into);
    if (hit.delay)
        TRY(rt_sleep(fault_plan_rt(fetcher->plan), hit.delay));
    return fail(machine, &hit);
}

static void fetcher_free(struct media_fetcher *base)
{
    struct fault_fetcher *fetcher = CONTAINER_OF(base, struct fault_fetcher, base);

    media_fetcher_free(fetcher->next);
    free(fetcher);
}

struct media_fetcher *fault_fetcher_new(struct fault_plan *plan, struct media_fetcher *next)
{
    static const struct media_fetcher_ops ops = {.name = "faults", .fetch = fetch, .free = fetcher_free};
    struct fault_fetcher *fetcher = mem_alloc(sizeof(*fetcher));

    fetcher->base.ops = &ops;
    fetcher->plan = plan;
    fetcher->next = next;
    return &fetcher->base;
}
