/* SPDX-License-Identifier: Apache-2.0 */
/* A small CEL: a recursive-descent parser to a tree, and an evaluator on JSON values with a bound on its work. */
#include "sim/kube-api/cel.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/vec.h"
#include "sim/kube-api/schema.h"

#define DEPTH_MAX 50
#define WORK_MAX 1000000

enum node_type {
    NODE_LITERAL,
    NODE_LIST,
    NODE_NAME,   /* text */
    NODE_SELECT, /* args[0].text */
    NODE_INDEX,  /* args[0][args[1]] */
    NODE_CALL,   /* args[0] is the target or NULL, text the function */
    NODE_MACRO,  /* args[0].text(variable, args[1]) */
    NODE_HAS,    /* args[0] is a NODE_SELECT */
    NODE_UNARY,  /* text is the operator */
    NODE_BINARY,
    NODE_TERNARY,
};

struct node {
    enum node_type type;
    char *text, *variable;
    struct json *value; /* of a literal */
    struct {
        struct node **items;
        size_t len, cap;
    } args;
};

struct kapi_cel {
    struct node *root;
    bool uses_old_self;
};

static void node_free(struct node *node)
{
    if (!node)
        return;
    for (size_t i = 0; i < node->args.len; i++)
        node_free(node->args.items[i]);
    VEC_RELEASE(&node->args);
    free(node->text);
    free(node->variable);
    json_free(node->value);
    free(node);
}
DEFINE_CLEANUP(struct node, node_free);

static struct node *node_new(enum node_type type, const char *text)
{
    struct node *node = mem_alloc(sizeof(*node));
    node->type = type;
    node->text = mem_strdup(text);
    return node;
}

/* -- parser -- */

struct parser {
    const char *text, *at;
    int depth;
    struct kapi_texts variables; /* of the macros around */
    bool uses_old_self;
};

static struct error *syntax(const struct parser *parser, const char *problem)
{
    return error_new(ERROR_INVALID, "ERROR: <input>:1:%zu: %s", (size_t)(parser->at - parser->text) + 1, problem);
}

static void skip(struct parser *parser)
{
    parser->at += strspn(parser->at, " \t\r\n");
}

static bool accept(struct parser *parser, const char *token)
{
    skip(parser);
    size_t len = strlen(token);
    if (strncmp(parser->at, token, len) != 0)
        return false;
    if (isalpha((unsigned char)token[0]) && (isalnum((unsigned char)parser->at[len]) || parser->at[len] == '_'))
        return false;
    parser->at += len;
    return true;
}

static struct error *parse_expression(struct parser *parser, struct node **ret);

/* Arguments up to the closing token. */
static struct error *parse_arguments(struct parser *parser, const char *close, struct node *into)
{
    if (accept(parser, close))
        return NULL;
    do {
        struct node *argument = NULL;
        TRY(parse_expression(parser, &argument));
        VEC_PUSH(&into->args, argument);
    } while (accept(parser, ","));
    return accept(parser, close) ? NULL : syntax(parser, "Syntax error: mismatched brackets");
}

static struct error *parse_string(struct parser *parser, struct node **ret)
{
    char quote = *parser->at++;
    CLEANUP_STRBUF struct strbuf text = STRBUF_INIT;

    for (; *parser->at && *parser->at != quote; parser->at++) {
        if (*parser->at != '\\') {
            strbuf_addc(&text, *parser->at);
            continue;
        }
        static const char letters[] = "nrt\\\"'`?", values[] = "\n\r\t\\\"'`?";
        const char *letter = *++parser->at ? strchr(letters, *parser->at) : NULL;
        if (!letter)
            return syntax(parser, "Syntax error: unknown escape in a string");
        strbuf_addc(&text, values[letter - letters]);
    }
    if (*parser->at != quote)
        return syntax(parser, "Syntax error: a string is not closed");
    parser->at++;
    *ret = node_new(NODE_LITERAL, NULL);
    (*ret)->value = json_new_string(strbuf_str(&text));
    return NULL;
}

