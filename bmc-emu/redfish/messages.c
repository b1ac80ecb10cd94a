// SPDX-License-Identifier: Apache-2.0
// The message table and what is made of it: Redfish error bodies (DSP0266, "Error responses") and a MessageRegistry resource.
#include "bmc-emu/redfish/messages.h"

#define NONE "None."
#define FIX_REQUEST "Correct the request body and resubmit the request if the operation failed."
#define FIX_PROPERTY                                                                                                   \
    "Correct the value for the property in the request body and resubmit the request if the operation failed."
#define FIX_PARAMETER                                                                                                  \
    "Correct the value for the parameter in the request body and resubmit the request if the operation failed."

static const struct rf_message_row rows[RF_MESSAGE_COUNT] = {
    [RF_SUCCESS] = {"Success", "The request completed successfully.", 0, "OK", NONE, 200},
    [RF_CREATED] = {"Created", "The resource was created successfully.", 0, "OK", NONE, 201},
    [RF_GENERAL_ERROR] = {"GeneralError",
                          "A general error has occurred. See Resolution for information on how to resolve the error.",
                          0, "Critical", "See the log of the service for the cause.", 500},
    [RF_INTERNAL_ERROR] = {"InternalError",
                           "The request failed due to an internal service error. The service is still operational.", 0,
                           "Critical", "Resubmit the request. If the problem persists, consider resetting the service.",
                           500},
    [RF_MALFORMED_JSON] =
        {"MalformedJSON",
         "The request body submitted was malformed JSON and could not be parsed by the receiving service.", 0,
         "Critical", "Ensure that the request body is valid JSON and resubmit the request.", 400},
    [RF_UNRECOGNIZED_REQUEST_BODY] = {"UnrecognizedRequestBody",
                                      "The service detected a malformed request body that it was unable to interpret.",
                                      0, "Warning", FIX_REQUEST, 400},
    [RF_EMPTY_JSON] =
        {"EmptyJSON",
         "The request body submitted contained an empty JSON object and the service is unable to process it.", 0,
         "Warning", "Add properties in the JSON object and resubmit the request.", 400},
    [RF_NO_OPERATION] =
        {"NoOperation",
         "The request body submitted contain no data to act upon and no changes to the resource took place.", 0,
         "Warning", "Add properties in the JSON object and resubmit the request.", 400},
    [RF_NO_VALID_SESSION] = {"NoValidSession", "There is no valid session established with the implementation.", 0,
                             "Critical", "Establish a session before attempting any operations.", 401},
    [RF_INSUFFICIENT_PRIVILEGE] = {"InsufficientPrivilege",
                                   "There are insufficient privileges for the account or credentials associated with "
                                   "the current session to perform the requested operation.",
                                   0, "Critical",
                                   "Either abandon the operation or change the associated access rights and resubmit "
                                   "the request if the operation failed.",
                                   403},
    [RF_RESOURCE_MISSING] = {"ResourceMissingAtURI", "The resource at the URI '%1' was not found.", 1, "Critical",
                             "Place a valid resource at the URI or correct the URI and resubmit the request.", 404},
    [RF_OPERATION_NOT_ALLOWED] = {"OperationNotAllowed", "The HTTP method is not allowed on this resource.", 0,
                                  "Critical", NONE, 405},
    [RF_ACTION_PARAMETER_MISSING] =
        {"ActionParameterMissing", "The action '%1' requires the parameter '%2' to be present in the request body.", 2,
         "Critical",
         "Supply the action with the required parameter in the request body when the request is resubmitted.", 400},
    [RF_ACTION_PARAMETER_UNKNOWN] = {"ActionParameterUnknown",
                                     "The action '%1' was submitted with the invalid parameter '%2'.", 2, "Warning",
                                     "Correct the invalid parameter and resubmit the request if the operation failed.",
                                     400},
    [RF_ACTION_PARAMETER_NOT_IN_LIST] =
        {"ActionParameterValueNotInList",
         "The value '%1' for the parameter '%2' in the action '%3' is not in the list of acceptable values.", 3,
         "Warning",
         "Choose a value from the enumeration list that the implementation can support and resubmit the request if the "
         "operation failed.",
         400},
    [RF_ACTION_PARAMETER_TYPE_ERROR] =
        {"ActionParameterValueTypeError",
         "The value '%1' for the parameter '%2' in the action '%3' is not a type that the parameter can accept.", 3,
         "Warning", FIX_PARAMETER, 400},
    [RF_ACTION_PARAMETER_FORMAT_ERROR] =
        {"ActionParameterValueFormatError",
         "The value '%1' for the parameter '%2' in the action '%3' is not a format that the parameter can accept.", 3,
         "Warning", FIX_PARAMETER, 400},
    [RF_ACTION_PARAMETER_CONFLICT] =
        {"ActionParameterValueConflict",
         "The action parameter '%1' with value '%2' conflicts with the state of the resource.", 2, "Warning",
         "Wait until the resource is in a state that the action fits, or choose another value, and resubmit the "
         "request.",
         409},
    [RF_PROPERTY_UNKNOWN] =
        {"PropertyUnknown", "The property '%1' is not in the list of valid properties for the resource.", 1, "Warning",
         "Remove the unknown property from the request body and resubmit the request if the operation failed.", 400},
    [RF_PROPERTY_NOT_WRITABLE] =
        {"PropertyNotWritable", "The property '%1' is a read-only property and cannot be assigned a value.", 1,
         "Warning", "Remove the property from the request body and resubmit the request if the operation failed.", 400},
    [RF_PROPERTY_TYPE_ERROR] = {"PropertyValueTypeError",
                                "The value '%1' for the property '%2' is not a type that the property can accept.", 2,
                                "Warning", FIX_PROPERTY, 400},
    [RF_PROPERTY_NOT_IN_LIST] = {"PropertyValueNotInList",
                                 "The value '%1' for the property '%2' is not in the list of acceptable values.", 2,
                                 "Warning",
                                 "Choose a value from the enumeration list that the implementation can support and "
                                 "resubmit the request if the operation failed.",
                                 400},
    [RF_PROPERTY_FORMAT_ERROR] = {"PropertyValueFormatError",
                                  "The value '%1' for the property '%2' is not a format that the property can accept.",
                                  2, "Warning", FIX_PROPERTY, 400},
    [RF_PROPERTY_OUT_OF_RANGE] =
        {"PropertyValueOutOfRange",
         "The value '%1' for the property '%2' is not in the supported range of acceptable values.", 2, "Warning",
         FIX_PROPERTY, 400},
    [RF_PROPERTY_CONFLICT] =
        {"PropertyValueConflict",
         "The property '%1' could not be written because its value would conflict with the value of the '%2' property.",
         2, "Warning", "No resolution is required.", 409},
    [RF_PROPERTY_MISSING] = {"PropertyMissing",
                             "The property '%1' is a required property and must be included in the request.", 1,
                             "Warning",
                             "Ensure that the property is in the request body and has a valid value and resubmit the "
                             "request if the operation failed.",
                             400},
    [RF_CREATE_LIMIT_REACHED] =
        {"CreateLimitReachedForResource",
         "The create operation failed because the resource has reached the limit of possible resources.", 0, "Critical",
         "Either delete resources and resubmit the request if the operation failed or do not resubmit the request.",
         400},
    [RF_RESOURCE_EXISTS] =
        {"ResourceAlreadyExists",
         "The requested resource of type %1 with the property %2 with the value '%3' already exists.", 3, "Critical",
         "Do not repeat the create operation as the resource has already been created.", 400},
    [RF_RESOURCE_IN_USE] =
        {"ResourceInUse",
         "The change to the requested resource failed because the resource is in use or in transition.", 0, "Warning",
         "Remove the condition and resubmit the request if the operation failed.", 409},
    [RF_CANNOT_DELETE] = {"ResourceCannotBeDeleted",
                          "The delete request failed because the resource requested cannot be deleted.", 0, "Critical",
                          "Do not attempt to delete a non-deletable resource.", 405},
    [RF_SESSION_LIMIT_EXCEEDED] = {"SessionLimitExceeded",
                                   "The session establishment failed due to the number of simultaneous sessions "
                                   "exceeding the limit of the implementation.",
                                   0, "Critical",
                                   "Reduce the number of other sessions before trying to establish the session or "
                                   "increase the limit of simultaneous sessions, if supported.",
                                   503},
    [RF_UNAUTHORIZED_AT_URI] =
        {"ResourceAtUriUnauthorized",
         "While accessing the resource at '%1', the service received an authorization error '%2'.", 2, "Critical",
         "Ensure that the appropriate access is provided for the service in order for it to access the URI.", 400},
    [RF_COULD_NOT_CONNECT] =
        {"CouldNotEstablishConnection", "The service failed to establish a connection with the URI '%1'.", 1,
         "Critical",
         "Ensure that the URI contains a valid and reachable node name, protocol information and other URI components.",
         502},
    [RF_SOURCE_PROTOCOL] = {"SourceDoesNotSupportProtocol",
                            "The other end of the connection at '%1' does not support the specified protocol %2.", 2,
                            "Critical", "Change protocols or URIs.", 400},
    [RF_URI_RESOURCE_MISSING] = {"ResourceNotFound", "The requested resource of type %1 named '%2' was not found.", 2,
                                 "Critical", "Provide a valid resource identifier and resubmit the request.", 400},
    [RF_URI_FORMAT] = {"ResourceAtUriInUnknownFormat",
                       "The resource at '%1' is in a format not recognized by the service.", 1, "Critical",
                       "Place an image or resource or file that is recognized by the service at the URI.", 400},
    [RF_QUERY_NOT_SUPPORTED] = {"QueryNotSupported", "Querying is not supported by the implementation.", 0, "Warning",
                                "Remove the query parameters and resubmit the request if the operation failed.", 501},
    [RF_QUERY_VALUE_FORMAT] =
        {"QueryParameterValueFormatError",
         "The value '%1' for the parameter %2 is not a format that the parameter can accept.", 2, "Warning",
         "Correct the value for the query parameter in the request and resubmit the request if the operation failed.",
         400},
    [RF_PRECONDITION_FAILED] = {"PreconditionFailed",
                                "The ETag supplied did not match the ETag required to change this resource.", 0,
                                "Critical", "Try the operation again using the appropriate ETag.", 412},
    [RF_PRECONDITION_REQUIRED] = {"PreconditionRequired",
                                  "A precondition header or annotation is required to change this resource.", 0,
                                  "Critical", "Try the operation again using an If-Match header and appropriate ETag.",
                                  428},
    [RF_MEDIA_TYPE] = {"UnsupportedMediaType", "The request has no body of a media type that the service supports.", 0,
                       "Critical", "Resubmit the request with a JSON body.", 415},
    [RF_BUSY_IN_POST] = {"UnableToModifyDuringSystemPOST",
                         "The property cannot be modified while the system is in POST.", 0, "Warning",
                         "Wait until the system has left POST and resubmit the request.", 400},
    [RF_HEADER_INVALID] = {"HeaderInvalid", "Header '%1' is invalid.", 1, "Critical",
                           "Resubmit the request with a valid request header.", 412},
    [RF_SERVICE_UNAVAILABLE] = {"ServiceTemporarilyUnavailable",
                                "The service is temporarily unavailable. Retry in %1 seconds.", 1, "Critical",
                                "Wait for the indicated retry duration and retry the operation.", 503},
    [RF_NOT_SUPPORTED] = {"ActionNotSupported", "The action %1 is not supported by the resource.", 1, "Critical",
                          "The action supplied cannot be resubmitted to the implementation.", 501},
};

