/* SPDX-License-Identifier: Apache-2.0 */
/* Command line options by table: defaults, then environment variables, then the command line. */
#include "lib/options.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/mem.h"
#include "lib/data/str.h"
#include "lib/data/time.h"
#include "lib/data/vec.h"

#define NAME_MAX_LENGTH 64
#define HELP_COLUMN 34
#define HELP_WIDTH 110

static size_t list_len(char **list)
{
    size_t len = 0;
    while (list && list[len])
        len++;
    return len;
}

static void list_add(char ***list, const char *item)
{
    size_t len = list_len(*list);
    *list = mem_resize(*list, len + 2, sizeof(char *));
    (*list)[len] = mem_strdup(item);
    (*list)[len + 1] = NULL;
}

static struct error *parse_bool(const char *text, bool *ret)
{
    static const struct {
        const char *text;
        bool value;
    } words[] = {{"true", true}, {"false", false}, {"yes", true}, {"no", false},
                 {"on", true},   {"off", false},   {"1", true},   {"0", false}};
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        if (str_equal_nocase(text, words[i].text)) {
            *ret = words[i].value;
            return NULL;
        }
    }
    return error_new(ERROR_INVALID, "\"%s\" is neither true nor false", text);
}

static struct error *set_int(const struct option_spec *spec, int64_t *field, const char *text)
{
    int64_t value;
    TRY(str_to_int64(text, &value));
    if ((spec->least || spec->most) && (value < spec->least || value > spec->most))
        return error_new(ERROR_INVALID, "%" PRId64 " is not within %" PRId64 " to %" PRId64, value, spec->least,
                         spec->most);
    *field = value;
    return NULL;
}

/* Sets the field of `spec` from text; a list gets one item more. */
static struct error *set_value(const struct option_spec *spec, void *target, const char *text)
{
    void *field = (char *)target + spec->offset;
    switch (spec->type) {
    case OPTION_STRING:
        free(*(char **)field);
        *(char **)field = mem_strdup(text);
        return NULL;
    case OPTION_INT:
        return set_int(spec, field, text);
    case OPTION_BOOL:
        return parse_bool(text, field);
    case OPTION_DURATION:
        return time_parse_duration(text, field);
    case OPTION_LIST:
        list_add(field, text);
        return NULL;
    }
    return error_new(ERROR_INTERNAL, "option --%s has an unknown type", spec->name);
}

static void clear_list(const struct option_spec *spec, void *target)
{
    char ***list = (char ***)(void *)((char *)target + spec->offset);
    str_list_free(*list);
    *list = NULL;
}

/* A default: in a list, commas separate items. */
static struct error *set_default(const struct option_spec *spec, void *target, const char *text)
{
    if (spec->type != OPTION_LIST)
        return set_value(spec, target, text);
    clear_list(spec, target);
    CLEANUP(str_list_free) char **items = str_split(text, ',');
    for (char **item = items; *item; item++)
        list_add((char ***)(void *)((char *)target + spec->offset), *item);
    return NULL;
}

static struct error *set_defaults(const struct option_table *table)
{
    for (const struct option_spec *spec = table->specs; spec && spec->name; spec++) {
        if (spec->fallback)
            TRY_WRAP(set_default(spec, table->target, spec->fallback), "default of --%s", spec->name);
        const char *value = spec->environment ? getenv(spec->environment) : NULL;
        if (!str_is_empty(value))
            TRY_WRAP(set_default(spec, table->target, value), "environment variable %s", spec->environment);
    }
    return NULL;
}

/* A parse under way. */
struct parser {
    const struct option_table *tables;
    size_t count;
    int argc;
    char **argv;
    int next;         /* the word to look at */
    VEC(char *) used; /* fields of lists that the command line added to: their defaults are gone */
};

/* One option as found on the command line. */
struct found {
    const struct option_spec *spec;
    void *target;
    const char *value; /* NULL: it may be the next word */
};

