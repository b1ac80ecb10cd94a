/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For tests: a small Ironic on the simulated network. It keeps nodes and ports, refuses what Ironic refuses, and takes
 * its time over what Ironic takes time over (ironic.md parts A and B1, B2). It notes every call.
 */
#ifndef OPERATOR_IRONIC_FAKE_IRONIC_H
#define OPERATOR_IRONIC_FAKE_IRONIC_H

#include "lib/test.h"

#include "lib/data/jsonpatch.h"
#include "lib/data/map.h"
#include "lib/data/vec.h"
#include "lib/net/http_server.h"

#define FAKE_IRONIC_PORT 6385

struct fake_ironic {
    struct rt *rt;
    struct rt_group *group;
    struct http_server *server;
    struct map *nodes; /* uuid to struct json */
    struct json *ports;
    struct strbuf calls;  /* "METHOD /path\n" */
    struct strbuf writes; /* the same with bodies, of what changes something */
    const char *version;  /* of the version document; NULL: "1.115" */
    const char *user, *password;
    rt_time step;            /* how long a transitional state lasts */
    const char *fail_verb;   /* the next run of this verb fails, … */
    const char *fail_reason; /* … with this last_error */
    const char *validate_error;
    const char *inventory; /* NULL: none is stored */
    int locked;            /* so many changes are answered 409 */
    int page;              /* nodes in a page of a list; 0: all */
    int refuse_lists;      /* so many lists of nodes are answered 503 */
    int seen, fail_at;     /* calls so far; the one that is answered 503 */
    bool no_drivers, no_soft_power, object_errors;
    void (*on_write)(void *arg); /* before each change's answer */
    void *on_write_arg;
    int count;
};

struct fake_move {
    struct fake_ironic *ironic;
    char *uuid;
    const char *const *states; /* that it goes through; the last stays */
    const char *failed;        /* the state on failure; NULL: it succeeds */
    const char *reason;
};

static inline void fake_error(struct fake_ironic *ironic, struct http_exchange *exchange, int status, const char *text)
{
    CLEANUP_FREE char *inner = mem_printf("{\"faultcode\":\"Client\",\"faultstring\":\"%s\",\"debuginfo\":null}", text);
    struct json *body CLEANUP(json_free) = json_new_object();
    struct json *object = NULL;
    assert_ok(json_parse(inner, strlen(inner), &object));
    if (ironic->object_errors)
        json_set(body, "error_message", json_copy(object));
    else
        json_set_str(body, "error_message", inner);
    json_free(object);
    CLEANUP_FREE char *answer = json_print(body);
    http_reply_str(exchange, status, "application/json", answer);
}

static inline void fake_answer(struct http_exchange *exchange, int status, const struct json *body)
{
    CLEANUP_FREE char *text = json_print(body);
    http_reply_str(exchange, status, "application/json", text);
}

static inline struct json *fake_node(struct fake_ironic *ironic, const char *id)
{
    struct map_iter it = {0};
    struct json *node = map_get(ironic->nodes, id);
    while (!node && map_next(ironic->nodes, &it))
        if (str_equal(json_str(it.value, "name"), id))
            node = it.value;
    return node;
}

/* As the API shows a node: passwords are masked. */
static inline struct json *fake_shown(const struct json *node)
{
    struct json *shown = json_copy(node);
    const struct json *info = json_get(node, "driver_info");
    JSON_FOREACH (value, info) {
        if (strstr(json_key(value), "password"))
            json_put_str(json_get(shown, "driver_info"), json_key(value), "******");
    }
    return shown;
}

static inline void fake_set_state(struct fake_ironic *ironic, struct json *node, const char *state, const char *target)
{
    json_set_str(node, "provision_state", state);
    json_set_str(node, "target_provision_state", target);
    json_set_printf(node, "provision_updated_at", "%lld", (long long)rt_now(ironic->rt));
}

static inline bool fake_cancelled(struct error *err)
{
    bool cancelled = err != NULL;
    error_free(err);
    return cancelled;
}

static inline void fake_move_task(void *arg)
{
    struct fake_move *move = arg;
    struct fake_ironic *ironic = move->ironic;
    for (size_t i = 1; move->states[i]; i++) {
        if (fake_cancelled(rt_sleep(ironic->rt, ironic->step)))
            break;
        struct json *node = map_get(ironic->nodes, move->uuid);
        bool last = !move->states[i + 1];
        if (!node || !str_equal(json_str(node, "provision_state"), move->states[i - 1]))
            break;
        if (last && move->failed) {
            json_set_str(node, "last_error", move->reason);
            fake_set_state(ironic, node, move->failed, "x");
        } else {
            fake_set_state(ironic, node, move->states[i], last ? NULL : "x");
        }
        if (last && !move->failed && str_equal(move->states[0], "inspecting"))
            json_set_str(node, "inspection_finished_at", "now");
        if (str_equal(json_str(node, "provision_state"), "active"))
            json_set_str(node, "power_state", "power on");
        if (last && str_equal(json_str(node, "provision_state"), "manageable") && !json_str(node, "power_state"))
            json_set_str(node, "power_state", "power off");
    }
    free(move->uuid);
    free(move);
}

