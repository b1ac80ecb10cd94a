/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HTTP client. Connections are kept and reused per client. A call blocks the task. A non-2xx status is not an error here: look at the
 * response. Errors: TRANSIENT (refused, reset, name not found), TIMEOUT, DENIED (certificate verification failed), INVALID (bad URL),
 * CANCELLED. The text has method, URL without credentials, and the reason. Redirects are not followed, proxies of the environment not used.
 */
#ifndef LIB_NET_HTTP_CLIENT_H
#define LIB_NET_HTTP_CLIENT_H

#include "lib/net/http.h"
#include "lib/net/net.h"

struct http_client;

struct http_client_options {
    const char *ca_pem;          /* trusted CAs, PEM text; NULL: the system's */
    const char *ca_file;         /* the same from a file, read at each new connection; ca_pem wins; NULL: none */
    const char *client_cert_pem; /* client certificate and key, PEM text; NULL: none */
    const char *client_key_pem;
    bool insecure;     /* do not verify the server */
    bool insecure_san; /* verify the chain, not the name */
    const char *user_agent;
    int connections_max;     /* per host, 0: 8; further calls queue (streams that stay open do not count) */
    rt_time timeout;         /* of a buffered call that gives no deadline; 0: 60 s */
    rt_time connect_timeout; /* 0: 10 s */
};

/* All strings are copied. ERROR_INVALID for bad PEM text. */
struct error *http_client_new(struct net *net, const struct http_client_options *options, struct http_client **ret)
    MUST_CHECK;
void http_client_free(struct http_client *client); /* no call may be under way */
DEFINE_CLEANUP(struct http_client, http_client_free);

struct http_request {
    const char *method; /* NULL: GET */
    const char *url;    /* http:// or https:// */
    const struct http_header *headers;
    size_t header_count;
    const void *body; /* NULL: none */
    size_t body_len;
    const char *user, *password; /* basic auth; NULL: none */
    rt_time deadline;            /* absolute; 0: the client's timeout from now */
    size_t response_max;         /* of a buffered body; 0: HTTP_BODY_MAX; more is ERROR_INVALID */
};

struct http_response {
    int status;
    struct http_header *headers; /* names in lower case */
    size_t header_count;
    char *body; /* NUL-terminated besides its length; never NULL */
    size_t body_len;
};

/* One whole exchange. Free the response with http_response_free(). */
struct error *http_call(struct http_client *client, const struct http_request *request, struct http_response **ret)
    MUST_CHECK;
void http_response_free(struct http_response *response);
DEFINE_CLEANUP(struct http_response, http_response_free);
/* The first header of that name (any case); NULL when absent. Borrowed. */
const char *http_response_header(const struct http_response *response, const char *name);

/*
 * A deadline 0 is the client's timeout from now in all stream calls; a watch that may be silent for long reads with RT_FOREVER.
 *
 * A streaming exchange. http_stream_open() returns when status and headers are there (the request's body, when given whole, was sent); its deadline covers
 * just that. Then read until *ret_len is 0. Not more than a window of data is held in memory.
 */
struct http_stream;
struct error *http_stream_open(struct http_client *client, const struct http_request *request, struct http_stream **ret)
    MUST_CHECK;
/*
 * With a body that the caller writes: returns once connected or queued; write, finish, then http_stream_response(). `length` is the
 * content length, or -1 for chunked.
 */
struct error *http_stream_open_upload(struct http_client *client, const struct http_request *request, int64_t length,
                                      struct http_stream **ret) MUST_CHECK;
struct error *http_stream_write(struct http_stream *stream, const void *data, size_t len, rt_time deadline) MUST_CHECK;
struct error *http_stream_finish(struct http_stream *stream) MUST_CHECK;
/* Waits for status and headers; needed after an upload only. */
struct error *http_stream_response(struct http_stream *stream, rt_time deadline) MUST_CHECK;
int http_stream_status(const struct http_stream *stream);
const char *http_stream_header(const struct http_stream *stream, const char *name);
/* Fills up to `cap` bytes; waits for at least one; *ret_len 0 is the end of the body. A broken body is an error. */
struct error *http_stream_read(struct http_stream *stream, void *buf, size_t cap, rt_time deadline, size_t *ret_len)
    MUST_CHECK;
/* Ends it, early or not; NULL is fine. */
void http_stream_close(struct http_stream *stream);
DEFINE_CLEANUP(struct http_stream, http_stream_close);

/*
 * The parts of a URL of any scheme. User, password and host are percent-decoded; path and query are as written, because decoding before they
 * are taken apart would lose what was encoded. Port has the scheme's default ("x+https" has that of https), or 0. Free the parts with url_release().
 */
struct url {
    char *scheme, *user, *password, *host; /* user, password: NULL when absent; host without brackets */
    int port;
    char *path, *query; /* path at least "/"; query NULL when absent */
};
struct error *url_parse(const char *text, struct url *ret) MUST_CHECK;
void url_release(struct url *url);
#define CLEANUP_URL __attribute__((cleanup(url_release)))
/* A URL for logs and errors: without user, password and query, where secrets are. Not checked otherwise; free with free(). */
char *url_shown(const char *text) __attribute__((returns_nonnull));

#endif
