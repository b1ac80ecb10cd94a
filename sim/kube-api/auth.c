/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of the server, and who a caller is. */
#include "sim/kube-api/auth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/data/vec.h"
#include "lib/rt/file.h"
#include "sim/kube-api/token.h"

#define DAYS 3650
#define PEM_MAX (64 * 1024)

struct kapi_auth {
    struct pki_pair ca, server, admin;
    char *admin_token;
    struct kapi_token_key *token_key;
    bool anonymous;
};

/* -- files -- */

/* The pair "NAME.crt" and "NAME.key" in a directory; *ret_found tells whether it is there. */
static struct error *load_pair(struct rt *rt, const char *dir, const char *name, struct pki_pair *ret, bool *ret_found)
{
    CLEANUP_FREE char *cert = mem_printf("%s/%s.crt", dir, name), *key = mem_printf("%s/%s.key", dir, name);

    *ret_found = access(key, F_OK) == 0 && access(cert, F_OK) == 0;
    if (!*ret_found)
        return NULL;
    TRY(rt_file_read(rt, cert, PEM_MAX, &ret->cert_pem, NULL));
    return rt_file_read(rt, key, PEM_MAX, &ret->key_pem, NULL);
}

static struct error *save_pair(struct rt *rt, const char *dir, const char *name, const struct pki_pair *pair)
{
    CLEANUP_FREE char *cert = mem_printf("%s/%s.crt", dir, name), *key = mem_printf("%s/%s.key", dir, name);

    TRY(rt_file_write(rt, key, pair->key_pem, strlen(pair->key_pem), 0600));
    return rt_file_write(rt, cert, pair->cert_pem, strlen(pair->cert_pem), 0600);
}

/* -- keys -- */

static struct error *make_ca(struct kapi *api, const char *dir, struct kapi_auth *auth)
{
    struct pki_request request = {
        .common_name = "metal3-sim-ca", .ca = true, .not_before = rt_wall(api->rt) - 3600 * TIME_S, .days = DAYS};
    bool found = false;

    if (dir)
        TRY(load_pair(api->rt, dir, "ca", &auth->ca, &found));
    if (found)
        return NULL;
    TRY(pki_issue(api->rt, &request, NULL, &auth->ca));
    return dir ? save_pair(api->rt, dir, "ca", &auth->ca) : NULL;
}

static struct error *make_leaves(struct kapi *api, const char *const *names, struct kapi_auth *auth)
{
    static const char *const always[] = {"localhost",  "127.0.0.1",          "::1",
                                         "kubernetes", "kubernetes.default", "kubernetes.default.svc"};
    static const char *const masters[] = {"system:masters", NULL};
    VEC(const char *) all = {0};

    for (size_t i = 0; i < ARRAY_SIZE(always); i++)
        VEC_PUSH(&all, always[i]);
    for (; names && *names; names++)
        VEC_PUSH(&all, *names);
    VEC_PUSH(&all, NULL);
    struct pki_request server = {.common_name = "kube-apiserver",
                                 .alt_names = all.items,
                                 .server = true,
                                 .not_before = rt_wall(api->rt) - 3600 * TIME_S,
                                 .days = DAYS};
    struct pki_request admin = {.common_name = "kubernetes-admin",
                                .organizations = masters,
                                .client = true,
                                .not_before = rt_wall(api->rt) - 3600 * TIME_S,
                                .days = DAYS};
    struct error *err = pki_issue(api->rt, &server, &auth->ca, &auth->server);
    VEC_RELEASE(&all);
    TRY(err);
    return pki_issue(api->rt, &admin, &auth->ca, &auth->admin);
}

struct error *kapi_auth_new(struct kapi *api, const struct kapi_auth_options *options, struct kapi_auth **ret)
{
    CLEANUP(kapi_auth_free) struct kapi_auth *auth = mem_alloc(sizeof(*auth));
    unsigned char secret[16];

    auth->anonymous = options->anonymous;
    TRY_WRAP(make_ca(api, options->data_dir, auth), "make the certificate authority");
    TRY_WRAP(make_leaves(api, options->names, auth), "make certificates");
    /* Tokens live as long as the CA does: they are signed with its key. */
    TRY_WRAP(kapi_token_key_new(auth->ca.key_pem, &auth->token_key), "make the key for tokens");
    rt_random_bytes(api->rt, secret, sizeof(secret));
    auth->admin_token = str_hex_encode(secret, sizeof(secret));
    *ret = TAKE_PTR(auth);
    return NULL;
}

void kapi_auth_free(struct kapi_auth *auth)
{
    if (!auth)
        return;
    pki_pair_release(&auth->ca);
    pki_pair_release(&auth->server);
    pki_pair_release(&auth->admin);
    kapi_token_key_free(auth->token_key);
    mem_free_secret(auth->admin_token);
    free(auth);
}

