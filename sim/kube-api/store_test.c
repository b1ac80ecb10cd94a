/* SPDX-License-Identifier: Apache-2.0 */
/* Persistence: what survives a kill at any byte, and an API that comes back with what it had. */
#include "sim/kube-api/test_world.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sim/kube-api/journal.h"
#include "sim/kube-api/store.h"

#define CONFIGMAPS "/api/v1/namespaces/default/configmaps"

static char *new_dir(void)
{
    char path[] = "/tmp/kube-api-test.XXXXXX";

    assert_non_null(mkdtemp(path));
    return mem_strdup(path);
}

static void remove_dir(const char *path)
{
    DIR *dir = opendir(path);

    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        CLEANUP_FREE char *file = mem_printf("%s/%s", path, entry->d_name);
        unlink(file);
    }
    closedir(dir);
    rmdir(path);
}

/* -- the store alone -- */

struct fixture {
    struct rt *rt;
    char *dir;
    struct rt_group *group;
    struct kapi_store *store;
    void (*test)(struct fixture *f);
};

static void open_store(struct fixture *f)
{
    f->group = rt_group_new(f->rt, NULL, "store");
    assert_ok(kapi_store_open(f->rt, f->group, f->dir, &f->store));
}

static void close_store(struct fixture *f)
{
    rt_group_stop(f->group);
    kapi_store_close(TAKE_PTR(f->store));
    rt_group_free(TAKE_PTR(f->group));
}

static void main_task(void *arg)
{
    struct fixture *f = arg;

    open_store(f);
    f->test(f);
    if (f->store)
        close_store(f);
}

static void run_fixture(void (*test)(struct fixture *f))
{
    struct fixture f = {.rt = rt_new_sim(1, TEST_WALL), .dir = new_dir(), .test = test};

    assert_ok(rt_run(f.rt, main_task, &f));
    rt_free(f.rt);
    remove_dir(f.dir);
    free(f.dir);
}

static struct kapi_collection *things(struct fixture *f)
{
    return kapi_store_collection(f->store, "lab.sim", "things");
}

static void write_thing(struct fixture *f, enum kapi_write_type type, const char *name, int value)
{
    struct kapi_storage *storage = kapi_store_storage(f->store);
    CLEANUP(json_free) struct json *json = json_new_object();
    CLEANUP(kapi_object_unref) struct kapi_object *written = NULL;

    json_set_str(json, "apiVersion", "lab.sim/v1");
    json_set_str(json, "kind", "Thing");
    json_set_str(json, "metadata/name", name);
    json_set_str(json, "metadata/uid", name);
    json_set_int(json, "value", value);
    struct kapi_write write = {type, things(f), NULL, name, kapi_collection_peek(things(f), NULL, name), json};
    assert_ok(storage->ops->write(storage, &write, &written));
}

static int64_t value_of(struct fixture *f, const char *name)
{
    const struct kapi_object *object = kapi_collection_peek(things(f), NULL, name);
    return object ? json_int(object->json, "value", -1) : -1;
}

static off_t log_size(const struct fixture *f, char **ret_path)
{
    struct stat info;

    *ret_path = mem_printf("%s/log.0000000001", f->dir);
    assert_int_equal(stat(*ret_path, &info), 0);
    return info.st_size;
}

static void comes_back(struct fixture *f)
{
    for (int i = 0; i < 20; i++) {
        char name[16];
        snprintf(name, sizeof(name), "t%d", i);
        write_thing(f, WRITE_CREATE, name, i);
    }
    write_thing(f, WRITE_UPDATE, "t3", 33);
    write_thing(f, WRITE_DELETE, "t4", 0);
    uint64_t version = kapi_store_rv(f->store);
    close_store(f);
    open_store(f);
    assert_int_equal(kapi_store_rv(f->store), version);
    assert_int_equal(kapi_collection_len(things(f)), 19);
    assert_int_equal(value_of(f, "t3"), 33);
    assert_int_equal(value_of(f, "t4"), -1);
    assert_string_equal(kapi_collection_at(things(f), 0)->name, "t0");
    assert_string_equal(kapi_collection_at(things(f), 2)->name, "t10");
    /* The history is gone: older versions cannot be watched from. */
    struct kapi_events events = {0};
    struct kapi_storage *storage = kapi_store_storage(f->store);
    struct error *err = storage->ops->watch(storage, things(f), version - 1, 0, &events);
    assert_int_equal(error_code(err), 410);
    error_free(err);
}

/* The log is cut at every byte of its last record: the rest survives, and writing goes on. */
static void torn_tail(struct fixture *f)
{
    CLEANUP_FREE char *path = NULL, *again = NULL;

    write_thing(f, WRITE_CREATE, "first", 1);
    off_t whole = log_size(f, &path);
    write_thing(f, WRITE_CREATE, "second", 2);
    off_t end = log_size(f, &again);
    close_store(f);
    CLEANUP_FREE char *bytes = mem_alloc((size_t)end);
    int fd = open(path, O_RDONLY);
    assert_int_equal(read(fd, bytes, (size_t)end), end);
    close(fd);
    for (off_t cut = whole; cut < end; cut++) {
        fd = open(path, O_WRONLY | O_TRUNC);
        assert_int_equal(write(fd, bytes, (size_t)cut), cut);
        close(fd);
        open_store(f);
        assert_int_equal(kapi_collection_len(things(f)), 1);
        write_thing(f, WRITE_CREATE, "third", 3);
        close_store(f);
        open_store(f);
        assert_int_equal(value_of(f, "third"), 3);
        close_store(f);
    }
}

