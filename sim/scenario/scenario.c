/* SPDX-License-Identifier: Apache-2.0 */
/* Reads scenarios: the frame by a table, each step by the table of its type. */
#include "sim/scenario/scenario.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bmc-emu/machine/profile.h"
#include "lib/data/str.h"
#include "lib/data/time.h"

/* The frame of a file. */
struct frame {
    char *name, *description, *profile, *time_limit;
    int64_t hosts;
    struct json *steps;
};

static const struct json_field frame_fields[] = {
    {"name", JSON_FIELD_STRING, offsetof(struct frame, name), .required = true},
    {"description", JSON_FIELD_STRING, offsetof(struct frame, description)},
    {"profile", JSON_FIELD_STRING, offsetof(struct frame, profile)},
    {"timeLimit", JSON_FIELD_STRING, offsetof(struct frame, time_limit)},
    {"hosts", JSON_FIELD_INT, offsetof(struct frame, hosts), .required = true},
    {"steps", JSON_FIELD_JSON, offsetof(struct frame, steps), .required = true},
    {0},
};

static const struct step_type *find_step(const char *name)
{
    for (const struct step_type *type = step_types; type->name; type++)
        if (str_equal(type->name, name))
            return type;
    return NULL;
}

static struct error *unknown_step(const struct yaml *yaml, const struct json *at, const char *name)
{
    CLEANUP_STRBUF struct strbuf list = STRBUF_INIT;
    for (const struct step_type *type = step_types; type->name; type++)
        strbuf_addf(&list, "%s%s", list.len ? ", " : "", type->name);
    return yaml_error(yaml, at, "there is no step \"%s\"; steps are: %s", name, strbuf_str(&list));
}

/* "wait hosts=all state=provisioned": how reports call the step. */
static char *step_title(const struct step_type *type, const struct json *value)
{
    CLEANUP_STRBUF struct strbuf title = STRBUF_INIT_MAX(120);
    strbuf_adds(&title, type->name);
    if (json_is(value, JSON_OBJECT)) {
        JSON_FOREACH (member, value) {
            CLEANUP_FREE char *text =
                json_is(member, JSON_STRING) ? mem_strdup(json_str(member, "")) : json_print(member);
            if (strlen(text) <= 60)
                strbuf_addf(&title, " %s=%s", json_key(member), text);
        }
    } else if (json_is(value, JSON_STRING)) {
        strbuf_addf(&title, " %s", json_str(value, ""));
    }
    return mem_strdup(strbuf_str(&title));
}

static struct error *parse_duration(const char *what, const char *text, rt_time *ret)
{
    if (!text)
        return NULL;
    TRY_WRAP(time_parse_duration(text, ret), "%s", what);
    if (*ret <= 0)
        return error_new(ERROR_INVALID, "%s %s must be longer than nothing", what, text);
    return NULL;
}

static struct error *decode_step(const struct step_type *type, const struct json *value, struct step *step)
{
    CLEANUP(json_free) struct json *wrapped = NULL;
    const struct json *arguments = value;

    if (!json_is(value, JSON_OBJECT)) {
        wrapped = json_new_object();
        if (!json_is(value, JSON_NULL)) {
            if (!type->scalar)
                return error_new(ERROR_INVALID, "%s needs a mapping: %s", type->name, type->help);
            json_put(wrapped, type->scalar, json_copy(value));
        }
        arguments = wrapped;
    }
    TRY(json_decode_strict(arguments, type->fields, &step->arguments));
    step->arguments.has_image = json_has(arguments, "image");
    step->arguments.has_online = json_has(arguments, "online");
    step->arguments.has_power_on = json_has(arguments, "poweredOn");
    TRY(parse_duration("timeout", step->arguments.timeout, &step->timeout));
    TRY(parse_duration("duration", step->arguments.duration, &step->duration));
    return type->check ? type->check(&step->arguments) : NULL;
}

static struct error *parse_step(const struct yaml *yaml, const struct json *node, struct scenario *scenario)
{
    if (!json_is(node, JSON_OBJECT) || json_len(node) != 1)
        return yaml_error(yaml, node, "a step is one word and its arguments, as in \"- wait: {state: provisioned}\"");
    const struct json *value = json_first(node);
    const struct step_type *type = find_step(json_key(value));
    if (!type)
        return unknown_step(yaml, node, json_key(value));