static const struct {
    const char *verb, *from; /* states, each between '|' */
    const char *states[5];
    const char *failed;
} fake_verbs[] = {
    {"manage", "|enroll|", {"verifying", "manageable"}, "enroll"},
    {"manage", "|available|clean failed|inspect failed|adopt failed|", {"manageable"}, NULL},
    {"provide", "|manageable|", {"cleaning", "clean wait", "available"}, "clean failed"},
    {"inspect", "|manageable|inspect failed|", {"inspecting", "inspect wait", "manageable"}, "inspect failed"},
    {"clean", "|manageable|", {"cleaning", "clean wait", "manageable"}, "clean failed"},
    {"active", "|available|deploy failed|", {"deploying", "wait call-back", "deploying", "active"}, "deploy failed"},
    {"deleted", "|active|deploy failed|error|wait call-back|", {"deleting", "cleaning", "available"}, "error"},
    {"adopt", "|manageable|adopt failed|", {"adopting", "active"}, "adopt failed"},
    {"abort", "|inspect wait|", {"inspect failed"}, NULL},
    {"abort", "|clean wait|", {"clean failed"}, NULL},
    {"service", "|active|", {"servicing", "service wait", "active"}, "service failed"},
};

static inline void fake_provision_verb(struct fake_ironic *ironic, struct http_exchange *exchange, struct json *node,
                                       const struct json *body)
{
    const char *verb = json_str_or(body, "target", "");
    CLEANUP_FREE char *state = mem_printf("|%s|", json_str_or(node, "provision_state", ""));
    for (size_t i = 0; i < ARRAY_SIZE(fake_verbs); i++) {
        if (!str_equal(fake_verbs[i].verb, verb) || !strstr(fake_verbs[i].from, state))
            continue;
        struct fake_move *move = mem_alloc(sizeof(*move));
        *move = (struct fake_move){ironic, mem_strdup(json_str(node, "uuid")), fake_verbs[i].states};
        if (str_equal(ironic->fail_verb, verb)) {
            move->failed = fake_verbs[i].failed;
            move->reason = ironic->fail_reason;
            ironic->fail_verb = NULL;
        }
        json_set_str(node, "last_error", NULL);
        fake_set_state(ironic, node, fake_verbs[i].states[0], fake_verbs[i].states[1] ? "x" : NULL);
        rt_spawn(ironic->rt, ironic->group, "fake ironic move", fake_move_task, move);
        http_reply_str(exchange, 202, NULL, "");
        return;
    }
    CLEANUP_FREE char *text = mem_printf("The requested action %s can not be performed in state %s", verb, state);
    fake_error(ironic, exchange, 400, text);
}

struct fake_power {
    struct fake_ironic *ironic;
    char *uuid;
};

static inline void fake_power_task(void *arg)
{
    struct fake_power *power = arg;
    bool cancelled = fake_cancelled(rt_sleep(power->ironic->rt, power->ironic->step));
    struct json *node = map_get(power->ironic->nodes, power->uuid);
    if (!cancelled && node) {
        const char *target = json_str_or(node, "target_power_state", "");
        json_set_str(node, "power_state", strstr(target, "off") ? "power off" : "power on");
        json_set_str(node, "target_power_state", NULL);
    }
    free(power->uuid);
    free(power);
}

static inline void fake_power_verb(struct fake_ironic *ironic, struct http_exchange *exchange, struct json *node,
                                   const struct json *body)
{
    const char *target = json_str_or(body, "target", "");
    if (ironic->no_soft_power && str_has_prefix(target, "soft")) {
        fake_error(ironic, exchange, 400, "soft power off is not supported");
        return;
    }
    struct fake_power *power = mem_alloc(sizeof(*power));
    *power = (struct fake_power){ironic, mem_strdup(json_str(node, "uuid"))};
    json_set_str(node, "target_power_state", target);
    rt_spawn(ironic->rt, ironic->group, "fake ironic power", fake_power_task, power);
    http_reply_str(exchange, 202, NULL, "");
}

