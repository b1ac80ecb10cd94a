/* SPDX-License-Identifier: Apache-2.0 */
/* Create, read, update, delete: what clients see (reference rows KAPI-036…058, 112…119, 149…160, 172…176). */
#include "sim/kube-api/test_world.h"

#define CONFIGMAPS "/api/v1/namespaces/default/configmaps"
#define SECRETS "/api/v1/namespaces/default/secrets"

static void creation(struct world *w)
{
    serve_gadgets(w);
    struct json *made = post(w, GADGETS, GADGET("a", "{'color':'red'}"), 201);
    check(made, "metadata/generation", "1");
    check(made, "metadata/namespace", "'default'");
    check(made, "metadata/creationTimestamp", "'2023-11-14T22:13:20Z'");
    check(made, "spec", "{'color':'red','replicas':1}");
    assert_int_equal(strlen(json_str_or(made, "metadata/uid", "")), 36);
}

static void create_errors(struct world *w)
{
    serve_gadgets(w);
    post(w, GADGETS, GADGET("a", "{'color':'red'}"), 201);
    struct json *status = post(w, GADGETS, GADGET("a", "{'color':'red'}"), 409);
    assert_string_equal(json_str(status, "message"), "gadgets.lab.sim \"a\" already exists");
    check(status, "details", "{'name':'a','group':'lab.sim','kind':'gadgets'}");
    status = post(w, "/apis/lab.sim/v1/namespaces/nowhere/gadgets", GADGET("a", "{'color':'red'}"), 404);
    assert_string_equal(json_str(status, "message"), "namespaces \"nowhere\" not found");
    status = get(w, GADGETS "/zz", 404);
    assert_string_equal(json_str(status, "message"), "gadgets.lab.sim \"zz\" not found");
    check(status, "reason", "'NotFound'");
    status = get(w, CONFIGMAPS "/zz", 404);
    assert_string_equal(json_str(status, "message"), "configmaps \"zz\" not found");
    get(w, "/apis/lab.sim/v1/namespaces/nowhere/gadgets", 200);
    get(w, "/apis/lab.sim/v1/nothing", 404);
    assert_string_equal(w->text, "404 page not found\n");
    status = post(w, GADGETS, "{'apiVersion':'lab.sim/v2','kind':'Gadget','metadata':{'name':'b'}}", 400);
    check_part(status, "message", "does not match the expected API version (lab.sim/v1)");
    status = post(w, GADGETS, "{'apiVersion':'lab.sim/v1','kind':'Widget','metadata':{'name':'b'}}", 422);
    check(status, "details/causes/0/field", "'kind'");
    post(w, GADGETS, "{'metadata':{'name':'b'}}", 400);
    post(w, GADGETS, "{'apiVersion':", 400);
    post(w, GADGETS, "", 400);
    status =
        post(w, GADGETS, "{'apiVersion':'lab.sim/v1','kind':'Gadget','metadata':{'name':'b','namespace':'x'}}", 400);
    check_part(status, "message", "namespace of the provided object does not match");
    status = post(w, GADGETS,
                  "{'apiVersion':'lab.sim/"
                  "v1','kind':'Gadget','metadata':{'name':'b','resourceVersion':'3'},'spec':{'color':'red'}}",
                  500);
    check(status, "message", "'resourceVersion should not be set on objects to be created'");
    status = post(w, GADGETS,
                  "{'apiVersion':'lab.sim/v1','kind':'Gadget','metadata':{'name':'B_'},'spec':{'color':'red'}}", 422);
    check(status, "details/causes/0/field", "'metadata.name'");
    post(w, GADGETS, "{'apiVersion':'lab.sim/v1','kind':'Gadget','metadata':{},'spec':{'color':'red'}}", 422);
    send_typed(w, "POST", GADGETS, "text/plain", "x", 415);
    send_typed(w, "OPTIONS", GADGETS, NULL, NULL, 405);
    status = send_typed(w, "PUT", GADGETS, "application/json", GADGET("a", "{'color':'red'}"), 400);
    check(status, "message", "'name must be provided'");
}