static struct error *parse_number(struct parser *parser, struct node **ret)
{
    char *end;
    double number = strtod(parser->at, &end);
    bool whole = strcspn(parser->at, ".eE") >= (size_t)(end - parser->at);

    *ret = node_new(NODE_LITERAL, NULL);
    (*ret)->value = whole ? json_new_int(strtoll(parser->at, NULL, 10)) : json_new_number(number);
    parser->at = end + (*end == 'u');
    return NULL;
}

static char *identifier(struct parser *parser)
{
    skip(parser);
    size_t len = 0;

    while (isalnum((unsigned char)parser->at[len]) || parser->at[len] == '_')
        len++;
    if (!len || isdigit((unsigned char)*parser->at))
        return NULL;
    char *name = mem_strndup(parser->at, len);
    parser->at += len;
    return name;
}

static bool is_macro(const char *name)
{
    static const char *const macros[] = {"all", "exists", "exists_one", "filter", "map"};

    for (size_t i = 0; i < ARRAY_SIZE(macros); i++) {
        if (str_equal(macros[i], name))
            return true;
    }
    return false;
}

/* target.name(variable, expression); the target belongs to the node from here on. */
static struct error *parse_macro(struct parser *parser, const char *name, struct node *target, struct node **ret)
{
    CLEANUP(node_free) struct node *node = node_new(NODE_MACRO, name);

    VEC_PUSH(&node->args, target);
    node->variable = identifier(parser);
    if (!node->variable || !accept(parser, ","))
        return syntax(parser, "Syntax error: a macro needs a variable and an expression");
    kapi_texts_add(&parser->variables, "%s", node->variable);
    TRY(parse_arguments(parser, ")", node));
    *ret = TAKE_PTR(node);
    return NULL;
}

static struct error *parse_name(struct parser *parser, struct node **ret)
{
    static const char *const functions[] = {"size", "string", "int", "double", "type"};
    const char *start = parser->at;
    CLEANUP_FREE char *name = identifier(parser);

    if (!name)
        return syntax(parser, *parser->at ? "Syntax error: unexpected character" : "Syntax error: unexpected end");
    if (str_equal(name, "true") || str_equal(name, "false") || str_equal(name, "null")) {
        *ret = node_new(NODE_LITERAL, NULL);
        (*ret)->value = str_equal(name, "null") ? json_new_null() : json_new_bool(str_equal(name, "true"));
        return NULL;
    }
    if (accept(parser, "(")) {
        CLEANUP(node_free) struct node *call = node_new(str_equal(name, "has") ? NODE_HAS : NODE_CALL, name);
        bool known = call->type == NODE_HAS;
        for (size_t i = 0; i < ARRAY_SIZE(functions); i++)
            known = known || str_equal(functions[i], name);
        if (!known) {
            parser->at = start;
            return syntax(parser, "undeclared reference to a function");
        }
        if (call->type == NODE_CALL)
            VEC_PUSH(&call->args, NULL);
        TRY(parse_arguments(parser, ")", call));
        if (call->type == NODE_HAS && (call->args.len != 1 || call->args.items[0]->type != NODE_SELECT))
            return syntax(parser, "invalid argument to has() macro");
        *ret = TAKE_PTR(call);
        return NULL;
    }
    bool known = str_equal(name, "self") || str_equal(name, "oldSelf");
    for (size_t i = 0; i < parser->variables.len; i++)
        known = known || str_equal(parser->variables.items[i], name);
    if (!known) {
        CLEANUP_FREE char *problem = mem_printf("undeclared reference to '%s' (in container '')", name);
        parser->at = start;
        return syntax(parser, problem);
    }
    parser->uses_old_self = parser->uses_old_self || str_equal(name, "oldSelf");
    *ret = node_new(NODE_NAME, name);
    return NULL;
}

