/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Decodes Kubernetes protobuf bodies to the JSON object model by the tables of types.c (KAPI-010, annex A): magic, runtime.Unknown,
 * object. Input is hostile: every length is checked, depth is bounded.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/time.h"
#include "sim/kube-api/body.h"

#define DEPTH_MAX 20
#define MAGIC "k8s"

struct reader {
    const unsigned char *at, *end;
};

/* One field on the wire. */
struct wire {
    uint64_t number;
    int type;            /* 0 varint, 1 64 bit, 2 bytes, 5 32 bit */
    uint64_t value;      /* varint and fixed */
    struct reader bytes; /* of type 2 */
};

static struct error *truncated(void)
{
    return error_new(ERROR_INVALID, "unexpected end of the message");
}

static struct error *read_varint(struct reader *reader, uint64_t *ret)
{
    uint64_t value = 0;

    for (int shift = 0; shift < 64; shift += 7) {
        if (reader->at == reader->end)
            return truncated();
        unsigned char byte = *reader->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *ret = value;
            return NULL;
        }
    }
    return error_new(ERROR_INVALID, "a number is longer than 64 bits");
}

static struct error *read_field(struct reader *reader, struct wire *ret)
{
    uint64_t tag, len;

    TRY(read_varint(reader, &tag));
    *ret = (struct wire){.number = tag >> 3, .type = (int)(tag & 7)};
    if (!ret->number)
        return error_new(ERROR_INVALID, "field number 0");
    switch (ret->type) {
    case 0:
        return read_varint(reader, &ret->value);
    case 2:
        TRY(read_varint(reader, &len));
        break;
    case 1:
    case 5:
        len = ret->type == 1 ? 8 : 4;
        break;
    default:
        return error_new(ERROR_INVALID, "unknown wire type %d", ret->type);
    }
    if (len > (uint64_t)(reader->end - reader->at))
        return truncated();
    ret->bytes = (struct reader){reader->at, reader->at + len};
    reader->at += len;
    return NULL;
}

static char *text_of(const struct wire *wire)
{
    return mem_strndup((const char *)wire->bytes.at, (size_t)(wire->bytes.end - wire->bytes.at));
}

/* Go's generated code refuses strings that are not UTF-8; a NUL inside would cut ours short. */
static struct error *check_text(const struct kapi_field *field, const struct wire *wire)
{
    const unsigned char *at = wire->bytes.at;

    while (at < wire->bytes.end) {
        size_t len = *at ? str_utf8_len((const char *)at, (size_t)(wire->bytes.end - at)) : 0;
        if (!len)
            return error_new(ERROR_INVALID, "field %s is not UTF-8 text", field->name);
        at += len;
    }
    return NULL;
}

static struct error *decode_message(struct reader reader, const struct kapi_message *message, int depth,
                                    struct json *ret);

/* Time{1 seconds, 2 nanos}; an empty one is the zero time, which is the same as absent (NULL). */
static struct error *decode_time(struct reader reader, int digits, struct json **ret)
{
    int64_t seconds = 0, nanos = 0;
    char text[TIME_TEXT_SIZE];

    if (reader.at == reader.end)
        return NULL;
    while (reader.at < reader.end) {
        struct wire wire;
        TRY(read_field(&reader, &wire));
        if (wire.number == 1)
            seconds = (int64_t)wire.value;
        else if (wire.number == 2)
            nanos = (int32_t)wire.value;
    }
    if (seconds < -62135596800 || seconds > 9223372035 || nanos < 0 || nanos > 999999999)
        return error_new(ERROR_INVALID, "a time is out of range");
    if (seconds < -9223372035)
        return NULL;
    *ret = json_new_string(time_format(seconds * TIME_S + nanos, digits, text));
    return NULL;
}

/* Quantity{1 string}, IntOrString{1 type, 2 int, 3 string}, FieldsV1{1 raw JSON}. */
static struct error *decode_wrapped(struct reader reader, enum kapi_type type, struct json **ret)
{
    int64_t number = 0, kind = 0;
    CLEANUP_FREE char *text = NULL;

    while (reader.at < reader.end) {
        struct wire wire;
        TRY(read_field(&reader, &wire));
        if (wire.type == 2) {
            free(text);
            text = text_of(&wire);
        } else if (wire.number == 1) {
            kind = (int64_t)wire.value;
        } else if (wire.number == 2) {
            number = (int32_t)wire.value;
        }
    }
    if (type == KAPI_FIELDS)
        return text ? json_parse(text, strlen(text), ret) : NULL;
    if (type == KAPI_INT_OR_STRING && !kind)
        *ret = json_new_int(number);
    else
        *ret = json_new_string(text ? text : "");
    return NULL;
}

