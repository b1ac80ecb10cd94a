/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For the tests of this folder: a simulated world with a small Kubernetes API that remembers (as far as the controller
 * can tell it from a real one), the operator's manager with the host controller, and a provisioning backend that does
 * what a test scripts.
 */
#ifndef OPERATOR_BMO_TEST_WORLD_H
#define OPERATOR_BMO_TEST_WORLD_H

#include "lib/test.h"

#include "lib/data/jsonpatch.h"
#include "lib/log/log.h"
#include "lib/net/http_server.h"
#include "operator/bmo/host_pass.h"

/* -- a Kubernetes API -- */

struct api_event {
    char *collection, *line;
};

struct fake_api {
    struct rt *rt;
    struct map *objects; /* path to struct json */
    VEC(struct api_event) events;
    struct rt_cond changed;
    int64_t version;
    struct strbuf reasons;       /* of Event objects, one a line */
    struct strbuf states;        /* "from > to", one a line */
    int seen, fail_at;           /* requests so far, without watches; the one that is answered 500 */
    int fail_writes;             /* so many writes are answered 409 */
    int writes;                  /* of hosts, accepted */
    rt_time watch_delay;         /* how late watches are */
    void (*on_write)(void *arg); /* after each write, before its answer */
    void *on_write_arg;
};

static inline void api_free_object(void *value)
{
    json_free(value);
}

/* "/apis/…/namespaces/ns/plural" of an object's path. */
static inline char *api_collection(const char *path)
{
    const char *slash = strrchr(path, '/');
    return mem_strndup(path, (size_t)(slash - path));
}

static inline void api_emit(struct fake_api *api, const char *path, const char *type, struct json *object)
{
    struct json *event = json_new_object();
    api->version++;
    json_set_printf(object, "metadata/resourceVersion", "%lld", (long long)api->version);
    json_set_str(event, "type", type);
    json_set(event, "object", json_copy(object));
    struct api_event entry = {api_collection(path), json_print(event)};
    json_free(event);
    VEC_PUSH(&api->events, entry);
    rt_cond_broadcast(api->rt, &api->changed);
}

static inline void api_note_state(struct fake_api *api, const struct json *old, const struct json *object)
{
    const char *from = json_str_or(old, "status/provisioning/state", "");
    const char *to = json_str_or(object, "status/provisioning/state", "");
    if (!str_equal(from, to))
        strbuf_addf(&api->states, "%s > %s\n", from, to);
}

/* Puts an object; drops it when its last finalizer went under deletion. */
static inline void api_put(struct fake_api *api, const char *path, struct json *object, bool created)
{
    const struct json *old = map_get(api->objects, path);
    api_note_state(api, old, object);
    bool spec_changed = !json_equal(json_get(old, "spec"), json_get(object, "spec"));
    bool gone = json_has(object, "metadata/deletionTimestamp") && !json_len(json_get(object, "metadata/finalizers"));
    json_set_int(object, "metadata/generation", json_int(old, "metadata/generation", 0) + (spec_changed ? 1 : 0));
    api_emit(api, path, created ? "ADDED" : gone ? "DELETED" : "MODIFIED", object);
    if (gone) {
        map_remove(api->objects, path);
        json_free(object);
    } else {
        map_set(api->objects, path, object);
    }
}

static inline void api_reply(struct http_exchange *exchange, int status, const struct json *body)
{
    CLEANUP_FREE char *text = json_print(body);
    http_reply_str(exchange, status, "application/json", text);
}

static inline void api_fail(struct http_exchange *exchange, int status, const char *reason)
{
    CLEANUP_FREE char *text = mem_printf("{\"kind\":\"Status\",\"status\":\"Failure\",\"reason\":\"%s\",\"message\":"
                                         "\"%s %s\",\"code\":%d}",
                                         reason, reason, http_path(exchange), status);
    http_reply_str(exchange, status, "application/json", text);
}

static inline void api_list(struct fake_api *api, struct http_exchange *exchange)
{
    struct json *list CLEANUP(json_free) = json_new_object();
    struct json *items = json_new_array();
    struct map_iter it = {0};
    const char *plural = strrchr(http_path(exchange), '/');
    while (map_next(api->objects, &it)) {
        CLEANUP_FREE char *collection = api_collection(it.key);
        if (str_has_suffix(collection, plural))
            json_append(items, json_copy(it.value));
    }
    json_set_str(list, "kind", "List");
    json_set_printf(list, "metadata/resourceVersion", "%lld", (long long)api->version);
    json_set(list, "items", items);
    api_reply(exchange, 200, list);
}

