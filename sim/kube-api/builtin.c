/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in kinds: what is particular to each, as one table (KAPI-161, 171…180, annex D). */
#include <ctype.h>
#include <inttypes.h>
#include <string.h>

#include "sim/kube-api/kapi.h"
#include "sim/kube-api/table.h"

#define DATA_MAX 1048576

void kapi_default(struct json *object, const char *path, const char *value)
{
    if (str_is_empty(json_str(object, path)))
        json_set_str(object, path, value);
}

/* -- Secret and ConfigMap -- */

static void check_data_keys(const struct json *data, const char *field, struct kapi_causes *causes)
{
    JSON_FOREACH (entry, data) {
        const char *key = json_key(entry);
        bool good = *key && strlen(key) <= 253 && !str_equal(key, ".") && !str_equal(key, "..");
        for (const char *at = key; *at; at++)
            good = good && (isalnum((unsigned char)*at) || strchr("-._", *at));
        if (good)
            continue;
        CLEANUP_FREE char *path = mem_printf("%s[%s]", field, key);
        kapi_causes_add(
            causes, KAPI_INVALID, path,
            "Invalid value: \"%s\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' "
            "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
            key);
    }
}

static size_t data_size(const struct json *data, bool base64)
{
    size_t size = 0;

    JSON_FOREACH (entry, data)
        size += strlen(json_key(entry)) + strlen(json_str_or(entry, "", "")) * (base64 ? 3 : 4) / 4;
    return size;
}

static void check_immutable(const struct json *object, const struct json *old, const char *const *members,
                            struct kapi_causes *causes)
{
    if (!json_bool(old, "immutable", false))
        return;
    if (!json_bool(object, "immutable", false))
        kapi_causes_add(causes, KAPI_FIELD_FORBIDDEN, "immutable",
                        "Forbidden: field is immutable when `immutable` is set");
    for (; *members; members++) {
        if (!json_equal(json_member(object, *members), json_member(old, *members)))
            kapi_causes_add(causes, KAPI_FIELD_FORBIDDEN, *members,
                            "Forbidden: field is immutable when `immutable` is set");
    }
}

static struct kapi_status *prepare_secret(struct kapi *api, struct json *object, const struct json *old,
                                          const char *subresource, struct kapi_causes *causes)
{
    static const char *const frozen[] = {"data", NULL};
    CLEANUP(json_free) struct json *plain = json_detach(object, "stringData");

    if (json_len(plain) && !json_member(object, "data"))
        json_put(object, "data", json_new_object());
    JSON_FOREACH (entry, plain) {
        const char *text = json_str_or(entry, "", "");
        CLEANUP_SECRET char *encoded = str_base64_encode(text, strlen(text));
        json_put_str(json_member(object, "data"), json_key(entry), encoded);
    }
    kapi_default(object, "type", "Opaque");
    check_data_keys(json_member(object, "data"), "data", causes);
    if (data_size(json_member(object, "data"), true) > DATA_MAX)
        kapi_causes_add(causes, KAPI_TOO_LONG, "data", "Too long: may not be more than %d bytes", DATA_MAX);
    if (old && !str_equal(json_str(old, "type"), json_str(object, "type")))
        kapi_causes_add(causes, KAPI_INVALID, "type", "Invalid value: \"%s\": field is immutable",
                        json_str(object, "type"));
    check_immutable(object, old, frozen, causes);
    return NULL;
}

static struct kapi_status *prepare_config_map(struct kapi *api, struct json *object, const struct json *old,
                                              const char *subresource, struct kapi_causes *causes)
{
    static const char *const frozen[] = {"data", "binaryData", NULL};
    const struct json *data = json_member(object, "data"), *binary = json_member(object, "binaryData");

    check_data_keys(data, "data", causes);
    check_data_keys(binary, "binaryData", causes);
    JSON_FOREACH (entry, data) {
        if (!json_member(binary, json_key(entry)))
            continue;
        CLEANUP_FREE char *path = mem_printf("data[%s]", json_key(entry));
        kapi_causes_add(causes, KAPI_INVALID, path, "Invalid value: \"%s\": duplicate of key present in binaryData",
                        json_key(entry));
    }
    if (data_size(data, false) + data_size(binary, true) > DATA_MAX)
        kapi_causes_add(causes, KAPI_TOO_LONG, "", "Too long: may not be more than %d bytes", DATA_MAX);
    check_immutable(object, old, frozen, causes);
    return NULL;
}

