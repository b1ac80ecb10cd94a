/* SPDX-License-Identifier: Apache-2.0 */
/* Lists, watches and tables (reference rows KAPI-080…111). */
#include "sim/kube-api/test_world.h"

#define CONFIGMAPS "/api/v1/namespaces/default/configmaps"
#define TABLE "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

/* An open watch: lines as they come. */
struct watcher {
    struct world *w;
    struct http_stream *stream;
    struct strbuf buffer;
};

static void watch_open(struct watcher *watcher, struct world *w, const char *path, int status)
{
    CLEANUP_FREE char *url = mem_printf("%s%s", kube_api_url(w->api), path);
    struct http_header headers[] = {{"Accept", w->accept ? w->accept : "application/json"}};
    struct http_request request = {.url = url, .headers = headers, .header_count = 1};

    *watcher = (struct watcher){.w = w};
    assert_ok(http_stream_open(w->client, &request, &watcher->stream));
    assert_int_equal(http_stream_status(watcher->stream), status);
}

/* The next event; NULL when the stream ended. Fails when nothing comes within `ms`. */
static struct json *watch_next(struct watcher *watcher, int64_t ms)
{
    char *end;

    while (!watcher->buffer.len || !(end = strchr(watcher->buffer.data, '\n'))) {
        char chunk[4096];
        size_t len;
        assert_ok(http_stream_read(watcher->stream, chunk, sizeof(chunk), rt_after(watcher->w->rt, ms * RT_MS), &len));
        if (!len)
            return NULL;
        strbuf_add(&watcher->buffer, chunk, len);
    }
    struct json *event = NULL;
    assert_ok(json_parse(watcher->buffer.data, (size_t)(end - watcher->buffer.data), &event));
    size_t used = (size_t)(end - watcher->buffer.data) + 1;
    memmove(watcher->buffer.data, watcher->buffer.data + used, watcher->buffer.len - used + 1);
    watcher->buffer.len -= used;
    return keep(watcher->w, event);
}

static void watch_close(struct watcher *watcher)
{
    http_stream_close(watcher->stream);
    strbuf_release(&watcher->buffer);
}

/* The next event has this type and name. */
static struct json *expect(struct watcher *watcher, const char *type, const char *name)
{
    struct json *event = watch_next(watcher, 1000);

    assert_non_null(event);
    assert_string_equal(json_str(event, "type"), type);
    if (name)
        assert_string_equal(json_str(event, "object/metadata/name"), name);
    return event;
}

static void config(struct world *w, const char *name, const char *label)
{
    CLEANUP_FREE char *body =
        mem_printf("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'%s','labels':{'k':'%s'}}}", name, label);
    post(w, CONFIGMAPS, body, 201);
}

static int64_t version_of(const struct json *json)
{
    int64_t version = 0;
    assert_ok(str_to_int64(json_str_or(json, "metadata/resourceVersion", ""), &version));
    return version;
}

static void lists(struct world *w)
{
    wait_ms(w, 10); /* the default content of the namespace */
    config(w, "c1", "x");
    config(w, "c2", "y");
    config(w, "c3", "x");
    struct json *list = get(w, CONFIGMAPS "?labelSelector=k", 200);
    check(list, "kind", "'ConfigMapList'");
    assert_int_equal(json_len(json_member(list, "items")), 3);
    check(list, "items/0/kind", NULL);
    check(list, "items/2/metadata/name", "'c3'");
    static const struct {
        const char *selector;
        size_t count;
    } selectors[] = {{"k%3Dx", 2},       {"k%3D%3Dx", 2}, {"k!%3Dx", 2},   {"k+in+(x,y)", 3},
                     {"k+notin+(x)", 2}, {"!k", 1},       {"k,k!%3Dy", 2}, {"k%3Dx,k%3Dy", 0}};
    for (size_t i = 0; i < ARRAY_SIZE(selectors); i++) {
        CLEANUP_FREE char *path = mem_printf(CONFIGMAPS "?labelSelector=%s", selectors[i].selector);
        list = get(w, path, 200);
        if (json_len(json_member(list, "items")) != selectors[i].count)
            fail_msg("%s: %zu items", selectors[i].selector, json_len(json_member(list, "items")));
    }
    get(w, CONFIGMAPS "?labelSelector=k%3D%3D%3Dx", 400);
    get(w, CONFIGMAPS "?labelSelector=a+b", 400);
    list = get(w, CONFIGMAPS "?fieldSelector=metadata.name%3Dc2", 200);
    assert_int_equal(json_len(json_member(list, "items")), 1);
    get(w, CONFIGMAPS "?fieldSelector=data.x%3Dc2", 400);
}

