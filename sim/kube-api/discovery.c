/* SPDX-License-Identifier: Apache-2.0 */
/* What is served, told to clients. */
#include "sim/kube-api/discovery.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data/digest.h"
#include "lib/data/vec.h"
#include "sim/kube-api/negotiate.h"
#include "sim/kube-api/reviews.h"

/* The minor makes kubectl's dispatcher pick its 1.32 (finding 10). */
#define MINOR "32"
#define GIT_VERSION "v1.32.5+metal3-sim-" METAL3_VERSION
#define AGGREGATED "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

static const char *const verbs[] = {"create", "delete", "deletecollection", "get", "list", "patch", "update",
                                    "watch",  NULL};
static const char *const subresource_verbs[] = {"get", "patch", "update", NULL};
static const char *const create_verb[] = {"create", NULL};

/* Groups in order of registration, each with its versions in order of KAPI-028. */
struct group {
    const char *name;
    struct {
        const char **items;
        size_t len, cap;
    } versions;
};
struct groups {
    struct group *items;
    size_t len, cap;
};

static void groups_release(struct groups *groups)
{
    VEC_FOREACH (group, groups)
        VEC_RELEASE(&group->versions);
    VEC_RELEASE(groups);
}
#define CLEANUP_GROUPS __attribute__((cleanup(groups_release)))

static void add_version(struct groups *groups, const char *name, const char *version)
{
    struct group *group = NULL;

    VEC_FOREACH (known, groups) {
        if (str_equal(known->name, name))
            group = known;
    }
    if (!group) {
        struct group made = {.name = name};
        VEC_PUSH(groups, made);
        group = &groups->items[groups->len - 1];
    }
    size_t at = 0;
    for (; at < group->versions.len; at++) {
        int order = kapi_version_compare(group->versions.items[at], version);
        if (!order)
            return;
        if (order > 0)
            break;
    }
    VEC_PUSH(&group->versions, version);
    memmove(&group->versions.items[at + 1], &group->versions.items[at],
            (group->versions.len - 1 - at) * sizeof(*group->versions.items));
    group->versions.items[at] = version;
}

static void list_groups(const struct kapi *api, struct groups *ret)
{
    for (size_t i = 0; i < kapi_registry_len(api->registry); i++) {
        const struct kapi_resource *resource = kapi_registry_at(api->registry, i);
        for (size_t v = 0; v < resource->version_count; v++) {
            if (resource->versions[v].served)
                add_version(ret, resource->versions[v].group, resource->versions[v].name);
        }
    }
    for (const struct kapi_review *review = kapi_reviews; review->plural; review++)
        add_version(ret, review->group, "v1");
}

static char *group_version(const char *group, const char *version)
{
    return *group ? mem_printf("%s/%s", group, version) : mem_strdup(version);
}

char **kapi_group_versions(const struct kapi *api)
{
    CLEANUP_GROUPS struct groups groups = {0};
    VEC(char *) list = {0};

    list_groups(api, &groups);
    VEC_FOREACH (group, &groups) {
        VEC_FOREACH (version, &group->versions)
            VEC_PUSH(&list, group_version(group->name, *version));
    }
    VEC_PUSH(&list, NULL);
    return list.items;
}

static struct json *texts(const char *const *list)
{
    struct json *array = json_new_array();

    for (; list && *list; list++)
        json_append_str(array, *list);
    return array;
}

/* -- one resource in both forms -- */

/* What is needed to describe a resource or a subresource. */
struct entry {
    const char *name, *singular, *kind, *subresource; /* subresource NULL: the resource itself */
    const char *group, *version;                      /* of the kind when it is another group's; NULL: the same */
    bool namespaced;
    const char *const *verbs;
    char *const *short_names, *const *categories;
};

static struct json *legacy_entry(const struct entry *entry)
{
    struct json *json = json_new_object();

    if (entry->subresource)
        json_set_printf(json, "name", "%s/%s", entry->name, entry->subresource);
    else
        json_set_str(json, "name", entry->name);
    json_set_str(json, "singularName", entry->subresource ? "" : entry->singular);
    json_set_bool(json, "namespaced", entry->namespaced);
    json_set_str_opt(json, "group", entry->group);
    json_set_str_opt(json, "version", entry->version);
    json_set_str(json, "kind", entry->kind);
    json_set(json, "verbs", texts(entry->verbs));
    if (entry->short_names)
        json_set(json, "shortNames", texts((const char *const *)entry->short_names));
    if (entry->categories)
        json_set(json, "categories", texts((const char *const *)entry->categories));
    if (!entry->subresource && entry->verbs == verbs) {
        CLEANUP_FREE char *digest = digest_hex("sha256", entry->kind, strlen(entry->kind));
        digest[11] = 0;
        json_set_printf(json, "storageVersionHash", "%s=", digest);
    }
    return json;
}