/* -- Namespace -- */

static struct kapi_status *prepare_namespace(struct kapi *api, struct json *object, const struct json *old,
                                             const char *subresource, struct kapi_causes *causes)
{
    json_set_str(object, "metadata/labels/kubernetes.io~1metadata.name", json_str_or(object, "metadata/name", ""));
    if (!old) {
        json_set(object, "spec/finalizers", json_new_array());
        json_append_str(json_get(object, "spec/finalizers"), "kubernetes");
        json_set_str(object, "status/phase", "Active");
        return NULL;
    }
    /* Only /finalize changes the spec, and nothing else. */
    if (str_equal(subresource, "finalize")) {
        CLEANUP(json_free) struct json *spec = json_copy(json_member(object, "spec"));
        JSON_FOREACH (member, old) {
            if (!str_equal(json_key(member), "spec") && !str_equal(json_key(member), "metadata"))
                json_put(object, json_key(member), json_copy(member));
        }
        json_put(object, "spec", spec ? TAKE_PTR(spec) : json_new_object());
    } else if (json_member(old, "spec")) {
        json_put(object, "spec", json_copy(json_member(old, "spec")));
    }
    return NULL;
}

/* -- Lease -- */

/* MicroTime has six digits, whatever the client sent. */
static void normalise_micro_time(struct json *object, const char *path)
{
    const char *text = json_str(object, path);
    char buf[TIME_TEXT_SIZE];
    int64_t wall;

    if (!text)
        return;
    struct error *err = time_parse(text, &wall);
    if (!err)
        json_set_str(object, path, time_format(wall, 6, buf));
    error_free(err);
}

static struct kapi_status *prepare_lease(struct kapi *api, struct json *object, const struct json *old,
                                         const char *subresource, struct kapi_causes *causes)
{
    normalise_micro_time(object, "spec/acquireTime");
    normalise_micro_time(object, "spec/renewTime");
    const struct json *duration = json_get(object, "spec/leaseDurationSeconds");
    if (duration && json_int(duration, "", 0) <= 0)
        kapi_causes_add(causes, KAPI_INVALID, "spec.leaseDurationSeconds",
                        "Invalid value: %" PRId64 ": must be greater than 0",
                        json_int(object, "spec/leaseDurationSeconds", 0));
    if (json_int(object, "spec/leaseTransitions", 0) < 0)
        kapi_causes_add(causes, KAPI_INVALID, "spec.leaseTransitions",
                        "Invalid value: %" PRId64 ": must be greater than or equal to 0",
                        json_int(object, "spec/leaseTransitions", 0));
    return NULL;
}

/* -- Event, in either of its two forms -- */

static void check_new_event(const struct json *object, struct kapi_causes *causes)
{
    static const char *const needed[] = {"reportingController", "reportingInstance", "action", "reason"};
    const char *type = json_str_or(object, "type", "");

    if (!json_str(object, "eventTime"))
        kapi_causes_add(causes, KAPI_REQUIRED, "eventTime", "Required value");
    else
        for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
            if (str_is_empty(json_str(object, needed[i])))
                kapi_causes_add(causes, KAPI_REQUIRED, needed[i], "Required value");
        }
    if (!str_equal(type, "Normal") && !str_equal(type, "Warning"))
        kapi_causes_add(causes, KAPI_INVALID, "type", "Invalid value: \"%s\": has invalid value: %s", type, type);
}

static struct kapi_status *prepare_event(struct kapi *api, struct json *object, const struct json *old,
                                         const char *subresource, struct kapi_causes *causes)
{
    bool is_new = str_equal(json_str(object, "apiVersion"), "events.k8s.io/v1");
    const char *member = is_new ? "regarding" : "involvedObject";
    CLEANUP_FREE char *path = mem_printf("%s/namespace", member), *field = mem_printf("%s.namespace", member);
    const char *about = json_str_or(object, path, ""), *ns = json_str_or(object, "metadata/namespace", "");

    normalise_micro_time(object, "eventTime");
    normalise_micro_time(object, "series/lastObservedTime");
    if (*about ? !str_equal(about, ns) : !str_equal(ns, "default"))
        kapi_causes_add(causes, KAPI_INVALID, field, "Invalid value: \"%s\": does not match event.namespace", about);
    if (is_new && !old)
        check_new_event(object, causes);
    return NULL;
}

