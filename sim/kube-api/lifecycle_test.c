/* SPDX-License-Identifier: Apache-2.0 */
/* What goes on behind the verbs: garbage collection, namespaces, CRDs, versions, webhooks (reference rows KAPI-119…147, 161…168). */
#include "sim/kube-api/test_world.h"

#include "lib/net/http_server.h"
#include "lib/net/pki.h"

#define CONFIGMAPS "/api/v1/namespaces/default/configmaps"
#define SOON 100

static struct json *config(struct world *w, const char *name, const char *owner_name, const char *owner_uid,
                           bool blocks)
{
    CLEANUP_FREE char *owners =
        owner_uid ? mem_printf(",'ownerReferences':[{'apiVersion':'v1','kind':'ConfigMap','name':'%s','uid':'%s',"
                               "'blockOwnerDeletion':%s}]",
                               owner_name, owner_uid, blocks ? "true" : "false")
                  : mem_strdup("");
    CLEANUP_FREE char *body =
        mem_printf("{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'%s'%s}}", name, owners);
    return post(w, CONFIGMAPS, body, 201);
}

static void background(struct world *w)
{
    const char *uid = json_str(config(w, "owner", NULL, NULL, false), "metadata/uid");
    config(w, "child", "owner", uid, true);
    config(w, "grandchild", "child", json_str(get(w, CONFIGMAPS "/child", 200), "metadata/uid"), true);
    struct json *second = config(w, "second", NULL, NULL, false);
    config(w, "shared", "owner", uid, false);
    CLEANUP_FREE char *patch =
        mem_printf("[{'op':'add','path':'/metadata/ownerReferences/-','value':{'apiVersion':'v1',"
                   "'kind':'ConfigMap','name':'second','uid':'%s'}}]",
                   json_str(second, "metadata/uid"));
    send_typed(w, "PATCH", CONFIGMAPS "/shared", "application/json-patch+json", patch, 200);
    wait_ms(w, SOON);
    get(w, CONFIGMAPS "/grandchild", 200);
    delete (w, CONFIGMAPS "/owner", "{'propagationPolicy':'Background'}", 200);
    wait_ms(w, SOON);
    get(w, CONFIGMAPS "/child", 404);
    get(w, CONFIGMAPS "/grandchild", 404);
    struct json *shared = get(w, CONFIGMAPS "/shared", 200);
    assert_int_equal(json_len(json_get(shared, "metadata/ownerReferences")), 1);
    /* An owner that is not there, or another one of that name. */
    config(w, "stray", "owner", uid, false);
    config(w, "wrong", "second", "00000000-0000-4000-8000-000000000000", false);
    wait_ms(w, SOON);
    get(w, CONFIGMAPS "/stray", 404);
    get(w, CONFIGMAPS "/wrong", 404);
    post(w, CONFIGMAPS,
         "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'x','ownerReferences':[{'apiVersion':'v1','kind':'"
         "ConfigMap'}]}}",
         422);
}

static void foreground(struct world *w)
{
    const char *uid = json_str(config(w, "owner", NULL, NULL, false), "metadata/uid");
    config(w, "blocking", "owner", uid, true);
    config(w, "other", "owner", uid, false);
    merge(w, CONFIGMAPS "/blocking", "{'metadata':{'finalizers':['lab.sim/hold']}}", 200);
    struct json *held = delete (w, CONFIGMAPS "/owner", "{'propagationPolicy':'Foreground'}", 200);
    check(held, "metadata/finalizers", "['foregroundDeletion']");
    wait_ms(w, SOON);
    get(w, CONFIGMAPS "/owner", 200);
    get(w, CONFIGMAPS "/other", 404);
    merge(w, CONFIGMAPS "/blocking", "{'metadata':{'finalizers':null}}", 200);
    wait_ms(w, SOON);
    get(w, CONFIGMAPS "/blocking", 404);
    get(w, CONFIGMAPS "/owner", 404);
}

static void orphan(struct world *w)
{
    const char *uid = json_str(config(w, "owner", NULL, NULL, false), "metadata/uid");
    config(w, "child", "owner", uid, true);
    delete (w, CONFIGMAPS "/owner", "{'propagationPolicy':'Orphan'}", 200);
    wait_ms(w, SOON);
    get(w, CONFIGMAPS "/owner", 404);
    check(get(w, CONFIGMAPS "/child", 200), "metadata/ownerReferences", NULL);
}

