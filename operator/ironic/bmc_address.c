/* SPDX-License-Identifier: Apache-2.0 */
/*
 * BMC addresses: a URL parser with Go's rules, as far as addresses of this kind can tell the difference, and the table
 * of drivers.
 */
#include "operator/ironic/bmc_address.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define REDFISH_BASE                                                                                                   \
    .driver = "redfish", .raid = "redfish", .firmware = "redfish", .inspect = "redfish", .redfish = true
#define IDRAC_BASE                                                                                                     \
    .driver = "idrac", .bios = "idrac-redfish", .management = "idrac-redfish", .power = "idrac-redfish",               \
    .raid = "idrac-redfish", .vendor = "idrac-redfish", .firmware = "redfish", .inspect = "redfish", .redfish = true

/* BMO-293…301. A closed list: anything else is an unknown type (BMO-308). */
static const struct bmc_driver drivers[] = {
    {.scheme = "ipmi", .driver = "ipmi", .boot = "ipxe", .raid = "no-raid", .needs_provisioning_network = true},
    {.scheme = "libvirt",
     .driver = "ipmi",
     .boot = "ipxe",
     .raid = "no-raid",
     .needs_mac = true,
     .needs_provisioning_network = true},
    {.scheme = "redfish", REDFISH_BASE, .boot = "ipxe", .secure_boot = true, .needs_provisioning_network = true},
    {.scheme = "ilo5-redfish", REDFISH_BASE, .boot = "ipxe", .secure_boot = true, .needs_provisioning_network = true},
    {.scheme = "idrac-redfish", IDRAC_BASE, .boot = "ipxe", .secure_boot = true, .needs_provisioning_network = true},
    {.scheme = "redfish-virtualmedia",
     REDFISH_BASE,
     .boot = "redfish-virtual-media",
     .takes_iso = true,
     .secure_boot = true},
    {.scheme = "ilo5-virtualmedia",
     REDFISH_BASE,
     .boot = "redfish-virtual-media",
     .takes_iso = true,
     .secure_boot = true},
    {.scheme = "idrac-virtualmedia",
     IDRAC_BASE,
     .boot = "idrac-redfish-virtual-media",
     .takes_iso = true,
     .secure_boot = true},
    {.scheme = "redfish-uefihttp",
     REDFISH_BASE,
     .boot = "redfish-https",
     .takes_iso = true,
     .secure_boot = true,
     .always_system_id = true},
};

/* What of a URL matters here. */
struct parts {
    char *scheme; /* lower case; "" when absent */
    char *host, *hostname, *port;
    char *path, *query;
    bool opaque; /* "scheme:rest" without slashes */
};

static void parts_release(struct parts *parts)
{
    free(parts->scheme);
    free(parts->host);
    free(parts->hostname);
    free(parts->port);
    free(parts->path);
    free(parts->query);
    *parts = (struct parts){0};
}

#define CLEANUP_PARTS __attribute__((cleanup(parts_release)))

/* The length of a leading "scheme" before ':'; 0 without one; -1 for a text that begins with ':'. */
static int scheme_length(const char *text)
{
    for (int i = 0; text[i]; i++) {
        char c = text[i];
        if (isalpha((unsigned char)c))
            continue;
        if (isdigit((unsigned char)c) || c == '+' || c == '-' || c == '.') {
            if (i == 0)
                return 0;
        } else if (c == ':') {
            return i == 0 ? -1 : i;
        } else {
            return 0;
        }
    }
    return 0;
}

static bool port_is_numeric(const char *text)
{
    for (; *text; text++)
        if (!isdigit((unsigned char)*text))
            return false;
    return true;
}

/* Splits "host", "host:port", "[v6]:port" into name and port; false when it is malformed. */
static bool split_authority(const char *host, char **ret_hostname, char **ret_port)
{
    const char *name = host, *name_end, *colon;

    if (host[0] == '[') {
        const char *bracket = strrchr(host, ']');
        if (!bracket)
            return false;
        name = host + 1;
        name_end = bracket;
        colon = bracket[1] ? bracket + 1 : NULL;
        if (colon && *colon != ':')
            return false;
    } else {
        colon = strrchr(host, ':');
        name_end = colon ? colon : host + strlen(host);
    }
    if (colon && !port_is_numeric(colon + 1))
        return false;
    *ret_hostname = mem_strndup(name, (size_t)(name_end - name));
    *ret_port = colon && colon[1] ? mem_strdup(colon + 1) : NULL;
    return true;
}

/* Characters that Go refuses in the host part of a URL. */
static bool host_has_bad_character(const char *host)
{
    return strpbrk(host, " \"<>\\^`{|}") != NULL;
}

static struct error *parse_hierarchy(const char *text, const char *rest, size_t rest_len, struct parts *parts)
{
    const char *path = rest, *end = rest + rest_len;

