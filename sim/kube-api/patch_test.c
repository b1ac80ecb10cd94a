/* SPDX-License-Identifier: Apache-2.0 */
/* Patches, server-side apply and managedFields (reference rows KAPI-059…078, annexes B and C). */
#include "sim/kube-api/test_world.h"

#define CONFIGMAPS "/api/v1/namespaces/default/configmaps"
#define JSON_PATCH "application/json-patch+json"
#define STRATEGIC "application/strategic-merge-patch+json"
#define APPLY "application/apply-patch+yaml"

static struct json *apply(struct world *w, const char *name, const char *query, const char *spec, int status)
{
    CLEANUP_FREE char *path = mem_printf(GADGETS "/%s?%s", name, query);
    CLEANUP_FREE char *body =
        mem_printf("{'apiVersion':'lab.sim/v1','kind':'Gadget','metadata':{'name':'%s'},'spec':%s}", name, spec);
    return send_typed(w, "PATCH", path, APPLY, body, status);
}

static void json_patches(struct world *w)
{
    serve_gadgets(w);
    post(w, GADGETS, GADGET("a", "{'color':'red','tags':['x']}"), 201);
    struct json *after = send_typed(w, "PATCH", GADGETS "/a", JSON_PATCH,
                                    "[{'op':'test','path':'/spec/color','value':'red'},"
                                    "{'op':'add','path':'/spec/tags/-','value':'y'},"
                                    "{'op':'add','path':'/metadata/annotations','value':{'a/b':'1'}},"
                                    "{'op':'replace','path':'/metadata/annotations/a~1b','value':'2'}]",
                                    200);
    check(after, "spec/tags", "['x','y']");
    check(after, "metadata/annotations/a~1b", "'2'");
    struct json *status =
        send_typed(w, "PATCH", GADGETS "/a", JSON_PATCH, "[{'op':'test','path':'/spec/color','value':'blue'}]", 422);
    check(status, "message", "'the server rejected our request due to an error in our request'");
    check(status, "details", "{}");
    send_typed(w, "PATCH", GADGETS "/a", JSON_PATCH, "[{'op':'remove','path':'/spec/nothing'}]", 422);
    send_typed(w, "PATCH", GADGETS "/a", JSON_PATCH, "{'op':'remove'}", 400);
    send_typed(w, "PATCH", GADGETS "/zz", JSON_PATCH, "[]", 404);
}

static void refusals(struct world *w)
{
    serve_gadgets(w);
    post(w, GADGETS, GADGET("a", "{'color':'red'}"), 201);
    struct json *status = send_typed(w, "PATCH", GADGETS "/a", STRATEGIC, "{}", 415);
    check_part(status, "message", "application/merge-patch+json");
    send_typed(w, "PATCH", GADGETS "/a", "application/json", "{}", 415);
    send_typed(w, "PATCH", GADGETS "/a", NULL, "{}", 415);
    merge(w, GADGETS "/a", "{'metadata':{'resourceVersion':'1'}}", 409);
    merge(w, GADGETS "/a", "{'metadata':{'uid':'1'}}", 422);
    merge(w, GADGETS "/a", "{'spec':", 400);
    merge(w, GADGETS "/a", "[]", 400);
    merge(w, GADGETS "/a?force=true", "{}", 422);
    send_typed(w, "PATCH", GADGETS "/a", APPLY, "{}", 422);
}

static void strategic(struct world *w)
{
    post(w, "/api/v1/nodes",
         "{'apiVersion':'v1','kind':'Node','metadata':{'name':'n','finalizers':['a/a','b/b']},"
         "'spec':{'taints':[{'key':'k','effect':'NoSchedule'}]}}",
         201);
    merge(w, "/api/v1/nodes/n/status",
          "{'status':{'conditions':[{'type':'Ready','status':'False'},{'type':'Disk','status':'True'}]}}", 200);
    struct json *after =
        send_typed(w, "PATCH", "/api/v1/nodes/n/status", STRATEGIC,
                   "{'status':{'conditions':[{'type':'Ready','status':'True'},{'type':'New','status':'True'}]}}", 200);
    /* New items come before old ones. */
    check(after, "status/conditions/0/type", "'New'");
    check(after, "status/conditions/1", "{'type':'Ready','status':'True'}");
    check(after, "status/conditions/2/type", "'Disk'");
    after = send_typed(w, "PATCH", "/api/v1/nodes/n", STRATEGIC,
                       "{'spec':{'taints':[{'key':'z','effect':'NoExecute'}]}}", 200);
    check(after, "spec/taints", "[{'key':'z','effect':'NoExecute'}]");
    after = send_typed(w, "PATCH", "/api/v1/nodes/n/status", STRATEGIC,
                       "{'status':{'conditions':[{'$patch':'delete','type':'Disk'}],"
                       "'$setElementOrder/conditions':[{'type':'Ready'},{'type':'New'}]}}",
                       200);
    check(after, "status/conditions/0/type", "'Ready'");
    check(after, "status/conditions/1/type", "'New'");
    check(after, "status/conditions/2", NULL);
    after = send_typed(w, "PATCH", "/api/v1/nodes/n", STRATEGIC,
                       "{'metadata':{'$deleteFromPrimitiveList/finalizers':['a/a'],'labels':{'x':'1'}}}", 200);
    check(after, "metadata/finalizers", "['b/b']");
    after = send_typed(w, "PATCH", "/api/v1/nodes/n", STRATEGIC,
                       "{'spec':{'$retainKeys':['unschedulable'],'unschedulable':true}}", 200);
    check(after, "spec", "{'unschedulable':true}");
    after = send_typed(w, "PATCH", "/api/v1/nodes/n", STRATEGIC, "{'metadata':{'labels':{'$patch':'replace','y':'2'}}}",
                       200);
    check(after, "metadata/labels", "{'y':'2'}");
    send_typed(w, "PATCH", "/api/v1/nodes/n", STRATEGIC, "{'metadata':{'labels':{'$patch':'upside-down'}}}", 400);
}

