// SPDX-License-Identifier: Apache-2.0
// Accounts and roles (EMU-028, 029). A service uses the context's one account until it is given its own list by a first change.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bmc-emu/redfish/handlers.h"

#define SERVICE RF_ROOT "/AccountService"
#define ACCOUNTS SERVICE "/Accounts"
#define ROLES SERVICE "/Roles"
#define PASSWORD_MAX 256
#define NAME_MAX_LEN 64

/* A view on the account that a service has before it owns any. */
static const struct rf_account *builtin(struct rf_service *service, struct rf_account *buf)
{
    *buf = (struct rf_account){
        .id = "1",
        .name = service->context->user,
        .password = service->context->password,
        .role = &rf_roles[0],
        .enabled = true,
        .version = 1,
    };
    return buf;
}

void rf_accounts_own(struct rf_service *service)
{
    struct rf_account first;

    if (service->accounts)
        return;
    service->accounts = mem_alloc_array(RF_ACCOUNTS_MAX, sizeof(*service->accounts));
    if (!service->context->user)
        return;
    service->accounts[0] = *builtin(service, &first);
    service->accounts[0].name = mem_strdup(first.name);
    service->accounts[0].password = mem_strdup(first.password);
    service->account_count = 1;
}

static void account_release(struct rf_account *account)
{
    free(account->name);
    mem_free_secret(account->password);
}

void rf_accounts_release(struct rf_service *service)
{
    for (size_t i = 0; i < service->account_count; i++)
        account_release(&service->accounts[i]);
    free(service->accounts);
}

/* Owning the list makes pointers to accounts last as long as nobody changes them; only services that see writes or sessions pay for it. */
const struct rf_account *rf_account_named(struct rf_service *service, const char *user)
{
    rf_accounts_own(service);
    for (size_t i = 0; i < service->account_count; i++)
        if (service->accounts[i].enabled && str_equal(service->accounts[i].name, user))
            return &service->accounts[i];
    return NULL;
}

const struct rf_account *rf_account_check(struct rf_service *service, const char *user, const char *password)
{
    const struct rf_account *account = rf_account_named(service, user);

    return account && str_equal_secret(account->password, password) ? account : NULL;
}

void rf_get_account_service(struct rf_request *request)
{
    struct jsonw *json = &request->json;

    rf_begin(request, "AccountService.v1_12_0.AccountService", SERVICE, "AccountService", "Account Service", 1);
    rf_status(request, true);
    jsonw_bool(json, "ServiceEnabled", true);
    jsonw_int(json, "MinPasswordLength", 1);
    jsonw_int(json, "MaxPasswordLength", PASSWORD_MAX);
    rf_link(request, "Accounts", ACCOUNTS);
    rf_link(request, "Roles", ROLES);
    rf_end(request);
}

void rf_get_accounts(struct rf_request *request)
{
    struct rf_service *service = request->service;

    rf_accounts_own(service);
    rf_begin_collection(request, "ManagerAccountCollection", ACCOUNTS, "Accounts");
    for (size_t i = 0; i < service->account_count; i++)
        rf_member(request, ACCOUNTS "/%s", service->accounts[i].id);
    rf_end_collection(request, service->account_count);
}

static struct rf_account *find_account(struct rf_request *request)
{
    struct rf_service *service = request->service;

    rf_accounts_own(service);
    for (size_t i = 0; i < service->account_count; i++)
        if (str_equal(service->accounts[i].id, request->params[0]))
            return &service->accounts[i];
    rf_not_found(request);
    return NULL;
}

static bool may_manage(const struct rf_request *request)
{
    return !request->account || (request->account->role->privileges & RF_CONFIGURE_USERS);
}

