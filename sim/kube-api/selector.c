/* SPDX-License-Identifier: Apache-2.0 */
/* Label and field selectors: parser and evaluation. */
#include "sim/kube-api/selector.h"

#include <stdio.h>
#include <string.h>

#include "lib/data/vec.h"

enum operation { OP_EQUALS, OP_NOT_EQUALS, OP_IN, OP_NOT_IN, OP_EXISTS, OP_NOT_EXISTS, OP_GREATER, OP_LESS };

struct requirement {
    enum operation operation;
    char *key; /* label, or path of a field */
    bool is_field;
    char **values; /* NULL-terminated; NULL for exists */
};

struct kapi_selector {
    struct requirement *items;
    size_t len, cap;
};

void kapi_selector_free(struct kapi_selector *selector)
{
    if (!selector)
        return;
    VEC_FOREACH (requirement, selector) {
        free(requirement->key);
        str_list_free(requirement->values);
    }
    VEC_RELEASE(selector);
    free(selector);
}

/* -- labels -- */

struct scanner {
    const char *text, *at;
};

static void skip_space(struct scanner *scanner)
{
    scanner->at += strspn(scanner->at, " \t\r\n");
}

/* A word up to an operator or white space; free with free(). */
static char *word(struct scanner *scanner)
{
    skip_space(scanner);
    size_t len = strcspn(scanner->at, " \t\r\n=!,()<>");
    char *text = mem_strndup(scanner->at, len);
    scanner->at += len;
    return text;
}

static bool accept(struct scanner *scanner, const char *token)
{
    skip_space(scanner);
    if (!str_has_prefix(scanner->at, token))
        return false;
    scanner->at += strlen(token);
    return true;
}

static struct kapi_status *unparsable(const struct scanner *scanner, const char *wanted)
{
    return kapi_bad_request("unable to parse requirement: found '%.40s', expected: %s in \"%s\"", scanner->at, wanted,
                            scanner->text);
}

/* "(a,b)" to a list. */
static struct kapi_status *value_list(struct scanner *scanner, char ***ret)
{
    struct {
        char **items;
        size_t len, cap;
    } values = {0};

    if (!accept(scanner, "("))
        return unparsable(scanner, "'('");
    do
        VEC_PUSH(&values, word(scanner));
    while (accept(scanner, ","));
    VEC_PUSH(&values, NULL);
    *ret = values.items;
    return accept(scanner, ")") ? NULL : unparsable(scanner, "',' or ')'");
}

static void one_value(struct scanner *scanner, struct requirement *ret)
{
    ret->values = mem_alloc_array(2, sizeof(*ret->values));
    ret->values[0] = word(scanner);
}

static struct kapi_status *label_operation(struct scanner *scanner, struct requirement *ret)
{
    skip_space(scanner);
    if (!*scanner->at || *scanner->at == ',') {
        ret->operation = OP_EXISTS;
        return NULL;
    }
    static const struct {
        const char *token;
        enum operation operation;
    } operators[] = {{"==", OP_EQUALS}, {"=", OP_EQUALS}, {"!=", OP_NOT_EQUALS}, {">", OP_GREATER}, {"<", OP_LESS}};
    for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
        if (!accept(scanner, operators[i].token))
            continue;
        ret->operation = operators[i].operation;
        one_value(scanner, ret);
        return NULL;
    }
    CLEANUP_FREE char *name = word(scanner);
    if (str_equal(name, "in") || str_equal(name, "notin")) {
        ret->operation = str_equal(name, "in") ? OP_IN : OP_NOT_IN;
        return value_list(scanner, &ret->values);
    }
    if (str_equal(name, "gt") || str_equal(name, "lt")) {
        ret->operation = str_equal(name, "gt") ? OP_GREATER : OP_LESS;
        one_value(scanner, ret);
        return NULL;
    }
    return unparsable(scanner, "in, notin, =, ==, !=, gt, lt");
}

static struct kapi_status *check_label(const struct requirement *requirement)
{
    const char *wrong = kapi_qualified_name_check(requirement->key);

    if (wrong)
        return kapi_bad_request("unable to parse requirement: <nil>: Invalid value: \"%s\": %s", requirement->key,
                                wrong);
    for (char **value = requirement->values; value && *value; value++) {
        wrong = kapi_label_value_check(*value);
        if (wrong)
            return kapi_bad_request("unable to parse requirement: values[0][%s]: Invalid value: \"%s\": %s",
                                    requirement->key, *value, wrong);
    }
    return NULL;
}

static struct kapi_status *parse_labels(const char *text, struct kapi_selector *selector)
{
    struct scanner scanner = {text, text};

    skip_space(&scanner);
    while (*scanner.at) {
        struct requirement requirement = {0};
        bool negated = accept(&scanner, "!");
        requirement.key = word(&scanner);
        struct kapi_status *status = NULL;
        if (negated)
            requirement.operation = OP_NOT_EXISTS;
        else if (!*requirement.key)
            status = unparsable(&scanner, "!, identifier, or 'end of string'");
        else
            status = label_operation(&scanner, &requirement);
        if (!status)
            status = check_label(&requirement);
        VEC_PUSH(selector, requirement);
        if (status)
            return status;
        skip_space(&scanner);
        if (*scanner.at && !accept(&scanner, ","))
            return unparsable(&scanner, "',' or 'end of string'");
    }
    return NULL;
}

/* -- fields -- */