static bool find_name(const struct parser *parser, const char *name, struct found *found)
{
    for (size_t i = 0; i < parser->count; i++) {
        for (const struct option_spec *spec = parser->tables[i].specs; spec && spec->name; spec++) {
            if (str_equal(spec->name, name)) {
                *found = (struct found){spec, parser->tables[i].target, found->value};
                return true;
            }
        }
    }
    return false;
}

static bool find_letter(const struct parser *parser, char letter, struct found *found)
{
    for (size_t i = 0; i < parser->count; i++) {
        for (const struct option_spec *spec = parser->tables[i].specs; spec && spec->name; spec++) {
            if (spec->letter && spec->letter == letter) {
                *found = (struct found){spec, parser->tables[i].target, found->value};
                return true;
            }
        }
    }
    return false;
}

/* Levenshtein's distance, for a hint at what was meant. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t row[NAME_MAX_LENGTH + 1], len = strlen(b);
    if (len > NAME_MAX_LENGTH)
        return SIZE_MAX;
    for (size_t j = 0; j <= len; j++)
        row[j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            size_t change = diagonal + (a[i - 1] != b[j - 1]);
            size_t shift = 1 + (row[j] < row[j - 1] ? row[j] : row[j - 1]);
            diagonal = row[j];
            row[j] = change < shift ? change : shift;
        }
    }
    return row[len];
}

static struct error *unknown_option(const struct parser *parser, const char *name)
{
    const char *dashes = strlen(name) == 1 ? "-" : "--", *nearest = NULL;
    size_t best = strlen(name) >= 4 ? 3 : strlen(name) > 1 ? 2 : 0; /* a nearer one than this is a hint */
    for (size_t i = 0; i < parser->count; i++) {
        for (const struct option_spec *spec = parser->tables[i].specs; spec && spec->name; spec++) {
            size_t distance = edit_distance(name, spec->name);
            if (distance < best) {
                best = distance;
                nearest = spec->name;
            }
        }
    }
    if (nearest)
        return error_new(ERROR_INVALID, "unknown option %s%s; did you mean --%s?", dashes, name, nearest);
    return error_new(ERROR_INVALID, "unknown option %s%s; --help lists the options", dashes, name);
}

/* Splits a word that begins with a dash into the option and its value. */
static struct error *find_option(const struct parser *parser, const char *word, struct found *ret)
{
    const char *name = word + (word[1] == '-' ? 2 : 1);
    const char *equals = strchr(name, '=');
    CLEANUP_FREE char *bare = equals ? mem_strndup(name, (size_t)(equals - name)) : mem_strdup(name);
    struct found found = {.value = equals ? equals + 1 : NULL};
    bool one_dash = word[1] != '-';
    if (find_name(parser, bare, &found) || (one_dash && !bare[1] && find_letter(parser, bare[0], &found))) {
        *ret = found;
        return NULL;
    }
    if (one_dash && find_letter(parser, name[0], &found) && found.spec->type != OPTION_BOOL) {
        found.value = name + 1; /* -p8000 */
        *ret = found;
        return NULL;
    }
    return unknown_option(parser, bare);
}

/* The first use on the command line replaces a list's default. */
static void begin_list(struct parser *parser, const struct found *found)
{
    char *field = (char *)found->target + found->spec->offset;
    for (size_t i = 0; i < parser->used.len; i++) {
        if (parser->used.items[i] == field)
            return;
    }
    VEC_PUSH(&parser->used, field);
    clear_list(found->spec, found->target);
}

static struct error *take_option(struct parser *parser)
{
    struct found found;
    TRY(find_option(parser, parser->argv[parser->next++], &found));
    const struct option_spec *spec = found.spec;
    const char *value = found.value;
    if (!value && spec->type == OPTION_BOOL)
        value = "true";
    if (!value && parser->next < parser->argc)
        value = parser->argv[parser->next++];
    if (!value)
        return error_new(ERROR_INVALID, "option --%s needs a value: --%s %s", spec->name, spec->name,
                         str_or(spec->value, "VALUE"));
    if (spec->type == OPTION_LIST)
        begin_list(parser, &found);
    TRY_WRAP(set_value(spec, found.target, value), "option --%s", spec->name);
    return NULL;
}