const char *kapi_auth_ca_pem(const struct kapi_auth *auth)
{
    return auth->ca.cert_pem;
}

const struct pki_pair *kapi_auth_server(const struct kapi_auth *auth)
{
    return &auth->server;
}

const struct pki_pair *kapi_auth_admin(const struct kapi_auth *auth)
{
    return &auth->admin;
}

const char *kapi_auth_admin_token(const struct kapi_auth *auth)
{
    return auth->admin_token;
}

/* -- callers -- */

static void set_user(struct kapi_user *user, const char *name, const char *uid, const char *const *groups)
{
    VEC(char *) list = {0};

    for (; groups && *groups; groups++)
        VEC_PUSH(&list, mem_strdup(*groups));
    VEC_PUSH(&list,
             mem_strdup(str_equal(name, "system:anonymous") ? "system:unauthenticated" : "system:authenticated"));
    VEC_PUSH(&list, NULL);
    *user = (struct kapi_user){mem_strdup(name), mem_strdup(uid), list.items};
}

/* A service account's token is good as long as the account with that uid exists (KAPI-008). */
static bool account_user(struct kapi *api, const struct json *claims, struct kapi_user *ret)
{
    const struct json *account = json_member(json_member(claims, "kubernetes.io"), "serviceaccount");
    const char *ns = json_str_or(json_member(claims, "kubernetes.io"), "namespace", ""),
               *name = json_str_or(account, "name", "");
    const struct kapi_resource *accounts = kapi_registry_builtin(api->registry, "", "serviceaccounts");
    const struct kapi_object *stored = kapi_collection_peek(accounts->collection, ns, name);

    if (!stored || !str_equal(stored->uid, json_str(account, "uid")))
        return false;
    CLEANUP_FREE char *user = mem_printf("system:serviceaccount:%s:%s", ns, name);
    CLEANUP_FREE char *group = mem_printf("system:serviceaccounts:%s", ns);
    const char *groups[] = {"system:serviceaccounts", group, NULL};
    set_user(ret, user, stored->uid, groups);
    return true;
}

struct kapi_status *kapi_token_user(struct kapi *api, const char *token, struct kapi_user *ret)
{
    static const char *const masters[] = {"system:masters", NULL};
    CLEANUP(json_free) struct json *claims = NULL;

    if (str_equal_secret(token, api->auth->admin_token)) {
        set_user(ret, "kubernetes-admin", NULL, masters);
        return NULL;
    }
    struct error *err = kapi_token_verify(api->auth->token_key, token, rt_wall(api->rt) / TIME_S, &claims);
    if (!err && account_user(api, claims, ret))
        return NULL;
    error_free(err);
    return kapi_status_new(401, "Unauthorized", "Unauthorized");
}

struct kapi_status *kapi_authenticate(struct kapi *api, struct http_exchange *exchange, struct kapi_user *ret)
{
    const char *name = http_client_common_name(exchange), *header = http_header(exchange, "Authorization");

    if (name) {
        set_user(ret, name, NULL, http_client_organizations(exchange));
        return NULL;
    }
    if (header && !strncasecmp(header, "Bearer ", 7))
        return kapi_token_user(api, header + 7, ret);
    set_user(ret, "system:anonymous", NULL, NULL);
    return NULL;
}

bool kapi_authorized(const struct kapi *api, const struct kapi_user *user)
{
    return api->auth->anonymous || !str_equal(user->name, "system:anonymous");
}

const char KAPI_ISSUER[] = "https://kubernetes.default.svc.cluster.local";

struct error *kapi_token_issue(struct kapi *api, const struct kapi_object *account, const struct json *audiences,
                               int64_t seconds, char **ret)
{
    CLEANUP(json_free) struct json *claims = json_new_object();
    int64_t now = rt_wall(api->rt) / TIME_S;

    json_set(claims, "aud", json_len(audiences) ? json_copy(audiences) : json_new_array());
    if (!json_len(audiences))
        json_append_str(json_member(claims, "aud"), KAPI_ISSUER);
    json_set_int(claims, "exp", now + seconds);
    json_set_int(claims, "iat", now);
    json_set_str(claims, "iss", KAPI_ISSUER);
    struct json *about = json_new_object();
    json_set_str(about, "namespace", account->ns);
    json_set_str(about, "serviceaccount/name", account->name);
    json_set_str(about, "serviceaccount/uid", account->uid);
    json_put(claims, "kubernetes.io", about);
    json_set_int(claims, "nbf", now);
    json_set_printf(claims, "sub", "system:serviceaccount:%s:%s", account->ns, account->name);
    return kapi_token_sign(api->auth->token_key, claims, ret);
}
