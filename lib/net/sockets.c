/* SPDX-License-Identifier: Apache-2.0 */
/* The real network: makes it, and what its TCP and UDP sockets share. */
#include "lib/net/sockets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "lib/data/str.h"

static void sockets_free(struct net *net)
{
    struct socket_net *sockets = CONTAINER_OF(net, struct socket_net, base);

    curl_net_release(sockets);
    rt_prepare_free(sockets->prepare);
    free(sockets);
}

static const struct net_ops socket_ops = {
    .free = sockets_free,
    .client_new = curl_client_new,
    .client_free = curl_client_free,
    .stream_start = curl_stream_start,
    .stream_connected = curl_stream_connected,
    .stream_stop = curl_stream_stop,
    .server_start = mhd_server_start,
    .server_stop = mhd_server_stop,
    .server_free = mhd_server_free,
    .exchange_reply = mhd_exchange_reply,
    .exchange_abort = mhd_exchange_abort,
    .exchange_gone = mhd_exchange_gone,
    .exchange_watch = mhd_exchange_watch,
    .exchange_end = mhd_exchange_end,
    .udp_open = socket_udp_open,
    .udp_receive = socket_udp_receive,
    .udp_send = socket_udp_send,
    .udp_close = socket_udp_close,
    .udp_free = socket_udp_free,
};

static void prepare(void *arg)
{
    mhd_run_dirty(arg);
}

struct net *net_new(struct rt *rt)
{
    struct socket_net *net = mem_alloc(sizeof(*net));
    struct rlimit files;

    net->base.ops = &socket_ops;
    net->base.rt = rt;
    net->prepare = rt_prepare_new(rt, prepare, net);
    /* A broken connection is an error to return, not a reason to die; and a connection is a descriptor. */
    signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    return &net->base;
}

/* -- addresses -- */
socklen_t socket_address_fill(const struct net_prefix *prefix, int port, union socket_address *ret)
{
    memset(ret, 0, sizeof(*ret));
    if (prefix->v6) {
        ret->v6.sin6_family = AF_INET6;
        ret->v6.sin6_port = htons((uint16_t)port);
        if (prefix->single)
            memcpy(&ret->v6.sin6_addr, prefix->bytes, 16);
        return sizeof(ret->v6);
    }
    ret->v4.sin_family = AF_INET;
    ret->v4.sin_port = htons((uint16_t)port);
    if (prefix->single)
        memcpy(&ret->v4.sin_addr, prefix->bytes, 4);
    return sizeof(ret->v4);
}

void socket_address_print(const union socket_address *address, char buf[UDP_ADDRESS_SIZE], int *ret_port)
{
    bool v6 = address->any.sa_family == AF_INET6;

    if (v6 && IN6_IS_ADDR_V4MAPPED(&address->v6.sin6_addr))
        inet_ntop(AF_INET, address->v6.sin6_addr.s6_addr + 12, buf, UDP_ADDRESS_SIZE);
    else if (v6)
        inet_ntop(AF_INET6, &address->v6.sin6_addr, buf, UDP_ADDRESS_SIZE);
    else
        inet_ntop(AF_INET, &address->v4.sin_addr, buf, UDP_ADDRESS_SIZE);
    *ret_port = ntohs(v6 ? address->v6.sin6_port : address->v4.sin_port);
}

struct error *socket_bind(const char *text, int type, int *port, struct net_prefix *ret_prefix, int *ret_fd)
{
    union socket_address address;
    struct net_prefix prefix;
    int one = 1, zero = 0;
    char name[UDP_ADDRESS_SIZE];

    TRY(net_prefix_parse(text, &prefix));
    socklen_t len = socket_address_fill(&prefix, *port, &address);
    CLEANUP_CLOSE int fd = socket(address.any.sa_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return error_from_errno(errno, "cannot make a socket");
    if (type == SOCK_STREAM)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
    if (prefix.v6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, prefix.single ? &one : &zero, sizeof(one));
    if (bind(fd, &address.any, len) < 0)
        return errno == EADDRINUSE ? net_error_in_use(text, *port)
                                   : error_from_errno(errno, "cannot bind to address %s port %d", text, *port);
    if (getsockname(fd, &address.any, &len) < 0)
        return error_from_errno(errno, "cannot read a socket's address");
    socket_address_print(&address, name, port);
    *ret_prefix = prefix;
    *ret_fd = fd;
    fd = -1;
    return NULL;
}
