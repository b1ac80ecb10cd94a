/* SPDX-License-Identifier: Apache-2.0 */
/* Request bodies by content type. */
#include "sim/kube-api/body.h"

#include <string.h>

#include "lib/data/yaml.h"

/* True when the media type, without parameters, is `wanted`. */
static bool is_type(const char *content_type, const char *wanted)
{
    size_t len = strcspn(content_type, "; \t");
    return len == strlen(wanted) && !strncasecmp(content_type, wanted, len);
}

static struct kapi_status *decode_yaml(const struct kapi_body *body, struct json **ret)
{
    CLEANUP(yaml_free) struct yaml *yaml = NULL;
    struct error *err = yaml_parse("body", body->data, body->len, &yaml);

    if (err) {
        struct kapi_status *status = kapi_bad_request("error parsing YAML: %s", error_message(err));
        error_free(err);
        return status;
    }
    if (yaml_len(yaml) != 1)
        return kapi_bad_request("the body must hold one YAML document, but it holds %zu", yaml_len(yaml));
    *ret = yaml_take(yaml, 0);
    return NULL;
}

/* Parses, and names the first member that occurs twice; of those the last one wins (KAPI-158). */
static struct error *parse(const struct kapi_body *body, struct kapi_texts *duplicates, struct json **ret)
{
    static const char mark[] = "duplicate member \"";
    CLEANUP(error_free) struct error *err = json_parse_strict(body->data, body->len, ret);
    const char *place = err ? strstr(error_message(err), mark) : NULL;

    if (!place)
        return TAKE_PTR(err);
    place += sizeof(mark) - 1;
    if (duplicates)
        kapi_texts_add(duplicates, "%.*s", (int)strcspn(place, "\""), place);
    return json_parse(body->data, body->len, ret);
}

static struct kapi_status *decode_json(const struct kapi_body *body, struct kapi_texts *duplicates, struct json **ret)
{
    struct error *err = parse(body, duplicates, ret);

    if (!err)
        return NULL;
    struct kapi_status *status =
        kapi_bad_request("couldn't get version/kind; json parse error: %s", error_message(err));
    error_free(err);
    return status;
}

struct kapi_status *kapi_body_decode(const struct kapi_body *body, const struct kapi_message *message,
                                     struct kapi_texts *duplicates, struct json **ret)
{
    const char *type = str_or(body->content_type, "application/json");

    if (body->len > KAPI_BODY_MAX)
        return kapi_status_new(413, "RequestEntityTooLarge", "Request entity too large: limit is %d", KAPI_BODY_MAX);
    if (is_type(type, KAPI_PROTOBUF)) {
        struct error *err = kapi_protobuf_decode(body->data, body->len, message, ret);
        if (!err)
            return NULL;
        struct kapi_status *status = kapi_bad_request("the protobuf body cannot be decoded: %s", error_message(err));
        error_free(err);
        return status;
    }
    bool is_yaml = is_type(type, "application/yaml");
    if (!is_yaml && !is_type(type, "application/json"))
        return kapi_status_new(415, "UnsupportedMediaType",
                               "the body of the request was in an unknown format - accepted media types include: "
                               "application/json, application/yaml, " KAPI_PROTOBUF);
    if (!body->len)
        return kapi_bad_request("the request has no body, but an object was expected");
    return is_yaml ? decode_yaml(body, ret) : decode_json(body, duplicates, ret);
}
