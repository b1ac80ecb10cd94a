// SPDX-License-Identifier: Apache-2.0
// Virtual media drives: inserting, which really downloads, and ejecting.
#include "bmc-emu/machine/media.h"

#include <stdlib.h>
#include <string.h>

#include "bmc-emu/machine/machine_internal.h"

void media_fetcher_free(struct media_fetcher *fetcher)
{
    if (fetcher)
        fetcher->ops->free(fetcher);
}

struct error *media_fetch(struct media_fetcher *fetcher, const struct machine *machine,
                          const struct machine_media_request *request, int64_t max, struct medium **ret)
{
    CLEANUP(medium_unref) struct medium *medium = medium_new(machine->store, 0);

    TRY(fetcher->ops->fetch(fetcher, machine, request, (uint64_t)max, medium));
    medium_flush(medium);
    *ret = TAKE_PTR(medium);
    return NULL;
}

void machine_slot_clear(struct machine_slot *slot)
{
    slot->inserted = false;
    free(slot->image);
    free(slot->image_name);
    free(slot->user);
    mem_free_secret(slot->password);
    slot->image = slot->image_name = slot->user = slot->password = NULL;
    medium_unref(slot->medium);
    slot->medium = NULL;
}

/* The last part of the URL's path. */
static char *image_name(const char *url)
{
    size_t end = strcspn(url, "?#"), start = end;

    while (start > 0 && url[start - 1] != '/')
        start--;
    return start == end ? mem_strdup("image") : mem_strndup(url + start, end - start);
}

static struct error *insert(struct machine *machine, struct machine_slot *slot,
                            const struct machine_media_request *request)
{
    CLEANUP(medium_unref) struct medium *medium = NULL;

    TRY(media_fetch(machine->fetcher, machine, request, machine->profile->media_max, &medium));
    machine_slot_clear(slot);
    slot->medium = TAKE_PTR(medium);
    slot->image = mem_strdup(request->image);
    slot->image_name = image_name(request->image);
    slot->user = mem_strdup(request->user);
    slot->password = mem_strdup(request->password);
    slot->inserted = request->inserted;
    slot->write_protected = request->write_protected;
    slot->verify_certificate = request->verify_certificate;
    return NULL;
}

struct error *machine_media_insert(struct machine *machine, size_t index, const struct machine_media_request *request)
{
    struct machine_slot *slot = &machine->slots[index];

    if (slot->busy)
        return error_new(ERROR_CONFLICT, "%s: drive %s is busy with another image", machine->name, slot->profile->id);
    if (slot->image && machine->profile->quirks.refuse_reinsert)
        return error_new(ERROR_CONFLICT, "%s: drive %s holds an image, eject it first", machine->name,
                         slot->profile->id);
    slot->busy = true;
    struct error *err = insert(machine, slot, request);
    slot->busy = false;
    if (error_is(err, ERROR_CANCELLED))
        return err;
    slot->version++;
    if (err)
        machine_journal(machine, "media", "%s: insertion failed: %s", slot->profile->id, error_message(err));
    else
        machine_journal(machine, "media", "%s: inserted %s, %llu bytes", slot->profile->id, slot->image_name,
                        (unsigned long long)medium_size(slot->medium));
    return err;
}

struct error *machine_media_eject(struct machine *machine, size_t index)
{
    struct machine_slot *slot = &machine->slots[index];

    if (slot->busy)
        return error_new(ERROR_CONFLICT, "%s: drive %s is busy with an image", machine->name, slot->profile->id);
    if (!slot->image) {
        if (machine->profile->quirks.refuse_empty_eject)
            return error_new(ERROR_CONFLICT, "%s: drive %s is empty", machine->name, slot->profile->id);
        return NULL;
    }
    machine_slot_clear(slot);
    slot->write_protected = true;
    slot->version++;
    machine_journal(machine, "media", "%s: ejected", slot->profile->id);
    return NULL;
}

void machine_media_verify(struct machine *machine, size_t index, bool verify)
{
    struct machine_slot *slot = &machine->slots[index];

    if (slot->verify_certificate == verify)
        return;
    slot->verify_certificate = verify;
    slot->version++;
}
