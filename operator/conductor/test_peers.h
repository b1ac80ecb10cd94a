/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who the conductor talks to in its tests: a scripted Redfish BMC, the machine behind it, and an agent that answers as recorded from a stock
 * ironic-python-agent. Included by test_world.h.
 */
#ifndef OPERATOR_CONDUCTOR_TEST_PEERS_H
#define OPERATOR_CONDUCTOR_TEST_PEERS_H

#include "lib/test.h"

#include <dirent.h>
#include <sqlite3.h>
#include <unistd.h>

#include "lib/data/iso9660.h"
#include "lib/data/json.h"
#include "lib/data/str.h"
#include "lib/log/log.h"
#include "lib/log/metrics.h"
#include "lib/net/http_client.h"
#include "lib/net/http_server.h"
#include "operator/conductor/conductor.h"

#define MAC "52:54:00:00:00:aa"
#define SYSTEM "/redfish/v1/Systems/1"
#define API "http://10.0.0.2:6385"

/* The machine, its BMC and the agent in its ramdisk. */
struct machine {
    bool on, inserted, secure_boot;
    char *image;  /* URL in the drive */
    char *target; /* boot override */
    char *enabled;
    char *session;
    bool no_sessions; /* the BMC knows basic authentication only */
    bool bad_password;
    bool once_only;    /* the BMC takes no continuous boot override */
    int sessions;      /* open ones */
    int ignore_resets; /* power commands that have no effect */
    int boots_cd, boots_disk;
    int writes;      /* images written */
    bool has_image;  /* on its disk */
    bool live;       /* the instance runs */
    bool wrote_live; /* an image was written although the instance ran: never */
    int wipes;
    char *configdrive; /* as sent */
    char *kernel_line;
    struct rt_group *os;   /* tasks of the ramdisk; NULL when off */
    const char *fail_step; /* the agent fails this step once */
    bool silent;           /* the ramdisk never calls */
    bool idle_agent;       /* commands take long */
    rt_time slow_reset;    /* how long the BMC takes to answer a power command that it has carried out */
};

struct agent_state {
    char *token, *api;
    struct json *commands;
    bool gone;
};

struct world {
    struct rt *rt;
    struct net_sim *network;
    struct net *net_conductor, *net_bmc, *net_agent, *net_client;
    struct rt_group *group; /* the world's own tasks */
    struct http_server *bmc, *agent_server;
    struct http_client *client, *bmc_client, *agent_client;
    struct machine machine;
    struct agent_state agent;
    struct log *log;
    struct metrics *metrics;
    struct env env;
    struct conductor_options options;
    struct conductor *conductor;
    sqlite3 *keep; /* holds the database in memory while no conductor runs */
    char dir[64], database[64];
    int bmc_calls, kill_at_bmc_call;
    int fail_from, fail_count; /* calls of the BMC that are answered 500, or broken off when fail_break */
    bool fail_break;
    int commits, kill_at_commit;
    struct rt_cond killed;
    void (*test)(struct world *w);
};

static inline void world_kill(struct world *w)
{
    rt_group_cancel(w->env.group);
    rt_cond_broadcast(w->rt, &w->killed);
}

/* -- the machine -- */

static inline void set_text(char **field, const char *text)
{
    char *copy = mem_strdup(text);
    free(*field);
    *field = copy;
}

static inline struct error *fetch_iso(struct world *w, struct http_response **ret)
{
    struct http_request request = {.url = w->machine.image};
    TRY(http_call(w->bmc_client, &request, ret));
    if ((*ret)->status != 200)
        return error_new(ERROR_INVALID, "the ISO answers %d", (*ret)->status);
    return NULL;
}

static inline char *word_value(const char *line, const char *key)
{
    const char *at = strstr(line, key);
    return at ? mem_strndup(at + strlen(key), strcspn(at + strlen(key), " \n")) : NULL;
}

static inline struct error *post(struct world *w, const char *url, const struct json *body, int want, struct json **ret)
{
    CLEANUP_FREE char *text = json_print(body);
    struct http_header headers[] = {{"Content-Type", "application/json"}, {"X-OpenStack-Ironic-API-Version", "1.68"}};
    struct http_request request = {
        .method = "POST", .url = url, .headers = headers, .header_count = 2, .body = text, .body_len = strlen(text)};
    CLEANUP(http_response_free) struct http_response *response = NULL;
    TRY(http_call(w->agent_client, &request, &response));
    if (response->status != want)
        return error_new(ERROR_INVALID, "%s answers %d: %s", url, response->status, response->body);
    if (ret)
        return json_parse(response->body, response->body_len, ret);
    return NULL;
}