static struct error *parse_primary(struct parser *parser, struct node **ret)
{
    skip(parser);
    if (*parser->at == '"' || *parser->at == '\'')
        return parse_string(parser, ret);
    if (isdigit((unsigned char)*parser->at))
        return parse_number(parser, ret);
    if (accept(parser, "(")) {
        TRY(parse_expression(parser, ret));
        return accept(parser, ")") ? NULL : syntax(parser, "Syntax error: missing ')'");
    }
    if (accept(parser, "[")) {
        CLEANUP(node_free) struct node *list = node_new(NODE_LIST, NULL);
        TRY(parse_arguments(parser, "]", list));
        *ret = TAKE_PTR(list);
        return NULL;
    }
    return parse_name(parser, ret);
}

/* .name, .function(…), [index] behind a value, which *value takes in. */
static struct error *parse_member(struct parser *parser, struct node **value)
{
    if (accept(parser, "[")) {
        struct node *node = node_new(NODE_INDEX, NULL);
        VEC_PUSH(&node->args, *value);
        *value = node;
        TRY(parse_arguments(parser, "]", node));
        return node->args.len == 2 ? NULL : syntax(parser, "Syntax error: an index is one expression");
    }
    CLEANUP_FREE char *name = identifier(parser);
    if (!name)
        return syntax(parser, "Syntax error: a name must follow '.'");
    if (!accept(parser, "(")) {
        struct node *node = node_new(NODE_SELECT, name);
        VEC_PUSH(&node->args, *value);
        *value = node;
        return NULL;
    }
    if (is_macro(name))
        return parse_macro(parser, name, TAKE_PTR(*value), value);
    struct node *node = node_new(NODE_CALL, name);
    VEC_PUSH(&node->args, *value);
    *value = node;
    return parse_arguments(parser, ")", node);
}

static struct error *parse_unary(struct parser *parser, struct node **ret)
{
    const char *operation = accept(parser, "!") ? "!" : accept(parser, "-") ? "-" : NULL;

    if (operation) {
        CLEANUP(node_free) struct node *node = node_new(NODE_UNARY, operation);
        struct node *argument = NULL;
        TRY(parse_unary(parser, &argument));
        VEC_PUSH(&node->args, argument);
        *ret = TAKE_PTR(node);
        return NULL;
    }
    CLEANUP(node_free) struct node *value = NULL;
    TRY(parse_primary(parser, &value));
    while (skip(parser), *parser->at == '[' || accept(parser, "."))
        TRY(parse_member(parser, &value));
    *ret = TAKE_PTR(value);
    return NULL;
}

/* Operators from the loosest to the tightest; each level is left-associative. */
static const char *const operators[][7] = {
    {"||"}, {"&&"}, {"==", "!=", "<=", ">=", "<", ">", "in"}, {"+", "-"}, {"*", "/", "%"}};

static struct error *parse_binary(struct parser *parser, size_t level, struct node **ret)
{
    if (level == ARRAY_SIZE(operators))
        return parse_unary(parser, ret);
    CLEANUP(node_free) struct node *left = NULL;
    TRY(parse_binary(parser, level + 1, &left));
    while (true) {
        const char *found = NULL;
        for (size_t i = 0; !found && i < ARRAY_SIZE(operators[level]) && operators[level][i]; i++)
            found = accept(parser, operators[level][i]) ? operators[level][i] : NULL;
        if (!found)
            break;
        struct node *node = node_new(NODE_BINARY, found), *right = NULL;
        VEC_PUSH(&node->args, left);
        left = node;
        TRY(parse_binary(parser, level + 1, &right));
        VEC_PUSH(&node->args, right);
    }
    *ret = TAKE_PTR(left);
    return NULL;
}

static struct error *parse_ternary(struct parser *parser, struct node **ret)
{
    CLEANUP(node_free) struct node *value = NULL;

    TRY(parse_binary(parser, 0, &value));
    if (accept(parser, "?")) {
        struct node *node = node_new(NODE_TERNARY, NULL), *part = NULL;
        VEC_PUSH(&node->args, value);
        value = node;
        TRY(parse_expression(parser, &part));
        VEC_PUSH(&node->args, part);
        if (!accept(parser, ":"))
            return syntax(parser, "Syntax error: missing ':'");
        part = NULL;
        TRY(parse_expression(parser, &part));
        VEC_PUSH(&node->args, part);
    }
    *ret = TAKE_PTR(value);
    return NULL;
}

