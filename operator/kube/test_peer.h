/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests of this folder: a simulated world with one program and a scripted API server. The script says which requests must come, in order, and what
 * is answered; anything else fails the test. A test that needs a server with a memory gives a handler instead.
 */
#ifndef OPERATOR_KUBE_TEST_PEER_H
#define OPERATOR_KUBE_TEST_PEER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "lib/data/map.h"
#include "lib/data/str.h"
#include "lib/data/vec.h"
#include "lib/log/log.h"
#include "lib/log/metrics.h"
#include "lib/net/http_server.h"
#include "operator/kube/client.h"
#include "operator/kube/object.h"

#define PEER_PORT 6443

/* A request that must come next, and its answer. The list ends with {0}. */
struct peer_step {
    const char *request; /* "METHOD /path?query", as sent; a '*' at its end stands for the rest */
    int status;
    const char *body;
    const char *retry_after;   /* header; NULL: none */
    const char *const *events; /* instead of a body: the lines of a watch, NULL-terminated */
    rt_time hold;              /* how long the watch stays open after them */
    bool reset;                /* break the connection (after the events) */
};

struct peer_call {
    rt_time at;
    char *request, *body, *content_type, *authorization;
};

struct world {
    struct rt *rt;
    struct net_sim *sim;
    struct net *server_net, *client_net;
    struct log *log;
    struct metrics *metrics;
    struct rt_group *server_group;
    struct env env; /* of the program */
    struct http_server *server;
    struct kube_client *client;
    const struct peer_step *steps;
    size_t next; /* step */
    void (*handle)(struct world *world, struct http_exchange *exchange);
    void *arg; /* of the test */
    VEC(struct peer_call) calls;
    struct strbuf complaints;
    void (*body)(struct world *world);
};

static inline void peer_stream(struct world *world, struct http_exchange *exchange, const struct peer_step *step)
{
    struct error *err = http_reply_begin(exchange, 200, "application/json", -1);
    for (const char *const *event = step->events; *event && !err; event++) {
        CLEANUP_FREE char *line = mem_printf("%s\n", *event);
        err = http_reply_write(exchange, line, strlen(line));
    }
    if (!err && step->hold)
        err = rt_sleep(world->rt, step->hold);
    if (!err && step->reset)
        http_abort(exchange);
    error_free(err);
}

static inline bool peer_expects(const struct peer_step *step, const char *request)
{
    size_t len = step->request ? strlen(step->request) : 0;
    if (len > 0 && step->request[len - 1] == '*')
        return strncmp(step->request, request, len - 1) == 0;
    return str_equal(step->request, request);
}

static inline void peer_play(struct world *world, struct http_exchange *exchange, const char *request)
{
    const struct peer_step *step = &world->steps[world->next];
    if (!peer_expects(step, request)) {
        strbuf_addf(&world->complaints, "expected %s, got %s\n", str_or(step->request, "nothing more"), request);
        http_reply_str(exchange, 500, "text/plain", "unexpected");
        return;
    }
    world->next++;
    if (step->retry_after)
        http_reply_header(exchange, "Retry-After", step->retry_after);
    if (step->events)
        peer_stream(world, exchange, step);
    else if (step->reset)
        http_abort(exchange);
    else
        http_reply_str(exchange, step->status, "application/json", step->body);
}

static inline void peer_handle(struct http_exchange *exchange, void *arg)
{
    struct world *world = arg;
    const char *query = http_query_string(exchange);
    CLEANUP_FREE char *request =
        mem_printf("%s %s%s%s", http_method(exchange), http_raw_path(exchange), *query ? "?" : "", query);
    struct peer_call call = {
        .at = rt_now(world->rt),
        .request = mem_strdup(request),
        .body = mem_strdup(http_body(exchange)),
        .content_type = mem_strdup(http_header(exchange, "content-type")),
        .authorization = mem_strdup(http_header(exchange, "authorization")),
    };
    VEC_PUSH(&world->calls, call);
    if (world->handle)
        world->handle(world, exchange);
    else
        peer_play(world, exchange, request);
}

/* A kubeconfig for the peer; JSON is YAML too. */
#define PEER_KUBECONFIG                                                                                                \
    "{\"current-context\":\"c\",\"contexts\":[{\"name\":\"c\",\"context\":{\"cluster\":\"k\",\"user\":\"u\","          \
    "\"namespace\":\"metal3\"}}],\"clusters\":[{\"name\":\"k\",\"cluster\":{\"server\":\"http://api:6443/\"}}],"       \
    "\"users\":[{\"name\":\"u\",\"user\":{\"token\":\"secret-token\"}}]}"

