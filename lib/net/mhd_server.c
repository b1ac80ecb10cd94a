/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server on sockets: a libmicrohttpd daemon in external epoll mode. We accept by ourselves, to judge the local address, and
 * run the daemon when its epoll descriptor is readable, when its timeout is due, and before the loop sleeps when we changed something.
 */
#include "lib/net/mhd.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "lib/data/str.h"

#define BACKLOG 1024
#define ACCEPT_BATCH 64
#define ACCEPT_PAUSE (100 * RT_MS)
#define RUNS_MAX 16                   /* of the daemon in one go */
#define CONNECTION_MEMORY (32 * 1024) /* of each, also when idle; holds HTTP_HEADER_BYTES_MAX and a buffer */
/* TLS 1.2 for the firmware that still needs it; our order, the quick ciphers first. */
#define PRIORITIES                                                                                                     \
    "PERFORMANCE:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:"                                                                 \
    "-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:+GROUP-SECP384R1:%SERVER_PRECEDENCE"
#define HANDSHAKE_MAX (15 * RT_S)

void mhd_server_dirty(struct mhd_server *server)
{
    struct socket_net *net = CONTAINER_OF(server->server->net, struct socket_net, base);

    if (server->dirty || !server->daemon)
        return;
    server->dirty = true;
    server->next_dirty = net->dirty;
    net->dirty = server;
}

static void drop_dirty(struct mhd_server *server)
{
    struct socket_net *net = CONTAINER_OF(server->server->net, struct socket_net, base);
    struct mhd_server **at = &net->dirty;

    while (server->dirty && *at != server)
        at = &(*at)->next_dirty;
    if (server->dirty)
        *at = server->next_dirty;
    server->dirty = false;
}

/* -- TLS handshakes -- */
static void handshake_resume(struct mhd_connection *place)
{
    if (!place->suspended)
        return;
    place->suspended = false;
    MHD_resume_connection(place->connection);
    mhd_server_dirty(place->server);
}

static void on_handshake_event(void *arg, uint32_t revents)
{
    handshake_resume(arg);
}

static void on_handshake_timeout(void *arg)
{
    struct mhd_connection *place = arg;

    shutdown(place->fd, SHUT_RDWR);
    handshake_resume(place);
}

void mhd_handshake_end(struct mhd_connection *place)
{
    if (!place->link)
        return;
    *place->link = place->next;
    if (place->next)
        place->next->link = place->link;
    place->link = NULL;
    rt_watch_free(place->watch);
    rt_timer_free(place->timer);
    place->watch = NULL;
    place->timer = NULL;
}

static void handshake_begin(struct mhd_connection *place)
{
    struct mhd_server *server = place->server;
    struct rt *rt = server->server->net->rt;

    place->link = &server->handshaking;
    place->next = server->handshaking;
    if (place->next)
        place->next->link = &place->next;
    server->handshaking = place;
    place->timer = rt_timer_new(rt, on_handshake_timeout, place);
    rt_timer_set(place->timer, rt_after(rt, HANDSHAKE_MAX));
}