static struct json *aggregated_kind(const struct entry *entry, const char *group, const char *version)
{
    struct json *kind = json_new_object();

    json_set_str(kind, "group", entry->group ? entry->group : group);
    json_set_str(kind, "version", entry->version ? entry->version : version);
    json_set_str(kind, "kind", entry->kind);
    return kind;
}

/* Adds the resource, or puts the subresource under the resource added last. */
static void add_aggregated(struct json *resources, const struct entry *entry, const char *group, const char *version)
{
    struct json *json = json_new_object();

    if (entry->subresource) {
        struct json *parent = json_item(resources, json_len(resources) - 1);
        json_set_str(json, "subresource", entry->subresource);
        json_set(json, "responseKind", aggregated_kind(entry, group, version));
        json_set(json, "verbs", texts(entry->verbs));
        if (!json_member(parent, "subresources"))
            json_set(parent, "subresources", json_new_array());
        json_append(json_member(parent, "subresources"), json);
        return;
    }
    json_set_str(json, "resource", entry->name);
    json_set(json, "responseKind", aggregated_kind(entry, group, version));
    json_set_str(json, "scope", entry->namespaced ? "Namespaced" : "Cluster");
    json_set_str(json, "singularResource", entry->singular);
    json_set(json, "verbs", texts(entry->verbs));
    if (entry->short_names)
        json_set(json, "shortNames", texts((const char *const *)entry->short_names));
    if (entry->categories)
        json_set(json, "categories", texts((const char *const *)entry->categories));
    json_append(resources, json);
}

struct visit {
    void (*fn)(struct visit *visit, const struct entry *entry);
    struct json *resources;
    const char *group, *version;
};

static void visit_subresources(struct visit *visit, const struct kapi_resource *resource,
                               const struct kapi_version *version, const struct entry *entry)
{
    if (version->has_status) {
        struct entry status = *entry;
        status.subresource = "status";
        status.verbs = subresource_verbs;
        status.short_names = status.categories = NULL;
        visit->fn(visit, &status);
    }
    if (version->scale)
        visit->fn(visit, &(struct entry){.name = resource->plural,
                                         .subresource = "scale",
                                         .kind = "Scale",
                                         .group = "autoscaling",
                                         .version = "v1",
                                         .namespaced = resource->namespaced,
                                         .verbs = subresource_verbs});
    const char *further = resource->builtin ? resource->builtin->subresources : NULL;
    if (str_equal(further, "token"))
        visit->fn(visit, &(struct entry){.name = resource->plural,
                                         .subresource = further,
                                         .kind = "TokenRequest",
                                         .group = "authentication.k8s.io",
                                         .version = "v1",
                                         .namespaced = true,
                                         .verbs = create_verb});
    else if (further) {
        struct entry finalize = *entry;
        static const char *const update_verb[] = {"update", NULL};
        finalize.subresource = further;
        finalize.verbs = update_verb;
        finalize.short_names = finalize.categories = NULL;
        visit->fn(visit, &finalize);
    }
}

/* Calls the visitor for every resource and subresource of a group version. */
static void visit_version(const struct kapi *api, struct visit *visit)
{
    for (size_t i = 0; i < kapi_registry_len(api->registry); i++) {
        const struct kapi_resource *resource = kapi_registry_at(api->registry, i);
        for (size_t v = 0; v < resource->version_count; v++) {
            const struct kapi_version *version = &resource->versions[v];
            if (!version->served || !str_equal(version->group, visit->group) ||
                !str_equal(version->name, visit->version))
                continue;
            struct entry entry = {.name = resource->plural,
                                  .singular = resource->singular,
                                  .kind = resource->kind,
                                  .namespaced = resource->namespaced,
                                  .verbs = verbs,
                                  .short_names = resource->short_names,
                                  .categories = resource->categories};
            visit->fn(visit, &entry);
            visit_subresources(visit, resource, version, &entry);
        }
    }
    for (const struct kapi_review *review = kapi_reviews; review->plural; review++) {
        if (str_equal(review->group, visit->group) && str_equal("v1", visit->version))
            visit->fn(visit, &(struct entry){.name = review->plural,
                                             .singular = review->singular,
                                             .kind = review->kind,
                                             .verbs = create_verb});
    }
}

