// SPDX-License-Identifier: Apache-2.0
// Reading a row of the plan: tables say what members there are, errors say which one is wrong and what is allowed.
#include "bmc-emu/faults/row.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A row as text. */
struct when_text {
    struct json *state;
    char *after, *lasts;
    int64_t nth, from, count;
    double rate;
    bool per_machine;
};
struct row_text {
    char *fault;
    struct json *machines;
    struct when_text when;
    char *operation, *mode, *delay, *retry_after, *message_id;
    int64_t status;
};

static const struct json_field when_fields[] = {
    {"state", JSON_FIELD_JSON, offsetof(struct when_text, state)},
    {"after", JSON_FIELD_STRING, offsetof(struct when_text, after)},
    {"for", JSON_FIELD_STRING, offsetof(struct when_text, lasts)},
    {"nth", JSON_FIELD_INT, offsetof(struct when_text, nth)},
    {"from", JSON_FIELD_INT, offsetof(struct when_text, from)},
    {"count", JSON_FIELD_INT, offsetof(struct when_text, count)},
    {"rate", JSON_FIELD_NUMBER, offsetof(struct when_text, rate)},
    {"perMachine", JSON_FIELD_BOOL, offsetof(struct when_text, per_machine)},
    {0},
};

/* In the order of enum fault_member's bits. */
static const struct json_field member_fields[] = {
    {"operation", JSON_FIELD_STRING, offsetof(struct row_text, operation)},
    {"mode", JSON_FIELD_STRING, offsetof(struct row_text, mode)},
    {"delay", JSON_FIELD_STRING, offsetof(struct row_text, delay)},
    {"status", JSON_FIELD_INT, offsetof(struct row_text, status)},
    {"retryAfter", JSON_FIELD_STRING, offsetof(struct row_text, retry_after)},
    {"messageId", JSON_FIELD_STRING, offsetof(struct row_text, message_id)},
};

/* What there is to free. */
static const struct json_field all_fields[] = {
    {"fault", JSON_FIELD_STRING, offsetof(struct row_text, fault)},
    {"machines", JSON_FIELD_JSON, offsetof(struct row_text, machines)},
    {"when", JSON_FIELD_OBJECT, offsetof(struct row_text, when), .fields = when_fields},
    {"operation", JSON_FIELD_STRING, offsetof(struct row_text, operation)},
    {"mode", JSON_FIELD_STRING, offsetof(struct row_text, mode)},
    {"delay", JSON_FIELD_STRING, offsetof(struct row_text, delay)},
    {"retryAfter", JSON_FIELD_STRING, offsetof(struct row_text, retry_after)},
    {"messageId", JSON_FIELD_STRING, offsetof(struct row_text, message_id)},
    {0},
};

const char *fault_member_name(size_t bit)
{
    return bit < ARRAY_SIZE(member_fields) ? member_fields[bit].path : NULL;
}

static void row_text_release(struct row_text *text)
{
    json_decode_release(all_fields, text);
}

/* -- words that YAML takes for booleans: On, Off -- */

static struct json *word_of(const struct json *value)
{
    if (json_is(value, JSON_BOOL))
        return json_new_string(json_bool(value, "", false) ? "On" : "Off");
    return json_copy(value);
}

static void restore_word(struct json *row, const char *path)
{
    if (json_is(json_get(row, path), JSON_BOOL))
        json_set(row, path, word_of(json_get(row, path)));
}

/* The row as it was meant. */
static struct json *restore_words(const struct json *json)
{
    struct json *row = json_copy(json);
    struct json *states = json_new_array();

    restore_word(row, "operation");
    restore_word(row, "when/state");
    JSON_FOREACH (state, json_get(row, "when/state"))
        json_append(states, word_of(state));
    if (json_is(json_get(row, "when/state"), JSON_ARRAY))
        json_set(row, "when/state", states);
    else
        json_free(states);
    return row;
}

/* -- which members -- */

static struct error *take_kind(const struct json *json, enum fault_kind *ret)
{
    const char *names[FAULT_KIND_COUNT + 1] = {0};
    struct json_field fields[] = {
        {"fault", JSON_FIELD_STRING, 0, .required = true, .values = names},
        {0},
    };
    CLEANUP_FREE char *name = NULL;