static inline void api_watch(struct fake_api *api, struct http_exchange *exchange)
{
    const char *plural = strrchr(http_path(exchange), '/');
    int64_t from = 0;
    assert_ok(str_to_int64(http_query(exchange, "resourceVersion"), &from));
    size_t next = (size_t)from; /* each event has the version of its place */
    struct error *err = http_reply_begin(exchange, 200, "application/json", -1);
    while (!err) {
        while (!err && next < api->events.len) {
            const struct api_event *event = &api->events.items[next++];
            if (!str_has_suffix(event->collection, plural))
                continue;
            CLEANUP_FREE char *line = mem_printf("%s\n", event->line);
            if (api->watch_delay)
                err = rt_sleep(api->rt, api->watch_delay);
            if (!err)
                err = http_reply_write(exchange, line, strlen(line));
        }
        if (!err)
            err = rt_cond_wait(api->rt, &api->changed, RT_FOREVER);
    }
    error_free(err);
}

static inline void api_create(struct fake_api *api, struct http_exchange *exchange)
{
    struct json *object = NULL;
    assert_ok(json_parse(http_body(exchange), http_body_len(exchange), &object));
    if (str_has_suffix(http_path(exchange), "/events")) {
        strbuf_addf(&api->reasons, "%s: %s\n", json_str_or(object, "reason", ""), json_str_or(object, "message", ""));
        api_reply(exchange, 201, object);
        json_free(object);
        return;
    }
    CLEANUP_FREE char *path = mem_printf("%s/%s", http_path(exchange), json_str_or(object, "metadata/name", ""));
    if (map_get(api->objects, path)) {
        json_free(object);
        api_fail(exchange, 409, "AlreadyExists");
        return;
    }
    json_set_printf(object, "metadata/uid", "uid-%lld", (long long)api->version);
    api_put(api, path, object, true);
    if (api->on_write)
        api->on_write(api->on_write_arg);
    api_reply(exchange, 201, map_get(api->objects, path));
}

/* PATCH, and PUT of a status. */
static inline void api_patch(struct fake_api *api, struct http_exchange *exchange)
{
    CLEANUP_FREE char *path = mem_strdup(http_path(exchange));
    bool status_only = str_has_suffix(path, "/status");
    if (status_only)
        path[strlen(path) - strlen("/status")] = '\0';
    const struct json *old = map_get(api->objects, path);
    struct json *patch CLEANUP(json_free) = NULL;
    assert_ok(json_parse(http_body(exchange), http_body_len(exchange), &patch));
    const char *version = json_str(patch, "metadata/resourceVersion");
    if (!old) {
        api_fail(exchange, 404, "NotFound");
        return;
    }
    if (api->fail_writes || (version && !str_equal(version, json_str(old, "metadata/resourceVersion")))) {
        api->fail_writes -= api->fail_writes ? 1 : 0;
        api_fail(exchange, 409, "Conflict");
        return;
    }
    struct json *object = json_copy(old);
    if (str_equal(http_method(exchange), "PUT"))
        json_set(object, "status", json_copy(json_get(patch, "status")));
    else
        json_merge_apply(&object, patch);
    if (strstr(path, "/baremetalhosts/"))
        api->writes++;
    struct json *answer CLEANUP(json_free) = NULL;
    bool gone = json_has(object, "metadata/deletionTimestamp") && !json_len(json_get(object, "metadata/finalizers"));
    if (gone)
        answer = json_copy(object);
    api_put(api, path, object, false);
    if (api->on_write)
        api->on_write(api->on_write_arg);
    api_reply(exchange, 200, gone ? answer : map_get(api->objects, path));
}

static inline void api_delete(struct fake_api *api, const char *path)
{
    const struct json *old = map_get(api->objects, path);
    if (!old || json_has(old, "metadata/deletionTimestamp"))
        return;
    struct json *object = json_copy(old);
    json_set_str(object, "metadata/deletionTimestamp", "2026-11-20T00:00:00Z");
    api_put(api, path, object, false);
}

