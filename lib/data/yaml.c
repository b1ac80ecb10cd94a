/* SPDX-License-Identifier: Apache-2.0 */
/*
 * YAML text to JSON values: libyaml cuts the text into events, a recursive reader builds the value that each one stands for.
 * An alias is a copy; the size of all copies is bounded, because a few lines of aliases of aliases can mean terabytes.
 */
#include "lib/data/yaml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaml.h>

#include "lib/data/file.h"
#include "lib/data/json_node.h"
#include "lib/data/map.h"
#include "lib/data/vec.h"
#include "lib/data/yaml_scalar.h"

#define EXPANSION_MAX ((size_t)YAML_SIZE_MAX) /* bytes of memory, about, that aliases may add */
#define READ_SIZE ((size_t)65536)
#define NODE_SIZE 80 /* of one value without its texts, about */

struct mark {
    const struct json *value;
    int line;
};

struct document {
    struct json *value;
    bool taken;
};

struct yaml {
    char *name;
    VEC(struct document) documents;
    VEC(struct mark) marks;
    VEC(struct json *)
    leftovers; /* keys and merged mappings: anchors point to them, and no mark may outlive its value */
};

/* An anchor whose node is complete has a value. */
struct anchor {
    const struct json *value; /* borrowed; NULL while it is being read */
};

struct reader {
    struct yaml *yaml;
    yaml_parser_t parser;
    struct map *anchors; /* of this document: name -> struct anchor */
    size_t expanded;
    int depth;
};

static struct error *fail_at(const struct reader *reader, const yaml_mark_t *mark, const char *what)
{
    return error_new(ERROR_INVALID, "%s:%zu:%zu: %s", reader->yaml->name, mark->line + 1, mark->column + 1, what);
}

static struct error *parser_error(const struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const char *problem = parser->problem ? parser->problem : "not readable as YAML";
    if (parser->error == YAML_MEMORY_ERROR)
        return error_new(ERROR_TRANSIENT, "%s: out of memory", reader->yaml->name);
    if (parser->error == YAML_READER_ERROR)
        return error_new(ERROR_INVALID, "%s:%zu: %s at byte %zu", reader->yaml->name, parser->mark.line + 1, problem,
                         parser->problem_offset);
    CLEANUP_FREE char *text = NULL;
    if (!parser->context)
        text = mem_strdup(problem);
    else if (parser->context_mark.line != parser->problem_mark.line)
        text = mem_printf("%s begun at line %zu: %s", parser->context, parser->context_mark.line + 1, problem);
    else
        text = mem_printf("%s: %s", parser->context, problem);
    return fail_at(reader, &parser->problem_mark, text);
}

static struct error *next_event(struct reader *reader, yaml_event_t *ret)
{
    return yaml_parser_parse(&reader->parser, ret) ? NULL : parser_error(reader);
}

static void remember_line(struct reader *reader, const struct json *value, const yaml_mark_t *mark)
{
    VEC_PUSH(&reader->yaml->marks, ((struct mark){.value = value, .line = (int)mark->line + 1}));
}

static struct anchor *anchor_begin(struct reader *reader, const yaml_char_t *name)
{
    if (!name)
        return NULL;
    struct anchor *anchor = mem_alloc(sizeof(*anchor));
    map_set(reader->anchors, (const char *)name, anchor);
    return anchor;
}

/* About the bytes that a copy takes. */
static size_t weigh(const struct json *value)
{
    const char *text = json_str(value, ""), *key = json_key(value);
    size_t weight = NODE_SIZE + (text ? strlen(text) : 0) + (key ? strlen(key) : 0);
    JSON_FOREACH (child, value)
        weight += weigh(child);
    return weight;
}