/* Those that have run and have not sent a request yet wait for their peer. */
static void handshakes_wait(struct mhd_server *server)
{
    struct rt *rt = server->server->net->rt;
    struct mhd_connection *next;
    int one = 1;

    for (struct mhd_connection *place = server->handshaking; place; place = next) {
        next = place->next;
        if (place->suspended)
            continue;
        gnutls_session_t session =
            MHD_get_connection_info(place->connection, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
        if (gnutls_record_check_pending(session))
            continue;
        uint32_t events = EPOLLONESHOT | (gnutls_record_get_direction(session) ? EPOLLOUT : EPOLLIN);
        if (place->watch) {
            rt_watch_modify(place->watch, events);
        } else {
            struct error *err = rt_watch_new(rt, place->fd, events, on_handshake_event, place, &place->watch);
            if (err) { /* then MHD may ask to be run more often than it needs */
                error_free(err);
                mhd_handshake_end(place);
                continue;
            }
        }
        /* A client with Nagle's algorithm holds its request back until its part of the handshake is acknowledged. */
        setsockopt(place->fd, IPPROTO_TCP, TCP_QUICKACK, &one, sizeof(one));
        place->suspended = true;
        MHD_suspend_connection(place->connection);
    }
}

static void run(struct mhd_server *server)
{
    struct rt *rt = server->server->net->rt;
    MHD_UNSIGNED_LONG_LONG ms = 0;
    bool timed = false;

    for (int i = 0; i < RUNS_MAX; i++) {
        MHD_run(server->daemon);
        handshakes_wait(server);
        timed = MHD_get_timeout(server->daemon, &ms) == MHD_YES;
        if (!timed || ms)
            break;
    }
    rt_timer_set(server->timer, timed ? rt_after(rt, (rt_time)ms * RT_MS) : RT_FOREVER);
}

void mhd_run_dirty(struct socket_net *net)
{
    struct mhd_server *server;

    while ((server = net->dirty)) {
        net->dirty = server->next_dirty;
        server->dirty = false;
        run(server);
    }
}

static void on_epoll(void *arg, uint32_t revents)
{
    mhd_server_dirty(arg);
}

static void on_timer(void *arg)
{
    mhd_server_dirty(arg);
}

/* -- connections -- */
static void on_connection(void *arg, struct MHD_Connection *connection, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    struct mhd_server *server = arg;
    struct mhd_connection *place = *socket_context;

    if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
        if (place) {
            mhd_handshake_end(place);
            certificate_subject_release(&place->subject);
        }
        free(place);
        *socket_context = NULL;
        return;
    }
    union socket_address address;
    socklen_t len = sizeof(address);
    place = mem_alloc(sizeof(*place));
    place->server = server;
    place->connection = connection;
    place->fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    if (getsockname(place->fd, &address.any, &len) == 0)
        socket_address_print(&address, place->local_address, &place->local_port);
    len = sizeof(address);
    if (getpeername(place->fd, &address.any, &len) == 0)
        socket_address_print(&address, place->peer_address, &place->peer_port);
    if (server->ticket_key.data) {
        gnutls_session_t session = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
        gnutls_session_ticket_enable_server(session, &server->ticket_key);
        handshake_begin(place);
    }
    *socket_context = place;
}

static bool accept_one(struct mhd_server *server)
{
    union socket_address peer, local;
    socklen_t peer_len = sizeof(peer), local_len = sizeof(local);
    char name[UDP_ADDRESS_SIZE];
    int port, one = 1;
    int fd = accept4(server->listen_fd, &peer.any, &peer_len, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
            rt_watch_modify(server->listen_watch, 0);
            rt_timer_set(server->accept_timer, rt_after(server->server->net->rt, ACCEPT_PAUSE));
        }
        return errno == ECONNABORTED || errno == EINTR;
    }
    bool wanted = getsockname(fd, &local.any, &local_len) == 0;
    if (wanted)
        socket_address_print(&local, name, &port);
    if (!wanted || !net_prefix_has(&server->prefix, name)) {
        struct linger reset = {.l_onoff = 1};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
        close(fd);
        return true;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
    MHD_add_connection(server->daemon, fd, &peer.any, peer_len); /* closes it when there are too many */
    mhd_server_dirty(server);
    return true;
}

static void on_accept(void *arg, uint32_t revents)
{
    for (int i = 0; i < ACCEPT_BATCH && accept_one(arg); i++)
        ;
}

static void on_accept_timer(void *arg)
{
    struct mhd_server *server = arg;

    rt_watch_modify(server->listen_watch, EPOLLIN);
}

/* -- start and stop -- */
static void log_nothing(void *arg, const char *format, va_list args)
{
    /* What MHD tells concerns single connections of peers; their requests fail visibly. */
}

