// SPDX-License-Identifier: Apache-2.0
// Who asks, and whether they may: a session's token, or basic credentials; then the route's privilege against the account's role.
#include "bmc-emu/redfish/request.h"

const struct rf_role rf_roles[] = {
    {"Administrator",
     RF_LOGIN | RF_CONFIGURE_MANAGER | RF_CONFIGURE_USERS | RF_CONFIGURE_SELF | RF_CONFIGURE_COMPONENTS},
    {"Operator", RF_LOGIN | RF_CONFIGURE_SELF | RF_CONFIGURE_COMPONENTS},
    {"ReadOnly", RF_LOGIN | RF_CONFIGURE_SELF},
    {0},
};

const struct rf_role *rf_role_find(const char *id)
{
    for (const struct rf_role *role = rf_roles; role->id; role++)
        if (str_equal(role->id, id))
            return role;
    return NULL;
}

static const struct rf_account *identify(struct rf_request *request)
{
    const char *token = http_header(request->http, "X-Auth-Token");
    const char *user, *password;

    if (token) {
        const char *name = rf_session_use(request->service, token);
        return name ? rf_account_named(request->service, name) : NULL;
    }
    if (http_basic_auth(request->http, &user, &password))
        return rf_account_check(request->service, user, password);
    return NULL;
}

bool rf_may(const struct rf_account *account, const struct rf_route *route)
{
    unsigned held = account ? account->role->privileges : ~0u;

    /* Whether it is one's own is for the handler to see. */
    return route->privilege == RF_PUBLIC || (route->privilege & held) || (route->self && (held & RF_CONFIGURE_SELF));
}

bool rf_authenticate(struct rf_request *request)
{
    const struct rf_route *route = request->route;

    if ((route && route->privilege == RF_PUBLIC) || !request->context->user)
        return true;
    request->account = identify(request);
    if (!request->account) {
        rf_fail(request, RF_NO_VALID_SESSION, NULL, NULL, NULL);
        return false;
    }
    if (!route || rf_may(request->account, route))
        return true;
    rf_fail(request, RF_INSUFFICIENT_PRIVILEGE, NULL, NULL, NULL);
    return false;
}
