/* SPDX-License-Identifier: Apache-2.0 */
/* Names, labels and annotations of objects. */
#include "sim/kube-api/names.h"

#include <ctype.h>
#include <string.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define ANNOTATIONS_MAX (256 * 1024)

static const char wrong_subdomain[] =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end "
    "with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    "'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
static const char wrong_label[] = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or "
                                  "'-', and must start and end with an "
                                  "alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is "
                                  "'[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
static const char wrong_label_1035[] =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, "
    "and end "
    "with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is "
    "'[a-z]([-a-z0-9]*[a-z0-9])?')";
static const char wrong_qualified[] =
    "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric "
    "character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is "
    "'([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
static const char wrong_value[] =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and "
    "end with "
    "an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
    "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

static bool is_lower_alnum(char c)
{
    return islower((unsigned char)c) || isdigit((unsigned char)c);
}

/* One label of `len` characters. */
static bool label_fits(const char *text, size_t len)
{
    return len && strspn(text, LOWER DIGITS "-") >= len && is_lower_alnum(text[0]) && is_lower_alnum(text[len - 1]);
}

static bool subdomain_fits(const char *text)
{
    while (true) {
        size_t len = strcspn(text, ".");
        if (!label_fits(text, len))
            return false;
        if (!text[len])
            return true;
        text += len + 1;
    }
}

const char *kapi_name_check(enum kapi_name_rule rule, const char *name)
{
    size_t len = strlen(name);

    switch (rule) {
    case NAME_SUBDOMAIN:
        return len > 253 ? "must be no more than 253 bytes" : subdomain_fits(name) ? NULL : wrong_subdomain;
    case NAME_LABEL:
        return len > 63 ? "must be no more than 63 bytes" : label_fits(name, len) ? NULL : wrong_label;
    case NAME_LABEL_1035:
        if (len > 63)
            return "must be no more than 63 bytes";
        return label_fits(name, len) && islower((unsigned char)name[0]) ? NULL : wrong_label_1035;
    case NAME_PATH_SEGMENT:
        if (str_equal(name, ".") || str_equal(name, ".."))
            return "may not be '.' or '..'";
        return strpbrk(name, "/%") ? "may not contain '/' or '%'" : NULL;
    }
    return NULL;
}

static bool word_fits(const char *text, size_t len)
{
    return len && strspn(text, LOWER UPPER DIGITS "-_.") >= len && isalnum((unsigned char)text[0]) &&
           isalnum((unsigned char)text[len - 1]);
}

const char *kapi_qualified_name_check(const char *name)
{
    const char *slash = strchr(name, '/');

    if (slash) {
        CLEANUP_FREE char *prefix = mem_strndup(name, (size_t)(slash - name));
        if (!*prefix)
            return "prefix part must be non-empty";
        if (kapi_name_check(NAME_SUBDOMAIN, prefix))
            return wrong_subdomain;
        name = slash + 1;
    }
    if (!*name)
        return "name part must be non-empty";
    if (strlen(name) > 63)
        return "name part must be no more than 63 bytes";
    return word_fits(name, strlen(name)) ? NULL : wrong_qualified;
}

const char *kapi_label_value_check(const char *value)
{
    if (strlen(value) > 63)
        return "must be no more than 63 bytes";
    return !*value || word_fits(value, strlen(value)) ? NULL : wrong_value;
}

static void check_name(const struct json *metadata, enum kapi_name_rule rule, struct kapi_causes *causes)
{
    const char *name = json_str_or(metadata, "name", "");

    if (!*name) {
        kapi_causes_add(causes, KAPI_REQUIRED, "metadata.name", "Required value: name or generateName is required");
        return;
    }
    const char *wrong = kapi_name_check(rule, name);
    if (wrong)
        kapi_causes_add(causes, KAPI_INVALID, "metadata.name", "Invalid value: \"%s\": %s", name, wrong);
}

static void check_labels(const struct json *labels, struct kapi_causes *causes)
{
    JSON_FOREACH (label, labels) {
        const char *wrong = kapi_qualified_name_check(json_key(label));
        if (wrong)
            kapi_causes_add(causes, KAPI_INVALID, "metadata.labels", "Invalid value: \"%s\": %s", json_key(label),
                            wrong);
        wrong = kapi_label_value_check(json_str_or(label, "", ""));
        if (wrong)
            kapi_causes_add(causes, KAPI_INVALID, "metadata.labels", "Invalid value: \"%s\": %s",
                            json_str_or(label, "", ""), wrong);
    }
}