    for (int i = 0; i < FAULT_KIND_COUNT; i++)
        names[i] = fault_kinds[i].name;
    TRY(json_decode(json, fields, &name));
    for (int i = 0; i < FAULT_KIND_COUNT; i++)
        if (str_equal(names[i], name))
            *ret = (enum fault_kind)i;
    return NULL;
}

/* A member that other kinds take gets a better message than an unknown one. */
static struct error *check_members(const struct json *json, const struct fault_kind_info *kind)
{
    CLEANUP_STRBUF struct strbuf takes = STRBUF_INIT;

    for (size_t i = 0; i < ARRAY_SIZE(member_fields); i++)
        if (kind->members & 1u << i)
            strbuf_addf(&takes, ", %s", member_fields[i].path);
    for (size_t i = 0; i < ARRAY_SIZE(member_fields); i++)
        if (!(kind->members & 1u << i) && json_member(json, member_fields[i].path))
            return error_new(ERROR_INVALID, "%s: is no member of this kind, which takes machines, when%s",
                             member_fields[i].path, strbuf_str(&takes));
    return NULL;
}

/* On an error nothing in *ret is allocated. */
static struct error *take_text(const struct json *json, const struct fault_kind_info *kind, struct row_text *ret)
{
    struct json_field fields[3 + ARRAY_SIZE(member_fields) + 1] = {
        {"fault", JSON_FIELD_STRING, offsetof(struct row_text, fault)},
        {"machines", JSON_FIELD_JSON, offsetof(struct row_text, machines)},
        {"when", JSON_FIELD_OBJECT, offsetof(struct row_text, when), .fields = when_fields},
    };
    size_t count = 3;

    TRY(check_members(json, kind));
    for (size_t i = 0; i < ARRAY_SIZE(member_fields); i++) {
        if (!(kind->members & 1u << i))
            continue;
        fields[count] = member_fields[i];
        if (1u << i == FAULT_MEMBER_MODE)
            fields[count].values = kind->modes;
        if (1u << i == FAULT_MEMBER_DELAY)
            fields[count].required = kind->needs_delay;
        count++;
    }
    return json_decode_strict(json, fields, ret);
}

/* -- values -- */

/* Leaves *ret as it is when there is no text. */
static struct error *take_duration(const char *name, const char *text, rt_time *ret)
{
    rt_time value;

    if (!text)
        return NULL;
    TRY_WRAP(time_parse_duration(text, &value), "%s", name);
    if (value <= 0)
        return error_new(ERROR_INVALID, "%s: \"%s\" must be longer than nothing", name, text);
    *ret = value;
    return NULL;
}

static struct error *check_positive(const struct json *json, const char *path, const char *name)
{
    if (json_is(json_get(json, path), JSON_NUMBER) && json_int(json, path, 0) < 1)
        return error_new(ERROR_INVALID, "%s: must be 1 or more", name);
    return NULL;
}

static struct error *take_counts(struct fault_row *row, const struct json *json, const struct when_text *when)
{
    TRY(check_positive(json, "when/nth", "when.nth"));
    TRY(check_positive(json, "when/from", "when.from"));
    TRY(check_positive(json, "when/count", "when.count"));
    if (when->nth && when->from)
        return error_new(ERROR_INVALID, "when: nth and from exclude each other: nth is one operation, from is that "
                                        "and all later ones");
    row->nth = when->nth;
    row->from = when->from;
    row->count = when->count;
    row->per_machine = when->per_machine;
    row->rate = 1;
    if (json_is(json_get(json, "when/rate"), JSON_NUMBER)) {
        if (!(when->rate > 0 && when->rate <= 1))
            return error_new(ERROR_INVALID, "when.rate: must be above 0 and at most 1, not %g", when->rate);
        row->rate = when->rate;
    }
    return NULL;
}

static struct error *take_times(struct fault_row *row, struct rt *rt, const struct when_text *when)
{
    rt_time after = 0, lasts = RT_FOREVER;

    TRY(take_duration("when.after", when->after, &after));
    TRY(take_duration("when.for", when->lasts, &lasts));
    row->begin = rt ? rt_after(rt, after) : after;
    row->end = lasts == RT_FOREVER || lasts > RT_FOREVER - row->begin ? RT_FOREVER : row->begin + lasts;
    return NULL;
}

