/* SPDX-License-Identifier: Apache-2.0 */
/* The BareMetalHost controller: what the operator makes against its manager. */
#ifndef OPERATOR_BMO_BMO_H
#define OPERATOR_BMO_BMO_H

#include "operator/ironic/provisioner.h"
#include "operator/kube/manager.h"

struct bmo_options {
    struct provisioner_factory *factory; /* borrowed: the backend, see operator/ironic/ironic_provisioner.h */
    int workers;                         /* hosts that are worked on at once; 0: 8 */
    int64_t max_provisioning_retries;    /* of one image on one host; 0: no limit */
};

struct bmo;

/* Makes informers and the controller; before manager_start(). `options` is copied. */
struct error *bmo_start(struct manager *manager, const struct bmo_options *options, struct bmo **ret) MUST_CHECK;
void bmo_free(struct bmo *bmo); /* after the manager's tasks ended */
DEFINE_CLEANUP(struct bmo, bmo_free);

#endif