    if (rest_len >= 2 && rest[0] == '/' && rest[1] == '/') {
        const char *authority = rest + 2;
        path = memchr(authority, '/', (size_t)(end - authority));
        if (!path)
            path = end;
        CLEANUP_FREE char *whole = mem_strndup(authority, (size_t)(path - authority));
        char *at = strrchr(whole, '@');
        parts->host = mem_strdup(at ? at + 1 : whole);
        if (host_has_bad_character(parts->host))
            return error_new(ERROR_INVALID, "\"%s\" has an invalid character in its host name", text);
        if (!split_authority(parts->host, &parts->hostname, &parts->port))
            return error_new(ERROR_INVALID, "\"%s\" has an invalid port or bracket in its host", text);
    } else {
        parts->host = mem_strdup("");
        parts->hostname = mem_strdup("");
    }
    CLEANUP_FREE char *raw_path = mem_strndup(path, (size_t)(end - path));
    TRY(str_url_decode(raw_path, &parts->path));
    return NULL;
}

/* Go's url.Parse() for our purposes. */
static struct error *parse_url(const char *text, struct parts *ret)
{
    CLEANUP_PARTS struct parts parts = {0};

    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return error_new(ERROR_INVALID, "invalid control character in URL");
    int scheme_len = scheme_length(text);
    if (scheme_len < 0)
        return error_new(ERROR_INVALID, "\"%s\": missing protocol scheme", text);
    CLEANUP_FREE char *scheme = mem_strndup(text, (size_t)scheme_len);
    parts.scheme = str_lower(scheme);
    const char *rest = scheme_len ? text + scheme_len + 1 : text;
    size_t len = strcspn(rest, "#");
    const char *question = memchr(rest, '?', len);
    if (question) {
        parts.query = mem_strndup(question + 1, len - (size_t)(question + 1 - rest));
        len = (size_t)(question - rest);
    }
    if (len == 0 || rest[0] != '/') {
        if (scheme_len) {
            parts.opaque = len > 0;
            parts.host = mem_strdup("");
            parts.hostname = mem_strdup("");
            parts.path = mem_strdup("");
            *ret = parts;
            parts = (struct parts){0};
            return NULL;
        }
        size_t segment = strcspn(rest, "/?#");
        if (memchr(rest, ':', segment))
            return error_new(ERROR_INVALID, "\"%s\": first path segment in URL cannot contain colon", text);
    }
    TRY(parse_hierarchy(text, rest, len, &parts));
    *ret = parts;
    parts = (struct parts){0};
    return NULL;
}

/* Go's net.SplitHostPort() accepts it. */
static bool is_host_port(const char *text)
{
    const char *colon = strrchr(text, ':');
    if (!colon)
        return false;
    if (text[0] == '[') {
        const char *bracket = strchr(text, ']');
        return bracket && bracket + 1 == colon && !strchr(text + 1, '[');
    }
    return strchr(text, ':') == colon && !strpbrk(text, "[]");
}

static struct error *parse_with_fallbacks(const char *text, struct parts *ret)
{
    CLEANUP_PARTS struct parts parts = {0};

    struct error *err = parse_url(text, &parts);
    if (err) {
        if (strchr(text, ':') && !is_host_port(text))
            return error_wrap(err, "failed to parse BMC address information");
        error_free(err);
        parts.scheme = mem_strdup("ipmi");
        parts.host = mem_strdup(text);
        parts.path = mem_strdup("");
        if (!split_authority(text, &parts.hostname, &parts.port))
            parts.hostname = mem_strdup(text);
    } else if (parts.opaque) {
        parts_release(&parts);
        const char *colon = strchr(text, ':');
        CLEANUP_FREE char *slashed = mem_printf("%.*s://%s", (int)(colon - text), text, colon + 1);
        TRY_WRAP(parse_url(slashed, &parts), "failed to parse BMC address information");
    } else if (!parts.scheme[0] && !parts.hostname[0]) {
        parts_release(&parts);
        CLEANUP_FREE char *prefixed = mem_printf("ipmi://%s", text);
        struct error *unparsable = parse_url(prefixed, &parts);
        if (unparsable) { /* it speaks of the scheme that we added */
            error_free(unparsable);
            return error_new(ERROR_INVALID,
                             "failed to parse BMC address information: \"%s\" is neither a host nor a URL such as "
                             "redfish-virtualmedia://192.0.2.1/redfish/v1/Systems/1",
                             text);
        }
    }
    *ret = parts;
    parts = (struct parts){0};
    return NULL;
}

static bool is_ipv4(const char *text)
{
    int groups = 0;
    while (true) {
        size_t digits = strspn(text, "0123456789");
        if (digits < 1 || digits > 3 || strtol(text, NULL, 10) > 255)
            return false;
        groups++;
        text += digits;
        if (!*text)
            return groups == 4;
        if (*text++ != '.')
            return false;
    }
}

/* A rough check: hex groups and colons, at most one "::", an optional zone; good enough to tell it from a host name. */
static bool is_ipv6(const char *text)
{
    size_t len = strcspn(text, "%");
    size_t colons = 0;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == ':')
            colons++;
        else if (!isxdigit((unsigned char)text[i]) && text[i] != '.')
            return false;
    }
    return colons >= 2 && colons <= 7;
}

