/* SPDX-License-Identifier: Apache-2.0 */
/* URLs (RFC 3986) and "ADDRESS:PORT" texts to their parts. Both come from manifests and flags, so each mistake has its own sentence. */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "lib/net/http_client.h"
#include "lib/net/net.h"

#define URL_MAX 8192

static const struct {
    const char *scheme;
    int port;
} default_ports[] = {{"http", 80}, {"https", 443}, {"ws", 80}, {"wss", 443}, {"ftp", 21}, {"ipmi", 623}};

/* Of "redfish+https" the part after the plus sign decides. */
static int scheme_port(const char *scheme)
{
    const char *plus = strrchr(scheme, '+');

    for (size_t i = 0; i < ARRAY_SIZE(default_ports); i++)
        if (str_equal(plus ? plus + 1 : scheme, default_ports[i].scheme))
            return default_ports[i].port;
    return 0;
}

static struct error *parse_port(const char *text, size_t len, int *ret)
{
    int port = 0;

    if (!len || len > 5)
        return error_new(ERROR_INVALID, "the port must be a number from 0 to 65535");
    for (size_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char)text[i]))
            return error_new(ERROR_INVALID, "the port must be a number from 0 to 65535");
        port = port * 10 + (text[i] - '0');
    }
    if (port > 65535)
        return error_new(ERROR_INVALID, "the port must be a number from 0 to 65535");
    *ret = port;
    return NULL;
}

static struct error *decode(const char *text, size_t len, char **ret)
{
    CLEANUP_FREE char *part = mem_strndup(text, len);

    return str_url_decode(part, ret);
}

static struct error *check_host(const char *host, bool bracketed)
{
    struct in6_addr v6;

    if (bracketed) {
        CLEANUP_FREE char *address = mem_strndup(host, strcspn(host, "%"));
        if (inet_pton(AF_INET6, address, &v6) != 1)
            return error_new(ERROR_INVALID, "what stands in brackets is not an IPv6 address");
        return NULL;
    }
    if (!*host)
        return error_new(ERROR_INVALID, "the host is missing");
    for (const unsigned char *c = (const unsigned char *)host; *c; c++)
        if (*c <= ' ' || *c == 0x7f || strchr("/?#@\\<>\"`^|{}[]", *c))
            return error_new(ERROR_INVALID, "the host has a character that is not allowed there");
    return NULL;
}

/* host[:port], after the user information. */
static struct error *parse_host_port(const char *text, size_t len, struct url *url)
{
    size_t host_len;
    bool bracketed = len && text[0] == '[';

    if (bracketed) {
        const char *close = memchr(text, ']', len);
        if (!close)
            return error_new(ERROR_INVALID, "the closing bracket of the IPv6 address is missing");
        url->host = mem_strndup(text + 1, (size_t)(close - text - 1));
        host_len = (size_t)(close - text) + 1;
    } else {
        const char *colon = memchr(text, ':', len);
        host_len = colon ? (size_t)(colon - text) : len;
        TRY_WRAP(decode(text, host_len, &url->host), "the host");
    }
    TRY(check_host(url->host, bracketed));
    if (host_len == len)
        return NULL;
    if (text[host_len] != ':')
        return error_new(ERROR_INVALID, "after the closing bracket only a port may follow");
    if (host_len + 1 < len) /* "host:" has the default port */
        TRY(parse_port(text + host_len + 1, len - host_len - 1, &url->port));
    return NULL;
}

static struct error *parse_authority(const char *text, size_t len, struct url *url)
{
    const char *at = memrchr(text, '@', len);

    if (at) {
        size_t user_len = (size_t)(at - text);
        const char *colon = memchr(text, ':', user_len);
        TRY_WRAP(decode(text, colon ? (size_t)(colon - text) : user_len, &url->user), "the user name");
        if (colon)
            TRY_WRAP(decode(colon + 1, (size_t)(at - colon - 1), &url->password), "the password");
        len -= user_len + 1;
        text = at + 1;
    }
    return parse_host_port(text, len, url);
}

static struct error *parse(const char *text, struct url *url)
{
    const char *colon = strstr(text, "://"), *rest, *path, *query, *end;

