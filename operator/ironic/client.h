/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Ironic REST API as a client: where it is, who we are, which microversion both speak, and its errors in one form
 * (ironic.md A1, A2). Errors carry the HTTP status as error_code(); kinds: NOT_FOUND 404, CONFLICT 409, INVALID 400,
 * DENIED 401 and 403, UNSUPPORTED 406, TRANSIENT 5xx and 429, and those of http_client.h.
 */
#ifndef OPERATOR_IRONIC_CLIENT_H
#define OPERATOR_IRONIC_CLIENT_H

#include "lib/data/json.h"
#include "lib/env.h"
#include "lib/rt/rt.h"
#include "operator/ironic/options.h"

struct ironic;

#define IRONIC_VERSION_MIN 89 /* older Ironic is refused (IRO-011) */
#define IRONIC_VERSION_VMEDIA_GET 93
#define IRONIC_VERSION_DISABLE_POWER_OFF 95
#define IRONIC_VERSION_HEALTH 109
#define IRONIC_VERSION_ABORT_DEPLOY 110

/* Reads credentials and certificates. ERROR_INVALID says which setting is wrong. `options` is borrowed. */
struct error *ironic_new(const struct env *env, const struct ironic_options *options, struct ironic **ret) MUST_CHECK;
void ironic_free(struct ironic *ironic); /* no call may be under way */
DEFINE_CLEANUP(struct ironic, ironic_free);

/*
 * Checks that a usable Ironic answers: version document and at least one driver (IRO-009, BMO-527…530); what was found
 * holds for cache_ttl. The error has the code PROVISIONER_NOT_READY.
 */
struct error *ironic_ready(struct ironic *ironic) MUST_CHECK;
/* The pinned minor version, 0 before ironic_ready() succeeded. */
int ironic_version(const struct ironic *ironic);

/*
 * One exchange; `path` begins after /v1 ("/nodes/…"); `body` and `ret` may be NULL. *ret is NULL for an empty answer.
 */
struct error *ironic_call(struct ironic *ironic, const char *method, const char *path, const struct json *body,
                          struct json **ret) MUST_CHECK;

/*
 * All items of a list: `path` with its query, `member` names the array ("nodes"). Follows "next" (IRO-023). A new
 * array.
 */
struct error *ironic_list(struct ironic *ironic, const char *path, const char *member, struct json **ret) MUST_CHECK;

/* By uuid or name. */
struct error *ironic_node_get(struct ironic *ironic, const char *node, struct json **ret) MUST_CHECK;
struct error *ironic_node_create(struct ironic *ironic, const struct json *body, struct json **ret) MUST_CHECK;
/* `operations` is a JSON Patch; *ret is the new node. */
struct error *ironic_node_patch(struct ironic *ironic, const char *node, const struct json *operations,
                                struct json **ret) MUST_CHECK;
struct error *ironic_node_delete(struct ironic *ironic, const char *node) MUST_CHECK;
/* PUT …/states/provision; `body` holds at least "target". */
struct error *ironic_node_provision(struct ironic *ironic, const char *node, const struct json *body) MUST_CHECK;
/* PUT …/states/power; `timeout` seconds, 0: not sent. */
struct error *ironic_node_power(struct ironic *ironic, const char *node, const char *target, int timeout) MUST_CHECK;
/* Sets maintenance with a reason, or ends it (NULL). */
struct error *ironic_node_maintenance(struct ironic *ironic, const char *node, const char *reason) MUST_CHECK;

#endif