static void pages(struct world *w)
{
    wait_ms(w, 10);
    config(w, "c1", "x");
    config(w, "c2", "y");
    config(w, "c3", "x");
    struct json *first = get(w, CONFIGMAPS "?limit=2", 200);
    assert_int_equal(json_len(json_member(first, "items")), 2);
    check(first, "metadata/remainingItemCount", "2");
    /* What happens meanwhile does not show up on later pages. */
    delete (w, CONFIGMAPS "/c3", NULL, 200);
    config(w, "c9", "x");
    CLEANUP_FREE char *path = mem_printf(CONFIGMAPS "?limit=2&continue=%s", json_str(first, "metadata/continue"));
    struct json *second = get(w, path, 200);
    assert_int_equal(json_len(json_member(second, "items")), 2);
    check(second, "items/0/metadata/name", "'c3'");
    check(second, "metadata/continue", NULL);
    assert_int_equal(version_of(first), version_of(second));
    CLEANUP_FREE char *both = mem_printf("%s&resourceVersion=3", path);
    get(w, both, 400);
    get(w, CONFIGMAPS "?continue=nonsense", 400);
}

static void versions(struct world *w)
{
    serve_gadgets(w);
    struct json *list = get(w, GADGETS, 200);
    check(list, "metadata/continue", "''");
    get(w, CONFIGMAPS "?resourceVersion=abc", 400);
    get(w, CONFIGMAPS "?resourceVersionMatch=Exact", 422);
    get(w, CONFIGMAPS "?resourceVersionMatch=Exact&resourceVersion=0", 422);
    get(w, CONFIGMAPS "?sendInitialEvents=true", 422);
    rt_time before = rt_now(w->rt);
    struct json *status = get(w, CONFIGMAPS "?resourceVersion=1000000", 504);
    assert_true(rt_now(w->rt) - before >= 3 * RT_S);
    check(status, "details/causes/0/reason", "'ResourceVersionTooLarge'");
    check(status, "details/retryAfterSeconds", "1");
    int64_t version = version_of(get(w, CONFIGMAPS, 200));
    config(w, "later", "x");
    CLEANUP_FREE char *exact =
        mem_printf(CONFIGMAPS "?resourceVersionMatch=Exact&resourceVersion=%lld", (long long)version);
    list = get(w, exact, 200);
    assert_int_equal(version_of(list), version);
    JSON_FOREACH (item, json_member(list, "items"))
        assert_string_not_equal(json_str(item, "metadata/name"), "later");
}

