/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structured logs: one line a record, fixed keys (host, node, kind, step, err …). A logger is an instance; in the simulator its records carry virtual
 * time and go to the event log. Libraries log at debug only; who handles an error logs it, once. Nobody hands a secret to these functions.
 *
 *     log_info(log, "power state changed", KV("host", name), KV("from", a), KV("to", b));
 */
#ifndef LIB_LOG_LOG_H
#define LIB_LOG_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/data/error.h"

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };
enum log_format { LOG_TEXT, LOG_JSON };

struct log;
struct log_kv {
    const char *key;
    const char *text; /* used when `is_number` is false; NULL prints as empty */
    int64_t number;
    bool is_number;
};
#define KV(k, v) ((struct log_kv){.key = (k), .text = (v)})
#define KV_INT(k, v) ((struct log_kv){.key = (k), .number = (v), .is_number = true})
/* An error's whole message under "err". */
#define KV_ERR(e) KV("err", error_message(e))

struct log_options {
    enum log_level level;
    enum log_format format;
    int fd;                                                /* where lines go when `sink` is NULL */
    void (*sink)(void *arg, const char *line, size_t len); /* line without newline */
    void *arg;
    int64_t (*wall)(void *clock); /* the clock, e.g. rt_wall; NULL: records carry no time */
    void *clock;
};

struct log *log_new(const struct log_options *options);
/* A logger that adds `key`=`value` to each record and otherwise writes to `parent`, which must outlive it. Both are copied. */
struct log *log_with(struct log *parent, const char *key, const char *value);
void log_free(struct log *log);
DEFINE_CLEANUP(struct log, log_free);

/* A NULL logger is enabled for nothing and drops every record. */
bool log_enabled(const struct log *log, enum log_level level);
void log_write(struct log *log, enum log_level level, const char *message, const struct log_kv *kv, size_t count);
/* "debug", "info", "warn", "error"; "text", "json". ERROR_INVALID lists what is allowed. */
struct error *log_parse_level(const char *text, enum log_level *ret) MUST_CHECK;
struct error *log_parse_format(const char *text, enum log_format *ret) MUST_CHECK;

#define LOG_AT(log, level, message, ...)                                                                               \
    do {                                                                                                               \
        if (log_enabled(log, level)) {                                                                                 \
            const struct log_kv log_pairs[] = {__VA_ARGS__ __VA_OPT__(, ){0}};                                         \
            log_write(log, level, message, log_pairs, sizeof(log_pairs) / sizeof(log_pairs[0]) - 1);                   \
        }                                                                                                              \
    } while (0)
#define log_debug(log, message, ...) LOG_AT(log, LOG_DEBUG, message __VA_OPT__(, ) __VA_ARGS__)
#define log_info(log, message, ...) LOG_AT(log, LOG_INFO, message __VA_OPT__(, ) __VA_ARGS__)
#define log_warn(log, message, ...) LOG_AT(log, LOG_WARN, message __VA_OPT__(, ) __VA_ARGS__)
#define log_error(log, message, ...) LOG_AT(log, LOG_ERROR, message __VA_OPT__(, ) __VA_ARGS__)

#endif
