/* SPDX-License-Identifier: Apache-2.0 */
/* What a YAML scalar means: the resolution rules of YAML 1.1 as Go's yaml library applies them (KAPI-191). */
#ifndef LIB_DATA_YAML_SCALAR_H
#define LIB_DATA_YAML_SCALAR_H

#include "lib/data/json.h"

/*
 * The value of the scalar `text`. `plain` tells that it has no quotes; `tag` is its full tag or NULL.
 * ERROR_INVALID when the text does not fit the tag, or when JSON has no such value (.inf, .nan).
 */
struct error *yaml_scalar_resolve(const char *text, const char *tag, bool plain, struct json **ret) MUST_CHECK;

/* True when a reader, of YAML 1.1 or 1.2, would take the plain text for something else than a string. */
bool yaml_scalar_is_ambiguous(const char *text);

#endif
