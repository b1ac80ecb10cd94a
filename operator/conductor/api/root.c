/* SPDX-License-Identifier: Apache-2.0 */
/* Version documents, health check, metrics and drivers. */
#include <stdlib.h>

#include "lib/data/str.h"
#include "operator/conductor/api/rest.h"
#include "operator/conductor/drivers/bmc.h"

static struct json *version_json(const struct rest *rest)
{
    CLEANUP_FREE char *base = rest_base(rest);
    struct json *version = json_new_object(), *links = json_new_array(), *link = json_new_object();
    json_set_str(version, "id", "v1");
    json_set_printf(link, "href", "%s/", base);
    json_set_str(link, "rel", "self");
    json_append(links, link);
    json_set(version, "links", links);
    json_set_str(version, "status", "CURRENT");
    json_set_printf(version, "min_version", "1.%d", API_VERSION_MIN);
    json_set_printf(version, "version", "1.%d", API_VERSION_MAX);
    return version;
}

/* GET / (reference A2 of the recorded wire; IRO-504). */
static struct error *get_root(struct rest *rest)
{
    CLEANUP(json_free) struct json *body = json_new_object();
    json_set_str(body, "name", "OpenStack Ironic API");
    json_set_str(body, "description", "metal3-conductor, compatible with Ironic");
    json_set(body, "default_version", version_json(rest));
    struct json *versions = json_new_array();
    json_append(versions, version_json(rest));
    json_set(body, "versions", versions);
    rest_reply(rest, 200, body);
    return NULL;
}

/* GET /v1 (IRO-010). */
static struct error *get_v1(struct rest *rest)
{
    CLEANUP(json_free) struct json *body = json_new_object();
    json_set_str(body, "id", "v1");
    json_set(body, "version", version_json(rest));
    static const char *const collections[] = {"nodes", "ports", "drivers", "lookup", "heartbeat"};
    for (size_t i = 0; i < ARRAY_SIZE(collections); i++)
        json_put(body, collections[i], rest_links(rest, collections[i], ""));
    rest_reply(rest, 200, body);
    return NULL;
}

static struct error *get_health(struct rest *rest)
{
    http_reply_str(rest->exchange, 200, "text/plain", "OK");
    return NULL;
}

/* GET /metrics: Prometheus. */
static struct error *get_metrics(struct rest *rest)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    metrics_print(rest->conductor->env->metrics, &text);
    http_reply_str(rest->exchange, 200, METRICS_CONTENT_TYPE, strbuf_str(&text));
    return NULL;
}

static struct json *driver_json(const struct rest *rest, const char *name)
{
    struct json *driver = json_new_object(), *hosts = json_new_array();
    json_set_str(driver, "name", name);
    json_append_str(hosts, rest->conductor->options.hostname);
    json_set(driver, "hosts", hosts);
    json_set_str(driver, "type", "dynamic");
    json_set(driver, "links", rest_links(rest, "drivers", name));
    return driver;
}

/* GET /v1/drivers (IRO-036). */
static struct error *get_drivers(struct rest *rest)
{
    CLEANUP(json_free) struct json *body = json_new_object();
    struct json *list = json_new_array();
    for (const struct bmc_driver *const *driver = bmc_drivers(); *driver; driver++) {
        json_append(list, driver_json(rest, (*driver)->name));
        for (size_t i = 0; (*driver)->names && (*driver)->names[i]; i++)
            json_append(list, driver_json(rest, (*driver)->names[i]));
    }
    json_set(body, "drivers", list);
    rest_reply(rest, 200, body);
    return NULL;
}

static struct error *get_driver(struct rest *rest)
{
    if (!bmc_driver_find(rest->args[0]))
        return error_new(ERROR_NOT_FOUND, "Could not find the following driver(s) or hardware type(s): %s.",
                         rest->args[0]);
    CLEANUP(json_free) struct json *body = driver_json(rest, rest->args[0]);
    rest_reply(rest, 200, body);
    return NULL;
}

const struct rest_route rest_root_routes[] = {
    {"GET", "/", get_root, REST_PUBLIC},
    {"GET", "/v1", get_v1, REST_PUBLIC},
    {"GET", "/healthcheck", get_health, REST_PUBLIC},
    {"GET", "/metrics", get_metrics, REST_PUBLIC},
    {"GET", "/v1/drivers", get_drivers},
    {"GET", "/v1/drivers/%", get_driver},
    {0},
};