static inline struct error *beat(struct world *w, const char *uuid)
{
    CLEANUP(json_free) struct json *body = json_new_object();
    json_set_str(body, "callback_url", "http://10.0.0.4:9999");
    json_set_str(body, "agent_token", w->agent.token);
    json_set_str(body, "agent_version", "13.0.0");
    CLEANUP_FREE char *url = mem_printf("%s/v1/heartbeat/%s", w->agent.api, uuid);
    return post(w, url, body, 202, NULL);
}

static inline struct error *inspect(struct world *w, const char *url)
{
    CLEANUP(json_free) struct json *body = NULL;
    static const char text[] =
        "{\"inventory\": {\"interfaces\": [{\"name\": \"enp1s0\", \"mac_address\": \"" MAC
        "\", \"ipv4_address\": \"10.0.0.4\", \"lldp\": [[1, \"04112233445566\"], [5, \"737731\"]]}, {\"name\": \"lo\", "
        "\"mac_address\": \"00:00:00:00:00:00\"}], \"cpu\": {\"architecture\": \"x86_64\", \"count\": 2}, \"disks\": "
        "[{\"name\": "
        "\"/dev/vda\", \"size\": 4294967296}], \"memory\": {\"physical_mb\": 2048}, \"system_vendor\": {}, \"boot\": "
        "{\"current_boot_mode\": \"uefi\"}, \"hostname\": \"ipa\"}, \"root_disk\": {\"name\": \"/dev/vda\"}, "
        "\"boot_interface\": null, \"configuration\": {\"collectors\": [\"default\"]}, \"error\": null, \"logs\": "
        "\"AAAA\"}";
    TRY(json_parse(text, strlen(text), &body));
    struct error *err = NULL;
    for (int i = 0; i < 6; i++) { /* as the stock agent retries */
        error_free(err);
        err = post(w, url, body, 202, NULL);
        if (!err || error_is(err, ERROR_CANCELLED))
            return err;
        struct error *slept = rt_sleep(w->rt, 5 * RT_S);
        if (slept) {
            error_free(err);
            return slept;
        }
    }
    return err;
}

static inline struct error *lookup(struct world *w, char **ret_uuid)
{
    CLEANUP_FREE char *url = mem_printf("%s/v1/lookup?addresses=52%%3A54%%3A00%%3A00%%3A00%%3Aaa", w->agent.api);
    CLEANUP(http_response_free) struct http_response *response = NULL;
    struct http_request request = {.url = url};
    TRY(http_call(w->agent_client, &request, &response));
    if (response->status != 200)
        return error_new(ERROR_TRANSIENT, "lookup answers %d: %s", response->status, response->body);
    CLEANUP(json_free) struct json *body = NULL;
    TRY(json_parse(response->body, response->body_len, &body));
    if (json_int(body, "config/heartbeat_timeout", 0) <= 0)
        return error_new(ERROR_INVALID, "no heartbeat_timeout");
    const char *token = json_str(body, "config/agent_token");
    if (token && strcmp(token, "******") != 0)
        set_text(&w->agent.token, token);
    *ret_uuid = mem_strdup(json_str(body, "node/uuid"));
    return NULL;
}

static inline void agent_handle(struct http_exchange *exchange, void *arg);

static inline struct error *agent_life(struct world *w)
{
    const char *line = w->machine.kernel_line;
    CLEANUP_FREE char *callback = word_value(line, "ipa-inspection-callback-url=");
    CLEANUP_FREE char *api = word_value(line, "ipa-api-url=");
    CLEANUP_FREE char *token = word_value(line, "ipa-agent-token=");
    if (w->machine.silent)
        return NULL;
    TRY(rt_sleep(w->rt, 20 * RT_S)); /* the kernel boots */
    set_text(&w->agent.token, token);
    set_text(&w->agent.api, api);
    json_free(w->agent.commands);
    w->agent.commands = json_new_array();
    if (callback)
        error_free(inspect(w, callback));
    if (!api)
        return rt_sleep(w->rt, RT_FOREVER);
    CLEANUP_FREE char *uuid = NULL;
    for (struct error *err; (err = lookup(w, &uuid));) {
        if (error_is(err, ERROR_CANCELLED))
            return err;
        error_free(err);
        TRY(rt_sleep(w->rt, 3 * RT_S));
    }
    struct http_server_options options = {.address = "10.0.0.4", .port = 9999, .handle = agent_handle, .arg = w};
    CLEANUP(http_server_free) struct http_server *server = NULL;
    TRY(http_server_start(w->net_agent, w->machine.os, &options, &server));
    for (;;) {
        struct error *err = beat(w, uuid);
        if (error_is(err, ERROR_CANCELLED))
            return err;
        bool failed = err != NULL;
        error_free(err);
        TRY(rt_sleep(w->rt, (failed ? 5 : 100) * RT_S));
    }
}

