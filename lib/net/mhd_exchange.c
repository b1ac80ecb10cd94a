/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request on libmicrohttpd, from its first line to its end. MHD calls in; while our handler's task works, or a pipe is empty or full,
 * the connection is suspended. The exchange outlives MHD's part and the other way round: both hold a reference.
 */
#include <ctype.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include <gnutls/x509.h>

#include "lib/data/str.h"
#include "lib/net/mhd.h"

#define BLOCK 65536
#define DROP_MAX (64 * 1024 * 1024) /* of a body that is too large: read, so that the peer can read the answer */

static void suspend(struct mhd_exchange *mhd)
{
    mhd->suspended = true;
    MHD_suspend_connection(mhd->connection);
}

void mhd_exchange_resume(struct mhd_exchange *mhd)
{
    if (!mhd->connection || !mhd->suspended)
        return;
    mhd->suspended = false;
    MHD_resume_connection(mhd->connection);
    mhd_server_dirty(mhd->server);
}

static void on_pipe(void *arg)
{
    mhd_exchange_resume(arg);
}

/* -- the request -- */
void *mhd_on_target(void *arg, const char *target, struct MHD_Connection *connection)
{
    struct mhd_server *server = arg;
    struct http_exchange *exchange = exchange_new(server->server, target);
    struct mhd_exchange *mhd = mem_alloc(sizeof(*mhd));

    exchange->backend = mhd;
    mhd->exchange = exchange;
    mhd->server = server;
    mhd->connection = connection;
    mhd->place = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    mhd_handshake_end(mhd->place);
    return exchange;
}

static enum MHD_Result add_header(void *arg, enum MHD_ValueKind kind, const char *name, const char *value)
{
    exchange_add_header(arg, name, value ? value : "");
    return MHD_YES;
}

static void read_subject(struct mhd_connection *place, const gnutls_datum_t *der)
{
    gnutls_datum_t pem;

    if (gnutls_pem_base64_encode2("CERTIFICATE", der, &pem) < 0)
        return;
    CLEANUP_FREE char *text = mem_strndup((const char *)pem.data, pem.size);
    gnutls_free(pem.data);
    error_free(certificate_read_subject(text, &place->subject));
}

/* Of the client's certificate, when it sent one that its CA, its time and its usage allow. */
static void find_subject(struct mhd_connection *place, struct MHD_Connection *connection)
{
    gnutls_session_t session = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION)->tls_session;
    gnutls_typed_vdata_st usage = {.type = GNUTLS_DT_KEY_PURPOSE_OID, .data = (void *)GNUTLS_KP_TLS_WWW_CLIENT};
    unsigned count, status;

    if (place->subject_read)
        return;
    place->subject_read = true;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &count);
    if (chain && count && gnutls_certificate_verify_peers(session, &usage, 1, &status) >= 0 && !status)
        read_subject(place, &chain[0]);
}

static void begin(struct mhd_exchange *mhd, const char *method)
{
    struct http_exchange *exchange = mhd->exchange;
    const struct http_server_options *options = &exchange->server->options;
    struct mhd_connection *place = mhd->place;

    mhd->begun = true;
    exchange->method = mem_strdup(method);
    exchange->tls = options->cert_pem;
    MHD_get_connection_values(mhd->connection, MHD_HEADER_KIND, add_header, exchange);
    snprintf(exchange->peer_address, sizeof(exchange->peer_address), "%s", place->peer_address);
    snprintf(exchange->local_address, sizeof(exchange->local_address), "%s", place->local_address);
    exchange->local_port = place->local_port;
    if (options->client_ca_pem) {
        find_subject(place, mhd->connection);
        if (place->subject.common_name)
            certificate_subject_copy(&place->subject, &exchange->subject);
    }
    if (exchange->headers_too_large) {
        exchange_refuse(exchange);
        return;
    }
    if (options->stream_bodies) {
        exchange->up = pipe_new(exchange->server->net->rt, PIPE_WINDOW);
        pipe_hook(exchange->up, &(struct pipe_hooks){.on_space = on_pipe, .arg = mhd});
        exchange_start(exchange);
        return;
    }
    const char *length = http_header(exchange, "content-length");
    int64_t number = 0;
    if (length)
        error_free(str_to_int64(length, &number));
    exchange->too_large = number > 0 && (uint64_t)number > options->body_max;
    /* A peer that asks first, or that would send very much, gets its answer before the body. */
    mhd->refuse_now = exchange->too_large && (number > DROP_MAX || http_header(exchange, "expect"));
}

/* Takes what it can of a piece of the body. */
static enum MHD_Result take_body(struct mhd_exchange *mhd, const char *data, size_t *len)
{
    struct http_exchange *exchange = mhd->exchange;
    bool wanted = exchange->up && !exchange->replied && !exchange->gone;

    if (!wanted) {
        if (!exchange->up && !exchange->too_large) {
            exchange_add_body(exchange, data, *len);
        } else {
            mhd->dropped += *len;
            if (mhd->dropped > DROP_MAX)
                return MHD_NO;
        }
        *len = 0;
        return MHD_YES;
    }
    size_t room = pipe_room(exchange->up), n = *len < room ? *len : room;
    pipe_push(exchange->up, data, n);
    *len -= n;
    if (*len)
        suspend(mhd);
    return MHD_YES;
}

