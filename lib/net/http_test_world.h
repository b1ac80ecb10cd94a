/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of HTTP share: a server that answers by path, a client, and one test run over sockets or the simulated
 * network. */
#ifndef LIB_NET_HTTP_TEST_WORLD_H
#define LIB_NET_HTTP_TEST_WORLD_H

#include "lib/test.h"

#include "lib/data/str.h"
#include "lib/net/http_client.h"
#include "lib/net/http_server.h"
#include "lib/net/pki.h"

enum kind { SIM, SOCKETS, SOCKETS_TLS };

struct chain {
    struct pki_pair ca, server, client, other;
};

struct world {
    bool sim, tls; /* tls: what is served and asked for in plain HTTP is TLS */
    struct chain chain;
    struct rt *rt;
    struct rt_group *group; /* of the servers */
    struct net_sim *network;
    struct net *near, *far; /* client's and server's place; the same over sockets */
    const char *host;       /* of the server, in URLs */
    struct http_server *server;
    struct http_client *client;
    struct rt_cond changed;
    int handled, ended, gone;
    bool hold, saw_gone;
    char seen[256];
    size_t bytes, most;
    void (*test)(struct world *w);
};

static inline const char *url(struct world *w, const char *scheme, const char *path)
{
    static char text[8][512];
    static int next;
    char *to = text[next++ % 8];

    snprintf(to, 512, "%s://%s:%d%s", w->tls ? "https" : scheme, w->host, http_server_port(w->server), path);
    return to;
}

static inline void note_gone(void *arg)
{
    struct world *w = arg;

    w->gone++;
    rt_cond_broadcast(w->rt, &w->changed);
}

/* -- what the server does: by path -- */
static inline void each_query(void *arg, const char *name, const char *value)
{
    strbuf_addf(arg, "[%s=%s]", name, value);
}

static inline void reply_echo(struct http_exchange *exchange)
{
    CLEANUP_STRBUF struct strbuf out = STRBUF_INIT;
    const char *user, *password;

    strbuf_addf(&out, "%s %s|%s|%s|", http_method(exchange), http_path(exchange), http_raw_path(exchange),
                http_query_string(exchange));
    http_each_query(exchange, each_query, &out);
    strbuf_addf(&out, "|x=%s|%s|%s", str_or(http_header(exchange, "X-TEST"), "-"),
                str_or(http_header(exchange, "content-type"), "-"), http_is_tls(exchange) ? "tls" : "plain");
    if (http_basic_auth(exchange, &user, &password))
        strbuf_addf(&out, "|%s/%s", user, password);
    if (http_client_common_name(exchange)) {
        strbuf_addf(&out, "|cn=%s", http_client_common_name(exchange));
        for (const char *const *o = http_client_organizations(exchange); *o; o++)
            strbuf_addf(&out, " o=%s", *o);
    }
    strbuf_addf(&out, "|%zu:%.20s", http_body_len(exchange), http_body(exchange));
    http_reply_header(exchange, "X-Answer", "first");
    http_reply_header(exchange, "X-Answer", "second");
    http_reply_str(exchange, 200, "text/plain", strbuf_str(&out));
}

/* Writes the 64 KB block `count` times. */
static inline void reply_blocks(struct world *w, struct http_exchange *exchange, int count, int64_t length)
{
    char *block = mem_alloc(65536);
    struct error *err = http_reply_begin(exchange, 200, "application/octet-stream", length);

    for (int i = 0; i < count && !err; i++) {
        memset(block, 'a' + i % 26, 65536);
        err = http_reply_write(exchange, block, 65536);
        w->bytes += err ? 0 : 65536;
    }
    if (err)
        snprintf(w->seen, sizeof(w->seen), "%s", error_message(err));
    error_free(err);
    free(block);
}

/* Events until the peer goes. */
static inline void reply_watch(struct world *w, struct http_exchange *exchange)
{
    struct error *err = http_reply_begin(exchange, 200, "application/json", -1);
    int sent = 0;

    http_on_peer_gone(exchange, note_gone, w);
    while (!err && !http_peer_gone(exchange)) {
        if (sent < w->handled) {
            err = http_reply_write(exchange, "event\n", 6);
            sent++;
            continue;
        }
        err = rt_cond_wait(w->rt, &w->changed, RT_FOREVER);
    }
    w->saw_gone = http_peer_gone(exchange);
    error_free(err);
}