const struct rf_message_row *rf_message(enum rf_message message)
{
    return &rows[message];
}

/* The text with its arguments in place of %1 … %3. */
static void expand(struct strbuf *out, const char *text, const char *const args[RF_MESSAGE_ARGS_MAX])
{
    for (; *text; text++) {
        if (text[0] == '%' && text[1] >= '1' && text[1] < '1' + RF_MESSAGE_ARGS_MAX) {
            strbuf_adds(out, str_or(args[text[1] - '1'], ""));
            text++;
        } else {
            strbuf_addc(out, *text);
        }
    }
}

/* One item of a list of messages; `expanded` is its text with the arguments in place. */
static void write_message(struct jsonw *json, const struct rf_message_row *row, const char *const *args,
                          const char *expanded)
{
    jsonw_object(json, NULL);
    jsonw_str(json, "@odata.type", "#Message.v1_1_2.Message");
    jsonw_printf(json, "MessageId", RF_BASE_REGISTRY ".%s", row->id);
    jsonw_str(json, "Message", expanded);
    jsonw_array(json, "MessageArgs");
    for (int i = 0; i < row->args; i++)
        jsonw_str(json, NULL, str_or(args[i], ""));
    jsonw_end(json);
    jsonw_str(json, "Severity", row->severity);
    jsonw_str(json, "MessageSeverity", row->severity);
    jsonw_str(json, "Resolution", row->resolution);
    jsonw_end(json);
}