static const struct json *entry(const struct json *object, const char *manager, const char *operation)
{
    JSON_FOREACH (candidate, json_get(object, "metadata/managedFields")) {
        if (str_equal(json_str(candidate, "manager"), manager) &&
            str_equal(json_str(candidate, "operation"), operation))
            return candidate;
    }
    fail_msg("no entry of %s %s", manager, operation);
    return NULL;
}

static void update_ownership(struct world *w)
{
    serve_gadgets(w);
    struct json *made = post(w, GADGETS "?fieldManager=maker",
                             "{'apiVersion':'lab.sim/v1','kind':'Gadget','metadata':{'name':'a','labels':{'rack':'1'}},"
                             "'spec':{'color':'red','ports':[{'name':'x','port':1}],'tags':['a']}}",
                             201);
    /* The shape of annex C, with what was defaulted. */
    check(entry(made, "maker", "Update"), "fieldsV1",
          "{'f:metadata':{'f:labels':{'.':{},'f:rack':{}}},'f:spec':{'.':{},'f:color':{},'f:ports':{'.':{},"
          "'k:{\\\"name\\\":\\\"x\\\"}':{'.':{},'f:name':{},'f:port':{},'f:protocol':{}}},'f:replicas':{},'f:tags':{'.'"
          ":{},"
          "'v:\\\"a\\\"':{}}}}");
    struct json *after = merge(w, GADGETS "/a?fieldManager=painter", "{'spec':{'color':'blue'}}", 200);
    check(entry(after, "painter", "Update"), "fieldsV1", "{'f:spec':{'f:color':{}}}");
    check(entry(after, "maker", "Update"), "fieldsV1/f:spec/f:color", NULL);
    after = merge(w, GADGETS "/a/status?fieldManager=painter", "{'status':{'phase':'Up'}}", 200);
    assert_int_equal(json_len(json_get(after, "metadata/managedFields")), 3);
    after = merge(w, GADGETS "/a", "{'spec':{'name':'n'}}", 200);
    check(entry(after, "tester", "Update"), "fieldsV1", "{'f:spec':{'f:name':{}}}");
    after = merge(w, GADGETS "/a", "{'spec':{'name':null}}", 200);
    JSON_FOREACH (candidate, json_get(after, "metadata/managedFields"))
        assert_string_not_equal(json_str(candidate, "manager"), "tester");
    after = merge(w, GADGETS "/a", "{'metadata':{'managedFields':[{}]}}", 200);
    check(after, "metadata/managedFields", NULL);
}

