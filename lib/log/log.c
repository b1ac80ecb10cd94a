/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Log records as text (`2026-11-20T14:48:55.123Z INFO message key=value key="va lue"`) or as a JSON object, one a line, each
 * with a single write so that lines of two programs do not mix.
 */
#include "lib/log/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/data/json.h"
#include "lib/data/str.h"
#include "lib/data/time.h"
#include "lib/data/vec.h"

struct pair {
    char *key, *value;
};

struct log {
    struct log_options options;
    VEC(struct pair) pairs; /* what log_with() added, outermost first */
};

static const char *const level_names[] = {"debug", "info", "warn", "error"};
static const char *const level_labels[] = {"DEBUG", "INFO", "WARN", "ERROR"};
static const char *const format_names[] = {"text", "json"};

struct log *log_new(const struct log_options *options)
{
    struct log *log = mem_alloc(sizeof(*log));
    log->options = *options;
    return log;
}

struct log *log_with(struct log *parent, const char *key, const char *value)
{
    struct log *log = log_new(&parent->options);
    VEC_FOREACH (pair, &parent->pairs)
        VEC_PUSH(&log->pairs, ((struct pair){mem_strdup(pair->key), mem_strdup(pair->value)}));
    VEC_PUSH(&log->pairs, ((struct pair){mem_strdup(key), mem_strdup(value ? value : "")}));
    return log;
}

void log_free(struct log *log)
{
    if (!log)
        return;
    VEC_FOREACH (pair, &log->pairs) {
        free(pair->key);
        free(pair->value);
    }
    VEC_RELEASE(&log->pairs);
    free(log);
}

bool log_enabled(const struct log *log, enum log_level level)
{
    return log && level >= log->options.level;
}

/* True when the text can stand without quotes: printable, not empty, nothing that a reader of key=value stumbles over. */
static bool is_bare(const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c <= ' ' || *c == '"' || *c == '=' || *c == '\\' || *c == 0x7f)
            return false;
    return *text != '\0';
}

/* The message: as it is, but it never breaks the line. */
static void add_message(struct strbuf *out, const char *message)
{
    for (const char *c = message; *c; c++)
        strbuf_addc(out, (unsigned char)*c < ' ' ? ' ' : *c);
}

static void add_text_pair(struct strbuf *out, const char *key, const char *value)
{
    strbuf_addc(out, ' ');
    strbuf_adds(out, key);
    strbuf_addc(out, '=');
    if (is_bare(value))
        strbuf_adds(out, value);
    else
        json_print_string(value, out);
}

static void format_text(const struct log *log, enum log_level level, const char *time, const char *message,
                        const struct log_kv *kv, size_t count, struct strbuf *out)
{
    if (time)
        strbuf_addf(out, "%s ", time);
    strbuf_adds(out, level_labels[level]);
    strbuf_addc(out, ' ');
    add_message(out, message);
    VEC_FOREACH (pair, &log->pairs)
        add_text_pair(out, pair->key, pair->value);
    for (size_t i = 0; i < count; i++) {
        if (kv[i].is_number)
            strbuf_addf(out, " %s=%lld", kv[i].key, (long long)kv[i].number);
        else
            add_text_pair(out, kv[i].key, kv[i].text ? kv[i].text : "");
    }
}

static void add_json_pair(struct strbuf *out, const char *key, const char *value)
{
    if (out->len > 1)
        strbuf_addc(out, ',');
    json_print_string(key, out);
    strbuf_addc(out, ':');
    json_print_string(value, out);
}

static void format_json(const struct log *log, enum log_level level, const char *time, const char *message,
                        const struct log_kv *kv, size_t count, struct strbuf *out)
{
    strbuf_addc(out, '{');
    if (time)
        add_json_pair(out, "time", time);
    add_json_pair(out, "level", level_names[level]);
    add_json_pair(out, "msg", message);
    VEC_FOREACH (pair, &log->pairs)
        add_json_pair(out, pair->key, pair->value);
    for (size_t i = 0; i < count; i++) {
        if (kv[i].is_number) {
            strbuf_addc(out, ',');
            json_print_string(kv[i].key, out);
            strbuf_addf(out, ":%lld", (long long)kv[i].number);
        } else {
            add_json_pair(out, kv[i].key, kv[i].text ? kv[i].text : "");
        }
    }
    strbuf_addc(out, '}');
}

/* Nobody can be told when standard error cannot take a line, so the rest of it is dropped. */
static void write_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t done = write(fd, data, len);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            return;
        data += done;
        len -= (size_t)done;
    }
}

void log_write(struct log *log, enum log_level level, const char *message, const struct log_kv *kv, size_t count)
{
    if (!log_enabled(log, level))
        return;
    const struct log_options *options = &log->options;
    char buf[TIME_TEXT_SIZE];
    const char *time = options->wall ? time_format(options->wall(options->clock), 3, buf) : NULL;
    CLEANUP_STRBUF struct strbuf line = STRBUF_INIT;
    strbuf_reserve(&line, 255);
    (options->format == LOG_JSON ? format_json : format_text)(log, level, time, message, kv, count, &line);
    if (options->sink) {
        options->sink(options->arg, line.data, line.len);
    } else {
        strbuf_addc(&line, '\n');
        write_all(options->fd, line.data, line.len);
    }
}

struct error *log_parse_level(const char *text, enum log_level *ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(level_names); i++) {
        if (str_equal(text, level_names[i])) {
            *ret = (enum log_level)i;
            return NULL;
        }
    }
    return error_new(ERROR_INVALID, "log level \"%s\" is unknown: use debug, info, warn or error", text ? text : "");
}

struct error *log_parse_format(const char *text, enum log_format *ret)
{
    for (size_t i = 0; i < ARRAY_SIZE(format_names); i++) {
        if (str_equal(text, format_names[i])) {
            *ret = (enum log_format)i;
            return NULL;
        }
    }
    return error_new(ERROR_INVALID, "log format \"%s\" is unknown: use text or json", text ? text : "");
}