static void generated_names(struct world *w)
{
    struct json *made =
        post(w, CONFIGMAPS, "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'generateName':'cm-'}}", 201);
    const char *name = json_str(made, "metadata/name");
    assert_int_equal(strlen(name), 8);
    assert_int_equal(strspn(name + 3, "bcdfghjklmnpqrstvwxz2456789"), 5);
}

static void validation(struct world *w)
{
    serve_gadgets(w);
    static const struct {
        const char *spec, *reason, *field, *message;
    } cases[] = {
        {"{}", "FieldValueRequired", "spec.color", "Required value"},
        {"{'color':'pink'}", "FieldValueNotSupported", "spec.color",
         "Unsupported value: \"pink\": supported values: \"red\", \"green\", \"blue\""},
        {"{'color':7}", "FieldValueTypeInvalid", "spec.color",
         "Invalid value: \"integer\": spec.color in body must be of type string: \"integer\""},
        {"{'color':'red','replicas':11}", "FieldValueInvalid", "spec.replicas",
         "Invalid value: 11: spec.replicas in body should be less than or equal to 10"},
        {"{'color':'red','replicas':1.5}", "FieldValueTypeInvalid", "spec.replicas",
         "Invalid value: \"number\": spec.replicas in body must be of type integer: \"number\""},
        {"{'color':'red','name':'abcdef'}", "FieldValueTooLong", "spec.name", "Too long: may not be more than 5 bytes"},
        {"{'color':'red','name':'A'}", "FieldValueInvalid", "spec.name",
         "Invalid value: \"A\": spec.name in body should match '^[a-z]*$'"},
        {"{'color':'red','when':'today'}", "FieldValueInvalid", "spec.when",
         "Invalid value: \"today\": spec.when in body must be of type date-time: \"today\""},
        {"{'color':'red','ports':[{'name':'a'},{'name':'b'},{'name':'c'},{'name':'d'}]}", "FieldValueTooMany",
         "spec.ports", "Too many: 4: must have at most 3 items"},
        {"{'color':'red','ports':[{'name':'d'},{'name':'d'}]}", "FieldValueDuplicate", "spec.ports[1]",
         "Duplicate value: {\"name\":\"d\"}"},
        {"{'color':'red','tags':['x','x']}", "FieldValueDuplicate", "spec.tags[1]", "Duplicate value: \"x\""},
        {"{'color':'red','labels':{'k':1}}", "FieldValueTypeInvalid", "spec.labels.k",
         "Invalid value: \"integer\": spec.labels.k in body must be of type string: \"integer\""},
        {"{'color':'red','limit':true}", "FieldValueTypeInvalid", "spec.limit",
         "Invalid value: \"boolean\": spec.limit in body must be of type integer,string: \"boolean\""},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        CLEANUP_FREE char *body =
            mem_printf("{'apiVersion':'lab.sim/v1','kind':'Gadget','metadata':{'name':'a'},'spec':%s}", cases[i].spec);
        struct json *status = post(w, GADGETS, body, 422);
        assert_string_equal(json_str(status, "details/causes/0/reason"), cases[i].reason);
        assert_string_equal(json_str(status, "details/causes/0/field"), cases[i].field);
        assert_string_equal(json_str(status, "details/causes/0/message"), cases[i].message);
        CLEANUP_FREE char *message =
            mem_printf("Gadget.lab.sim \"a\" is invalid: %s: %s", cases[i].field, cases[i].message);
        assert_string_equal(json_str(status, "message"), message);
        check(status, "details/kind", "'Gadget'");
    }
    struct json *status = post(w, GADGETS, GADGET("a", "{'color':'pink','replicas':11}"), 422);
    check_part(status, "message", "is invalid: [spec.color: Unsupported");
    struct json *made =
        post(w, GADGETS, GADGET("ok", "{'color':'red','replicas':2.0,'big':9007199254740993,'limit':'5%'}"), 201);
    check(made, "spec/replicas", "2");
    check(made, "spec/big", "9007199254740993");
}

