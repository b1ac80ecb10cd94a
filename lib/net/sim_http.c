/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP on the simulated network. The client's stream and the server's exchange point to each other until one of them is gone; bodies
 * that go on flow through pipes whose bytes have a time of arrival.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "lib/net/certificate.h"
#include "lib/net/sim.h"

/* What a client has found out about a server, kept by the listener's id. */
struct trust {
    enum error_kind kind;
    char *refusal;       /* NULL: trusted */
    bool client_trusted; /* the server accepts our certificate */
};

struct sim_client {
    struct map *trust; /* "id host" */
    struct certificate_subject subject;
};

struct sim_stream {
    struct http_stream *stream;
    struct sim_path path;
    rt_time last_arrival;
    bool connected, reply_lost;
    struct sim_exchange *peer; /* NULL: not yet, or gone */
};

struct sim_exchange {
    struct http_exchange *exchange;
    struct sim_stream *peer; /* NULL: gone */
    struct sim_path path;
};

/* -- client -- */
static void trust_free(void *arg)
{
    struct trust *trust = arg;

    free(trust->refusal);
    free(trust);
}

struct error *sim_client_new(struct http_client *client)
{
    const struct http_client_options *options = &client->options;
    struct sim_client *sim = mem_alloc(sizeof(*sim));

    client->backend = sim;
    sim->trust = map_new(trust_free);
    if (options->ca_pem)
        TRY_WRAP(certificate_check_ca(options->ca_pem), "the CA certificate");
    if (!options->client_cert_pem != !options->client_key_pem)
        return error_new(ERROR_INVALID, "a client certificate needs its key, and a key its certificate");
    if (options->client_cert_pem) {
        TRY_WRAP(certificate_check_pair(options->client_cert_pem, options->client_key_pem), "the client certificate");
        TRY(certificate_read_subject(options->client_cert_pem, &sim->subject));
    }
    return NULL;
}

void sim_client_free(struct http_client *client)
{
    struct sim_client *sim = client->backend;

    map_free(sim->trust);
    certificate_subject_release(&sim->subject);
    free(sim);
}

/* -- TLS, as far as its outcome goes -- */
static struct trust *judge(struct http_stream *stream, struct http_server *server)
{
    struct trust *trust = mem_alloc(sizeof(*trust));
    const struct http_client_options *options = &stream->client->options;
    int64_t wall = rt_wall(stream->client->net->rt);

    if (!options->insecure) {
        struct error *err = certificate_verify(server->options.cert_pem, options->ca_pem, options->ca_file,
                                               options->insecure_san ? NULL : stream->url.host, true, wall);
        if (err) {
            trust->kind = error_kind(err);
            trust->refusal = mem_strdup(error_message(err));
            error_free(err);
        }
    }
    if (options->client_cert_pem && server->options.client_ca_pem) {
        struct error *err =
            certificate_verify(options->client_cert_pem, server->options.client_ca_pem, NULL, NULL, false, wall);
        trust->client_trusted = !err;
        error_free(err);
    }
    return trust;
}

static struct error *shake_hands(struct http_stream *stream, const struct sim_listener *listener, bool *ret_subject)
{
    struct sim_client *client = stream->client->backend;
    struct http_server *server = listener->owner;
    bool https = str_equal(stream->url.scheme, "https");

    *ret_subject = false;
    if (!https)
        return server->options.cert_pem ? net_error_reset() : NULL;
    if (!server->options.cert_pem)
        return net_error_not_tls();
    CLEANUP_FREE char *key = mem_printf("%llu %s", (unsigned long long)listener->id, stream->url.host);
    struct trust *trust = map_get(client->trust, key);
    if (!trust) {
        trust = judge(stream, server);
        map_set(client->trust, key, trust);
    }
    if (trust->refusal)
        return error_new(trust->kind, "%s", trust->refusal);
    *ret_subject = trust->client_trusted;
    return NULL;
}

/* -- arrival of what is written -- */
static rt_time stream_arrival(void *arg)
{
    struct sim_stream *sim = arg;
    rt_time arrival = rt_after(sim->stream->client->net->rt, sim_latency(&sim->path));

    if (arrival > sim->last_arrival)
        sim->last_arrival = arrival;
    return sim->last_arrival;
}

static struct error *stream_gate(void *arg, rt_time deadline)
{
    struct sim_stream *sim = arg;

    return sim_wait_open(&sim->path, deadline);
}

static rt_time exchange_arrival(void *arg)
{
    struct sim_exchange *sim = arg;

    return rt_after(sim->exchange->server->net->rt, sim_latency(&sim->path));
}

