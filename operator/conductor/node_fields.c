/* SPDX-License-Identifier: Apache-2.0 */
/* The fields of a node as one table: for the API, for PATCH, for the database and for what agents are sent. */
#include "operator/conductor/node.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "lib/data/time.h"

#define FIELD(member, kind, mask, version)                                                                             \
    {                                                                                                                  \
        .name = #member, .type = kind, .offset = offsetof(struct node, member), .flags = mask, .since = version        \
    }

const struct node_field node_fields[] = {
    FIELD(uuid, NODE_TEXT, 0, 1),
    FIELD(name, NODE_TEXT, NODE_PATCHABLE, 5),
    FIELD(driver, NODE_TEXT, NODE_PATCHABLE, 1),
    FIELD(driver_info, NODE_OBJECT, NODE_PATCHABLE | NODE_SECRETS, 1),
    FIELD(driver_internal_info, NODE_OBJECT, NODE_SECRETS, 3),
    FIELD(properties, NODE_OBJECT, NODE_PATCHABLE, 1),
    FIELD(instance_info, NODE_OBJECT, NODE_PATCHABLE | NODE_SECRETS, 1),
    FIELD(instance_uuid, NODE_TEXT, NODE_PATCHABLE, 1),
    FIELD(extra, NODE_OBJECT, NODE_PATCHABLE, 1),
    FIELD(provision_state, NODE_STATE, 0, 1),
    FIELD(target_provision_state, NODE_STATE, 0, 1),
    FIELD(provision_updated_at, NODE_TIME, 0, 1),
    FIELD(power_state, NODE_TEXT, 0, 1),
    FIELD(target_power_state, NODE_TEXT, NODE_NO_STORE, 1),
    FIELD(last_error, NODE_TEXT, 0, 1),
    FIELD(maintenance, NODE_BOOL, NODE_PATCHABLE, 1),
    FIELD(maintenance_reason, NODE_TEXT, 0, 1),
    FIELD(fault, NODE_TEXT, 0, 42),
    FIELD(reservation, NODE_TEXT, NODE_NO_STORE, 1),
    FIELD(clean_step, NODE_OBJECT, 0, 7),
    FIELD(deploy_step, NODE_OBJECT, 0, 44),
    FIELD(service_step, NODE_OBJECT, 0, 87),
    FIELD(raid_config, NODE_OBJECT, 0, 12),
    FIELD(target_raid_config, NODE_OBJECT, 0, 12),
    FIELD(network_data, NODE_OBJECT, NODE_PATCHABLE, 66),
    FIELD(automated_clean, NODE_TRISTATE, NODE_PATCHABLE, 47),
    FIELD(boot_interface, NODE_TEXT, NODE_PATCHABLE | NODE_INTERFACE, 31),
    FIELD(bios_interface, NODE_TEXT, NODE_PATCHABLE | NODE_INTERFACE, 40),
    FIELD(console_interface, NODE_TEXT, NODE_PATCHABLE | NODE_INTERFACE, 31),
    FIELD(deploy_interface, NODE_TEXT, NODE_PATCHABLE | NODE_INTERFACE, 31),
    FIELD(firmware_interface, NODE_TEXT, NODE_PATCHABLE | NODE_INTERFACE, 86),
    FIELD(inspect_interface, NODE_TEXT, NODE_PATCHABLE | NODE_INTERFACE, 31),
    FIELD(management_interface, NODE_TEXT, NODE_PATCHABLE | NODE_INTERFACE, 31),
    FIELD(network_interface, NODE_TEXT, NODE_PATCHABLE | NODE_INTERFACE, 20),
    FIELD(power_interface, NODE_TEXT, NODE_PATCHABLE | NODE_INTERFACE, 31),
    FIELD(raid_interface, NODE_TEXT, NODE_PATCHABLE | NODE_INTERFACE, 31),
    FIELD(rescue_interface, NODE_TEXT, NODE_PATCHABLE | NODE_INTERFACE, 38),
    FIELD(storage_interface, NODE_TEXT, NODE_PATCHABLE | NODE_INTERFACE, 33),
    FIELD(vendor_interface, NODE_TEXT, NODE_PATCHABLE | NODE_INTERFACE, 31),
    FIELD(resource_class, NODE_TEXT, NODE_PATCHABLE, 21),
    FIELD(description, NODE_TEXT, NODE_PATCHABLE, 51),
    FIELD(owner, NODE_TEXT, NODE_PATCHABLE, 50),
    FIELD(console_enabled, NODE_BOOL, 0, 1),
    FIELD(protected, NODE_BOOL, NODE_PATCHABLE, 48),
    FIELD(retired, NODE_BOOL, NODE_PATCHABLE, 61),
    FIELD(boot_mode, NODE_TEXT, 0, 75),
    FIELD(secure_boot, NODE_TRISTATE, 0, 75),
    FIELD(disable_power_off, NODE_BOOL, NODE_PATCHABLE, 95),
    FIELD(health, NODE_TEXT, 0, 109),
    FIELD(inspection_started_at, NODE_TIME, 0, 6),
    FIELD(inspection_finished_at, NODE_TIME, 0, 6),
    FIELD(created_at, NODE_TIME, 0, 1),
    FIELD(updated_at, NODE_TIME, 0, 1),
};
const size_t node_field_count = ARRAY_SIZE(node_fields);

