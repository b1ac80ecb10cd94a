/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP server. Each request runs its handler in a task of its own in the program's group. A handler replies in one go, or begins a reply and writes to it
 * for as long as it likes (a watch). A handler that returns without a reply gives 500.
 */
#ifndef LIB_NET_HTTP_SERVER_H
#define LIB_NET_HTTP_SERVER_H

#include "lib/data/json.h"
#include "lib/data/str.h"
#include "lib/net/http.h"
#include "lib/net/net.h"

struct http_server;
struct http_exchange;

struct http_server_options {
    const char *
        address; /* to listen on; NULL: "127.0.0.1"; a prefix "127.1.0.0/16" listens on the wildcard and drops what is not in it */
    int port;                       /* 0: any free one, see http_server_port() */
    const char *cert_pem, *key_pem; /* TLS when given */
    const char *client_ca_pem;      /* ask for client certificates and verify those that come; NULL: do not ask */
    size_t body_max;                /* of a request; 0: 1 MiB; more is answered 413 before the handler runs */
    int connections_max;            /* 0: 4096 */
    rt_time idle_timeout;           /* of a connection without a request; 0: 120 s */
    size_t stack_size;              /* of a handler's task; 0: RT_STACK_DEFAULT */
    bool
        stream_bodies; /* handlers read bodies with http_read_body(); otherwise bodies are complete when the handler starts */
    void (*handle)(struct http_exchange *exchange, void *arg);
    void *arg;
};

/* Listens when it returns. A port in use is ERROR_CONFLICT that names address and port. Handlers run in `group`. */
struct error *http_server_start(struct net *net, struct rt_group *group, const struct http_server_options *options,
                                struct http_server **ret) MUST_CHECK;
int http_server_port(const struct http_server *server);
/* Closes the listener and every connection; waits for no one: handlers under way get errors from their writes. Also done at once when the group is cancelled. */
void http_server_stop(struct http_server *server);
void http_server_free(struct http_server *server); /* stops it; handlers must have ended (rt_group_wait) */
DEFINE_CLEANUP(struct http_server, http_server_free);

/* -- the request; everything is borrowed and lives as long as the exchange -- */
const char *http_method(const struct http_exchange *exchange);
const char *http_path(const struct http_exchange *exchange);     /* percent-decoded */
const char *http_raw_path(const struct http_exchange *exchange); /* as sent, without query */
const char *http_query(const struct http_exchange *exchange,
                       const char *name);                            /* first value, decoded; NULL when absent */
const char *http_query_string(const struct http_exchange *exchange); /* all of it, undecoded; "" when absent */
/* Calls `fn` for each query parameter in order. */
void http_each_query(const struct http_exchange *exchange, void (*fn)(void *arg, const char *name, const char *value),
                     void *arg);
const char *http_header(const struct http_exchange *exchange, const char *name); /* any case; NULL when absent */
const char *http_body(const struct http_exchange *exchange); /* NUL-terminated besides; never NULL */
size_t http_body_len(const struct http_exchange *exchange);
/* With stream_bodies: as http_stream_read(). */
struct error *http_read_body(struct http_exchange *exchange, void *buf, size_t cap, rt_time deadline, size_t *ret_len)
    MUST_CHECK;
const char *http_peer_address(const struct http_exchange *exchange);  /* without port */
const char *http_local_address(const struct http_exchange *exchange); /* that the client connected to, without port */
int http_local_port(const struct http_exchange *exchange);
bool http_is_tls(const struct http_exchange *exchange);
/* Basic credentials; false when there are none or they are malformed. Borrowed. */
bool http_basic_auth(const struct http_exchange *exchange, const char **ret_user, const char **ret_password);
/* Subject of the verified client certificate: common name and NULL-terminated organisations; NULL without one. Borrowed. */
const char *http_client_common_name(const struct http_exchange *exchange);
const char *const *http_client_organizations(const struct http_exchange *exchange);

/* -- the reply -- */
void http_reply_header(struct http_exchange *exchange, const char *name,
                       const char *value); /* before the reply; may repeat */
/* The whole reply, which is copied. `content_type` NULL: none. A second reply is ignored. */
void http_reply(struct http_exchange *exchange, int status, const char *content_type, const void *body, size_t len);
void http_reply_str(struct http_exchange *exchange, int status, const char *content_type, const char *body);
void http_reply_json(struct http_exchange *exchange, int status, const struct json *json); /* application/json */
/* Streams a reply: chunked when `length` is -1. Writes wait when the peer reads slowly (at most a window is held). */
struct error *http_reply_begin(struct http_exchange *exchange, int status, const char *content_type, int64_t length)
    MUST_CHECK;
/* ERROR_TRANSIENT when the peer is gone. */
struct error *http_reply_write(struct http_exchange *exchange, const void *data, size_t len) MUST_CHECK;
/* True when the peer has closed the connection. */
bool http_peer_gone(const struct http_exchange *exchange);
/*
 * Calls `fn(arg)` once, outside of any task, when the peer closes the connection: let it wake the handler, which waits for something else
 * (a watch waits for events). Never after the handler has returned; fn NULL takes it back.
 */
void http_on_peer_gone(struct http_exchange *exchange, void (*fn)(void *arg), void *arg);
/* Breaks the connection without a (further) reply: for faults. */
void http_abort(struct http_exchange *exchange);
bool http_replied(const struct http_exchange *exchange);

#endif
