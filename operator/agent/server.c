/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's HTTP API (IRO-549 to IRO-556). */
#include <stdio.h>
#include <string.h>

#include "operator/agent/internal.h"

#define BODY_MAX (96 * 1024 * 1024) /* a command may carry a config drive of 64 MiB in base64 */

static void reply_fault(struct http_exchange *exchange, int status, const char *text)
{
    CLEANUP(json_free) struct json *fault = json_new_object();
    json_put_str(fault, "faultcode", status < 500 ? "Client" : "Server");
    json_put_str(fault, "faultstring", text);
    http_reply_json(exchange, status, fault);
}

static struct json *version_json(struct http_exchange *exchange)
{
    struct json *version = json_new_object();
    struct json *link = json_new_object();
    json_set_printf(link, "href", "%s://%s/v1", http_is_tls(exchange) ? "https" : "http",
                    str_or(http_header(exchange, "host"), ""));
    json_put_str(link, "rel", "self");
    json_put_str(version, "id", "v1");
    json_put(version, "links", json_new_array());
    json_append(json_member(version, "links"), link);
    return version;
}

static void get_root(struct agent *agent, struct http_exchange *exchange)
{
    CLEANUP(json_free) struct json *root = json_new_object();
    json_put_str(root, "name", "Metal3 agent API");
    json_put_str(root, "description", "The agent that provisions this machine, compatible with ironic-python-agent");
    json_put(root, "versions", json_new_array());
    json_append(json_member(root, "versions"), version_json(exchange));
    json_put(root, "default_version", version_json(exchange));
    http_reply_json(exchange, 200, root);
}

static void get_v1(struct agent *agent, struct http_exchange *exchange)
{
    static const char *const parts[] = {"commands", "status"};
    CLEANUP(json_free) struct json *version = version_json(exchange);
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
        struct json *link = json_new_object();
        json_set_printf(link, "href", "%s/%s", json_str(version, "links/0/href"), parts[i]);
        json_put_str(link, "rel", "self");
        json_put(version, parts[i], json_new_array());
        json_append(json_member(version, parts[i]), link);
    }
    http_reply_json(exchange, 200, version);
}

static void get_status(struct agent *agent, struct http_exchange *exchange)
{
    CLEANUP(json_free) struct json *status = json_new_object();
    json_put(status, "started_at", json_new_number((double)agent->started_wall / (double)TIME_S));
    json_put_str(status, "version", AGENT_VERSION);
    http_reply_json(exchange, 200, status);
}

static void list_commands(struct agent *agent, struct http_exchange *exchange)
{
    CLEANUP(json_free) struct json *list = json_new_object();
    struct json *items = json_new_array();
    json_put(list, "commands", items);
    VEC_FOREACH (command, &agent->commands)
        json_append(items, command_json(*command));
    http_reply_json(exchange, 200, list);
}

static bool wants_wait(const struct http_exchange *exchange)
{
    return str_equal_nocase(http_query(exchange, "wait"), "true");
}

static void reply_command(struct http_exchange *exchange, const struct command *command)
{
    CLEANUP(json_free) struct json *json = command_json(command);
    http_reply_json(exchange, 200, json);
}

static void get_command(struct agent *agent, struct http_exchange *exchange)
{
    const char *id = http_path(exchange) + strlen("/v1/commands/");
    struct command *command = command_find(agent, id);
    if (!command) {
        CLEANUP_FREE char *text = mem_printf("Not found: Command with id %s not found.", id);
        reply_fault(exchange, 404, text);
        return;
    }
    struct error *err = wants_wait(exchange) ? command_wait(command) : NULL;
    if (err)
        reply_fault(exchange, 503, "the agent is stopping");
    else
        reply_command(exchange, command);
    error_free(err);
}

static void post_command(struct agent *agent, struct http_exchange *exchange)
{
    CLEANUP(json_free) struct json *body = NULL;
    CLEANUP(error_free) struct error *err = json_parse(http_body(exchange), http_body_len(exchange), &body);
    const char *name = json_str(body, "name");
    const struct json *params = json_member(body, "params");
    struct command *command = NULL;
    int status = 500;

    if (err || !name || !json_is(params, JSON_OBJECT)) {
        reply_fault(exchange, 400, "400 Bad Request: Missing or invalid name or params");
        return;
    }
    err = command_start(agent, name, params, wants_wait(exchange), &status, &command);
    if (err)
        reply_fault(exchange, status, error_message(err));
    else
        reply_command(exchange, command);
}

static void redirect_commands(struct agent *agent, struct http_exchange *exchange)
{
    const char *query = http_query_string(exchange);
    CLEANUP_FREE char *location = mem_printf("%s://%s/v1/commands/%s%s", http_is_tls(exchange) ? "https" : "http",
                                             str_or(http_header(exchange, "host"), ""), *query ? "?" : "", query);
    http_reply_header(exchange, "Location", location);
    http_reply_str(exchange, 308, "text/plain", "see /v1/commands/\n");
}

struct route {
    const char *method, *path;
    bool prefix; /* the path goes on with one segment */
    bool token;
    void (*handle)(struct agent *agent, struct http_exchange *exchange);
};

static const struct route routes[] = {
    {"GET", "/", false, false, get_root},
    {"GET", "/v1", false, false, get_v1},
    {"GET", "/v1/", false, false, get_v1},
    {"GET", "/v1/status", false, false, get_status},
    {"GET", "/v1/commands", false, false, redirect_commands},
    {"POST", "/v1/commands", false, false, redirect_commands},
    {"GET", "/v1/commands/", false, true, list_commands},
    {"POST", "/v1/commands/", false, true, post_command},
    {"GET", "/v1/commands/", true, true, get_command},
};

static bool route_matches(const struct route *route, const char *path)
{
    if (!route->prefix)
        return str_equal(route->path, path);
    return str_has_prefix(path, route->path) && path[strlen(route->path)];
}

static void handle(struct http_exchange *exchange, void *arg)
{
    struct agent *agent = arg;
    bool path_known = false;

    for (size_t i = 0; i < ARRAY_SIZE(routes); i++) {
        if (!route_matches(&routes[i], http_path(exchange)))
            continue;
        path_known = true;
        if (!str_equal(routes[i].method, http_method(exchange)))
            continue;
        const char *token = http_query(exchange, "agent_token");
        if (routes[i].token && (!token || !agent->token || !str_equal_secret(token, agent->token)))
            reply_fault(exchange, 401, "401 Unauthorized: Token invalid.");
        else
            routes[i].handle(agent, exchange);
        return;
    }
    reply_fault(exchange, path_known ? 405 : 404, path_known ? "405 Method Not Allowed" : "404 Not Found");
}

struct error *server_start(struct agent *agent)
{
    struct http_server_options options = {
        .address = str_or(agent->options->listen_host, agent->address),
        .port = (int)agent->options->port,
        .cert_pem = agent->certificate.cert_pem,
        .key_pem = agent->certificate.key_pem,
        .body_max = BODY_MAX,
        .connections_max = 64,
        .handle = handle,
        .arg = agent,
    };
    TRY_WRAP(http_server_start(agent->env->net, agent->env->group, &options, &agent->server),
             "serving the agent's API");
    return NULL;
}