static struct error *start_daemon(struct mhd_server *server)
{
    const struct http_server_options *options = &server->server->options;
    unsigned flags = MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    struct MHD_OptionItem items[16] = {
        {MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)mhd_on_target, server},
        {MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)mhd_on_completed, server},
        {MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, server},
        {MHD_OPTION_CONNECTION_LIMIT, options->connections_max, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, (intptr_t)((options->idle_timeout + RT_S - 1) / RT_S), NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY, NULL},
        {MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL},
    };
    size_t count = 7;

    if (options->cert_pem) {
        flags |= MHD_USE_TLS;
        items[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)options->cert_pem};
        items[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)options->key_pem};
        items[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)PRIORITIES};
        gnutls_session_ticket_key_generate(&server->ticket_key);
    }
    if (options->client_ca_pem)
        items[count++] = (struct MHD_OptionItem){MHD_OPTION_HTTPS_MEM_TRUST, 0, (void *)options->client_ca_pem};
    items[count] = (struct MHD_OptionItem){MHD_OPTION_END, 0, NULL};
    server->daemon = MHD_start_daemon(flags, 0, NULL, NULL, mhd_on_request, server, MHD_OPTION_EXTERNAL_LOGGER,
                                      log_nothing, NULL, MHD_OPTION_ARRAY, items, MHD_OPTION_END);
    if (!server->daemon)
        return error_new(ERROR_INTERNAL, "libmicrohttpd does not start%s",
                         options->cert_pem ? ": it does not accept the certificate or key" : "");
    return NULL;
}

static struct error *watch(struct mhd_server *server)
{
    struct rt *rt = server->server->net->rt;
    int epoll = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;

    server->timer = rt_timer_new(rt, on_timer, server);
    server->accept_timer = rt_timer_new(rt, on_accept_timer, server);
    TRY(rt_watch_new(rt, epoll, EPOLLIN, on_epoll, server, &server->epoll_watch));
    return rt_watch_new(rt, server->listen_fd, EPOLLIN, on_accept, server, &server->listen_watch);
}

struct error *mhd_server_start(struct http_server *server)
{
    const struct http_server_options *options = &server->options;
    struct mhd_server *mhd = mem_alloc(sizeof(*mhd));

    server->backend = mhd;
    mhd->server = server;
    mhd->listen_fd = -1;
    server->port = options->port;
    if (options->cert_pem)
        TRY_WRAP(certificate_check_pair(options->cert_pem, options->key_pem), "the server's certificate");
    if (options->client_ca_pem)
        TRY_WRAP(certificate_check_ca(options->client_ca_pem), "the CA of client certificates");
    TRY(socket_bind(options->address, SOCK_STREAM, &server->port, &mhd->prefix, &mhd->listen_fd));
    if (listen(mhd->listen_fd, BACKLOG) < 0)
        return errno == EADDRINUSE ? net_error_in_use(options->address, server->port)
                                   : error_from_errno(errno, "cannot listen");
    TRY(start_daemon(mhd));
    return watch(mhd);
}

static void close_all(struct mhd_server *mhd)
{
    struct MHD_Daemon *daemon = mhd->daemon;

    drop_dirty(mhd);
    rt_watch_free(mhd->listen_watch);
    rt_watch_free(mhd->epoll_watch);
    rt_timer_free(mhd->timer);
    rt_timer_free(mhd->accept_timer);
    mhd->listen_watch = mhd->epoll_watch = NULL;
    mhd->timer = mhd->accept_timer = NULL;
    if (mhd->listen_fd >= 0)
        close(mhd->listen_fd);
    mhd->listen_fd = -1;
    if (daemon) {
        for (struct mhd_connection *place = mhd->handshaking; place; place = place->next)
            handshake_resume(place);
        for (struct http_exchange *exchange = mhd->server->exchanges; exchange; exchange = exchange->next) {
            exchange->aborted = true;
            mhd_exchange_resume(exchange->backend);
        }
        MHD_stop_daemon(daemon);
    }
    drop_dirty(mhd);
    mhd->daemon = NULL;
    gnutls_free(mhd->ticket_key.data);
    mhd->ticket_key.data = NULL;
}

void mhd_server_stop(struct http_server *server)
{
    close_all(server->backend);
}

void mhd_server_free(struct http_server *server)
{
    close_all(server->backend); /* after a start that failed half-way */
    free(server->backend);
    server->backend = NULL;
}
