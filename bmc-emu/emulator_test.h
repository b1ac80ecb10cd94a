/* SPDX-License-Identifier: Apache-2.0 */
/* The world of the emulator's tests: a BMC host, a client, and a server of images on the simulated network; requests as Ironic sends them. */
#ifndef BMC_EMU_EMULATOR_TEST_H
#define BMC_EMU_EMULATOR_TEST_H

#include "bmc-emu/emulator.h"

#include "lib/data/iso9660.h"
#include "lib/log/log.h"
#include "lib/net/http_client.h"
#include "lib/test.h"

#define UNUSED __attribute__((unused)) /* not each program uses each function */
#define RECEIVED_MAX 32
#define UUID1 "6d657461-6c33-4000-8000-000000000001"
#define SYSTEM "/redfish/v1/Systems/" UUID1

/* The world of one test: a BMC host, a client host, an image server. */
struct world {
    struct rt *rt;
    struct net_sim *sim;
    struct net *bmc_net, *client_net, *image_net;
    struct env env;
    struct bmc_emulator_options options;
    struct bmc_emulator *emulator;
    struct http_client *client;
    struct http_server *images;
    void *iso;
    size_t iso_len;
    char base[128];
    const char *user, *password, *token;
    const char *if_match;
    char *received[RECEIVED_MAX]; /* bodies that were sent to http://images/events */
    size_t received_count;
    void (*body)(struct world *world);
};

static void drop_line(void *arg, const char *line, size_t len)
{
}

static void serve_image(struct http_exchange *http, void *arg)
{
    struct world *world = arg;
    const char *user, *password;

    if (str_equal(http_path(http), "/events")) {
        if (world->received_count < RECEIVED_MAX)
            world->received[world->received_count++] = mem_strdup(http_body(http));
        http_reply(http, 204, NULL, NULL, 0);
    } else if (str_equal(http_path(http), "/moved.iso")) {
        http_reply_header(http, "Location", "/boot.iso");
        http_reply(http, 302, NULL, NULL, 0);
    } else if (str_equal(http_path(http), "/private.iso") &&
               (!http_basic_auth(http, &user, &password) || !str_equal(password, "secret"))) {
        http_reply(http, 401, NULL, NULL, 0);
    } else if (str_equal(http_path(http), "/loop.iso")) {
        http_reply_header(http, "Location", "http://images/loop.iso");
        http_reply(http, 302, NULL, NULL, 0);
    } else if (str_equal(http_path(http), "/large.iso")) {
        CLEANUP_FREE char *large = mem_alloc(2 << 20);
        memset(large, 'x', 2 << 20);
        http_reply(http, 200, "application/octet-stream", large, 2 << 20);
    } else if (str_equal(http_path(http), "/endless.iso")) {
        CLEANUP(error_free) struct error *err = http_reply_begin(http, 200, "application/octet-stream", -1);
        while (!err)
            err = http_reply_write(http, world->iso, world->iso_len);
    } else if (str_equal(http_path(http), "/none.iso")) {
        http_reply(http, 404, NULL, NULL, 0);
    } else {
        http_reply(http, 200, "application/octet-stream", world->iso, world->iso_len);
    }
}

static void make_iso(struct world *world)
{
    static const char config[] = "menuentry \"x\" {\n linuxefi /vmlinuz ipa-api-url=http://conductor:6385\n"
                                 " initrdefi /initrd\n}\n";
    CLEANUP(iso9660_free) struct iso9660 *iso = iso9660_new("BOOT", NULL, TEST_WALL);

    assert_ok(iso9660_add(iso, "boot/grub/grub.cfg", config, strlen(config)));
    assert_ok(iso9660_layout(iso));
    assert_ok(iso9660_print(iso, &world->iso, &world->iso_len));
}

static void run_body(void *arg)
{
    struct world *world = arg;
    struct http_client_options client = {.insecure = true};
    struct http_server_options images = {.address = "0.0.0.0", .port = 80, .handle = serve_image, .arg = world};

    world->env.group = rt_group_new(world->rt, NULL, "test");
    make_iso(world);
    assert_ok(http_server_start(world->image_net, world->env.group, &images, &world->images));
    assert_ok(bmc_emulator_start(&world->env, &world->options, &world->emulator));
    assert_ok(http_client_new(world->client_net, &client, &world->client));
    bmc_emulator_base_url(world->emulator, 0, world->base, sizeof(world->base));
    world->body(world);
    http_client_free(world->client);
    bmc_emulator_stop(world->emulator);
    http_server_stop(world->images);
    rt_group_stop(world->env.group);
    http_server_free(world->images);
    rt_group_free(world->env.group);
    for (size_t i = 0; i < world->received_count; i++)
        free(world->received[i]);
    free(world->iso);
}