static void damage(struct fixture *f)
{
    CLEANUP_FREE char *path = NULL;

    write_thing(f, WRITE_CREATE, "first", 1);
    off_t middle = log_size(f, &path) - 5;
    write_thing(f, WRITE_CREATE, "second", 2);
    close_store(f);
    int fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, "X", 1, middle), 1);
    close(fd);
    f->group = rt_group_new(f->rt, NULL, "store");
    assert_error_text(kapi_store_open(f->rt, f->group, f->dir, &f->store), ERROR_INVALID, "damaged record");
    rt_group_free(f->group);
}

static void two_servers(struct fixture *f)
{
    struct kapi_store *second = NULL;
    struct rt_group *group = rt_group_new(f->rt, NULL, "second");
    assert_error_text(kapi_store_open(f->rt, group, f->dir, &second), ERROR_CONFLICT,
                      "is in use by another API server: give another directory");
    assert_null(second);
    rt_group_free(group);
    close_store(f);
    open_store(f); /* the lock goes with its owner */
}

/* A killed server writes no more, whatever its tasks were about to do. */
static void nothing_after_the_end(struct fixture *f)
{
    write_thing(f, WRITE_CREATE, "before", 1);
    rt_group_cancel(f->group);
    struct kapi_storage *storage = kapi_store_storage(f->store);
    CLEANUP(json_free) struct json *json = json_new_object();
    struct kapi_object *written = NULL;
    json_set_str(json, "metadata/name", "after");
    struct kapi_write write = {WRITE_CREATE, things(f), NULL, "after", NULL, json};
    assert_error(storage->ops->write(storage, &write, &written), ERROR_CANCELLED);
    close_store(f);
    open_store(f);
    assert_int_equal(value_of(f, "before"), 1);
    assert_int_equal(kapi_collection_len(things(f)), 1);
}

/* Folding into a snapshot, with a crash before the old log is gone. */
static void folds(struct fixture *f)
{
    CLEANUP_FREE char *big = mem_alloc(1024 * 1024 + 1);

    memset(big, 'x', 1024 * 1024);
    struct kapi_storage *storage = kapi_store_storage(f->store);
    for (int i = 0; i < 20; i++) {
        CLEANUP(json_free) struct json *json = json_new_object();
        CLEANUP(kapi_object_unref) struct kapi_object *written = NULL;
        json_set_str(json, "metadata/name", "big");
        json_set_str(json, "metadata/uid", "u");
        json_set_str(json, "text", big);
        json_set_int(json, "value", i);
        struct kapi_object *current = kapi_collection_peek(things(f), NULL, "big");
        struct kapi_write write = {current ? WRITE_UPDATE : WRITE_CREATE, things(f), NULL, "big", current, json};
        assert_ok(storage->ops->write(storage, &write, &written));
    }
    assert_ok(rt_sleep(f->rt, 1 * RT_S));
    CLEANUP_FREE char *snapshot = mem_printf("%s/snapshot", f->dir), *log = mem_printf("%s/log.0000000001", f->dir);
    struct stat info;
    assert_int_equal(stat(snapshot, &info), 0);
    assert_true(info.st_size < 2 * 1024 * 1024);
    assert_int_not_equal(stat(log, &info), 0);
    write_thing(f, WRITE_CREATE, "small", 5);
    close_store(f);
    open_store(f);
    assert_int_equal(value_of(f, "big"), 19);
    assert_int_equal(value_of(f, "small"), 5);
}

/* -- the whole server -- */

static void restart(struct world *w)
{
    serve_gadgets(w);
    post(w, GADGETS, GADGET("a", "{'color':'red'}"), 201);
    struct json *owner = post(w, CONFIGMAPS, "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'o'}}", 201);
    CLEANUP_FREE char *child =
        mem_printf("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c','ownerReferences':["
                   "{'apiVersion':'v1','kind':'ConfigMap','name':'o','uid':'%s'}]}}",
                   json_str(owner, "metadata/uid"));
    post(w, CONFIGMAPS, child, 201);
    CLEANUP_FREE char *ca = mem_strdup(kube_api_ca_pem(w->api));
    stop_api(w);
    start_api(w);
    assert_string_equal(kube_api_ca_pem(w->api), ca);
    check(get(w, GADGETS "/a", 200), "spec/replicas", "1");
    post(w, GADGETS, GADGET("b", "{'color':'pink'}"), 422);
    delete (w, CONFIGMAPS "/o", NULL, 200);
    wait_ms(w, 100);
    get(w, CONFIGMAPS "/c", 404);
}

static void test_restart(void **state)
{
    CLEANUP_FREE char *dir = new_dir();

    in_world(restart, dir);
    remove_dir(dir);
}

#define IN_STORE(name)                                                                                                 \
    static void test_##name(void **state)                                                                              \
    {                                                                                                                  \
        run_fixture(name);                                                                                             \
    }
IN_STORE(comes_back)
IN_STORE(torn_tail)
IN_STORE(damage)
IN_STORE(two_servers)
IN_STORE(folds)
IN_STORE(nothing_after_the_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comes_back), cmocka_unit_test(test_torn_tail),
        cmocka_unit_test(test_damage),     cmocka_unit_test(test_two_servers),
        cmocka_unit_test(test_folds),      cmocka_unit_test(test_nothing_after_the_end),
        cmocka_unit_test(test_restart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
