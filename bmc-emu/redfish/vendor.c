// SPDX-License-Identifier: Apache-2.0
// What a vendor's BMC has or does differently, from the machines' profile (EMU-182 to 187).
#include <stdlib.h>

#include "bmc-emu/redfish/request.h"

void rf_vendor_learn(struct rf_context *context, const struct machine_profile *profile)
{
    if (context->vendor)
        return;
    context->vendor = mem_strdup(profile->manufacturer);
    context->quirks = profile->quirks;
    context->oem = json_copy(profile->oem);
    context->resources = json_copy(profile->resources);
}

const struct machine_quirks *rf_quirks(const struct rf_request *request)
{
    return &request->context->quirks;
}

void rf_write_oem(struct rf_request *request, const char *resource)
{
    const struct json *oem = request->context->oem ? json_member(request->context->oem, resource) : NULL;

    if (!oem)
        return;
    CLEANUP_FREE char *text = json_print(oem);
    jsonw_raw(&request->json, "Oem", text);
}

bool rf_vendor_resource(struct rf_request *request)
{
    const char *method = http_method(request->http);

    JSON_FOREACH (item, request->context->resources) {
        if (!str_equal(json_str(item, "path"), http_path(request->http)) ||
            !str_equal(json_str_or(item, "method", "GET"), method))
            continue;
        const struct json *body = json_member(item, "body");
        if (!body) {
            rf_no_content(request);
            return true;
        }
        strbuf_clear(&request->out);
        json_print_to(body, &request->out);
        rf_send_json(request, (int)json_int(item, "status", 200));
        return true;
    }
    return false;
}

bool rf_vendor_check(struct rf_request *request)
{
    const struct machine_quirks *quirks = rf_quirks(request);
    const char *method = request->route->method;

    if (quirks->action_needs_body && str_equal(method, "POST") && http_body_len(request->http) == 0) {
        rf_fail(request, RF_MEDIA_TYPE, NULL, NULL, NULL);
        return false;
    }
    if (quirks->need_if_match && str_equal(method, "PATCH") && !http_header(request->http, "If-Match")) {
        rf_fail(request, RF_PRECONDITION_REQUIRED, NULL, NULL, NULL);
        return false;
    }
    return true;
}
