/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations: what works on a node between two states, one task each. An operation holds the node's reservation while it acts and gives it back
 * while it waits for the agent. All that it needs to go on is in the record: after the death of the conductor the next one starts it again in the
 * same state, with `resumed` set.
 */
#ifndef OPERATOR_CONDUCTOR_OPERATION_H
#define OPERATOR_CONDUCTOR_OPERATION_H

#include "operator/conductor/node.h"

struct operation {
    struct node *node;
    uint64_t number; /* node->operation when it began; another number there: it was overtaken */
    bool resumed;    /* by another instance of the conductor */
    bool held;       /* we have the reservation */
};

/* Starts the operation of the node's (running) state. The caller has the reservation and gives it away. */
void operation_start(struct node *node);
/* Has the operation that waits for the agent end without a trace; the caller has the reservation. */
void operation_overtake(struct node *node);
/* Starts the operations that an earlier instance left. */
void operations_recover(struct conductor *conductor);

/* -- for operations -- */
/*
 * Waits for the agent's first heartbeat: moves to the waiting state unless it is there, and back. ERROR_TIMEOUT after the state's time without a sign of life;
 * ERROR_CANCELLED when overtaken or stopped.
 */
struct error *operation_wait_beat(struct operation *operation) MUST_CHECK;
/* Waits until `done(arg)`; the same errors. It is asked after every change of the node and every `poll` ns, which grows up to poll_max. */
struct error *operation_wait(struct operation *operation, rt_time poll,
                             struct error *(*done)(void *arg, bool *ret_done), void *arg) MUST_CHECK;
/* Comes out of a waiting state that the operation was resumed in. */
struct error *operation_proceed(struct operation *operation) MUST_CHECK;

/* What runs in each state, and what happens when it fails (the state's event `fail` follows). */
struct error *verify_run(struct operation *operation) MUST_CHECK;
struct error *inspect_run(struct operation *operation) MUST_CHECK;
struct error *clean_run(struct operation *operation) MUST_CHECK;
struct error *deploy_run(struct operation *operation) MUST_CHECK;
struct error *undeploy_run(struct operation *operation) MUST_CHECK;
struct error *adopt_run(struct operation *operation) MUST_CHECK;
void inspect_failed(struct operation *operation);
void clean_failed(struct operation *operation);
void deploy_failed(struct operation *operation);
void undeploy_failed(struct operation *operation);
void adopt_failed(struct operation *operation);

/* Abort (IRO-323, IRO-259): the caller has the reservation and has checked the state. */
void operation_abort(struct node *node);

#endif