static inline void world_main(void *arg)
{
    struct world *world = arg;
    struct http_server_options options = {.address = "0.0.0.0", .port = PEER_PORT, .handle = peer_handle, .arg = world};
    assert_null(http_server_start(world->server_net, world->server_group, &options, &world->server));
    struct kube_client_options client_options = {.kubeconfig = PEER_KUBECONFIG};
    assert_null(kube_client_new(&world->env, &client_options, &world->client));
    world->body(world);
    rt_group_stop(world->env.group);
    http_server_stop(world->server);
    rt_group_stop(world->server_group);
    kube_client_free(world->client);
    http_server_free(world->server);
}

/* Runs `body` as a task of the test; its program's tasks belong to world->env.group. */
static inline void world_run(struct world *world, void (*body)(struct world *world))
{
    world->body = body;
    world->rt = rt_new_sim(1, INT64_C(1800000000) * TIME_S);
    world->sim = net_sim_new(world->rt, &(struct net_sim_options){0});
    world->server_net = net_sim_host(world->sim, "api", "10.0.0.1");
    world->client_net = net_sim_host(world->sim, "operator", "10.0.0.2");
    world->log = log_new(&(struct log_options){.level = getenv("TEST_LOG") ? LOG_DEBUG : LOG_ERROR + 1, .fd = 2});
    world->metrics = metrics_new();
    world->server_group = rt_group_new(world->rt, NULL, "api");
    world->env = (struct env){world->rt, rt_group_new(world->rt, NULL, "operator"), world->client_net, world->log,
                              world->metrics};
    struct error *err = rt_run(world->rt, world_main, world);
    if (err)
        fail_msg("%s", error_message(err));
    rt_group_free(world->env.group);
    rt_group_free(world->server_group);
    net_free(world->client_net);
    net_free(world->server_net);
    net_sim_free(world->sim);
    rt_free(world->rt);
    metrics_free(world->metrics);
    log_free(world->log);
    VEC_FOREACH (call, &world->calls) {
        free(call->request);
        free(call->body);
        free(call->content_type);
        free(call->authorization);
    }
    VEC_RELEASE(&world->calls);
    if (world->complaints.len)
        fail_msg("%s", strbuf_str(&world->complaints));
    strbuf_release(&world->complaints);
    if (world->steps && world->steps[world->next].request)
        fail_msg("step never came: %s", world->steps[world->next].request);
}

/* Lets virtual time pass in the test's task. */
static inline void world_sleep(struct world *world, rt_time duration)
{
    assert_null(rt_sleep(world->rt, duration));
}

/* A Lease that the server keeps as a real one does: for tests that need leader election. */
struct peer_lease {
    struct json *lease;
    int64_t version;
};

static inline void peer_reply_status(struct http_exchange *exchange, int code, const char *reason)
{
    CLEANUP_FREE char *body =
        mem_printf("{\"kind\":\"Status\",\"reason\":\"%s\",\"message\":\"%s\",\"code\":%d}", reason, reason, code);
    http_reply_str(exchange, code, "application/json", body);
}

static inline void peer_keep_lease(struct peer_lease *store, struct json *lease, struct http_exchange *exchange)
{
    json_set_printf(lease, "metadata/resourceVersion", "%d", (int)++store->version);
    json_free(store->lease);
    store->lease = lease;
    CLEANUP_FREE char *body = json_print(lease);
    http_reply_str(exchange, 200, "application/json", body);
}

static inline void peer_serve_lease(struct peer_lease *store, struct http_exchange *exchange)
{
    CLEANUP(json_free) struct json *sent = NULL;
    if (http_body_len(exchange) > 0)
        assert_null(json_parse(http_body(exchange), http_body_len(exchange), &sent));
    if (str_equal(http_method(exchange), "POST")) {
        if (store->lease)
            peer_reply_status(exchange, 409, "AlreadyExists");
        else
            peer_keep_lease(store, TAKE_PTR(sent), exchange);
    } else if (!store->lease) {
        peer_reply_status(exchange, 404, "NotFound");
    } else if (str_equal(http_method(exchange), "GET")) {
        CLEANUP_FREE char *body = json_print(store->lease);
        http_reply_str(exchange, 200, "application/json", body);
    } else if (!str_equal(kube_resource_version(sent), kube_resource_version(store->lease))) {
        peer_reply_status(exchange, 409, "Conflict");
    } else {
        peer_keep_lease(store, TAKE_PTR(sent), exchange);
    }
}

/* Makes a cmocka test of a function on a world. */
#define WORLD_TEST(name)                                                                                               \
    static void test_##name(void **state)                                                                              \
    {                                                                                                                  \
        struct world world = {0};                                                                                      \
        world_run(&world, name);                                                                                       \
    }

#endif