static struct error *take_state(struct fault_row *row, const struct json *state)
{
    const char *text = json_str(state, "");
    CLEANUP_STRBUF struct strbuf allowed = STRBUF_INIT;

    for (int i = 0; i < MACHINE_POWER_COUNT; i++) {
        const char *name = machine_power_name((enum machine_power)i);
        if (text && str_equal(name, text)) {
            row->powers |= 1u << i;
            return NULL;
        }
        strbuf_addf(&allowed, "%s%s", i ? ", " : "", name);
    }
    /* Progress "None" is left out: it is power Off. */
    for (int i = MACHINE_PROGRESS_NONE + 1; i < MACHINE_PROGRESS_COUNT; i++) {
        const char *name = machine_progress_name((enum machine_progress)i);
        if (text && str_equal(name, text)) {
            row->progresses |= 1u << i;
            return NULL;
        }
        strbuf_addf(&allowed, ", %s", name);
    }
    CLEANUP_FREE char *shown = json_print(state);
    return error_new(ERROR_INVALID, "when.state: %.80s is none of %s", shown, strbuf_str(&allowed));
}

static struct error *take_states(struct fault_row *row, const struct json *state)
{
    if (!json_is(state, JSON_ARRAY))
        return state && !json_is(state, JSON_NULL) ? take_state(row, state) : NULL;
    if (!json_len(state))
        return error_new(ERROR_INVALID, "when.state: is an empty list; leave it out for any state");
    JSON_FOREACH (item, state)
        TRY(take_state(row, item));
    return NULL;
}

struct naming {
    struct fault_row *row;
    const struct fault_machines *machines;
    void *arg;
};

static struct error *take_machine_name(const struct naming *naming, const char *name)
{
    if (str_equal(name, "all")) {
        naming->row->all_machines = true;
        return NULL;
    }
    for (size_t i = 0; i < naming->row->machine_count; i++) {
        if (str_equal(naming->machines->name(naming->arg, i), name)) {
            naming->row->machines[i] = true;
            return NULL;
        }
    }
    return error_new(ERROR_NOT_FOUND, "machines: there is no machine called \"%.80s\"", name);
}

static struct error *take_machine(const struct naming *naming, const struct json *item)
{
    if (json_is(item, JSON_STRING))
        return take_machine_name(naming, json_str(item, ""));
    if (!json_is_integer(item))
        return error_new(ERROR_INVALID, "machines: must be \"all\", numbers from 1, or names");
    int64_t number = json_int(item, "", 0);
    if (number < 1 || (uint64_t)number > naming->row->machine_count)
        return error_new(ERROR_NOT_FOUND, "machines: there is no machine number %" PRId64 ", they go from 1 to %zu",
                         number, naming->row->machine_count);
    naming->row->machines[number - 1] = true;
    return NULL;
}

static struct error *take_machines(const struct naming *naming, const struct json *json)
{
    struct fault_row *row = naming->row;

    row->machine_count = naming->machines ? naming->machines->count(naming->arg) : 0;
    row->machines = mem_alloc_array(row->machine_count + 1, sizeof(*row->machines));
    if (!json || json_is(json, JSON_NULL))
        row->all_machines = true;
    else if (!json_is(json, JSON_ARRAY))
        TRY(take_machine(naming, json));
    else if (!json_len(json))
        return error_new(ERROR_INVALID, "machines: is an empty list; leave it out for all machines");
    else
        JSON_FOREACH (item, json)
            TRY(take_machine(naming, item));
    if (!row->per_machine)
        return NULL;
    row->counters = mem_alloc_array(row->machine_count + 1, sizeof(*row->counters));
    for (size_t i = 0; i < row->machine_count; i++)
        row->machines_left += row->all_machines || row->machines[i];
    return NULL;
}

/* -- what it does -- */

static struct error *take_power_action(struct fault_row *row, const char *text)
{
    enum machine_action action;
    CLEANUP_STRBUF struct strbuf allowed = STRBUF_INIT;

