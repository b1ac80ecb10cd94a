/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the two backends, sockets and the simulated network, have in common: the objects behind the public headers, and the operations in
 * which the backends differ. client.c and server.c hold all that is the same. Private to lib/net.
 */
#ifndef LIB_NET_BACKEND_H
#define LIB_NET_BACKEND_H

#include "lib/data/map.h"
#include "lib/data/vec.h"
#include "lib/net/certificate.h"
#include "lib/net/http_client.h"
#include "lib/net/http_server.h"
#include "lib/net/pipe.h"
#include "lib/net/udp.h"

struct net {
    const struct net_ops *ops;
    struct rt *rt;
};

/* Backend parts hang off `backend` pointers of the common objects. */
struct net_ops {
    void (*free)(struct net *net);

    /* Checks what the options hold (PEM texts) and makes the backend part. */
    struct error *(*client_new)(struct http_client *client);
    void (*client_free)(struct http_client *client);
    /* Sends the request; may wait until `deadline`. Afterwards the backend calls the stream_… functions below. */
    struct error *(*stream_start)(struct http_stream *stream, rt_time deadline);
    /* True once the connection stands: for the text of a timeout. */
    bool (*stream_connected)(struct http_stream *stream);
    /* Ends the exchange, done or not; no call of the backend comes after it. The backend part is gone. */
    void (*stream_stop)(struct http_stream *stream);

    struct error *(*server_start)(struct http_server *server);
    void (*server_stop)(struct http_server *server); /* closes all; exchanges were broken already */
    void (*server_free)(struct http_server *server);
    void (*exchange_reply)(
        struct http_exchange *exchange); /* the reply is in the exchange: whole, or a pipe that goes on */
    void (*exchange_abort)(struct http_exchange *exchange);
    bool (*exchange_gone)(struct http_exchange *exchange);
    void (*exchange_watch)(struct http_exchange *exchange); /* calls exchange_peer_gone() when the peer leaves */
    void (*exchange_end)(struct http_exchange *exchange); /* the handler has returned; its reference is dropped next */

    struct error *(*udp_open)(struct udp *udp, const char *address);
    struct error *(*udp_receive)(struct udp *udp, void *buf, size_t cap, rt_time deadline, size_t *ret_len,
                                 struct udp_peer *ret_from, struct udp_peer *ret_local);
    struct error *(*udp_send)(struct udp *udp, const struct udp_peer *local, const struct udp_peer *to,
                              const void *data, size_t len);
    void (*udp_close)(struct udp *udp); /* idempotent: waits end with an error */
    void (*udp_free)(struct udp *udp);
};

/* -- client -- */
struct http_client {
    struct net *net;
    struct http_client_options options; /* strings are owned */
    struct map *slots;                  /* "host:port" to struct client_slot: calls under way */
    void *backend;
};

struct http_headers VEC_OF(struct http_header);
void http_headers_add(struct http_headers *headers, const char *name, size_t name_len, const char *value,
                      size_t value_len);
void http_headers_release(struct http_headers *headers);
const char *http_headers_get(const struct http_header *headers, size_t count, const char *name);

/* One exchange as the client sees it. */
struct http_stream {
    struct http_client *client;
    char *method, *url_text, *target; /* URL without credentials; raw path and query */
    struct url url;
    struct http_headers headers; /* of the request */
    const char *body;            /* NULL: none, or `up` */
    char *owned_body;
    size_t body_len;
    int64_t upload_length; /* of `up`; -1: chunked */
    struct pipe *up;       /* body that the caller writes; NULL otherwise */
    struct pipe *down;     /* body of the response */
    struct http_headers answer;
    size_t answer_bytes;
    int status;
    bool answered; /* status and headers are there, or failed */
    rt_time answered_at;
    struct error *failure;
    struct rt_cond changed;
    void *backend;
};
/* For the backends: a header of the answer, its completion, and the end of all with an error that is taken over (NULL: well). */
struct error *stream_answer_header(struct http_stream *stream, const char *name, size_t name_len, const char *value,
                                   size_t value_len) MUST_CHECK;
