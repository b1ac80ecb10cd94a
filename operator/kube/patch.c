/* SPDX-License-Identifier: Apache-2.0 */
/* Merge patches of what was read against what it shall be. */
#include "operator/kube/patch.h"

#include "lib/data/jsonpatch.h"
#include "operator/kube/object.h"

/* Makes the patch hold only when the server has this version. */
static void lock(struct json *patch, const struct json *object)
{
    json_set_str(patch, "metadata/resourceVersion", kube_resource_version(object));
}

struct json *kube_diff(const struct json *original, const struct json *changed, bool status_only, unsigned flags)
{
    CLEANUP(json_free) struct json *diff = json_merge_diff(original, changed);
    CLEANUP(json_free) struct json *status = json_detach(diff, "status");
    if (status_only) {
        json_free(TAKE_PTR(diff));
        if (!status)
            return NULL;
        diff = json_new_object();
        json_set(diff, "status", TAKE_PTR(status));
    }
    if (json_len(diff) == 0)
        return NULL;
    if (flags & KUBE_PATCH_LOCKED)
        lock(diff, original);
    return TAKE_PTR(diff);
}

struct error *kube_patch_changes(struct kube_client *client, const struct kube_resource *resource,
                                 const struct json *original, const struct json *changed, bool status_subresource,
                                 unsigned flags, struct json **ret)
{
    const char *namespace = kube_namespace(original), *name = kube_name(original);
    CLEANUP(json_free) struct json *status = status_subresource ? kube_diff(original, changed, true, flags) : NULL;
    CLEANUP(json_free) struct json *main_patch = NULL;
    if (status_subresource) {
        main_patch = kube_diff(original, changed, false, flags);
    } else {
        main_patch = json_merge_diff(original, changed);
        if (main_patch && (flags & KUBE_PATCH_LOCKED))
            lock(main_patch, original);
    }
    CLEANUP(json_free) struct json *newest = NULL;
    if (main_patch)
        TRY(kube_patch(client, resource, namespace, name, KUBE_PATCH_MERGE, main_patch, NULL, &newest));
    bool gone = newest && kube_is_deleting(newest) && json_len(json_get(newest, "metadata/finalizers")) == 0;
    if (status && !gone) {
        if (newest && (flags & KUBE_PATCH_LOCKED))
            lock(status, newest);
        struct kube_patch_options options = {.subresource = "status"};
        json_free(TAKE_PTR(newest));
        TRY(kube_patch(client, resource, namespace, name, KUBE_PATCH_MERGE, status, &options, &newest));
    }
    if (ret)
        *ret = gone ? NULL : newest ? TAKE_PTR(newest) : json_copy(original);
    return NULL;
}
