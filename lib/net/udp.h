/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams. One socket can serve a whole prefix of addresses: each datagram tells which one it came to. */
#ifndef LIB_NET_UDP_H
#define LIB_NET_UDP_H

#include "lib/net/net.h"

#define UDP_ADDRESS_SIZE 46
#define UDP_DATAGRAM_MAX 65507

struct udp;
struct udp_peer {
    char address[UDP_ADDRESS_SIZE];
    int port;
};

/* `address` as in http_server_options; port 0 takes any. ERROR_CONFLICT when in use. Datagrams over the queue's limit (1024) are dropped. */
struct error *udp_open(struct net *net, struct rt_group *group, const char *address, int port, struct udp **ret)
    MUST_CHECK;
int udp_port(const struct udp *udp);
/* Waits for one datagram; *ret_local is the address that it was sent to. A datagram longer than `cap` is cut. */
struct error *udp_receive(struct udp *udp, void *buf, size_t cap, rt_time deadline, size_t *ret_len,
                          struct udp_peer *ret_from, struct udp_peer *ret_local) MUST_CHECK;
/* Sends from `local` (NULL: the socket's own address); loss is silent. */
struct error *udp_send(struct udp *udp, const struct udp_peer *local, const struct udp_peer *to, const void *data,
                       size_t len) MUST_CHECK;
void udp_close(struct udp *udp);
DEFINE_CLEANUP(struct udp, udp_close);

#endif
