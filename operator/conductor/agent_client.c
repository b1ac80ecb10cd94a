/* SPDX-License-Identifier: Apache-2.0 */
/* Commands to the agent of a deploy ramdisk: over TLS with the certificate that came in its heartbeat, the token in the query. */
#include "operator/conductor/agent_client.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "operator/conductor/internal.h"

#define RESPONSE_MAX (32 * 1024 * 1024)
#define TEXT_MAX 4000 /* of what an agent says into an error, for each part */
#define RETRY_PAUSE (2 * RT_S)

struct ramdisk {
    unsigned refs; /* of the node, and of calls under way */
    char *url, *certificate;
    struct http_client *client;
};

void ramdisk_free(struct ramdisk *agent)
{
    if (!agent || --agent->refs > 0)
        return;
    http_client_free(agent->client);
    free(agent->url);
    free(agent->certificate);
    free(agent);
}

/* The client for the agent that driver_internal_info describes; held, end with ramdisk_free(). */
static struct error *ramdisk_of(struct node *node, struct ramdisk **ret)
{
    const char *url = node_internal(node, "agent_url"), *certificate = node_internal(node, "agent_verify_ca");
    if (!url)
        return error_new(ERROR_TRANSIENT, "the agent of node %s has not called yet", node->uuid);
    if (node->ramdisk && (!str_equal(node->ramdisk->url, url) || !str_equal(node->ramdisk->certificate, certificate)))
        ramdisk_free(TAKE_PTR(node->ramdisk));
    if (!node->ramdisk) {
        struct http_client_options options = {
            .ca_pem = certificate, .connections_max = 1, .timeout = node->conductor->options.agent_command_timeout};
        struct ramdisk *agent = mem_alloc(sizeof(*agent));
        agent->refs = 1;
        agent->url = mem_strdup(url);
        agent->certificate = mem_strdup(certificate);
        struct error *err = http_client_new(node->conductor->env->net, &options, &agent->client);
        if (err) {
            ramdisk_free(agent);
            return error_wrap(err, "the certificate of the agent of node %s", node->uuid);
        }
        node->ramdisk = agent;
    }
    node->ramdisk->refs++;
    *ret = node->ramdisk;
    return NULL;
}

/* -- commands -- */

void ramdisk_command_release(struct ramdisk_command *command)
{
    free(command->id);
    free(command->name);
    free(command->failure);
    json_free(command->result);
    *command = (struct ramdisk_command){0};
}

static const struct {
    const char *name;
    enum ramdisk_status status;
} statuses[] = {
    {"RUNNING", RAMDISK_RUNNING},
    {"SUCCEEDED", RAMDISK_SUCCEEDED},
    {"FAILED", RAMDISK_FAILED},
    {"CLEAN_VERSION_MISMATCH", RAMDISK_VERSION_MISMATCH},
};

static char *failure_text(const struct json *error)
{
    if (json_is(error, JSON_STRING))
        return mem_printf("%.*s", TEXT_MAX, json_str(error, ""));
    if (!json_is(error, JSON_OBJECT))
        return mem_strdup("the agent gave no reason");
    const char *message = json_str_or(error, "message", json_str_or(error, "type", "error"));
    const char *details = json_str(error, "details");
    return details ? mem_printf("%.*s: %.*s", TEXT_MAX, message, TEXT_MAX, details)
                   : mem_printf("%.*s", TEXT_MAX, message);
}

static struct error *command_parse(const struct json *value, struct ramdisk_command *ret)
{
    const char *id = NULL, *name = NULL, *status = NULL;
    TRY(json_need_str(value, "id", &id));
    TRY(json_need_str(value, "command_name", &name));
    TRY(json_need_str(value, "command_status", &status));
    for (size_t i = 0; i < ARRAY_SIZE(statuses); i++) {
        if (!str_equal(statuses[i].name, status))
            continue;
        bool failed = statuses[i].status == RAMDISK_FAILED || statuses[i].status == RAMDISK_VERSION_MISMATCH;
        *ret = (struct ramdisk_command){
            .id = mem_strdup(id),
            .name = mem_strdup(name),
            .status = statuses[i].status,
            .failure = failed ? failure_text(json_get(value, "command_error")) : NULL,
            .result = json_copy(json_get(value, "command_result")),
        };
        return NULL;
    }
    return error_new(ERROR_INVALID, "the agent told the unknown command status \"%s\"", status);
}

/* -- exchanges -- */

static struct error *ramdisk_error(const struct ramdisk *agent, const char *method,
                                   const struct http_response *response)
{
    enum error_kind kind = ERROR_INVALID;
    if (response->status == 401)
        kind = ERROR_DENIED;
    else if (response->status == 404)
        kind = ERROR_NOT_FOUND;
    else if (response->status == 409)
        kind = ERROR_CONFLICT;
    else if (response->status >= 500)
        kind = ERROR_INTERNAL;
    CLEANUP(json_free) struct json *body = NULL;
    error_free(json_parse(response->body, response->body_len, &body)); /* not JSON: no text */
    return error_new_code(kind, response->status == 409 ? RAMDISK_BUSY : response->status,
                          "%s %s/v1/commands returned code %d. %.*s", method, agent->url, response->status, TEXT_MAX,
                          json_str_or(body, "faultstring", ""));
}