    if (strlen(text) > URL_MAX)
        return error_new(ERROR_INVALID, "it is longer than %d bytes", URL_MAX);
    for (const unsigned char *c = (const unsigned char *)text; *c; c++)
        if (*c <= ' ' || *c == 0x7f)
            return error_new(ERROR_INVALID, "it has a space or control character");
    if (!colon || colon == text || !isalpha((unsigned char)text[0]))
        return error_new(ERROR_INVALID, "it must begin with a scheme such as https://");
    for (const char *c = text; c < colon; c++)
        if (!isalnum((unsigned char)*c) && !strchr("+-.", *c))
            return error_new(ERROR_INVALID, "it must begin with a scheme such as https://");
    CLEANUP_FREE char *scheme = mem_strndup(text, (size_t)(colon - text));
    url->scheme = str_lower(scheme);
    url->port = scheme_port(url->scheme);
    rest = colon + 3;
    path = rest + strcspn(rest, "/?#");
    TRY(parse_authority(rest, (size_t)(path - rest), url));
    end = path + strcspn(path, "#");
    query = memchr(path, '?', (size_t)(end - path));
    if (query)
        url->query = mem_strndup(query + 1, (size_t)(end - query - 1));
    else
        query = end;
    url->path = query == path ? mem_strdup("/") : mem_strndup(path, (size_t)(query - path));
    return NULL;
}

struct error *url_parse(const char *text, struct url *ret)
{
    struct url url = {0};
    struct error *err = parse(text, &url);

    if (err) {
        url_release(&url);
        /* Only the part that cannot hold a password is shown. */
        const char *at = strrchr(text, '@');
        if (at)
            return error_wrap(err, "bad URL \"…%.200s\"", at);
        return error_wrap(err, "bad URL \"%.200s\"", text);
    }
    *ret = url;
    return NULL;
}

void url_release(struct url *url)
{
    if (!url)
        return;
    free(url->scheme);
    free(url->user);
    mem_free_secret(url->password);
    free(url->host);
    free(url->path);
    free(url->query);
    *url = (struct url){0};
}

struct error *net_parse_address(const char *text, char **ret_host, int *ret_port)
{
    const char *colon = strrchr(text, ':');
    struct error *err = NULL;
    size_t host_len;
    int port = 0;

    if (!colon)
        return error_new(ERROR_INVALID, "bad address \"%.100s\": write ADDRESS:PORT", text);
    host_len = (size_t)(colon - text);
    err = parse_port(colon + 1, strlen(colon + 1), &port);
    if (!err && text[0] == '[') {
        if (host_len < 2 || text[host_len - 1] != ']')
            err = error_new(ERROR_INVALID, "the closing bracket of the IPv6 address is missing");
    } else if (!err && memchr(text, ':', host_len)) {
        err = error_new(ERROR_INVALID, "write an IPv6 address in brackets: [::1]:8080");
    }
    if (err)
        return error_wrap(err, "bad address \"%.100s\"", text);
    CLEANUP_FREE char *host = text[0] == '[' ? mem_strndup(text + 1, host_len - 2) : mem_strndup(text, host_len);
    if (*host)
        TRY_WRAP(check_host(host, text[0] == '['), "bad address \"%.100s\"", text);
    *ret_host = *host ? TAKE_PTR(host) : mem_strdup("0.0.0.0");
    *ret_port = port;
    return NULL;
}

char *net_url(const char *scheme, const char *host, int port)
{
    return mem_printf(strchr(host, ':') ? "%s://[%s]:%d" : "%s://%s:%d", scheme, host, port);
}

char *url_shown(const char *text)
{
    const char *mark = strstr(text, "://");
    size_t len = strcspn(text, "?#"), begin = mark ? (size_t)(mark - text) + 3 : 0;

    if (begin > len)
        begin = 0;
    size_t host = begin, end = begin + strcspn(text + begin, "/?#");
    for (size_t i = begin; i < end; i++)
        if (text[i] == '@')
            host = i + 1;
    return mem_printf("%.*s%.*s", (int)begin, text, (int)(len - host), text + host);
}
