/* SPDX-License-Identifier: Apache-2.0 */
/* Writing changes as merge patches of an object against what was read: what we did not touch is not sent, and unknown fields survive. */
#ifndef OPERATOR_KUBE_PATCH_H
#define OPERATOR_KUBE_PATCH_H

#include "operator/kube/client.h"

enum kube_patch_flags {
    KUBE_PATCH_LOCKED =
        1 << 0, /* carry the original's resourceVersion: ERROR_CONFLICT when somebody else wrote meanwhile */
};

/*
 * The merge patch from `original` to `changed`, without status (or, when `status_only`, of status alone); NULL when there is nothing to
 * write. With KUBE_PATCH_LOCKED it carries metadata.resourceVersion. The caller owns it.
 */
struct json *kube_diff(const struct json *original, const struct json *changed, bool status_only, unsigned flags);

/*
 * Writes the difference: first metadata and spec, then status through its subresource (`status_subresource` false: all in one). Nothing is
 * sent when nothing changed. *ret (may be NULL) is the newest object, or a copy of `original`; NULL when the write removed the last finalizer
 * of an object under deletion.
 */
struct error *kube_patch_changes(struct kube_client *client, const struct kube_resource *resource,
                                 const struct json *original, const struct json *changed, bool status_subresource,
                                 unsigned flags, struct json **ret) MUST_CHECK;

#endif
