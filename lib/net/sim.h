/* SPDX-License-Identifier: Apache-2.0 */
/* The simulated network's inside: hosts, who listens where, the rules of ways. Private to lib/net. */
#ifndef LIB_NET_SIM_H
#define LIB_NET_SIM_H

#include "lib/net/backend.h"

struct sim_host {
    struct net base;
    struct net_sim *sim;
    char *name, *address;
    int next_port;
};

struct sim_listener {
    struct sim_host *host;
    struct net_prefix prefix;
    int port;
    bool udp;
    uint64_t id; /* never used twice */
    void *owner; /* struct http_server or struct udp */
    char *key;
};

/* A way from a host to an address. */
#define SIM_ADDRESS_SIZE 256
struct sim_path {
    struct sim_host *from, *to;    /* `to` NULL: nobody's; both live as long as the simulated network */
    char dialed[SIM_ADDRESS_SIZE]; /* name or address that was asked for */
    char local[UDP_ADDRESS_SIZE];  /* address that it is at the receiver */
};

/* What the rules do to a way now, added up. */
struct sim_effect {
    bool partition, refuse;
    rt_time delay;
    double loss;
};

/* Finds who listens; NULL: nobody. `*ret_path` is filled in any case; `*ret_known` tells whether the name is one. */
struct sim_listener *sim_find(struct sim_host *from, const char *host, int port, bool udp, struct sim_path *ret_path,
                              bool *ret_known);
struct sim_effect sim_effect(const struct sim_path *path);
rt_time sim_latency(const struct sim_path *path); /* of one message, drawn */
/* Waits while the way is partitioned. */
struct error *sim_wait_open(const struct sim_path *path, rt_time deadline) MUST_CHECK;
/* port 0 takes a free one. */
struct error *sim_listen(struct sim_host *host, const char *address, int port, bool udp, void *owner,
                         struct sim_listener **ret) MUST_CHECK;
void sim_unlisten(struct sim_listener *listener); /* frees it; NULL is fine */

/* -- HTTP (sim_http.c) -- */
struct error *sim_client_new(struct http_client *client);
void sim_client_free(struct http_client *client);
struct error *sim_stream_start(struct http_stream *stream, rt_time deadline);
bool sim_stream_connected(struct http_stream *stream);
void sim_stream_stop(struct http_stream *stream);
struct error *sim_server_start(struct http_server *server);
void sim_server_stop(struct http_server *server);
void sim_server_free(struct http_server *server);
void sim_exchange_reply(struct http_exchange *exchange);
void sim_exchange_abort(struct http_exchange *exchange);
bool sim_exchange_gone(struct http_exchange *exchange);
void sim_exchange_watch(struct http_exchange *exchange);
void sim_exchange_end(struct http_exchange *exchange);

/* -- UDP (sim_udp.c) -- */
struct error *sim_udp_open(struct udp *udp, const char *address);
struct error *sim_udp_receive(struct udp *udp, void *buf, size_t cap, rt_time deadline, size_t *ret_len,
                              struct udp_peer *ret_from, struct udp_peer *ret_local);
struct error *sim_udp_send(struct udp *udp, const struct udp_peer *local, const struct udp_peer *to, const void *data,
                           size_t len);
void sim_udp_close(struct udp *udp);
void sim_udp_free(struct udp *udp);

#endif