/* -- Node -- */

static struct kapi_status *prepare_node(struct kapi *api, struct json *object, const struct json *old,
                                        const char *subresource, struct kapi_causes *causes)
{
    const char *before = json_str_or(old, "spec/providerID", "");

    if (*before && !str_equal(before, json_str(object, "spec/providerID")))
        kapi_causes_add(causes, KAPI_FIELD_FORBIDDEN, "spec.providerID",
                        "Forbidden: node updates may not change providerID except from \"\" to valid");
    return NULL;
}

/* -- Service -- */

static struct kapi_status *prepare_service(struct kapi *api, struct json *object, const struct json *old,
                                           const char *subresource, struct kapi_causes *causes)
{
    kapi_default(object, "spec/type", "ClusterIP");
    kapi_default(object, "spec/sessionAffinity", "None");
    JSON_FOREACH (port, json_get(object, "spec/ports")) {
        kapi_default(port, "protocol", "TCP");
        if (!json_member(port, "targetPort"))
            json_set_int(port, "targetPort", json_int(port, "port", 0));
    }
    return NULL;
}

/* -- RBAC -- */

static struct kapi_status *prepare_binding(struct kapi *api, struct json *object, const struct json *old,
                                           const char *subresource, struct kapi_causes *causes)
{
    kapi_default(object, "roleRef/apiGroup", "rbac.authorization.k8s.io");
    JSON_FOREACH (subject, json_member(object, "subjects")) {
        if (!str_equal(json_str(subject, "kind"), "ServiceAccount"))
            kapi_default(subject, "apiGroup", "rbac.authorization.k8s.io");
    }
    if (old && !json_equal(json_member(old, "roleRef"), json_member(object, "roleRef")))
        kapi_causes_add(causes, KAPI_INVALID, "roleRef", "Invalid value: \"object\": cannot change roleRef");
    return NULL;
}

/* -- webhook configurations -- */

static void prepare_webhook(struct json *webhook, bool mutating, size_t index, struct kapi_causes *causes)
{
    const char *effects = json_str_or(webhook, "sideEffects", "");

    kapi_default(webhook, "failurePolicy", "Fail");
    kapi_default(webhook, "matchPolicy", "Equivalent");
    if (mutating)
        kapi_default(webhook, "reinvocationPolicy", "Never");
    if (!json_member(webhook, "namespaceSelector"))
        json_set(webhook, "namespaceSelector", json_new_object());
    if (!json_member(webhook, "objectSelector"))
        json_set(webhook, "objectSelector", json_new_object());
    if (!json_member(webhook, "timeoutSeconds"))
        json_set_int(webhook, "timeoutSeconds", 10);
    if (json_get(webhook, "clientConfig/service") && !json_get(webhook, "clientConfig/service/port"))
        json_set_int(webhook, "clientConfig/service/port", 443);
    JSON_FOREACH (rule, json_member(webhook, "rules"))
        kapi_default(rule, "scope", "*");
    CLEANUP_FREE char *effects_field = mem_printf("webhooks[%zu].sideEffects", index);
    CLEANUP_FREE char *versions_field = mem_printf("webhooks[%zu].admissionReviewVersions", index);
    if (!str_equal(effects, "None") && !str_equal(effects, "NoneOnDryRun"))
        kapi_causes_add(causes, *effects ? KAPI_NOT_SUPPORTED : KAPI_REQUIRED, effects_field,
                        *effects ? "Unsupported value: \"%s\": supported values: \"None\", \"NoneOnDryRun\""
                                 : "Required value: must specify one of None, NoneOnDryRun%s",
                        effects);
    if (!json_len(json_member(webhook, "admissionReviewVersions")))
        kapi_causes_add(causes, KAPI_REQUIRED, versions_field, "Required value: must specify one of v1, v1beta1");
}

static struct kapi_status *prepare_webhooks(struct kapi *api, struct json *object, const struct json *old,
                                            const char *subresource, struct kapi_causes *causes)
{
    bool mutating = str_has_prefix(json_str_or(object, "kind", ""), "Mutating");
    size_t index = 0;

    JSON_FOREACH (webhook, json_member(object, "webhooks"))
        prepare_webhook(webhook, mutating, index++, causes);
    return NULL;
}

/* -- columns -- */

