/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP client on sockets: libcurl's multi interface, driven by the loop's descriptors and timers. Connections are kept in one cache
 * per net, in which libcurl tells apart TLS settings; TLS sessions are kept per client. libcurl's callbacks run outside of tasks and only
 * fill or empty pipes.
 */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "lib/data/str.h"
#include "lib/net/certificate.h"
#include "lib/net/sockets.h"

#define HANDLES_KEPT 16        /* idle easy handles of a client */
#define CONNECTIONS_KEPT 2048L /* idle connections of a net */
#define RECEIVE_BUFFER                                                                                                 \
    32768L /* what one read of libcurl takes; below the size that malloc() maps and unmaps each time (lib/main.c) */

struct curl_client {
    CURLSH *share;
    VEC(CURL *) handles;
};

struct curl_stream {
    struct http_stream *stream;
    CURL *easy;
    struct curl_slist *headers;
    char *url;
    bool added, receive_paused, send_paused;
    struct error *failure; /* found in a callback */
    char reason[CURL_ERROR_SIZE];
};

static struct socket_net *net_of(struct http_client *client)
{
    return CONTAINER_OF(client->net, struct socket_net, base);
}

/* -- the multi handle on the loop -- */
static struct error *failure_of(struct curl_stream *curl, CURLcode code);

static void finish_transfers(struct socket_net *net)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(net->multi, &left))) {
        struct curl_stream *curl;
        CURLcode code = message->data.result;
        if (message->msg != CURLMSG_DONE)
            continue;
        curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, (char **)&curl);
        struct error *failure = code == CURLE_OK ? NULL : failure_of(curl, code);
        curl_multi_remove_handle(net->multi, curl->easy);
        curl->added = false;
        if (!failure)
            stream_answered(curl->stream, 0);
        stream_ended(curl->stream, failure);
    }
}

struct curl_watch {
    struct socket_net *net;
    curl_socket_t fd;
    struct rt_watch *watch;
};

static void on_socket_event(void *arg, uint32_t revents)
{
    struct curl_watch *watch = arg;
    struct socket_net *net = watch->net;
    int running, events = (revents & (EPOLLIN | EPOLLHUP | EPOLLRDHUP) ? CURL_CSELECT_IN : 0) |
                          (revents & EPOLLOUT ? CURL_CSELECT_OUT : 0) | (revents & EPOLLERR ? CURL_CSELECT_ERR : 0);

    curl_multi_socket_action(net->multi, watch->fd, events, &running);
    finish_transfers(net);
}

static int on_socket_change(CURL *easy, curl_socket_t fd, int what, void *arg, void *assigned)
{
    struct socket_net *net = arg;
    struct curl_watch *watch = assigned;
    uint32_t events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);

    if (what == CURL_POLL_REMOVE) {
        if (watch)
            rt_watch_free(watch->watch);
        free(watch);
        curl_multi_assign(net->multi, fd, NULL);
        return 0;
    }
    if (watch) {
        rt_watch_modify(watch->watch, events);
        return 0;
    }
    watch = mem_alloc(sizeof(*watch));
    watch->net = net;
    watch->fd = fd;
    struct error *err = rt_watch_new(net->base.rt, fd, events, on_socket_event, watch, &watch->watch);
    if (err) { /* no memory in the kernel: the transfer runs into its deadline */
        error_free(err);
        free(watch);
        return -1;
    }
    curl_multi_assign(net->multi, fd, watch);
    return 0;
}

static void on_timer(void *arg)
{
    struct socket_net *net = arg;
    int running;

    curl_multi_socket_action(net->multi, CURL_SOCKET_TIMEOUT, 0, &running);
    finish_transfers(net);
}

static int on_timer_change(CURLM *multi, long ms, void *arg)
{
    struct socket_net *net = arg;

    rt_timer_set(net->multi_timer, ms < 0 ? RT_FOREVER : rt_after(net->base.rt, ms * RT_MS));
    return 0;
}

