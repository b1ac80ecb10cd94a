// SPDX-License-Identifier: Apache-2.0
// The slots for sessions. A session's id ends in its slot's number, so that finding it is no search.
#include <string.h>

#include "bmc-emu/ipmi/bmc.h"

#define SLOT_MASK (IPMI_SESSIONS_MAX - 1)
#define SETUP_LIMIT (20 * RT_S) /* to be through the handshake */

void ipmi_session_end(struct ipmi_session *session)
{
    mem_wipe(session, sizeof(*session));
}

static bool is_over(const struct ipmi_bmc *bmc, const struct ipmi_session *session)
{
    return session->state == IPMI_SESSION_FREE || rt_now(bmc->context->env->rt) >= session->idle_end;
}

/* A free slot; else that of the oldest handshake, so that strangers cannot fill the table for long; -1: all are in use. */
static int find_slot(struct ipmi_bmc *bmc)
{
    int oldest = -1;

    for (int i = 0; i < IPMI_SESSIONS_MAX; i++) {
        const struct ipmi_session *session = bmc->sessions[i];
        if (!session || is_over(bmc, session))
            return i;
        if (session->state != IPMI_SESSION_ACTIVE &&
            (oldest < 0 || session->idle_end < bmc->sessions[oldest]->idle_end))
            oldest = i;
    }
    return oldest;
}

struct ipmi_session *ipmi_session_new(struct ipmi_bmc *bmc, const struct udp_peer *peer)
{
    struct rt *rt = bmc->context->env->rt;
    int slot = find_slot(bmc);

    if (slot < 0)
        return NULL;
    if (!bmc->sessions[slot])
        bmc->sessions[slot] = mem_alloc(sizeof(struct ipmi_session));
    struct ipmi_session *session = bmc->sessions[slot];
    ipmi_session_end(session);
    do {
        session->id = ((uint32_t)rt_random(rt) & ~(uint32_t)SLOT_MASK) | (uint32_t)slot;
    } while (session->id <= SLOT_MASK);
    session->peer = *peer;
    session->idle_end = rt_after(rt, SETUP_LIMIT);
    return session;
}

struct ipmi_session *ipmi_session_find(struct ipmi_bmc *bmc, uint32_t id)
{
    struct ipmi_session *session = bmc->sessions[id & SLOT_MASK];

    return session && session->id == id && !is_over(bmc, session) ? session : NULL;
}

void ipmi_session_touch(struct ipmi_bmc *bmc, struct ipmi_session *session)
{
    if (session->state == IPMI_SESSION_ACTIVE)
        session->idle_end = rt_after(bmc->context->env->rt, IPMI_SESSION_IDLE);
}

void ipmi_sessions_end_user(struct ipmi_bmc *bmc, unsigned user)
{
    for (size_t i = 0; i < IPMI_SESSIONS_MAX; i++)
        if (bmc->sessions[i] && bmc->sessions[i]->user == user)
            ipmi_session_end(bmc->sessions[i]);
}