    for (int i = 0; i < MACHINE_ACTION_COUNT; i++)
        strbuf_addf(&allowed, "%s%s", i ? ", " : "", machine_action_name((enum machine_action)i));
    if (!machine_action_parse(text, &action))
        return error_new(ERROR_INVALID, "operation: \"%.80s\" is none of %s", text, strbuf_str(&allowed));
    row->verb = mem_strdup(text);
    return NULL;
}

static struct error *take_request(struct fault_row *row, const char *text)
{
    static const char *const methods[] = {"GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", NULL};
    const char *path = strchr(text, '/');
    CLEANUP_FREE char *head = path ? mem_strndup(text, (size_t)(path - text)) : mem_strdup(text);
    CLEANUP_FREE char *verb = str_trim(head);

    row->path = mem_strdup(path);
    if (path && str_is_empty(verb))
        return NULL;
    for (const char *const *method = methods; *method; method++) {
        if (str_equal(*method, verb)) {
            row->verb = TAKE_PTR(verb);
            return NULL;
        }
    }
    return error_new(ERROR_INVALID,
                     "operation: \"%.80s\" is not METHOD, PATTERN or METHOD PATTERN; methods are GET, HEAD, POST, "
                     "PATCH, PUT, DELETE, a pattern begins with / and may have *",
                     text);
}

static struct error *take_operation(struct fault_row *row, const char *text)
{
    if (!text)
        return NULL;
    return fault_kinds[row->kind].place == FAULT_AT_HTTP ? take_request(row, text) : take_power_action(row, text);
}

/* In a JSON string and in an error's text, so: nothing that needs quoting. */
static bool is_message_id(const char *text)
{
    return strlen(text) < FAULT_MESSAGE_ID_SIZE &&
           text[strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-")] == '\0';
}

static struct error *take_effect(struct fault_row *row, const struct json *json, const struct row_text *text)
{
    const struct fault_kind_info *kind = &fault_kinds[row->kind];
    struct fault_hit *effect = &row->effect;

    effect->delay = kind->delay;
    TRY(take_duration("delay", text->delay, &effect->delay));
    TRY(take_duration("retryAfter", text->retry_after, &effect->retry_after));
    effect->status = text->status ? (int)text->status : kind->status;
    if (json_is(json_get(json, "status"), JSON_NUMBER) && (text->status < 400 || text->status > 599))
        return error_new(ERROR_INVALID, "status: must be from 400 to 599, not %" PRId64, text->status);
    for (int i = 0; text->mode && !str_equal(kind->modes[effect->mode], text->mode); i++)
        effect->mode = i + 1;
    if (text->message_id && !is_message_id(text->message_id))
        return error_new(ERROR_INVALID, "messageId: must be shorter than %d letters, digits, '.', '_' and '-'",
                         FAULT_MESSAGE_ID_SIZE);
    snprintf(effect->message_id, sizeof(effect->message_id), "%s", text->message_id ? text->message_id : "");
    return take_operation(row, str_or(text->operation, kind->operation));
}

/* -- the row -- */

static struct error *fill(struct fault_row *row, const struct json *json, struct rt *rt,
                          const struct fault_machines *machines, void *arg)
{
    __attribute__((cleanup(row_text_release))) struct row_text text = {0};
    const struct naming naming = {row, machines, arg};

    TRY(take_text(json, &fault_kinds[row->kind], &text));
    TRY(take_counts(row, json, &text.when));
    TRY(take_times(row, rt, &text.when));
    TRY(take_states(row, text.when.state));
    TRY(take_machines(&naming, text.machines));
    return take_effect(row, json, &text);
}

struct error *fault_row_new(const struct json *given, struct rt *rt, const struct fault_machines *machines, void *arg,
                            struct fault_row **ret)
{
    CLEANUP(fault_row_free) struct fault_row *row = mem_alloc(sizeof(*row));

    row->json = restore_words(given);
    TRY_WRAP(take_kind(row->json, &row->kind), "the row");
    TRY_WRAP(fill(row, row->json, rt, machines, arg), "fault \"%s\"", fault_kinds[row->kind].name);
    *ret = TAKE_PTR(row);
    return NULL;
}

void fault_row_free(struct fault_row *row)
{
    if (!row)
        return;
    json_free(row->json);
    free(row->machines);
    free(row->counters);
    free(row->verb);
    free(row->path);
    free(row);
}