static struct error *parse_expression(struct parser *parser, struct node **ret)
{
    if (++parser->depth > DEPTH_MAX)
        return syntax(parser, "the expression is nested too deep");
    struct error *err = parse_ternary(parser, ret);
    parser->depth--;
    return err;
}

struct error *kapi_cel_compile(const char *text, struct kapi_cel **ret)
{
    struct parser parser = {.text = text, .at = text};
    struct node *root = NULL;
    struct error *err = parse_expression(&parser, &root);

    skip(&parser);
    if (!err && *parser.at)
        err = syntax(&parser, "Syntax error: extraneous input");
    kapi_texts_release(&parser.variables);
    if (err) {
        node_free(root);
        return err;
    }
    struct kapi_cel *cel = mem_alloc(sizeof(*cel));
    cel->root = root;
    cel->uses_old_self = parser.uses_old_self;
    *ret = cel;
    return NULL;
}

void kapi_cel_free(struct kapi_cel *cel)
{
    if (!cel)
        return;
    node_free(cel->root);
    free(cel);
}

bool kapi_cel_uses_old_self(const struct kapi_cel *cel)
{
    return cel->uses_old_self;
}

/* -- evaluation -- */

struct scope {
    const struct scope *outer;
    const char *name;
    const struct json *value;
};

struct evaluation {
    size_t work;
};

static struct error *evaluate(struct evaluation *run, const struct node *node, const struct scope *scope,
                              struct json **ret);

static struct error *no_overload(const char *name)
{
    return error_new(ERROR_INVALID, "no such overload: %s", name);
}

static struct error *evaluate_bool(struct evaluation *run, const struct node *node, const struct scope *scope,
                                   bool *ret)
{
    CLEANUP(json_free) struct json *value = NULL;

    TRY(evaluate(run, node, scope, &value));
    if (!json_is(value, JSON_BOOL))
        return no_overload("a condition that is no bool");
    *ret = json_bool(value, "", false);
    return NULL;
}

/* && and || take an error of one side when the other side decides alone. */
static struct error *evaluate_logic(struct evaluation *run, const struct node *node, const struct scope *scope,
                                    struct json **ret)
{
    bool deciding = str_equal(node->text, "||"), left = false, right = false;
    CLEANUP(error_free) struct error *err = evaluate_bool(run, node->args.items[0], scope, &left);

    if (!err && left == deciding) {
        *ret = json_new_bool(deciding);
        return NULL;
    }
    TRY(evaluate_bool(run, node->args.items[1], scope, &right));
    if (err && right != deciding)
        return TAKE_PTR(err);
    *ret = json_new_bool(right);
    return NULL;
}

static int compare(const struct json *a, const struct json *b)
{
    if (json_is(a, JSON_STRING))
        return strcmp(json_str(a, ""), json_str(b, ""));
    double left = json_number(a, "", 0), right = json_number(b, "", 0);
    return left < right ? -1 : left > right;
}

static struct error *order(const char *operation, const struct json *a, const struct json *b, struct json **ret)
{
    if (json_type(a) != json_type(b) || (!json_is(a, JSON_NUMBER) && !json_is(a, JSON_STRING)))
        return no_overload(operation);
    int sign = compare(a, b);
    *ret = json_new_bool(str_equal(operation, "<")    ? sign < 0
                         : str_equal(operation, "<=") ? sign <= 0
                         : str_equal(operation, ">")  ? sign > 0
                                                      : sign >= 0);
    return NULL;
}

static struct error *contains(const struct json *item, const struct json *container, struct json **ret)
{
    bool found = false;

    if (json_is(container, JSON_OBJECT))
        found = json_str(item, "") && json_member(container, json_str(item, ""));
    else if (!json_is(container, JSON_ARRAY))
        return no_overload("in");
    JSON_FOREACH (candidate, json_is(container, JSON_ARRAY) ? container : NULL)
        found = found || json_equal(candidate, item);
    *ret = json_new_bool(found);
    return NULL;
}

