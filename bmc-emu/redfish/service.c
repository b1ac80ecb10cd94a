// SPDX-License-Identifier: Apache-2.0
// The way of a request: path to route, who asks, which machine, the body, then the handler.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bmc-emu/redfish/request.h"
#include "lib/log/log.h"
#include "lib/net/http_client.h"

#define SESSION_TIMEOUT_DEFAULT (1800 * RT_S)
#define EVENT_ATTEMPTS 3
#define EVENT_INTERVAL (5 * RT_S)

struct rf_context *rf_context_new(const struct rf_options *options)
{
    struct rf_context *context = mem_alloc(sizeof(*context));

    context->env = options->env;
    context->group = options->group;
    context->driver = options->driver;
    context->capabilities = options->driver->ops->capabilities(options->driver);
    context->user = mem_strdup(options->user);
    context->password = mem_strdup(str_or(options->password, ""));
    context->session_timeout = options->session_timeout ? options->session_timeout : SESSION_TIMEOUT_DEFAULT;
    context->epoch = (uint64_t)rt_wall(options->env->rt) / (uint64_t)RT_MS;
    return context;
}

void rf_context_free(struct rf_context *context)
{
    if (!context)
        return;
    http_client_free(context->client);
    map_free(context->machines);
    free(context->vendor);
    json_free(context->oem);
    json_free(context->resources);
    free(context->user);
    mem_free_secret(context->password);
    free(context);
}

/* The map of a service with many machines: their UUIDs and names. */
static void index_machines(struct rf_context *context, size_t first, size_t count)
{
    const struct bmc_driver_ops *ops = context->driver->ops;

    context->machines = map_new(NULL);
    for (size_t i = first; i < first + count; i++) {
        struct bmc_snapshot snapshot;
        CLEANUP(error_free) struct error *err = ops->snapshot(context->driver, i, &snapshot);
        if (err)
            continue;
        map_set(context->machines, snapshot.name, (void *)(uintptr_t)(i + 1));
        map_set(context->machines, snapshot.uuid, (void *)(uintptr_t)(i + 1));
    }
}

struct rf_service *rf_service_new(struct rf_context *context, size_t first, size_t count)
{
    struct rf_service *service = mem_alloc(sizeof(*service));
    struct bmc_snapshot snapshot;

    service->context = context;
    service->first = first;
    service->follows = count == RF_ALL_MACHINES && context->driver->ops->find;
    service->count = count == RF_ALL_MACHINES ? context->driver->ops->count(context->driver) - first : count;
    service->session_timeout = context->session_timeout;
    service->manager_version = 1;
    service->accounts_version = 1;
    service->event_attempts = EVENT_ATTEMPTS;
    service->event_interval = EVENT_INTERVAL;
    CLEANUP(error_free) struct error *err = context->driver->ops->snapshot(context->driver, first, &snapshot);
    if (!err)
        rf_vendor_learn(context, snapshot.profile);
    /* The service's own UUID is like its machine's, but not the same. */
    snprintf(service->uuid, sizeof(service->uuid), "%s", err ? "62d6d63a-0000-4000-8000-000000000000" : snapshot.uuid);
    service->uuid[0] = service->uuid[0] == 'b' ? 'c' : 'b';
    if (service->count > 1 && !service->follows)
        index_machines(context, first, service->count);
    return service;
}

void rf_service_free(struct rf_service *service)
{
    if (!service)
        return;
    rf_accounts_release(service);
    rf_tasks_release(service);
    rf_subscriptions_release(service);
    rf_boards_release(service);
    map_free(service->sessions);
    free(service);
}

/* -- machines by their name in a path -- */

const char *rf_system_id(const struct rf_service *service, const struct bmc_snapshot *snapshot)
{
    return service->count == 1 && snapshot->profile->system_id ? snapshot->profile->system_id : snapshot->uuid;
}

const char *rf_manager_id(const struct rf_service *service, const struct bmc_snapshot *snapshot)
{
    return service->count == 1 && snapshot->profile->manager_id ? snapshot->profile->manager_id : snapshot->uuid;
}

const char *rf_chassis_id(const struct rf_service *service, const struct bmc_snapshot *snapshot)
{
    return service->count == 1 && snapshot->profile->chassis_id ? snapshot->profile->chassis_id : snapshot->uuid;
}

