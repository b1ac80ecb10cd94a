/* SPDX-License-Identifier: Apache-2.0 */
/* Hints by table: which member of a disk each one looks at, and how its operators compare. */
#include "operator/agent/hints.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"

#define GIB (INT64_C(1024) * 1024 * 1024)
#define DEFAULT_SIZE_MIN (4 * GIB)

enum hint_type { HINT_TEXT, HINT_SIZE, HINT_FLAG };

struct hint {
    const char *name;   /* in root_device */
    const char *member; /* in the disk's row */
    enum hint_type type;
};

static const struct hint hints_known[] = {
    {"name", "name", HINT_TEXT},
    {"model", "model", HINT_TEXT},
    {"vendor", "vendor", HINT_TEXT},
    {"serial", "serial", HINT_TEXT},
    {"size", "size", HINT_SIZE},
    {"rotational", "rotational", HINT_FLAG},
    {"wwn", "wwn", HINT_TEXT},
    {"wwn_with_extension", "wwn_with_extension", HINT_TEXT},
    {"wwn_vendor_extension", "wwn_vendor_extension", HINT_TEXT},
    {"hctl", "hctl", HINT_TEXT},
    {"by_path", "by_path", HINT_TEXT},
};

/* Operators, longest first where one begins another. */
enum operator{
    OP_NUMBER_EQUAL,
    OP_NUMBER_NOT,
    OP_NUMBER_LEAST,
    OP_NUMBER_MOST,
    OP_TEXT_EQUAL,
    OP_TEXT_NOT,
    OP_TEXT_LEAST,
    OP_TEXT_MOST,
    OP_IN,
    OP_OR,
    OP_PLAIN
};
static const struct {
    const char *text;
    enum operator op;
} operators[] = {
    {"s==", OP_TEXT_EQUAL},  {"s!=", OP_TEXT_NOT},  {"s>=", OP_TEXT_LEAST},  {"s<=", OP_TEXT_MOST},
    {"==", OP_NUMBER_EQUAL}, {"!=", OP_NUMBER_NOT}, {">=", OP_NUMBER_LEAST}, {"<=", OP_NUMBER_MOST},
    {"<in>", OP_IN},         {"<or>", OP_OR},       {"=", OP_NUMBER_LEAST}, /* "=" means at least, in this language */
};

static enum operator split_operator(const char *text, const char **ret_operand)
{
    while (*text == ' ')
        text++;
    for (size_t i = 0; i < ARRAY_SIZE(operators); i++) {
        size_t len = strlen(operators[i].text);
        if (strncmp(text, operators[i].text, len) != 0)
            continue;
        text += len;
        while (*text == ' ')
            text++;
        *ret_operand = text;
        return operators[i].op;
    }
    *ret_operand = text;
    return OP_PLAIN;
}

/* "<or> a <or> b": the value is one of these. */
static bool matches_any(const char *value, const char *alternatives)
{
    CLEANUP_FREE char *rest = mem_strdup(alternatives);
    for (char *item = rest; item;) {
        char *next = strstr(item, "<or>");
        if (next) {
            *next = 0;
            next += strlen("<or>");
        }
        CLEANUP_FREE char *trimmed = str_trim(item);
        if (str_equal_nocase(value, trimmed))
            return true;
        item = next;
    }
    return false;
}

static bool contains_nocase(const char *value, const char *part)
{
    CLEANUP_FREE char *lower_value = str_lower(value);
    CLEANUP_FREE char *lower_part = str_lower(part);
    return strstr(lower_value, lower_part) != NULL;
}

static bool matches_text(const char *value, const char *wanted)
{
    const char *operand;
    switch (split_operator(wanted, &operand)) {
    case OP_IN:
        return contains_nocase(value, operand);
    case OP_OR:
        return matches_any(value, operand);
    case OP_TEXT_NOT:
    case OP_NUMBER_NOT:
        return !str_equal_nocase(value, operand);
    case OP_TEXT_LEAST:
        return strcasecmp(value, operand) >= 0;
    case OP_TEXT_MOST:
        return strcasecmp(value, operand) <= 0;
    default:
        return str_equal_nocase(value, operand);
    }
}

