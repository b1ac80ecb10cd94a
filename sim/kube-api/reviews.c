/* SPDX-License-Identifier: Apache-2.0 */
/* Access reviews: every authenticated user may do everything here, and the answers say so. */
#include "sim/kube-api/reviews.h"

#include <string.h>

#include "sim/kube-api/auth.h"
#include "sim/kube-api/body.h"
#include "sim/kube-api/negotiate.h"

#define TOKEN_SECONDS 3600
#define TOKEN_SECONDS_MIN 600

static void answer_access(struct kapi *api, const struct kapi_user *user, struct json *review)
{
    json_set_bool(review, "status/allowed", true);
    json_set_str(review, "status/reason", "every authenticated user may do everything in this simulated cluster");
}

static struct json *everything(const char *first, const char *second, const char *third)
{
    const char *const names[] = {"verbs", first, second, third};
    struct json *rule = json_new_object();

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        if (!names[i])
            continue;
        json_set(rule, names[i], json_new_array());
        json_append_str(json_member(rule, names[i]), "*");
    }
    return rule;
}

static void answer_rules(struct kapi *api, const struct kapi_user *user, struct json *review)
{
    json_set(review, "status/resourceRules", json_new_array());
    json_append(json_get(review, "status/resourceRules"), everything("apiGroups", "resources", NULL));
    json_set(review, "status/nonResourceRules", json_new_array());
    json_append(json_get(review, "status/nonResourceRules"), everything("nonResourceURLs", NULL, NULL));
    json_set_bool(review, "status/incomplete", false);
}

static void set_user(struct json *review, const char *path, const struct kapi_user *user)
{
    struct json *info = json_new_object();

    json_set_str(info, "username", user->name);
    json_set_str_opt(info, "uid", user->uid);
    json_set(info, "groups", json_new_array());
    for (char **group = user->groups; group && *group; group++)
        json_append_str(json_member(info, "groups"), *group);
    json_set(review, path, info);
}

static void answer_self(struct kapi *api, const struct kapi_user *user, struct json *review)
{
    set_user(review, "status/userInfo", user);
}

static void answer_token(struct kapi *api, const struct kapi_user *user, struct json *review)
{
    struct kapi_user found = {0};
    struct kapi_status *status = kapi_token_user(api, json_str_or(review, "spec/token", ""), &found);

    json_set(review, "status", json_new_object());
    if (status) {
        json_set_str(review, "status/error", "[invalid bearer token]");
        kapi_status_free(status);
        return;
    }
    json_set_bool(review, "status/authenticated", true);
    set_user(review, "status/user", &found);
    kapi_user_release(&found);
}

const struct kapi_review kapi_reviews[] = {
    {"authorization.k8s.io", "selfsubjectaccessreviews", "selfsubjectaccessreview", "SelfSubjectAccessReview",
     answer_access},
    {"authorization.k8s.io", "subjectaccessreviews", "subjectaccessreview", "SubjectAccessReview", answer_access},
    {"authorization.k8s.io", "selfsubjectrulesreviews", "selfsubjectrulesreview", "SelfSubjectRulesReview",
     answer_rules},
    {"authentication.k8s.io", "selfsubjectreviews", "selfsubjectreview", "SelfSubjectReview", answer_self},
    {"authentication.k8s.io", "tokenreviews", "tokenreview", "TokenReview", answer_token},
    {0},
};

static struct kapi_status *serve(struct kapi *api, struct http_exchange *exchange, const struct kapi_review *review,
                                 const struct kapi_user *user)
{
    struct kapi_body body = {http_header(exchange, "Content-Type"), http_body(exchange), http_body_len(exchange)};
    CLEANUP(json_free) struct json *object = NULL;
    struct kapi_accept accept;

    TRY_STATUS(kapi_negotiate(exchange, &accept));
    if (!str_equal(http_method(exchange), "POST"))
        return kapi_status_details(
            kapi_status_new(405, "MethodNotAllowed", "the server does not allow this method on the requested resource"),
            NULL, review->group, review->plural);
    TRY_STATUS(kapi_body_decode(&body, kapi_message_find(review->group, "v1", review->kind), NULL, &object));
    if (!json_is(object, JSON_OBJECT))
        return kapi_bad_request("the body must be a JSON object");
    json_set_printf(object, "apiVersion", "%s/v1", review->group);
    json_set_str(object, "kind", review->kind);
    if (!json_is(json_member(object, "metadata"), JSON_OBJECT))
        json_set(object, "metadata", json_new_object());
    if (!json_is(json_member(object, "metadata/creationTimestamp"), JSON_STRING))
        json_remove(object, "metadata/creationTimestamp");
    json_remove_member(object, "status");
    review->answer(api, user, object);
    kapi_reply_json(api, exchange, &accept, 201, object, NULL);
    return NULL;
}

bool kapi_serve_review(struct kapi *api, struct http_exchange *exchange, const char *group, const char *version,
                       const char *plural, const struct kapi_user *user)
{
    for (const struct kapi_review *review = kapi_reviews; review->plural; review++) {
        if (!str_equal(review->group, group) || !str_equal(version, "v1") || !str_equal(review->plural, plural))
            continue;
        struct kapi_status *status = serve(api, exchange, review, user);
        if (status)
            kapi_reply_status(api, exchange, status, NULL);
        return true;
    }
    return false;
}

struct kapi_status *kapi_token_request(struct kapi_call *call, struct kapi_result *ret)
{
    struct kapi_body body = {http_header(call->exchange, "Content-Type"), http_body(call->exchange),
                             http_body_len(call->exchange)};
    CLEANUP(json_free) struct json *request = NULL;
    CLEANUP_SECRET char *token = NULL;
    char until[TIME_TEXT_SIZE];
    const struct kapi_object *account = kapi_collection_peek(call->resource->collection, call->ns, call->name);

    TRY_STATUS(
        kapi_body_decode(&body, kapi_message_find("authentication.k8s.io", "v1", "TokenRequest"), NULL, &request));
    if (!account)
        return kapi_not_found("", "serviceaccounts", call->name);
    int64_t seconds = json_int(request, "spec/expirationSeconds", TOKEN_SECONDS);
    if (seconds < TOKEN_SECONDS_MIN) {
        CLEANUP_CAUSES struct kapi_causes causes = {0};
        kapi_causes_add(&causes, KAPI_INVALID, "spec.expirationSeconds",
                        "Invalid value: %lld: may not specify a duration less than 10 minutes", (long long)seconds);
        return kapi_causes_status(&causes, "authentication.k8s.io", "TokenRequest", "");
    }
    struct error *err = kapi_token_issue(call->api, account, json_get(request, "spec/audiences"), seconds, &token);
    if (err)
        return kapi_status_from_error(err);
    json_set_str(request, "kind", "TokenRequest");
    json_set_str(request, "apiVersion", "authentication.k8s.io/v1");
    json_set(request, "metadata", json_new_object());
    json_set_str(request, "metadata/name", call->name);
    json_set_str(request, "metadata/namespace", call->ns);
    json_set_int(request, "spec/expirationSeconds", seconds);
    json_set_str(request, "status/token", token);
    json_set_str(request, "status/expirationTimestamp",
                 time_format(rt_wall(call->api->rt) + seconds * TIME_S, 0, until));
    ret->code = 201;
    ret->json = TAKE_PTR(request);
    return NULL;
}