/* One value; *ret stays NULL when it means "absent". */
static struct error *decode_value(const struct kapi_field *field, const struct wire *wire, int depth, struct json **ret)
{
    bool is_number = field->type == KAPI_BOOL || field->type == KAPI_INT32 || field->type == KAPI_INT64;

    if (wire->type != (is_number ? 0 : 2))
        return error_new(ERROR_INVALID, "field %s has wire type %d", field->name, wire->type);
    switch (field->type) {
    case KAPI_BOOL:
        *ret = json_new_bool(wire->value != 0);
        return NULL;
    case KAPI_INT32:
        *ret = json_new_int((int32_t)wire->value);
        return NULL;
    case KAPI_INT64:
        *ret = json_new_int((int64_t)wire->value);
        return NULL;
    case KAPI_STRING: {
        TRY(check_text(field, wire));
        CLEANUP_FREE char *text = text_of(wire);
        *ret = json_new_string(text);
        return NULL;
    }
    case KAPI_BYTES: {
        CLEANUP_FREE char *text = str_base64_encode(wire->bytes.at, (size_t)(wire->bytes.end - wire->bytes.at));
        *ret = json_new_string(text);
        return NULL;
    }
    case KAPI_TIME:
        return decode_time(wire->bytes, 0, ret);
    case KAPI_MICROTIME:
        return decode_time(wire->bytes, 6, ret);
    case KAPI_QUANTITY:
    case KAPI_INT_OR_STRING:
    case KAPI_FIELDS:
        return decode_wrapped(wire->bytes, field->type, ret);
    case KAPI_MESSAGE: {
        CLEANUP(json_free) struct json *object = json_new_object();
        TRY_WRAP(decode_message(wire->bytes, field->message, depth + 1, object), "%s", field->name);
        *ret = TAKE_PTR(object);
        return NULL;
    }
    case KAPI_ANY:
        break;
    }
    return NULL;
}

/* An entry {1 key, 2 value} of a map. */
static struct error *decode_entry(const struct kapi_field *field, struct reader reader, int depth, struct json *map)
{
    CLEANUP_FREE char *key = NULL;
    CLEANUP(json_free) struct json *value = NULL;

    while (reader.at < reader.end) {
        struct wire wire;
        TRY(read_field(&reader, &wire));
        if (wire.number == 1 && wire.type == 2) {
            TRY(check_text(field, &wire));
            free(key);
            key = text_of(&wire);
        } else if (wire.number == 2) {
            json_free(value);
            value = NULL;
            TRY(decode_value(field, &wire, depth, &value));
        }
    }
    json_put(map, key ? key : "", value ? TAKE_PTR(value) : json_new_string(""));
    return NULL;
}

static struct json *container(struct json *object, const char *name, struct json *(*make)(void))
{
    struct json *found = json_member(object, name);

    if (found)
        return found;
    json_put(object, name, make());
    return json_member(object, name);
}

/* Go leaves zero values out of JSON; proto2 sends them, and empty messages, explicitly. */
static bool is_zero(const struct kapi_field *field, const struct json *value)
{
    if (json_is(value, JSON_STRING))
        return !*json_str(value, "") && field->type != KAPI_INT_OR_STRING;
    return json_is(value, JSON_OBJECT) && !json_len(value) && !str_equal(field->name, "metadata");
}

static struct error *decode_field(const struct kapi_field *field, const struct wire *wire, int depth, struct json *ret)
{
    CLEANUP(json_free) struct json *value = NULL;

    if (field->shape == KAPI_MAP) {
        if (wire->type != 2)
            return error_new(ERROR_INVALID, "field %s has wire type %d", field->name, wire->type);
        return decode_entry(field, wire->bytes, depth, container(ret, field->name, json_new_object));
    }
    TRY(decode_value(field, wire, depth, &value));
    if (!value)
        return NULL;
    if (field->shape == KAPI_LIST)
        json_append(container(ret, field->name, json_new_array), TAKE_PTR(value));
    else if (!is_zero(field, value))
        json_put(ret, field->name, TAKE_PTR(value));
    return NULL;
}

/* RuleWithOperations {1 operations, 2 rule{…}} is flat in JSON. */
static bool is_inline_rule(const struct kapi_message *message, const struct wire *wire)
{
    return wire->number == 2 && wire->type == 2 && str_has_suffix(message->name, ".RuleWithOperations");
}

