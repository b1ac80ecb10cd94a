/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes what is done with request bodies: the input's first byte picks JSON, YAML or protobuf, the rest is the body. It is decoded, pruned,
 * defaulted and validated by a CRD's and by a built-in schema, merged into an object, and its fields are collected; a second pass over
 * the pruned and defaulted object must find nothing left to do.
 */
#include <stdlib.h>
#include <string.h>

#include "sim/kube-api/body.h"
#include "sim/kube-api/fields.h"
#include "sim/kube-api/smp.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static const char schema_text[] =
    "{\"type\":\"object\",\"properties\":{\"spec\":{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\","
    "\"default\":\"x\","
    "\"pattern\":\"^[a-z]+(-[a-z]+)*$\",\"maxLength\":9},\"n\":{\"type\":\"integer\",\"nullable\":true,\"maximum\":7},"
    "\"l\":{\"type\":\"array\",\"x-kubernetes-list-type\":\"map\",\"x-kubernetes-list-map-keys\":[\"k\"],\"items\":{"
    "\"type\":\"object\","
    "\"properties\":{\"k\":{\"type\":\"string\",\"default\":\"d\"},\"v\":{\"x-kubernetes-int-or-string\":true}}}},"
    "\"s\":{\"type\":\"array\",\"x-kubernetes-list-type\":\"set\",\"items\":{\"type\":\"string\",\"format\":\"date-"
    "time\"}},"
    "\"m\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"number\"},\"x-kubernetes-validations\":"
    "[{\"rule\":\"self.all(k, k.size() < 9) || size(self) == 0\"}]},"
    "\"f\":{\"type\":\"object\",\"x-kubernetes-preserve-unknown-fields\":true}}}}}";

static void check(bool condition)
{
    if (!condition)
        abort();
}

static void run_schema(const struct kapi_schema *schema, const struct json *body)
{
    CLEANUP(json_free) struct json *object = json_copy(body), *old = json_copy(body);
    CLEANUP_TEXTS struct kapi_texts unknown = {0}, again = {0};
    CLEANUP_CAUSES struct kapi_causes causes = {0};
    CLEANUP(kapi_fields_free)
    struct kapi_fields *all = kapi_fields_new(), *changed = kapi_fields_new(), *removed = kapi_fields_new();

    kapi_schema_prune(schema, object, &unknown);
    kapi_schema_default(schema, object);
    kapi_schema_prune(schema, object, &again);
    check(!again.len && !kapi_schema_default(schema, object));
    kapi_schema_validate(schema, object, old, &causes);
    kapi_fields_collect(schema, object, true, all);
    CLEANUP(json_free) struct json *text = kapi_fields_json(all);
    CLEANUP(kapi_fields_free) struct kapi_fields *read = kapi_fields_from_json(text);
    check(kapi_fields_equal(all, read));
    if (!json_is(object, JSON_OBJECT))
        return;
    kapi_fields_diff(schema, object, object, changed, removed);
    check(kapi_fields_empty(changed) && kapi_fields_empty(removed));
    kapi_status_free(kapi_strategic_merge(schema, body, &object));
    kapi_fields_remove(schema, object, all);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const char *const types[] = {"application/json", "application/yaml", KAPI_PROTOBUF};
    CLEANUP(json_free) struct json *schema = NULL, *object = NULL;
    CLEANUP_TEXTS struct kapi_texts duplicates = {0};
    CLEANUP_CAUSES struct kapi_causes causes = {0};

    if (!size)
        return 0;
    CLEANUP_FREE char *text = mem_alloc(size);
    memcpy(text, data + 1, size - 1);
    struct kapi_body body = {types[data[0] % ARRAY_SIZE(types)], text, size - 1};
    struct kapi_status *status = kapi_body_decode(&body, NULL, &duplicates, &object);
    if (status) {
        kapi_status_free(status);
        return 0;
    }
    error_free(json_parse(schema_text, sizeof(schema_text) - 1, &schema));
    CLEANUP(kapi_schema_free) struct kapi_schema *custom = kapi_schema_compile(schema, "s", true, &causes);
    CLEANUP(kapi_schema_free) struct kapi_schema *node = kapi_schema_from_message(kapi_message_find("", "v1", "Node"));
    check(!kapi_causes_len(&causes));
    run_schema(custom, object);
    run_schema(node, object);
    return 0;
}
