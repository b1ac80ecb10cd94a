/* SPDX-License-Identifier: Apache-2.0 */
/* Protobuf bodies as kubectl 1.32 and real API servers send them (recorded), and broken ones. */
#include "lib/test.h"

#include "lib/data/str.h"
#include "sim/kube-api/body.h"

/* Recorded from kubectl 1.32 and, the last one, from an API server's answer. */
static const struct {
    const char *name, *hex, *json; /* json with ' for " */
} recorded[] = {
    {"create-ns request",
     "6b3873000a0f0a02763112094e616d657370616365121e0a160a066d6574616c3312001a0022002a0032003800420012001a"
     "020a001a002200",
     "{'apiVersion':'v1','kind':'Namespace','metadata':{'name':'metal3'}}"},
    {"create-secret request",
     "6b3873000a0c0a0276311206536563726574123b0a190a03626d6312001a066d6574616c3322002a00320038004200120d0a"
     "0870617373776f7264120162120d0a08757365726e616d651201611a001a002200",
     "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'bmc','namespace':'metal3'},'data':{'password':'Yg==','"
     "username':'YQ=='}}"},
    {"create-sa request",
     "6b3873000a140a027631120e536572766963654163636f756e74121a0a180a026f7012001a066d6574616c3322002a003200"
     "380042001a002200",
     "{'apiVersion':'v1','kind':'ServiceAccount','metadata':{'name':'op','namespace':'metal3'}}"},
    {"create-cm request",
     "6b3873000a0f0a0276311209436f6e6669674d617012220a180a02633912001a066d6574616c3322002a0032003800420012"
     "060a01611201621a002200",
     "{'apiVersion':'v1','kind':'ConfigMap','metadata':{'name':'c9','namespace':'metal3'},'data':{'a':'b'}}"},
    {"create-role request",
     "6b3873000a240a1c726261632e617574686f72697a6174696f6e2e6b38732e696f2f76311204526f6c65123b0a170a017212"
     "001a066d6574616c3322002a0032003800420012200a0367657412096d6574616c332e696f1a0e626172656d6574616c686f"
     "7374731a002200",
     "{'apiVersion':'rbac.authorization.k8s.io/"
     "v1','kind':'Role','metadata':{'name':'r','namespace':'metal3'},'rules':[{'verbs':['get'],'apiGroups':['metal3.io'"
     "],'resources':['baremetalhosts']}]}"},
    {"create-rb request",
     "6b3873000a2b0a1c726261632e617574686f72697a6174696f6e2e6b38732e696f2f7631120b526f6c6542696e64696e6712"
     "600a180a02726212001a066d6574616c3322002a00320038004200121e0a0e536572766963654163636f756e7412001a026f"
     "7022066d6574616c331a240a19726261632e617574686f72697a6174696f6e2e6b38732e696f1204526f6c651a01721a0022"
     "00",
     "{'apiVersion':'rbac.authorization.k8s.io/"
     "v1','kind':'RoleBinding','metadata':{'name':'rb','namespace':'metal3'},'subjects':[{'kind':'ServiceAccount','"
     "name':'op','namespace':'metal3'}],'roleRef':{'apiGroup':'rbac.authorization.k8s.io','kind':'Role','name':'r'}}"},
    {"cani request",
     "6b3873000a320a17617574686f72697a6174696f6e2e6b38732e696f2f7631121753656c665375626a656374416363657373"
     "52657669657712510a100a0012001a0022002a0032003800420012330a310a066d6574616c3312066372656174651a096d65"
     "74616c332e696f22002a0e626172656d6574616c686f73747332003a001a08080012001a0020001a002200",
     "{'apiVersion':'authorization.k8s.io/"
     "v1','kind':'SelfSubjectAccessReview','metadata':{},'spec':{'resourceAttributes':{'namespace':'metal3','verb':'"
     "create','group':'metal3.io','resource':'baremetalhosts'}}}"},
    {"create-token request",
     "6b3873000a280a1861757468656e7469636174696f6e2e6b38732e696f2f7631120c546f6b656e52657175657374121a0a10"
     "0a0012001a0022002a0032003800420012001a040a0012001a002200",
     "{'apiVersion':'authentication.k8s.io/v1','kind':'TokenRequest','metadata':{}}"},
    {"create-secret response",
     "6b3873000a0c0a027631120653656372657412dd010ab4010a03626d6312001a066d6574616c3322002a2463663332333635"
     "352d663866392d343866362d616630642d353138353839373832353932320331323138004208088bf880d80610008a01690a"
     "0e6b75626563746c2d63726561746512065570646174651a0276312208088bf880d806100032084669656c647356313a350a"
     "337b22663a64617461223a7b222e223a7b7d2c22663a70617373776f7264223a7b7d2c22663a757365726e616d65223a7b7d"
     "7d7d4200120d0a0870617373776f7264120162120d0a08757365726e616d651201611a064f70617175651a002200",
     "{'apiVersion':'v1','kind':'Secret','metadata':{'name':'bmc','namespace':'metal3','uid':'cf323655-f8f9-48f6-af0d-"
     "518589782592','resourceVersion':'121','creationTimestamp':'2026-11-20T12:24:43Z','managedFields':[{'manager':'"
     "kubectl-create','operation':'Update','apiVersion':'v1','time':'2026-11-20T12:24:43Z','fieldsType':'FieldsV1','"
     "fieldsV1':{'f:data':{'.':{},'f:password':{},'f:username':{}}}}]},'data':{'password':'Yg==','username':'YQ=='},'"
     "type':'Opaque'}"}};

