/* SPDX-License-Identifier: Apache-2.0 */
/* Changes to JSON documents: JSON Patch (RFC 6902), merge patch (RFC 7386), and the difference of two documents. */
#ifndef LIB_DATA_JSONPATCH_H
#define LIB_DATA_JSONPATCH_H

#include "lib/data/json.h"

/*
 * Applies an array of operations to *document; all of them or, on an error, none. Paths are JSON Pointers with the
 * leading slash. ERROR_INVALID for a malformed patch, ERROR_NOT_FOUND for a path that does not exist, ERROR_CONFLICT for a
 * failed "test"; the message tells the operation's index and path.
 */
struct error *json_patch_apply(struct json **document, const struct json *operations) MUST_CHECK;

/* Applies a merge patch to *document; null removes, objects merge, everything else replaces. */
void json_merge_apply(struct json **document, const struct json *patch);

/*
 * The merge patch that turns `from` into `to`; NULL when they are equal. The caller owns it. A member that is null in `to` and
 * new there cannot be said in a merge patch: it comes out as absent.
 */
struct json *json_merge_diff(const struct json *from, const struct json *to);

#endif
