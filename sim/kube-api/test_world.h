/* SPDX-License-Identifier: Apache-2.0 */
/* A served API in the simulated world, and requests on it: what the tests of this folder share. Texts of JSON use ' for ". */
#ifndef SIM_KUBE_API_TEST_WORLD_H
#define SIM_KUBE_API_TEST_WORLD_H

#include "lib/test.h"

#include "lib/data/json.h"
#include "lib/data/vec.h"
#include "lib/log/log.h"
#include "lib/net/http_client.h"
#include "sim/kube-api/kube_api.h"

struct world {
    struct rt *rt;
    struct net_sim *network;
    struct net *far, *near;
    struct log *log;
    struct env env;
    struct kube_api *api;
    struct kube_api_options options;
    struct http_client *client;
    void (*test)(struct world *w);
    const char *accept;   /* of the next requests; NULL: JSON */
    char *warning, *etag; /* of the last answer */
    char *text;           /* its body */
    struct {
        struct json **items;
        size_t len, cap;
    } kept; /* freed at the end */
};

/* ' to ", a copy; \' stays ', and \" is a " within a string. */
static inline char *quoted(const char *text)
{
    char *copy = mem_strdup(text), *to = copy;

    for (const char *at = text; *at; at++) {
        if (*at == '\\' && at[1] == '\'')
            *to++ = *++at;
        else
            *to++ = *at == '\'' ? '"' : *at;
    }
    *to = 0;
    return copy;
}

static inline struct json *keep(struct world *w, struct json *json)
{
    VEC_PUSH(&w->kept, json);
    return json;
}

static inline struct json *parse(struct world *w, const char *text)
{
    CLEANUP_FREE char *proper = quoted(text);
    struct json *json = NULL;

    assert_ok(json_parse(proper, strlen(proper), &json));
    return keep(w, json);
}

/* Sends raw bytes; fails unless the answer has `status`. The answer's JSON (NULL for other text) belongs to the world. */
static inline struct json *exchange(struct world *w, const char *method, const char *path, const char *type,
                                    const void *body, size_t len, int status)
{
    CLEANUP_FREE char *url = mem_printf("%s%s", kube_api_url(w->api), path);
    struct http_header headers[] = {{"Accept", w->accept ? w->accept : "application/json"}, {"Content-Type", type}};
    struct http_request request = {
        .method = method, .url = url, .headers = headers, .header_count = type ? 2 : 1, .body = body, .body_len = len};
    CLEANUP(http_response_free) struct http_response *response = NULL;
    struct json *json = NULL;

    assert_ok(http_call(w->client, &request, &response));
    if (response->status != status)
        fail_msg("%s %s: status %d, expected %d: %s", method, path, response->status, status, response->body);
    free(w->warning);
    free(w->etag);
    free(w->text);
    w->warning = mem_strdup(http_response_header(response, "warning"));
    w->etag = mem_strdup(http_response_header(response, "etag"));
    w->text = mem_strdup(response->body);
    error_free(json_parse(response->body, response->body_len, &json));
    return json ? keep(w, json) : NULL;
}

static inline struct json *send_typed(struct world *w, const char *method, const char *path, const char *type,
                                      const char *body, int status)
{
    CLEANUP_FREE char *proper = body ? quoted(body) : NULL;
    return exchange(w, method, path, type, proper, proper ? strlen(proper) : 0, status);
}

static inline struct json *get(struct world *w, const char *path, int status)
{
    return exchange(w, "GET", path, NULL, NULL, 0, status);
}

static inline struct json *post(struct world *w, const char *path, const char *body, int status)
{
    return send_typed(w, "POST", path, "application/json", body, status);
}

static inline struct json *put(struct world *w, const char *path, const struct json *body, int status)
{
    CLEANUP_FREE char *text = json_print(body);
    return exchange(w, "PUT", path, "application/json", text, strlen(text), status);
}

static inline struct json *merge(struct world *w, const char *path, const char *patch, int status)
{
    return send_typed(w, "PATCH", path, "application/merge-patch+json", patch, status);
}

static inline struct json *delete (struct world *w, const char *path, const char *options, int status)
{
    return send_typed(w, "DELETE", path, options ? "application/json" : NULL, options, status);
}

/* The value at `path` prints as `wanted`, in which ' is "; NULL: it is absent. */
static inline void check(const struct json *json, const char *path, const char *wanted)
{
    const struct json *value = json_get(json, path);
    CLEANUP_FREE char *text = value ? json_print(value) : NULL, *proper = wanted ? quoted(wanted) : NULL;

    if (!str_equal(text, proper)) {
        CLEANUP_FREE char *whole = json ? json_print(json) : mem_strdup("(nothing)");
        fail_msg("%s is %s, expected %s, in %s", path, text ? text : "absent", proper ? proper : "absent", whole);
    }
}

/* The text at `path` contains `part`. */
static inline void check_part(const struct json *json, const char *path, const char *part)
{
    CLEANUP_FREE char *proper = quoted(part);

    if (!strstr(json_str_or(json, path, ""), proper))
        fail_msg("%s is \"%s\", expected \"%s\" in it", path, json_str_or(json, path, ""), proper);
}

static inline void wait_ms(struct world *w, int64_t ms)
{
    assert_ok(rt_sleep(w->rt, ms * RT_MS));
}