static void visit_legacy(struct visit *visit, const struct entry *entry)
{
    json_append(visit->resources, legacy_entry(entry));
}

static void visit_aggregated(struct visit *visit, const struct entry *entry)
{
    add_aggregated(visit->resources, entry, visit->group, visit->version);
}

/* -- documents -- */

static struct json *resource_list(const struct kapi *api, const char *group, const char *version)
{
    CLEANUP_FREE char *name = group_version(group, version);
    struct json *list = json_new_object();
    struct visit visit = {visit_legacy, json_new_array(), group, version};

    json_set_str(list, "kind", "APIResourceList");
    json_set_str(list, "apiVersion", "v1");
    json_set_str(list, "groupVersion", name);
    visit_version(api, &visit);
    json_set(list, "resources", visit.resources);
    return list;
}

static struct json *version_entry(const char *group, const char *version)
{
    struct json *entry = json_new_object();

    json_set_printf(entry, "groupVersion", "%s/%s", group, version);
    json_set_str(entry, "version", version);
    return entry;
}

static struct json *api_group(const struct group *group, bool with_kind)
{
    struct json *json = json_new_object();

    if (with_kind) {
        json_set_str(json, "kind", "APIGroup");
        json_set_str(json, "apiVersion", "v1");
    }
    json_set_str(json, "name", group->name);
    json_set(json, "versions", json_new_array());
    VEC_FOREACH (version, &group->versions)
        json_append(json_member(json, "versions"), version_entry(group->name, *version));
    json_set(json, "preferredVersion", version_entry(group->name, group->versions.items[0]));
    return json;
}

static struct json *aggregated_group(const struct kapi *api, const struct group *group)
{
    struct json *json = json_new_object();

    json_set(json, "metadata", json_new_object());
    json_set_str_opt(json, "metadata/name", group->name);
    json_set(json, "versions", json_new_array());
    VEC_FOREACH (name, &group->versions) {
        struct json *version = json_new_object();
        struct visit visit = {visit_aggregated, json_new_array(), group->name, *name};
        json_set_str(version, "version", *name);
        visit_version(api, &visit);
        json_set(version, "resources", visit.resources);
        json_set_str(version, "freshness", "Current");
        json_append(json_member(json, "versions"), version);
    }
    return json;
}

static struct json *aggregated(const struct kapi *api, bool core)
{
    CLEANUP_GROUPS struct groups groups = {0};
    struct json *list = json_new_object();

    json_set_str(list, "kind", "APIGroupDiscoveryList");
    json_set_str(list, "apiVersion", "apidiscovery.k8s.io/v2");
    json_set(list, "metadata", json_new_object());
    json_set(list, "items", json_new_array());
    list_groups(api, &groups);
    VEC_FOREACH (group, &groups) {
        if (!*group->name == core)
            json_append(json_member(list, "items"), aggregated_group(api, group));
    }
    return list;
}

static struct json *api_versions(struct http_exchange *exchange)
{
    struct json *json = json_new_object(), *cidr = json_new_object();

    json_set_str(json, "kind", "APIVersions");
    json_set(json, "versions", json_new_array());
    json_append_str(json_member(json, "versions"), "v1");
    json_set(json, "serverAddressByClientCIDRs", json_new_array());
    json_set_str(cidr, "clientCIDR", "0.0.0.0/0");
    json_set_printf(cidr, "serverAddress", "%s:%d", http_local_address(exchange), http_local_port(exchange));
    json_append(json_member(json, "serverAddressByClientCIDRs"), cidr);
    return json;
}

static struct json *group_list(const struct kapi *api)
{
    CLEANUP_GROUPS struct groups groups = {0};
    struct json *list = json_new_object();

    json_set_str(list, "kind", "APIGroupList");
    json_set_str(list, "apiVersion", "v1");
    json_set(list, "groups", json_new_array());
    list_groups(api, &groups);
    VEC_FOREACH (group, &groups) {
        if (*group->name)
            json_append(json_member(list, "groups"), api_group(group, false));
    }
    return list;
}

static struct json *version_info(void)
{
    struct json *info = json_new_object();