/* `path` comes after "/v1/commands/"; `query` before the token ("wait=true&"). */
static struct error *exchange(struct node *node, const char *method, const char *path, const char *query,
                              const char *body, struct json **ret)
{
    CLEANUP(ramdisk_free) struct ramdisk *agent = NULL;
    TRY(ramdisk_of(node, &agent));
    CLEANUP_SECRET char *token = str_url_encode(str_or(node_internal(node, "agent_secret_token"), ""));
    CLEANUP_SECRET char *url = mem_printf("%s/v1/commands/%s?%sagent_token=%s", agent->url, path, query, token);
    struct http_header headers[] = {{"Accept", "application/json"}, {"Content-Type", "application/json"}};
    struct http_request request = {
        .method = method,
        .url = url,
        .headers = headers,
        .header_count = body ? 2 : 1,
        .body = body,
        .body_len = body ? strlen(body) : 0,
        .response_max = RESPONSE_MAX,
    };
    CLEANUP(http_response_free) struct http_response *response = NULL;
    struct error *err = http_call(agent->client, &request, &response);
    if (err) { /* the text would show the token */
        if (error_is(err, ERROR_CANCELLED))
            return err;
        enum error_kind kind = error_kind(err);
        log_debug(node->conductor->log, "agent call failed", KV("node", node->uuid), KV("kind", error_kind_name(kind)));
        error_free(err);
        return error_new(kind, "the agent at %s does not answer (%s)", agent->url, error_kind_name(kind));
    }
    if (response->status != 200)
        return ramdisk_error(agent, method, response);
    return error_wrap(json_parse(response->body, response->body_len, ret), "the answer of the agent at %s", agent->url);
}

/* -- the interface -- */

struct error *ramdisk_poll(struct node *node, const char *id, struct ramdisk_command *ret)
{
    CLEANUP_FREE char *escaped = str_url_encode(id);
    CLEANUP(json_free) struct json *value = NULL;
    TRY(exchange(node, "GET", escaped, "", NULL, &value));
    return command_parse(value, ret);
}

struct error *ramdisk_is_busy(struct node *node, bool *ret)
{
    CLEANUP(json_free) struct json *list = NULL;
    TRY(exchange(node, "GET", "", "", NULL, &list));
    const struct json *commands = json_get(list, "commands");
    const struct json *last = json_len(commands) ? json_item(commands, json_len(commands) - 1) : NULL;
    *ret = str_equal(json_str(last, "command_status"), "RUNNING");
    return NULL;
}

/* The step that a finished execute_*_step command tells of. */
static const char *step_of(const struct json *command)
{
    static const char *const keys[] = {"clean_step", "deploy_step", "service_step"};
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        const struct json *step = json_member(json_get(command, "command_result"), keys[i]);
        if (step)
            return json_str(step, "step");
    }
    return NULL;
}

struct error *ramdisk_find(struct node *node, const char *name, const char *step, struct ramdisk_command *ret)
{
    CLEANUP(json_free) struct json *list = NULL;
    TRY(exchange(node, "GET", "", "", NULL, &list));
    const struct json *found = NULL;
    JSON_FOREACH (command, json_get(list, "commands")) {
        if (!str_equal(json_str(command, "command_name"), name))
            continue;
        bool running = str_equal(json_str(command, "command_status"), "RUNNING");
        if (!step || running || str_equal(step_of(command), step))
            found = command;
    }
    if (!found)
        return error_new(ERROR_NOT_FOUND, "the agent of node %s has no command %s", node->uuid, name);
    return command_parse(found, ret);
}

struct error *ramdisk_say_goodbye(struct node *node, const char *name)
{
    CLEANUP(json_free) struct json *value = NULL;
    CLEANUP_FREE char *text = mem_printf("{\"name\":\"%s\",\"params\":{}}", name);
    struct error *err = exchange(node, "POST", "", "wait=false&", text, &value);
    if (!error_is_retryable(err))
        return err;
    error_free(err);
    return NULL;
}

struct error *ramdisk_run(struct node *node, const char *name, const struct json *params, bool wait,
                          struct ramdisk_command *ret)
{
    struct conductor *conductor = node->conductor;
    CLEANUP(json_free) struct json *body = json_new_object();
    json_set_str(body, "name", name);
    json_set(body, "params", params ? json_copy(params) : json_new_object());
    CLEANUP_SECRET char *text = json_print(body);
    const char *dot = strrchr(name, '.');
    for (int64_t attempt = 1;; attempt++) {
        CLEANUP(json_free) struct json *value = NULL;
        struct error *err = exchange(node, "POST", "", wait ? "wait=true&" : "wait=false&", text, &value);
        if (!err)
            return command_parse(value, ret);
        if (!error_is_retryable(err) || attempt >= conductor->options.agent_command_attempts)
            return error_wrap(err, "command %s to the agent of node %s", name, node->uuid);
        error_free(err);
        TRY(rt_sleep(conductor->rt, RETRY_PAUSE));
        /* The answer may have been lost, not the command. */
        struct error *unknown = ramdisk_find(node, dot ? dot + 1 : name, NULL, ret);
        if (!unknown && (ret->status == RAMDISK_RUNNING))
            return NULL;
        if (!unknown)
            ramdisk_command_release(ret);
        if (error_is(unknown, ERROR_CANCELLED))
            return unknown;
        error_free(unknown);
    }
}
