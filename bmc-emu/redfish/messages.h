/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of DMTF's Base registry that we send: in error bodies, and as the registry that we serve. */
#ifndef BMC_EMU_REDFISH_MESSAGES_H
#define BMC_EMU_REDFISH_MESSAGES_H

#include "lib/data/jsonw.h"

#define RF_BASE_REGISTRY "Base.1.13"
#define RF_BASE_REGISTRY_VERSION "1.13.0"
#define RF_MESSAGE_ARGS_MAX 3

enum rf_message {
    RF_SUCCESS,
    RF_CREATED,
    RF_GENERAL_ERROR,
    RF_INTERNAL_ERROR,
    RF_MALFORMED_JSON,
    RF_UNRECOGNIZED_REQUEST_BODY,
    RF_EMPTY_JSON,
    RF_NO_OPERATION,
    RF_NO_VALID_SESSION,
    RF_INSUFFICIENT_PRIVILEGE,
    RF_RESOURCE_MISSING,
    RF_OPERATION_NOT_ALLOWED,
    RF_ACTION_PARAMETER_MISSING,
    RF_ACTION_PARAMETER_UNKNOWN,
    RF_ACTION_PARAMETER_NOT_IN_LIST,
    RF_ACTION_PARAMETER_TYPE_ERROR,
    RF_ACTION_PARAMETER_FORMAT_ERROR,
    RF_ACTION_PARAMETER_CONFLICT,
    RF_PROPERTY_UNKNOWN,
    RF_PROPERTY_NOT_WRITABLE,
    RF_PROPERTY_TYPE_ERROR,
    RF_PROPERTY_NOT_IN_LIST,
    RF_PROPERTY_FORMAT_ERROR,
    RF_PROPERTY_OUT_OF_RANGE,
    RF_PROPERTY_CONFLICT,
    RF_PROPERTY_MISSING,
    RF_CREATE_LIMIT_REACHED,
    RF_RESOURCE_EXISTS,
    RF_RESOURCE_IN_USE,
    RF_CANNOT_DELETE,
    RF_SESSION_LIMIT_EXCEEDED,
    RF_UNAUTHORIZED_AT_URI,
    RF_COULD_NOT_CONNECT,
    RF_SOURCE_PROTOCOL,
    RF_URI_RESOURCE_MISSING,
    RF_URI_FORMAT,
    RF_QUERY_NOT_SUPPORTED,
    RF_QUERY_VALUE_FORMAT,
    RF_PRECONDITION_FAILED,
    RF_PRECONDITION_REQUIRED,
    RF_MEDIA_TYPE,
    RF_BUSY_IN_POST,
    RF_HEADER_INVALID,
    RF_SERVICE_UNAVAILABLE,
    RF_NOT_SUPPORTED,
    RF_MESSAGE_COUNT,
};

struct rf_message_row {
    const char *id;   /* "PropertyUnknown" */
    const char *text; /* with %1, %2, %3 */
    int args;
    const char *severity, *resolution;
    int status; /* HTTP's */
};
const struct rf_message_row *rf_message(enum rf_message message);

/* A whole error body; `text` stands in the place of the registry's when it is not NULL. */
void rf_message_write_error(struct jsonw *json, enum rf_message message, const char *const args[RF_MESSAGE_ARGS_MAX],
                            const char *text);
/* One item of a list of messages; `args` and `text` may be NULL. */
void rf_message_write(struct jsonw *json, enum rf_message message, const char *const args[RF_MESSAGE_ARGS_MAX],
                      const char *text);
/* The registry of all messages. */
void rf_message_write_registry(struct jsonw *json);

#endif