static struct error *add(const struct json *a, const struct json *b, struct json **ret)
{
    if (json_is(a, JSON_STRING) && json_is(b, JSON_STRING)) {
        CLEANUP_FREE char *text = mem_printf("%s%s", json_str(a, ""), json_str(b, ""));
        *ret = json_new_string(text);
        return NULL;
    }
    if (!json_is(a, JSON_ARRAY) || !json_is(b, JSON_ARRAY))
        return no_overload("+");
    *ret = json_copy(a);
    JSON_FOREACH (item, b)
        json_append(*ret, json_copy(item));
    return NULL;
}

static struct error *arithmetic(const char *operation, const struct json *a, const struct json *b, struct json **ret)
{
    if (!json_is(a, JSON_NUMBER) || !json_is(b, JSON_NUMBER))
        return str_equal(operation, "+") ? add(a, b, ret) : no_overload(operation);
    if (json_is_integer(a) && json_is_integer(b)) {
        int64_t left = json_int(a, "", 0), right = json_int(b, "", 0), result = 0;
        bool overflow = *operation == '+'   ? __builtin_add_overflow(left, right, &result)
                        : *operation == '-' ? __builtin_sub_overflow(left, right, &result)
                        : *operation == '*' ? __builtin_mul_overflow(left, right, &result)
                                            : !right || (left == INT64_MIN && right == -1);
        if (overflow)
            return error_new(ERROR_INVALID, "integer overflow or division by zero");
        if (*operation == '/' || *operation == '%')
            result = *operation == '/' ? left / right : left % right;
        *ret = json_new_int(result);
        return NULL;
    }
    double left = json_number(a, "", 0), right = json_number(b, "", 0);
    if (*operation == '%')
        return no_overload("%");
    *ret = json_new_number(*operation == '+'   ? left + right
                           : *operation == '-' ? left - right
                           : *operation == '*' ? left * right
                                               : left / right);
    return NULL;
}

static struct error *evaluate_binary(struct evaluation *run, const struct node *node, const struct scope *scope,
                                     struct json **ret)
{
    CLEANUP(json_free) struct json *a = NULL, *b = NULL;

    if (str_equal(node->text, "&&") || str_equal(node->text, "||"))
        return evaluate_logic(run, node, scope, ret);
    TRY(evaluate(run, node->args.items[0], scope, &a));
    TRY(evaluate(run, node->args.items[1], scope, &b));
    if (str_equal(node->text, "==") || str_equal(node->text, "!=")) {
        *ret = json_new_bool(json_equal(a, b) == (node->text[0] == '='));
        return NULL;
    }
    if (str_equal(node->text, "in"))
        return contains(a, b, ret);
    if (node->text[0] == '<' || node->text[0] == '>')
        return order(node->text, a, b, ret);
    return arithmetic(node->text, a, b, ret);
}

static struct error *text_function(const char *name, const char *text, const char *argument, bool *ret)
{
    if (str_equal(name, "startsWith")) {
        *ret = str_has_prefix(text, argument);
    } else if (str_equal(name, "endsWith")) {
        *ret = str_has_suffix(text, argument);
    } else if (str_equal(name, "contains")) {
        *ret = strstr(text, argument) != NULL;
    } else if (str_equal(name, "matches")) {
        struct kapi_regex *regex = NULL;
        TRY(kapi_regex_new(argument, &regex));
        *ret = kapi_regex_matches(regex, text);
        kapi_regex_free(regex);
    } else {
        return error_new(ERROR_INVALID, "undeclared reference to '%s'", name);
    }
    return NULL;
}

static struct error *size_of(const struct json *value, struct json **ret)
{
    if (json_is(value, JSON_STRING)) {
        int64_t count = 0;
        for (const char *at = json_str(value, ""); *at; at++)
            count += (*at & 0xc0) != 0x80;
        *ret = json_new_int(count);
        return NULL;
    }
    if (!json_is(value, JSON_ARRAY) && !json_is(value, JSON_OBJECT))
        return no_overload("size");
    *ret = json_new_int((int64_t)json_len(value));
    return NULL;
}