#define NAME_COLUMN                                                                                                    \
    {                                                                                                                  \
        "Name", "string", "name", "Name must be unique within a namespace.", 0, ".metadata.name", NULL                 \
    }
#define AGE_COLUMN                                                                                                     \
    {                                                                                                                  \
        "Age", "date", "", "When the object was created.", 0, ".metadata.creationTimestamp", NULL                      \
    }
#define COLUMN(name, path)                                                                                             \
    {                                                                                                                  \
        name, "string", "", "", 0, path, NULL                                                                          \
    }
#define WIDE(name, path)                                                                                               \
    {                                                                                                                  \
        name, "string", "", "", 1, path, NULL                                                                          \
    }
#define CELL(name, function)                                                                                           \
    {                                                                                                                  \
        name, "string", "", "", 0, NULL, function                                                                      \
    }
#define WIDE_CELL(name, function)                                                                                      \
    {                                                                                                                  \
        name, "string", "", "", 1, NULL, function                                                                      \
    }
#define COUNT(name, function)                                                                                          \
    {                                                                                                                  \
        name, "integer", "", "", 0, NULL, function                                                                     \
    }

static struct json *data_cell(const struct json *object, int64_t wall)
{
    return json_new_int((int64_t)(json_len(json_member(object, "data")) + json_len(json_member(object, "binaryData"))));
}

static struct json *secrets_cell(const struct json *object, int64_t wall)
{
    return json_new_int((int64_t)json_len(json_member(object, "secrets")));
}

static struct json *webhooks_cell(const struct json *object, int64_t wall)
{
    return json_new_int((int64_t)json_len(json_member(object, "webhooks")));
}

static struct json *created_cell(const struct json *object, int64_t wall)
{
    return json_new_string(json_str_or(object, "metadata/creationTimestamp", ""));
}

static struct json *role_cell(const struct json *object, int64_t wall)
{
    CLEANUP_FREE char *text =
        mem_printf("%s/%s", json_str_or(object, "roleRef/kind", ""), json_str_or(object, "roleRef/name", ""));
    return json_new_string(text);
}

static struct json *node_status_cell(const struct json *object, int64_t wall)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    JSON_FOREACH (condition, json_get(object, "status/conditions")) {
        if (str_equal(json_str(condition, "type"), "Ready"))
            strbuf_adds(&text, str_equal(json_str(condition, "status"), "True") ? "Ready" : "NotReady");
    }
    if (!text.len)
        strbuf_adds(&text, "Unknown");
    if (json_bool(object, "spec/unschedulable", false))
        strbuf_adds(&text, ",SchedulingDisabled");
    return json_new_string(strbuf_str(&text));
}

static struct json *node_roles_cell(const struct json *object, int64_t wall)
{
    static const char prefix[] = "node-role.kubernetes.io/";
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    JSON_FOREACH (label, json_get(object, "metadata/labels")) {
        if (str_has_prefix(json_key(label), prefix))
            strbuf_addf(&text, "%s%s", text.len ? "," : "", json_key(label) + sizeof(prefix) - 1);
    }
    return json_new_string(text.len ? strbuf_str(&text) : "<none>");
}

static struct json *node_address(const struct json *object, const char *type)
{
    JSON_FOREACH (address, json_get(object, "status/addresses")) {
        if (str_equal(json_str(address, "type"), type))
            return json_new_string(json_str_or(address, "address", ""));
    }
    return json_new_string("<none>");
}

static struct json *internal_ip_cell(const struct json *object, int64_t wall)
{
    return node_address(object, "InternalIP");
}

static struct json *external_ip_cell(const struct json *object, int64_t wall)
{
    return node_address(object, "ExternalIP");
}

static struct json *ports_cell(const struct json *object, int64_t wall)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    JSON_FOREACH (port, json_get(object, "spec/ports"))
        strbuf_addf(&text, "%s%lld/%s", text.len ? "," : "", (long long)json_int(port, "port", 0),
                    json_str_or(port, "protocol", "TCP"));
    return json_new_string(text.len ? strbuf_str(&text) : "<none>");
}

static struct json *cluster_ip_cell(const struct json *object, int64_t wall)
{
    return json_new_string(str_or(json_str(object, "spec/clusterIP"), "<none>"));
}

static struct json *no_ip_cell(const struct json *object, int64_t wall)
{
    return json_new_string("<none>");
}