/* RFC 1123 labels joined by dots (BMO-288). */
static bool is_host_name(const char *text)
{
    while (true) {
        size_t len = strcspn(text, ".");
        if (len < 1 || len > 63 || text[0] == '-' || text[len - 1] == '-')
            return false;
        for (size_t i = 0; i < len; i++)
            if (!isalnum((unsigned char)text[i]) && text[i] != '-')
                return false;
        if (!text[len])
            return true;
        text += len + 1;
    }
}

static const struct bmc_driver *driver_find(const char *scheme, const char **ret_transport)
{
    size_t len = strcspn(scheme, "+");
    const char *transport = scheme[len] ? scheme + len + 1 : "";

    for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
        if (strlen(drivers[i].scheme) != len || strncmp(drivers[i].scheme, scheme, len) != 0)
            continue;
        if (!drivers[i].redfish) {
            *ret_transport = "ipmi";
            return scheme[len] ? NULL : &drivers[i];
        }
        if (scheme[len] && strcmp(transport, "http") != 0 && strcmp(transport, "https") != 0)
            return NULL;
        *ret_transport = scheme[len] ? transport : "https";
        return &drivers[i];
    }
    return NULL;
}

static char *query_value(const char *query, const char *name)
{
    char **pairs CLEANUP(str_list_free) = str_split(query ? query : "", '&');
    size_t len = strlen(name);

    for (char **pair = pairs; *pair; pair++) {
        char *value = NULL;
        if (strncmp(*pair, name, len) != 0 || (*pair)[len] != '=')
            continue;
        struct error *err = str_url_decode(*pair + len + 1, &value);
        if (!err)
            return value;
        error_free(err);
    }
    return NULL;
}

struct error *bmc_address_parse(const char *text, bool skip_verify, struct bmc_address **ret)
{
    CLEANUP_PARTS struct parts parts = {0};
    const char *transport = NULL;

    if (str_is_empty(text))
        return error_new(ERROR_INVALID, "missing BMC address");
    TRY(parse_with_fallbacks(text, &parts));
    if (parts.hostname[0] && !is_ipv4(parts.hostname) && !is_ipv6(parts.hostname) && !is_host_name(parts.hostname))
        return error_new(ERROR_INVALID, "BMC address hostname/IP : [%s] is invalid", parts.hostname);
    const struct bmc_driver *driver = driver_find(parts.scheme, &transport);
    if (!driver)
        return error_new(ERROR_INVALID, "Unknown BMC type '%s' for address %s", parts.scheme, text);

    struct bmc_address *address = mem_alloc(sizeof(*address));
    address->driver = driver;
    address->type = mem_strdup(parts.scheme);
    address->transport = mem_strdup(transport);
    address->host = TAKE_PTR(parts.host);
    address->hostname = TAKE_PTR(parts.hostname);
    address->port = TAKE_PTR(parts.port);
    address->path = TAKE_PTR(parts.path);
    address->privilege = query_value(parts.query, "privilegelevel");
    address->skip_verify = skip_verify;
    *ret = address;
    return NULL;
}

void bmc_address_free(struct bmc_address *address)
{
    if (!address)
        return;
    free(address->type);
    free(address->transport);
    free(address->host);
    free(address->hostname);
    free(address->port);
    free(address->path);
    free(address->privilege);
    free(address);
}

/* The path names a system unless it is empty or the service root (BMO-302). */
static bool path_names_system(const char *path)
{
    while (*path == '/')
        path++;
    size_t len = strlen(path);
    while (len && path[len - 1] == '/')
        len--;
    return len > 0 && !(len == strlen("redfish/v1") && strncmp(path, "redfish/v1", len) == 0);
}

struct json *bmc_driver_info(const struct bmc_address *address, const char *user, const char *password)
{
    struct json *info = json_new_object();

    if (address->driver->redfish) {
        json_set_printf(info, "redfish_address", "%s://%s", address->transport, address->host);
        json_set_str(info, "redfish_username", str_or(user, ""));
        json_set_str(info, "redfish_password", str_or(password, ""));
        if (address->driver->always_system_id || path_names_system(address->path))
            json_set_str(info, "redfish_system_id", path_names_system(address->path) ? address->path : "");
        if (address->skip_verify)
            json_set_bool(info, "redfish_verify_ca", false);
    } else {
        json_set_str(info, "ipmi_port", str_or(address->port, "623"));
        json_set_str(info, "ipmi_username", str_or(user, ""));
        json_set_str(info, "ipmi_password", str_or(password, ""));
        json_set_str(info, "ipmi_address", address->hostname);
        json_set_str(info, "ipmi_priv_level", str_or(address->privilege, "ADMINISTRATOR"));
        if (address->skip_verify)
            json_set_bool(info, "ipmi_verify_ca", false);
    }
    return info;
}

bool bmc_address_is_ipv6(const struct bmc_address *address)
{
    return is_ipv6(address->hostname);
}
