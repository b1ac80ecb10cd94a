/* SPDX-License-Identifier: Apache-2.0 */
/* Datagrams on sockets; IP_PKTINFO tells, and sets, our own address of each, so that one socket serves a whole prefix. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lib/net/sockets.h"

#define RECEIVE_BUFFER (4 * 1024 * 1024)

struct socket_udp {
    int fd;
    struct net_prefix prefix;
};

struct error *socket_udp_open(struct udp *udp, const char *address)
{
    struct net_prefix prefix;
    int fd, one = 1, size = RECEIVE_BUFFER;

    TRY(socket_bind(address, SOCK_DGRAM, &udp->port, &prefix, &fd));
    if (prefix.v6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &one, sizeof(one));
    else
        setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof(one));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
    struct socket_udp *sockets = mem_alloc(sizeof(*sockets));
    sockets->fd = fd;
    sockets->prefix = prefix;
    udp->backend = sockets;
    return NULL;
}

static void read_local(struct msghdr *message, struct udp_peer *ret)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            const struct in_pktinfo *info = (const void *)CMSG_DATA(c);
            inet_ntop(AF_INET, &info->ipi_addr, ret->address, sizeof(ret->address));
        } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            const struct in6_pktinfo *info = (const void *)CMSG_DATA(c);
            union socket_address address = {.v6 = {.sin6_family = AF_INET6, .sin6_addr = info->ipi6_addr}};
            int none;
            socket_address_print(&address, ret->address, &none);
        }
    }
}

struct error *socket_udp_receive(struct udp *udp, void *buf, size_t cap, rt_time deadline, size_t *ret_len,
                                 struct udp_peer *ret_from, struct udp_peer *ret_local)
{
    struct socket_udp *sockets = udp->backend;

    for (;;) {
        union socket_address from;
        char control[CMSG_SPACE(sizeof(struct in6_pktinfo))] __attribute__((aligned(8)));
        struct iovec part = {.iov_base = buf, .iov_len = cap};
        struct msghdr message = {.msg_name = &from,
                                 .msg_namelen = sizeof(from),
                                 .msg_iov = &part,
                                 .msg_iovlen = 1,
                                 .msg_control = control,
                                 .msg_controllen = sizeof(control)};
        if (udp->closed)
            return error_new(ERROR_CANCELLED, "the UDP socket is closed");
        ssize_t len = recvmsg(sockets->fd, &message, 0);
        if (len < 0 && (errno == EAGAIN || errno == EINTR)) {
            TRY(rt_wait_fd(udp->net->rt, sockets->fd, EPOLLIN, deadline));
            continue;
        }
        if (len < 0 && errno == ECONNREFUSED) /* a peer's port is closed: what was sent is lost, no more */
            continue;
        if (len < 0)
            return error_from_errno(errno, "cannot receive on UDP port %d", udp->port);
        read_local(&message, ret_local);
        ret_local->port = udp->port;
        if (!net_prefix_has(&sockets->prefix, ret_local->address))
            continue;
        socket_address_print(&from, ret_from->address, &ret_from->port);
        *ret_len = (size_t)len;
        return NULL;
    }
}

/* The address that it shall come from. */
static void set_source(struct msghdr *message, const struct udp_peer *local, bool v6)
{
    struct cmsghdr *c = message->msg_control;
    struct in6_pktinfo info6 = {0};
    struct in_pktinfo info = {0};

    if (v6) {
        inet_pton(AF_INET6, local->address, &info6.ipi6_addr);
        *c = (struct cmsghdr){
            .cmsg_level = IPPROTO_IPV6, .cmsg_type = IPV6_PKTINFO, .cmsg_len = CMSG_LEN(sizeof(info6))};
        memcpy(CMSG_DATA(c), &info6, sizeof(info6));
        message->msg_controllen = CMSG_SPACE(sizeof(info6));
        return;
    }
    inet_pton(AF_INET, local->address, &info.ipi_spec_dst);
    *c = (struct cmsghdr){.cmsg_level = IPPROTO_IP, .cmsg_type = IP_PKTINFO, .cmsg_len = CMSG_LEN(sizeof(info))};
    memcpy(CMSG_DATA(c), &info, sizeof(info));
    message->msg_controllen = CMSG_SPACE(sizeof(info));
}

struct error *socket_udp_send(struct udp *udp, const struct udp_peer *local, const struct udp_peer *to,
                              const void *data, size_t len)
{
    struct socket_udp *sockets = udp->backend;
    char control[CMSG_SPACE(sizeof(struct in6_pktinfo))] __attribute__((aligned(8))) = {0};
    union socket_address address;
    struct net_prefix peer;

    TRY_WRAP(net_prefix_parse(to->address, &peer), "cannot send a datagram");
    socklen_t address_len = socket_address_fill(&peer, to->port, &address);
    struct iovec part = {.iov_base = (void *)data, .iov_len = len};
    struct msghdr message = {
        .msg_name = &address, .msg_namelen = address_len, .msg_iov = &part, .msg_iovlen = 1, .msg_control = control};
    if (local && local->address[0])
        set_source(&message, local, peer.v6);
    else
        message.msg_control = NULL;
    if (sendmsg(sockets->fd, &message, 0) < 0 && errno != EAGAIN && errno != ENOBUFS && errno != ECONNREFUSED)
        return error_from_errno(errno, "cannot send a datagram to %s port %d", to->address, to->port);
    return NULL;
}

void socket_udp_close(struct udp *udp)
{
    udp->closed = true;
    /* Its receiver is of the same group and wakes up by itself; the descriptor stays until then. */
}

void socket_udp_free(struct udp *udp)
{
    struct socket_udp *sockets = udp->backend;

    close(sockets->fd);
    free(sockets);
}