/* Only what was asked for. */
static inline struct json *fake_fields(const struct json *node, const char *fields)
{
    if (!fields)
        return fake_shown(node);
    struct json *out = json_new_object();
    char **names CLEANUP(str_list_free) = str_split(fields, ',');
    for (char **name = names; *name; name++)
        json_put(out, *name, json_has(node, *name) ? json_copy(json_get(node, *name)) : json_new_null());
    return out;
}

static inline void fake_list_nodes(struct fake_ironic *ironic, struct http_exchange *exchange)
{
    struct json *body CLEANUP(json_free) = json_new_object();
    struct json *list = json_new_array();
    const char *marker = http_query(exchange, "marker"), *last = NULL;
    struct map_iter it = {0};
    bool begun = !marker, more = false;
    if (ironic->refuse_lists) {
        ironic->refuse_lists--;
        json_free(list);
        fake_error(ironic, exchange, 503, "busy");
        return;
    }
    while (!more && map_next(ironic->nodes, &it)) {
        if (begun && ironic->page && (int)json_len(list) == ironic->page)
            more = true;
        else if (begun)
            json_append(list, fake_fields(it.value, http_query(exchange, "fields")));
        if (begun && !more)
            last = it.key;
        begun |= str_equal(marker, it.key);
    }
    json_set(body, "nodes", list);
    if (more)
        json_set_printf(body, "next", "http://elsewhere:6385/v1/nodes?marker=%s&fields=%s", last,
                        http_query(exchange, "fields"));
    fake_answer(exchange, 200, body);
}

static inline void fake_create_node(struct fake_ironic *ironic, struct http_exchange *exchange, const struct json *body)
{
    struct json *node = json_copy(body);
    CLEANUP_FREE char *uuid = mem_printf("uuid-%d", ++ironic->count);
    json_set_str(node, "uuid", uuid);
    fake_set_state(ironic, node, "enroll", NULL);
    json_set_bool(node, "maintenance", false);
    json_set(node, "instance_info", json_new_object());
    map_set(ironic->nodes, uuid, node);
    struct json *shown CLEANUP(json_free) = fake_shown(node);
    fake_answer(exchange, 201, shown);
}

static inline void fake_ports(struct fake_ironic *ironic, struct http_exchange *exchange, const struct json *body)
{
    struct json *answer CLEANUP(json_free) = json_new_object();
    if (body) {
        JSON_FOREACH (port, ironic->ports) {
            if (str_equal(json_str(port, "address"), json_str(body, "address"))) {
                fake_error(ironic, exchange, 409, "A port with that address already exists");
                return;
            }
        }
        json_append(ironic->ports, json_copy(body));
        fake_answer(exchange, 201, body);
        return;
    }
    struct json *list = json_new_array();
    const char *address = http_query(exchange, "address"), *node = http_query(exchange, "node_uuid");
    JSON_FOREACH (port, ironic->ports) {
        if ((!address || str_equal(address, json_str(port, "address"))) &&
            (!node || str_equal(node, json_str(port, "node_uuid"))))
            json_append(list, json_copy(port));
    }
    json_set(answer, "ports", list);
    fake_answer(exchange, 200, answer);
}

static inline void fake_node_call(struct fake_ironic *ironic, struct http_exchange *exchange, const char *id,
                                  const char *rest, const struct json *body)
{
    const char *method = http_method(exchange);
    struct json *node = fake_node(ironic, id);
    bool changes = !str_equal(method, "GET");
    if (!node) {
        CLEANUP_FREE char *text = mem_printf("Node %s could not be found.", id);
        fake_error(ironic, exchange, 404, text);
    } else if (changes && ironic->locked) {
        ironic->locked--;
        fake_error(ironic, exchange, 409,
                   "Node is locked by host conductor-1, please retry after the current operation");
    } else if (str_equal(rest, "/states/provision")) {
        fake_provision_verb(ironic, exchange, node, body);
    } else if (str_equal(rest, "/states/power")) {
        fake_power_verb(ironic, exchange, node, body);
    } else if (str_equal(rest, "/states/raid")) {
        json_set(node, "target_raid_config", json_copy(body));
        http_reply_str(exchange, 204, NULL, "");
    } else if (str_equal(rest, "/maintenance")) {
        json_set_bool(node, "maintenance", str_equal(method, "PUT"));
        http_reply_str(exchange, 202, NULL, "");
    } else if (str_equal(rest, "/inventory")) {
        if (ironic->inventory && json_str(node, "inspection_finished_at"))
            http_reply_str(exchange, 200, "application/json", ironic->inventory);
        else
            fake_error(ironic, exchange, 404, "no inventory");
    } else if (str_equal(rest, "/validate")) {
        struct json *verdict CLEANUP(json_free) = json_new_object();
        json_set_bool(verdict, "boot/result", true);
        json_set_bool(verdict, "deploy/result", !ironic->validate_error);
        json_set_str(verdict, "deploy/reason", ironic->validate_error);
        fake_answer(exchange, 200, verdict);
    } else if (str_equal(method, "PATCH")) {
        struct json *changed = json_copy(node);
        assert_ok(json_patch_apply(&changed, body));
        CLEANUP_FREE char *uuid = mem_strdup(json_str(node, "uuid"));
        map_set(ironic->nodes, uuid, changed);
        struct json *shown CLEANUP(json_free) = fake_shown(changed);
        fake_answer(exchange, 200, shown);
    } else if (str_equal(method, "DELETE")) {
        CLEANUP_FREE char *uuid = mem_strdup(json_str(node, "uuid"));
        map_remove(ironic->nodes, uuid);
        http_reply_str(exchange, 204, NULL, "");
    } else {
        struct json *shown CLEANUP(json_free) = fake_fields(node, http_query(exchange, "fields"));
        fake_answer(exchange, 200, shown);
    }
}