static struct error *decode_rule(struct reader reader, struct json *ret)
{
    static const char *const names[] = {"apiGroups", "apiVersions", "resources", "scope"};

    while (reader.at < reader.end) {
        struct wire wire;
        TRY(read_field(&reader, &wire));
        if (wire.number > ARRAY_SIZE(names) || wire.type != 2)
            continue;
        struct kapi_field field = {names[wire.number - 1],
                                   (int)wire.number,
                                   KAPI_STRING,
                                   wire.number == 4 ? KAPI_ONE : KAPI_LIST,
                                   NULL,
                                   NULL,
                                   NULL};
        TRY(decode_field(&field, &wire, 0, ret));
    }
    return NULL;
}

static struct error *decode_message(struct reader reader, const struct kapi_message *message, int depth,
                                    struct json *ret)
{
    if (depth > DEPTH_MAX)
        return error_new(ERROR_INVALID, "messages are nested more than %d deep", DEPTH_MAX);
    while (reader.at < reader.end) {
        struct wire wire;
        TRY(read_field(&reader, &wire));
        if (is_inline_rule(message, &wire)) {
            TRY(decode_rule(wire.bytes, ret));
            continue;
        }
        for (const struct kapi_field *field = message->fields; field->name; field++) {
            if (field->number && (uint64_t)field->number == wire.number) {
                TRY(decode_field(field, &wire, depth, ret));
                break;
            }
        }
    }
    return NULL;
}

/* "group/version" or "version" to its parts; *ret_group is freed with free(). */
static const struct kapi_message *find_message(const char *api_version, const char *kind)
{
    const char *slash = strchr(api_version, '/');
    CLEANUP_FREE char *group = slash ? mem_strndup(api_version, (size_t)(slash - api_version)) : mem_strdup("");

    if (str_equal(kind, "DeleteOptions"))
        return &kapi_delete_options;
    return kapi_message_find(group, slash ? slash + 1 : api_version, kind);
}

struct envelope {
    char *api_version, *kind, *encoding;
    struct reader raw;
};

static void envelope_release(struct envelope *envelope)
{
    free(envelope->api_version);
    free(envelope->kind);
    free(envelope->encoding);
}

static struct error *decode_envelope(struct reader reader, struct envelope *ret)
{
    while (reader.at < reader.end) {
        struct wire wire;
        TRY(read_field(&reader, &wire));
        if (wire.type != 2)
            return error_new(ERROR_INVALID, "the envelope has an unexpected field");
        if (wire.number == 2) {
            ret->raw = wire.bytes;
        } else if (wire.number == 3) {
            free(ret->encoding);
            ret->encoding = text_of(&wire);
        } else if (wire.number == 1) {
            struct reader meta = wire.bytes;
            while (meta.at < meta.end) {
                struct wire part;
                TRY(read_field(&meta, &part));
                char **target = part.number == 1 ? &ret->api_version : part.number == 2 ? &ret->kind : NULL;
                if (!target || part.type != 2)
                    continue;
                free(*target);
                *target = text_of(&part);
            }
        }
    }
    return NULL;
}

struct error *kapi_protobuf_decode(const void *data, size_t len, const struct kapi_message *fallback, struct json **ret)
{
    const unsigned char *bytes = data;

    if (len < 4 || memcmp(bytes, MAGIC, 4) != 0)
        return error_new(ERROR_INVALID, "it does not begin with the bytes 6b 38 73 00");
    __attribute__((cleanup(envelope_release))) struct envelope envelope = {0};
    TRY(decode_envelope((struct reader){bytes + 4, bytes + len}, &envelope));
    if (!str_is_empty(envelope.encoding))
        return error_new(ERROR_UNSUPPORTED, "content encoding \"%s\"", envelope.encoding);
    const char *api_version = str_or(envelope.api_version, ""), *kind = str_or(envelope.kind, "");
    const struct kapi_message *message = find_message(api_version, kind);
    if (!message)
        message = *kind ? NULL : fallback;
    if (!message)
        return error_new(ERROR_UNSUPPORTED, "%s %s has no protobuf form here; send JSON", str_or(api_version, "?"),
                         str_or(kind, "?"));
    CLEANUP(json_free) struct json *object = json_new_object();
    if (*kind) {
        json_set_str(object, "apiVersion", api_version);
        json_set_str(object, "kind", kind);
    }
    TRY_WRAP(decode_message(envelope.raw, message, 0, object), "%s", *kind ? kind : "body");
    *ret = TAKE_PTR(object);
    return NULL;
}