/* -- the reply -- */
static ssize_t read_reply(void *arg, uint64_t position, char *buf, size_t max)
{
    struct mhd_exchange *mhd = arg;
    struct http_exchange *exchange = mhd->exchange;

    if (exchange->gone || exchange->aborted)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t n = pipe_pull(exchange->down, buf, max);
    if (n)
        return (ssize_t)n;
    if (pipe_broken(exchange->down))
        return MHD_CONTENT_READER_END_WITH_ERROR;
    if (pipe_ended(exchange->down))
        return MHD_CONTENT_READER_END_OF_STREAM;
    suspend(mhd);
    return 0;
}

static enum MHD_Result queue_reply(struct mhd_exchange *mhd)
{
    struct http_exchange *exchange = mhd->exchange;
    struct MHD_Response *response;

    if (exchange->down) {
        uint64_t length = exchange->reply_length < 0 ? MHD_SIZE_UNKNOWN : (uint64_t)exchange->reply_length;
        response = MHD_create_response_from_callback(length, BLOCK, read_reply, mhd, NULL);
    } else {
        response = MHD_create_response_from_buffer(exchange->reply_len, exchange->reply_body, MHD_RESPMEM_MUST_FREE);
        exchange->reply_body = NULL;
    }
    VEC_FOREACH (header, &exchange->reply_headers)
        MHD_add_response_header(response, header->name, header->value);
    enum MHD_Result result = MHD_queue_response(mhd->connection, (unsigned)exchange->reply_status, response);
    MHD_destroy_response(response);
    mhd->queued = true;
    return result;
}

enum MHD_Result mhd_on_request(void *arg, struct MHD_Connection *connection, const char *url, const char *method,
                               const char *version, const char *upload_data, size_t *upload_data_size, void **con_cls)
{
    struct http_exchange *exchange = *con_cls;
    struct mhd_exchange *mhd = exchange->backend;

    if (!mhd->begun) {
        begin(mhd, method);
        if (mhd->refuse_now)
            exchange_refuse(exchange);
        if (exchange->replied)
            return queue_reply(mhd);
        return MHD_YES;
    }
    if (exchange->aborted || exchange->gone)
        return MHD_NO;
    if (*upload_data_size)
        return take_body(mhd, upload_data, upload_data_size);
    if (exchange->up)
        pipe_finish(exchange->up);
    if (exchange->replied)
        return mhd->queued ? MHD_YES : queue_reply(mhd);
    if (!exchange->started)
        exchange_start(exchange);
    suspend(mhd);
    return MHD_YES;
}

void mhd_exchange_reply(struct http_exchange *exchange)
{
    struct mhd_exchange *mhd = exchange->backend;

    if (exchange->down)
        pipe_hook(exchange->down, &(struct pipe_hooks){.on_data = on_pipe, .arg = mhd});
    mhd_exchange_resume(mhd);
}

/* -- the end -- */
void mhd_on_completed(void *arg, struct MHD_Connection *connection, void **con_cls,
                      enum MHD_RequestTerminationCode code)
{
    struct http_exchange *exchange = *con_cls;

    if (!exchange)
        return;
    struct mhd_exchange *mhd = exchange->backend;
    *con_cls = NULL;
    rt_watch_free(mhd->watch);
    mhd->watch = NULL;
    mhd->connection = NULL;
    if (exchange->up)
        pipe_unhook(exchange->up);
    if (exchange->down)
        pipe_unhook(exchange->down);
    if (exchange->replied && !exchange->down)
        exchange->on_gone = NULL; /* the handler has what it wanted */
    exchange_peer_gone(exchange); /* nothing that is written from here on gets anywhere */
    if (exchange->refs == 1) {
        free(mhd);
        exchange->backend = NULL;
    }
    exchange_unref(exchange);
}

void mhd_exchange_end(struct http_exchange *exchange)
{
    struct mhd_exchange *mhd = exchange->backend;

    if (mhd->connection)
        return; /* MHD still sends */
    free(mhd);
    exchange->backend = NULL;
}

void mhd_exchange_abort(struct http_exchange *exchange)
{
    struct mhd_exchange *mhd = exchange->backend;
    struct linger reset = {.l_onoff = 1};

    if (!mhd->connection)
        return;
    setsockopt(mhd->place->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    mhd_exchange_resume(mhd);
}

bool mhd_exchange_gone(struct http_exchange *exchange)
{
    struct mhd_exchange *mhd = exchange->backend;

    if (!mhd->connection)
        return true;
    struct pollfd fd = {.fd = mhd->place->fd, .events = POLLRDHUP};
    return poll(&fd, 1, 0) > 0 && fd.revents & (POLLRDHUP | POLLHUP | POLLERR);
}

static void on_leave(void *arg, uint32_t revents)
{
    struct mhd_exchange *mhd = arg;

    rt_watch_free(mhd->watch);
    mhd->watch = NULL;
    exchange_peer_gone(mhd->exchange);
    mhd_exchange_resume(mhd);
}

void mhd_exchange_watch(struct http_exchange *exchange)
{
    struct mhd_exchange *mhd = exchange->backend;

    if (mhd->watch || !mhd->connection)
        return;
    error_free(rt_watch_new(exchange->server->net->rt, mhd->place->fd, EPOLLRDHUP, on_leave, mhd, &mhd->watch));
}
