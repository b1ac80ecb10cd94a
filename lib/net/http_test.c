/* SPDX-License-Identifier: Apache-2.0 */
/* HTTP requests and answers: what arrives, limits, deadlines, ends of either side. */
#include "lib/net/http_test_world.h"

static void test_echo(struct world *w)
{
    CLEANUP(http_response_free) struct http_response *answer = NULL;
    const struct http_header headers[] = {{"X-Test", "value, with comma"}, {"Content-Type", "application/json"}};

    plain(w);
    assert_ok(http_call(w->client,
                        &(struct http_request){.method = "POST",
                                               .url = url(w, "http", "/a%2Fb/c%20d?q=1+2&r=%41&s&q=3#fragment"),
                                               .headers = headers,
                                               .header_count = 2,
                                               .body = "{\"k\":1}",
                                               .body_len = 7,
                                               .user = "admin",
                                               .password = "pass:word"},
                        &answer));
    assert_int_equal(answer->status, 200);
    assert_string_equal(answer->body,
                        "POST /a/b/c d|/a%2Fb/c%20d|q=1+2&r=%41&s&q=3|[q=1 2][r=A][s=][q=3]|x=value, with comma|"
                        "application/json|plain|admin/pass:word|7:{\"k\":1}");
    assert_string_equal(http_response_header(answer, "CONTENT-TYPE"), "text/plain");
    assert_string_equal(http_response_header(answer, "x-answer"), "first");
    assert_null(http_response_header(answer, "x-none"));
}

static void test_methods(struct world *w)
{
    static const char *const methods[] = {"GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS"};

    plain(w);
    for (size_t i = 0; i < ARRAY_SIZE(methods); i++) {
        CLEANUP(http_response_free) struct http_response *answer = NULL;
        char wanted[100];
        assert_ok(
            http_call(w->client, &(struct http_request){.method = methods[i], .url = url(w, "http", "/m")}, &answer));
        snprintf(wanted, sizeof(wanted), "%s /m|/m|||x=-|-|plain|0:", methods[i]);
        assert_int_equal(answer->status, 200);
        assert_string_equal(answer->body, str_equal(methods[i], "HEAD") ? "" : wanted);
    }
    CLEANUP(http_response_free) struct http_response *head = NULL;
    assert_ok(
        http_call(w->client, &(struct http_request){.method = "HEAD", .url = url(w, "http", "/announced")}, &head));
    assert_int_equal(head->status, 200);
    assert_int_equal(head->body_len, 0);
    assert_answer(w, url(w, "http", "/empty"), 204, "");
    assert_answer(w, url(w, "http", "/silent"), 500, "The server has no answer to this request.\n");
}

static void test_bad_requests(struct world *w)
{
    struct http_response *answer = NULL;
    const struct http_header split = {"X-A", "b\r\nX-C: d"};

    plain(w);
    assert_error_text(get(w, "ftp://h/", &answer), ERROR_INVALID, "http or https, not ftp");
    assert_error_text(get(w, "nonsense", &answer), ERROR_INVALID, "https://");
    assert_error_text(
        http_call(w->client, &(struct http_request){.url = url(w, "http", "/"), .headers = &split, .header_count = 1},
                  &answer),
        ERROR_INVALID, "X-A");
    assert_int_equal(w->handled, 0);
}

static void test_header_limits(struct world *w)
{
    static const struct {
        size_t first, count;
        int status;
    } rows[] = {{0, 2, 204}, {0, 3, 431}, {3, 90, 204}, {3, HTTP_HEADERS_MAX, 431}};
    struct http_header headers[HTTP_HEADERS_MAX + 3];
    char *value = mem_alloc(9001);

    plain(w);
    memset(value, 'v', 9000);
    for (size_t i = 0; i < ARRAY_SIZE(headers); i++)
        headers[i] = (struct http_header){"X-Many", i < 3 ? value : "v"};
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        CLEANUP(http_response_free) struct http_response *answer = NULL;
        assert_ok(http_call(w->client,
                            &(struct http_request){.url = url(w, "http", "/empty"),
                                                   .headers = headers + rows[i].first,
                                                   .header_count = rows[i].count},
                            &answer));
        assert_int_equal(answer->status, rows[i].status);
    }
    assert_int_equal(w->handled, 2);
    free(value);
}

static void test_refused(struct world *w)
{
    struct http_response *answer = NULL;
    char text[100];

    plain(w);
    char *target = mem_strdup(url(w, "http", "/secret"));
    snprintf(text, sizeof(text), "GET %s: connection refused", target);
    http_server_free(w->server);
    w->server = NULL;
    assert_error_text(get(w, target, &answer), ERROR_TRANSIENT, text);
    assert_error_text(get(w, "http://no-such-host.invalid/", &answer), ERROR_TRANSIENT,
                      "cannot resolve host name \"no-such-host.invalid\"");
    free(target);
}

static void test_no_credentials_in_errors(struct world *w)
{
    struct http_response *answer = NULL;

    client(w, (struct http_client_options){0});
    struct error *err = get(w, "http://user:hunter2@127.0.0.1:1/x", &answer);
    assert_error_text(error_wrap(err, "w"), ERROR_TRANSIENT, "GET http://127.0.0.1:1/x: connection refused");
    err = get(w, "http://127.0.0.1:1/x?token=hunter2", &answer);
    assert_error_text(error_wrap(err, "w"), ERROR_TRANSIENT, "GET http://127.0.0.1:1/x: connection refused");
    err = get(w, "http://user:hunter2@[::1/x", &answer);
    assert_non_null(err);
    assert_null(strstr(error_message(err), "hunter2"));
    error_free(err);
}