static void unknown_fields(struct world *w)
{
    serve_gadgets(w);
    const char *body = GADGET("a", "{'color':'red','zz':1,'obj':{'a':'1','b':2},'free':{'any':1}}");
    struct json *status = post(w, GADGETS "?fieldValidation=Strict", body, 400);
    assert_string_equal(
        json_str(status, "message"),
        "Gadget in version \"v1\" cannot be handled as a Gadget: strict decoding error: unknown field \"spec.zz\", "
        "unknown field \"spec.obj.b\"");
    status = post(
        w, GADGETS "?fieldValidation=Strict",
        "{'apiVersion':'lab.sim/v1','kind':'Gadget','metadata':{'name':'a'},'spec':{'color':'red','color':'green'}}",
        400);
    check_part(status, "message", "strict decoding error: duplicate field 'spec.color'");
    post(w, GADGETS "?fieldValidation=Sometimes", body, 422);
    struct json *made = post(w, GADGETS, body, 201);
    assert_string_equal(w->warning, "299 - \"unknown field \\\"spec.zz\\\"\"");
    check(made, "spec/zz", NULL);
    check(made, "spec/obj", "{'a':'1'}");
    check(made, "spec/free", "{'any':1}");
    made = post(w, GADGETS "?fieldValidation=Ignore",
                "{'apiVersion':'lab.sim/"
                "v1','kind':'Gadget','metadata':{'name':'b'},'spec':{'color':'red','color':'green','q':1}}",
                201);
    assert_null(w->warning);
    check(made, "spec/color", "'green'");
    status = post(w, CONFIGMAPS "?fieldValidation=Strict",
                  "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'x'},'Data':{'a':'b'}}", 400);
    check_part(status, "message", "unknown field 'Data'");
    post(w, CONFIGMAPS, "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'x'},'data':{'a':1}}", 400);
}

static void defaults(struct world *w)
{
    serve_gadgets(w);
    struct json *made = post(w, GADGETS,
                             GADGET("a", "{'color':'red','replicas':null,'note':null,'name':null,'obj':{},"
                                         "'ports':[{'name':'p'}]}"),
                             201);
    check(made, "spec/replicas", "1");
    check(made, "spec/note", "null");
    check(made, "spec/name", NULL);
    check(made, "spec/obj", "{'a':'x'}");
    check(made, "spec/ports/0/protocol", "'TCP'");
    /* A default that the CRD gets later shows up without a new version. */
    struct json *crd = json_copy(get(w, CRDS "/gadgets.lab.sim", 200));
    json_set_str(keep(w, crd), "spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/name/default",
                 "late");
    put(w, CRDS "/gadgets.lab.sim", crd, 200);
    struct json *now = get(w, GADGETS "/a", 200);
    check(now, "spec/name", "'late'");
    assert_string_equal(json_str(now, "metadata/resourceVersion"), json_str(made, "metadata/resourceVersion"));
}

static void updates(struct world *w)
{
    serve_gadgets(w);
    struct json *made = json_copy(post(w, GADGETS, GADGET("a", "{'color':'red'}"), 201));
    keep(w, made);
    json_set_str(made, "spec/color", "green");
    struct json *second = put(w, GADGETS "/a", made, 200);
    check(second, "metadata/generation", "2");
    struct json *status = put(w, GADGETS "/a", made, 409);
    check(status, "reason", "'Conflict'");
    assert_string_equal(
        json_str(status, "message"),
        "Operation cannot be fulfilled on gadgets.lab.sim \"a\": the object has been modified; please apply your "
        "changes to the latest version and try again");
    /* A write that changes nothing. */
    struct json *same = put(w, GADGETS "/a", second, 200);
    assert_string_equal(json_str(same, "metadata/resourceVersion"), json_str(second, "metadata/resourceVersion"));
    /* What belongs to the server stays. */
    struct json *forged = keep(w, json_copy(second));
    json_set_int(forged, "metadata/generation", 99);
    json_set_str(forged, "metadata/creationTimestamp", "2000-01-01T00:00:00Z");
    json_set_str(forged, "status/phase", "Forged");
    same = put(w, GADGETS "/a", forged, 200);
    check(same, "metadata/generation", "2");
    check(same, "status", NULL);
    assert_string_equal(json_str(same, "metadata/creationTimestamp"), json_str(second, "metadata/creationTimestamp"));
    json_set_str(forged, "metadata/uid", "other");
    put(w, GADGETS "/a", forged, 409);
    json_remove(forged, "metadata/uid");
    json_remove(forged, "metadata/resourceVersion");
    status = put(w, GADGETS "/a", forged, 422);
    check(status, "details/causes/0/message", "'Invalid value: 0: must be specified for an update'");
    json_set_str(forged, "metadata/resourceVersion", "abc");
    put(w, GADGETS "/a", forged, 500);
    json_set_str(forged, "metadata/name", "b");
    status = put(w, GADGETS "/a", forged, 400);
    check(status, "message", "'the name of the object (b) does not match the name on the URL (a)'");
    put(w, GADGETS "/b", parse(w, GADGET("b", "{'color':'red'}")), 404);
    /* ConfigMaps are overwritten without a version, Leases created. */
    post(w, CONFIGMAPS, "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c'},'data':{'a':'1'}}", 201);
    put(w, CONFIGMAPS "/c", parse(w, "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c'},'data':{'a':'2'}}"),
        200);
    put(w, "/apis/coordination.k8s.io/v1/namespaces/default/leases/l",
        parse(w, "{'apiVersion':'coordination.k8s.io/v1','kind':'Lease','metadata':{'name':'l'},'spec':{}}"), 201);
}