size_t rf_find_machine(const struct rf_service *service, const char *id)
{
    struct rf_context *context = service->context;
    struct bmc_snapshot snapshot;

    if (service->follows)
        return context->driver->ops->find(context->driver, id);
    if (service->count != 1) {
        void *found = context->machines ? map_get(context->machines, id) : NULL;
        return found ? (size_t)(uintptr_t)found - 1 : RF_NO_MACHINE;
    }
    CLEANUP(error_free) struct error *err = context->driver->ops->snapshot(context->driver, service->first, &snapshot);
    if (err)
        return RF_NO_MACHINE;
    if (str_equal(id, snapshot.uuid) || str_equal(id, snapshot.name) ||
        str_equal(id, rf_system_id(service, &snapshot)) || str_equal(id, rf_manager_id(service, &snapshot)) ||
        str_equal(id, rf_chassis_id(service, &snapshot)))
        return service->first;
    return RF_NO_MACHINE;
}

size_t rf_service_machine_of(const struct rf_service *service, const char *path)
{
    static const char *const collections[] = {RF_ROOT "/Systems/", RF_ROOT "/Managers/", RF_ROOT "/Chassis/"};

    if (service->count == 1 && !service->follows)
        return service->first;
    for (size_t i = 0; i < ARRAY_SIZE(collections); i++) {
        if (!str_has_prefix(path, collections[i]))
            continue;
        char id[64];
        const char *start = path + strlen(collections[i]);
        size_t len = strcspn(start, "/");
        if (len >= sizeof(id))
            return RF_NO_MACHINE;
        memcpy(id, start, len);
        id[len] = '\0';
        return rf_find_machine(service, id);
    }
    return RF_NO_MACHINE;
}

/* -- routes -- */

/* A path taken apart by a route's pattern. */
struct match {
    char machine[64];
    bool names_machine;
    char params[RF_PARAMS_MAX][64];
};

/* "{machine}" takes a segment as the machine's id, "{}" as the next parameter; a slash at the end of the path is let pass. */
static bool match_path(const char *pattern, const char *path, struct match *match)
{
    size_t next = 0;

    match->names_machine = false;
    while (*pattern) {
        if (*pattern != '{') {
            if (*pattern++ != *path++)
                return false;
            continue;
        }
        bool machine = pattern[1] == 'm';
        char *target = machine ? match->machine : match->params[next];
        size_t len = strcspn(path, "/");
        if (len == 0 || len >= sizeof(match->machine))
            return false;
        memcpy(target, path, len);
        target[len] = '\0';
        if (machine)
            match->names_machine = true;
        else
            next++;
        path += len;
        pattern = strchr(pattern, '}') + 1;
    }
    return *path == '\0' || (path[0] == '/' && path[1] == '\0');
}

/* Lists the methods of the route's path; its rows stand together. */
static void send_allow(struct rf_request *request, const struct rf_route *row)
{
    char allow[64];
    size_t len = (size_t)snprintf(allow, sizeof(allow), "OPTIONS");
    const struct rf_route *end = rf_routes + rf_route_count;

    while (row > rf_routes && str_equal(row[-1].path, row->path))
        row--;
    for (const char *path = row->path; row < end && str_equal(row->path, path); row++)
        len += (size_t)snprintf(allow + len, sizeof(allow) - len, ", %s%s", row->method,
                                str_equal(row->method, "GET") ? ", HEAD" : "");
    http_reply_header(request->http, "Allow", allow);
}

/* The route of method and path. Else NULL, and *ret_other is a route of the same path (NULL: unknown path). */
static const struct rf_route *find_route(const char *method, const char *path, struct match *match,
                                         const struct rf_route **ret_other)
{
    *ret_other = NULL;
    if (str_equal(method, "HEAD"))
        method = "GET";
    for (const struct rf_route *row = rf_routes; row < rf_routes + rf_route_count; row++) {
        if (!match_path(row->path, path, match))
            continue;
        if (str_equal(row->method, method))
            return row;
        *ret_other = row;
    }
    return NULL;
}

/* -- the steps before a handler -- */

static bool take_machine(struct rf_request *request, const struct match *match)
{
    struct rf_context *context = request->context;

    memcpy(request->params, match->params, sizeof(request->params));
    if (!match->names_machine)
        return true;
    request->machine = rf_find_machine(request->service, match->machine);
    if (request->machine == RF_NO_MACHINE) {
        rf_not_found(request);
        return false;
    }
    if (rf_board_away(request->service, request->machine)) {
        if (!request->inner)
            http_abort(request->http);
        return false;
    }
    struct error *err = context->driver->ops->snapshot(context->driver, request->machine, &request->snapshot);
    if (err) {
        rf_fail_error(request, err);
        return false;
    }
    snprintf(request->system, RF_PATH_MAX, RF_ROOT "/Systems/%s", rf_system_id(request->service, &request->snapshot));
    snprintf(request->manager, RF_PATH_MAX, RF_ROOT "/Managers/%s",
             rf_manager_id(request->service, &request->snapshot));
    snprintf(request->chassis, RF_PATH_MAX, RF_ROOT "/Chassis/%s", rf_chassis_id(request->service, &request->snapshot));
    return true;
}