static inline void api_handle(struct http_exchange *exchange, void *arg)
{
    struct fake_api *api = arg;
    const char *method = http_method(exchange), *path = http_path(exchange);
    static const char *const plurals[] = {"/baremetalhosts", "/secrets", "/hardwaredata", "/events", NULL};
    bool collection = false;
    for (size_t i = 0; plurals[i]; i++)
        collection |= str_has_suffix(path, plurals[i]);
    if (!http_query(exchange, "watch") && ++api->seen == api->fail_at)
        api_fail(exchange, 500, "InternalError");
    else if (str_equal(method, "POST"))
        api_create(api, exchange);
    else if (str_equal(method, "PATCH") || str_equal(method, "PUT"))
        api_patch(api, exchange);
    else if (collection && http_query(exchange, "watch"))
        api_watch(api, exchange);
    else if (collection)
        api_list(api, exchange);
    else if (!map_get(api->objects, path))
        api_fail(exchange, 404, "NotFound");
    else if (str_equal(method, "DELETE")) {
        api_delete(api, path);
        http_reply_str(exchange, 200, "application/json", "{\"kind\":\"Status\",\"status\":\"Success\"}");
    } else
        api_reply(exchange, 200, map_get(api->objects, path));
}

/* -- a provisioning backend -- */

enum fake_op {
    FAKE_REGISTER,
    FAKE_INSPECT,
    FAKE_ADOPT,
    FAKE_PREPARE,
    FAKE_PROVISION,
    FAKE_DEPROVISION,
    FAKE_DELETE,
    FAKE_DETACH,
    FAKE_POWER_ON,
    FAKE_POWER_OFF,
    FAKE_OP_COUNT,
};

struct fake_backend {
    struct provisioner_factory factory;
    int calls[FAKE_OP_COUNT];
    int dirty[FAKE_OP_COUNT];           /* so many calls answer "goes on" */
    const char *message[FAKE_OP_COUNT]; /* what calls fail with, … */
    int failures[FAKE_OP_COUNT];        /* … so many of them; -1: all */
    int errors[FAKE_OP_COUNT];          /* so many calls end in passing trouble */
    bool unregistered[FAKE_OP_COUNT];   /* calls end in "host not registered" */
    bool not_ready, no_capacity, powered_on, power_failure;
    const char *health;
    bool last_hard, last_force, last_credentials_changed, last_unprepared, last_restart;
    char *last_user_data, *last_network_data, *last_user;
    void (*wake)(void *arg, const char *ns, const char *name);
    void *wake_arg;
};

struct fake_host {
    struct provisioner provisioner;
    struct fake_backend *backend;
    const struct provisioner_host *host;
};

static inline struct fake_backend *fake_of(struct provisioner *provisioner)
{
    return ((struct fake_host *)provisioner)->backend;
}

static inline struct error *fake_run(struct provisioner *provisioner, enum fake_op op, struct provision_result *ret)
{
    struct fake_backend *fake = fake_of(provisioner);
    fake->calls[op]++;
    if (fake->unregistered[op])
        return error_new_code(ERROR_NOT_FOUND, PROVISIONER_NEEDS_REGISTRATION, "host not registered");
    if (fake->errors[op]) {
        fake->errors[op]--;
        return error_new(ERROR_TRANSIENT, "passing trouble");
    }
    if (fake->failures[op]) {
        fake->failures[op] -= fake->failures[op] > 0;
        ret->message = mem_strdup(fake->message[op]);
    } else if (fake->dirty[op]) {
        fake->dirty[op]--;
        ret->dirty = true;
        ret->requeue_after = RT_S;
    }
    return NULL;
}

static inline struct error *fake_register(struct provisioner *provisioner, const struct register_data *data,
                                          struct provision_result *ret, char **ret_id)
{
    struct fake_host *host = (struct fake_host *)provisioner;
    struct fake_backend *fake = host->backend;
    fake->last_credentials_changed = data->credentials_changed;
    free(fake->last_user);
    fake->last_user = mem_strdup(host->host->user);
    TRY(fake_run(provisioner, FAKE_REGISTER, ret));
    *ret_id = mem_strdup("node-1");
    return NULL;
}

static inline struct error *fake_inspect(struct provisioner *provisioner, const struct inspect_data *data,
                                         struct provision_result *ret, bool *ret_started, struct json **ret_details)
{
    struct fake_backend *fake = fake_of(provisioner);
    bool dirty = fake->dirty[FAKE_INSPECT] > 0;
    TRY(fake_run(provisioner, FAKE_INSPECT, ret));
    *ret_started = dirty && !ret->message;
    if (!ret->message && !ret->dirty) {
        *ret_details = json_new_object();
        json_set_str(*ret_details, "hostname", "found");
        json_set_str(*ret_details, "cpu/arch", "x86_64");
    }
    return NULL;
}