static struct json *subsets_cell(const struct json *object, int64_t wall)
{
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    JSON_FOREACH (subset, json_member(object, "subsets")) {
        JSON_FOREACH (address, json_member(subset, "addresses"))
            strbuf_addf(&text, "%s%s:%lld", text.len ? "," : "", json_str_or(address, "ip", ""),
                        (long long)json_int(subset, "ports/0/port", 0));
    }
    return json_new_string(text.len ? strbuf_str(&text) : "<none>");
}

static const char *event_last_seen(const struct json *object)
{
    static const char *const candidates[] = {"series/lastObservedTime", "lastTimestamp", "deprecatedLastTimestamp",
                                             "eventTime", "metadata/creationTimestamp"};
    for (size_t i = 0; i < ARRAY_SIZE(candidates); i++) {
        if (json_str(object, candidates[i]))
            return json_str(object, candidates[i]);
    }
    return NULL;
}

static struct json *last_seen_cell(const struct json *object, int64_t wall)
{
    return kapi_age_cell(event_last_seen(object), wall);
}

static struct json *first_seen_cell(const struct json *object, int64_t wall)
{
    const char *first = json_str(object, "firstTimestamp");
    return kapi_age_cell(first ? first : event_last_seen(object), wall);
}

/* Events come here in their stored, core form. */
static struct json *event_object_cell(const struct json *object, int64_t wall)
{
    CLEANUP_FREE char *kind = str_lower(json_str_or(object, "involvedObject/kind", ""));
    CLEANUP_FREE char *text = mem_printf("%s/%s", kind, json_str_or(object, "involvedObject/name", ""));
    return json_new_string(text);
}

static struct json *event_source_cell(const struct json *object, int64_t wall)
{
    const char *component = str_or(json_str(object, "source/component"), json_str_or(object, "reportingComponent", ""));
    const char *host = str_or(json_str(object, "source/host"), json_str_or(object, "reportingInstance", ""));
    CLEANUP_FREE char *text = *host ? mem_printf("%s, %s", component, host) : mem_strdup(component);
    return json_new_string(text);
}

static struct json *event_count_cell(const struct json *object, int64_t wall)
{
    int64_t count = json_int(object, "series/count", json_int(object, "count", 1));
    return json_new_int(count);
}

static struct json *ready_cell(const struct json *object, int64_t wall)
{
    size_t ready = 0;
    JSON_FOREACH (container, json_get(object, "status/containerStatuses"))
        ready += json_bool(container, "ready", false);
    CLEANUP_FREE char *text = mem_printf("%zu/%zu", ready, json_len(json_get(object, "spec/containers")));
    return json_new_string(text);
}

static struct json *restarts_cell(const struct json *object, int64_t wall)
{
    int64_t restarts = 0;
    JSON_FOREACH (container, json_get(object, "status/containerStatuses"))
        restarts += json_int(container, "restartCount", 0);
    return json_new_int(restarts);
}

static const struct kapi_column namespace_columns[] = {NAME_COLUMN, COLUMN("Status", ".status.phase"), AGE_COLUMN, {0}};
static const struct kapi_column secret_columns[] = {
    NAME_COLUMN, COLUMN("Type", ".type"), COUNT("Data", data_cell), AGE_COLUMN, {0}};
static const struct kapi_column config_map_columns[] = {NAME_COLUMN, COUNT("Data", data_cell), AGE_COLUMN, {0}};
static const struct kapi_column account_columns[] = {NAME_COLUMN, COUNT("Secrets", secrets_cell), AGE_COLUMN, {0}};
static const struct kapi_column lease_columns[] = {
    NAME_COLUMN, COLUMN("Holder", ".spec.holderIdentity"), AGE_COLUMN, {0}};
static const struct kapi_column node_columns[] = {NAME_COLUMN,
                                                  CELL("Status", node_status_cell),
                                                  CELL("Roles", node_roles_cell),
                                                  AGE_COLUMN,
                                                  COLUMN("Version", ".status.nodeInfo.kubeletVersion"),
                                                  WIDE_CELL("Internal-IP", internal_ip_cell),
                                                  WIDE_CELL("External-IP", external_ip_cell),
                                                  WIDE("OS-Image", ".status.nodeInfo.osImage"),
                                                  WIDE("Kernel-Version", ".status.nodeInfo.kernelVersion"),
                                                  WIDE("Container-Runtime", ".status.nodeInfo.containerRuntimeVersion"),
                                                  {0}};
