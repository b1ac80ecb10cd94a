/* SPDX-License-Identifier: Apache-2.0 */
/* The agent's calls to the conductor: version discovery, inspection report, lookup, heartbeat (IRO-500 to IRO-523). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "operator/agent/internal.h"

#define REQUEST_TIMEOUT (30 * RT_S) /* ipa-http-request-timeout */
#define INSPECTION_ATTEMPTS 5
#define LOOKUP_WAIT_MAX (60 * RT_S)
#define LOOKUP_VERSION 62    /* minor of 1.N, highest that lookup uses (IRO-505) */
#define HEARTBEAT_VERSION 68 /* and that heartbeats use; from it on the agent serves TLS (IRO-543) */

static int offered_minor(const struct agent *agent)
{
    int64_t minor = 31; /* what IPA assumes when discovery gave nothing (IRO-503) */
    if (agent->api_version && str_has_prefix(agent->api_version, "1."))
        error_free(str_to_int64(agent->api_version + 2, &minor));
    return (int)minor;
}

static struct error *call(struct agent *agent, const char *method, const char *url, int version_max,
                          const struct json *body, struct http_response **ret)
{
    char version[16];
    int minor = offered_minor(agent);
    struct http_header headers[3] = {{"Accept", "application/json"}, {"Content-Type", "application/json"}};
    CLEANUP_FREE char *text = body ? json_print(body) : NULL;
    struct http_request request = {
        .method = method,
        .url = url,
        .headers = headers,
        .header_count = 2,
        .body = text,
        .body_len = text ? strlen(text) : 0,
        .deadline = rt_after(agent->env->rt, REQUEST_TIMEOUT),
        .response_max = 1024 * 1024,
    };
    if (version_max) {
        snprintf(version, sizeof(version), "1.%d", minor < version_max ? minor : version_max);
        headers[request.header_count++] = (struct http_header){"X-OpenStack-Ironic-API-Version", version};
    }
    return http_call(agent->http, &request, ret);
}

static struct error *unexpected(const char *what, const struct http_response *response)
{
    enum error_kind kind = response->status >= 500 || response->status == 409 ? ERROR_TRANSIENT : ERROR_INVALID;
    return error_new_code(kind, response->status, "%s: the conductor answered %d: %.200s", what, response->status,
                          response->body);
}

struct error *ironic_discover(struct agent *agent)
{
    CLEANUP(http_response_free) struct http_response *response = NULL;
    CLEANUP(json_free) struct json *root = NULL;
    CLEANUP_FREE char *url = mem_printf("%s/", agent->options->api_url);

    TRY(call(agent, "GET", url, 0, NULL, &response));
    if (response->status != 200)
        return unexpected("version discovery", response);
    TRY_WRAP(json_parse(response->body, response->body_len, &root), "version discovery");
    free(agent->api_version);
    agent->api_version = mem_strdup(json_str(root, "default_version/version"));
    agent->tls = offered_minor(agent) >= HEARTBEAT_VERSION;
    return NULL;
}

static struct error *post_inspection(struct agent *agent, const struct json *report)
{
    CLEANUP(http_response_free) struct http_response *response = NULL;
    CLEANUP(json_free) struct json *answer = NULL;

    TRY(call(agent, "POST", agent->options->inspection_callback_url, 0, report, &response));
    if (response->status >= 400)
        return unexpected("inspection report", response);
    TRY_WRAP(json_parse(response->body, response->body_len, &answer), "inspection report");
    if (json_str(answer, "uuid")) {
        free(agent->node_uuid);
        agent->node_uuid = mem_strdup(json_str(answer, "uuid"));
    }
    return NULL;
}

struct error *ironic_send_inspection(struct agent *agent)
{
    CLEANUP(json_free) struct json *report = inventory_report(agent);
    rt_time wait = 5 * RT_S;

    for (int attempt = 1;; attempt++) {
        struct error *err = post_inspection(agent, report);
        if (!err || !error_is_retryable(err) || attempt == INSPECTION_ATTEMPTS)
            return err;
        log_debug(agent->env->log, "inspection report failed, trying again", KV_ERR(err));
        error_free(err);
        TRY(rt_sleep(agent->env->rt, wait));
        wait = wait * 2 > 30 * RT_S ? 30 * RT_S : wait * 2;
    }
}