const struct node_field *node_field_find(const char *name)
{
    for (size_t i = 0; i < node_field_count; i++)
        if (str_equal(node_fields[i].name, name))
            return &node_fields[i];
    return NULL;
}

#define MEMBER(type, node, field) ((type *)((char *)(node) + (field)->offset))
#define CONST_MEMBER(type, node, field) ((type const *)((const char *)(node) + (field)->offset))

/* "2026-11-20T14:48:55+00:00", Ironic's form; NULL for 0. */
static const char *time_text(int64_t wall, char text[TIME_TEXT_SIZE + 8])
{
    if (!wall)
        return NULL;
    time_format(wall, 6, text);
    char *z = strrchr(text, 'Z');
    if (z)
        memcpy(z, "+00:00", sizeof("+00:00"));
    return text;
}

struct json *node_field_get(const struct node *node, const struct node_field *field)
{
    switch (field->type) {
    case NODE_TEXT:
        return json_new_string(*CONST_MEMBER(char *, node, field));
    case NODE_BOOL:
        return json_new_bool(*CONST_MEMBER(bool, node, field));
    case NODE_TRISTATE: {
        enum tristate value = *CONST_MEMBER(enum tristate, node, field);
        return value == TRISTATE_UNSET ? json_new_null() : json_new_bool(value == TRISTATE_TRUE);
    }
    case NODE_OBJECT: {
        const struct json *value = *CONST_MEMBER(struct json *, node, field);
        return value ? json_copy(value) : json_new_object();
    }
    case NODE_STATE:
        return json_new_string(provision_state_name(*CONST_MEMBER(enum provision_state, node, field)));
    case NODE_TIME: {
        char text[TIME_TEXT_SIZE + 8];
        return json_new_string(time_text(*CONST_MEMBER(int64_t, node, field), text));
    }
    }
    return json_new_null();
}

static void write_object(const struct node_field *field, const struct json *value, bool masked, struct jsonw *json)
{
    if (!json_first(value)) {
        jsonw_raw(json, field->name, "{}");
        return;
    }
    CLEANUP(json_free) struct json *copy = NULL;
    if (masked && (field->flags & NODE_SECRETS)) {
        copy = json_copy(value);
        node_mask_secrets(copy);
    }
    CLEANUP_SECRET char *text = json_print(copy ? copy : value);
    jsonw_raw(json, field->name, text);
}

void node_field_write(const struct node *node, const struct node_field *field, bool masked, struct jsonw *json)
{
    char text[TIME_TEXT_SIZE + 8];
    switch (field->type) {
    case NODE_TEXT:
        jsonw_str(json, field->name, *CONST_MEMBER(char *, node, field));
        break;
    case NODE_BOOL:
        jsonw_bool(json, field->name, *CONST_MEMBER(bool, node, field));
        break;
    case NODE_TRISTATE: {
        enum tristate value = *CONST_MEMBER(enum tristate, node, field);
        jsonw_raw(json, field->name, value == TRISTATE_UNSET ? "null" : value == TRISTATE_TRUE ? "true" : "false");
        break;
    }
    case NODE_OBJECT:
        write_object(field, *CONST_MEMBER(struct json *, node, field), masked, json);
        break;
    case NODE_STATE:
        jsonw_str(json, field->name, provision_state_name(*CONST_MEMBER(enum provision_state, node, field)));
        break;
    case NODE_TIME:
        jsonw_str(json, field->name, time_text(*CONST_MEMBER(int64_t, node, field), text));
        break;
    }
}

static struct error *wrong_type(const struct node_field *field, const struct json *value, const char *wanted)
{
    return error_new(ERROR_INVALID, "\"%s\" must be %s, not %s", field->name, wanted, json_type_name(json_type(value)));
}