static void make_multi(struct socket_net *net)
{
    if (net->multi)
        return;
    curl_global_init(CURL_GLOBAL_DEFAULT);
    net->multi_timer = rt_timer_new(net->base.rt, on_timer, net);
    net->multi = curl_multi_init();
    curl_multi_setopt(net->multi, CURLMOPT_SOCKETFUNCTION, on_socket_change);
    curl_multi_setopt(net->multi, CURLMOPT_SOCKETDATA, net);
    curl_multi_setopt(net->multi, CURLMOPT_TIMERFUNCTION, on_timer_change);
    curl_multi_setopt(net->multi, CURLMOPT_TIMERDATA, net);
    curl_multi_setopt(net->multi, CURLMOPT_MAXCONNECTS, CONNECTIONS_KEPT);
    curl_multi_setopt(net->multi, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
}

void curl_net_release(struct socket_net *net)
{
    if (!net->multi)
        return;
    curl_multi_cleanup(net->multi);
    rt_timer_free(net->multi_timer);
    curl_global_cleanup();
}

/* -- clients -- */
struct error *curl_client_new(struct http_client *client)
{
    const struct http_client_options *options = &client->options;
    struct curl_client *curl = mem_alloc(sizeof(*curl));

    make_multi(net_of(client));
    client->backend = curl;
    curl->share = curl_share_init();
    curl_share_setopt(curl->share, CURLSHOPT_SHARE, CURL_LOCK_DATA_SSL_SESSION);
    if (options->ca_pem)
        TRY_WRAP(certificate_check_ca(options->ca_pem), "the CA certificate");
    if (!options->client_cert_pem != !options->client_key_pem)
        return error_new(ERROR_INVALID, "a client certificate needs its key, and a key its certificate");
    if (options->client_cert_pem)
        TRY_WRAP(certificate_check_pair(options->client_cert_pem, options->client_key_pem), "the client certificate");
    return NULL;
}

void curl_client_free(struct http_client *client)
{
    struct curl_client *curl = client->backend;

    VEC_FOREACH (handle, &curl->handles)
        curl_easy_cleanup(*handle);
    VEC_RELEASE(&curl->handles);
    curl_share_cleanup(curl->share);
    free(curl);
}

/* -- callbacks of one transfer -- */
static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
    struct curl_stream *curl = arg;
    struct pipe *down = curl->stream->down;
    size_t len = size * count;

    stream_answered(curl->stream, 0);
    /* libcurl hands over at most RECEIVE_BUFFER at once, and wants all of it taken. */
    if (pipe_room(down) < len) {
        curl->receive_paused = true;
        return CURL_WRITEFUNC_PAUSE;
    }
    pipe_push(down, data, len);
    return len;
}

static size_t on_read(char *buf, size_t size, size_t count, void *arg)
{
    struct curl_stream *curl = arg;
    struct pipe *up = curl->stream->up;
    size_t n = pipe_pull(up, buf, size * count);

    if (n)
        return n;
    if (pipe_broken(up))
        return CURL_READFUNC_ABORT;
    if (pipe_ended(up))
        return 0;
    curl->send_paused = true;
    return CURL_READFUNC_PAUSE;
}

static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
    struct curl_stream *curl = arg;
    struct http_stream *stream = curl->stream;
    size_t len = size * count, name_len, start, end = len;

    if (stream->answered)
        return len; /* trailers */
    while (end && isspace((unsigned char)data[end - 1]))
        end--;
    if (len > 5 && memcmp(data, "HTTP/", 5) == 0) {
        long status = 0;
        curl_easy_getinfo(curl->easy, CURLINFO_RESPONSE_CODE, &status);
        stream->status = (int)status;
        http_headers_release(&stream->answer);
        stream->answer_bytes = 0;
        return len;
    }
    if (!end) { /* the empty line; of an interim answer (1xx) another follows */
        if (stream->status >= 200)
            stream_answered(stream, 0);
        return len;
    }
    const char *colon = memchr(data, ':', end);
    if (!colon)
        return len;
    name_len = (size_t)(colon - data);
    for (start = name_len + 1; start < end && isspace((unsigned char)data[start]);)
        start++;
    curl->failure = stream_answer_header(stream, data, name_len, data + start, end - start);
    return curl->failure ? 0 : len;
}

static void resume(struct curl_stream *curl)
{
    if (curl->added)
        curl_easy_pause(curl->easy,
                        (curl->receive_paused ? CURLPAUSE_RECV : 0) | (curl->send_paused ? CURLPAUSE_SEND : 0));
}

/* The reader has made room: for at least what libcurl holds back. */
static void on_space(void *arg)
{
    struct curl_stream *curl = arg;

    if (!curl->receive_paused || pipe_room(curl->stream->down) < PIPE_WINDOW / 2)
        return;
    curl->receive_paused = false;
    resume(curl);
}

