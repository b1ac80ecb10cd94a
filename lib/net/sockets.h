/* SPDX-License-Identifier: Apache-2.0 */
/* The real network's inside: libcurl's multi handle and libmicrohttpd's daemons on one loop. Private to lib/net. */
#ifndef LIB_NET_SOCKETS_H
#define LIB_NET_SOCKETS_H

#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "lib/net/backend.h"
#include "lib/rt/loop.h"

struct mhd_server;

struct socket_net {
    struct net base;
    CURLM *multi; /* made with the first client */
    struct rt_timer *multi_timer;
    struct rt_prepare *prepare;
    struct mhd_server *dirty; /* servers that want MHD_run() before the loop sleeps */
};

/* -- sockets (sockets.c) -- */
union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};
/* The address to bind to for `prefix`; a prefix binds to the wildcard address. */
socklen_t socket_address_fill(const struct net_prefix *prefix, int port, union socket_address *ret);
/* An IPv4 address inside IPv6 comes out as IPv4. */
void socket_address_print(const union socket_address *address, char buf[UDP_ADDRESS_SIZE], int *ret_port);
/* A non-blocking socket bound to `text`; *port is what it was, or became. */
struct error *socket_bind(const char *text, int type, int *port, struct net_prefix *ret_prefix, int *ret_fd) MUST_CHECK;

/* -- HTTP client (curl_client.c) -- */
struct error *curl_client_new(struct http_client *client);
void curl_client_free(struct http_client *client);
struct error *curl_stream_start(struct http_stream *stream, rt_time deadline);
bool curl_stream_connected(struct http_stream *stream);
void curl_stream_stop(struct http_stream *stream);
void curl_net_release(struct socket_net *net);

/* -- HTTP server (mhd_server.c, mhd_exchange.c) -- */
struct error *mhd_server_start(struct http_server *server);
void mhd_server_stop(struct http_server *server);
void mhd_server_free(struct http_server *server);
void mhd_run_dirty(struct socket_net *net);
void mhd_exchange_reply(struct http_exchange *exchange);
void mhd_exchange_abort(struct http_exchange *exchange);
bool mhd_exchange_gone(struct http_exchange *exchange);
void mhd_exchange_watch(struct http_exchange *exchange);
void mhd_exchange_end(struct http_exchange *exchange);

/* -- datagrams (socket_udp.c) -- */
struct error *socket_udp_open(struct udp *udp, const char *address);
struct error *socket_udp_receive(struct udp *udp, void *buf, size_t cap, rt_time deadline, size_t *ret_len,
                                 struct udp_peer *ret_from, struct udp_peer *ret_local);
struct error *socket_udp_send(struct udp *udp, const struct udp_peer *local, const struct udp_peer *to,
                              const void *data, size_t len);
void socket_udp_close(struct udp *udp);
void socket_udp_free(struct udp *udp);

#endif