    json_set_str(info, "major", "1");
    json_set_str(info, "minor", MINOR);
    json_set_str(info, "gitVersion", GIT_VERSION);
    json_set_str(info, "gitCommit", "unknown");
    json_set_str(info, "gitTreeState", "clean");
    json_set_str(info, "buildDate", "1970-01-01T00:00:00Z");
    json_set_str(info, "goVersion", "none");
    json_set_str(info, "compiler", "gcc");
    json_set_str(info, "platform", "linux/amd64");
    return info;
}

static struct json *path_index(const struct kapi *api)
{
    static const char *const fixed[] = {"/api", "/api/v1", "/apis"};
    static const char *const last[] = {"/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"};
    CLEANUP_GROUPS struct groups groups = {0};
    struct json *json = json_new_object(), *paths = json_new_array();

    for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
        json_append_str(paths, fixed[i]);
    list_groups(api, &groups);
    VEC_FOREACH (group, &groups) {
        for (size_t v = 0; *group->name && v < group->versions.len; v++) {
            CLEANUP_FREE char *path = mem_printf("/apis/%s/%s", group->name, group->versions.items[v]);
            json_append_str(paths, path);
        }
    }
    for (size_t i = 0; i < ARRAY_SIZE(last); i++)
        json_append_str(paths, last[i]);
    json_set(json, "paths", paths);
    return json;
}

/* -- serving -- */

/* Replies with an ETag, or with 304 when the client has it (KAPI-029). */
static void reply_tagged(struct http_exchange *exchange, const char *content_type, struct json *document)
{
    CLEANUP(json_free) struct json *owned = document;
    CLEANUP_FREE char *text = json_print(owned);
    CLEANUP_FREE char *digest = digest_hex("sha256", text, strlen(text));
    CLEANUP_FREE char *tag = mem_printf("\"%s\"", digest);

    http_reply_header(exchange, "ETag", tag);
    http_reply_header(exchange, "Vary", "Accept");
    http_reply_header(exchange, "Cache-Control", "public");
    if (str_equal(http_header(exchange, "If-None-Match"), tag))
        http_reply(exchange, 304, NULL, "", 0);
    else
        http_reply_str(exchange, 200, content_type, text);
}

static void reply(struct kapi *api, struct http_exchange *exchange, struct json *document)
{
    CLEANUP(json_free) struct json *owned = document;
    struct kapi_accept accept = {0};
    kapi_reply_json(api, exchange, &accept, 200, owned, NULL);
}

static bool wants_aggregated(struct http_exchange *exchange)
{
    const char *accept = str_or(http_header(exchange, "Accept"), "");
    return strstr(accept, "g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList") != NULL;
}

/* "/apis/GROUP" and "/apis/GROUP/VERSION". */
static bool serve_group(struct kapi *api, struct http_exchange *exchange, const char *name)
{
    CLEANUP_GROUPS struct groups groups = {0};
    CLEANUP(str_list_free) char **parts = str_split(name, '/');

    list_groups(api, &groups);
    VEC_FOREACH (group, &groups) {
        if (!*group->name || !parts[0] || !str_equal(group->name, parts[0]))
            continue;
        if (!parts[1] || !*parts[1]) {
            reply(api, exchange, api_group(group, true));
            return true;
        }
        VEC_FOREACH (version, &group->versions) {
            if (str_equal(*version, parts[1]) && (!parts[2] || !*parts[2])) {
                reply(api, exchange, resource_list(api, group->name, *version));
                return true;
            }
        }
    }
    return false;
}

bool kapi_serve_discovery(struct kapi *api, struct http_exchange *exchange)
{
    CLEANUP_FREE char *path = mem_strdup(http_path(exchange));
    size_t len = strlen(path);

    if (len > 1 && path[len - 1] == '/')
        path[len - 1] = 0;
    bool core = str_equal(path, "/api");
    if ((core || str_equal(path, "/apis")) && wants_aggregated(exchange))
        reply_tagged(exchange, AGGREGATED, aggregated(api, core));
    else if (core)
        reply(api, exchange, api_versions(exchange));
    else if (str_equal(path, "/apis"))
        reply(api, exchange, group_list(api));
    else if (str_equal(path, "/api/v1"))
        reply(api, exchange, resource_list(api, "", "v1"));
    else if (str_equal(path, "/version"))
        reply(api, exchange, version_info());
    else if (str_equal(path, "/"))
        reply(api, exchange, path_index(api));
    else
        return str_has_prefix(path, "/apis/") && serve_group(api, exchange, path + 6);
    return true;
}
