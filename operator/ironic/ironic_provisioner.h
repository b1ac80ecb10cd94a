/* SPDX-License-Identifier: Apache-2.0 */
/* The provisioning backend on Ironic: what the operator makes once and hands to the host controller. */
#ifndef OPERATOR_IRONIC_IRONIC_PROVISIONER_H
#define OPERATOR_IRONIC_IRONIC_PROVISIONER_H

#include "lib/env.h"
#include "operator/ironic/provisioner.h"
#include "operator/ironic/options.h"

struct ironic_backend;

/*
 * `options` is borrowed. Does not contact Ironic yet. ERROR_INVALID names the setting that is wrong. Its tasks run in
 * env's group.
 */
struct error *ironic_backend_new(const struct env *env, const struct ironic_options *options,
                                 struct ironic_backend **ret) MUST_CHECK;
void ironic_backend_free(struct ironic_backend *backend); /* after its tasks ended */
DEFINE_CLEANUP(struct ironic_backend, ironic_backend_free);
struct provisioner_factory *ironic_backend_factory(struct ironic_backend *backend);

#endif