static void send_account(struct rf_request *request, const struct rf_account *account, int status)
{
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX];

    snprintf(path, sizeof(path), ACCOUNTS "/%s", account->id);
    rf_begin(request, "ManagerAccount.v1_9_0.ManagerAccount", path, account->id, "User Account", account->version);
    jsonw_str(json, "UserName", account->name);
    jsonw_null(json, "Password");
    jsonw_str(json, "RoleId", account->role->id);
    jsonw_bool(json, "Enabled", account->enabled);
    jsonw_bool(json, "Locked", false);
    jsonw_raw(json, "AccountTypes", "[\"Redfish\"]");
    jsonw_object(json, "Links");
    rf_link(request, "Role", ROLES "/%s", account->role->id);
    jsonw_end(json);
    jsonw_end(json);
    rf_send_json(request, status);
}

void rf_get_account(struct rf_request *request)
{
    const struct rf_account *account = find_account(request);

    if (!account)
        return;
    if (!may_manage(request) && account != request->account)
        rf_fail(request, RF_INSUFFICIENT_PRIVILEGE, NULL, NULL, NULL);
    else
        send_account(request, account, 200);
}

struct account_change {
    const char *name, *password;
    const struct rf_role *role;
    bool set_enabled, enabled;
};

static bool take_text(struct rf_request *request, const char *name, const struct json *value, size_t max,
                      const char **ret)
{
    const char *text;

    if (!rf_need_string(request, name, value, &text))
        return false;
    if (!*text || strlen(text) > max) {
        rf_fail(request, RF_PROPERTY_FORMAT_ERROR, "(not shown)", name, NULL);
        return false;
    }
    *ret = text;
    return true;
}

static bool take_name(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    return take_text(request, name, value, NAME_MAX_LEN, &((struct account_change *)arg)->name);
}

static bool take_password(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    return take_text(request, name, value, PASSWORD_MAX, &((struct account_change *)arg)->password);
}

static bool take_role(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct account_change *change = arg;
    const char *text;

    if (!rf_need_string(request, name, value, &text))
        return false;
    change->role = rf_role_find(text);
    if (!change->role)
        rf_fail(request, RF_PROPERTY_NOT_IN_LIST, text, name, NULL);
    return change->role != NULL;
}

static bool take_enabled(struct rf_request *request, const char *name, const struct json *value, void *arg)
{
    struct account_change *change = arg;

    change->set_enabled = true;
    return rf_need_bool(request, name, value, &change->enabled);
}

static const struct rf_property account_properties[] = {
    {"UserName", take_name}, {"Password", take_password}, {"RoleId", take_role}, {"Enabled", take_enabled}, {0},
};

static bool name_taken(struct rf_request *request, const char *name, const struct rf_account *except)
{
    for (size_t i = 0; i < request->service->account_count; i++) {
        const struct rf_account *other = &request->service->accounts[i];
        if (other != except && str_equal(other->name, name)) {
            rf_fail(request, RF_RESOURCE_EXISTS, "ManagerAccount", "UserName", name);
            return true;
        }
    }
    return false;
}

static void apply(struct rf_service *service, struct rf_account *account, const struct account_change *change)
{
    /* Whoever was let in by what is no longer true has to come again. */
    if (account->name)
        rf_sessions_drop_user(service, account->name);
    if (change->name) {
        free(account->name);
        account->name = mem_strdup(change->name);
    }
    if (change->password) {
        mem_free_secret(account->password);
        account->password = mem_strdup(change->password);
    }
    if (change->role)
        account->role = change->role;
    if (change->set_enabled)
        account->enabled = change->enabled;
    account->version = ++service->accounts_version;
}

void rf_patch_account(struct rf_request *request)
{
    static const char *const read_only[] = {"Id", "Name", "Locked", "AccountTypes", "Links", NULL};
    struct rf_account *account = find_account(request);
    struct account_change change = {0};

    if (!account || !rf_if_match(request, account->version) ||
        !rf_take_properties(request, account_properties, read_only, &change))
        return;
    bool only_password = change.password && !change.name && !change.role && !change.set_enabled;
    if (!may_manage(request) && !(account == request->account && only_password)) {
        rf_fail(request, RF_INSUFFICIENT_PRIVILEGE, NULL, NULL, NULL);
        return;
    }
    if (change.name && name_taken(request, change.name, account))
        return;
    apply(request->service, account, &change);
    rf_no_content(request);
}