static inline struct error *fake_power_state(struct provisioner *provisioner, enum power_state *ret)
{
    *ret = fake_of(provisioner)->powered_on ? POWER_ON : POWER_OFF;
    return NULL;
}

static inline struct error *fake_adopt(struct provisioner *provisioner, const char *state, bool restart,
                                       struct provision_result *ret)
{
    return fake_run(provisioner, FAKE_ADOPT, ret);
}

static inline struct error *fake_prepare(struct provisioner *provisioner, const struct prepare_data *data,
                                         struct provision_result *ret, bool *ret_started)
{
    struct fake_backend *fake = fake_of(provisioner);
    fake->last_unprepared = data->unprepared;
    TRY(fake_run(provisioner, FAKE_PREPARE, ret));
    *ret_started = data->unprepared && !ret->message;
    return NULL;
}

static inline struct error *fake_service(struct provisioner *provisioner, const struct service_data *data,
                                         struct provision_result *ret, bool *ret_started)
{
    return NULL;
}

static inline struct error *fake_provision(struct provisioner *provisioner, const struct provision_data *data,
                                           struct provision_result *ret)
{
    struct fake_backend *fake = fake_of(provisioner);
    mem_free_secret(fake->last_user_data);
    mem_free_secret(fake->last_network_data);
    fake->last_user_data = fake->last_network_data = NULL;
    struct error *err = data->user_data(data->data_arg, &fake->last_user_data);
    if (!err)
        err = data->network_data(data->data_arg, &fake->last_network_data);
    if (err) {
        ret->message = mem_strdup(error_message(err));
        error_free(err);
        return NULL;
    }
    return fake_run(provisioner, FAKE_PROVISION, ret);
}

static inline struct error *fake_deprovision(struct provisioner *provisioner, bool restart, const char *mode,
                                             struct provision_result *ret)
{
    fake_of(provisioner)->last_restart = restart;
    return fake_run(provisioner, FAKE_DEPROVISION, ret);
}

static inline struct error *fake_delete(struct provisioner *provisioner, struct provision_result *ret)
{
    return fake_run(provisioner, FAKE_DELETE, ret);
}

static inline struct error *fake_detach(struct provisioner *provisioner, bool force, struct provision_result *ret)
{
    fake_of(provisioner)->last_force = force;
    return fake_run(provisioner, FAKE_DETACH, ret);
}

static inline struct error *fake_power_on(struct provisioner *provisioner, bool force, struct provision_result *ret)
{
    struct fake_backend *fake = fake_of(provisioner);
    bool done = fake->powered_on;
    TRY(fake_run(provisioner, FAKE_POWER_ON, ret));
    fake->powered_on = !ret->message;
    ret->dirty = !done && !ret->message;
    return NULL;
}

static inline struct error *fake_power_off(struct provisioner *provisioner, const struct power_off_data *data,
                                           struct provision_result *ret)
{
    struct fake_backend *fake = fake_of(provisioner);
    bool done = !fake->powered_on;
    fake->last_hard = data->hard;
    fake->last_force = data->force;
    TRY(fake_run(provisioner, FAKE_POWER_OFF, ret));
    if (!ret->message)
        fake->powered_on = false;
    ret->dirty = !done && !ret->message;
    return NULL;
}

static inline struct error *fake_has_capacity(struct provisioner *provisioner, bool *ret)
{
    *ret = !fake_of(provisioner)->no_capacity;
    return NULL;
}

static inline bool fake_has_power_failure(struct provisioner *provisioner)
{
    return fake_of(provisioner)->power_failure;
}

static inline const char *fake_health(struct provisioner *provisioner)
{
    return str_or(fake_of(provisioner)->health, "");
}

static inline void fake_free(struct provisioner *provisioner)
{
    free(provisioner);
}

static const struct provisioner_ops fake_ops = {
    .register_host = fake_register,
    .inspect = fake_inspect,
    .power_state = fake_power_state,
    .adopt = fake_adopt,
    .prepare = fake_prepare,
    .service = fake_service,
    .provision = fake_provision,
    .deprovision = fake_deprovision,
    .delete = fake_delete,
    .detach = fake_detach,
    .power_on = fake_power_on,
    .power_off = fake_power_off,
    .has_capacity = fake_has_capacity,
    .has_power_failure = fake_has_power_failure,
    .health = fake_health,
    .free = fake_free,
};

