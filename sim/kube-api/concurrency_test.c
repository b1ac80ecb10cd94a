/* SPDX-License-Identifier: Apache-2.0 */
/* Many clients at once, and a decorator that injects what a real cluster does on a bad day (KAPI-021, 045, 064, 101, 189). */
#include "sim/kube-api/test_world.h"

#define CONFIGMAPS "/api/v1/namespaces/default/configmaps"
#define CLIENTS 8
#define ROUNDS 25

/* -- many writers -- */

struct writer {
    struct world *w;
    int number, conflicts;
    bool with_version; /* PUT with a version, read again on a conflict; else merge patches */
    struct rt_cond *done;
    int *left;
};

static int call(struct world *w, const char *method, const char *type, const char *body, struct json **ret)
{
    CLEANUP_FREE char *url = mem_printf("%s" CONFIGMAPS "/shared", kube_api_url(w->api));
    struct http_header headers[] = {{"Content-Type", type}};
    struct http_request request = {.method = method,
                                   .url = url,
                                   .headers = headers,
                                   .header_count = 1,
                                   .body = body,
                                   .body_len = body ? strlen(body) : 0};
    CLEANUP(http_response_free) struct http_response *response = NULL;

    assert_ok(http_call(w->client, &request, &response));
    if (ret)
        assert_ok(json_parse(response->body, response->body_len, ret));
    return response->status;
}

/* Adds one to a member of its own, as an optimistic client does. */
static void put_once(struct writer *writer, const char *key)
{
    while (true) {
        CLEANUP(json_free) struct json *object = NULL;
        assert_int_equal(call(writer->w, "GET", "application/json", NULL, &object), 200);
        const char *now = json_str(json_member(json_member(object, "data"), key), "");
        CLEANUP_FREE char *next = mem_printf("%ld", now ? strtol(now, NULL, 10) + 1 : 1L);
        if (!json_member(object, "data"))
            json_set(object, "data", json_new_object());
        json_put_str(json_member(object, "data"), key, next);
        CLEANUP_FREE char *body = json_print(object);
        int status = call(writer->w, "PUT", "application/json", body, NULL);
        if (status == 200)
            return;
        assert_int_equal(status, 409);
        writer->conflicts++;
    }
}

static void write_rounds(void *arg)
{
    struct writer *writer = arg;
    CLEANUP_FREE char *key = mem_printf("k%d", writer->number);

    for (int i = 0; i < ROUNDS; i++) {
        if (writer->with_version) {
            put_once(writer, key);
            continue;
        }
        CLEANUP_FREE char *patch = mem_printf("{\"data\":{\"%s\":\"%d\"}}", key, i + 1);
        assert_int_equal(call(writer->w, "PATCH", "application/merge-patch+json", patch, NULL), 200);
    }
    (*writer->left)--;
    rt_cond_broadcast(writer->w->rt, writer->done);
}

/* Nobody's write is lost, whatever the order. Half of the clients use versions, half patches. */
static void writers(struct world *w)
{
    struct writer all[CLIENTS];
    struct rt_cond done = {0};
    int left = CLIENTS, conflicts = 0;

    post(w, CONFIGMAPS, "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'shared'}}", 201);
    for (int i = 0; i < CLIENTS; i++) {
        all[i] = (struct writer){w, i, 0, i % 2, &done, &left};
        rt_spawn(w->rt, NULL, "writer", write_rounds, &all[i]);
    }
    while (left)
        assert_ok(rt_cond_wait(w->rt, &done, RT_FOREVER));
    struct json *end = get(w, CONFIGMAPS "/shared", 200);
    for (int i = 0; i < CLIENTS; i++) {
        CLEANUP_FREE char *path = mem_printf("data/k%d", i), *wanted = mem_printf("'%d'", ROUNDS);
        check(end, path, wanted);
        conflicts += all[i].conflicts;
    }
    assert_true(conflicts > 0);
}

/* -- faults -- */

/* Fails or delays what its table says; knows only the next storage. */
struct faulty {
    struct kapi_storage storage; /* first */
    struct kapi_storage *next;
    struct rt *rt;
    int fail_writes, code; /* so many writes to ConfigMaps fail; code 0: a lost race */
    int drop_watches;
    rt_time delay;
};

static struct error *faulty_get(struct kapi_storage *storage, struct kapi_collection *collection, const char *ns,
                                const char *name, struct kapi_object **ret)
{
    struct faulty *faulty = (struct faulty *)storage;

    if (faulty->delay)
        TRY(rt_sleep(faulty->rt, faulty->delay));
    return faulty->next->ops->get(faulty->next, collection, ns, name, ret);
}