static void check_annotations(const struct json *annotations, struct kapi_causes *causes)
{
    size_t total = 0;

    JSON_FOREACH (annotation, annotations) {
        CLEANUP_FREE char *lower = str_lower(json_key(annotation));
        const char *wrong = kapi_qualified_name_check(lower);
        if (wrong)
            kapi_causes_add(causes, KAPI_INVALID, "metadata.annotations", "Invalid value: \"%s\": %s",
                            json_key(annotation), wrong);
        total += strlen(json_key(annotation)) + strlen(json_str_or(annotation, "", ""));
    }
    if (total > ANNOTATIONS_MAX)
        kapi_causes_add(causes, KAPI_TOO_LONG, "metadata.annotations", "Too long: may not be more than %d bytes",
                        ANNOTATIONS_MAX);
}

static void check_finalizers(const struct json *finalizers, struct kapi_causes *causes, struct kapi_texts *warnings)
{
    JSON_FOREACH (finalizer, finalizers) {
        const char *name = json_str_or(finalizer, "", "");
        const char *wrong = kapi_qualified_name_check(name);
        if (wrong)
            kapi_causes_add(causes, KAPI_INVALID, "metadata.finalizers", "Invalid value: \"%s\": %s", name, wrong);
        else if (warnings && !strchr(name, '/') && !str_equal(name, "orphan") && !str_equal(name, "foregroundDeletion"))
            kapi_texts_add(
                warnings,
                "metadata.finalizers: \"%s\": prefer a domain-qualified finalizer name including a path (/) to "
                "avoid accidental conflicts with other finalizer writers",
                name);
    }
}

static void check_owners(const struct json *owners, struct kapi_causes *causes)
{
    static const char *const needed[] = {"apiVersion", "kind", "name", "uid"};
    size_t index = 0, controllers = 0;

    JSON_FOREACH (owner, owners) {
        for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
            if (!str_is_empty(json_str(owner, needed[i])))
                continue;
            CLEANUP_FREE char *field = mem_printf("metadata.ownerReferences.%s", needed[i]);
            const char *what = str_equal(needed[i], "apiVersion") ? "version must not be empty" : "must not be empty";
            kapi_causes_add(causes, KAPI_INVALID, field, "Invalid value: \"\": %s", what);
        }
        controllers += json_bool(owner, "controller", false);
        index++;
    }
    if (controllers > 1)
        kapi_causes_add(causes, KAPI_INVALID, "metadata.ownerReferences",
                        "Invalid value: null: Only one reference can have Controller set to true. Found \"true\" in "
                        "references for %zu owners",
                        controllers);
}

void kapi_meta_validate(const struct json *metadata, enum kapi_name_rule rule, bool namespaced,
                        struct kapi_causes *causes, struct kapi_texts *warnings)
{
    const char *ns = json_str_or(metadata, "namespace", "");

    check_name(metadata, rule, causes);
    if (namespaced && !*ns)
        kapi_causes_add(causes, KAPI_REQUIRED, "metadata.namespace", "Required value");
    else if (namespaced && kapi_name_check(NAME_LABEL, ns))
        kapi_causes_add(causes, KAPI_INVALID, "metadata.namespace", "Invalid value: \"%s\": %s", ns, wrong_label);
    check_labels(json_member(metadata, "labels"), causes);
    check_annotations(json_member(metadata, "annotations"), causes);
    check_finalizers(json_member(metadata, "finalizers"), causes, warnings);
    check_owners(json_member(metadata, "ownerReferences"), causes);
}

char *kapi_generate_name(struct rt *rt, const char *prefix)
{
    static const char letters[] = "bcdfghjklmnpqrstvwxz2456789";
    char suffix[6] = "";

    for (int i = 0; i < 5; i++)
        suffix[i] = letters[rt_random_below(rt, sizeof(letters) - 1)];
    return mem_printf("%.58s%s", prefix, suffix);
}