static inline bool fake_may_enter(const struct fake_ironic *ironic, struct http_exchange *exchange)
{
    const char *user, *password;
    if (!ironic->user)
        return true;
    return http_basic_auth(exchange, &user, &password) && str_equal(user, ironic->user) &&
           str_equal(password, ironic->password);
}

static inline void fake_ironic_handle(struct http_exchange *exchange, void *arg)
{
    struct fake_ironic *ironic = arg;
    const char *path = http_path(exchange), *method = http_method(exchange);
    struct json *body CLEANUP(json_free) = NULL;
    strbuf_addf(&ironic->calls, "%s %s\n", method, path);
    bool fails = ++ironic->seen == ironic->fail_at;
    if (!fails && !str_equal(method, "GET"))
        strbuf_addf(&ironic->writes, "%s %s %s\n", method, path, http_body(exchange));
    if (!str_equal(method, "GET") && ironic->on_write)
        ironic->on_write(ironic->on_write_arg);
    if (http_body_len(exchange))
        assert_ok(json_parse(http_body(exchange), http_body_len(exchange), &body));
    if (fails) {
        fake_error(ironic, exchange, 503, "No conductor has a free worker");
    } else if (str_equal(path, "/v1")) {
        assert_null(http_header(exchange, "authorization"));
        CLEANUP_FREE char *text = mem_printf(
            "{\"id\":\"v1\",\"version\":{\"id\":\"v1\",\"status\":\"CURRENT\",\"min_version\":\"1.1\",\"version\":"
            "\"%s\"}}",
            ironic->version ? ironic->version : "1.115");
        http_reply_str(exchange, 200, "application/json", text);
    } else if (!fake_may_enter(ironic, exchange)) {
        fake_error(ironic, exchange, 401, "Incorrect username or password");
    } else if (str_equal(path, "/v1/drivers")) {
        http_reply_str(exchange, 200, "application/json",
                       ironic->no_drivers ? "{\"drivers\":[]}" : "{\"drivers\":[{\"name\":\"redfish\"}]}");
    } else if (str_equal(path, "/v1/nodes")) {
        if (body)
            fake_create_node(ironic, exchange, body);
        else
            fake_list_nodes(ironic, exchange);
    } else if (str_equal(path, "/v1/ports")) {
        fake_ports(ironic, exchange, body);
    } else {
        const char *id = path + strlen("/v1/nodes/");
        CLEANUP_FREE char *name = mem_strndup(id, strcspn(id, "/"));
        fake_node_call(ironic, exchange, name, id + strlen(name), body);
    }
}

static inline void fake_free_node(void *value)
{
    json_free(value);
}

static inline void fake_ironic_start(struct fake_ironic *ironic, struct rt *rt, struct net *net)
{
    struct http_server_options options = {
        .address = "0.0.0.0", .port = FAKE_IRONIC_PORT, .handle = fake_ironic_handle, .arg = ironic};
    ironic->rt = rt;
    ironic->group = rt_group_new(rt, NULL, "fake ironic");
    ironic->nodes = map_new(fake_free_node);
    ironic->ports = json_new_array();
    ironic->step = ironic->step ? ironic->step : RT_S;
    assert_ok(http_server_start(net, ironic->group, &options, &ironic->server));
}

static inline void fake_ironic_stop(struct fake_ironic *ironic)
{
    http_server_stop(ironic->server);
    rt_group_stop(ironic->group);
    http_server_free(ironic->server);
    rt_group_free(ironic->group);
    map_free(ironic->nodes);
    json_free(ironic->ports);
    strbuf_release(&ironic->calls);
    strbuf_release(&ironic->writes);
}

#endif