/* The path in the object that a field label stands for; NULL: not supported. */
static const char *field_path(const char *label, const struct kapi_resource *resource,
                              const struct kapi_version *version)
{
    if (str_equal(label, "metadata.name"))
        return "metadata/name";
    if (str_equal(label, "metadata.namespace"))
        return "metadata/namespace";
    const struct kapi_field_label *known = resource->builtin ? resource->builtin->field_labels : version->field_labels;
    for (; known && known->label; known++) {
        if (str_equal(known->label, label))
            return known->path;
    }
    return NULL;
}

static struct kapi_status *parse_fields(const char *text, const struct kapi_resource *resource,
                                        const struct kapi_version *version, struct kapi_selector *selector)
{
    CLEANUP(str_list_free) char **terms = str_split(text, ',');

    for (char **term = terms; *term; term++) {
        if (!**term)
            continue;
        char *sign = strpbrk(*term, "=!");
        if (!sign || (*sign == '!' && sign[1] != '='))
            return kapi_bad_request("invalid selector: '%s'; can't understand '%s'", text, *term);
        const char *value = sign + (sign[1] == '=' ? 2 : 1);
        bool negated = *sign == '!';
        *sign = 0;
        const char *path = field_path(*term, resource, version);
        if (!path)
            return kapi_bad_request("field label not supported: %s", *term);
        struct requirement requirement = {negated ? OP_NOT_EQUALS : OP_EQUALS, mem_strdup(path), true, NULL};
        requirement.values = mem_alloc_array(2, sizeof(*requirement.values));
        requirement.values[0] = mem_strdup(value);
        VEC_PUSH(selector, requirement);
    }
    return NULL;
}

struct kapi_status *kapi_selector_parse(const char *labels, const char *fields, const struct kapi_resource *resource,
                                        const struct kapi_version *version, struct kapi_selector **ret)
{
    CLEANUP(kapi_selector_free) struct kapi_selector *selector = mem_alloc(sizeof(*selector));

    if (labels)
        TRY_STATUS(parse_labels(labels, selector));
    if (fields)
        TRY_STATUS(parse_fields(fields, resource, version, selector));
    if (selector->len)
        *ret = TAKE_PTR(selector);
    return NULL;
}

/* -- evaluation -- */

static bool is_one_of(const char *value, char *const *values)
{
    for (; values && *values; values++) {
        if (str_equal(*values, value))
            return true;
    }
    return false;
}

static bool compares(const struct requirement *requirement, const char *value)
{
    int64_t left, right;
    struct error *err = value ? str_to_int64(value, &left) : error_new(ERROR_INVALID, "absent");

    if (!err)
        err = str_to_int64(requirement->values[0], &right);
    bool failed = err != NULL;
    error_free(err);
    return !failed && (requirement->operation == OP_GREATER ? left > right : left < right);
}

static bool requirement_holds(const struct requirement *requirement, const char *value)
{
    switch (requirement->operation) {
    case OP_EQUALS:
    case OP_IN:
        return value && is_one_of(value, requirement->values);
    case OP_NOT_EQUALS:
    case OP_NOT_IN:
        return !value || !is_one_of(value, requirement->values);
    case OP_EXISTS:
        return value;
    case OP_NOT_EXISTS:
        return !value;
    case OP_GREATER:
    case OP_LESS:
        return compares(requirement, value);
    }
    return false;
}

/* A field as text; one that is absent is "" (Go's zero value). `buf` holds numbers and booleans. */
static const char *field_text(const struct json *object, const char *path, char buf[32])
{
    const struct json *value = json_get(object, path);

    if (json_is(value, JSON_STRING))
        return json_str(value, "");
    if (json_is(value, JSON_BOOL))
        return json_bool(value, "", false) ? "true" : "false";
    if (json_is(value, JSON_NUMBER)) {
        snprintf(buf, 32, "%lld", (long long)json_int(value, "", 0));
        return buf;
    }
    return "";
}

bool kapi_selector_matches(const struct kapi_selector *selector, const struct json *object)
{
    if (!selector)
        return true;
    const struct json *labels = json_get(object, "metadata/labels");
    VEC_FOREACH (requirement, selector) {
        char buf[32];
        const char *value = requirement->is_field ? field_text(object, requirement->key, buf)
                                                  : json_str(json_member(labels, requirement->key), "");
        if (!requirement_holds(requirement, value))
            return false;
    }
    return true;
}

static bool expression_holds(const struct json *expression, const struct json *labels)
{
    const char *sign = json_str_or(expression, "operator", "");
    const char *value = json_str(json_member(labels, json_str_or(expression, "key", "")), "");
    bool listed = false;

    JSON_FOREACH (allowed, json_member(expression, "values"))
        listed = listed || (value && str_equal(json_str(allowed, ""), value));
    if (str_equal(sign, "In"))
        return listed;
    if (str_equal(sign, "NotIn"))
        return !listed;
    return str_equal(sign, "Exists") ? value != NULL : !value;
}

bool kapi_label_selector_matches(const struct json *selector, const struct json *labels)
{
    JSON_FOREACH (wanted, json_member(selector, "matchLabels")) {
        if (!str_equal(json_str(json_member(labels, json_key(wanted)), ""), json_str(wanted, "")))
            return false;
    }
    JSON_FOREACH (expression, json_member(selector, "matchExpressions")) {
        if (!expression_holds(expression, labels))
            return false;
    }
    return true;
}
