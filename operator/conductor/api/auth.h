/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP basic authentication of the API: one user of the options, or an htpasswd file with bcrypt hashes (IRO-005). */
#ifndef OPERATOR_CONDUCTOR_API_AUTH_H
#define OPERATOR_CONDUCTOR_API_AUTH_H

#include <stdbool.h>

#include "lib/data/error.h"

struct conductor;
struct http_exchange;
struct auth;

/* Reads what the options name; *ret stays NULL when there is no authentication. ERROR_INVALID names file and line. */
struct error *auth_new(struct conductor *conductor, struct auth **ret) MUST_CHECK;
void auth_free(struct auth *auth); /* NULL is fine */
/* True when the request may go on. */
bool auth_check(struct conductor *conductor, struct http_exchange *exchange);

#endif