static struct error *take_token(struct agent *agent, const struct json *config)
{
    const char *token = json_str(config, "agent_token");

    if (token && !str_equal(token, "******") && strlen(token) >= AGENT_TOKEN_LENGTH_MIN) {
        mem_free_secret(agent->token);
        agent->token = mem_strdup(token);
    }
    if (!agent->token && json_bool(config, "agent_token_required", true))
        return error_new(ERROR_DENIED,
                         "the conductor keeps the agent token to itself and the kernel command line has none: this "
                         "agent was restarted; power the machine off and on again");
    return NULL;
}

/* One attempt (IRO-507 to IRO-511). */
static struct error *lookup_once(struct agent *agent, const char *url)
{
    CLEANUP(http_response_free) struct http_response *response = NULL;
    CLEANUP(json_free) struct json *answer = NULL;
    const char *uuid = NULL;
    int64_t timeout = 0;

    TRY(call(agent, "GET", url, LOOKUP_VERSION, NULL, &response));
    if (response->status != 200)
        return unexpected("lookup", response);
    TRY_WRAP(json_parse(response->body, response->body_len, &answer), "lookup");
    TRY_WRAP(json_need_str(answer, "node/uuid", &uuid), "lookup");
    TRY_WRAP(json_need_int(answer, "config/heartbeat_timeout", &timeout), "lookup");
    TRY(take_token(agent, json_get(answer, "config")));
    char *copy = mem_strdup(uuid);
    free(agent->node_uuid);
    agent->node_uuid = copy;
    agent->heartbeat_timeout = timeout * RT_S;
    return NULL;
}

struct error *ironic_lookup(struct agent *agent)
{
    struct rt *rt = agent->env->rt;
    rt_time deadline = rt_after(rt, agent->options->lookup_timeout), wait = agent->options->lookup_interval;
    CLEANUP_FREE char *addresses = inventory_addresses(agent);
    CLEANUP_FREE char *encoded = str_url_encode(addresses);
    CLEANUP_FREE char *url = mem_printf("%s/v1/lookup?addresses=%s%s%s", agent->options->api_url, encoded,
                                        agent->node_uuid ? "&node_uuid=" : "", str_or(agent->node_uuid, ""));
    rt_time busy[] = {5 * RT_S, 10 * RT_S, 30 * RT_S}; /* after a 409 (IRO-506) */
    size_t busy_count = 0;

    for (;;) {
        struct error *err = lookup_once(agent, url);
        if (!err || error_is(err, ERROR_CANCELLED) || error_is(err, ERROR_DENIED))
            return err;
        if (rt_now(rt) >= deadline)
            return error_wrap(err, "no node was found for the addresses %s", addresses);
        rt_time pause = wait / 2 + (rt_time)(rt_random_unit(rt) * (double)wait);
        if (error_code(err) == 409) {
            pause += busy[busy_count];
            busy_count += busy_count + 1 < ARRAY_SIZE(busy);
        }
        log_debug(agent->env->log, "lookup failed, trying again", KV_ERR(err));
        error_free(err);
        TRY(rt_sleep(rt, pause));
        wait = wait * 2 > LOOKUP_WAIT_MAX ? LOOKUP_WAIT_MAX : wait * 2;
    }
}

struct error *ironic_heartbeat(struct agent *agent)
{
    CLEANUP(http_response_free) struct http_response *response = NULL;
    CLEANUP(json_free) struct json *beat = json_new_object();
    CLEANUP_FREE char *url = mem_printf("%s/v1/heartbeat/%s", agent->options->api_url, agent->node_uuid);
    const char *host = str_or(agent->options->advertise_host, agent->address);
    int64_t port = agent->options->advertise_port ? agent->options->advertise_port : http_server_port(agent->server);

    CLEANUP_FREE char *callback = net_url(agent->tls ? "https" : "http", host, (int)port);
    json_put_str(beat, "callback_url", callback);
    json_put_str(beat, "agent_token", agent->token);
    json_put_str(beat, "agent_version", AGENT_VERSION);
    if (agent->tls)
        json_put_str(beat, "agent_verify_ca", agent->certificate.cert_pem);
    TRY(call(agent, "POST", url, HEARTBEAT_VERSION, beat, &response));
    if (response->status != 202)
        return unexpected("heartbeat", response);
    return NULL;
}