static void on_data(void *arg)
{
    struct curl_stream *curl = arg;

    if (!curl->send_paused)
        return;
    curl->send_paused = false;
    resume(curl);
}

/* -- errors -- */
static struct error *connect_error(struct curl_stream *curl)
{
    const struct url *url = &curl->stream->url;
    long number = 0;

    curl_easy_getinfo(curl->easy, CURLINFO_OS_ERRNO, &number);
    if (number == ECONNREFUSED)
        return net_error_refused(url->host, url->port);
    if (number == ECONNRESET)
        return net_error_reset();
    return error_new(ERROR_TRANSIENT, "cannot connect to %s port %d: %s", url->host, url->port,
                     number ? strerror((int)number) : curl->reason);
}

static struct error *certificate_error(struct curl_stream *curl)
{
    const char *colon = strstr(curl->reason, "problem: ");

    if (strstr(curl->reason, "subject name"))
        return net_error_wrong_name(curl->stream->url.host);
    return net_error_untrusted(colon ? colon + strlen("problem: ") : curl->reason);
}

static struct error *connect_timeout(struct curl_stream *curl)
{
    char text[TIME_TEXT_SIZE];

    return error_new(ERROR_TIMEOUT, "no connection after %s",
                     time_format_duration(curl->stream->client->options.connect_timeout, text));
}

static struct error *failure_of(struct curl_stream *curl, CURLcode code)
{
    const char *reason = curl->reason[0] ? curl->reason : curl_easy_strerror(code);

    if (curl->failure)
        return TAKE_PTR(curl->failure);
    switch (code) {
    case CURLE_COULDNT_CONNECT:
        return connect_error(curl);
    case CURLE_COULDNT_RESOLVE_HOST:
        return net_error_unresolved(curl->stream->url.host);
    case CURLE_OPERATION_TIMEDOUT: /* only connecting has a timeout of libcurl's */
        return connect_timeout(curl);
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
        return certificate_error(curl);
    case CURLE_SSL_CACERT_BADFILE:
        return error_new(ERROR_DENIED, "cannot read CA certificates from %s: %s",
                         curl->stream->client->options.ca_pem
                             ? "the text given"
                             : str_or(curl->stream->client->options.ca_file, "the system's store"),
                         reason);
    case CURLE_SSL_CERTPROBLEM:
        return error_new(ERROR_DENIED, "the client certificate cannot be used: %s", reason);
    case CURLE_SSL_CONNECT_ERROR:
        if (strstr(reason, "wrong version number"))
            return net_error_not_tls();
        return error_new(ERROR_TRANSIENT, "TLS handshake failed: %s", reason);
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
        if (strstr(reason, "certificate required") || strstr(reason, "bad certificate"))
            return error_new(ERROR_DENIED, "the server did not accept our client certificate: %s", reason);
        if (strstr(reason, "reset by peer"))
            return net_error_reset();
        return error_new(ERROR_TRANSIENT, "the connection broke: %s", reason);
    case CURLE_GOT_NOTHING:
        return error_new(ERROR_TRANSIENT, "the server closed the connection without an answer");
    case CURLE_PARTIAL_FILE:
        return error_new(ERROR_TRANSIENT, "the connection was closed in the middle of the answer");
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_WEIRD_SERVER_REPLY:
        return error_new(ERROR_TRANSIENT, "the server does not answer in HTTP: %s", reason);
    default:
        return error_new(ERROR_TRANSIENT, "%s", reason);
    }
}

/* -- one transfer -- */
static CURL *take_handle(struct curl_client *client)
{
    CURL *easy = client->handles.len ? client->handles.items[--client->handles.len] : curl_easy_init();

    curl_easy_setopt(easy, CURLOPT_SHARE, client->share);
    return easy;
}

static void set_tls(CURL *easy, const struct http_client_options *options)
{
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, options->insecure ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, options->insecure || options->insecure_san ? 0L : 2L);
    curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (options->ca_pem) {
        struct curl_blob blob = {.data = (void *)options->ca_pem, .len = strlen(options->ca_pem)};
        curl_easy_setopt(easy, CURLOPT_CAINFO_BLOB, &blob);
    } else if (options->ca_file) {
        curl_easy_setopt(easy, CURLOPT_CAINFO, options->ca_file);
        curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
        curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L); /* it may be replaced any time */
    }
    if (options->client_cert_pem) {
        struct curl_blob cert = {.data = (void *)options->client_cert_pem, .len = strlen(options->client_cert_pem)};
        struct curl_blob key = {.data = (void *)options->client_key_pem, .len = strlen(options->client_key_pem)};
        curl_easy_setopt(easy, CURLOPT_SSLCERTTYPE, "PEM");
        curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &cert);
        curl_easy_setopt(easy, CURLOPT_SSLKEYTYPE, "PEM");
        curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key);
    }
}