static void test_recorded(void **state)
{
    for (size_t i = 0; i < ARRAY_SIZE(recorded); i++) {
        CLEANUP_FREE void *data = NULL;
        CLEANUP(json_free) struct json *json = NULL, *expected = NULL;
        CLEANUP_FREE char *proper = str_replace(recorded[i].json, "'", "\"");
        size_t len;

        assert_ok(str_hex_decode(recorded[i].hex, &data, &len));
        assert_ok(kapi_protobuf_decode(data, len, NULL, &json));
        assert_ok(json_parse(proper, strlen(proper), &expected));
        /* Zero values are sent explicitly, and mean nothing. */
        json_remove(expected, "metadata/generation");
        if (json_int(json, "metadata/generation", 1) == 0)
            json_remove(json, "metadata/generation");
        CLEANUP_FREE char *text = json_print(json);
        if (!json_equal(json, expected))
            fail_msg("%s: %s, expected %s", recorded[i].name, text, proper);
    }
}

/* Every way to cut a body short, and some to spoil it, is an error or an object; never a crash. */
static void test_broken(void **state)
{
    size_t len;

    for (size_t i = 0; i < ARRAY_SIZE(recorded); i++) {
        CLEANUP_FREE void *bytes = NULL;
        assert_ok(str_hex_decode(recorded[i].hex, &bytes, &len));
        for (size_t cut = 0; cut < len; cut++) {
            CLEANUP(json_free) struct json *json = NULL;
            error_free(kapi_protobuf_decode(bytes, cut, NULL, &json));
        }
        for (size_t at = 4; at < len; at++) {
            CLEANUP_FREE unsigned char *spoilt = mem_dup(bytes, len);
            CLEANUP(json_free) struct json *json = NULL;
            spoilt[at] ^= 0x80;
            error_free(kapi_protobuf_decode(spoilt, len, NULL, &json));
        }
    }
}

static void test_refused(void **state)
{
    struct json *json = NULL;
    static const char unknown[] = "k8s\0\x0a\x15\x0a\x0alab.sim/v1\x12\x07Gadgets";

    assert_error_text(kapi_protobuf_decode("{}", 2, NULL, &json), ERROR_INVALID, "6b 38 73 00");
    assert_error_text(kapi_protobuf_decode(unknown, sizeof(unknown) - 1, NULL, &json), ERROR_UNSUPPORTED,
                      "lab.sim/v1 Gadgets has no protobuf form here");
    assert_null(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recorded),
        cmocka_unit_test(test_broken),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