static struct error *evaluate_call(struct evaluation *run, const struct node *node, const struct scope *scope,
                                   struct json **ret)
{
    CLEANUP(json_free) struct json *target = NULL, *argument = NULL;
    bool result;

    if (node->args.items[0])
        TRY(evaluate(run, node->args.items[0], scope, &target));
    if (node->args.len > 2)
        return no_overload(node->text);
    if (node->args.len == 2)
        TRY(evaluate(run, node->args.items[1], scope, &argument));
    if (str_equal(node->text, "size"))
        return size_of(target ? target : argument, ret);
    if (str_equal(node->text, "string") && argument) {
        CLEANUP_FREE char *text =
            json_is(argument, JSON_STRING) ? mem_strdup(json_str(argument, "")) : json_print(argument);
        *ret = json_new_string(text);
        return NULL;
    }
    if (!json_str(target, "") || !json_str(argument, ""))
        return no_overload(node->text);
    TRY(text_function(node->text, json_str(target, ""), json_str(argument, ""), &result));
    *ret = json_new_bool(result);
    return NULL;
}

static struct error *evaluate_macro(struct evaluation *run, const struct node *node, const struct scope *scope,
                                    struct json **ret)
{
    CLEANUP(json_free) struct json *target = NULL, *list = json_new_array();
    size_t holds = 0, total = 0;
    bool collects = str_equal(node->text, "filter") || str_equal(node->text, "map");

    if (node->args.len != 2)
        return no_overload(node->text);
    TRY(evaluate(run, node->args.items[0], scope, &target));
    if (!json_is(target, JSON_ARRAY) && !json_is(target, JSON_OBJECT))
        return no_overload(node->text);
    JSON_FOREACH (item, target) {
        /* Macros on a map run over its keys. */
        CLEANUP(json_free) struct json *key = json_key(item) ? json_new_string(json_key(item)) : NULL;
        struct scope inner = {scope, node->variable, key ? key : item};
        CLEANUP(json_free) struct json *value = NULL;
        TRY(evaluate(run, node->args.items[1], &inner, &value));
        total++;
        if (str_equal(node->text, "map")) {
            json_append(list, TAKE_PTR(value));
            continue;
        }
        if (!json_is(value, JSON_BOOL))
            return no_overload(node->text);
        if (!json_bool(value, "", false))
            continue;
        holds++;
        if (str_equal(node->text, "filter"))
            json_append(list, json_copy(inner.value));
    }
    if (collects)
        *ret = TAKE_PTR(list);
    else
        *ret = json_new_bool(str_equal(node->text, "all")      ? holds == total
                             : str_equal(node->text, "exists") ? holds > 0
                                                               : holds == 1);
    return NULL;
}

/* A value without a copy when the node is a path; NULL when it is something else. */
static const struct json *peek(const struct node *node, const struct scope *scope)
{
    if (node->type == NODE_NAME) {
        for (; scope; scope = scope->outer) {
            if (str_equal(scope->name, node->text))
                return scope->value;
        }
    }
    if (node->type != NODE_SELECT)
        return NULL;
    const struct json *object = peek(node->args.items[0], scope);
    return object ? json_member(object, node->text) : NULL;
}

static struct error *evaluate_select(struct evaluation *run, const struct node *node, const struct scope *scope,
                                     struct json **ret)
{
    CLEANUP(json_free) struct json *object = NULL;

    TRY(evaluate(run, node->args.items[0], scope, &object));
    const struct json *member = json_member(object, node->text);
    if (!member)
        return error_new(ERROR_INVALID, "no such key: %s", node->text);
    *ret = json_copy(member);
    return NULL;
}

static struct error *evaluate_index(struct evaluation *run, const struct node *node, const struct scope *scope,
                                    struct json **ret)
{
    CLEANUP(json_free) struct json *container = NULL, *index = NULL;