static inline void start_api(struct world *w)
{
    assert_ok(kube_api_start(&w->env, &w->options, &w->api));
    struct http_client_options options = {.ca_pem = kube_api_ca_pem(w->api),
                                          .client_cert_pem = kube_api_admin_cert_pem(w->api),
                                          .client_key_pem = kube_api_admin_key_pem(w->api),
                                          .user_agent = "tester/1.0"};
    assert_ok(http_client_new(w->near, &options, &w->client));
}

static inline void stop_api(struct world *w)
{
    http_client_free(TAKE_PTR(w->client));
    kube_api_free(TAKE_PTR(w->api));
}

static inline void world_main(void *arg)
{
    struct world *w = arg;

    start_api(w);
    w->test(w);
    stop_api(w);
}

/* Runs a test against a fresh API. */
static inline void in_world(void (*test)(struct world *w), const char *data_dir)
{
    struct world w = {
        .rt = rt_new_sim(1, TEST_WALL), .test = test, .options = {.address = "10.0.0.2", .data_dir = data_dir}};
    struct log_options quiet = {.level = LOG_ERROR, .fd = 2, .wall = (int64_t(*)(void *))rt_wall, .clock = w.rt};

    w.network = net_sim_new(w.rt, NULL);
    w.far = net_sim_host(w.network, "kube", "10.0.0.2");
    w.near = net_sim_host(w.network, "client", "10.0.0.3");
    w.log = log_new(&quiet);
    w.env = (struct env){.rt = w.rt, .net = w.far, .log = w.log};
    assert_ok(rt_run(w.rt, world_main, &w));
    for (size_t i = 0; i < w.kept.len; i++)
        json_free(w.kept.items[i]);
    VEC_RELEASE(&w.kept);
    free(w.warning);
    free(w.etag);
    free(w.text);
    log_free(w.log);
    net_free(w.near);
    net_free(w.far);
    net_sim_free(w.network);
    rt_free(w.rt);
}

/* A CRD with most of what a schema may say. */
#define GADGET_SPEC                                                                                                    \
    "'spec':{'group':'lab.sim','scope':'Namespaced','names':{'plural':'gadgets','kind':'Gadget','shortNames':['gd']}," \
    "'versions':[{'name':'v1','served':true,'storage':true,'subresources':{'status':{},"                               \
    "'scale':{'specReplicasPath':'.spec.replicas','statusReplicasPath':'.status.replicas'}},"                          \
    "'additionalPrinterColumns':[{'name':'Color','type':'string','jsonPath':'.spec.color'},"                           \
    "{'name':'Replicas','type':'integer','jsonPath':'.spec.replicas'},"                                                \
    "{'name':'Ready','type':'string','jsonPath':'.status.conditions[?(@.type==\\'Ready\\')].status'},"                 \
    "{'name':'Tags','type':'string','priority':1,'jsonPath':'.spec.tags'},"                                            \
    "{'name':'Age','type':'date','jsonPath':'.metadata.creationTimestamp'}],"                                          \
    "'schema':{'openAPIV3Schema':{'type':'object','properties':{'spec':{'type':'object','required':['color'],"         \
    "'properties':{'color':{'type':'string','enum':['red','green','blue']},"                                           \
    "'replicas':{'type':'integer','default':1,'maximum':10},"                                                          \
    "'name':{'type':'string','maxLength':5,'pattern':'^[a-z]*$'},'when':{'type':'string','format':'date-time'},"       \
    "'note':{'type':'string','nullable':true},'free':{'type':'object','x-kubernetes-preserve-unknown-fields':true},"   \
    "'limit':{'x-kubernetes-int-or-string':true,'anyOf':[{'type':'integer'},{'type':'string'}]},"                      \
    "'labels':{'type':'object','additionalProperties':{'type':'string'}},"                                             \
    "'big':{'type':'integer','format':'int64'},"                                                                       \
    "'ports':{'type':'array','maxItems':3,'x-kubernetes-list-type':'map','x-kubernetes-list-map-keys':['name'],"       \
    "'items':{'type':'object','required':['name'],'properties':{'name':{'type':'string'},'port':{'type':'integer'},"   \
    "'protocol':{'type':'string','default':'TCP'}}}},"                                                                 \
    "'tags':{'type':'array','x-kubernetes-list-type':'set','items':{'type':'string'}},"                                \
    "'obj':{'type':'object','properties':{'a':{'type':'string','default':'x'}}}}},"                                    \
    "'status':{'type':'object','properties':{'phase':{'type':'string'},'replicas':{'type':'integer'},"                 \
    "'conditions':{'type':'array','items':{'type':'object','properties':{'type':{'type':'string'},"                    \
    "'status':{'type':'string'}}}}}}}}}}]}"
#define GADGET_CRD                                                                                                     \
    "{'apiVersion':'apiextensions.k8s.io/"                                                                             \
    "v1','kind':'CustomResourceDefinition','metadata':{'name':'gadgets.lab.sim'}," GADGET_SPEC "}"
#define CRDS "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
#define GADGETS "/apis/lab.sim/v1/namespaces/default/gadgets"
#define GADGET(name, spec) "{'apiVersion':'lab.sim/v1','kind':'Gadget','metadata':{'name':'" name "'},'spec':" spec "}"

static inline void serve_gadgets(struct world *w)
{
    post(w, CRDS, GADGET_CRD, 201);
}

#endif