static inline void os_task(void *arg)
{
    error_free(agent_life(arg));
}

static inline void machine_off(struct world *w)
{
    w->machine.on = w->machine.live = false;
    if (w->machine.os)
        rt_group_cancel(w->machine.os);
    w->machine.os = NULL; /* freed with its parent's tasks at the end */
}

static inline void boot_cd(struct world *w)
{
    CLEANUP(http_response_free) struct http_response *iso = NULL;
    CLEANUP(error_free) struct error *err = fetch_iso(w, &iso);
    CLEANUP_FREE char *config = NULL;
    size_t len = 0;
    if (!err) {
        struct iso9660_memory memory = {iso->body, iso->body_len};
        struct iso9660_source source = iso9660_memory_source(&memory);
        err = iso9660_read_file(&source, "boot/grub/grub.cfg", 65536, &config, &len);
    }
    if (err) /* the firmware finds nothing to boot */
        return;
    w->machine.boots_cd++;
    set_text(&w->machine.kernel_line, config);
    rt_spawn(w->rt, w->machine.os, "ramdisk", os_task, w);
}

static inline void machine_on(struct world *w)
{
    w->machine.on = true;
    w->machine.os = rt_group_new(w->rt, w->group, "os");
    if (str_equal(w->machine.target, "Cd") && w->machine.inserted) {
        if (str_equal(w->machine.enabled, "Once"))
            set_text(&w->machine.enabled, "Disabled");
        boot_cd(w);
    } else if (w->machine.has_image) {
        if (str_equal(w->machine.enabled, "Once"))
            set_text(&w->machine.enabled, "Disabled");
        w->machine.boots_disk++;
        w->machine.live = true;
    }
}

/* -- the agent's API -- */

static inline void run_step(struct world *w, struct json *command, const struct json *params)
{
    const char *step = json_str_or(params, "step/step", "");
    bool cleans = str_equal(json_str(command, "command_name"), "execute_clean_step");
    if (w->machine.fail_step && str_equal(step, w->machine.fail_step)) {
        w->machine.fail_step = NULL;
        json_set_str(command, "command_status", "FAILED");
        json_set_str(command, "command_error/message", "Error verifying image checksum");
        json_set_str(command, "command_error/details", "Image failed to verify");
        return;
    }
    if (str_equal(step, "write_image")) {
        w->machine.writes++;
        w->machine.wrote_live = w->machine.wrote_live || w->machine.live;
        w->machine.has_image = true;
        set_text(&w->machine.configdrive, json_str(params, "step/args/configdrive"));
    } else if (str_equal(step, "erase_devices_metadata")) {
        w->machine.wipes++;
        w->machine.has_image = false;
    }
    json_set_str(command, "command_status", "SUCCEEDED");
    json_set(command, cleans ? "command_result/clean_step" : "command_result/deploy_step",
             json_copy(json_get(params, "step")));
}

struct pending {
    struct world *w;
    struct json *command, *params; /* command: borrowed from the agent's list */
};

/* An asynchronous command ends after a while, and a heartbeat tells so. */
static inline void command_task(void *arg)
{
    struct pending *pending = arg;
    struct world *w = pending->w;
    struct error *err = rt_sleep(w->rt, (w->machine.idle_agent ? 600 : 5) * RT_S);
    const char *name = json_str(pending->command, "command_name");
    if (!err && str_equal(name, "power_off"))
        machine_off(w);
    else if (!err && str_equal(name, "install_bootloader"))
        json_set_str(pending->command, "command_status", "SUCCEEDED");
    else if (!err)
        run_step(w, pending->command, pending->params);
    if (!err && !str_equal(name, "power_off") && json_str(pending->params, "node/uuid"))
        error_free(beat(w, json_str(pending->params, "node/uuid")));
    error_free(err);
    json_free(pending->params);
    free(pending);
}

