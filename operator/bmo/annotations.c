/* SPDX-License-Identifier: Apache-2.0 */
/* Annotations by which people ask for things: reboot, inspection, detachment. */
#include <string.h>

#include "lib/log/log.h"
#include "operator/bmo/host_pass.h"

bool host_inspection_requested(const struct host_pass *pass)
{
    const char *value = kube_annotation(pass->host, HOST_INSPECT_ANNOTATION);
    return value && !str_equal(value, "disabled");
}

struct error *host_drop_annotation(struct host_pass *pass, const char *key, bool *ret_dropped)
{
    *ret_dropped = false;
    if (!kube_annotation(pass->host, key))
        return NULL;
    kube_set_annotation(pass->host, key, NULL);
    TRY_WRAP(host_write(pass), "failed to remove annotation %s", key);
    *ret_dropped = true;
    return NULL;
}

/* -- reboot -- */

static bool is_reboot_annotation(const char *key)
{
    return str_equal(key, HOST_REBOOT_ANNOTATION) || str_has_prefix(key, HOST_REBOOT_ANNOTATION_PREFIX);
}

/* {"mode", "force"}; empty text means all defaults, and so does what is no JSON, after an event. */
static void parse_reboot(struct host_pass *pass, const char *key, const char *value, bool *ret_hard, bool *ret_force)
{
    struct json *wish CLEANUP(json_free) = NULL;

    if (str_is_empty(value))
        return;
    struct error *err = json_parse(value, strlen(value), &wish);
    if (err || !json_is(wish, JSON_OBJECT)) {
        pass_event(pass, false, "InvalidAnnotationValue",
                   "could not parse the value of annotation %s: it must be "
                   "empty or JSON such as {\"mode\": \"hard\"}",
                   key);
        error_free(err);
        return;
    }
    *ret_hard = str_equal(json_str(wish, "mode"), "hard");
    *ret_force = json_bool(wish, "force", false);
}

struct reboot_wish host_reboot_wish(struct host_pass *pass, bool only_forced)
{
    const struct json *annotations = json_get(pass->host, "metadata/annotations");
    struct reboot_wish wish = {0};

    JSON_FOREACH (annotation, annotations) {
        bool hard = false, force = false;
        if (!is_reboot_annotation(json_key(annotation)))
            continue;
        parse_reboot(pass, json_key(annotation), json_str(annotation, ""), &hard, &force);
        if (only_forced && !force)
            continue;
        wish.wished = true;
        wish.hard |= hard;
        wish.forced |= force;
    }
    return wish;
}

/* -- detached -- */

bool host_is_detach_wished(const struct host_pass *pass)
{
    return kube_annotation(pass->host, HOST_DETACHED_ANNOTATION) != NULL;
}

/* The annotation's JSON; NULL when it is empty or none. */
static struct json *parse_detached(const struct host_pass *pass)
{
    const char *value = kube_annotation(pass->host, HOST_DETACHED_ANNOTATION);
    struct json *wish = NULL;

    if (str_is_empty(value))
        return NULL;
    struct error *err = json_parse(value, strlen(value), &wish);
    if (err)
        log_debug(pass->log, "the detached annotation's value is no JSON, and is ignored");
    error_free(err);
    return wish;
}

bool host_detach_force(const struct host_pass *pass)
{
    struct json *wish CLEANUP(json_free) = parse_detached(pass);
    return json_bool(wish, "force", false);
}

bool host_detach_delays_delete(const struct host_pass *pass)
{
    struct json *wish CLEANUP(json_free) = parse_detached(pass);
    return str_equal(json_str(wish, "deleteAction"), "delay");
}