static void namespaces(struct world *w)
{
    serve_gadgets(w);
    post(w, "/api/v1/namespaces", "{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'lab'}}", 201);
    post(w, "/apis/lab.sim/v1/namespaces/lab/gadgets",
         "{'apiVersion':'lab.sim/v1','kind':'Gadget','metadata':{'name':'a','finalizers':['lab.sim/"
         "hold']},'spec':{'color':'red'}}",
         201);
    post(w, "/api/v1/namespaces/lab/configmaps", "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c'}}", 201);
    struct json *ns = delete (w, "/api/v1/namespaces/lab", NULL, 200);
    check(ns, "status/phase", "'Terminating'");
    struct json *status = post(w, "/api/v1/namespaces/lab/configmaps",
                               "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'d'}}", 403);
    check(status, "details/causes/0/reason", "'NamespaceTerminating'");
    wait_ms(w, SOON);
    get(w, "/api/v1/namespaces/lab/configmaps/c", 404);
    ns = get(w, "/api/v1/namespaces/lab", 200);
    const struct json *condition = NULL;
    JSON_FOREACH (candidate, json_get(ns, "status/conditions")) {
        if (str_equal(json_str(candidate, "type"), "NamespaceFinalizersRemaining"))
            condition = candidate;
    }
    check(condition, "message",
          "'Some content in the namespace has finalizers remaining: lab.sim/hold in 1 resource instances'");
    merge(w, "/apis/lab.sim/v1/namespaces/lab/gadgets/a", "{'metadata':{'finalizers':null}}", 200);
    wait_ms(w, SOON);
    get(w, "/api/v1/namespaces/lab", 404);
}

/* A namespace goes at once when its own finalizer is taken away. */
static void finalize(struct world *w)
{
    post(w, "/api/v1/namespaces",
         "{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'lab','finalizers':['lab.sim/x']}}", 201);
    delete (w, "/api/v1/namespaces/lab", NULL, 200);
    wait_ms(w, SOON);
    put(w, "/api/v1/namespaces/lab/finalize",
        parse(w, "{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'lab'},'spec':{'finalizers':[]}}"), 200);
    get(w, "/api/v1/namespaces/lab", 404);
}

static void crd_life(struct world *w)
{
    serve_gadgets(w);
    struct json *crd = get(w, CRDS "/gadgets.lab.sim", 200);
    check(crd, "status/acceptedNames/singular", "'gadget'");
    check(crd, "spec/names/listKind", "'GadgetList'");
    check(crd, "status/storedVersions", "['v1']");
    check(crd, "status/conditions/1/type", "'Established'");
    check(crd, "status/conditions/1/status", "'True'");
    check(crd, "metadata/generation", "1");
    merge(w, CRDS "/gadgets.lab.sim", "{'spec':{'scope':'Cluster'}}", 422);
    post(w, GADGETS,
         "{'apiVersion':'lab.sim/v1','kind':'Gadget','metadata':{'name':'a','finalizers':['lab.sim/"
         "hold']},'spec':{'color':'red'}}",
         201);
    delete (w, CRDS "/gadgets.lab.sim", NULL, 200);
    wait_ms(w, SOON);
    post(w, GADGETS, GADGET("b", "{'color':'red'}"), 405);
    merge(w, CRDS "/gadgets.lab.sim",
          "{'metadata':{'finalizers':['customresourcecleanup.apiextensions.k8s.io']},'spec':{'names':{'shortNames':['g'"
          "]}}}",
          200);
    merge(w, GADGETS "/a", "{'metadata':{'finalizers':null}}", 200);
    wait_ms(w, SOON);
    get(w, CRDS "/gadgets.lab.sim", 404);
    get(w, GADGETS, 404);
}