static struct error *read_alias(struct reader *reader, const yaml_event_t *event, struct json **ret)
{
    const char *name = (const char *)event->data.alias.anchor;
    const struct anchor *anchor = map_get(reader->anchors, name);
    if (!anchor || !anchor->value) {
        CLEANUP_FREE char *text =
            mem_printf(anchor ? "alias *%.80s stands inside of what it repeats" : "alias *%.80s has no anchor", name);
        return fail_at(reader, &event->start_mark, text);
    }
    reader->expanded += weigh(anchor->value);
    if (reader->expanded > EXPANSION_MAX)
        return fail_at(reader, &event->start_mark, "aliases repeat too much text");
    *ret = json_copy(anchor->value);
    return NULL;
}

static struct error *read_scalar(struct reader *reader, const yaml_event_t *event, struct json **ret)
{
    const char *text = (const char *)event->data.scalar.value, *tag = (const char *)event->data.scalar.tag;
    if (strlen(text) != event->data.scalar.length)
        return fail_at(reader, &event->start_mark, "a NUL character is not supported");
    struct error *err = yaml_scalar_resolve(text, tag, event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE, ret);
    if (!err)
        return NULL;
    struct error *placed = fail_at(reader, &event->start_mark, error_message(err));
    error_free(err);
    return placed;
}

static struct error *read_node(struct reader *reader, yaml_event_t *event, struct json **ret);

static struct error *read_sequence(struct reader *reader, struct json **ret)
{
    CLEANUP(json_free) struct json *array = json_new_array();
    while (true) {
        yaml_event_t event;
        TRY(next_event(reader, &event));
        if (event.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&event);
            *ret = TAKE_PTR(array);
            return NULL;
        }
        struct json *item = NULL;
        TRY(read_node(reader, &event, &item));
        json_append(array, item);
    }
}

/* The name of a member, from the value that stands at its place: numbers and booleans become their text. */
static struct error *name_of_key(const struct reader *reader, const struct json *key, const yaml_mark_t *mark,
                                 char **ret)
{
    switch (json_type(key)) {
    case JSON_STRING:
        *ret = mem_strdup(json_str(key, ""));
        return NULL;
    case JSON_BOOL:
    case JSON_NUMBER:
        *ret = json_print(key);
        return NULL;
    case JSON_NULL:
        return fail_at(reader, mark, "null cannot be the name of a member; quote it if it is a text");
    default:
        return fail_at(reader, mark, "a sequence or mapping cannot be the name of a member");
    }
}

/* A mapping while it is being read. */
struct mapping {
    cJSON *object;
    struct map *lines;  /* name -> line, counted from 1, as a pointer; to tell about a name that occurs twice */
    struct map *merged; /* name -> struct json: what << brought; own members win */
};

static void free_value(void *value)
{
    json_free(value);
}

/* Collects the members of one mapping that "<<" names. */
static struct error *merge_one(struct reader *reader, struct mapping *mapping, const struct json *source,
                               const yaml_mark_t *mark)
{
    if (!json_is(source, JSON_OBJECT))
        return fail_at(reader, mark, "what is merged with << must be a mapping or a sequence of mappings");
    reader->expanded += weigh(source);
    if (reader->expanded > EXPANSION_MAX)
        return fail_at(reader, mark, "aliases repeat too much text");
    JSON_FOREACH (member, source) {
        if (!map_get(mapping->merged, json_key(member)))
            map_set(mapping->merged, json_key(member), json_copy(member));
    }
    return NULL;
}

static struct error *merge(struct reader *reader, struct mapping *mapping, const struct json *source,
                           const yaml_mark_t *mark)
{
    if (!json_is(source, JSON_ARRAY))
        return merge_one(reader, mapping, source, mark);
    JSON_FOREACH (item, source)
        TRY(merge_one(reader, mapping, item, mark));
    return NULL;
}

