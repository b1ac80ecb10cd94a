/* SPDX-License-Identifier: Apache-2.0 */
/* Config drives in the forms that Ironic takes and agents understand (B10). */
#ifndef OPERATOR_CONDUCTOR_CONFIGDRIVE_H
#define OPERATOR_CONDUCTOR_CONFIGDRIVE_H

#include <stdint.h>

#include "lib/data/error.h"
#include "lib/data/json.h"

#define CONFIGDRIVE_MAX (64 * 1024 * 1024)

/* ERROR_INVALID when `value` is neither an object with the known members, nor text. */
struct error *configdrive_validate(const struct json *value) MUST_CHECK;

/*
 * What an agent is given: base64 of the gzipped ISO image that an object {meta_data, network_data, user_data, vendor_data} describes; text (base64, or a
 * URL) as it is. `uuid` and `name` are the defaults of meta_data; `wall` stamps the files. Free with free().
 */
struct error *configdrive_build(const struct json *value, const char *uuid, const char *name, int64_t wall, char **ret)
    MUST_CHECK;

#endif