static struct error *exchange_gate(void *arg, rt_time deadline)
{
    struct sim_exchange *sim = arg;

    return sim_wait_open(&sim->path, deadline);
}

/* -- a request's way -- */
static void fill_request(struct http_exchange *exchange, struct http_stream *stream)
{
    const struct url *url = &stream->url;
    CLEANUP_FREE char *host = strchr(url->host, ':') ? mem_printf("[%s]:%d", url->host, url->port)
                                                     : mem_printf("%s:%d", url->host, url->port);

    exchange->method = mem_strdup(stream->method);
    exchange_add_header(exchange, "Host", host);
    VEC_FOREACH (header, &stream->headers)
        exchange_add_header(exchange, header->name, header->value);
    if (stream->up) {
        if (stream->upload_length < 0) {
            exchange_add_header(exchange, "Transfer-Encoding", "chunked");
        } else {
            CLEANUP_FREE char *length = mem_printf("%lld", (long long)stream->upload_length);
            exchange_add_header(exchange, "Content-Length", length);
        }
        exchange->up = pipe_ref(stream->up);
    } else if (stream->body || str_equal(stream->method, "POST") || str_equal(stream->method, "PUT") ||
               str_equal(stream->method, "PATCH")) {
        CLEANUP_FREE char *length = mem_printf("%zu", stream->body_len);
        exchange_add_header(exchange, "Content-Length", length);
        if (stream->body_len)
            exchange_add_body(exchange, stream->body, stream->body_len);
    }
}

static void deliver(struct sim_stream *client, struct http_server *server, bool with_subject)
{
    struct http_stream *stream = client->stream;
    struct http_exchange *exchange = exchange_new(server, stream->target);
    struct sim_exchange *sim = mem_alloc(sizeof(*sim));

    exchange->backend = sim;
    sim->exchange = exchange;
    sim->peer = client;
    sim->path = client->path;
    client->peer = sim;
    fill_request(exchange, stream);
    if (exchange->up)
        pipe_hook(exchange->up, &(struct pipe_hooks){.arrival = exchange_arrival, .gate = exchange_gate, .arg = sim});
    exchange->tls = str_equal(stream->url.scheme, "https");
    snprintf(exchange->peer_address, sizeof(exchange->peer_address), "%s", client->path.from->address);
    snprintf(exchange->local_address, sizeof(exchange->local_address), "%s", client->path.local);
    exchange->local_port = server->port;
    if (with_subject)
        certificate_subject_copy(&((struct sim_client *)stream->client->backend)->subject, &exchange->subject);
    exchange_start(exchange);
}

/* Whether this exchange is one of those that the network loses, and in which direction. */
static struct error *draw_loss(struct sim_stream *sim, double loss)
{
    struct rt *rt = sim->stream->client->net->rt;

    if (loss <= 0 || rt_random_unit(rt) >= loss)
        return NULL;
    if (rt_random_below(rt, 2))
        return net_error_reset();
    sim->reply_lost = true;
    return NULL;
}

struct error *sim_stream_start(struct http_stream *stream, rt_time deadline)
{
    struct http_client *client = stream->client;
    struct sim_host *host = CONTAINER_OF(client->net, struct sim_host, base);
    struct rt *rt = client->net->rt;
    struct sim_stream *sim = mem_alloc(sizeof(*sim));
    rt_time connect_by = rt_after(rt, client->options.connect_timeout);
    bool known, with_subject;

    stream->backend = sim;
    sim->stream = stream;
    sim_find(host, stream->url.host, stream->url.port, false, &sim->path, &known);
    pipe_hook(stream->down, &(struct pipe_hooks){.arrival = stream_arrival, .gate = stream_gate, .arg = sim});
    if (!known)
        return net_error_unresolved(stream->url.host);
    if (connect_by > deadline)
        connect_by = deadline;
    TRY(sim_wait_open(&sim->path, connect_by));
    rt_time arrival = rt_after(rt, sim_latency(&sim->path));
    TRY(rt_sleep_until(rt, arrival < connect_by ? arrival : connect_by));
    if (arrival > connect_by)
        return error_new(ERROR_TIMEOUT, "no connection");
    /* The world went on meanwhile. */
    TRY(sim_wait_open(&sim->path, connect_by));
    struct sim_listener *listener = sim_find(host, stream->url.host, stream->url.port, false, &sim->path, &known);
    struct sim_effect effect = sim_effect(&sim->path);
    if (!listener || effect.refuse)
        return net_error_refused(stream->url.host, stream->url.port);
    sim->connected = true;
    TRY(draw_loss(sim, effect.loss));
    TRY(shake_hands(stream, listener, &with_subject));
    deliver(sim, listener->owner, with_subject);
    return NULL;
}