    TRY(evaluate(run, node->args.items[0], scope, &container));
    TRY(evaluate(run, node->args.items[1], scope, &index));
    const struct json *found =
        json_is(container, JSON_OBJECT) && json_str(index, "")   ? json_member(container, json_str(index, ""))
        : json_is_integer(index) && json_int(index, "", -1) >= 0 ? json_item(container, (size_t)json_int(index, "", 0))
                                                                 : NULL;
    if (!found)
        return error_new(ERROR_INVALID, "no such key or index");
    *ret = json_copy(found);
    return NULL;
}

static struct error *evaluate_has(struct evaluation *run, const struct node *node, const struct scope *scope,
                                  struct json **ret)
{
    const struct node *select = node->args.items[0];
    CLEANUP(json_free) struct json *object = NULL;

    TRY(evaluate(run, select->args.items[0], scope, &object));
    *ret = json_new_bool(json_member(object, select->text) != NULL);
    return NULL;
}

static struct error *evaluate_list(struct evaluation *run, const struct node *node, const struct scope *scope,
                                   struct json **ret)
{
    CLEANUP(json_free) struct json *list = json_new_array();

    for (size_t i = 0; i < node->args.len; i++) {
        struct json *item = NULL;
        TRY(evaluate(run, node->args.items[i], scope, &item));
        json_append(list, item);
    }
    *ret = TAKE_PTR(list);
    return NULL;
}

static struct error *evaluate_unary(struct evaluation *run, const struct node *node, const struct scope *scope,
                                    struct json **ret)
{
    CLEANUP(json_free) struct json *value = NULL;

    TRY(evaluate(run, node->args.items[0], scope, &value));
    if (*node->text == '!' && json_is(value, JSON_BOOL))
        *ret = json_new_bool(!json_bool(value, "", false));
    else if (*node->text == '-' && json_is_integer(value))
        *ret = json_new_int(-json_int(value, "", 0));
    else if (*node->text == '-' && json_is(value, JSON_NUMBER))
        *ret = json_new_number(-json_number(value, "", 0));
    else
        return no_overload(node->text);
    return NULL;
}

static struct error *evaluate_ternary(struct evaluation *run, const struct node *node, const struct scope *scope,
                                      struct json **ret)
{
    bool condition = false;

    TRY(evaluate_bool(run, node->args.items[0], scope, &condition));
    return evaluate(run, node->args.items[condition ? 1 : 2], scope, ret);
}

static struct error *evaluate(struct evaluation *run, const struct node *node, const struct scope *scope,
                              struct json **ret)
{
    static struct error *(*const evaluators[])(struct evaluation *, const struct node *, const struct scope *,
                                               struct json **) = {
        [NODE_LIST] = evaluate_list,   [NODE_SELECT] = evaluate_select, [NODE_INDEX] = evaluate_index,
        [NODE_CALL] = evaluate_call,   [NODE_MACRO] = evaluate_macro,   [NODE_HAS] = evaluate_has,
        [NODE_UNARY] = evaluate_unary, [NODE_BINARY] = evaluate_binary, [NODE_TERNARY] = evaluate_ternary,
    };

    if (++run->work > WORK_MAX)
        return error_new(ERROR_INVALID, "operation cancelled: actual cost limit exceeded");
    const struct json *value = node->type == NODE_LITERAL ? node->value : peek(node, scope);
    if (value) {
        *ret = json_copy(value);
        return NULL;
    }
    if (node->type == NODE_NAME)
        return error_new(ERROR_INVALID, "no such attribute: %s", node->text);
    return evaluators[node->type](run, node, scope, ret);
}

struct error *kapi_cel_eval(const struct kapi_cel *cel, const struct json *self, const struct json *old_self,
                            struct json **ret)
{
    struct evaluation run = {0};
    struct scope old_scope = {NULL, "oldSelf", old_self}, scope = {&old_scope, "self", self};

    return evaluate(&run, cel->root, &scope, ret);
}