/* Takes options off the command line; what is left are the arguments, kept in order. */
static struct error *take_words(struct parser *parser, char **arguments, int *ret_count)
{
    int count = 0;
    while (parser->next < parser->argc) {
        char *word = parser->argv[parser->next];
        if (str_equal(word, "--")) {
            parser->next++;
            while (parser->next < parser->argc)
                arguments[count++] = parser->argv[parser->next++];
        } else if (word[0] != '-' || word[1] == '\0') { /* a lone dash is an argument: standard input */
            arguments[count++] = word;
            parser->next++;
        } else {
            TRY(take_option(parser));
        }
    }
    *ret_count = count;
    return NULL;
}

struct error *options_parse_tables(const struct option_table *tables, size_t count, int argc, char **argv,
                                   int *ret_first)
{
    for (size_t i = 0; i < count; i++)
        TRY(set_defaults(&tables[i]));
    struct parser parser = {.tables = tables, .count = count, .argc = argc, .argv = argv, .next = 1};
    CLEANUP_FREE char **arguments = mem_alloc_array((size_t)argc + 1, sizeof(char *));
    int argument_count;
    struct error *err = take_words(&parser, arguments, &argument_count);
    VEC_RELEASE(&parser.used);
    if (err)
        return err;
    /* Their order among the options does not matter any more: the words of options are not looked at again. */
    *ret_first = argc - argument_count;
    memcpy(&argv[*ret_first], arguments, (size_t)argument_count * sizeof(char *));
    return NULL;
}

struct error *options_parse(const struct option_spec *specs, int argc, char **argv, void *options, int *ret_first)
{
    return options_parse_tables(&(struct option_table){specs, options}, 1, argc, argv, ret_first);
}

void options_release(const struct option_spec *specs, void *options)
{
    for (const struct option_spec *spec = specs; spec && spec->name; spec++) {
        char **field = (char **)(void *)((char *)options + spec->offset);
        if (spec->type == OPTION_LIST) {
            clear_list(spec, options);
        } else if (spec->type == OPTION_STRING) {
            free(*field);
            *field = NULL;
        }
    }
}

/* Prints `text` from column `at` on, broken at spaces, indented by HELP_COLUMN. */
static void print_wrapped(FILE *out, const char *text, size_t at)
{
    while (*text) {
        size_t word = strcspn(text, " ");
        if (at > HELP_COLUMN && at + 1 + word > HELP_WIDTH) {
            fprintf(out, "\n%*s", HELP_COLUMN, "");
            at = HELP_COLUMN;
        } else if (at > HELP_COLUMN) {
            fputc(' ', out);
            at++;
        }
        fprintf(out, "%.*s", (int)word, text);
        at += word;
        text += word;
        text += strspn(text, " ");
    }
    fputc('\n', out);
}

static void print_option(const struct option_spec *spec, FILE *out)
{
    char head[NAME_MAX_LENGTH * 2];
    const char *value = spec->type == OPTION_BOOL ? "" : str_or(spec->value, "VALUE");
    int len = spec->letter ? snprintf(head, sizeof(head), "  -%c, --%s %s", spec->letter, spec->name, value)
                           : snprintf(head, sizeof(head), "      --%s %s", spec->name, value);
    fputs(head, out);
    if (len + 2 > HELP_COLUMN)
        fprintf(out, "\n%*s", HELP_COLUMN, "");
    else
        fprintf(out, "%*s", HELP_COLUMN - len, "");
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;
    strbuf_adds(&text, str_or(spec->help, ""));
    if (!str_is_empty(spec->fallback))
        strbuf_addf(&text, " (default: %s)", spec->fallback);
    if (spec->environment)
        strbuf_addf(&text, " [$%s]", spec->environment);
    print_wrapped(out, strbuf_str(&text), HELP_COLUMN);
}

void options_print_help(const struct option_spec *specs, FILE *out)
{
    for (const struct option_spec *spec = specs; spec && spec->name; spec++)
        print_option(spec, out);
}