static void set_method(struct curl_stream *curl)
{
    struct http_stream *stream = curl->stream;
    const char *method = stream->method;
    CURL *easy = curl->easy;
    bool has_body = stream->body || str_equal(method, "POST") || str_equal(method, "PUT") || str_equal(method, "PATCH");

    if (stream->up) {
        curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)stream->upload_length);
        curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
        curl_easy_setopt(easy, CURLOPT_READDATA, curl);
        curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, RECEIVE_BUFFER);
    } else if (str_equal(method, "HEAD")) {
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
        return;
    } else if (has_body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)stream->body_len);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, stream->body ? stream->body : "");
    } else {
        curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
}

static void set_headers(struct curl_stream *curl)
{
    struct http_stream *stream = curl->stream;

    curl->headers = curl_slist_append(NULL, "Expect:");
    if (!http_headers_get(stream->headers.items, stream->headers.len, "content-type"))
        curl->headers = curl_slist_append(curl->headers, "Content-Type:"); /* not that of a form */
    VEC_FOREACH (header, &stream->headers) {
        CLEANUP_SECRET char *line =
            *header->value ? mem_printf("%s: %s", header->name, header->value) : mem_printf("%s;", header->name);
        curl->headers = curl_slist_append(curl->headers, line);
    }
    curl_easy_setopt(curl->easy, CURLOPT_HTTPHEADER, curl->headers);
}

static void set_common(struct curl_stream *curl)
{
    const struct http_client_options *options = &curl->stream->client->options;
    CURL *easy = curl->easy;

    curl_easy_setopt(easy, CURLOPT_URL, curl->stream->url_text);
    curl_easy_setopt(easy, CURLOPT_PRIVATE, curl);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, curl->reason);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*"); /* the environment's proxies are for people's browsers */
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)(options->connect_timeout / RT_MS));
    curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, curl);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, curl);
}

struct error *curl_stream_start(struct http_stream *stream, rt_time deadline)
{
    struct http_client *client = stream->client;
    struct curl_stream *curl = mem_alloc(sizeof(*curl));

    if (rt_group_cancelled(rt_current_group(client->net->rt))) {
        free(curl);
        return error_new(ERROR_CANCELLED, "the program is being stopped");
    }
    stream->backend = curl;
    curl->stream = stream;
    curl->easy = take_handle(client->backend);
    set_common(curl);
    set_method(curl);
    set_headers(curl);
    if (str_equal(stream->url.scheme, "https"))
        set_tls(curl->easy, &client->options);
    pipe_hook(stream->down, &(struct pipe_hooks){.on_space = on_space, .arg = curl});
    if (stream->up)
        pipe_hook(stream->up, &(struct pipe_hooks){.on_data = on_data, .arg = curl});
    CURLMcode code = curl_multi_add_handle(net_of(client)->multi, curl->easy);
    if (code != CURLM_OK)
        return error_new(ERROR_INTERNAL, "libcurl: %s", curl_multi_strerror(code));
    curl->added = true;
    return NULL;
}

bool curl_stream_connected(struct http_stream *stream)
{
    struct curl_stream *curl = stream->backend;
    curl_off_t when = 0;

    curl_easy_getinfo(curl->easy, CURLINFO_PRETRANSFER_TIME_T, &when);
    return when > 0;
}

void curl_stream_stop(struct http_stream *stream)
{
    struct curl_stream *curl = stream->backend;
    struct curl_client *client = stream->client->backend;

    pipe_unhook(stream->down);
    if (stream->up)
        pipe_unhook(stream->up);
    if (curl->added)
        curl_multi_remove_handle(net_of(stream->client)->multi, curl->easy);
    curl_easy_reset(curl->easy);
    if (client->handles.len < HANDLES_KEPT)
        VEC_PUSH(&client->handles, curl->easy);
    else
        curl_easy_cleanup(curl->easy);
    curl_slist_free_all(curl->headers);
    error_free(curl->failure);
    stream->backend = NULL;
    free(curl);
}
