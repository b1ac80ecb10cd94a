/* SPDX-License-Identifier: Apache-2.0 */
/* Patterns and formats of strings in schemas (KAPI-154, 155). */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "sim/kube-api/schema.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <pcre2.h>
#include <string.h>

#include "lib/data/time.h"

struct kapi_regex {
    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *context;
};

struct error *kapi_regex_new(const char *pattern, struct kapi_regex **ret)
{
    int number;
    PCRE2_SIZE offset;
    pcre2_code *code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_UTF | PCRE2_DOLLAR_ENDONLY,
                                     &number, &offset, NULL);

    if (!code) {
        PCRE2_UCHAR text[200];
        pcre2_get_error_message(number, text, sizeof(text));
        return error_new(ERROR_INVALID, "error parsing regexp at %zu: %s", (size_t)offset, (const char *)text);
    }
    struct kapi_regex *regex = mem_alloc(sizeof(*regex));
    regex->code = code;
    regex->match = pcre2_match_data_create(1, NULL);
    regex->context = pcre2_match_context_create(NULL);
    /* RE2 runs in linear time; these keep a hostile pattern from running away, and no pattern of the field comes near. */
    pcre2_set_match_limit(regex->context, 200000);
    pcre2_set_depth_limit(regex->context, 2000);
    *ret = regex;
    return NULL;
}

void kapi_regex_free(struct kapi_regex *regex)
{
    if (!regex)
        return;
    pcre2_code_free(regex->code);
    pcre2_match_data_free(regex->match);
    pcre2_match_context_free(regex->context);
    free(regex);
}

bool kapi_regex_matches(const struct kapi_regex *regex, const char *text)
{
    return pcre2_match(regex->code, (PCRE2_SPTR)text, strlen(text), 0, 0, regex->match, regex->context) >= 0;
}

static bool is_date(const char *text)
{
    return strlen(text) == 10 && strspn(text, "0123456789-") == 10 && text[4] == '-' && text[7] == '-';
}

static bool is_date_time(const char *text)
{
    int64_t ignored;
    struct error *err = time_parse(text, &ignored);
    error_free(err);
    return !err;
}

static bool is_byte(const char *text)
{
    void *data = NULL;
    size_t len;
    struct error *err =
        strpbrk(text, " \t\r\n") ? error_new(ERROR_INVALID, "white space") : str_base64_decode(text, &data, &len);

    free(data);
    error_free(err);
    return !err;
}

/* Go's url.ParseRequestURI: an absolute path, or scheme:rest. */
static bool is_uri(const char *text)
{
    if (*text == '/')
        return true;
    size_t scheme = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
    return isalpha((unsigned char)*text) && scheme && text[scheme] == ':' && text[scheme + 1] &&
           !strpbrk(text, " \t\r\n");
}

static bool is_ipv4(const char *text)
{
    struct in_addr address;
    return inet_pton(AF_INET, text, &address) == 1;
}

static bool is_ipv6(const char *text)
{
    struct in6_addr address;
    return inet_pton(AF_INET6, text, &address) == 1;
}

static bool is_cidr(const char *text)
{
    CLEANUP_FREE char *copy = mem_strdup(text);
    char *slash = strchr(copy, '/');
    int64_t bits;

    if (!slash)
        return false;
    *slash = 0;
    struct error *err = str_to_int64(slash + 1, &bits);
    error_free(err);
    return !err && bits >= 0 && ((is_ipv4(copy) && bits <= 32) || (is_ipv6(copy) && bits <= 128));
}

static bool is_mac(const char *text)
{
    size_t len = strlen(text);

    if (len != 17)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (i % 3 == 2 ? text[i] != ':' && text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return false;
    }
    return true;
}

static bool is_uuid(const char *text)
{
    if (strlen(text) != 36)
        return false;
    for (size_t i = 0; i < 36; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
            return false;
    }
    return true;
}

static bool is_duration(const char *text)
{
    int64_t ignored;
    struct error *err = time_parse_duration(text, &ignored);
    error_free(err);
    return !err;
}

static bool is_hostname(const char *text)
{
    size_t len = strlen(text);

    return len && len <= 255 &&
           strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.") == len && text[0] != '-' &&
           text[0] != '.';
}

static bool is_email(const char *text)
{
    const char *at = strrchr(text, '@');
    return at && at != text && at[1];
}

bool kapi_format_valid(const char *format, const struct json *value)
{
    static const struct {
        const char *name;
        bool (*valid)(const char *text);
    } formats[] = {
        {"date-time", is_date_time}, {"date", is_date},  {"byte", is_byte},         {"uri", is_uri},
        {"ipv4", is_ipv4},           {"ipv6", is_ipv6},  {"cidr", is_cidr},         {"mac", is_mac},
        {"uuid", is_uuid},           {"uuid4", is_uuid}, {"duration", is_duration}, {"hostname", is_hostname},
        {"email", is_email}};
    const char *text = json_str(value, "");

    if (json_is(value, JSON_NUMBER)) {
        double number = json_number(value, "", 0);
        if (str_equal(format, "int32"))
            return number >= INT32_MIN && number <= INT32_MAX;
        return true;
    }
    if (!text)
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
        if (str_equal(formats[i].name, format))
            return formats[i].valid(text);
    }
    return true;
}