static inline void agent_reply(struct http_exchange *exchange, int status, const struct json *body)
{
    CLEANUP_FREE char *text = json_print(body);
    http_reply_str(exchange, status, "application/json", text);
}

static inline struct json *hardware_steps(const char *kind)
{
    struct json *result = json_new_object(), *list = json_new_array();
    static const struct {
        const char *step;
        int priority;
    } steps[] = {{"erase_devices", 10}, {"erase_devices_metadata", 99}, {"burnin_cpu", 0}, {"write_image", 0}};
    for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
        struct json *step = json_new_object();
        json_set_str(step, "step", steps[i].step);
        json_set_int(step, "priority", str_equal(kind, "clean") ? steps[i].priority : 0);
        json_set_str(step, "interface", "deploy");
        json_set_bool(step, "reboot_requested", false);
        json_set_bool(step, "abortable", true);
        json_append(list, step);
    }
    CLEANUP_FREE char *path = mem_printf("%s_steps/GenericHardwareManager", kind);
    json_set(result, path, list);
    json_set_str(result, "hardware_manager_version/generic_hardware_manager", "1.2");
    return result;
}

static inline void agent_command(struct world *w, struct http_exchange *exchange)
{
    CLEANUP(json_free) struct json *body = NULL;
    assert_ok(json_parse(http_body(exchange), http_body_len(exchange), &body));
    const char *name = json_str_or(body, "name", "");
    const struct json *last = json_item(w->agent.commands, json_len(w->agent.commands) - 1);
    if (last && str_equal(json_str(last, "command_status"), "RUNNING")) {
        http_reply_str(exchange, 409, "application/json",
                       "{\"faultcode\": \"Client\", \"faultstring\": \"Agent is busy: executing command x\"}");
        return;
    }
    struct json *command = json_new_object();
    char id[RT_UUID_SIZE];
    rt_uuid(w->rt, id);
    json_set_str(command, "id", id);
    json_set_str(command, "command_name", strchr(name, '.') + 1);
    bool async =
        strstr(name, "execute_") || str_equal(name, "standby.power_off") || str_equal(name, "image.install_bootloader");
    json_set_str(command, "command_status", async ? "RUNNING" : "SUCCEEDED");
    json_set(command, "command_error", json_new_null());
    json_set(command, "command_result", json_new_null());
    if (str_equal(name, "clean.get_clean_steps"))
        json_set(command, "command_result", hardware_steps("clean"));
    else if (str_equal(name, "deploy.get_deploy_steps"))
        json_set(command, "command_result", hardware_steps("deploy"));
    else if (str_equal(name, "standby.get_partition_uuids"))
        json_set(command, "command_result", json_new_object());
    json_append(w->agent.commands, command);
    agent_reply(exchange, 200, command);
    if (async) {
        struct pending *pending = mem_alloc(sizeof(*pending));
        *pending = (struct pending){w, command, json_copy(json_get(body, "params"))};
        rt_spawn(w->rt, w->machine.os, "command", command_task, pending);
    }
}

static inline void agent_handle(struct http_exchange *exchange, void *arg)
{
    struct world *w = arg;
    if (!str_equal(http_query(exchange, "agent_token"), w->agent.token)) {
        http_reply_str(exchange, 401, "application/json",
                       "{\"faultcode\": \"Client\", \"faultstring\": \"401 Unauthorized: Token invalid.\"}");
        return;
    }
    if (str_equal(http_method(exchange), "POST")) {
        agent_command(w, exchange);
        return;
    }
    const char *id = http_path(exchange) + strlen("/v1/commands/");
    if (!*id) {
        CLEANUP(json_free) struct json *list = json_new_object();
        json_set(list, "commands", json_copy(w->agent.commands));
        agent_reply(exchange, 200, list);
        return;
    }
    JSON_FOREACH (command, w->agent.commands) {
        if (str_equal(json_str(command, "id"), id)) {
            agent_reply(exchange, 200, command);
            return;
        }
    }
    http_reply_str(exchange, 404, "application/json", "{\"faultcode\": \"Client\", \"faultstring\": \"not found\"}");
}

/* -- the BMC -- */