static const struct kapi_column service_columns[] = {NAME_COLUMN,
                                                     COLUMN("Type", ".spec.type"),
                                                     CELL("Cluster-IP", cluster_ip_cell),
                                                     CELL("External-IP", no_ip_cell),
                                                     CELL("Port(s)", ports_cell),
                                                     AGE_COLUMN,
                                                     {0}};
static const struct kapi_column endpoints_columns[] = {NAME_COLUMN, CELL("Endpoints", subsets_cell), AGE_COLUMN, {0}};
static const struct kapi_column event_columns[] = {CELL("Last Seen", last_seen_cell),
                                                   COLUMN("Type", ".type"),
                                                   COLUMN("Reason", ".reason"),
                                                   CELL("Object", event_object_cell),
                                                   WIDE("Subobject", ".involvedObject.fieldPath"),
                                                   WIDE_CELL("Source", event_source_cell),
                                                   COLUMN("Message", ".message"),
                                                   WIDE_CELL("First Seen", first_seen_cell),
                                                   WIDE_CELL("Count", event_count_cell),
                                                   WIDE("Name", ".metadata.name"),
                                                   {0}};
static const struct kapi_column created_columns[] = {NAME_COLUMN, CELL("Created At", created_cell), {0}};
static const struct kapi_column binding_columns[] = {NAME_COLUMN, CELL("Role", role_cell), AGE_COLUMN, {0}};
static const struct kapi_column webhook_columns[] = {NAME_COLUMN, COUNT("Webhooks", webhooks_cell), AGE_COLUMN, {0}};
static const struct kapi_column plain_columns[] = {NAME_COLUMN, AGE_COLUMN, {0}};
static const struct kapi_column pod_columns[] = {
    NAME_COLUMN, CELL("Ready", ready_cell),   COLUMN("Status", ".status.phase"), COUNT("Restarts", restarts_cell),
    AGE_COLUMN,  WIDE("IP", ".status.podIP"), WIDE("Node", ".spec.nodeName"),    {0}};

static const struct kapi_field_label secret_labels[] = {{"type", "type"}, {0}};
static const struct kapi_field_label namespace_labels[] = {{"status.phase", "status/phase"}, {0}};
static const struct kapi_field_label node_labels[] = {{"spec.unschedulable", "spec/unschedulable"}, {0}};
static const struct kapi_field_label pod_labels[] = {{"spec.nodeName", "spec/nodeName"},
                                                     {"spec.restartPolicy", "spec/restartPolicy"},
                                                     {"status.phase", "status/phase"},
                                                     {"status.podIP", "status/podIP"},
                                                     {0}};
static const struct kapi_field_label event_labels[] = {
    {"involvedObject.kind", "involvedObject/kind"},
    {"involvedObject.namespace", "involvedObject/namespace"},
    {"involvedObject.name", "involvedObject/name"},
    {"involvedObject.uid", "involvedObject/uid"},
    {"involvedObject.apiVersion", "involvedObject/apiVersion"},
    {"involvedObject.resourceVersion", "involvedObject/resourceVersion"},
    {"involvedObject.fieldPath", "involvedObject/fieldPath"},
    {"regarding.kind", "involvedObject/kind"},
    {"regarding.namespace", "involvedObject/namespace"},
    {"regarding.name", "involvedObject/name"},
    {"regarding.uid", "involvedObject/uid"},
    {"regarding.apiVersion", "involvedObject/apiVersion"},
    {"regarding.resourceVersion", "involvedObject/resourceVersion"},
    {"regarding.fieldPath", "involvedObject/fieldPath"},
    {"reason", "reason"},
    {"reportingComponent", "reportingComponent"},
    {"reportingController", "reportingComponent"},
    {"source", "source/component"},
    {"type", "type"},
    {0}};

#define RBAC_GROUP "rbac.authorization.k8s.io"
#define WEBHOOK_GROUP "admissionregistration.k8s.io"