struct error *node_field_set(struct node *node, const struct node_field *field, const struct json *value)
{
    bool clear = !value || json_is(value, JSON_NULL);
    switch (field->type) {
    case NODE_TEXT:
        if (!clear && !json_is(value, JSON_STRING))
            return wrong_type(field, value, "a string or null");
        node_set_text(MEMBER(char *, node, field), clear ? NULL : json_str(value, ""));
        return NULL;
    case NODE_BOOL:
        if (!clear && !json_is(value, JSON_BOOL))
            return wrong_type(field, value, "true or false");
        *MEMBER(bool, node, field) = json_bool(value, "", false);
        return NULL;
    case NODE_TRISTATE:
        if (!clear && !json_is(value, JSON_BOOL))
            return wrong_type(field, value, "true, false or null");
        *MEMBER(enum tristate, node, field) =
            clear ? TRISTATE_UNSET : (json_bool(value, "", false) ? TRISTATE_TRUE : TRISTATE_FALSE);
        return NULL;
    case NODE_OBJECT: {
        if (!clear && !json_is(value, JSON_OBJECT))
            return wrong_type(field, value, "an object");
        struct json **member = MEMBER(struct json *, node, field);
        struct json *copy = clear ? json_new_object() : json_copy(value);
        json_free(*member);
        *member = copy;
        return NULL;
    }
    case NODE_STATE:
        *MEMBER(enum provision_state, node, field) = provision_state_from_name(json_str(value, ""));
        return NULL;
    case NODE_TIME:
        *MEMBER(int64_t, node, field) = 0;
        if (!clear && json_str(value, ""))
            return time_parse(json_str(value, ""), MEMBER(int64_t, node, field));
        return NULL;
    }
    return NULL;
}

void node_write_record(const struct node *node, struct strbuf *out)
{
    struct jsonw json = JSONW_INIT(out);
    jsonw_object(&json, NULL);
    for (size_t i = 0; i < node_field_count; i++)
        if (!(node_fields[i].flags & NODE_NO_STORE))
            node_field_write(node, &node_fields[i], false, &json);
    jsonw_end(&json);
}

/* -- secrets -- */

static bool key_is_secret(const char *key)
{
    static const char *const words[] = {"password", "secret", "token", "configdrive", "private_key", "authorization"};
    if (!key)
        return false;
    bool found = false;
    for (size_t i = 0; i < ARRAY_SIZE(words) && !found; i++)
        found = strcasestr(key, words[i]);
    if (!found)
        return false;
    /* agent_secret_token_pregenerated and the like say that there is one, not which */
    CLEANUP_FREE char *lower = str_lower(key);
    return !str_has_suffix(lower, "pregenerated");
}

void node_mask_secrets(struct json *value)
{
    VEC(char *) secret = {0};
    JSON_FOREACH (child, value) {
        if (key_is_secret(json_key(child)) && !json_is(child, JSON_NULL))
            VEC_PUSH(&secret, mem_strdup(json_key(child)));
        else
            node_mask_secrets(child);
    }
    VEC_FOREACH (key, &secret) {
        json_put_str(value, *key, "******");
        free(*key);
    }
    VEC_RELEASE(&secret);
}

/* What a ramdisk can use (IRO-761). */
static const char *const agent_fields[] = {
    "uuid",           "name",          "driver",          "driver_info", "driver_internal_info", "properties",
    "instance_info",  "instance_uuid", "extra",           "raid_config", "target_raid_config",   "network_data",
    "clean_step",     "deploy_step",   "provision_state", "power_state", "automated_clean",      "deploy_interface",
    "raid_interface", "boot_mode",
};

struct json *node_for_agent(const struct node *node, bool with_configdrive)
{
    struct json *record = json_new_object();
    for (size_t i = 0; i < ARRAY_SIZE(agent_fields); i++) {
        const struct node_field *field = node_field_find(agent_fields[i]);
        struct json *value = node_field_get(node, field);
        if (field->flags & NODE_SECRETS)
            node_mask_secrets(value);
        json_put(record, field->name, value);
    }
    const struct json *drive = json_member(node->instance_info, "configdrive");
    if (with_configdrive && drive)
        json_set(record, "instance_info/configdrive", json_copy(drive));
    else
        json_remove(record, "instance_info/configdrive");
    /* the step lists are long and the agent knows its own */
    static const char *const ours[] = {"steps", "user_steps", "agent_verify_ca", "boot_iso_secret"};
    for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
        json_remove_member(json_member(record, "driver_internal_info"), ours[i]);
    return record;
}