static void watches(struct world *w)
{
    serve_gadgets(w);
    struct watcher watcher;
    post(w, GADGETS, GADGET("a", "{'color':'red'}"), 201);
    int64_t version = version_of(get(w, GADGETS, 200));
    CLEANUP_FREE char *path = mem_printf(GADGETS "?watch=true&resourceVersion=%lld", (long long)version);
    watch_open(&watcher, w, path, 200);
    post(w, GADGETS, GADGET("b", "{'color':'red'}"), 201);
    merge(w, GADGETS "/b", "{'spec':{'color':'blue'}}", 200);
    delete (w, GADGETS "/b", NULL, 200);
    expect(&watcher, "ADDED", "b");
    struct json *changed = expect(&watcher, "MODIFIED", "b");
    struct json *gone = expect(&watcher, "DELETED", "b");
    check(gone, "object/spec/color", "'blue'");
    assert_true(version_of(json_member(gone, "object")) > version_of(json_member(changed, "object")));
    /* Any change of the CRD ends it. */
    merge(w, CRDS "/gadgets.lab.sim", "{'spec':{'names':{'shortNames':['gg']}}}", 200);
    assert_null(watch_next(&watcher, 2000));
    watch_close(&watcher);

    watch_open(&watcher, w, GADGETS "?watch=1", 200);
    expect(&watcher, "ADDED", "a");
    watch_close(&watcher);
    watch_open(&watcher, w, "/apis/lab.sim/v1/watch/namespaces/default/gadgets/a", 200);
    expect(&watcher, "ADDED", "a");
    watch_close(&watcher);
    get(w, GADGETS "?watch=true&resourceVersion=abc", 400);
    get(w, GADGETS "?watch=true&resourceVersion=0&resourceVersionMatch=NotOlderThan", 422);
    get(w, GADGETS "?watch=true&sendInitialEvents=true", 422);
}

static void selector_watch(struct world *w)
{
    struct watcher watcher;

    config(w, "c", "x");
    int64_t version = version_of(get(w, CONFIGMAPS, 200));
    CLEANUP_FREE char *path =
        mem_printf(CONFIGMAPS "?watch=true&labelSelector=k%%3Dx&resourceVersion=%lld", (long long)version);
    watch_open(&watcher, w, path, 200);
    merge(w, CONFIGMAPS "/c", "{'data':{'a':'1'}}", 200);
    struct json *left = merge(w, CONFIGMAPS "/c", "{'metadata':{'labels':{'k':'y'}}}", 200);
    merge(w, CONFIGMAPS "/c", "{'data':{'a':'2'}}", 200);
    merge(w, CONFIGMAPS "/c", "{'metadata':{'labels':{'k':'x'}}}", 200);
    expect(&watcher, "MODIFIED", "c");
    struct json *gone = expect(&watcher, "DELETED", "c");
    check(gone, "object/metadata/labels/k", "'x'");
    assert_int_equal(version_of(json_member(gone, "object")), version_of(left));
    check(expect(&watcher, "ADDED", "c"), "object/data/a", "'2'");
    watch_close(&watcher);
}

static void bookmarks(struct world *w)
{
    struct watcher watcher;

    wait_ms(w, 10);
    watch_open(&watcher, w,
               CONFIGMAPS
               "?watch=true&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan"
               "&timeoutSeconds=100",
               200);
    expect(&watcher, "ADDED", "kube-root-ca.crt");
    struct json *mark = expect(&watcher, "BOOKMARK", NULL);
    check(mark, "object/metadata/annotations", "{'k8s.io/initial-events-end':'true'}");
    check(mark, "object/kind", "'ConfigMap'");
    mark = watch_next(&watcher, 61000);
    assert_string_equal(json_str(mark, "type"), "BOOKMARK");
    check(mark, "object/metadata/annotations", NULL);
    mark = watch_next(&watcher, 60000);
    assert_string_equal(json_str(mark, "type"), "BOOKMARK");
    assert_null(watch_next(&watcher, 5000));
    watch_close(&watcher);
    /* Without being asked for there are none. */
    int64_t version = version_of(get(w, CONFIGMAPS, 200));
    CLEANUP_FREE char *path =
        mem_printf(CONFIGMAPS "?watch=true&timeoutSeconds=70&resourceVersion=%lld", (long long)version);
    watch_open(&watcher, w, path, 200);
    assert_null(watch_next(&watcher, 80000));
    watch_close(&watcher);
}