/* Takes `value` over, unless it fails. */
static struct error *add_member(struct reader *reader, struct mapping *mapping, const char *name, struct json *value,
                                const yaml_mark_t *mark)
{
    uintptr_t before = (uintptr_t)map_get(mapping->lines, name);
    if (before) {
        CLEANUP_FREE char *text = mem_printf("member \"%.80s\" is already set at line %zu", name, (size_t)before);
        return fail_at(reader, mark, text);
    }
    map_set(mapping->lines, name, (void *)(uintptr_t)(mark->line + 1));
    json_node_rename(json_node(value), name, strlen(name));
    json_node_link(mapping->object, json_node(value), NULL);
    return NULL;
}

/* Reads one member, whose key begins with `event`. */
static struct error *read_member(struct reader *reader, struct mapping *mapping, yaml_event_t *event)
{
    yaml_mark_t mark = event->start_mark;
    bool is_merge = event->type == YAML_SCALAR_EVENT && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE &&
                    !event->data.scalar.tag && strcmp((const char *)event->data.scalar.value, "<<") == 0;
    struct json *key = NULL, *value = NULL;
    TRY(read_node(reader, event, &key));
    VEC_PUSH(&reader->yaml->leftovers, key);
    CLEANUP_FREE char *name = NULL;
    TRY(name_of_key(reader, key, &mark, &name));
    yaml_event_t next;
    TRY(next_event(reader, &next));
    TRY(read_node(reader, &next, &value));
    struct error *err =
        is_merge ? merge(reader, mapping, value, &mark) : add_member(reader, mapping, name, value, &mark);
    if (is_merge || err)
        VEC_PUSH(&reader->yaml->leftovers, value);
    return err;
}

static struct error *read_members(struct reader *reader, struct mapping *mapping)
{
    while (true) {
        yaml_event_t event;
        TRY(next_event(reader, &event));
        if (event.type == YAML_MAPPING_END_EVENT) {
            yaml_event_delete(&event);
            break;
        }
        TRY(read_member(reader, mapping, &event));
    }
    struct map_iter it = {0};
    while (map_next(mapping->merged, &it)) {
        if (map_get(mapping->lines, it.key))
            continue;
        json_node_rename(json_node(it.value), it.key, strlen(it.key));
        json_node_link(mapping->object, json_node(it.value), NULL);
        map_take(mapping->merged, it.key);
    }
    return NULL;
}

static struct error *read_mapping(struct reader *reader, struct json **ret)
{
    CLEANUP(map_free) struct map *lines = map_new(NULL), *merged = map_new(free_value);
    CLEANUP(json_free) struct json *object = json_new_object();
    struct mapping mapping = {.object = json_node(object), .lines = lines, .merged = merged};
    TRY(read_members(reader, &mapping));
    *ret = TAKE_PTR(object);
    return NULL;
}

/* Reads the value that begins with `event`, which is deleted. */
static struct error *read_node(struct reader *reader, yaml_event_t *event, struct json **ret)
{
    yaml_mark_t mark = event->start_mark;
    struct anchor *anchor = NULL;
    struct error *err = NULL;
    struct json *value = NULL;
    if (reader->depth == JSON_DEPTH_MAX) {
        yaml_event_delete(event);
        return fail_at(reader, &mark, "nested too deeply");
    }
    reader->depth++;
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        err = read_alias(reader, event, &value);
        yaml_event_delete(event);
        break;
    case YAML_SCALAR_EVENT:
        anchor = anchor_begin(reader, event->data.scalar.anchor);
        err = read_scalar(reader, event, &value);
        yaml_event_delete(event);
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = anchor_begin(reader, event->data.sequence_start.anchor);
        yaml_event_delete(event);
        err = read_sequence(reader, &value);
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = anchor_begin(reader, event->data.mapping_start.anchor);
        yaml_event_delete(event);
        err = read_mapping(reader, &value);
        break;
    default:
        yaml_event_delete(event);
        err = fail_at(reader, &mark, "a value is expected here");
    }
    reader->depth--;
    TRY(err);
    remember_line(reader, value, &mark);
    if (anchor)
        anchor->value = value;
    *ret = value;
    return NULL;
}

