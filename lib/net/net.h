/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program's place on the network. Two backends behind the same calls: sockets (libcurl, libmicrohttpd, UDP), and in-process calls on
 * virtual time with latency, loss and partitions. HTTP is in http_client.h and http_server.h, datagrams in udp.h.
 */
#ifndef LIB_NET_NET_H
#define LIB_NET_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/rt/rt.h"

struct net;

/* The real network. */
struct net *net_new(struct rt *rt);
void net_free(struct net *net); /* after its servers, clients and sockets are gone */
DEFINE_CLEANUP(struct net, net_free);
struct rt *net_rt(const struct net *net);

/* -- the simulated network -- */
struct net_sim;

struct net_sim_options {
    rt_time latency_min, latency_max; /* one way, drawn uniformly per message; 0, 0 gives 50 µs to 500 µs */
};
struct net_sim *net_sim_new(struct rt *rt, const struct net_sim_options *options);
void net_sim_free(struct net_sim *sim);
DEFINE_CLEANUP(struct net_sim, net_sim_free);

/*
 * A host on the simulated network, with an address like "10.0.0.2" and a name that resolves to it. A program that runs there gets this as its
 * env's net. A listener there accepts connections to the host's address, to its name, and, when it listens on "0.0.0.0" or a
 * prefix such as "127.1.0.0/16", to any address in it. Free with net_free().
 */
struct net *net_sim_host(struct net_sim *sim, const char *name, const char *address);

/*
 * What the network does to exchanges from host `from` to host or listener address `to` ("*" is any): called by the fault layer and by scenarios.
 * A partition makes connections time out; a refusal fails them at once; `delay` adds to the latency each way; `loss` is the probability that
 * an exchange breaks with a reset. Returns an id for net_sim_heal().
 */
struct net_sim_rule {
    const char *from, *to;
    bool partition, refuse;
    rt_time delay;
    double loss;
};
uint64_t net_sim_add_rule(struct net_sim *sim, const struct net_sim_rule *rule);
void net_sim_heal(struct net_sim *sim, uint64_t id);

/* -- addresses -- */
/* "ADDRESS:PORT", "[v6]:PORT", ":PORT" (any address) to its parts; ERROR_INVALID says what is wrong. `*ret_host` is freed with free(). */
struct error *net_parse_address(const char *text, char **ret_host, int *ret_port) MUST_CHECK;

/* "SCHEME://HOST:PORT", an IPv6 address in brackets; free with free(). */
char *net_url(const char *scheme, const char *host, int port) __attribute__((returns_nonnull));

#endif
