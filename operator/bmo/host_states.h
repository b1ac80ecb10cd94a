/* SPDX-License-Identifier: Apache-2.0 */
/* The state machine of a BareMetalHost as one table (bmo.md 2.3, 2.4, 2.8, 2.15). */
#ifndef OPERATOR_BMO_HOST_STATES_H
#define OPERATOR_BMO_HOST_STATES_H

#include "lib/data/str.h"
#include "operator/bmo/host_pass.h"

/* Marks an outcome that a state cannot have. */
#define NO_STATE HOST_STATE_NONE /* nothing leads back to it */

struct host_state_row {
    struct error *(*handle)(struct host_pass *pass, struct step *ret);
    bool registers;      /* registration runs before the handler (BMO-160) */
    bool needs_capacity; /* the backend is asked before the state is entered, and in each pass (BMO-141, BMO-143) */
    enum host_state next[OUTCOME_COUNT]; /* by outcome; NO_STATE: that outcome does not move the host */
    enum host_state on_delete;           /* where a deletion leads; the state itself: it goes on (BMO-147) */
    bool keeps_error_count;              /* OUTCOME_DONE does not reset it */
    bool detachable;                     /* without force (BMO-156) */
    /* Conditions (BMO-237); NULL: the "not" reason */
    const char *manageable, *progressing;
    bool available, provisioned;
};
const struct host_state_row *host_state_row(enum host_state state);

/* The table as a diagram in Mermaid's language, for the README. */
void host_states_print(struct strbuf *out);

#endif
