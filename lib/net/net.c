/* SPDX-License-Identifier: Apache-2.0 */
/* What is the same on every network: dispatch, datagram sockets, addresses to listen on, the words of common errors. */
#include "lib/net/net.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "lib/net/backend.h"

void net_free(struct net *net)
{
    if (net)
        net->ops->free(net);
}

struct rt *net_rt(const struct net *net)
{
    return net->rt;
}

/* -- errors -- */
struct error *net_error_refused(const char *host, int port)
{
    return error_new(ERROR_TRANSIENT, "connection refused: nothing listens on %s port %d", host, port);
}

struct error *net_error_unresolved(const char *host)
{
    return error_new(ERROR_TRANSIENT, "cannot resolve host name \"%s\"", host);
}

struct error *net_error_reset(void)
{
    return error_new(ERROR_TRANSIENT, "connection reset by peer");
}

struct error *net_error_untrusted(const char *reason)
{
    return error_new(ERROR_DENIED,
                     "the server's certificate is not trusted (%s): give the CA certificate that signed it, or turn "
                     "certificate verification off",
                     reason);
}

struct error *net_error_wrong_name(const char *host)
{
    return error_new(ERROR_DENIED,
                     "the server's certificate is not for %s: use a name that is in the certificate, give the server a "
                     "certificate for this one, or turn certificate verification off",
                     host);
}

struct error *net_error_not_tls(void)
{
    return error_new(ERROR_TRANSIENT, "TLS handshake failed: the server does not speak TLS on this port");
}

struct error *net_error_in_use(const char *address, int port)
{
    return error_new(ERROR_CONFLICT, "address %s port %d is in use by another program", address, port);
}

/* -- addresses -- */
struct error *net_prefix_parse(const char *text, struct net_prefix *ret)
{
    struct net_prefix prefix = {0};
    const char *slash = strchr(text, '/');
    CLEANUP_FREE char *address = mem_strndup(text, slash ? (size_t)(slash - text) : strlen(text));
    int64_t bits;

    if (inet_pton(AF_INET6, address, prefix.bytes) == 1)
        prefix.v6 = true;
    else if (inet_pton(AF_INET, str_equal(address, "localhost") ? "127.0.0.1" : address, prefix.bytes) != 1)
        return error_new(ERROR_INVALID, "\"%.60s\" is not an IP address", text);
    bits = prefix.v6 ? 128 : 32;
    if (slash) {
        int64_t max = bits;
        struct error *err = str_to_int64(slash + 1, &bits);
        if (err || bits < 0 || bits > max) {
            error_free(err);
            return error_new(ERROR_INVALID, "\"%.60s\": after the slash must follow a number from 0 to %d", text,
                             (int)max);
        }
    } else {
        static const unsigned char zero[16];
        prefix.single = memcmp(prefix.bytes, zero, 16) != 0;
    }
    prefix.bits = slash || prefix.single ? (int)bits : -1;
    *ret = prefix;
    return NULL;
}

static bool same_bits(const unsigned char *a, const unsigned char *b, int bits)
{
    int whole = bits / 8, rest = bits % 8;

    if (memcmp(a, b, (size_t)whole) != 0)
        return false;
    return !rest || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

bool net_prefix_overlap(const struct net_prefix *a, const struct net_prefix *b)
{
    int shorter = a->bits < b->bits ? a->bits : b->bits;

    return a->v6 == b->v6 && (shorter < 0 || same_bits(a->bytes, b->bytes, shorter));
}

bool net_prefix_has(const struct net_prefix *prefix, const char *address)
{
    unsigned char bytes[16];

    if (prefix->bits < 0)
        return true;
    if (inet_pton(prefix->v6 ? AF_INET6 : AF_INET, address, bytes) != 1)
        return false;
    return same_bits(bytes, prefix->bytes, prefix->bits);
}

/* -- datagrams -- */
static void on_cancel(void *arg)
{
    struct udp *udp = arg;

    udp->hook = NULL; /* it goes away with the group */
    udp->closed = true;
    udp->net->ops->udp_close(udp);
}

struct error *udp_open(struct net *net, struct rt_group *group, const char *address, int port, struct udp **ret)
{
    struct udp *udp = mem_alloc(sizeof(*udp));
    const char *name = address ? address : "127.0.0.1";

    udp->net = net;
    udp->port = port;
    struct error *err = net->ops->udp_open(udp, name);
    if (err) {
        free(udp);
        return error_wrap(err, "cannot open UDP %s port %d", name, port);
    }
    if (group)
        udp->hook = rt_group_on_cancel(group, on_cancel, udp);
    *ret = udp;
    return NULL;
}

int udp_port(const struct udp *udp)
{
    return udp->port;
}

struct error *udp_receive(struct udp *udp, void *buf, size_t cap, rt_time deadline, size_t *ret_len,
                          struct udp_peer *ret_from, struct udp_peer *ret_local)
{
    struct udp_peer from = {0}, local = {0};

    TRY(udp->net->ops->udp_receive(udp, buf, cap, deadline, ret_len, &from, &local));
    if (ret_from)
        *ret_from = from;
    if (ret_local)
        *ret_local = local;
    return NULL;
}

struct error *udp_send(struct udp *udp, const struct udp_peer *local, const struct udp_peer *to, const void *data,
                       size_t len)
{
    if (udp->closed)
        return error_new(ERROR_CANCELLED, "the UDP socket is closed");
    if (len > UDP_DATAGRAM_MAX)
        return error_new(ERROR_INVALID, "a datagram holds at most %d bytes, not %zu", UDP_DATAGRAM_MAX, len);
    return udp->net->ops->udp_send(udp, local, to, data, len);
}

void udp_close(struct udp *udp)
{
    if (!udp)
        return;
    if (udp->hook)
        rt_group_hook_remove(udp->hook);
    if (!udp->closed)
        udp->net->ops->udp_close(udp);
    udp->net->ops->udp_free(udp);
    free(udp);
}
