/* SPDX-License-Identifier: Apache-2.0 */
/* A small world for the conductor's tests, on virtual time: the conductor, its peers, and a client of its API. Only *_test.c includes this. */
#ifndef OPERATOR_CONDUCTOR_TEST_WORLD_H
#define OPERATOR_CONDUCTOR_TEST_WORLD_H

#include "operator/conductor/test_peers.h"

/* -- life of the conductor -- */

static inline void world_start_conductor(struct world *w)
{
    w->env.group = rt_group_new(w->rt, NULL, "program");
    struct error *err = conductor_start(&w->env, &w->options, &w->conductor);
    if (err && rt_group_cancelled(w->env.group)) { /* killed while it started */
        error_free(err);
        rt_group_free(w->env.group);
        w->env.group = NULL;
        return;
    }
    assert_ok(err);
}

static inline void world_end_conductor(struct world *w)
{
    if (!w->conductor)
        return;
    conductor_stop(w->conductor);
    conductor_free(w->conductor);
    w->conductor = NULL;
    rt_group_free(w->env.group);
}

/* -- the API's client -- */

/* *ret_body NULL when there is none; the status, or 0 when the conductor does not answer. */
static inline int call_version(struct world *w, const char *version, const char *method, const char *path,
                               const char *body, struct json **ret_body)
{
    CLEANUP_FREE char *url = mem_printf(API "%s", path);
    struct http_header headers[] = {{"X-OpenStack-Ironic-API-Version", version}, {"Content-Type", "application/json"}};
    struct http_request request = {.method = method,
                                   .url = url,
                                   .headers = headers,
                                   .header_count = 2,
                                   .body = body,
                                   .body_len = body ? strlen(body) : 0,
                                   .deadline = rt_after(w->rt, 30 * RT_S)};
    CLEANUP(http_response_free) struct http_response *response = NULL;
    CLEANUP(error_free) struct error *err = http_call(w->client, &request, &response);
    if (err)
        return 0;
    if (ret_body) {
        json_free(*ret_body);
        *ret_body = NULL;
        if (response->body_len)
            assert_ok(json_parse(response->body, response->body_len, ret_body));
    }
    return response->status;
}

static inline int call(struct world *w, const char *method, const char *path, const char *body, struct json **ret_body)
{
    return call_version(w, "1.110", method, path, body, ret_body);
}

/* The text inside an error body. */
static inline char *fault(const struct json *body)
{
    CLEANUP(json_free) struct json *inner = NULL;
    const char *text = json_str(body, "error_message");
    assert_non_null(text);
    assert_ok(json_parse(text, strlen(text), &inner));
    return mem_strdup(json_str(inner, "faultstring"));
}

static inline char *state(struct world *w)
{
    CLEANUP(json_free) struct json *node = NULL;
    int status = call(w, "GET", "/v1/nodes/ns~host", NULL, &node);
    if (status != 200)
        return mem_printf("%d", status);
    return mem_strdup(json_str_or(node, "provision_state", "none"));
}

static inline void wait_state(struct world *w, const char *wanted)
{
    for (int i = 0; i < 2400; i++) {
        CLEANUP_FREE char *now = state(w);
        if (str_equal(now, wanted))
            return;
        assert_ok(rt_sleep(w->rt, RT_S));
    }
    CLEANUP(json_free) struct json *node = NULL;
    call(w, "GET", "/v1/nodes/ns~host", NULL, &node);
    CLEANUP_FREE char *text = json_print_pretty(node);
    fail_msg("never got %s:\n%s", wanted, text);
}

static inline void provision(struct world *w, const char *body, int want)
{
    CLEANUP(json_free) struct json *answer = NULL;
    int status = call(w, "PUT", "/v1/nodes/ns~host/states/provision", body, &answer);
    if (status != want) {
        CLEANUP_FREE char *text = answer ? json_print(answer) : NULL;
        fail_msg("%s: %d instead of %d: %s", body, status, want, str_or(text, ""));
    }
}

#define ENROLL_BODY                                                                                                    \
    "{\"name\":\"ns~host\",\"driver\":\"redfish\",\"driver_info\":{\"redfish_address\":\"http://10.0.0.3\","           \
    "\"redfish_username\":\"admin\",\"redfish_password\":\"password\",\"redfish_system_id\":\"" SYSTEM "\"},"          \
    "\"properties\":{\"capabilities\":\"boot_mode:uefi\"}}"

static inline void enroll(struct world *w)
{
    CLEANUP(json_free) struct json *node = NULL;
    assert_int_equal(call(w, "POST", "/v1/nodes", ENROLL_BODY, &node), 201);
    CLEANUP_FREE char *port =
        mem_printf("{\"node_uuid\":\"%s\",\"address\":\"" MAC "\",\"pxe_enabled\":true}", json_str(node, "uuid"));
    assert_int_equal(call(w, "POST", "/v1/ports", port, NULL), 201);
}

#define INSTANCE_PATCH                                                                                                 \
    "[{\"op\":\"add\",\"path\":\"/instance_uuid\",\"value\":\"11111111-2222-4333-8444-555555555555\"},"                \
    "{\"op\":\"add\",\"path\":\"/instance_info/image_source\",\"value\":\"http://images/tiny.raw\"},"                  \
    "{\"op\":\"add\",\"path\":\"/instance_info/image_os_hash_algo\",\"value\":\"sha256\"},"                            \
    "{\"op\":\"add\",\"path\":\"/instance_info/image_os_hash_value\",\"value\":\"9b23\"},"                             \
    "{\"op\":\"add\",\"path\":\"/instance_info/image_disk_format\",\"value\":\"raw\"}]"
