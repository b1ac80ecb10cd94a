/* SPDX-License-Identifier: Apache-2.0 */
/* Assembles config drives. */
#include "operator/ironic/config_drive.h"

#include <string.h>

#include "lib/data/yaml.h"

struct error *config_data_parse(const char *what, const char *text, struct json **ret)
{
    struct yaml *yaml CLEANUP(yaml_free) = NULL;

    if (str_is_empty(text)) {
        *ret = NULL;
        return NULL;
    }
    TRY_WRAP(yaml_parse(what, text, strlen(text), &yaml), "failed to unmarshal %s from secret", what);
    if (yaml_len(yaml) == 0) {
        *ret = NULL;
        return NULL;
    }
    if (!json_is(yaml_document(yaml, 0), JSON_OBJECT))
        return error_new(ERROR_INVALID, "failed to unmarshal %s from secret: it is no mapping but %s", what,
                         json_type_name(json_type(yaml_document(yaml, 0))));
    *ret = yaml_take(yaml, 0);
    return NULL;
}

struct error *config_drive_build(const struct config_drive_input *input, struct json **ret)
{
    struct json *extra CLEANUP(json_free) = NULL;
    struct json *network CLEANUP(json_free) = NULL;
    TRY(config_data_parse("metaData", input->meta_data, &extra));
    TRY(config_data_parse("networkData", input->network_data, &network));

    struct json *meta = json_new_object();
    json_put_str(meta, "uuid", input->host_uid);
    json_put_str(meta, "metal3-namespace", input->ns);
    json_put_str(meta, "metal3-name", input->name);
    json_put_str(meta, "local-hostname", input->name);
    json_put_str(meta, "local_hostname", input->name);
    json_put_str(meta, "name", input->name);
    JSON_FOREACH (value, extra) {
        json_put(meta, json_key(value), json_copy(value));
    }
    struct json *drive = json_new_object();
    json_set(drive, "meta_data", meta);
    if (!str_is_empty(input->user_data))
        json_set_str(drive, "user_data", input->user_data);
    if (json_len(network))
        json_set(drive, "network_data", TAKE_PTR(network));
    *ret = drive;
    return NULL;
}