static inline struct error *fake_make(struct provisioner_factory *factory, const struct provisioner_host *host,
                                      struct provisioner **ret)
{
    struct fake_backend *fake = CONTAINER_OF(factory, struct fake_backend, factory);
    if (fake->not_ready)
        return error_new_code(ERROR_TRANSIENT, PROVISIONER_NOT_READY, "provisioner is not ready");
    struct fake_host *made = mem_alloc(sizeof(*made));
    *made = (struct fake_host){{&fake_ops}, fake, host};
    *ret = &made->provisioner;
    return NULL;
}

static inline void fake_set_wake(struct provisioner_factory *factory,
                                 void (*wake)(void *arg, const char *ns, const char *name), void *arg)
{
    struct fake_backend *fake = CONTAINER_OF(factory, struct fake_backend, factory);
    fake->wake = wake;
    fake->wake_arg = arg;
}

static const struct provisioner_factory_ops fake_factory_ops = {fake_make, fake_set_wake};

/* -- the world -- */

struct world {
    struct rt *rt;
    struct fake_api api;
    struct fake_backend fake;
    struct env env;
    struct manager *manager;
    struct bmo *bmo;
    int64_t retries;
    struct net_sim *sim;
    /*
     * Another backend: made before, and freed after the controller; and what goes at the very end. NULL: the scripted
     * one.
     */
    struct provisioner_factory *(*set_up)(struct world *world);
    void (*set_down)(struct world *world);
    void (*tear_down)(struct world *world);
    void *arg;
    void (*body)(struct world *world);
};

#define HOSTS "/apis/metal3.io/v1alpha1/namespaces/metal3/baremetalhosts"
#define SECRETS "/api/v1/namespaces/metal3/secrets"
#define HARDWARE "/apis/metal3.io/v1alpha1/namespaces/metal3/hardwaredata"
#define HOST HOSTS "/node-0"
#define SECRET SECRETS "/node-0-bmc"

#define KUBECONFIG                                                                                                     \
    "{\"current-context\":\"c\",\"contexts\":[{\"name\":\"c\",\"context\":{\"cluster\":\"k\",\"user\":\"u\"}}],"       \
    "\"clusters\":[{\"name\":\"k\",\"cluster\":{\"server\":\"http://api:6443/\"}}],"                                   \
    "\"users\":[{\"name\":\"u\",\"user\":{\"token\":\"t\"}}]}"

/* What the host is now; NULL when it is gone. */
static inline const struct json *host_now(struct world *world)
{
    return map_get(world->api.objects, HOST);
}

static inline const char *host_text(struct world *world, const char *path)
{
    return json_str_or(host_now(world), path, "");
}

static inline void add_object(struct world *world, const char *path, const char *text)
{
    struct json *object = NULL;
    assert_ok(json_parse(text, strlen(text), &object));
    CLEANUP_FREE char *collection = api_collection(path);
    json_set_str(object, "metadata/name", path + strlen(collection) + 1);
    json_set_str(object, "metadata/namespace", "metal3");
    json_set_printf(object, "metadata/uid", "uid-of-%s", path + strlen(collection) + 1);
    api_put(&world->api, path, object, true);
}

#define CREDENTIALS                                                                                                    \
    "{\"apiVersion\":\"v1\",\"kind\":\"Secret\",\"data\":{\"username\":\"YWRtaW4K\",\"password\":\"cGFzc3dvcmQ=\"}}"

/* A host whose spec is `spec` besides its BMC. */
static inline void add_host(struct world *world, const char *spec)
{
    CLEANUP_FREE char *text =
        mem_printf("{\"apiVersion\":\"metal3.io/v1alpha1\",\"kind\":\"BareMetalHost\",\"spec\":{"
                   "\"bmc\":{\"address\":\"redfish-virtualmedia+http://192.0.2.1/redfish/v1/"
                   "Systems/1\",\"credentialsName\":\"node-0-bmc\"},\"bootMACAddress\":\"00:11:22:33:44:55\"%s%s}}",
                   spec[0] ? "," : "", spec);
    add_object(world, HOST, text);
}

/* What a user does: a merge patch of the host. */
static inline void patch_object(struct world *world, const char *path, const char *text)
{
    struct json *patch CLEANUP(json_free) = NULL;
    assert_ok(json_parse(text, strlen(text), &patch));
    struct json *object = json_copy(map_get(world->api.objects, path));
    assert_non_null(object);
    json_merge_apply(&object, patch);
    api_put(&world->api, path, object, false);
}

static inline void pass_time(struct world *world, rt_time duration)
{
    assert_ok(rt_sleep(world->rt, duration));
}