static void crd_rules(struct world *w)
{
    static const struct {
        const char *patch, *field;
    } cases[] = {
        {"{'metadata':{'name':'other.lab.sim'}}", "metadata.name"},
        {"{'spec':{'versions':[]}}", "spec.versions"},
        {"{'spec':{'versions':[{'name':'v1','served':true,'storage':true}]}}",
         "spec.versions[0].schema.openAPIV3Schema"},
        {"{'spec':{'versions':[{'name':'v1','served':true,'storage':true,'schema':{'openAPIV3Schema':{'type':'object',"
         "'properties':{'x':{}}}}}]}}",
         "spec.versions[0].schema.openAPIV3Schema.properties[x].type"},
        {"{'spec':{'versions':[{'name':'v1','served':true,'storage':true,'schema':{'openAPIV3Schema':{'type':'object',"
         "'properties':{'x':{'type':'string','default':1}}}}}]}}",
         "spec.versions[0].schema.openAPIV3Schema.properties[x].default"},
        {"{'spec':{'versions':[{'name':'v1','served':true,'storage':true,'schema':{'openAPIV3Schema':{'type':'object',"
         "'x-kubernetes-validations':[{'rule':'self.a ==='}]}}}]}}",
         "spec.versions[0].schema.openAPIV3Schema.x-kubernetes-validations[0].rule"},
        {"{'spec':{'preserveUnknownFields':true}}", "spec.preserveUnknownFields"},
        {"{'spec':{'group':'x.k8s.io'},'metadata':{'name':'gadgets.x.k8s.io'}}",
         "metadata.annotations[api-approved.kubernetes.io]"},
    };
    serve_gadgets(w);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct json *crd = keep(w, json_copy(parse(w, GADGET_CRD)));
        const struct json *patch = parse(w, cases[i].patch);
        JSON_FOREACH (part, patch) {
            JSON_FOREACH (member, part)
                json_put(json_member(crd, json_key(part)), json_key(member), json_copy(member));
        }
        CLEANUP_FREE char *text = json_print(crd);
        struct json *status = exchange(w, "POST", CRDS, "application/json", text, strlen(text), 422);
        bool found = false;
        JSON_FOREACH (cause, json_get(status, "details/causes"))
            found = found || str_equal(json_str(cause, "field"), cases[i].field);
        if (!found)
            fail_msg("no cause at %s in %s", cases[i].field, w->text);
    }
    /* Names that are taken. */
    post(w, CRDS,
         "{'apiVersion':'apiextensions.k8s.io/"
         "v1','kind':'CustomResourceDefinition','metadata':{'name':'widgets.lab.sim'},"
         "'spec':{'group':'lab.sim','scope':'Namespaced','names':{'plural':'widgets','kind':'Widget','listKind':'"
         "GadgetList'},"
         "'versions':[{'name':'v1','served':true,'storage':true,'schema':{'openAPIV3Schema':{'type':'object'}}}]}}",
         201);
    struct json *crd = get(w, CRDS "/widgets.lab.sim", 200);
    check(crd, "status/conditions/0/reason", "'ListKindConflict'");
    get(w, "/apis/lab.sim/v1/namespaces/default/widgets", 404);
}

static void cel_rules(struct world *w)
{
    post(
        w, CRDS,
        "{'apiVersion':'apiextensions.k8s.io/v1','kind':'CustomResourceDefinition','metadata':{'name':'rules.lab.sim'},"
        "'spec':{'group':'lab.sim','scope':'Cluster','names':{'plural':'rules','kind':'Rule'},"
        "'versions':[{'name':'v1','served':true,'storage':true,'schema':{'openAPIV3Schema':{'type':'object','"
        "properties':{"
        "'spec':{'type':'object','properties':{"
        "'type':{'type':'string','x-kubernetes-validations':[{'rule':'!(self in "
        "[\\'Ready\\',\\'Available\\'])','message':'reserved'}]},"
        "'list':{'type':'array','items':{'type':'string'},'x-kubernetes-validations':[{'rule':"
        "'self.all(x, self.exists_one(y, x == y))','message':'entries must be unique'}]},"
        "'fixed':{'type':'string','x-kubernetes-validations':[{'rule':'self == "
        "oldSelf','message':'immutable'}]}}}}}}}]}}",
        201);
#define RULES "/apis/lab.sim/v1/rules"
    struct json *status = post(
        w, RULES, "{'apiVersion':'lab.sim/v1','kind':'Rule','metadata':{'name':'a'},'spec':{'type':'Ready'}}", 422);
    check(status, "details/causes/0/field", "'spec.type'");
    check_part(status, "message", "reserved");
    post(w, RULES, "{'apiVersion':'lab.sim/v1','kind':'Rule','metadata':{'name':'a'},'spec':{'list':['x','x']}}", 422);
    post(w, RULES,
         "{'apiVersion':'lab.sim/v1','kind':'Rule','metadata':{'name':'a'},'spec':{'list':['x','y'],'fixed':'1'}}",
         201);
    status = merge(w, RULES "/a", "{'spec':{'fixed':'2'}}", 422);
    check_part(status, "message", "immutable");
    merge(w, RULES "/a", "{'spec':{'type':'Mine'}}", 200);
    /* After schema errors rules are not run, and that is said. */
    status = post(w, RULES, "{'apiVersion':'lab.sim/v1','kind':'Rule','metadata':{'name':'b'},'spec':{'type':1}}", 422);
    check(status, "details/causes/1/field", "'<nil>'");
}