static inline void reply_upload(struct world *w, struct http_exchange *exchange)
{
    char buf[10000];
    size_t n = 1, total = 0, wrong = 0;
    struct error *err = NULL;

    while (!err && n) {
        err = http_read_body(exchange, buf, sizeof(buf), RT_FOREVER, &n);
        for (size_t i = 0; !err && i < n; i++)
            wrong += buf[i] != (char)('a' + (total + i) / 65536 % 26);
        total += err ? 0 : n;
        w->bytes = total;
    }
    char *text = err ? mem_strdup(error_message(err)) : mem_printf("%zu bytes, %zu wrong", total, wrong);
    snprintf(w->seen, sizeof(w->seen), "%s", text);
    error_free(err);
    http_reply_str(exchange, 200, "text/plain", text);
    free(text);
}

static inline void handle(struct http_exchange *exchange, void *arg)
{
    struct world *w = arg;
    const char *path = http_path(exchange);

    w->handled++;
    if (str_equal(path, "/slow") || str_equal(path, "/hold")) {
        while (str_equal(path, "/slow") || w->hold) {
            struct error *err = rt_cond_wait(w->rt, &w->changed, RT_FOREVER);
            if (err) {
                w->ended++;
                error_free(err);
                return;
            }
        }
        http_reply_str(exchange, 200, NULL, "held");
    } else if (str_equal(path, "/big")) {
        reply_blocks(w, exchange, 1024, -1);
    } else if (str_equal(path, "/sized")) {
        reply_blocks(w, exchange, 16, 16 * 65536);
    } else if (str_equal(path, "/short")) {
        reply_blocks(w, exchange, 8, 16 * 65536);
    } else if (str_equal(path, "/watch")) {
        reply_watch(w, exchange);
    } else if (str_equal(path, "/upload")) {
        reply_upload(w, exchange);
    } else if (str_equal(path, "/abort")) {
        http_abort(exchange);
    } else if (str_equal(path, "/announced")) {
        assert_ok(http_reply_begin(exchange, 200, "text/plain", 1000000));
    } else if (str_equal(path, "/empty")) {
        http_reply(exchange, 204, NULL, NULL, 0);
    } else if (!str_equal(path, "/silent")) {
        reply_echo(exchange);
    }
    w->ended++;
}

static inline void serve(struct world *w, struct http_server_options options)
{
    options.handle = handle;
    options.arg = w;
    if (w->tls) {
        options.cert_pem = w->chain.server.cert_pem;
        options.key_pem = w->chain.server.key_pem;
    }
    options.address = options.address ? options.address : w->sim ? NULL : "127.0.0.1";
    assert_ok(http_server_start(w->far, w->group, &options, &w->server));
}

static inline void client(struct world *w, struct http_client_options options)
{
    http_client_free(w->client);
    w->client = NULL;
    if (w->tls)
        options.ca_pem = w->chain.ca.cert_pem;
    assert_ok(http_client_new(w->near, &options, &w->client));
}

static inline void plain(struct world *w)
{
    serve(w, (struct http_server_options){0});
    client(w, (struct http_client_options){0});
}

static inline struct error *get(struct world *w, const char *target, struct http_response **ret)
{
    return http_call(w->client, &(struct http_request){.url = target}, ret);
}

#define assert_answer(w, target, wanted_status, wanted_body)                                                           \
    do {                                                                                                               \
        CLEANUP(http_response_free) struct http_response *got = NULL;                                                  \
        assert_ok(get(w, target, &got));                                                                               \
        assert_int_equal(got->status, wanted_status);                                                                  \
        assert_string_equal(got->body, wanted_body);                                                                   \
    } while (0)

