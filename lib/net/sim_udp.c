/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams on the simulated network: each is delayed for itself, so that they may overtake each other, and lost by the rules' chance. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/net/sim.h"

#define QUEUE_MAX 1024

struct datagram {
    struct datagram *next; /* by arrival */
    rt_time arrival;
    struct udp_peer from, local;
    size_t len;
    char data[];
};

struct sim_udp {
    struct sim_listener *listener;
    struct datagram *first;
    size_t count;
    struct rt_cond arrived;
};

struct error *sim_udp_open(struct udp *udp, const char *address)
{
    struct sim_host *host = CONTAINER_OF(udp->net, struct sim_host, base);
    struct sim_udp *sim = mem_alloc(sizeof(*sim));
    struct error *err = sim_listen(host, address, udp->port, true, udp, &sim->listener);

    if (err) {
        free(sim);
        return err;
    }
    udp->port = sim->listener->port;
    udp->backend = sim;
    return NULL;
}

static struct datagram *pop(struct sim_udp *sim)
{
    struct datagram *datagram = sim->first;

    sim->first = datagram->next;
    sim->count--;
    return datagram;
}

struct error *sim_udp_receive(struct udp *udp, void *buf, size_t cap, rt_time deadline, size_t *ret_len,
                              struct udp_peer *ret_from, struct udp_peer *ret_local)
{
    struct sim_udp *sim = udp->backend;
    struct rt *rt = udp->net->rt;

    for (;;) {
        if (udp->closed)
            return error_new(ERROR_CANCELLED, "the UDP socket is closed");
        if (sim->first && sim->first->arrival <= rt_now(rt))
            break;
        rt_time until = sim->first && sim->first->arrival < deadline ? sim->first->arrival : deadline;
        struct error *err = rt_cond_wait(rt, &sim->arrived, until);
        if (err && (!error_is(err, ERROR_TIMEOUT) || until == deadline))
            return err;
        error_free(err);
    }
    struct datagram *datagram = pop(sim);
    *ret_len = datagram->len < cap ? datagram->len : cap;
    memcpy(buf, datagram->data, *ret_len);
    *ret_from = datagram->from;
    *ret_local = datagram->local;
    free(datagram);
    return NULL;
}

static void insert(struct sim_udp *sim, struct datagram *datagram)
{
    struct datagram **at = &sim->first;

    while (*at && (*at)->arrival <= datagram->arrival)
        at = &(*at)->next;
    datagram->next = *at;
    *at = datagram;
    sim->count++;
}

/* A partition between two hosts stops the answers of the one that was asked, too. */
static bool lost(struct rt *rt, const struct sim_path *path, const char *source)
{
    struct sim_path back = {.from = path->to, .to = path->from};
    struct sim_effect there = sim_effect(path);

    snprintf(back.dialed, sizeof(back.dialed), "%s", path->from->address);
    snprintf(back.local, sizeof(back.local), "%s", source);
    return there.partition || there.refuse || (path->to && sim_effect(&back).partition) ||
           (there.loss > 0 && rt_random_unit(rt) < there.loss);
}

struct error *sim_udp_send(struct udp *udp, const struct udp_peer *local, const struct udp_peer *to, const void *data,
                           size_t len)
{
    struct sim_host *host = CONTAINER_OF(udp->net, struct sim_host, base);
    struct rt *rt = udp->net->rt;
    struct sim_path path;
    bool known;
    struct sim_listener *listener = sim_find(host, to->address, to->port, true, &path, &known);
    const char *source = local && local->address[0] ? local->address : host->address;

    if (!listener || lost(rt, &path, source))
        return NULL;
    struct udp *receiver = listener->owner;
    struct sim_udp *sim = receiver->backend;
    if (sim->count == QUEUE_MAX)
        return NULL;
    struct datagram *datagram = mem_alloc(sizeof(*datagram) + len);
    datagram->arrival = rt_after(rt, sim_latency(&path));
    snprintf(datagram->from.address, sizeof(datagram->from.address), "%s", source);
    datagram->from.port = udp->port;
    snprintf(datagram->local.address, sizeof(datagram->local.address), "%s", path.local);
    datagram->local.port = to->port;
    datagram->len = len;
    if (len)
        memcpy(datagram->data, data, len);
    insert(sim, datagram);
    rt_cond_broadcast(rt, &sim->arrived);
    return NULL;
}

void sim_udp_close(struct udp *udp)
{
    struct sim_udp *sim = udp->backend;

    sim_unlisten(sim->listener);
    sim->listener = NULL;
    udp->closed = true;
    rt_cond_broadcast(udp->net->rt, &sim->arrived);
}

void sim_udp_free(struct udp *udp)
{
    struct sim_udp *sim = udp->backend;

    while (sim->first)
        free(pop(sim));
    free(sim);
}