static void status_subresource(struct world *w)
{
    serve_gadgets(w);
    struct json *made =
        post(w, GADGETS,
             "{'apiVersion':'lab.sim/v1','kind':'Gadget','metadata':{'name':'a'},'spec':{'color':'red'},"
             "'status':{'phase':'Early'}}",
             201);
    check(made, "status", NULL);
    struct json *object = keep(w, json_copy(made));
    json_set_str(object, "status/phase", "Up");
    json_set_str(object, "spec/color", "green");
    json_set_str(object, "metadata/labels/x", "y");
    struct json *after = put(w, GADGETS "/a/status", object, 200);
    check(after, "status/phase", "'Up'");
    check(after, "spec/color", "'red'");
    check(after, "metadata/labels", NULL);
    check(after, "metadata/generation", "1");
    after = merge(w, GADGETS "/a", "{'spec':{'replicas':2},'status':{'phase':'Down'}}", 200);
    check(after, "status/phase", "'Up'");
    check(after, "metadata/generation", "2");
    after = merge(w, GADGETS "/a/status", "{'status':{'phase':'Down'},'spec':{'replicas':9}}", 200);
    check(after, "status/phase", "'Down'");
    check(after, "spec/replicas", "2");
    check(after, "metadata/generation", "2");
    after = merge(w, GADGETS "/a", "{'metadata':{'labels':{'a':'b'}}}", 200);
    check(after, "metadata/generation", "2");
    after = merge(w, GADGETS "/a/scale", "{'spec':{'replicas':5}}", 200);
    check(after, "kind", "'Scale'");
    check(after, "spec/replicas", "5");
    check(get(w, GADGETS "/a", 200), "metadata/generation", "3");
}

static void dry_run(struct world *w)
{
    serve_gadgets(w);
    struct json *made = post(w, GADGETS "?dryRun=All", GADGET("a", "{'color':'red'}"), 201);
    check(made, "spec/replicas", "1");
    check(made, "metadata/resourceVersion", NULL);
    get(w, GADGETS "/a", 404);
    post(w, GADGETS "?dryRun=Some", GADGET("a", "{'color':'red'}"), 422);
    post(w, GADGETS, GADGET("a", "{'color':'red'}"), 201);
    check(merge(w, GADGETS "/a?dryRun=All", "{'spec':{'replicas':3}}", 200), "metadata/generation", "2");
    check(get(w, GADGETS "/a", 200), "spec/replicas", "1");
    delete (w, GADGETS "/a?dryRun=All", NULL, 200);
    get(w, GADGETS "/a", 200);
}