/* -- TLS -- */
static inline void make_chain(struct world *w, struct chain *chain)
{
    int64_t start = rt_wall(w->rt) - 3600 * TIME_S;
    const char *names[] = {w->host, "127.0.0.1", NULL}, *elsewhere[] = {"elsewhere.example", NULL};
    const char *organizations[] = {"system:masters", "second, with comma", NULL};

    assert_ok(pki_issue(w->rt, &(struct pki_request){.common_name = "ca", .ca = true, .not_before = start, .days = 10},
                        NULL, &chain->ca));
    assert_ok(
        pki_issue(w->rt,
                  &(struct pki_request){
                      .common_name = "server", .alt_names = names, .server = true, .not_before = start, .days = 10},
                  &chain->ca, &chain->server));
    assert_ok(
        pki_issue(w->rt,
                  &(struct pki_request){
                      .common_name = "other", .alt_names = elsewhere, .server = true, .not_before = start, .days = 10},
                  &chain->ca, &chain->other));
    assert_ok(pki_issue(w->rt,
                        &(struct pki_request){.common_name = "kubernetes-admin",
                                              .organizations = organizations,
                                              .client = true,
                                              .not_before = start,
                                              .days = 10},
                        &chain->ca, &chain->client));
}

static inline void release_chain(struct chain *chain)
{
    pki_pair_release(&chain->ca);
    pki_pair_release(&chain->server);
    pki_pair_release(&chain->client);
    pki_pair_release(&chain->other);
}

static inline void serve_tls(struct world *w, const struct pki_pair *pair, const char *client_ca)
{
    http_server_free(w->server);
    w->server = NULL;
    serve(w, (struct http_server_options){
                 .cert_pem = pair->cert_pem, .key_pem = pair->key_pem, .client_ca_pem = client_ca});
}

/* -- other programs -- */
/* What a shell command printed. */
struct shell {
    const char *command;
    char out[4096];
    int status;
};

static inline void run_shell(void *arg)
{
    struct shell *shell = arg;
    FILE *pipe = popen(shell->command, "r");
    size_t len = pipe ? fread(shell->out, 1, sizeof(shell->out) - 1, pipe) : 0;

    shell->out[len] = '\0';
    shell->status = pipe ? pclose(pipe) : -1;
}

static inline void assert_shell(struct world *w, const char *command, const char *wanted)
{
    struct shell shell = {.command = command};

    rt_offload(w->rt, run_shell, &shell);
    if (shell.status || !strstr(shell.out, wanted))
        fail_msg("%s: status %d, output: %s", command, shell.status, shell.out);
}

/* -- the table -- */
static inline void body(void *arg)
{
    struct world *w = arg;

    w->group = rt_group_new(w->rt, NULL, "server");
    if (w->tls)
        make_chain(w, &w->chain);
    w->test(w);
    release_chain(&w->chain);
    http_client_free(w->client);
    http_server_free(w->server);
    rt_group_stop(w->group);
    rt_group_free(w->group);
}

static inline void run(void (*test)(struct world *w), enum kind kind)
{
    struct world w = {.sim = kind == SIM, .tls = kind == SOCKETS_TLS, .test = test};

    if (w.sim) {
        w.rt = rt_new_sim(7, TEST_WALL);
        w.network = net_sim_new(w.rt, NULL);
        w.near = net_sim_host(w.network, "near", "10.0.0.1");
        w.far = net_sim_host(w.network, "far.example", "10.0.0.2");
        w.host = "far.example";
    } else {
        assert_ok(rt_new_real(0, &w.rt));
        w.near = w.far = net_new(w.rt);
        w.host = "127.0.0.1";
    }
    assert_ok(rt_run(w.rt, body, &w));
    net_free(w.near);
    if (w.sim) {
        net_free(w.far);
        net_sim_free(w.network);
    }
    rt_free(w.rt);
}

/* A file lists its tests in macros that take X, instantiates them with IN_… and puts them into main's table with …_ROW. */
#define IN_SIM(name)                                                                                                   \
    static void name##_sim(void **state)                                                                               \
    {                                                                                                                  \
        run(name, SIM);                                                                                                \
    }
#define IN_SOCKETS(name)                                                                                               \
    static void name##_sockets(void **state)                                                                           \
    {                                                                                                                  \
        run(name, SOCKETS);                                                                                            \
    }
#define IN_TLS(name)                                                                                                   \
    static void name##_tls(void **state)                                                                               \
    {                                                                                                                  \
        run(name, SOCKETS_TLS);                                                                                        \
    }
#define SIM_ROW(name) cmocka_unit_test(name##_sim),
#define SOCKETS_ROW(name) cmocka_unit_test(name##_sockets),
#define TLS_ROW(name) cmocka_unit_test(name##_tls),

#endif
