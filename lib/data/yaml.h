/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML text to JSON values and back, on libyaml. Plain scalars resolve as YAML 1.1 does in Go's yaml library, which is what
 * kubectl and the API server do (KAPI-191); anchors, aliases and merge keys work; aliases are limited against blow-up. A member
 * that occurs twice in one mapping is an error. Infinite numbers, NUL characters and null as a name have no JSON form: errors.
 */
#ifndef LIB_DATA_YAML_H
#define LIB_DATA_YAML_H

#include "lib/data/json.h"

/* A stream of documents, with the place in the text that each value came from. */
struct yaml;

#define YAML_SIZE_MAX (16 * 1024 * 1024)

/* Parses all documents; empty ones are left out. `name` (a file name) starts every error: "name:line:column: …". */
struct error *yaml_parse(const char *name, const char *text, size_t len, struct yaml **ret) MUST_CHECK;
/* Reads a file of at most YAML_SIZE_MAX bytes and parses it. */
struct error *yaml_parse_file(const char *path, struct yaml **ret) MUST_CHECK;
/* libyaml exports a function of this name for its own use, which ours must not replace at run time: hence the other symbol. */
void yaml_free(struct yaml *yaml) __asm__("yaml_stream_free");
DEFINE_CLEANUP(struct yaml, yaml_free);

size_t yaml_len(const struct yaml *yaml);
struct json *yaml_document(const struct yaml *yaml, size_t index); /* borrowed */
struct json *yaml_take(struct yaml *yaml, size_t index);           /* owned by the caller; its lines stay known */
/* Line (from 1) on which `value`, which came from this stream, begins; 0 when unknown. */
int yaml_line(const struct yaml *yaml, const struct json *value);
/* ERROR_INVALID "name:line: …" about `value`. */
struct error *yaml_error(const struct yaml *yaml, const struct json *value, const char *fmt, ...)
    __attribute__((format(printf, 3, 4))) MUST_CHECK;

/* YAML text in block style, members in their order; strings are quoted where a reader would take them for something else. */
char *yaml_print(const struct json *value);

#endif