#define ACTIVE_BODY                                                                                                    \
    "{\"target\":\"active\",\"configdrive\":{\"meta_data\":{\"uuid\":\"x\"},\"user_data\":\"#cloud-config\\n\"}}"

/* -- making it -- */

static inline void write_file(struct world *w, const char *name, size_t len)
{
    CLEANUP_FREE char *path = mem_printf("%s/%s", w->dir, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (size_t i = 0; i < len; i++)
        fputc((int)(i % 251), file);
    fclose(file);
}

static inline void remove_folder(const char *path)
{
    DIR *folder = opendir(path);
    for (struct dirent *entry; (entry = readdir(folder));)
        if (entry->d_type == DT_REG)
            unlinkat(dirfd(folder), entry->d_name, 0);
    closedir(folder);
    rmdir(path);
}

static inline void world_main(void *arg)
{
    struct world *w = arg;
    w->group = rt_group_new(w->rt, NULL, "world");
    struct http_server_options bmc = {.address = "10.0.0.3", .port = 80, .handle = bmc_handle, .arg = w};
    assert_ok(http_server_start(w->net_bmc, w->group, &bmc, &w->bmc));
    assert_ok(http_client_new(w->net_client, &(struct http_client_options){0}, &w->client));
    assert_ok(http_client_new(w->net_bmc, &(struct http_client_options){0}, &w->bmc_client));
    assert_ok(http_client_new(w->net_agent, &(struct http_client_options){0}, &w->agent_client));
    world_start_conductor(w);
    w->test(w);
    world_end_conductor(w);
    rt_group_stop(w->group);
    http_server_free(w->bmc);
    http_client_free(w->client);
    http_client_free(w->bmc_client);
    http_client_free(w->agent_client);
}

static inline int count_commit(void *arg)
{
    struct world *w = arg;
    w->commits++;
    if (w->kill_at_commit && w->commits == w->kill_at_commit)
        world_kill(w);
    return 0;
}

static struct world *world_of_commits; /* the hook that SQLite calls on each new connection has no argument */

static inline int hook_connection(sqlite3 *handle, char **ret_error, const void *api)
{
    (void)ret_error;
    (void)api;
    if (world_of_commits)
        sqlite3_commit_hook(handle, count_commit, world_of_commits);
    return SQLITE_OK;
}

/* Runs `test` in a world of its own; `prepare` (may be NULL) changes options and machine first. */
static inline void world_run(void (*test)(struct world *w), void (*prepare)(struct world *w), uint64_t seed)
{
    struct world *w = mem_alloc(sizeof(*w));
    w->rt = rt_new_sim(seed, TEST_WALL);
    w->network = net_sim_new(w->rt, &(struct net_sim_options){0});
    w->net_conductor = net_sim_host(w->network, "conductor", "10.0.0.2");
    w->net_bmc = net_sim_host(w->network, "bmc", "10.0.0.3");
    w->net_agent = net_sim_host(w->network, "agent", "10.0.0.4");
    w->net_client = net_sim_host(w->network, "client", "10.0.0.5");
    snprintf(w->dir, sizeof(w->dir), "/tmp/conductor-test-XXXXXX");
    assert_non_null(mkdtemp(w->dir));
    write_file(w, "kernel", 5000);
    write_file(w, "ramdisk", 300000);
    snprintf(w->database, sizeof(w->database), "file:/%s?vfs=memdb", strrchr(w->dir, '/') + 1);
    assert_int_equal(
        sqlite3_open_v2(w->database, &w->keep, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI, NULL),
        SQLITE_OK);
    world_of_commits = w;
    sqlite3_auto_extension((void (*)(void))hook_connection);
    struct log_options log = {.level = getenv("TEST_LOG") ? LOG_DEBUG : LOG_ERROR, .fd = 2};
    w->log = log_new(&log);
    w->metrics = metrics_new();
    w->env = (struct env){.rt = w->rt, .net = w->net_conductor, .log = w->log, .metrics = w->metrics};
    conductor_options_init(&w->options);
    w->options.listen = "10.0.0.2";
    w->options.database = w->database;
    w->options.cache_dir = w->dir;
    w->options.require_agent_tls = false; /* the simulated network carries none */
    CLEANUP_FREE char *kernel = mem_printf("file://%s/kernel", w->dir),
                      *ramdisk = mem_printf("file://%s/ramdisk", w->dir);
    w->options.deploy_kernel = kernel;
    w->options.deploy_ramdisk = ramdisk;
    w->test = test;
    if (prepare)
        prepare(w);
    assert_ok(rt_run(w->rt, world_main, w));
    sqlite3_cancel_auto_extension((void (*)(void))hook_connection);
    world_of_commits = NULL;
    sqlite3_close(w->keep);
    remove_folder(w->dir);
    char *texts[] = {w->machine.image,       w->machine.target,      w->machine.enabled, w->machine.session,
                     w->machine.configdrive, w->machine.kernel_line, w->agent.token,     w->agent.api};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
        free(texts[i]);
    json_free(w->agent.commands);
    net_free(w->net_conductor);
    net_free(w->net_bmc);
    net_free(w->net_agent);
    net_free(w->net_client);
    net_sim_free(w->network);
    rt_free(w->rt);
    log_free(w->log);
    metrics_free(w->metrics);
    free(w);
}

#endif