static void deletion(struct world *w)
{
    serve_gadgets(w);
    struct json *made = post(w, GADGETS, GADGET("a", "{'color':'red'}"), 201);
    struct json *status = delete (w, GADGETS "/a", "{'preconditions':{'uid':'x'}}", 409);
    check_part(status, "message", "the UID in the precondition (x) does not match the UID in record");
    delete (w, GADGETS "/a", "{'propagationPolicy':'Maybe'}", 422);
    status = delete (w, GADGETS "/a", NULL, 200);
    check(status, "status", "'Success'");
    assert_string_equal(json_str(status, "details/uid"), json_str(made, "metadata/uid"));
    delete (w, GADGETS "/a", NULL, 404);

    post(w, GADGETS,
         "{'apiVersion':'lab.sim/v1','kind':'Gadget','metadata':{'name':'h','finalizers':['lab.sim/"
         "hold']},'spec':{'color':'red'}}",
         201);
    struct json *held = delete (w, GADGETS "/h", NULL, 200);
    check(held, "kind", "'Gadget'");
    check(held, "metadata/deletionGracePeriodSeconds", "0");
    check(held, "metadata/generation", "2");
    struct json *again = delete (w, GADGETS "/h", NULL, 200);
    assert_string_equal(json_str(again, "metadata/resourceVersion"), json_str(held, "metadata/resourceVersion"));
    status = post(w, GADGETS, GADGET("h", "{'color':'red'}"), 409);
    check_part(status, "message", "object is being deleted: ");
    status = merge(w, GADGETS "/h", "{'metadata':{'finalizers':['lab.sim/hold','lab.sim/more']}}", 422);
    check_part(status, "message", "no new finalizers can be added if the object is being deleted");
    merge(w, GADGETS "/h", "{'spec':{'replicas':3}}", 200);
    struct json *last = merge(w, GADGETS "/h", "{'metadata':{'finalizers':[]}}", 200);
    check(last, "metadata/name", "'h'");
    get(w, GADGETS "/h", 404);
}

static void delete_collection(struct world *w)
{
    serve_gadgets(w);
    post(
        w, GADGETS,
        "{'apiVersion':'lab.sim/v1','kind':'Gadget','metadata':{'name':'a','labels':{'k':'1'}},'spec':{'color':'red'}}",
        201);
    post(w, GADGETS, GADGET("b", "{'color':'red'}"), 201);
    struct json *list = delete (w, GADGETS "?labelSelector=k%3D1", NULL, 200);
    check(list, "items/0/metadata/name", "'a'");
    get(w, GADGETS "/a", 404);
    get(w, GADGETS "/b", 200);
}

static void secrets(struct world *w)
{
    struct json *made =
        post(w, SECRETS, "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'s'},'stringData':{'u':'admin'}}", 201);
    check(made, "data", "{'u':'YWRtaW4='}");
    check(made, "stringData", NULL);
    check(made, "type", "'Opaque'");
    check(made, "metadata/generation", NULL);
    merge(w, SECRETS "/s", "{'type':'other'}", 422);
    post(w, SECRETS, "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'t'},'data':{'u':'***'}}", 400);
    post(w, SECRETS, "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'t'},'data':{'u/v':'YQ=='}}", 422);
    merge(w, SECRETS "/s", "{'immutable':true}", 200);
    struct json *status = merge(w, SECRETS "/s", "{'data':{'u':'YQ=='}}", 422);
    check(status, "details/causes/0/reason", "'FieldValueForbidden'");
}