bool sim_stream_connected(struct http_stream *stream)
{
    struct sim_stream *sim = stream->backend;

    return sim->connected;
}

static void part(struct sim_stream *client, struct sim_exchange *server)
{
    client->peer = NULL;
    server->peer = NULL;
}

void sim_stream_stop(struct http_stream *stream)
{
    struct sim_stream *sim = stream->backend;
    struct sim_exchange *peer = sim->peer;

    pipe_unhook(stream->down);
    if (peer) {
        part(sim, peer);
        exchange_peer_gone(peer->exchange);
    }
    pipe_leave(stream->down);
    stream->backend = NULL;
    free(sim);
}

/* -- server -- */
struct error *sim_server_start(struct http_server *server)
{
    struct sim_host *host = CONTAINER_OF(server->net, struct sim_host, base);
    const struct http_server_options *options = &server->options;
    struct sim_listener *listener;

    if (options->cert_pem)
        TRY_WRAP(certificate_check_pair(options->cert_pem, options->key_pem), "the server's certificate");
    if (options->client_ca_pem)
        TRY_WRAP(certificate_check_ca(options->client_ca_pem), "the CA of client certificates");
    TRY(sim_listen(host, options->address, options->port, false, server, &listener));
    server->port = listener->port;
    server->backend = listener;
    return NULL;
}

static void reset_peer(struct sim_exchange *sim)
{
    struct sim_stream *peer = sim->peer;

    if (!peer)
        return;
    part(peer, sim);
    stream_ended(peer->stream, net_error_reset());
}

void sim_server_stop(struct http_server *server)
{
    sim_unlisten(server->backend);
    server->backend = NULL;
    for (struct http_exchange *exchange = server->exchanges; exchange; exchange = exchange->next) {
        reset_peer(exchange->backend);
        exchange_peer_gone(exchange);
    }
}

void sim_server_free(struct http_server *server)
{
    sim_unlisten(server->backend);
    server->backend = NULL;
}

void sim_exchange_reply(struct http_exchange *exchange)
{
    struct sim_exchange *sim = exchange->backend;
    struct sim_stream *peer = sim->peer;

    if (!peer)
        return;
    if (peer->reply_lost) {
        reset_peer(sim);
        exchange_peer_gone(exchange);
        return;
    }
    struct http_stream *stream = peer->stream;
    struct error *err = NULL;
    VEC_FOREACH (header, &exchange->reply_headers)
        if (!err)
            err =
                stream_answer_header(stream, header->name, strlen(header->name), header->value, strlen(header->value));
    int64_t length = exchange->down ? exchange->reply_length : (int64_t)exchange->reply_len;
    if (!err && length >= 0 && exchange->reply_status != 204 && exchange->reply_status != 304) {
        char text[24];
        snprintf(text, sizeof(text), "%lld", (long long)length);
        err = stream_answer_header(stream, "content-length", strlen("content-length"), text, strlen(text));
    }
    if (err) {
        part(peer, sim);
        stream_ended(stream, err);
        exchange_peer_gone(exchange);
        return;
    }
    stream->status = exchange->reply_status;
    stream_answered(stream, stream_arrival(peer));
    if (exchange->down) {
        pipe_unref(exchange->down);
        exchange->down = pipe_ref(stream->down);
        return;
    }
    if (!str_equal(exchange->method, "HEAD"))
        pipe_push_owned(stream->down, TAKE_PTR(exchange->reply_body), exchange->reply_len);
    stream_ended(stream, NULL);
}

void sim_exchange_abort(struct http_exchange *exchange)
{
    reset_peer(exchange->backend);
    exchange_peer_gone(exchange);
}

bool sim_exchange_gone(struct http_exchange *exchange)
{
    struct sim_exchange *sim = exchange->backend;

    return !sim->peer && !exchange->replied;
}

void sim_exchange_watch(struct http_exchange *exchange)
{
    /* A leaving peer tells by itself. */
    (void)exchange;
}

void sim_exchange_end(struct http_exchange *exchange)
{
    struct sim_exchange *sim = exchange->backend;

    if (exchange->up) {
        pipe_unhook(exchange->up);
        pipe_leave(exchange->up);
    }
    if (sim->peer)
        part(sim->peer, sim);
    free(sim);
    exchange->backend = NULL;
    exchange_unref(exchange);
}