/* After a document's start, whose first node is `event`. An empty document is left out. */
static struct error *read_document(struct reader *reader)
{
    yaml_event_t event;
    TRY(next_event(reader, &event));
    bool empty = event.type == YAML_SCALAR_EVENT && event.data.scalar.length == 0 && event.data.scalar.plain_implicit &&
                 event.data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    struct json *value = NULL;
    reader->anchors = map_new(free);
    reader->expanded = 0;
    struct error *err = read_node(reader, &event, &value);
    map_free(reader->anchors);
    TRY(err);
    if (empty)
        VEC_PUSH(&reader->yaml->leftovers, value);
    else
        VEC_PUSH(&reader->yaml->documents, ((struct document){.value = value}));
    return NULL;
}

static struct error *read_stream(struct reader *reader)
{
    while (true) {
        yaml_event_t event;
        TRY(next_event(reader, &event));
        yaml_event_type_t type = event.type;
        yaml_event_delete(&event);
        if (type == YAML_STREAM_END_EVENT)
            return NULL;
        if (type == YAML_DOCUMENT_START_EVENT)
            TRY(read_document(reader));
    }
}

struct error *yaml_parse(const char *name, const char *text, size_t len, struct yaml **ret)
{
    CLEANUP(yaml_free) struct yaml *yaml = mem_alloc(sizeof(*yaml));
    yaml->name = mem_strdup(name);
    if (len > YAML_SIZE_MAX)
        return error_new(ERROR_INVALID, "%s: larger than %d bytes", name, YAML_SIZE_MAX);
    struct reader reader = {.yaml = yaml};
    if (!yaml_parser_initialize(&reader.parser))
        return error_new(ERROR_TRANSIENT, "%s: out of memory", name);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)text, len);
    struct error *err = read_stream(&reader);
    yaml_parser_delete(&reader.parser);
    if (!err)
        *ret = TAKE_PTR(yaml);
    return err;
}

struct error *yaml_parse_file(const char *path, struct yaml **ret)
{
    CLEANUP_SECRET char *text = NULL;
    size_t len;
    TRY(file_read(path, YAML_SIZE_MAX, &text, &len));
    return yaml_parse(path, text, len, ret);
}

void yaml_free(struct yaml *yaml)
{
    if (!yaml)
        return;
    VEC_FOREACH (document, &yaml->documents)
        if (!document->taken)
            json_free(document->value);
    VEC_FOREACH (value, &yaml->leftovers)
        json_free(*value);
    VEC_RELEASE(&yaml->documents);
    VEC_RELEASE(&yaml->leftovers);
    VEC_RELEASE(&yaml->marks);
    free(yaml->name);
    free(yaml);
}

size_t yaml_len(const struct yaml *yaml)
{
    return yaml->documents.len;
}

struct json *yaml_document(const struct yaml *yaml, size_t index)
{
    return index < yaml->documents.len ? yaml->documents.items[index].value : NULL;
}

struct json *yaml_take(struct yaml *yaml, size_t index)
{
    if (index >= yaml->documents.len || yaml->documents.items[index].taken)
        return NULL;
    yaml->documents.items[index].taken = true;
    return yaml->documents.items[index].value;
}

int yaml_line(const struct yaml *yaml, const struct json *value)
{
    VEC_FOREACH (mark, &yaml->marks)
        if (mark->value == value)
            return mark->line;
    return 0;
}

struct error *yaml_error(const struct yaml *yaml, const struct json *value, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    CLEANUP_FREE char *text = mem_vprintf(fmt, args);
    va_end(args);
    int line = yaml_line(yaml, value);
    if (line == 0)
        return error_new(ERROR_INVALID, "%s: %s", yaml->name, text);
    return error_new(ERROR_INVALID, "%s:%d: %s", yaml->name, line, text);
}