static void too_old(struct world *w)
{
    struct watcher watcher;

    config(w, "c", "x");
    for (int i = 0; i < 4200; i++) {
        CLEANUP_FREE char *patch = mem_printf("{'data':{'n':'%d'}}", i);
        merge(w, CONFIGMAPS "/c", patch, 200);
    }
    watch_open(&watcher, w, CONFIGMAPS "?watch=true&resourceVersion=5", 200);
    struct json *event = expect(&watcher, "ERROR", NULL);
    check(event, "object/code", "410");
    check(event, "object/reason", "'Expired'");
    check_part(event, "object/message", "too old resource version: 5 (");
    assert_null(watch_next(&watcher, 1000));
    watch_close(&watcher);
}

static void tables(struct world *w)
{
    serve_gadgets(w);
    post(w, GADGETS, GADGET("a", "{'color':'red','tags':['p','q']}"), 201);
    merge(w, GADGETS "/a/status",
          "{'status':{'conditions':[{'type':'Up','status':'x'},{'type':'Ready','status':'True'}]}}", 200);
    wait_ms(w, 125000);
    w->accept = TABLE;
    struct json *table = get(w, GADGETS, 200);
    check(table, "kind", "'Table'");
    check(table, "columnDefinitions/0/name", "'Name'");
    check(table, "columnDefinitions/4/priority", "1");
    check(table, "rows/0/cells/0", "'a'");
    check(table, "rows/0/cells/2", "1");
    check(table, "rows/0/cells/3", "'True'");
    assert_string_equal(json_str(table, "rows/0/cells/4"), "[\"p\",\"q\"]");
    check(table, "rows/0/cells/5", "'2m5s'");
    check(table, "rows/0/object/kind", "'PartialObjectMetadata'");
    check(get(w, GADGETS "?includeObject=None", 200), "rows/0/object", "null");
    check(get(w, GADGETS "/a?includeObject=Object", 200), "rows/0/object/spec/color", "'red'");
    get(w, GADGETS "?includeObject=Some", 400);
    check(get(w, GADGETS "/zz", 404), "kind", "'Status'");
    w->accept = "application/json;as=Table;v=v2;g=meta.k8s.io";
    get(w, GADGETS, 406);
    w->accept = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io";
    struct json *partial = get(w, GADGETS, 200);
    check(partial, "kind", "'PartialObjectMetadataList'");
    check(partial, "items/0/spec", NULL);
    check(partial, "items/0/metadata/name", "'a'");
    w->accept = "application/vnd.kubernetes.protobuf,application/json";
    check(get(w, GADGETS, 200), "kind", "'GadgetList'");
    w->accept = "application/vnd.kubernetes.protobuf";
    get(w, GADGETS, 406);
    w->accept = "application/cbor";
    get(w, GADGETS, 406);
    w->accept = "application/yaml";
    get(w, GADGETS "/a", 200);
    assert_non_null(strstr(w->text, "kind: Gadget\n"));
    w->accept = TABLE;
    struct watcher watcher;
    watch_open(&watcher, w, GADGETS "?watch=true", 200);
    struct json *event = watch_next(&watcher, 1000);
    check(event, "object/columnDefinitions/1/name", "'Color'");
    merge(w, GADGETS "/a", "{'spec':{'color':'blue'}}", 200);
    event = watch_next(&watcher, 1000);
    check(event, "object/columnDefinitions", "null");
    check(event, "object/rows/0/cells/1", "'blue'");
    watch_close(&watcher);
    w->accept = NULL;
}

#define IN_WORLD(name)                                                                                                 \
    static void test_##name(void **state)                                                                              \
    {                                                                                                                  \
        in_world(name, NULL);                                                                                          \
    }
IN_WORLD(lists)
IN_WORLD(pages)
IN_WORLD(versions)
IN_WORLD(watches)
IN_WORLD(selector_watch)
IN_WORLD(bookmarks)
IN_WORLD(too_old)
IN_WORLD(tables)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists),   cmocka_unit_test(test_pages),          cmocka_unit_test(test_versions),
        cmocka_unit_test(test_watches), cmocka_unit_test(test_selector_watch), cmocka_unit_test(test_bookmarks),
        cmocka_unit_test(test_too_old), cmocka_unit_test(test_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
