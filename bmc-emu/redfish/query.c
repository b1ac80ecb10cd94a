// SPDX-License-Identifier: Apache-2.0
// Query parameters (DSP0266, "Query parameters"; EMU-023): the reply is parsed, changed and printed again, so that only those who ask pay.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bmc-emu/redfish/request.h"

#define LEVELS_MAX 6
#define EXPANSIONS_MAX 20000 /* of one request; links beyond stay links */
#define PAGE_MAX 1000000

struct rf_query {
    bool any, only;
    bool expand_own, expand_links; /* resources below this one; those in "Links" */
    int64_t levels, top, skip;     /* -1: not given */
    char *select;                  /* comma-separated; NULL: all */
    size_t expansions;
    bool failed; /* it has answered */
};

struct taking {
    struct rf_request *request;
    struct rf_query *query;
};

static void fail_value(struct taking *taking, const char *name, const char *value)
{
    if (!taking->query->failed)
        rf_fail(taking->request, RF_QUERY_VALUE_FORMAT, value, name, NULL);
    taking->query->failed = true;
}

/* ".", "*" or "~", and "($levels=N)" behind it. */
static void take_expand(struct taking *taking, const char *name, const char *value)
{
    struct rf_query *query = taking->query;
    const char *rest = value[0] ? value + 1 : value;

    query->levels = 1;
    query->expand_own = value[0] == '.' || value[0] == '*';
    query->expand_links = value[0] == '~' || value[0] == '*';
    if (str_has_prefix(rest, "($levels=") && str_has_suffix(rest, ")") && strlen(rest) == strlen("($levels=1)"))
        query->levels = rest[strlen("($levels=")] - '0';
    else if (*rest)
        query->levels = 0;
    if ((!query->expand_own && !query->expand_links) || query->levels < 1 || query->levels > LEVELS_MAX)
        fail_value(taking, name, value);
}

static void take_number(struct taking *taking, const char *name, const char *value, int64_t *ret)
{
    CLEANUP(error_free) struct error *err = str_to_int64(value, ret);

    if (err || *ret < 0 || *ret > PAGE_MAX)
        fail_value(taking, name, value);
}

static void take_parameter(void *arg, const char *name, const char *value)
{
    struct taking *taking = arg;
    struct rf_query *query = taking->query;

    value = str_or(value, "");
    query->any = query->any || name[0] == '$' || str_equal(name, "only");
    if (str_equal(name, "only")) {
        query->only = true;
    } else if (str_equal(name, "$expand")) {
        take_expand(taking, name, value);
    } else if (str_equal(name, "$top")) {
        take_number(taking, name, value, &query->top);
    } else if (str_equal(name, "$skip")) {
        take_number(taking, name, value, &query->skip);
    } else if (str_equal(name, "$select")) {
        free(query->select);
        query->select = mem_strdup(value);
        if (!*value)
            fail_value(taking, name, value);
    } else if (name[0] == '$') {
        if (!query->failed)
            rf_fail(taking->request, RF_QUERY_NOT_SUPPORTED, NULL, NULL, NULL);
        query->failed = true;
    }
}

void rf_query_free(struct rf_query *query)
{
    if (query)
        free(query->select);
    free(query);
}

bool rf_query_take(struct rf_request *request)
{
    struct rf_query *query = mem_alloc(sizeof(*query));
    struct taking taking = {.request = request, .query = query};

    query->top = query->skip = -1;
    http_each_query(request->http, take_parameter, &taking);
    bool good = !query->failed;
    if (good && query->any && str_equal(request->route->method, "GET"))
        request->query = TAKE_PTR(query);
    rf_query_free(query);
    return good;
}

/* -- $expand -- */

static const char *link_path(const struct json *value)
{
    const struct json *path =
        json_is(value, JSON_OBJECT) && json_len(value) == 1 ? json_member(value, "@odata.id") : NULL;
    const char *text = path ? json_str(path, "") : NULL;

    return text && !strchr(text, '#') ? text : NULL;
}

static void expand(struct rf_request *request, struct json *value, bool in_links, int64_t levels);

/* What stands for the link, expanded itself; NULL leaves the link. */
static struct json *fetch(struct rf_request *request, const struct json *value, bool in_links, int64_t levels)
{
    struct rf_query *query = request->query;
    const char *path = link_path(value);

