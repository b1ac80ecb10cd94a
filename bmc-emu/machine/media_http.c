// SPDX-License-Identifier: Apache-2.0
// The media fetcher for http and https: a streaming download into a medium, never more than a buffer of it beside.
#include "bmc-emu/machine/media.h"

#include <stdlib.h>
#include <string.h>

#include "lib/data/str.h"
#include "lib/net/http_client.h"

#define REDIRECTS_MAX 5
#define BUFFER_SIZE CHUNK_SIZE
#define OPEN_TIMEOUT (30 * RT_S) /* until the server's headers are there */
#define READ_TIMEOUT (60 * RT_S) /* without a byte */

struct http_fetcher {
    struct media_fetcher base;
    struct net *net;
    struct http_client *verifying, *trusting;
};

static bool is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* A status other than 200 as an error of the kind that tells the client what to do. */
static struct error *status_error(int status, const char *shown)
{
    enum error_kind kind = ERROR_TRANSIENT;

    if (status == 401 || status == 403)
        kind = ERROR_DENIED;
    else if (status >= 400 && status < 500)
        kind = ERROR_NOT_FOUND;
    return error_new_code(kind, status, "image server answers %d %s for %s", status, http_status_text(status), shown);
}

/* The URL that `location` means, seen from `base`: absolute, or a path on the same server. */
static struct error *resolve(const char *base, const char *location, char **ret)
{
    if (str_has_prefix(location, "http://") || str_has_prefix(location, "https://")) {
        *ret = mem_strdup(location);
        return NULL;
    }
    const char *authority = strstr(base, "://");
    if (location[0] != '/' || !authority)
        return error_new(ERROR_INVALID, "image server redirects to \"%.100s\", which is neither URL nor path",
                         location);
    size_t len = (size_t)(authority + 3 - base) + strcspn(authority + 3, "/?#");
    CLEANUP_FREE char *server = mem_strndup(base, len);
    *ret = mem_printf("%s%s", server, location);
    return NULL;
}

static struct error *check_length(const char *text, const char *shown, uint64_t max, struct medium *into)
{
    int64_t length;

    if (!text)
        return NULL;
    TRY_WRAP(str_to_int64(text, &length), "content length of %s", shown);
    if (length < 0 || (uint64_t)length > max)
        return error_new(ERROR_INVALID, "image %s has %s bytes, more than the drive's limit of %llu", shown, text,
                         (unsigned long long)max);
    medium_resize(into, (uint64_t)length);
    return NULL;
}

static struct error *receive(struct rt *rt, struct http_stream *stream, const char *shown, uint64_t max,
                             struct medium *into)
{
    CLEANUP_FREE unsigned char *buf = mem_alloc(BUFFER_SIZE);
    uint64_t offset = 0;

    for (;;) {
        size_t len, fill = 0;
        /* Whole buffers make whole chunks, which need no copy of their own. */
        do {
            TRY_WRAP(http_stream_read(stream, buf + fill, BUFFER_SIZE - fill, rt_after(rt, READ_TIMEOUT), &len),
                     "image %s", shown);
            fill += len;
        } while (len > 0 && fill < BUFFER_SIZE);
        if (fill > max - offset)
            return error_new(ERROR_INVALID, "image %s is larger than the drive's limit of %llu bytes", shown,
                             (unsigned long long)max);
        if (offset + fill > medium_size(into))
            medium_resize(into, offset + fill);
        TRY(medium_write(into, offset, buf, fill));
        offset += fill;
        if (len == 0)
            break;
    }
    medium_resize(into, offset);
    return NULL;
}

static struct error *fetch(struct media_fetcher *base, const struct machine *machine,
                           const struct machine_media_request *request, uint64_t max, struct medium *into)
{
    struct http_fetcher *fetcher = CONTAINER_OF(base, struct http_fetcher, base);
    struct rt *rt = net_rt(fetcher->net);
    CLEANUP_FREE char *url = mem_strdup(request->image);

    for (int hop = 0; hop <= REDIRECTS_MAX; hop++) {
        CLEANUP_FREE char *shown = url_shown(url);
        if (!str_has_prefix(url, "http://") && !str_has_prefix(url, "https://"))
            return error_new(ERROR_UNSUPPORTED, "image %s is neither http:// nor https://", shown);
        CLEANUP(http_stream_close) struct http_stream *stream = NULL;
        struct http_request call = {
            .url = url,
            /* Credentials are for the server that the client named, not for where it sends us. */
            .user = hop == 0 ? request->user : NULL,
            .password = hop == 0 ? str_or(request->password, "") : NULL,
            .deadline = rt_after(rt, OPEN_TIMEOUT),
        };
        TRY(http_stream_open(request->verify_certificate ? fetcher->verifying : fetcher->trusting, &call, &stream));
        int status = http_stream_status(stream);
        const char *location = http_stream_header(stream, "location");
        if (is_redirect(status) && location) {
            char *next;
            TRY(resolve(url, location, &next));
            free(url);
            url = next;
            continue;
        }
        if (status != 200)
            return status_error(status, shown);
        TRY(check_length(http_stream_header(stream, "content-length"), shown, max, into));
        return receive(rt, stream, shown, max, into);
    }
    CLEANUP_FREE char *shown = url_shown(request->image);
    return error_new(ERROR_INVALID, "image %s: more than %d redirects", shown, REDIRECTS_MAX);
}

static void http_fetcher_free(struct media_fetcher *base)
{
    struct http_fetcher *fetcher = CONTAINER_OF(base, struct http_fetcher, base);

    http_client_free(fetcher->verifying);
    http_client_free(fetcher->trusting);
    free(fetcher);
}

struct error *media_fetcher_http_new(struct net *net, struct media_fetcher **ret)
{
    static const struct media_fetcher_ops ops = {.name = "http", .fetch = fetch, .free = http_fetcher_free};
    struct http_client_options options = {.user_agent = "bmc-emu/" METAL3_VERSION, .connections_max = 64};
    struct http_fetcher *fetcher = mem_alloc(sizeof(*fetcher));
    CLEANUP(media_fetcher_free) struct media_fetcher *owner = &fetcher->base;

    fetcher->base.ops = &ops;
    fetcher->net = net;
    TRY(http_client_new(net, &options, &fetcher->verifying));
    options.insecure = true;
    TRY(http_client_new(net, &options, &fetcher->trusting));
    *ret = TAKE_PTR(owner);
    return NULL;
}