static void test_body_limit(struct world *w)
{
    CLEANUP(http_response_free) struct http_response *answer = NULL;
    char *big = mem_alloc(3 * 1024 * 1024);

    serve(w, (struct http_server_options){.body_max = 1000});
    client(w, (struct http_client_options){0});
    memset(big, 'x', 3 * 1024 * 1024);
    struct http_request request = {.method = "POST", .url = url(w, "http", "/"), .body = big, .body_len = 1000};
    assert_ok(http_call(w->client, &request, &answer));
    assert_int_equal(answer->status, 200);
    request.body_len = 1001;
    for (int i = 0; i < 2; i++, request.body_len = 3 * 1024 * 1024) {
        http_response_free(TAKE_PTR(answer));
        assert_ok(http_call(w->client, &request, &answer));
        assert_int_equal(answer->status, 413);
    }
    assert_int_equal(w->handled, 1);
    free(big);
}

static void test_response_limit(struct world *w)
{
    struct http_response *answer = NULL;

    plain(w);
    struct http_request request = {.url = url(w, "http", "/sized"), .response_max = 16 * 65536};
    assert_ok(http_call(w->client, &request, &answer));
    assert_int_equal(answer->body_len, 16 * 65536);
    http_response_free(answer);
    request.response_max--;
    assert_error_text(http_call(w->client, &request, &answer), ERROR_INVALID, "larger than 1048575 bytes");
}

static void test_deadline(struct world *w)
{
    struct http_response *answer = NULL;

    plain(w);
    rt_time start = rt_now(w->rt);
    struct http_request request = {.url = url(w, "http", "/slow"), .deadline = rt_after(w->rt, 100 * RT_MS)};
    assert_error_text(http_call(w->client, &request, &answer), ERROR_TIMEOUT, "no answer after 1");
    assert_true(rt_now(w->rt) - start >= 100 * RT_MS && rt_now(w->rt) - start < 5 * RT_S);
    assert_int_equal(w->handled, 1);
}

static void cancelled_call(void *arg)
{
    struct world *w = arg;
    struct http_response *answer = NULL;
    struct error *err = get(w, url(w, "http", "/slow"), &answer);

    snprintf(w->seen, sizeof(w->seen), "%s", err ? error_kind_name(error_kind(err)) : "none");
    error_free(err);
}

static void test_cancel(struct world *w)
{
    struct rt_group *group = rt_group_new(w->rt, NULL, "client");

    plain(w);
    rt_spawn(w->rt, group, "call", cancelled_call, w);
    while (!w->handled)
        assert_ok(rt_sleep(w->rt, RT_MS));
    rt_group_cancel(group);
    assert_ok(rt_group_wait(group, rt_after(w->rt, 5 * RT_S)));
    assert_string_equal(w->seen, "cancelled");
    rt_group_free(group);
    assert_int_equal(w->ended, 0); /* the handler is not told unless it asks */
}

static void kill_server(void *arg)
{
    struct world *w = arg;

    while (!w->handled)
        assert_ok(rt_sleep(w->rt, RT_MS));
    rt_group_cancel(w->group);
}

static void test_server_killed(struct world *w)
{
    struct http_response *answer = NULL;

    plain(w);
    char *target = mem_strdup(url(w, "http", "/slow"));
    rt_spawn(w->rt, NULL, "kill", kill_server, w);
    assert_error_text(get(w, target, &answer), ERROR_TRANSIENT, "connection");
    assert_error_text(get(w, target, &answer), ERROR_TRANSIENT, "connection refused");
    assert_ok(rt_group_wait(w->group, rt_after(w->rt, 5 * RT_S)));
    assert_int_equal(w->ended, 1);
    free(target);
}

static void test_abort(struct world *w)
{
    struct http_response *answer = NULL;

    plain(w);
    assert_error_text(get(w, url(w, "http", "/abort"), &answer), ERROR_TRANSIENT, "connection");
    assert_error_text(get(w, url(w, "http", "/short"), &answer), ERROR_TRANSIENT, "in the middle");
    assert_answer(w, url(w, "http", "/empty"), 204, "");
}

#define EVERYWHERE(X)                                                                                                  \
    X(test_header_limits)                                                                                              \
    X(test_body_limit)                                                                                                 \
    X(test_response_limit)                                                                                             \
    X(test_deadline)                                                                                                   \
    X(test_cancel)                                                                                                     \
    X(test_server_killed)                                                                                              \
    X(test_abort)
#define PLAIN(X)                                                                                                       \
    X(test_echo)                                                                                                       \
    X(test_methods)                                                                                                    \
    X(test_bad_requests)                                                                                               \
    X(test_refused)                                                                                                    \
    X(test_no_credentials_in_errors)
EVERYWHERE(IN_SIM)
EVERYWHERE(IN_SOCKETS)
EVERYWHERE(IN_TLS)
PLAIN(IN_SIM)
PLAIN(IN_SOCKETS)

int main(void)
{
    const struct CMUnitTest tests[] = {EVERYWHERE(SIM_ROW) EVERYWHERE(SOCKETS_ROW) EVERYWHERE(TLS_ROW) PLAIN(SIM_ROW)
                                           PLAIN(SOCKETS_ROW)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