static struct error *matches_number(int64_t value, const char *wanted, bool *ret)
{
    const char *operand;
    enum operator op = split_operator(wanted, &operand);
    int64_t number = 0;

    TRY(str_to_int64(operand, &number));
    switch (op) {
    case OP_NUMBER_NOT:
        *ret = value != number;
        return NULL;
    case OP_NUMBER_LEAST:
        *ret = value >= number;
        return NULL;
    case OP_NUMBER_MOST:
        *ret = value <= number;
        return NULL;
    default:
        *ret = value == number;
        return NULL;
    }
}

/* A hint's value as text, whatever JSON type it came in; owned by the caller. */
static char *hint_text(const struct json *value)
{
    return json_is(value, JSON_STRING) ? mem_strdup(json_str(value, "")) : json_print(value);
}

static struct error *matches_hint(const struct json *disk, const struct hint *hint, const struct json *wanted,
                                  bool *ret)
{
    CLEANUP_FREE char *text = hint_text(wanted);
    const char *value = json_str(disk, hint->member);

    switch (hint->type) {
    case HINT_SIZE:
        TRY_WRAP(matches_number(json_int(disk, "size", 0) / GIB, text, ret), "root device hint size");
        return NULL;
    case HINT_FLAG:
        *ret = json_bool(disk, hint->member, false) == (str_equal_nocase(text, "true") || str_equal(text, "1"));
        return NULL;
    case HINT_TEXT:
        break;
    }
    *ret = value && matches_text(value, text);
    return NULL;
}

static struct error *matches_all(const struct json *disk, const struct json *hints, bool *ret)
{
    JSON_FOREACH (wanted, hints) {
        const struct hint *hint = NULL;
        bool matches = false;
        for (size_t i = 0; i < ARRAY_SIZE(hints_known); i++)
            if (str_equal(hints_known[i].name, json_key(wanted)))
                hint = &hints_known[i];
        if (!hint)
            return error_new(ERROR_INVALID,
                             "root device hint \"%s\" is unknown; use name, size, serial, wwn, model or another of "
                             "the documented hints",
                             json_key(wanted));
        TRY(matches_hint(disk, hint, wanted, &matches));
        if (!matches) {
            *ret = false;
            return NULL;
        }
    }
    *ret = true;
    return NULL;
}

static bool is_better_default(const struct json *disk, const struct json *best)
{
    int64_t size = json_int(disk, "size", 0);
    if (size < DEFAULT_SIZE_MIN)
        return false;
    if (!best)
        return true;
    int64_t best_size = json_int(best, "size", 0);
    return size < best_size ||
           (size == best_size && strcmp(json_str_or(disk, "name", ""), json_str_or(best, "name", "")) < 0);
}

static struct error *no_disk(const struct json *disks, const struct json *hints)
{
    CLEANUP_STRBUF struct strbuf list = STRBUF_INIT;
    JSON_FOREACH (disk, disks)
        strbuf_addf(&list, "%s%s (%" PRId64 " bytes, serial %s)", list.len ? ", " : "", json_str_or(disk, "name", "?"),
                    json_int(disk, "size", 0), json_str_or(disk, "serial", "none"));
    if (!json_len(hints))
        return error_new(ERROR_NOT_FOUND, "no disk of at least 4 GiB to install to; the disks are: %s",
                         str_or(strbuf_str(&list), "none"));
    CLEANUP_FREE char *text = json_print(hints);
    return error_new(ERROR_NOT_FOUND, "no disk matches the root device hints %s; the disks are: %s", text,
                     str_or(strbuf_str(&list), "none"));
}

struct error *hints_choose(const struct json *disks, const struct json *hints, const struct json **ret)
{
    const struct json *best = NULL;

    JSON_FOREACH (disk, disks) {
        bool matches = false;
        if (!json_len(hints)) {
            if (is_better_default(disk, best))
                best = disk;
            continue;
        }
        TRY(matches_all(disk, hints, &matches));
        if (matches) {
            best = disk;
            break;
        }
    }
    if (!best)
        return no_disk(disks, hints);
    *ret = best;
    return NULL;
}