static bool take_body(struct rf_request *request)
{
    const char *method = request->route->method;

    if (str_equal(method, "GET"))
        return true;
    if (http_body_len(request->http) == 0) {
        bool optional = request->route->body_optional || str_equal(method, "DELETE");
        if (!optional)
            rf_fail(request, RF_UNRECOGNIZED_REQUEST_BODY, NULL, NULL, NULL);
        return optional;
    }
    struct error *err = json_parse(http_body(request->http), http_body_len(request->http), &request->body);
    if (err) {
        error_free(err);
        rf_fail(request, RF_MALFORMED_JSON, NULL, NULL, NULL);
        return false;
    }
    if (!json_is(request->body, JSON_OBJECT)) {
        rf_fail(request, RF_UNRECOGNIZED_REQUEST_BODY, NULL, NULL, NULL);
        return false;
    }
    return true;
}

/* Headers and query parameters that DSP0266 makes a service check. */
static bool check_protocol(struct rf_request *request)
{
    const char *version = http_header(request->http, "OData-Version");

    if (version && !str_equal(version, "4.0")) {
        rf_fail(request, RF_HEADER_INVALID, "OData-Version", NULL, NULL);
        return false;
    }
    return !*http_query_string(request->http) || rf_query_take(request);
}

/* A BMC that restarts answers nothing; where many share a port, only what is about its machine (take_machine). */
static bool service_away(const struct rf_service *service)
{
    return service->count == 1 && rf_board_away(service, service->first);
}

static void dispatch(struct rf_request *request)
{
    const struct rf_route *other;
    struct match match = {0};
    const char *method = http_method(request->http);

    if (service_away(request->service)) {
        http_abort(request->http);
        return;
    }
    request->route = find_route(method, http_path(request->http), &match, &other);
    if (other && str_equal(method, "OPTIONS")) {
        send_allow(request, other);
        rf_no_content(request);
        return;
    }
    if (!rf_authenticate(request))
        return;
    if (!request->route && other) {
        send_allow(request, other);
        rf_fail(request, RF_OPERATION_NOT_ALLOWED, NULL, NULL, NULL);
    } else if (!request->route) {
        if (!rf_vendor_resource(request))
            rf_not_found(request);
    } else if (check_protocol(request) && rf_vendor_check(request) && take_machine(request, &match) &&
               take_body(request)) {
        if (str_equal(request->route->method, "GET"))
            send_allow(request, request->route);
        request->route->handle(request);
    }
}

struct json *rf_get_inner(struct rf_request *outer, const char *path)
{
    struct rf_request *request = mem_alloc(sizeof(*request));
    const struct rf_route *other;
    struct match match = {0};
    struct json *ret = NULL;

    *request = (struct rf_request){
        .service = outer->service,
        .context = outer->context,
        .http = outer->http,
        .account = outer->account,
        .machine = RF_NO_MACHINE,
        .inner = true,
    };
    request->json = (struct jsonw)JSONW_INIT(&request->out);
    request->route = find_route("GET", path, &match, &other);
    if (request->route && rf_may(request->account, request->route) && take_machine(request, &match)) {
        request->route->handle(request);
        if (request->status == 200)
            error_free(json_parse(strbuf_str(&request->out), request->out.len, &ret)); /* our own text: it parses */
    }
    strbuf_release(&request->out);
    free(request);
    return ret;
}

void rf_service_handle(struct rf_service *service, struct http_exchange *http)
{
    struct rf_request request = {
        .service = service,
        .context = service->context,
        .http = http,
        .machine = RF_NO_MACHINE,
    };
    if (service->follows)
        service->count = service->context->driver->ops->count(service->context->driver) - service->first;

    request.json = (struct jsonw)JSONW_INIT(&request.out);
    strbuf_reserve(&request.out, 2048);
    dispatch(&request);
    log_debug(service->context->env->log, "redfish request", KV("method", http_method(http)),
              KV("path", http_raw_path(http)), KV("client", http_peer_address(http)));
    rf_query_free(request.query);
    json_free(request.body);
    strbuf_release(&request.out);
}