static inline struct json *system_json(const struct world *w)
{
    struct json *system = NULL;
    CLEANUP_FREE char *text = mem_printf(
        "{\"@odata.id\": \"" SYSTEM
        "\", \"Id\": \"1\", \"Manufacturer\": \"Acme\", \"Model\": \"M1\", \"PowerState\": \"%s\", "
        "\"Status\": {\"Health\": \"OK\"}, \"Boot\": {\"BootSourceOverrideTarget\": \"%s\", "
        "\"BootSourceOverrideEnabled\": "
        "\"%s\", \"BootSourceOverrideMode\": \"UEFI\"}, \"VirtualMedia\": {\"@odata.id\": \"" SYSTEM
        "/VirtualMedia\"}, "
        "\"EthernetInterfaces\": {\"@odata.id\": \"" SYSTEM "/EthernetInterfaces\"}, "
        "\"Actions\": {\"#ComputerSystem.Reset\": {\"target\": \"" SYSTEM
        "/Actions/ComputerSystem.Reset\", \"ResetType@Redfish.AllowableValues\": [\"On\", \"ForceOff\", "
        "\"GracefulShutdown\"]}}}",
        w->machine.on ? "On" : "Off", str_or(w->machine.target, "None"), str_or(w->machine.enabled, "Disabled"));
    assert_ok(json_parse(text, strlen(text), &system));
    return system;
}

static inline void bmc_get(struct world *w, struct http_exchange *exchange, const char *path)
{
    CLEANUP_FREE char *text = NULL;
    if (str_equal(path, "/redfish/v1/")) {
        text = mem_strdup("{\"Id\": \"RootService\", \"Systems\": {\"@odata.id\": \"/redfish/v1/Systems\"}, \"Links\": "
                          "{\"Sessions\": {\"@odata.id\": \"/redfish/v1/SessionService/Sessions\"}}}");
    } else if (str_equal(path, "/redfish/v1/Systems")) {
        text = mem_strdup("{\"Members\": [{\"@odata.id\": \"" SYSTEM "\"}]}");
    } else if (str_equal(path, SYSTEM)) {
        CLEANUP(json_free) struct json *system = system_json(w);
        http_reply_header(exchange, "ETag", "W/\"7\"");
        text = json_print(system);
    } else if (str_equal(path, SYSTEM "/VirtualMedia")) {
        text = mem_strdup("{\"Members\": [{\"@odata.id\": \"" SYSTEM
                          "/VirtualMedia/Floppy\"}, {\"@odata.id\": \"" SYSTEM "/VirtualMedia/Cd\"}]}");
    } else if (str_equal(path, SYSTEM "/VirtualMedia/Cd")) {
        text = mem_printf(
            "{\"Id\": \"Cd\", \"MediaTypes\": [\"CD\", \"DVD\"], \"Inserted\": %s, \"Image\": \"%s\", \"Actions\": "
            "{\"#VirtualMedia.InsertMedia\": {\"target\": \"" SYSTEM
            "/VirtualMedia/Cd/Actions/VirtualMedia.InsertMedia\"}, \"#VirtualMedia.EjectMedia\": {\"target\": "
            "\"" SYSTEM "/VirtualMedia/Cd/Actions/VirtualMedia.EjectMedia\"}}}",
            w->machine.inserted ? "true" : "false", str_or(w->machine.image, ""));
    } else if (str_equal(path, SYSTEM "/VirtualMedia/Floppy")) {
        text = mem_strdup("{\"Id\": \"Floppy\", \"MediaTypes\": [\"Floppy\"], \"Inserted\": false}");
    } else if (str_equal(path, SYSTEM "/EthernetInterfaces")) {
        text = mem_strdup("{\"Members\": [{\"@odata.id\": \"" SYSTEM "/EthernetInterfaces/1\"}]}");
    } else if (str_equal(path, SYSTEM "/EthernetInterfaces/1")) {
        text =
            mem_strdup("{\"Id\": \"1\", \"MACAddress\": \"52:54:00:00:00:AA\", \"Status\": {\"State\": \"Enabled\"}}");
    }
    if (text)
        http_reply_str(exchange, 200, "application/json", text);
    else
        http_reply_str(exchange, 404, "application/json", "{\"error\": {\"message\": \"no such resource\"}}");
}

static inline void bmc_reset_action(struct world *w, struct http_exchange *exchange, const struct json *body)
{
    const char *type = json_str_or(body, "ResetType", "");
    if (w->machine.ignore_resets > 0)
        w->machine.ignore_resets--;
    else if (str_equal(type, "On") && !w->machine.on)
        machine_on(w);
    else if (!str_equal(type, "On") && w->machine.on)
        machine_off(w);
    if (w->machine.slow_reset)
        error_free(rt_sleep(w->rt, w->machine.slow_reset));
    http_reply(exchange, 204, NULL, "", 0);
}