/* clang-format off */
const struct kapi_builtin kapi_builtins[] = {
    {"", "v1", "namespaces", "namespace", "Namespace", "ns", NULL, .cluster_scoped = true, .has_status = true,
     .unconditional_update = true, .name_rule = NAME_LABEL, .subresources = "finalize", .columns = namespace_columns,
     .field_labels = namespace_labels, .prepare = prepare_namespace},
    {"", "v1", "secrets", "secret", "Secret", .unconditional_update = true, .columns = secret_columns,
     .field_labels = secret_labels, .prepare = prepare_secret},
    {"", "v1", "configmaps", "configmap", "ConfigMap", "cm", .unconditional_update = true,
     .columns = config_map_columns, .prepare = prepare_config_map},
    {"", "v1", "serviceaccounts", "serviceaccount", "ServiceAccount", "sa", .unconditional_update = true,
     .columns = account_columns, .subresources = "token"},
    {"", "v1", "events", "event", "Event", "ev", .unconditional_update = true, .create_on_update = true,
     .name_rule = NAME_PATH_SEGMENT, .columns = event_columns, .field_labels = event_labels, .prepare = prepare_event},
    {"", "v1", "nodes", "node", "Node", "no", .cluster_scoped = true, .has_status = true, .unconditional_update = true,
     .columns = node_columns, .field_labels = node_labels, .prepare = prepare_node},
    {"", "v1", "services", "service", "Service", "svc", "all", .has_status = true, .unconditional_update = true,
     .name_rule = NAME_LABEL_1035, .columns = service_columns, .prepare = prepare_service},
    {"", "v1", "endpoints", "endpoints", "Endpoints", "ep", .unconditional_update = true, .columns = endpoints_columns},
    {"", "v1", "pods", "pod", "Pod", "po", "all", .has_status = true, .has_generation = true, .unconditional_update = true,
     .columns = pod_columns, .field_labels = pod_labels},
    {"", "v1", "resourcequotas", "resourcequota", "ResourceQuota", "quota", .has_status = true,
     .unconditional_update = true, .columns = plain_columns},
    {"", "v1", "limitranges", "limitrange", "LimitRange", "limits", .unconditional_update = true, .columns = plain_columns},
    {"coordination.k8s.io", "v1", "leases", "lease", "Lease", .create_on_update = true, .columns = lease_columns,
     .prepare = prepare_lease},
    {"discovery.k8s.io", "v1", "endpointslices", "endpointslice", "EndpointSlice", .has_generation = true,
     .unconditional_update = true, .columns = plain_columns},
    {RBAC_GROUP, "v1", "roles", "role", "Role", .unconditional_update = true, .create_on_update = true,
     .name_rule = NAME_PATH_SEGMENT, .columns = created_columns},
    {RBAC_GROUP, "v1", "rolebindings", "rolebinding", "RoleBinding", .unconditional_update = true,
     .create_on_update = true, .name_rule = NAME_PATH_SEGMENT, .columns = binding_columns, .prepare = prepare_binding},
    {RBAC_GROUP, "v1", "clusterroles", "clusterrole", "ClusterRole", .cluster_scoped = true,
     .unconditional_update = true, .create_on_update = true, .name_rule = NAME_PATH_SEGMENT, .columns = created_columns},
    {RBAC_GROUP, "v1", "clusterrolebindings", "clusterrolebinding", "ClusterRoleBinding", .cluster_scoped = true,
     .unconditional_update = true, .create_on_update = true, .name_rule = NAME_PATH_SEGMENT, .columns = binding_columns,
     .prepare = prepare_binding},
    {WEBHOOK_GROUP, "v1", "mutatingwebhookconfigurations", "mutatingwebhookconfiguration",
     "MutatingWebhookConfiguration", NULL, "api-extensions", .cluster_scoped = true, .has_generation = true,
     .columns = webhook_columns, .prepare = prepare_webhooks},
    {WEBHOOK_GROUP, "v1", "validatingwebhookconfigurations", "validatingwebhookconfiguration",
     "ValidatingWebhookConfiguration", NULL, "api-extensions", .cluster_scoped = true, .has_generation = true,
     .columns = webhook_columns, .prepare = prepare_webhooks},
    {"apiregistration.k8s.io", "v1", "apiservices", "apiservice", "APIService", NULL, "api-extensions",
     .cluster_scoped = true, .has_status = true, .columns = plain_columns},
    {"apiextensions.k8s.io", "v1", "customresourcedefinitions", "customresourcedefinition", "CustomResourceDefinition",
     "crd,crds", "api-extensions", .cluster_scoped = true, .has_status = true, .has_generation = true,
     .columns = created_columns, .prepare = kapi_crd_prepare},
    {0},
};
/* clang-format on */