/* Lets time pass until the host is in that state; fails after a day. */
static inline void reach_state(struct world *world, const char *state)
{
    for (int i = 0; i < 24 * 3600; i++) {
        if (str_equal(host_text(world, "status/provisioning/state"), state))
            return;
        pass_time(world, RT_S);
    }
    fail_msg("host stays in state \"%s\", not \"%s\"; error \"%s\"", host_text(world, "status/provisioning/state"),
             state, host_text(world, "status/errorMessage"));
}

static inline void reach_gone(struct world *world)
{
    for (int i = 0; i < 24 * 3600 && host_now(world); i++)
        pass_time(world, RT_S);
    assert_null(host_now(world));
}

static inline void expect_event(struct world *world, const char *text)
{
    if (!strstr(strbuf_str(&world->api.reasons), text))
        fail_msg("no event \"%s\" among:\n%s", text, strbuf_str(&world->api.reasons));
}

/* Moves that tests have seen, over all tests. */
static struct strbuf seen_moves;

static inline void world_start_operator(struct world *world)
{
    world->env.group = rt_group_new(world->rt, NULL, "operator");
    struct manager_options manager_options = {.client = {.kubeconfig = KUBECONFIG}};
    assert_ok(manager_new(&world->env, &manager_options, &world->manager));
    struct provisioner_factory *factory = world->set_up ? world->set_up(world) : &world->fake.factory;
    struct bmo_options bmo_options = {.factory = factory, .max_provisioning_retries = world->retries};
    assert_ok(bmo_start(world->manager, &bmo_options, &world->bmo));
    manager_start(world->manager);
}

/* Also after its group was cancelled: the end of a kill. */
static inline void world_stop_operator(struct world *world)
{
    if (!rt_group_cancelled(world->env.group))
        manager_stop(world->manager);
    rt_group_stop(world->env.group);
    bmo_free(world->bmo);
    if (world->set_down)
        world->set_down(world);
    manager_free(world->manager);
    rt_group_free(world->env.group);
}

static inline void world_main(void *arg)
{
    struct world *world = arg;
    struct rt_group *server_group = rt_group_new(world->rt, NULL, "api");
    struct net_sim *sim = net_sim_new(world->rt, &(struct net_sim_options){0});
    struct net *server_net = net_sim_host(sim, "api", "10.0.0.1");
    struct http_server *server = NULL;
    struct http_server_options options = {.address = "0.0.0.0", .port = 6443, .handle = api_handle, .arg = &world->api};
    assert_ok(http_server_start(server_net, server_group, &options, &server));

    world->sim = sim;
    world->env.net = net_sim_host(sim, "operator", "10.0.0.2");
    world_start_operator(world);
    world->body(world);
    world_stop_operator(world);
    if (world->tear_down)
        world->tear_down(world);
    http_server_stop(server);
    rt_group_stop(server_group);
    http_server_free(server);
    rt_group_free(server_group);
    net_free(world->env.net);
    net_free(server_net);
    net_sim_free(sim);
}

static inline int64_t world_wall(void *rt)
{
    return rt_wall(rt);
}

static inline void world_run_with(struct world world)
{
    world.retries = 5;
    world.rt = rt_new_sim(1, TEST_WALL);
    world.api.rt = world.rt;
    world.api.objects = map_new(api_free_object);
    world.fake.factory.ops = &fake_factory_ops;
    world.env.rt = world.rt;
    world.env.log = log_new(&(struct log_options){
        .level = getenv("TEST_LOG") ? LOG_DEBUG : LOG_ERROR + 1, .fd = 2, .wall = world_wall, .clock = world.rt});
    world.env.metrics = metrics_new();
    assert_ok(rt_run(world.rt, world_main, &world));
    strbuf_add(&seen_moves, strbuf_str(&world.api.states), world.api.states.len);
    VEC_FOREACH (event, &world.api.events) {
        free(event->collection);
        free(event->line);
    }
    VEC_RELEASE(&world.api.events);
    map_free(world.api.objects);
    strbuf_release(&world.api.reasons);
    strbuf_release(&world.api.states);
    mem_free_secret(world.fake.last_user_data);
    mem_free_secret(world.fake.last_network_data);
    free(world.fake.last_user);
    metrics_free(world.env.metrics);
    log_free(world.env.log);
    rt_free(world.rt);
}

static inline void world_run(void (*body)(struct world *world))
{
    world_run_with((struct world){.body = body});
}

#define WORLD_TEST(name)                                                                                               \
    static void test_##name(void **state)                                                                              \
    {                                                                                                                  \
        world_run(name);                                                                                               \
    }

#endif
