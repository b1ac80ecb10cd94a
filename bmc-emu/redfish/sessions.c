// SPDX-License-Identifier: Apache-2.0
// The session service (DSP0266, "Redfish session login authentication"): tokens with an idle timeout, a limit on their number.
#include <stdio.h>
#include <stdlib.h>

#include "bmc-emu/redfish/handlers.h"

#define SERVICE RF_ROOT "/SessionService"
#define SESSIONS SERVICE "/Sessions"
#define TIMEOUT_MIN 30
#define TIMEOUT_MAX 86400
#define TOKEN_BYTES 16

static void session_free(void *value)
{
    struct rf_session *session = value;

    free(session->user);
    free(session->client);
    free(session);
}

static bool expired(const struct rf_service *service, const struct rf_session *session)
{
    return rt_now(service->context->env->rt) - session->last_used > service->session_timeout;
}

static void drop_expired(struct rf_service *service)
{
    struct map_iter it = {0};

    while (service->sessions && map_next(service->sessions, &it))
        if (expired(service, it.value))
            map_remove(service->sessions, it.key);
}

const char *rf_session_use(struct rf_service *service, const char *token)
{
    struct rf_session *session = service->sessions ? map_get(service->sessions, token) : NULL;

    if (!session)
        return NULL;
    if (expired(service, session)) {
        map_remove(service->sessions, token);
        return NULL;
    }
    session->last_used = rt_now(service->context->env->rt);
    return session->user;
}

void rf_sessions_drop_user(struct rf_service *service, const char *user)
{
    struct map_iter it = {0};

    while (service->sessions && map_next(service->sessions, &it))
        if (str_equal(((struct rf_session *)it.value)->user, user))
            map_remove(service->sessions, it.key);
}

void rf_get_session_service(struct rf_request *request)
{
    struct jsonw *json = &request->json;

    rf_begin(request, "SessionService.v1_1_8.SessionService", SERVICE, "SessionService", "Session Service",
             request->service->manager_version);
    rf_status(request, true);
    jsonw_bool(json, "ServiceEnabled", true);
    jsonw_int(json, "SessionTimeout", request->service->session_timeout / RT_S);
    rf_link(request, "Sessions", SESSIONS);
    rf_end(request);
}

static bool take_timeout(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    return rf_need_int(request, name, value, TIMEOUT_MIN, TIMEOUT_MAX, arg);
}

void rf_patch_session_service(struct rf_request *request)
{
    static const struct rf_property properties[] = {{"SessionTimeout", take_timeout}, {0}};
    static const char *const read_only[] = {"Id", "Name", "Status", "ServiceEnabled", "Sessions", NULL};
    int64_t seconds;

    if (!rf_if_match(request, request->service->manager_version) ||
        !rf_take_properties(request, properties, read_only, &seconds))
        return;
    request->service->session_timeout = seconds * RT_S;
    request->service->manager_version++;
    rf_no_content(request);
}

void rf_get_sessions(struct rf_request *request)
{
    size_t count = 0;
    struct map_iter it = {0};

    drop_expired(request->service);
    rf_begin_collection(request, "SessionCollection", SESSIONS, "Sessions");
    while (request->service->sessions && map_next(request->service->sessions, &it)) {
        rf_member(request, SESSIONS "/%s", ((struct rf_session *)it.value)->id);
        count++;
    }
    rf_end_collection(request, count);
}

static void send_session(struct rf_request *request, const struct rf_session *session, int status)
{
    char path[RF_PATH_MAX], created[TIME_TEXT_SIZE];

    snprintf(path, sizeof(path), SESSIONS "/%s", session->id);
    rf_begin(request, "Session.v1_5_0.Session", path, session->id, "User Session", 1);
    jsonw_str(&request->json, "UserName", session->user);
    jsonw_null(&request->json, "Password");
    jsonw_str(&request->json, "ClientOriginIPAddress", session->client);
    jsonw_str(&request->json, "CreatedTime", time_format(session->created, 0, created));
    jsonw_end(&request->json);
    rf_send_json(request, status);
}

static struct rf_session *new_session(struct rf_request *request, const char *user, char token[2 * TOKEN_BYTES + 1])
{
    struct rf_service *service = request->service;
    struct rt *rt = request->context->env->rt;
    struct rf_session *session = mem_alloc(sizeof(*session));
    unsigned char bytes[TOKEN_BYTES];

    rt_random_bytes(rt, bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++)
        snprintf(token + 2 * i, 3, "%02x", bytes[i]);
    snprintf(session->id, sizeof(session->id), "%llu", (unsigned long long)++service->session_serial);
    session->user = mem_strdup(user);
    session->client = mem_strdup(http_peer_address(request->http));
    session->created = rt_wall(rt);
    session->last_used = rt_now(rt);
    if (!service->sessions)
        service->sessions = map_new(session_free);
    map_set(service->sessions, token, session);
    return session;
}

void rf_post_session(struct rf_request *request)
{
    static const char *const names[] = {"UserName", "Password"};
    const char *given[2];
    char token[2 * TOKEN_BYTES + 1], location[RF_PATH_MAX];

    for (int i = 0; i < 2; i++) {
        const struct json *value = json_member(request->body, names[i]);
        if (!value) {
            rf_fail(request, RF_PROPERTY_MISSING, names[i], NULL, NULL);
            return;
        }
        if (!json_is(value, JSON_STRING)) {
            rf_fail(request, RF_PROPERTY_TYPE_ERROR, json_type_name(json_type(value)), names[i], NULL);
            return;
        }
        given[i] = json_str(value, "");
    }
    if (request->context->user && !rf_account_check(request->service, given[0], given[1])) {
        rf_fail(request, RF_NO_VALID_SESSION, NULL, NULL, NULL);
        return;
    }
    drop_expired(request->service);
    if (request->service->sessions && map_len(request->service->sessions) >= RF_SESSIONS_MAX) {
        rf_fail(request, RF_SESSION_LIMIT_EXCEEDED, NULL, NULL, NULL);
        return;
    }
    const struct rf_session *session = new_session(request, given[0], token);
    snprintf(location, sizeof(location), SESSIONS "/%s", session->id);
    http_reply_header(request->http, "X-Auth-Token", token);
    http_reply_header(request->http, "Location", location);
    send_session(request, session, 201);
}

/* The live session with the id of the path; NULL when it has answered. */
static struct rf_session *find_session(struct rf_request *request, const char **ret_token)
{
    struct map_iter it = {0};

    drop_expired(request->service);
    while (request->service->sessions && map_next(request->service->sessions, &it)) {
        struct rf_session *session = it.value;
        if (str_equal(session->id, request->params[0])) {
            *ret_token = it.key;
            return session;
        }
    }
    rf_not_found(request);
    return NULL;
}

void rf_get_session(struct rf_request *request)
{
    const char *token;
    const struct rf_session *session = find_session(request, &token);

    if (session)
        send_session(request, session, 200);
}

void rf_delete_session(struct rf_request *request)
{
    const char *token;
    const struct rf_session *session = find_session(request, &token);

    if (!session)
        return;
    if (request->account && !(request->account->role->privileges & RF_CONFIGURE_MANAGER) &&
        !str_equal(request->account->name, session->user)) {
        rf_fail(request, RF_INSUFFICIENT_PRIVILEGE, NULL, NULL, NULL);
        return;
    }
    map_remove(request->service->sessions, token);
    rf_no_content(request);
}
