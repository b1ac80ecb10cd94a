/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leader election by a Lease, with client-go's rules and defaults: a candidate takes a lease that nobody holds, or whose record did not change
 * for lease_duration by the candidate's own clock; the leader renews every retry_period and gives up when it could not for
 * renew_deadline. Releasing empties holderIdentity, so that the next takes over at once.
 */
#ifndef OPERATOR_KUBE_LEASE_H
#define OPERATOR_KUBE_LEASE_H

#include "operator/kube/client.h"

struct lease;

struct lease_options {
    struct kube_client *client;
    const char *namespace, *name;
    const char *identity;   /* NULL: one at random */
    rt_time lease_duration; /* 0: 15 s */
    rt_time renew_deadline; /* 0: 10 s */
    rt_time retry_period;   /* 0: 2 s */
};
/* ERROR_INVALID unless lease_duration > renew_deadline > 1.2 × retry_period. */
struct error *lease_new(const struct env *env, const struct lease_options *options, struct lease **ret) MUST_CHECK;
void lease_free(struct lease *lease);
DEFINE_CLEANUP(struct lease, lease_free);
bool lease_is_held(const struct lease *lease);

/* Waits until this candidate is the leader. */
struct error *lease_acquire(struct lease *lease) MUST_CHECK;
/* Renews until that fails; never returns success: ERROR_CONFLICT when leadership is lost, or ERROR_CANCELLED. */
struct error *lease_hold(struct lease *lease) MUST_CHECK;
/* Gives it up when held. */
struct error *lease_release(struct lease *lease) MUST_CHECK;

#endif