static inline void bmc_write(struct world *w, struct http_exchange *exchange, const char *path)
{
    CLEANUP(json_free) struct json *body = NULL;
    if (http_body_len(exchange))
        assert_ok(json_parse(http_body(exchange), http_body_len(exchange), &body));
    if (str_equal(path, SYSTEM "/Actions/ComputerSystem.Reset")) {
        bmc_reset_action(w, exchange, body);
        return;
    }
    if (str_equal(path, SYSTEM)) { /* PATCH; a weak tag is refused, as some BMCs do */
        if (str_has_prefix(str_or(http_header(exchange, "If-Match"), ""), "W/")) {
            http_reply_str(exchange, 412, "application/json", "{\"error\": {\"message\": \"stale\"}}");
            return;
        }
        if (w->machine.once_only && str_equal(json_str(body, "Boot/BootSourceOverrideEnabled"), "Continuous")) {
            http_reply_str(exchange, 400, "application/json", "{\"error\": {\"message\": \"not supported\"}}");
            return;
        }
        if (json_str(body, "Boot/BootSourceOverrideTarget"))
            set_text(&w->machine.target, json_str(body, "Boot/BootSourceOverrideTarget"));
        if (json_str(body, "Boot/BootSourceOverrideEnabled"))
            set_text(&w->machine.enabled, json_str(body, "Boot/BootSourceOverrideEnabled"));
    } else if (str_has_suffix(path, "InsertMedia")) {
        if (w->machine.inserted) {
            http_reply_str(exchange, 409, "application/json", "{\"error\": {\"message\": \"media is inserted\"}}");
            return;
        }
        set_text(&w->machine.image, json_str(body, "Image"));
        w->machine.inserted = true;
    } else if (str_has_prefix(path, "/redfish/v1/SessionService/Sessions/")) {
        w->machine.sessions--;
    } else if (str_has_suffix(path, "EjectMedia")) {
        w->machine.inserted = false;
    }
    http_reply(exchange, 204, NULL, "", 0);
}

static inline bool bmc_authorized(struct world *w, struct http_exchange *exchange)
{
    const char *token = http_header(exchange, "X-Auth-Token"), *user, *password;
    if (token)
        return str_equal(token, w->machine.session);
    return http_basic_auth(exchange, &user, &password) && str_equal(password, "password") && !w->machine.bad_password;
}

static inline void bmc_login(struct world *w, struct http_exchange *exchange)
{
    if (w->machine.no_sessions || w->machine.bad_password ||
        !strstr(http_body(exchange), "\"Password\":\"password\"")) {
        http_reply_str(exchange, 401, "application/json", "{\"error\": {\"message\": \"no\"}}");
        return;
    }
    w->machine.sessions++;
    set_text(&w->machine.session, "session-1");
    http_reply_header(exchange, "X-Auth-Token", "session-1");
    http_reply_header(exchange, "Location", "/redfish/v1/SessionService/Sessions/1");
    http_reply_str(exchange, 201, "application/json", "{}");
}

static inline void bmc_handle(struct http_exchange *exchange, void *arg)
{
    struct world *w = arg;
    const char *path = http_path(exchange), *method = http_method(exchange);
    w->bmc_calls++;
    if (w->bmc_calls >= w->fail_from && w->bmc_calls < w->fail_from + w->fail_count) {
        if (w->fail_break)
            http_abort(exchange);
        else
            http_reply_str(exchange, 500, "application/json", "{\"error\": {\"message\": \"internal error\"}}");
        return;
    }
    if (str_equal(path, "/redfish/v1/"))
        bmc_get(w, exchange, path);
    else if (str_equal(path, "/redfish/v1/SessionService/Sessions"))
        bmc_login(w, exchange);
    else if (!bmc_authorized(w, exchange))
        http_reply_str(exchange, 401, "application/json", "{\"error\": {\"message\": \"no\"}}");
    else if (str_equal(method, "GET"))
        bmc_get(w, exchange, path);
    else
        bmc_write(w, exchange, path);
    if (w->kill_at_bmc_call && w->bmc_calls == w->kill_at_bmc_call)
        world_kill(w);
}

#endif