    if (!path || !(in_links ? query->expand_links : query->expand_own) || query->expansions >= EXPANSIONS_MAX)
        return NULL;
    query->expansions++;
    struct json *resource = rf_get_inner(request, path);
    if (resource && levels > 1)
        expand(request, resource, false, levels - 1);
    return resource;
}

static void expand_array(struct rf_request *request, struct json *array, bool in_links, int64_t levels)
{
    for (size_t i = 0; i < json_len(array); i++) {
        char index[24];
        struct json *item = json_item(array, i);
        struct json *resource = fetch(request, item, in_links, levels);
        snprintf(index, sizeof(index), "%zu", i);
        if (resource)
            json_set(array, index, resource);
        else
            expand(request, item, in_links, levels);
    }
}

static void expand(struct rf_request *request, struct json *value, bool in_links, int64_t levels)
{
    VEC(char *) names = {0};

    if (json_is(value, JSON_ARRAY)) {
        expand_array(request, value, in_links, levels);
        return;
    }
    if (!json_is(value, JSON_OBJECT))
        return;
    /* Members are replaced below, which a walk over them would not bear. */
    JSON_FOREACH (member, value)
        if (json_is(member, JSON_OBJECT) || json_is(member, JSON_ARRAY))
            VEC_PUSH(&names, mem_strdup(json_key(member)));
    VEC_FOREACH (name, &names) {
        struct json *member = json_member(value, *name);
        bool links = in_links || str_equal(*name, "Links");
        struct json *resource = fetch(request, member, links, levels);
        if (resource)
            json_put(value, *name, resource);
        else
            expand(request, member, links, levels);
        free(*name);
    }
    VEC_RELEASE(&names);
}

/* -- the others -- */

static void page(struct rf_request *request, struct json *members, struct json *root)
{
    const struct rf_query *query = request->query;
    int64_t skip = query->skip > 0 ? query->skip : 0;
    struct json *kept = json_new_array();
    int64_t index = 0, end = query->top >= 0 ? skip + query->top : INT64_MAX;

    JSON_FOREACH (member, members) {
        if (index >= skip && index < end)
            json_append(kept, json_copy(member));
        index++;
    }
    if (end < index)
        json_set_printf(root, "Members@odata.nextLink", "%s?$skip=%lld&$top=%lld", http_raw_path(request->http),
                        (long long)end, (long long)query->top);
    json_put(root, "Members", kept);
}

/* Whether the list names the member, or something within it. */
static bool selected(const char *list, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = list; *at; at += strcspn(at, ","), at += *at == ',') {
        size_t part = strcspn(at, ",/");
        if (part == len && strncmp(at, name, len) == 0)
            return true;
    }
    return false;
}

static void select_members(struct json *object, const char *list)
{
    VEC(char *) gone = {0};

    JSON_FOREACH (member, object)
        if (json_key(member)[0] != '@' && !selected(list, json_key(member)))
            VEC_PUSH(&gone, mem_strdup(json_key(member)));
    VEC_FOREACH (name, &gone) {
        json_remove_member(object, *name);
        free(*name);
    }
    VEC_RELEASE(&gone);
}

static void apply(struct rf_request *request, struct json **root)
{
    struct rf_query *query = request->query;
    struct json *members = json_member(*root, "Members");

    if (query->only && members && json_len(members) == 1) {
        const char *path = link_path(json_item(members, 0));
        struct json *member = path ? rf_get_inner(request, path) : NULL;
        if (member) {
            json_free(*root);
            *root = member;
            members = NULL;
        }
    }
    if (members && (query->top >= 0 || query->skip >= 0)) {
        page(request, members, *root);
        members = json_member(*root, "Members");
    }
    if (query->levels > 0)
        expand(request, *root, false, query->levels);
    if (query->select && members && query->levels > 0)
        JSON_FOREACH (member, json_member(*root, "Members"))
            select_members(member, query->select);
    else if (query->select)
        select_members(*root, query->select);
}

void rf_query_apply(struct rf_request *request)
{
    struct json *root;
    CLEANUP(error_free) struct error *err = json_parse(strbuf_str(&request->out), request->out.len, &root);

    if (err)
        return;
    apply(request, &root);
    strbuf_clear(&request->out);
    json_print_to(root, &request->out);
    json_free(root);
}