UNUSED static void in_world(const struct bmc_emulator_options *options, void (*body)(struct world *world))
{
    struct world world = {.options = *options, .body = body, .user = "admin", .password = "password"};
    struct net_sim_options sim = {0};
    struct log_options log_options = {.level = LOG_ERROR, .sink = drop_line};

    world.rt = rt_new_sim(7, TEST_WALL);
    world.sim = net_sim_new(world.rt, &sim);
    world.bmc_net = net_sim_host(world.sim, "bmcs", "10.0.0.9");
    world.client_net = net_sim_host(world.sim, "client", "10.0.0.2");
    world.image_net = net_sim_host(world.sim, "images", "10.0.0.3");
    world.env = (struct env){.rt = world.rt, .net = world.bmc_net, .log = log_new(&log_options)};
    assert_ok(rt_run(world.rt, run_body, &world));
    net_free(world.bmc_net);
    net_free(world.client_net);
    net_free(world.image_net);
    net_sim_free(world.sim);
    log_free(world.env.log);
    rt_free(world.rt);
}

/* One request with the headers that Ironic 21.4 sends. */
UNUSED static struct http_response *call(struct world *world, const char *method, const char *path, const char *body)
{
    char url[512];
    struct http_header headers[6] = {{"User-Agent", "python-requests/2.28.1"},
                                     {"Accept", "*/*"},
                                     {"Accept-Encoding", "identity"},
                                     {"OData-Version", "4.0"}};
    struct http_request request = {.method = method,
                                   .url = url,
                                   .headers = headers,
                                   .header_count = 4,
                                   .body = body,
                                   .body_len = body ? strlen(body) : 0};
    struct http_response *response = NULL;

    snprintf(url, sizeof(url), "%s%s", str_has_prefix(path, "http") ? "" : world->base, path);
    if (world->token)
        headers[request.header_count++] = (struct http_header){"X-Auth-Token", world->token};
    else
        request.user = world->user, request.password = world->password;
    if (world->if_match)
        headers[request.header_count++] = (struct http_header){"If-Match", world->if_match};
    assert_ok(http_call(world->client, &request, &response));
    return response;
}

UNUSED static void expect(struct world *world, const char *method, const char *path, const char *body, int status)
{
    CLEANUP(http_response_free) struct http_response *response = call(world, method, path, body);

    if (response->status != status)
        fail_msg("%s %s %s: %d instead of %d: %s", method, path, str_or(body, ""), response->status, status,
                 response->body);
}

UNUSED static struct json *get(struct world *world, const char *path)
{
    CLEANUP(http_response_free) struct http_response *response = call(world, "GET", path, NULL);
    struct json *json;

    if (response->status != 200)
        fail_msg("GET %s: %d %s", path, response->status, response->body);
    assert_ok(json_parse_strict(response->body, response->body_len, &json));
    return json;
}

/* One string of a resource. */
UNUSED static void expect_text(struct world *world, const char *path, const char *member, const char *value)
{
    CLEANUP(json_free) struct json *json = get(world, path);

    if (!str_equal(json_str(json, member), value))
        fail_msg("%s of %s is %s, not %s", member, path, str_or(json_str(json, member), "(null)"), value);
}

/* The MessageId of an error reply, and that it has the standard's shape. */
UNUSED static void expect_error(struct world *world, const char *method, const char *path, const char *body, int status,
                                const char *message)
{
    CLEANUP(http_response_free) struct http_response *response = call(world, method, path, body);
    CLEANUP(json_free) struct json *json = NULL;

    assert_ok(json_parse_strict(response->body, response->body_len, &json));
    const char *id = json_str_or(json, "error/@Message.ExtendedInfo/0/MessageId", "");
    if (response->status != status || !str_has_prefix(id, "Base.1.") || !str_has_suffix(id, message))
        fail_msg("%s %s %s: %d %s instead of %d %s", method, path, str_or(body, ""), response->status, id, status,
                 message);
    assert_string_equal(json_str(json, "error/code"), id);
    assert_non_null(json_str(json, "error/message"));
    assert_non_null(json_get(json, "error/@Message.ExtendedInfo/0/Resolution"));
}

UNUSED static void pass(struct world *world, rt_time duration)
{
    assert_ok(rt_sleep(world->rt, duration));
}

UNUSED static struct bmc_emulator_options single(void)
{
    return (struct bmc_emulator_options){
        .machines = 3, .addresses = "127.1.0.0/16", .port = 8443, .tls = true, .user = "admin", .password = "password"};
}

#define MEDIA SYSTEM "/VirtualMedia"

/* A test in a world of three BMCs with addresses of their own. */
#define IN_WORLD(name)                                                                                                 \
    static void name(void **state)                                                                                     \
    {                                                                                                                  \
        struct bmc_emulator_options options = single();                                                                \
        in_world(&options, name##_body);                                                                               \
    }

#endif