static void versions(struct world *w)
{
    struct json *crd = keep(w, json_copy(parse(w, GADGET_CRD)));
    struct json *second = json_copy(json_get(crd, "spec/versions/0"));
    json_set_str(second, "name", "v1beta1");
    json_set_bool(second, "storage", false);
    json_set_bool(second, "deprecated", true);
    json_append(json_get(crd, "spec/versions"), second);
    CLEANUP_FREE char *text = json_print(crd);
    exchange(w, "POST", CRDS, "application/json", text, strlen(text), 201);
    post(w, GADGETS, GADGET("a", "{'color':'red'}"), 201);
    assert_null(w->warning);
    struct json *old = get(w, "/apis/lab.sim/v1beta1/namespaces/default/gadgets/a", 200);
    check(old, "apiVersion", "'lab.sim/v1beta1'");
    assert_string_equal(w->warning, "299 - \"lab.sim/v1beta1 Gadget is deprecated; use lab.sim/v1 Gadget\"");
    struct json *after = merge(w, "/apis/lab.sim/v1beta1/namespaces/default/gadgets/a", "{'spec':{'replicas':4}}", 200);
    check(after, "apiVersion", "'lab.sim/v1beta1'");
    check(get(w, GADGETS "/a", 200), "spec/replicas", "4");
    struct json *list = get(w, "/apis/lab.sim/v1beta1/gadgets", 200);
    check(list, "items/0/apiVersion", "'lab.sim/v1beta1'");
    check(get(w, "/apis/lab.sim", 200), "preferredVersion/version", "'v1'");
    /* A version that was stored may not vanish. */
    struct json *status = send_typed(
        w, "PATCH", CRDS "/gadgets.lab.sim", "application/json-patch+json",
        "[{'op':'remove','path':'/spec/versions/0'},{'op':'replace','path':'/spec/versions/0/storage','value':true}]",
        422);
    check(status, "details/causes/0/field", "'status.storedVersions[0]'");
}

/* -- webhooks -- */

struct hook {
    struct world *w;
    struct http_server *server;
    struct rt_group *group;
    struct pki_pair keys;
    struct json *seen;  /* the last request */
    const char *answer; /* members of the response, with ' for " */
};

static void handle_hook(struct http_exchange *exchange, void *arg)
{
    struct hook *hook = arg;
    CLEANUP(json_free) struct json *review = NULL;

    assert_ok(json_parse(http_body(exchange), http_body_len(exchange), &review));
    const char *uid = json_str_or(review, "request/uid", "");
    CLEANUP_FREE char *shorthand = mem_printf("{'response':{'uid':'%s',%s}}", uid, hook->answer);
    CLEANUP_FREE char *answer = quoted(shorthand);
    json_free(hook->seen);
    hook->seen = json_copy(json_member(review, "request"));
    http_reply_str(exchange, 200, "application/json", answer);
}

static void serve_hook(struct hook *hook, struct world *w, void (*handle)(struct http_exchange *exchange, void *arg))
{
    const char *names[] = {"10.0.0.3", NULL};
    struct pki_request request = {
        .common_name = "hook", .alt_names = names, .server = true, .ca = true, .not_before = TEST_WALL, .days = 10};

    *hook = (struct hook){.w = w};
    assert_ok(pki_issue(w->rt, &request, NULL, &hook->keys));
    hook->group = rt_group_new(w->rt, NULL, "hook");
    struct http_server_options options = {.address = "10.0.0.3",
                                          .port = 9443,
                                          .cert_pem = hook->keys.cert_pem,
                                          .key_pem = hook->keys.key_pem,
                                          .handle = handle,
                                          .arg = hook};
    assert_ok(http_server_start(w->near, hook->group, &options, &hook->server));
}

static void stop_hook(struct hook *hook)
{
    http_server_stop(hook->server);
    rt_group_stop(hook->group);
    http_server_free(hook->server);
    rt_group_free(hook->group);
    pki_pair_release(&hook->keys);
    json_free(hook->seen);
}