void rf_message_write(struct jsonw *json, enum rf_message message, const char *const args[RF_MESSAGE_ARGS_MAX],
                      const char *text)
{
    static const char *const none[RF_MESSAGE_ARGS_MAX];
    CLEANUP_STRBUF struct strbuf expanded = STRBUF_INIT;

    if (!args)
        args = none;
    expand(&expanded, rows[message].text, args);
    write_message(json, &rows[message], args, str_or(text, strbuf_str(&expanded)));
}

void rf_message_write_error(struct jsonw *json, enum rf_message message, const char *const args[RF_MESSAGE_ARGS_MAX],
                            const char *text)
{
    const struct rf_message_row *row = &rows[message];
    CLEANUP_STRBUF struct strbuf expanded = STRBUF_INIT;

    if (!text) {
        expand(&expanded, row->text, args);
        text = strbuf_str(&expanded);
    }
    jsonw_object(json, NULL);
    jsonw_object(json, "error");
    jsonw_printf(json, "code", RF_BASE_REGISTRY ".%s", row->id);
    jsonw_str(json, "message", text);
    jsonw_array(json, "@Message.ExtendedInfo");
    write_message(json, row, args, text);
    jsonw_end(json);
    jsonw_end(json);
    jsonw_end(json);
}

void rf_message_write_registry(struct jsonw *json)
{
    jsonw_object(json, NULL);
    jsonw_str(json, "@odata.type", "#MessageRegistry.v1_4_0.MessageRegistry");
    jsonw_str(json, "Id", "Base." RF_BASE_REGISTRY_VERSION);
    jsonw_str(json, "Name", "Base Message Registry");
    jsonw_str(json, "Language", "en");
    jsonw_str(json, "RegistryPrefix", "Base");
    jsonw_str(json, "RegistryVersion", RF_BASE_REGISTRY_VERSION);
    jsonw_str(json, "OwningEntity", "DMTF");
    jsonw_object(json, "Messages");
    for (int i = 0; i < RF_MESSAGE_COUNT; i++) {
        jsonw_object(json, rows[i].id);
        jsonw_str(json, "Description", rows[i].text);
        jsonw_str(json, "Message", rows[i].text);
        jsonw_str(json, "Severity", rows[i].severity);
        jsonw_str(json, "MessageSeverity", rows[i].severity);
        jsonw_int(json, "NumberOfArgs", rows[i].args);
        if (rows[i].args > 0) {
            jsonw_array(json, "ParamTypes");
            for (int arg = 0; arg < rows[i].args; arg++)
                jsonw_str(json, NULL, "string");
            jsonw_end(json);
        }
        jsonw_str(json, "Resolution", rows[i].resolution);
        jsonw_end(json);
    }
    jsonw_end(json);
    jsonw_end(json);
}