    struct step step = {.type = type, .line = yaml_line(yaml, node), .title = step_title(type, value)};
    struct error *err = decode_step(type, value, &step);
    VEC_PUSH(&scenario->steps, step); /* freed with the scenario, whatever is in it */
    if (!err)
        return NULL;
    struct error *placed = yaml_error(yaml, node, "step %s: %s", type->name, error_message(err));
    error_free(err);
    return placed;
}

static struct error *check_profile(const char *path)
{
    CLEANUP(machine_profile_free) struct machine_profile *profile = NULL;
    return path ? machine_profile_load(path, &profile) : NULL;
}

static struct error *fill(const struct yaml *yaml, struct frame *frame, struct scenario *scenario)
{
    const struct json *document = yaml_document(yaml, 0);

    TRY(json_decode_strict(document, frame_fields, frame));
    scenario->name = TAKE_PTR(frame->name);
    scenario->description = TAKE_PTR(frame->description);
    scenario->profile = TAKE_PTR(frame->profile);
    scenario->hosts = frame->hosts;
    scenario->time_limit = SCENARIO_TIME_LIMIT;
    if (scenario->hosts < 0 || scenario->hosts > SCENARIO_HOSTS_MAX)
        return error_new(ERROR_INVALID, "hosts: give 0 to %d", SCENARIO_HOSTS_MAX);
    TRY_WRAP(check_profile(scenario->profile), "profile");
    return parse_duration("timeLimit", frame->time_limit, &scenario->time_limit);
}

/* Adds file and line to an error that begins with the name of a member: "hosts: must be …". Takes `err`. */
static struct error *place_error(const struct yaml *yaml, struct error *err)
{
    const struct json *document = yaml_document(yaml, 0);
    CLEANUP_FREE char *member = mem_strndup(error_message(err), strcspn(error_message(err), ": "));
    const struct json *at = json_is(document, JSON_OBJECT) ? json_member(document, member) : NULL;
    struct error *placed = yaml_error(yaml, at ? at : document, "%s", error_message(err));
    error_free(err);
    return placed;
}

static struct error *build(const char *name, const struct yaml *yaml, struct scenario *scenario)
{
    struct frame frame = {0};
    if (yaml_len(yaml) != 1)
        return error_new(ERROR_INVALID, "%s: a scenario is one YAML document, here are %zu", name, yaml_len(yaml));
    struct error *err = fill(yaml, &frame, scenario);
    json_decode_release(frame_fields, &frame);
    if (err)
        return place_error(yaml, err);
    const struct json *steps = json_get(yaml_document(yaml, 0), "steps");
    if (!json_is(steps, JSON_ARRAY) || json_len(steps) == 0)
        return yaml_error(yaml, steps, "steps must be a list with at least one step");
    JSON_FOREACH (node, steps)
        TRY(parse_step(yaml, node, scenario));
    return NULL;
}

static struct error *from_yaml(const char *name, struct yaml *yaml, struct scenario **ret)
{
    CLEANUP(scenario_free) struct scenario *scenario = mem_alloc(sizeof(*scenario));
    scenario->file = mem_strdup(name);
    struct error *err = build(name, yaml, scenario);
    yaml_free(yaml);
    if (err)
        return err;
    *ret = TAKE_PTR(scenario);
    return NULL;
}

struct error *scenario_load(const char *path, struct scenario **ret)
{
    struct yaml *yaml = NULL;
    TRY(yaml_parse_file(path, &yaml));
    return from_yaml(path, yaml, ret);
}

struct error *scenario_parse(const char *name, const char *text, struct scenario **ret)
{
    struct yaml *yaml = NULL;
    TRY(yaml_parse(name, text, strlen(text), &yaml));
    return from_yaml(name, yaml, ret);
}

void scenario_free(struct scenario *scenario)
{
    if (!scenario)
        return;
    VEC_FOREACH (step, &scenario->steps) {
        json_decode_release(step->type->fields, &step->arguments);
        free(step->title);
    }
    VEC_RELEASE(&scenario->steps);
    free(scenario->name);
    free(scenario->description);
    free(scenario->profile);
    free(scenario->file);
    free(scenario);
}