static void configure_hook(struct hook *hook, const char *kind, const char *plural, const char *operations)
{
    CLEANUP_FREE char *bundle = str_base64_encode(hook->keys.cert_pem, strlen(hook->keys.cert_pem));
    CLEANUP_FREE char *path = mem_printf("/apis/admissionregistration.k8s.io/v1/%s", plural);
    CLEANUP_FREE char *body = mem_printf(
        "{'apiVersion':'admissionregistration.k8s.io/"
        "v1','kind':'%s','metadata':{'name':'hook'},'webhooks':[{'name':'w.lab.sim',"
        "'sideEffects':'None','admissionReviewVersions':['v1'],'clientConfig':{'url':'https://10.0.0.3:9443/"
        "x','caBundle':'%s'},"
        "'rules':[{'operations':[%s],'apiGroups':['lab.sim'],'apiVersions':['v1'],'resources':['gadgets']}]}]}",
        kind, bundle, operations);
    struct json *made = post(hook->w, path, body, 201);
    check(made, "webhooks/0/failurePolicy", "'Fail'");
    check(made, "webhooks/0/timeoutSeconds", "10");
    check(made, "webhooks/0/rules/0/scope", "'*'");
}

static void validating(struct world *w)
{
    struct hook hook;

    serve_gadgets(w);
    serve_hook(&hook, w, handle_hook);
    configure_hook(&hook, "ValidatingWebhookConfiguration", "validatingwebhookconfigurations",
                   "'CREATE','UPDATE','DELETE'");
    hook.answer = "'allowed':true,'warnings':['careful']";
    post(w, GADGETS, GADGET("a", "{'color':'red'}"), 201);
    assert_string_equal(w->warning, "299 - \"careful\"");
    check(hook.seen, "operation", "'CREATE'");
    check(hook.seen, "object/spec/replicas", "1");
    check(hook.seen, "object/metadata/generation", "1");
    check(hook.seen, "oldObject", "null");
    check(hook.seen, "kind", "{'group':'lab.sim','version':'v1','kind':'Gadget'}");
    check(hook.seen, "options/kind", "'CreateOptions'");
    check(hook.seen, "userInfo/username", "'kubernetes-admin'");
    hook.answer = "'allowed':false,'status':{'code':403,'reason':'Forbidden','message':'no'}";
    struct json *status = merge(w, GADGETS "/a", "{'spec':{'color':'blue'}}", 403);
    assert_string_equal(json_str(status, "message"), "admission webhook \"w.lab.sim\" denied the request: no");
    check(status, "reason", "'Forbidden'");
    check(hook.seen, "oldObject/spec/color", "'red'");
    hook.answer = "'allowed':false";
    status = delete (w, GADGETS "/a", NULL, 400);
    check_part(status, "message", "denied the request without explanation");
    check(hook.seen, "object", "null");
    check(hook.seen, "oldObject/metadata/name", "'a'");
    merge(w, GADGETS "/a/status", "{'status':{'phase':'x'}}", 200);
    stop_hook(&hook);
    status = merge(w, GADGETS "/a", "{'spec':{'color':'blue'}}", 500);
    check_part(status, "message",
               "Internal error occurred: failed calling webhook 'w.lab.sim': failed to call webhook: ");
    merge(w, "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/hook", "{'webhooks':null}", 200);
    merge(w, GADGETS "/a", "{'spec':{'color':'blue'}}", 200);
}

static void mutating(struct world *w)
{
    struct hook hook;
    CLEANUP_FREE char *patch =
        quoted("[{'op':'add','path':'/spec/tags','value':['hooked']},{'op':'add','path':'/spec/obj','value':{}}]");
    CLEANUP_FREE char *encoded = str_base64_encode(patch, strlen(patch));
    CLEANUP_FREE char *answer = mem_printf("'allowed':true,'patchType':'JSONPatch','patch':'%s'", encoded);

    serve_gadgets(w);
    serve_hook(&hook, w, handle_hook);
    configure_hook(&hook, "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", "'CREATE'");
    hook.answer = answer;
    struct json *made = post(w, GADGETS, GADGET("a", "{'color':'red'}"), 201);
    check(made, "spec/tags", "['hooked']");
    check(made, "spec/obj/a", "'x'");
    stop_hook(&hook);
}

/* -- conversion -- */