static struct error *faulty_list(struct kapi_storage *storage, struct kapi_collection *collection, const char *ns,
                                 struct kapi_objects *ret)
{
    struct faulty *faulty = (struct faulty *)storage;
    return faulty->next->ops->list(faulty->next, collection, ns, ret);
}

static struct error *faulty_list_at(struct kapi_storage *storage, struct kapi_collection *collection, const char *ns,
                                    uint64_t rv, struct kapi_objects *ret)
{
    struct faulty *faulty = (struct faulty *)storage;
    return faulty->next->ops->list_at(faulty->next, collection, ns, rv, ret);
}

static struct error *faulty_write(struct kapi_storage *storage, const struct kapi_write *write,
                                  struct kapi_object **ret)
{
    struct faulty *faulty = (struct faulty *)storage;

    if (faulty->fail_writes && str_equal(kapi_collection_name(write->collection), "/configmaps")) {
        faulty->fail_writes--;
        if (faulty->code)
            return error_new_code(ERROR_TRANSIENT, faulty->code, "injected");
        return error_new(ERROR_CONFLICT, "injected");
    }
    return faulty->next->ops->write(faulty->next, write, ret);
}

static struct error *faulty_watch(struct kapi_storage *storage, struct kapi_collection *collection, uint64_t rv,
                                  rt_time deadline, struct kapi_events *ret)
{
    struct faulty *faulty = (struct faulty *)storage;

    if (faulty->drop_watches) {
        faulty->drop_watches--;
        return error_new(ERROR_TRANSIENT, "injected");
    }
    return faulty->next->ops->watch(faulty->next, collection, rv, deadline, ret);
}

static const struct kapi_storage_ops faulty_ops = {
    .name = "faulty",
    .get = faulty_get,
    .list = faulty_list,
    .list_at = faulty_list_at,
    .write = faulty_write,
    .watch = faulty_watch,
};

static struct kapi_storage *decorate(void *arg, struct kapi_storage *inner)
{
    struct faulty *faulty = arg;

    faulty->next = inner;
    return &faulty->storage;
}

static void faults(struct world *w)
{
    struct faulty faulty = {.storage = {&faulty_ops}, .rt = w->rt};

    stop_api(w);
    w->options.decorate = decorate;
    w->options.decorate_arg = &faulty;
    start_api(w);
    post(w, CONFIGMAPS, "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c'}}", 201);
    /* A lost race: a patch is tried again, a PUT with a version is the client's affair. */
    faulty.fail_writes = 2;
    merge(w, CONFIGMAPS "/c", "{'data':{'a':'1'}}", 200);
    struct json *now = keep(w, json_copy(get(w, CONFIGMAPS "/c", 200)));
    json_set_str(now, "data/a", "2");
    faulty.fail_writes = 1;
    check(put(w, CONFIGMAPS "/c", now, 409), "reason", "'Conflict'");
    faulty.fail_writes = 9;
    merge(w, CONFIGMAPS "/c", "{'data':{'a':'3'}}", 409);
    faulty.fail_writes = 1;
    faulty.code = 500;
    struct json *status = merge(w, CONFIGMAPS "/c", "{'data':{'a':'3'}}", 500);
    check(status, "message", "'injected'");
    faulty.fail_writes = 1;
    faulty.code = 429;
    status = merge(w, CONFIGMAPS "/c", "{'data':{'a':'3'}}", 429);
    check(status, "reason", "'TooManyRequests'");
    check(status, "details/retryAfterSeconds", "1");
    check(get(w, CONFIGMAPS "/c", 200), "data/a", "'1'");
    /* Slow reads; a watch that is dropped ends, without an error event. */
    faulty.delay = 2 * RT_S;
    rt_time before = rt_now(w->rt);
    get(w, CONFIGMAPS "/c", 200);
    assert_true(rt_now(w->rt) - before >= 2 * RT_S);
    faulty.delay = 0;
    faulty.drop_watches = 1;
    get(w, CONFIGMAPS "?watch=true&fieldSelector=metadata.name%3Dnone", 200);
    assert_string_equal(w->text, "");
    stop_api(w);
    w->options.decorate = NULL;
    start_api(w);
}

#define IN_WORLD(name)                                                                                                 \
    static void test_##name(void **state)                                                                              \
    {                                                                                                                  \
        in_world(name, NULL);                                                                                          \
    }
IN_WORLD(writers)
IN_WORLD(faults)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_writers),
        cmocka_unit_test(test_faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