void stream_answered(struct http_stream *stream, rt_time when);
void stream_ended(struct http_stream *stream, struct error *failure);

/* The errors that both backends give in the same words. */
struct error *net_error_refused(const char *host, int port) MUST_CHECK;
struct error *net_error_unresolved(const char *host) MUST_CHECK;
struct error *net_error_reset(void) MUST_CHECK;
struct error *net_error_untrusted(const char *reason) MUST_CHECK;
struct error *net_error_wrong_name(const char *host) MUST_CHECK;
struct error *net_error_not_tls(void) MUST_CHECK;
struct error *net_error_in_use(const char *address, int port) MUST_CHECK;

/* -- server -- */
struct http_server {
    struct net *net;
    struct rt_group *group;
    struct http_server_options options; /* strings are owned */
    int port;
    struct rt_group_hook *hook;
    struct http_exchange *exchanges; /* live ones */
    int refs;                        /* ours and one for each exchange */
    bool stopped;
    void *backend;
};

struct http_exchange {
    struct http_server *server;
    struct http_exchange *next, **link; /* in server->exchanges */
    int refs;
    /* the request */
    char *method, *raw_path, *path, *query_string;
    struct http_headers headers;
    struct http_headers query; /* decoded names and values, once asked for */
    bool query_parsed;
    char *body; /* buffered; has one byte more for the NUL */
    size_t body_len, body_cap, body_read;
    struct pipe *up; /* a body that comes in pieces */
    char peer_address[UDP_ADDRESS_SIZE], local_address[UDP_ADDRESS_SIZE];
    int local_port;
    bool tls;
    char *user, *password;              /* basic credentials, once asked for */
    struct certificate_subject subject; /* of a verified client certificate */
    /* the reply */
    struct http_headers reply_headers;
    int reply_status;
    char *reply_body; /* a whole reply: memory from malloc() */
    size_t reply_len;
    struct pipe *down;                   /* a reply that goes on */
    int64_t reply_length, reply_written; /* of it; -1: ends when it ends */
    bool replied, aborted, gone;
    bool started;           /* its task runs */
    bool too_large;         /* the body is: to be answered 413 */
    bool headers_too_large; /* to be answered 431 */
    size_t header_bytes;
    void (*on_gone)(void *arg);
    void *on_gone_arg;
    void *backend;
};
/* For the backends. A new exchange has one reference, the backend's; exchange_start() takes another for its task. */
struct http_exchange *exchange_new(struct http_server *server, const char *target);
void exchange_start(struct http_exchange *exchange);
void exchange_unref(struct http_exchange *exchange);
/* Adds a header of the request; past the limits drops it and sets `headers_too_large`. */
void exchange_add_header(struct http_exchange *exchange, const char *name, const char *value);
/* Answers what is too large. */
void exchange_refuse(struct http_exchange *exchange);
/* Adds to the buffered body; past the limit drops it and sets `too_large`. */
void exchange_add_body(struct http_exchange *exchange, const void *data, size_t len);
void exchange_peer_gone(struct http_exchange *exchange);

/* -- datagrams -- */
struct udp {
    struct net *net;
    struct rt_group_hook *hook;
    int port;
    bool closed;
    void *backend;
};

/* -- addresses to listen on: one address, or all, or a prefix -- */
struct net_prefix {
    unsigned char bytes[16];
    int bits; /* of the prefix; -1: any address */
    bool v6;
    bool single; /* no prefix was written: just this address */
};
struct error *net_prefix_parse(const char *text, struct net_prefix *ret) MUST_CHECK;
bool net_prefix_has(const struct net_prefix *prefix, const char *address);
bool net_prefix_overlap(const struct net_prefix *a, const struct net_prefix *b);

#endif