/* The lowest id that no account has. */
static void free_id(const struct rf_service *service, char id[8])
{
    for (unsigned number = 1;; number++) {
        bool taken = false;
        snprintf(id, 8, "%u", number);
        for (size_t i = 0; i < service->account_count; i++)
            taken = taken || str_equal(service->accounts[i].id, id);
        if (!taken)
            return;
    }
}

void rf_post_account(struct rf_request *request)
{
    static const char *const required[] = {"UserName", "Password", "RoleId"};
    struct rf_service *service = request->service;
    struct account_change change = {0};
    char location[RF_PATH_MAX];

    rf_accounts_own(service);
    for (size_t i = 0; i < ARRAY_SIZE(required); i++) {
        if (!json_member(request->body, required[i])) {
            rf_fail(request, RF_PROPERTY_MISSING, required[i], NULL, NULL);
            return;
        }
    }
    if (!rf_take_properties(request, account_properties, NULL, &change) || name_taken(request, change.name, NULL))
        return;
    if (service->account_count == RF_ACCOUNTS_MAX) {
        rf_fail(request, RF_CREATE_LIMIT_REACHED, NULL, NULL, NULL);
        return;
    }
    struct rf_account account = {.enabled = true};
    free_id(service, account.id);
    apply(service, &account, &change);
    service->accounts[service->account_count++] = account;
    snprintf(location, sizeof(location), ACCOUNTS "/%s", account.id);
    http_reply_header(request->http, "Location", location);
    send_account(request, &account, 201);
}

void rf_delete_account(struct rf_request *request)
{
    struct rf_service *service = request->service;
    struct rf_account *account = find_account(request);

    if (!account)
        return;
    if (service->account_count == 1) {
        rf_fail(request, RF_CANNOT_DELETE, NULL, NULL, NULL);
        return;
    }
    rf_sessions_drop_user(service, account->name);
    account_release(account);
    size_t index = (size_t)(account - service->accounts);
    memmove(account, account + 1, (service->account_count - index - 1) * sizeof(*account));
    service->account_count--;
    rf_no_content(request);
}

void rf_get_roles(struct rf_request *request)
{
    size_t count = 0;

    rf_begin_collection(request, "RoleCollection", ROLES, "Roles");
    for (; rf_roles[count].id; count++)
        rf_member(request, ROLES "/%s", rf_roles[count].id);
    rf_end_collection(request, count);
}

void rf_get_role(struct rf_request *request)
{
    static const struct {
        unsigned privilege;
        const char *name;
    } names[] = {
        {RF_LOGIN, "Login"},
        {RF_CONFIGURE_MANAGER, "ConfigureManager"},
        {RF_CONFIGURE_USERS, "ConfigureUsers"},
        {RF_CONFIGURE_SELF, "ConfigureSelf"},
        {RF_CONFIGURE_COMPONENTS, "ConfigureComponents"},
    };
    const struct rf_role *role = rf_role_find(request->params[0]);
    struct jsonw *json = &request->json;
    char path[RF_PATH_MAX];

    if (!role) {
        rf_not_found(request);
        return;
    }
    snprintf(path, sizeof(path), ROLES "/%s", role->id);
    rf_begin(request, "Role.v1_3_1.Role", path, role->id, "User Role", 1);
    jsonw_str(json, "RoleId", role->id);
    jsonw_bool(json, "IsPredefined", true);
    jsonw_array(json, "AssignedPrivileges");
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (role->privileges & names[i].privilege)
            jsonw_str(json, NULL, names[i].name);
    jsonw_end(json);
    rf_end(request);
}