/* Turns spec.color into spec.colour and back, as a CRD's webhook would. */
static void handle_conversion(struct http_exchange *exchange, void *arg)
{
    struct hook *hook = arg;
    CLEANUP(json_free) struct json *review = NULL, *answer = json_new_object();

    assert_ok(json_parse(http_body(exchange), http_body_len(exchange), &review));
    const char *wanted = json_str(review, "request/desiredAPIVersion");
    bool old = str_has_suffix(wanted, "v1beta1");
    struct json *object = json_copy(json_get(review, "request/objects/0"));
    struct json *color = json_detach(json_member(object, "spec"), old ? "color" : "colour");
    json_set(object, old ? "spec/colour" : "spec/color", color);
    json_set_str(object, "apiVersion", wanted);
    json_set_str(object, "metadata/name", hook->answer ? hook->answer : json_str(object, "metadata/name"));
    json_set_str(answer, "response/uid", json_str(review, "request/uid"));
    json_set_str(answer, "response/result/status", "Success");
    json_set(answer, "response/convertedObjects", json_new_array());
    json_append(json_get(answer, "response/convertedObjects"), object);
    CLEANUP_FREE char *text = json_print(answer);
    http_reply_str(exchange, 200, "application/json", text);
}

static void conversion(struct world *w)
{
    struct hook hook;

    serve_hook(&hook, w, handle_conversion);
    CLEANUP_FREE char *bundle = str_base64_encode(hook.keys.cert_pem, strlen(hook.keys.cert_pem));
    CLEANUP_FREE char *crd = mem_printf(
        "{'apiVersion':'apiextensions.k8s.io/"
        "v1','kind':'CustomResourceDefinition','metadata':{'name':'things.lab.sim'},"
        "'spec':{'group':'lab.sim','scope':'Namespaced','names':{'plural':'things','kind':'Thing'},"
        "'conversion':{'strategy':'Webhook','webhook':{'conversionReviewVersions':['v1'],"
        "'clientConfig':{'url':'https://10.0.0.3:9443/convert','caBundle':'%s'}}},'versions':["
        "{'name':'v1','served':true,'storage':true,'schema':{'openAPIV3Schema':{'type':'object','properties':{'spec':"
        "{'type':'object','properties':{'color':{'type':'string'}}}}}}},"
        "{'name':'v1beta1','served':true,'storage':false,'schema':{'openAPIV3Schema':{'type':'object','properties':{'"
        "spec':"
        "{'type':'object','properties':{'colour':{'type':'string'}}}}}}}]}}",
        bundle);
    post(w, CRDS, crd, 201);
#define OLD "/apis/lab.sim/v1beta1/namespaces/default/things"
#define NEW "/apis/lab.sim/v1/namespaces/default/things"
    struct json *made = post(
        w, OLD, "{'apiVersion':'lab.sim/v1beta1','kind':'Thing','metadata':{'name':'a'},'spec':{'colour':'red'}}", 201);
    check(made, "spec", "{'colour':'red'}");
    struct json *now = get(w, NEW "/a", 200);
    check(now, "spec", "{'color':'red'}");
    assert_string_equal(json_str(now, "metadata/uid"), json_str(made, "metadata/uid"));
    check(merge(w, NEW "/a", "{'spec':{'color':'blue'}}", 200), "spec/color", "'blue'");
    check(get(w, OLD, 200), "items/0/spec/colour", "'blue'");
    hook.answer = "somebody-else";
    merge(w, NEW "/a", "{'spec':{'color':'green'}}", 200);
    struct json *status = get(w, OLD "/a", 500);
    check_part(status, "message", "conversion webhook for lab.sim/v1beta1, Kind=Thing failed: ");
    stop_hook(&hook);
}

#define IN_WORLD(name)                                                                                                 \
    static void test_##name(void **state)                                                                              \
    {                                                                                                                  \
        in_world(name, NULL);                                                                                          \
    }
IN_WORLD(background)
IN_WORLD(foreground)
IN_WORLD(orphan)
IN_WORLD(namespaces)
IN_WORLD(finalize)
IN_WORLD(crd_life)
IN_WORLD(crd_rules)
IN_WORLD(cel_rules)
IN_WORLD(versions)
IN_WORLD(validating)
IN_WORLD(mutating)
IN_WORLD(conversion)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_background), cmocka_unit_test(test_foreground), cmocka_unit_test(test_orphan),
        cmocka_unit_test(test_namespaces), cmocka_unit_test(test_finalize),   cmocka_unit_test(test_crd_life),
        cmocka_unit_test(test_crd_rules),  cmocka_unit_test(test_cel_rules),  cmocka_unit_test(test_versions),
        cmocka_unit_test(test_validating), cmocka_unit_test(test_mutating),   cmocka_unit_test(test_conversion),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