static void applying(struct world *w)
{
    serve_gadgets(w);
    struct json *made = apply(w, "a", "fieldManager=m1",
                              "{'color':'red','replicas':2,'ports':[{'name':'x','port':1}],'tags':['t1']}", 201);
    check(entry(made, "m1", "Apply"), "fieldsV1",
          "{'f:spec':{'f:color':{},'f:ports':{'k:{\\\"name\\\":\\\"x\\\"}':{'.':{},'f:name':{},'f:port':{}}},'f:"
          "replicas':{},"
          "'f:tags':{'v:\\\"t1\\\"':{}}}}");
    wait_ms(w, 5000);
    struct json *same = apply(w, "a", "fieldManager=m1",
                              "{'color':'red','replicas':2,'ports':[{'name':'x','port':1}],'tags':['t1']}", 200);
    assert_string_equal(json_str(same, "metadata/resourceVersion"), json_str(made, "metadata/resourceVersion"));
    /* Somebody else adds items; nobody loses any. */
    struct json *both =
        apply(w, "a", "fieldManager=m2", "{'color':'red','ports':[{'name':'y','port':2}],'tags':['t2']}", 200);
    check(both, "spec/tags", "['t1','t2']");
    check(both, "spec/ports/1/name", "'y'");
    struct json *status = apply(w, "a", "fieldManager=m2", "{'color':'blue','ports':[{'name':'x','port':9}]}", 409);
    assert_string_equal(
        json_str(status, "message"),
        "Apply failed with 2 conflicts: conflicts with \"m1\":\n- .spec.color\n- .spec.ports[name=\"x\"].port");
    check(status, "details/causes/0/reason", "'FieldManagerConflict'");
    status = apply(w, "a", "fieldManager=m3", "{'replicas':3,'color':'red'}", 409);
    assert_string_equal(json_str(status, "message"),
                        "Apply failed with 1 conflict: conflict with \"m1\": .spec.replicas");
    struct json *forced = apply(w, "a", "fieldManager=m3&force=true", "{'replicas':3,'color':'red'}", 200);
    check(forced, "spec/replicas", "3");
    check(entry(forced, "m1", "Apply"), "fieldsV1/f:spec/f:replicas", NULL);
    /* What m1 leaves out goes when nobody else has it: its port does, the shared color does not. */
    struct json *less = apply(w, "a", "fieldManager=m1", "{'tags':['t1']}", 200);
    check(less, "spec/ports/0/name", "'y'");
    check(less, "spec/ports/1", NULL);
    check(less, "spec/color", "'red'");
    /* Undeclared and duplicate things. */
    status = apply(w, "a", "fieldManager=m1", "{'zzz':1}", 500);
    check_part(status, "message", ".spec.zzz: field not declared in schema");
    apply(w, "a", "fieldManager=m1", "{'tags':['t1','t1']}", 500);
    send_typed(w, "PATCH", GADGETS "/a?fieldManager=m1", APPLY,
               "{'apiVersion':'lab.sim/v1','kind':'Gadget','metadata':{'name':'b'}}", 400);
    status = send_typed(w, "PATCH", GADGETS "/a?fieldManager=m1", APPLY,
                        "{'apiVersion':'lab.sim/v1','kind':'Gadget','metadata':{'name':'a','managedFields':[]}}", 400);
    check(status, "message", "'metadata.managedFields must be nil'");
    send_typed(w, "PATCH", GADGETS "/a?fieldManager=m1", APPLY,
               "{'apiVersion':'lab.sim/v1','kind':'Gadget','metadata':{'name':'a','resourceVersion':'1'}}", 409);
    /* YAML as YAML 1.1 has it. */
    struct json *yaml = send_typed(
        w, "PATCH", GADGETS "/yy?fieldManager=m1", APPLY,
        "apiVersion: lab.sim/v1\nkind: Gadget\nmetadata: {name: yy}\nspec: {color: red, replicas: 012}\n", 201);
    check(yaml, "spec/replicas", "10");
    /* Through /status. */
    struct json *up =
        send_typed(w, "PATCH", GADGETS "/a/status?fieldManager=m1", APPLY,
                   "{'apiVersion':'lab.sim/v1','kind':'Gadget','metadata':{'name':'a'},'status':{'phase':'Up'},"
                   "'spec':{'color':'blue'}}",
                   200);
    check(up, "status/phase", "'Up'");
    check(up, "spec/color", "'red'");
}

/* An update in the way of an apply, in the words of the API server. */
static void apply_against_update(struct world *w)
{
    post(w, CONFIGMAPS "?fieldManager=old",
         "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c'},'data':{'k':'1'}}", 201);
    struct json *status =
        send_typed(w, "PATCH", CONFIGMAPS "/c?fieldManager=new", APPLY,
                   "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c'},'data':{'k':'2'}}", 409);
    assert_string_equal(json_str(status, "message"),
                        "Apply failed with 1 conflict: conflict with \"old\" using v1: .data.k");
    /* kubectl's migration: it takes over by rewriting managedFields. */
    struct json *now = get(w, CONFIGMAPS "/c", 200);
    CLEANUP_FREE char *patch =
        mem_printf("[{'op':'replace','path':'/metadata/"
                   "managedFields','value':[{'manager':'new','operation':'Apply','apiVersion':'v1',"
                   "'fieldsType':'FieldsV1','fieldsV1':{'f:data':{'f:k':{}}}}]},{'op':'replace','path':'/metadata/"
                   "resourceVersion','value':'%s'}]",
                   json_str(now, "metadata/resourceVersion"));
    struct json *after = send_typed(w, "PATCH", CONFIGMAPS "/c", JSON_PATCH, patch, 200);
    check(after, "metadata/managedFields/0/manager", "'new'");
    after = send_typed(w, "PATCH", CONFIGMAPS "/c?fieldManager=new", APPLY,
                       "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c'},'data':{'k':'2'}}", 200);
    check(after, "data/k", "'2'");
}

#define IN_WORLD(name)                                                                                                 \
    static void test_##name(void **state)                                                                              \
    {                                                                                                                  \
        in_world(name, NULL);                                                                                          \
    }
IN_WORLD(json_patches)
IN_WORLD(refusals)
IN_WORLD(strategic)
IN_WORLD(update_ownership)
IN_WORLD(applying)
IN_WORLD(apply_against_update)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_patches), cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_strategic),    cmocka_unit_test(test_update_ownership),
        cmocka_unit_test(test_applying),     cmocka_unit_test(test_apply_against_update),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