static void core_kinds(struct world *w)
{
    struct json *ns = get(w, "/api/v1/namespaces/default", 200);
    check(ns, "status/phase", "'Active'");
    check(ns, "spec/finalizers", "['kubernetes']");
    check(ns, "metadata/labels", "{'kubernetes.io/metadata.name':'default'}");
    wait_ms(w, 10);
    get(w, "/api/v1/namespaces/default/serviceaccounts/default", 200);
    get(w, "/api/v1/namespaces/default/configmaps/kube-root-ca.crt", 200);
    post(w, "/apis/coordination.k8s.io/v1/namespaces/default/leases",
         "{'apiVersion':'coordination.k8s.io/"
         "v1','kind':'Lease','metadata':{'name':'l'},'spec':{'leaseDurationSeconds':0}}",
         422);
    struct json *lease = post(w, "/apis/coordination.k8s.io/v1/namespaces/default/leases",
                              "{'apiVersion':'coordination.k8s.io/v1','kind':'Lease','metadata':{'name':'l'},"
                              "'spec':{'leaseDurationSeconds':15,'renewTime':'2026-01-01T00:00:00.5Z'}}",
                              201);
    check(lease, "spec/renewTime", "'2026-01-01T00:00:00.500000Z'");
    post(w, "/api/v1/nodes",
         "{'apiVersion':'v1','kind':'Node','metadata':{'name':'n'},'spec':{'providerID':'metal3://x'}}", 201);
    merge(w, "/api/v1/nodes/n", "{'spec':{'providerID':'metal3://y'}}", 422);
    /* One event, seen through both groups. */
    post(w, "/api/v1/namespaces/default/events",
         "{'apiVersion':'v1','kind':'Event','metadata':{'name':'e'},'involvedObject':{'kind':'Node','name':'n','"
         "namespace':'default'},"
         "'message':'hello','reason':'Test','type':'Normal','count':1}",
         201);
    struct json *event = get(w, "/apis/events.k8s.io/v1/namespaces/default/events/e", 200);
    check(event, "note", "'hello'");
    check(event, "regarding/kind", "'Node'");
    check(event, "apiVersion", "'events.k8s.io/v1'");
    struct json *list =
        get(w, "/api/v1/namespaces/default/events?fieldSelector=involvedObject.name%3Dn,reason!%3DOther", 200);
    assert_int_equal(json_len(json_member(list, "items")), 1);
    post(w, "/api/v1/namespaces/default/events",
         "{'apiVersion':'v1','kind':'Event','metadata':{'name':'f'},'involvedObject':{'kind':'X','namespace':'other'}}",
         422);
    /* Their names are hardly checked: controllers make them from reasons. */
    struct json *made = post(w, "/api/v1/namespaces/default/events",
                             "{'apiVersion':'v1','kind':'Event','metadata':{'generateName':'BMCAccessValidated-'},"
                             "'involvedObject':{'kind':'X','namespace':'default'}}",
                             201);
    assert_true(str_has_prefix(json_str(made, "metadata/name"), "BMCAccessValidated-"));
    get(w, "/api/v1/events?fieldSelector=spec.x%3Dn", 400);
    delete (w, "/api/v1/namespaces/default", NULL, 403);
}

static void anonymous(struct world *w)
{
    struct http_client_options options = {.ca_pem = kube_api_ca_pem(w->api)};
    struct http_client *admin = w->client;

    assert_ok(http_client_new(w->near, &options, &w->client));
    struct json *status = get(w, SECRETS, 403);
    assert_string_equal(json_str(status, "message"),
                        "secrets is forbidden: User \"system:anonymous\" cannot list resource \"secrets\" "
                        "in API group \"\" in the namespace \"default\"");
    get(w, "/readyz", 200);
    assert_string_equal(w->text, "ok");
    check(get(w, "/version", 200), "minor", "'32'");
    http_client_free(w->client);
    w->client = admin;
}

#define IN_WORLD(name)                                                                                                 \
    static void test_##name(void **state)                                                                              \
    {                                                                                                                  \
        in_world(name, NULL);                                                                                          \
    }
IN_WORLD(creation)
IN_WORLD(create_errors)
IN_WORLD(generated_names)
IN_WORLD(validation)
IN_WORLD(unknown_fields)
IN_WORLD(defaults)
IN_WORLD(updates)
IN_WORLD(status_subresource)
IN_WORLD(dry_run)
IN_WORLD(deletion)
IN_WORLD(delete_collection)
IN_WORLD(secrets)
IN_WORLD(core_kinds)
IN_WORLD(anonymous)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_creation),          cmocka_unit_test(test_create_errors),
        cmocka_unit_test(test_generated_names),   cmocka_unit_test(test_validation),
        cmocka_unit_test(test_unknown_fields),    cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_updates),           cmocka_unit_test(test_status_subresource),
        cmocka_unit_test(test_dry_run),           cmocka_unit_test(test_deletion),
        cmocka_unit_test(test_delete_collection), cmocka_unit_test(test_secrets),
        cmocka_unit_test(test_core_kinds),        cmocka_unit_test(test_anonymous),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
