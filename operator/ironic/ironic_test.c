/* SPDX-License-Identifier: Apache-2.0 */
/* The Ironic provisioner against a small Ironic on virtual time: what it sends, how it goes on, what it tells. */
#include "operator/ironic/fake_ironic.h"
#include "operator/ironic/backend.h"
#include "operator/ironic/ironic_provisioner.h"
#include "operator/ironic/raid.h"

#include "lib/log/log.h"
#include "lib/log/metrics.h"

#define IMAGE "{\"url\":\"http://images/a.raw\",\"checksum\":\"abc\",\"checksumType\":\"sha256\",\"format\":\"raw\"}"

struct world {
    struct rt *rt;
    struct env env;
    struct fake_ironic ironic;
    struct ironic_options options;
    struct ironic_backend *backend;
    struct provisioner_host host;
    struct strbuf events, woken;
    rt_time woken_at;
    const char *user_data;
    void (*body)(struct world *world);
};

static struct json *parse(const char *text)
{
    struct json *value = NULL;
    assert_ok(json_parse(text, strlen(text), &value));
    return value;
}

static void publish(void *arg, const char *reason, const char *message)
{
    struct world *world = arg;
    strbuf_addf(&world->events, "%s: %s\n", reason, message);
}

static void note_wake(void *arg, const char *ns, const char *name)
{
    struct world *world = arg;
    strbuf_addf(&world->woken, "%s/%s ", ns, name);
    world->woken_at = rt_now(world->rt);
}

static void world_main(void *arg)
{
    struct world *world = arg;
    struct net_sim *sim = net_sim_new(world->rt, &(struct net_sim_options){0});
    struct net *ironic_net = net_sim_host(sim, "ironic", "10.0.0.1");
    world->env.net = net_sim_host(sim, "operator", "10.0.0.2");
    world->env.group = rt_group_new(world->rt, NULL, "operator");
    fake_ironic_start(&world->ironic, world->rt, ironic_net);
    world->host = (struct provisioner_host){
        .ns = "metal3",
        .name = "node-0",
        .uid = "host-uid",
        .bmc_address = "redfish-virtualmedia+http://192.0.2.1:8000/redfish/v1/Systems/1",
        .user = "admin",
        .password = "pw",
        .boot_mac = "",
        .id = "",
        .publish = publish,
        .publish_arg = world,
    };
    world->body(world);
    rt_group_stop(world->env.group);
    ironic_backend_free(world->backend);
    fake_ironic_stop(&world->ironic);
    rt_group_free(world->env.group);
    net_free(world->env.net);
    net_free(ironic_net);
    net_sim_free(sim);
}

static void world_run(void (*body)(struct world *world))
{
    struct world world = {.body = body};
    world.options = (struct ironic_options){
        .endpoint = "http://ironic:6385/v1/",
        .deploy_kernel_url = "http://images/kernel",
        .deploy_ramdisk_url = "http://images/initrd",
        .cache_ttl = 5 * RT_S,
        .timeout = 30 * RT_S,
        .provisioning_limit = 2,
    };
    world.rt = rt_new_sim(1, TEST_WALL);
    world.env.rt = world.rt;
    world.env.log = log_new(&(struct log_options){.level = getenv("TEST_LOG") ? LOG_DEBUG : LOG_ERROR + 1, .fd = 2});
    world.env.metrics = metrics_new();
    assert_ok(rt_run(world.rt, world_main, &world));
    strbuf_release(&world.events);
    strbuf_release(&world.woken);
    metrics_free(world.env.metrics);
    log_free(world.env.log);
    rt_free(world.rt);
}

#define WORLD_TEST(name)                                                                                               \
    static void test_##name(void **state)                                                                              \
    {                                                                                                                  \
        world_run(name);                                                                                               \
    }

static void start(struct world *world)
{
    assert_ok(ironic_backend_new(&world->env, &world->options, &world->backend));
    struct provisioner_factory *factory = ironic_backend_factory(world->backend);
    factory->ops->set_wake(factory, note_wake, world);
}

static struct provisioner *make(struct world *world)
{
    struct provisioner *provisioner = NULL;
    struct provisioner_factory *factory = ironic_backend_factory(world->backend);
    assert_ok(factory->ops->make(factory, &world->host, &provisioner));
    return provisioner;
}

/* A function over the result of one operation in one pass. */
#define PASS(world, result, call)                                                                                      \
    do {                                                                                                               \
        struct provisioner *provisioner CLEANUP(provisioner_free) = make(world);                                       \
        provision_result_release(result);                                                                              \
        assert_ok(provisioner->ops->call);                                                                             \
    } while (0)

static const struct register_data plain_register = {.boot_mode = "UEFI", .automated_cleaning_mode = "metadata"};

/* Registers until it is done; the host knows its node's id then. */
static void register_fully(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {.dirty = true};
    for (int i = 0; result.dirty; i++) {
        char *id = NULL;
        assert_true(i < 20);
        PASS(world, &result, register_host(provisioner, &plain_register, &result, &id));
        if (result.message)
            fail_msg("%s", result.message);
        free(id);
        if (result.dirty)
            assert_ok(rt_sleep(world->rt, result.requeue_after));
    }
    world->host.id = "uuid-1";
}

static struct json *only_node(struct world *world)
{
    return map_get(world->ironic.nodes, "uuid-1");
}

static void set_state(struct world *world, const char *state)
{
    fake_set_state(&world->ironic, only_node(world), state, NULL);
}

static void expect_write(struct world *world, const char *text)
{
    if (!strstr(strbuf_str(&world->ironic.writes), text))
        fail_msg("no write \"%s\" among:\n%s", text, strbuf_str(&world->ironic.writes));
}

static size_t count_calls(struct world *world, const char *call)
{
    size_t count = 0;
    for (const char *at = strbuf_str(&world->ironic.calls); (at = strstr(at, call)); at++)
        count++;
    return count;
}

/* -- the client -- */

static void pins_the_best_version(struct world *world)
{
    static const struct {
        const char *offered;
        int pinned;
    } versions[] = {{"1.200", 110}, {"1.110", 110}, {"1.109", 109}, {"1.99", 95}, {"1.93", 93}, {"1.89", 89}};
    for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
        struct ironic *ironic CLEANUP(ironic_free) = NULL;
        world->ironic.version = versions[i].offered;
        assert_ok(ironic_new(&world->env, &world->options, &ironic));
        assert_ok(ironic_ready(ironic));
        assert_int_equal(ironic_version(ironic), versions[i].pinned);
    }
    struct ironic *old CLEANUP(ironic_free) = NULL;
    world->ironic.version = "1.88";
    assert_ok(ironic_new(&world->env, &world->options, &old));
    struct error *err = ironic_ready(old);
    assert_int_equal(error_code(err), PROVISIONER_NOT_READY);
    assert_non_null(strstr(error_message(err), "1.89 or later is needed, but it offers 1.88"));
    error_free(err);
}

static void needs_a_conductor(struct world *world)
{
    struct ironic *ironic CLEANUP(ironic_free) = NULL;
    world->ironic.no_drivers = true;
    assert_ok(ironic_new(&world->env, &world->options, &ironic));
    struct error *err = ironic_ready(ironic);
    assert_int_equal(error_code(err), PROVISIONER_NOT_READY);
    error_free(err);
    world->ironic.no_drivers = false;
    assert_ok(ironic_ready(ironic));
    strbuf_clear(&world->ironic.calls);
    assert_ok(ironic_ready(ironic)); /* within the time to live nothing is asked */
    assert_int_equal(world->ironic.calls.len, 0);
    assert_ok(rt_sleep(world->rt, 6 * RT_S));
    assert_ok(ironic_ready(ironic));
    assert_int_equal(count_calls(world, "GET /v1/drivers"), 1);
}

static void authenticates(struct world *world)
{
    struct ironic *ironic CLEANUP(ironic_free) = NULL;
    struct ironic *wrong CLEANUP(ironic_free) = NULL;
    world->ironic.user = "ironic";
    world->ironic.password = "s3cret";
    world->options.user = (char *)"ironic";
    world->options.password = (char *)"s3cret";
    assert_ok(ironic_new(&world->env, &world->options, &ironic));
    assert_ok(ironic_ready(ironic));
    world->options.password = (char *)"guess";
    assert_ok(ironic_new(&world->env, &world->options, &wrong));
    struct error *err = ironic_ready(wrong);
    assert_non_null(strstr(error_message(err), "HTTP 401: Incorrect username or password"));
    assert_null(strstr(error_message(err), "guess"));
    error_free(err);
}

static void reads_both_forms_of_errors(struct world *world)
{
    struct ironic *ironic CLEANUP(ironic_free) = NULL;
    struct json *node = NULL;
    assert_ok(ironic_new(&world->env, &world->options, &ironic));
    for (int i = 0; i < 2; i++) {
        world->ironic.object_errors = i;
        assert_error_text(ironic_node_get(ironic, "nobody", &node), ERROR_NOT_FOUND,
                          "HTTP 404: Node nobody could not be found.");
    }
}

static void follows_pages(struct world *world)
{
    struct ironic *ironic CLEANUP(ironic_free) = NULL;
    struct json *nodes CLEANUP(json_free) = NULL;
    struct json *body CLEANUP(json_free) = json_new_object();
    assert_ok(ironic_new(&world->env, &world->options, &ironic));
    for (int i = 0; i < 7; i++) {
        struct json *node = NULL;
        assert_ok(ironic_node_create(ironic, body, &node));
        json_free(node);
    }
    world->ironic.page = 3;
    assert_ok(ironic_list(ironic, "/nodes?fields=uuid", "nodes", &nodes));
    assert_int_equal(json_len(nodes), 7);
    assert_string_equal(json_str(nodes, "6/uuid"), "uuid-7");
}

/* -- registration -- */

static void registers_a_new_host(struct world *world)
{
    start(world);
    world->host.boot_mac = "00:11:22:33:44:55";
    register_fully(world);
    const struct json *node = only_node(world);
    assert_string_equal(json_str(node, "provision_state"), "manageable");
    assert_string_equal(json_str(node, "name"), "metal3~node-0");
    assert_string_equal(json_str(node, "driver"), "redfish");
    assert_string_equal(json_str(node, "boot_interface"), "redfish-virtual-media");
    assert_string_equal(json_str(node, "inspect_interface"), "agent");
    assert_string_equal(json_str(node, "driver_info/redfish_password"), "pw");
    assert_string_equal(json_str(node, "driver_info/deploy_kernel"), "http://images/kernel");
    assert_string_equal(json_str(node, "properties/capabilities"), "boot_mode:uefi");
    assert_true(json_bool(node, "automated_clean", false));
    assert_string_equal(json_str_or(world->ironic.ports, "0/address", ""), "00:11:22:33:44:55");
    assert_true(json_bool(world->ironic.ports, "0/pxe_enabled", false));
    assert_string_equal(strbuf_str(&world->events), "Registered: Registered new host\n");
    assert_int_equal(count_calls(world, "PATCH"), 0);

    /* Once known, a pass costs one GET. */
    strbuf_clear(&world->ironic.calls);
    register_fully(world);
    assert_string_equal(strbuf_str(&world->ironic.calls), "GET /v1/nodes/uuid-1\n");
}

static void tells_why_it_cannot_register(struct world *world)
{
    static const struct {
        const char *address;
        struct register_data data;
        const char *message;
    } refused[] = {
        {"gopher://h", {0}, "Unknown BMC type 'gopher' for address gopher://h"},
        {"192.0.2.1", {.inspection_mode = "fast"}, "BMC driver ipmi does not support fast (out-of-band) inspection"},
        {"192.0.2.1", {.boot_mode = "UEFISecureBoot"}, "BMC driver ipmi does not support secure boot"},
        {"redfish+http://h", {0}, "BMC driver redfish+http requires a provisioning network"},
        {"redfish-virtualmedia://h",
         {.inspection_disabled = true},
         "BMC driver redfish-virtualmedia requires a BootMACAddress value"},
    };
    world->options.provisioning_network_disabled = true;
    start(world);
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        CLEANUP_PROVISION_RESULT struct provision_result result = {0};
        char *id = NULL;
        world->host.bmc_address = refused[i].address;
        PASS(world, &result, register_host(provisioner, &refused[i].data, &result, &id));
        assert_string_equal(result.message, refused[i].message);
        assert_null(id);
    }
    assert_int_equal(map_len(world->ironic.nodes), 0);
}

static void reports_a_bmc_that_does_not_answer(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {.dirty = true};
    struct register_data data = plain_register;
    start(world);
    world->ironic.fail_verb = "manage";
    world->ironic.fail_reason = "Failed to get power state for node";
    while (result.dirty) {
        char *id = NULL;
        PASS(world, &result, register_host(provisioner, &data, &result, &id));
        free(id);
        assert_ok(rt_sleep(world->rt, RT_S));
    }
    assert_string_equal(result.message, "Failed to get power state for node");
    data.restart_on_failure = true;
    char *id = NULL;
    PASS(world, &result, register_host(provisioner, &data, &result, &id));
    free(id);
    assert_true(result.dirty);
    register_fully(world);
}

static void replaces_changed_credentials(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    struct register_data data = plain_register;
    char *id = NULL;
    start(world);
    register_fully(world);
    data.credentials_changed = true;
    world->host.password = "new";
    world->ironic.locked = 1;
    PASS(world, &result, register_host(provisioner, &data, &result, &id));
    free(id);
    assert_true(result.dirty && result.busy);
    PASS(world, &result, register_host(provisioner, &data, &result, &id));
    free(id);
    assert_true(provision_result_done(&result));
    assert_string_equal(json_str(only_node(world), "driver_info/redfish_password"), "new");
    assert_string_equal(json_str(only_node(world), "driver_info/deploy_kernel"), "http://images/kernel");
}

static void refuses_a_foreign_mac(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    char *id = NULL;
    start(world);
    world->host.boot_mac = "00:11:22:33:44:55";
    register_fully(world);
    world->host.name = "node-1";
    world->host.id = "";
    PASS(world, &result, register_host(provisioner, &plain_register, &result, &id));
    assert_string_equal(result.message, "MAC address 00:11:22:33:44:55 conflicts with existing node metal3~node-0");
}

static void creates_a_lost_node_anew(struct world *world)
{
    struct provision_result result = {0};
    start(world);
    register_fully(world);
    map_remove(world->ironic.nodes, "uuid-1");
    struct provisioner *provisioner CLEANUP(provisioner_free) = make(world);
    struct error *err = provisioner->ops->deprovision(provisioner, false, "metadata", &result);
    assert_int_equal(error_code(err), PROVISIONER_NEEDS_REGISTRATION);
    error_free(err);
    register_fully(world);
    assert_non_null(map_get(world->ironic.nodes, "uuid-2"));
}

/* -- inspection -- */

#define INVENTORY                                                                                                      \
    "{\"inventory\":{\"interfaces\":[{\"name\":\"eth0\",\"mac_address\":\"00:11:22:33:44:55\",\"ipv4_address\":"       \
    "\"192.0.2.9\",\"ipv6_address\":\"2001:db8::9\",\"vendor\":\"0x15b3\",\"product\":\"0x1015\",\"speed_mbps\":"      \
    "25000},{\"name\":\"eth1\",\"mac_address\":\"00:11:22:33:44:56\",\"product\":\"virtio\"}],\"cpu\":{\"model_"       \
    "name\":"                                                                                                          \
    "\"EPYC\",\"frequency\":\"2999.998\",\"count\":8,\"architecture\":\"x86_64\",\"flags\":[\"sse\",\"fpu\"]},"        \
    "\"disks\":[{\"name\":\"/dev/sda\",\"size\":1000,\"rotational\":true,\"by_path\":\"/dev/disk/by-path/a\","         \
    "\"hctl\":\"0:0:0:0\"},{\"name\":\"/dev/nvme0n1\",\"size\":2000,\"rotational\":false,\"serial\":\"S\"}],"          \
    "\"memory\":{\"physical_mb\":4096},\"system_vendor\":{\"manufacturer\":\"QEMU\",\"product_name\":\"vm\","          \
    "\"firmware\":{"                                                                                                   \
    "\"vendor\":\"EDK\",\"version\":\"1\",\"build_date\":\"01/01/2026\"}},\"hostname\":\"h\"},\"plugin_data\":{"       \
    "\"all_interfaces\":{\"eth0\":{\"pxe_enabled\":true}},\"parsed_lldp\":{\"eth0\":{\"switch_chassis_id\":\"aa\","    \
    "\"switch_port_id\":\"7\",\"switch_port_untagged_vlan_id\":3,\"switch_port_vlans\":[{\"id\":3,\"name\":\"n\"}]}}}" \
    "}"

#define DETAILS                                                                                                        \
    "{\"systemVendor\":{\"manufacturer\":\"QEMU\",\"productName\":\"vm\"},\"firmware\":{\"bios\":{\"date\":"           \
    "\"01/01/2026\",\"vendor\":\"EDK\",\"version\":\"1\"}},\"ramMebibytes\":4096,\"nics\":[{\"name\":\"eth0\","        \
    "\"model\":\"0x15b3 0x1015\",\"mac\":\"00:11:22:33:44:55\",\"ip\":\"192.0.2.9\",\"speedGbps\":25,\"vlans\":[{"     \
    "\"id\":3,\"name\":\"n\"}],\"vlanId\":3,\"pxe\":true,\"lldp\":{\"switchID\":\"aa\",\"portID\":\"7\"}},{\"name\":"  \
    "\"eth0\",\"model\":\"0x15b3 0x1015\",\"mac\":\"00:11:22:33:44:55\",\"ip\":\"2001:db8::9\",\"speedGbps\":25,"      \
    "\"vlans\":[{\"id\":3,\"name\":\"n\"}],\"vlanId\":3,\"pxe\":true,\"lldp\":{\"switchID\":\"aa\",\"portID\":\"7\"}}" \
    ","                                                                                                                \
    "{\"name\":\"eth1\",\"model\":\"virtio\",\"mac\":\"00:11:22:33:44:56\"}],\"storage\":[{\"name\":"                  \
    "\"/dev/disk/by-path/a\",\"alternateNames\":[\"/dev/sda\",\"/dev/disk/by-path/a\"],\"rotational\":true,\"type\":"  \
    "\"HDD\",\"sizeBytes\":1000,\"hctl\":\"0:0:0:0\"},{\"name\":\"/dev/nvme0n1\",\"alternateNames\":["                 \
    "\"/dev/nvme0n1\"],\"type\":\"NVME\",\"sizeBytes\":2000,\"serialNumber\":\"S\"}],\"cpu\":{\"arch\":\"x86_64\","    \
    "\"model\":\"EPYC\",\"clockMegahertz\":3000,\"flags\":[\"fpu\",\"sse\"],\"count\":8},\"hostname\":\"h\"}"

static void inspects(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    struct json *details CLEANUP(json_free) = NULL;
    struct json *wished CLEANUP(json_free) = NULL;
    struct inspect_data data = {.boot_mode = "UEFISecureBoot", .architecture = "x86_64"};
    bool started = false;
    start(world);
    register_fully(world);
    PASS(world, &result, inspect(provisioner, &data, &result, &started, &details));
    assert_true(result.dirty && started);
    assert_string_equal(json_str(only_node(world), "properties/capabilities"), "boot_mode:uefi,secure_boot:true");
    assert_string_equal(json_str(only_node(world), "properties/cpu_arch"), "x86_64");
    world->ironic.inventory = INVENTORY;
    while (result.dirty) {
        assert_null(details);
        PASS(world, &result, inspect(provisioner, &data, &result, &started, &details));
        assert_ok(rt_sleep(world->rt, RT_S));
    }
    assert_ok(json_parse(DETAILS, strlen(DETAILS), &wished));
    if (!json_equal(details, wished)) {
        CLEANUP_FREE char *text = json_print(details);
        fail_msg("%s", text);
    }
    assert_non_null(strstr(strbuf_str(&world->events), "InspectionStarted: Hardware inspection started\n"
                                                       "InspectionComplete: Hardware inspection completed\n"));
}

static void goes_on_after_failed_inspection(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    struct json *details = NULL;
    struct inspect_data data = {.boot_mode = "UEFI"};
    bool started = false;
    start(world);
    register_fully(world);
    set_state(world, "inspect failed");
    json_set_str(only_node(world), "last_error", "timeout reached");
    PASS(world, &result, inspect(provisioner, &data, &result, &started, &details));
    assert_string_equal(result.message, "timeout reached");
    data.restart_on_failure = true;
    PASS(world, &result, inspect(provisioner, &data, &result, &started, &details));
    assert_true(result.dirty && started);
    set_state(world, "inspect wait");
    data.force_reboot = true;
    PASS(world, &result, inspect(provisioner, &data, &result, &started, &details));
    assert_string_equal(json_str(only_node(world), "provision_state"), "inspect failed");
}

/* -- preparation -- */

static void cleans_by_hand_for_raid(struct world *world)
{
    static const char target[] =
        "{\"hardwareRAIDVolumes\":[{\"level\":\"1\",\"name\":\"root\",\"numberOfPhysicalDisks\":2},{\"level\":\"0\","
        "\"sizeGibibytes\":100,\"rotational\":false}],\"softwareRAIDVolumes\":null}";
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    struct json *raid CLEANUP(json_free) = NULL;
    bool started = false;
    assert_ok(json_parse(target, strlen(target), &raid));
    struct prepare_data data = {.target_raid = raid, .unprepared = true};
    start(world);
    register_fully(world);
    set_state(world, "available");
    PASS(world, &result, prepare(provisioner, &data, &result, &started));
    assert_true(result.dirty && !started);
    PASS(world, &result, prepare(provisioner, &data, &result, &started));
    assert_true(result.dirty && started);
    expect_write(world,
                 "PUT /v1/nodes/uuid-1/states/raid {\"logical_disks\":[{\"size_gb\":\"MAX\",\"raid_level\":\"1\","
                 "\"volume_name\":\"root\",\"number_of_physical_disks\":2,\"is_root_volume\":true},{\"size_gb\":100,"
                 "\"raid_level\":\"0\",\"disk_type\":\"ssd\"}]}");
    expect_write(world, "{\"clean_steps\":[{\"interface\":\"raid\",\"step\":\"delete_configuration\"},{\"interface\":"
                        "\"raid\",\"step\":\"create_configuration\"}],\"target\":\"clean\"}");
    data.unprepared = false;
    while (result.dirty) {
        PASS(world, &result, prepare(provisioner, &data, &result, &started));
        assert_ok(rt_sleep(world->rt, RT_S));
    }
    assert_null(result.message);
}

static void plans_raid(void **state)
{
    static const struct {
        const char *target, *actual, *interface;
        enum raid_kind kind;
        const char *steps, *error;
    } plans[] = {
        {NULL, NULL, "redfish", RAID_LEAVE, NULL, NULL},
        {"{\"hardwareRAIDVolumes\":null,\"softwareRAIDVolumes\":[]}", NULL, "redfish", RAID_LEAVE, NULL, NULL},
        {"{\"hardwareRAIDVolumes\":[]}", NULL, "no-raid", RAID_LEAVE, NULL, NULL},
        {"{\"hardwareRAIDVolumes\":[]}", NULL, "redfish", RAID_HARDWARE,
         "[{\"interface\":\"raid\",\"step\":\"delete_configuration\"}]", NULL},
        {"{\"hardwareRAIDVolumes\":[{\"level\":\"1\"}]}", "{\"hardwareRAIDVolumes\":[{\"level\":\"1\"}]}", "redfish",
         RAID_LEAVE, NULL, NULL},
        {"{\"hardwareRAIDVolumes\":[{\"level\":\"1\"}]}", NULL, "no-raid", RAID_LEAVE, NULL, "does not support RAID"},
        {"{\"softwareRAIDVolumes\":[{\"level\":\"1\"}]}", NULL, "no-raid", RAID_SOFTWARE,
         "[{\"interface\":\"raid\",\"step\":\"delete_configuration\"},{\"interface\":\"deploy\",\"step\":"
         "\"erase_devices_metadata\"},{\"interface\":\"raid\",\"step\":\"create_configuration\"}]",
         NULL},
        {"{\"softwareRAIDVolumes\":[]}", "{\"softwareRAIDVolumes\":[{\"level\":\"1\"}]}", "redfish", RAID_SOFTWARE,
         "[{\"interface\":\"raid\",\"step\":\"delete_configuration\"},{\"interface\":\"deploy\",\"step\":"
         "\"erase_devices_metadata\"}]",
         NULL},
        {"{\"softwareRAIDVolumes\":[{\"level\":\"0\"}]}", NULL, "redfish", RAID_LEAVE, NULL, "must be RAID1"},
        {"{\"hardwareRAIDVolumes\":[{\"level\":\"0\",\"name\":\"a\"},{\"level\":\"0\",\"name\":\"a\"}]}", NULL,
         "redfish", RAID_LEAVE, NULL, "name a is given twice"},
        {"{\"hardwareRAIDVolumes\":[{\"level\":\"0\",\"physicalDisks\":[\"d\"]}]}", NULL, "redfish", RAID_LEAVE, NULL,
         "needs its controller too"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(plans); i++) {
        struct json *target CLEANUP(json_free) = NULL;
        struct json *actual CLEANUP(json_free) = NULL;
        CLEANUP_RAID_PLAN struct raid_plan plan = {0};
        if (plans[i].target)
            assert_ok(json_parse(plans[i].target, strlen(plans[i].target), &target));
        if (plans[i].actual)
            assert_ok(json_parse(plans[i].actual, strlen(plans[i].actual), &actual));
        struct error *err = raid_plan(target, actual, NULL, plans[i].interface, &plan);
        if (plans[i].error) {
            assert_non_null(strstr(error_message(err), plans[i].error));
            error_free(err);
            continue;
        }
        assert_ok(err);
        CLEANUP_FREE char *steps = plan.steps ? json_print(plan.steps) : NULL;
        if (plan.kind != plans[i].kind || !str_equal(steps, plans[i].steps))
            fail_msg("plan %zu: kind %d, steps %s", i, plan.kind, steps ? steps : "none");
    }
}

/* -- provisioning -- */

static struct error *user_data(void *arg, char **ret)
{
    struct world *world = arg;
    *ret = mem_strdup(world->user_data);
    return NULL;
}

static struct error *meta_data(void *arg, char **ret)
{
    *ret = mem_strdup("role: worker\nname: other\n");
    return NULL;
}

static struct error *network_data(void *arg, char **ret)
{
    *ret = mem_strdup("links: []");
    return NULL;
}

static struct error *no_data(void *arg, char **ret)
{
    return error_new(ERROR_NOT_FOUND, "secret metal3/x does not exist");
}

static struct provision_data image_data(struct world *world, const struct json *image)
{
    return (struct provision_data){.image = image,
                                   .boot_mode = "UEFI",
                                   .user_data = user_data,
                                   .meta_data = meta_data,
                                   .network_data = network_data,
                                   .data_arg = world};
}

/* Calls provision until it is done or has failed. */
static void provision_fully(struct world *world, const struct provision_data *data, struct provision_result *result)
{
    result->dirty = true;
    for (int i = 0; result->dirty; i++) {
        assert_true(i < 100);
        PASS(world, result, provision(provisioner, data, result));
        assert_ok(rt_sleep(world->rt, RT_S));
    }
}

static void deploys_an_image(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    struct json *image CLEANUP(json_free) = parse(IMAGE);
    struct json *hints CLEANUP(json_free) =
        parse("{\"deviceName\":\"/dev/sda\",\"minSizeGigabytes\":5,\"rotational\":false}");
    start(world);
    register_fully(world);
    world->user_data = "#cloud-config\n";
    struct provision_data data = image_data(world, image);
    data.root_hints = hints;
    provision_fully(world, &data, &result);
    assert_null(result.message);
    const struct json *info = json_get(only_node(world), "instance_info");
    assert_string_equal(json_str(info, "image_source"), "http://images/a.raw");
    assert_string_equal(json_str(info, "image_os_hash_algo"), "sha256");
    assert_string_equal(json_str(info, "image_os_hash_value"), "abc");
    assert_string_equal(json_str(info, "image_disk_format"), "raw");
    assert_string_equal(json_str(info, "root_device/name"), "s== /dev/sda");
    assert_string_equal(json_str(info, "root_device/size"), ">= 5");
    assert_string_equal(json_str(info, "root_device/rotational"), "false");
    assert_string_equal(json_str(only_node(world), "instance_uuid"), "host-uid");
    expect_write(
        world, "\"configdrive\":{\"meta_data\":{\"uuid\":\"host-uid\",\"metal3-namespace\":\"metal3\",\"metal3-name\":"
               "\"node-0\",\"local-hostname\":\"node-0\",\"local_hostname\":\"node-0\",\"name\":\"other\","
               "\"role\":\"worker\"},\"user_data\":\"#cloud-config\\n\",\"network_data\":{\"links\":[]}}");
    assert_non_null(strstr(strbuf_str(&world->events),
                           "ProvisioningStarted: Image provisioning started for http://images/a.raw\n"
                           "ProvisioningComplete: Image provisioning completed for http://images/a.raw\n"));
}

static void tells_why_a_deployment_failed(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    struct json *image CLEANUP(json_free) = parse(IMAGE);
    start(world);
    register_fully(world);
    world->ironic.fail_verb = "active";
    world->ironic.fail_reason = "Image failed to verify against checksum";
    struct provision_data data = image_data(world, image);
    provision_fully(world, &data, &result);
    assert_string_equal(result.message,
                        "Image provisioning failed (url: http://images/a.raw, checksum: abc): Image failed "
                        "to verify against checksum");
    json_set_str(image, "url", "http://images/b.raw"); /* another image is tried at once */
    provision_fully(world, &data, &result);
    assert_null(result.message);
}

static void refuses_bad_wishes(struct world *world)
{
    static const struct {
        const char *image, *message;
    } wishes[] = {
        {"{\"url\":\"http://i/a\"}", "Validation failed: checksum is required for normal images"},
        {"{\"url\":\"oci://r/a\",\"checksum\":\"x\"}",
         "Validation failed: spec.image.checksum must be empty for OCI images (oci:// images have embedded checksums)"},
        {"{\"url\":\"http://i/a\",\"checksum\":\"x\",\"checksumType\":\"crc\"}",
         "Validation failed: unknown checksumType \"crc\": use md5, sha256, sha512 or auto"},
    };
    start(world);
    register_fully(world);
    set_state(world, "available");
    for (size_t i = 0; i < ARRAY_SIZE(wishes); i++) {
        CLEANUP_PROVISION_RESULT struct provision_result result = {0};
        struct json *image CLEANUP(json_free) = NULL;
        assert_ok(json_parse(wishes[i].image, strlen(wishes[i].image), &image));
        struct provision_data data = image_data(world, image);
        PASS(world, &result, provision(provisioner, &data, &result));
        assert_string_equal(result.message, wishes[i].message);
    }
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    struct json *image CLEANUP(json_free) = parse(IMAGE);
    struct provision_data data = image_data(world, image);
    world->ironic.validate_error = "no deploy kernel";
    PASS(world, &result, provision(provisioner, &data, &result));
    assert_string_equal(result.message, "host validation error: no deploy kernel");
    world->ironic.validate_error = NULL;
    data.user_data = no_data;
    PASS(world, &result, provision(provisioner, &data, &result));
    assert_string_equal(result.message, "could not retrieve user data: secret metal3/x does not exist");
    assert_string_equal(json_str(only_node(world), "provision_state"), "available");
}

static void deploys_live_and_custom(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    struct json *iso CLEANUP(json_free) = parse("{\"url\":\"http://i/live.iso\",\"format\":\"live-iso\"}");
    start(world);
    register_fully(world);
    struct provision_data data = image_data(world, iso);
    provision_fully(world, &data, &result);
    assert_string_equal(json_str(only_node(world), "instance_info/boot_iso"), "http://i/live.iso");
    assert_string_equal(json_str(only_node(world), "deploy_interface"), "ramdisk");
    assert_null(strstr(strbuf_str(&world->ironic.writes), "configdrive"));

    set_state(world, "available");
    data = image_data(world, NULL);
    data.custom_deploy = "install_everything";
    provision_fully(world, &data, &result);
    assert_null(json_get(only_node(world), "instance_info/boot_iso"));
    assert_string_equal(json_str(only_node(world), "deploy_interface"), "custom-agent");
    expect_write(
        world,
        "\"deploy_steps\":[{\"interface\":\"deploy\",\"step\":\"install_everything\",\"args\":{},\"priority\":80}]");
}

static void deprovisions_and_forgets(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {.dirty = true};
    start(world);
    register_fully(world);
    set_state(world, "active");
    json_set_str(only_node(world), "instance_uuid", "host-uid");
    while (result.dirty) {
        PASS(world, &result, deprovision(provisioner, false, "disabled", &result));
        assert_ok(rt_sleep(world->rt, RT_S));
    }
    assert_null(result.message);
    assert_false(json_bool(only_node(world), "automated_clean", true));
    assert_non_null(strstr(strbuf_str(&world->events), "DeprovisioningStarted: Image deprovisioning started\n"
                                                       "DeprovisioningComplete: Image deprovisioning completed\n"));
    for (int i = 0; i < 2; i++)
        PASS(world, &result, delete (provisioner, &result));
    assert_true(provision_result_done(&result));
    assert_int_equal(map_len(world->ironic.nodes), 0);
}

static void detaches_a_running_host(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    start(world);
    register_fully(world);
    set_state(world, "active");
    PASS(world, &result, detach(provisioner, false, &result));
    assert_true(result.dirty);
    expect_write(world, "PUT /v1/nodes/uuid-1/maintenance {\"reason\":\"forcing deletion in baremetal-operator\"}");
    assert_int_equal(map_len(world->ironic.nodes), 0);
}

static void adopts(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {.dirty = true};
    start(world);
    register_fully(world);
    while (result.dirty) {
        PASS(world, &result, adopt(provisioner, "provisioned", false, &result));
        assert_ok(rt_sleep(world->rt, RT_S));
    }
    assert_string_equal(json_str(only_node(world), "provision_state"), "active");
    set_state(world, "adopt failed");
    json_set_str(only_node(world), "last_error", "no");
    PASS(world, &result, adopt(provisioner, "provisioned", false, &result));
    assert_string_equal(result.message, "Host adoption failed: no");
}

/* -- power -- */

static void switches_power(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {.dirty = true};
    struct power_off_data off = {.automated_cleaning_mode = "metadata"};
    start(world);
    register_fully(world);
    while (result.dirty) {
        PASS(world, &result, power_on(provisioner, false, &result));
        assert_ok(rt_sleep(world->rt, RT_S));
    }
    assert_string_equal(json_str(only_node(world), "power_state"), "power on");
    world->ironic.no_soft_power = true;
    result.dirty = true;
    while (result.dirty) {
        PASS(world, &result, power_off(provisioner, &off, &result));
        assert_ok(rt_sleep(world->rt, RT_S));
    }
    assert_string_equal(json_str(only_node(world), "power_state"), "power off");
    expect_write(world, "{\"target\":\"soft power off\",\"timeout\":180}");
    expect_write(world, "{\"target\":\"power off\"}");
    json_set_str(only_node(world), "last_error", "PSU is gone");
    PASS(world, &result, power_on(provisioner, false, &result));
    assert_string_equal(result.message, "PowerOn operation failed: PSU is gone");
    PASS(world, &result, power_on(provisioner, true, &result));
    assert_true(result.dirty);
    set_state(world, "inspect wait");
    json_set_str(only_node(world), "power_state", "power on");
    PASS(world, &result, power_off(provisioner, &off, &result));
    assert_string_equal(json_str(only_node(world), "provision_state"), "inspect failed");
}

static void guards_changes(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    start(world);
    register_fully(world);
    json_set_bool(only_node(world), "maintenance", true);
    json_set_str(only_node(world), "fault", "power failure");
    strbuf_clear(&world->ironic.writes);
    PASS(world, &result, adopt(provisioner, "provisioned", false, &result));
    assert_true(result.dirty);
    assert_int_equal(world->ironic.writes.len, 0);
    json_set_str(only_node(world), "fault", NULL);
    PASS(world, &result, adopt(provisioner, "provisioned", false, &result));
    assert_string_equal(strbuf_str(&world->ironic.writes), "DELETE /v1/nodes/uuid-1/maintenance \n");
}

static void counts_busy_hosts(struct world *world)
{
    bool capacity = false;
    start(world);
    world->host.bmc_address = "redfish+http://192.0.2.1";
    for (int i = 0; i < 3; i++) {
        CLEANUP_FREE char *uuid = mem_printf("other-%d", i);
        struct json *node = json_new_object();
        json_set_str(node, "uuid", uuid);
        json_set_str(node, "name", uuid);
        json_set_str(node, "provision_state", "deploying");
        json_set_str(node, "boot_interface", i ? "ipxe" : "redfish-virtual-media");
        map_set(world->ironic.nodes, uuid, node);
    }
    struct provisioner *provisioner CLEANUP(provisioner_free) = make(world);
    assert_ok(provisioner->ops->has_capacity(provisioner, &capacity));
    assert_false(capacity);
    world->options.provisioning_limit = 3;
    assert_ok(provisioner->ops->has_capacity(provisioner, &capacity));
    assert_true(capacity);
}

/* -- the watch -- */

/* Many hosts that wait cost a list now and then, and each is woken soon after its node came to rest. */
static void wakes_hosts_that_wait(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {0};
    world->ironic.step = 7 * RT_S;
    start(world);
    register_fully(world);
    set_state(world, "available");
    struct provision_data data = image_data(world, NULL);
    data.custom_deploy = "x";
    rt_time began = rt_now(world->rt);
    PASS(world, &result, provision(provisioner, &data, &result));
    assert_true(result.dirty);
    strbuf_clear(&world->woken);
    strbuf_clear(&world->ironic.calls);
    assert_ok(rt_sleep(world->rt, 60 * RT_S));
    assert_string_equal(strbuf_str(&world->woken), "metal3/node-0 ");
    rt_time late = world->woken_at - began - 3 * world->ironic.step;
    assert_true(late > 0 && late < 6 * RT_S);
    assert_in_range(count_calls(world, "GET /v1/nodes\n"), 3, 20);
    size_t calls = world->ironic.calls.len;
    assert_ok(rt_sleep(world->rt, 600 * RT_S));
    assert_int_equal(world->ironic.calls.len, calls); /* nobody waits, nobody asks */
}

static void looks_alone_when_the_watch_fails(struct world *world)
{
    CLEANUP_PROVISION_RESULT struct provision_result result = {.dirty = true};
    world->ironic.step = 4 * RT_S;
    world->ironic.refuse_lists = 1000000;
    start(world);
    rt_time began = rt_now(world->rt);
    int passes = 0;
    while (result.dirty) {
        char *id = NULL;
        PASS(world, &result, register_host(provisioner, &plain_register, &result, &id));
        free(id);
        assert_ok(rt_sleep(world->rt, result.requeue_after));
        passes++;
    }
    assert_true(rt_now(world->rt) - began < 8 * RT_S);
    assert_in_range(passes, 3, 20);
}

WORLD_TEST(pins_the_best_version)
WORLD_TEST(needs_a_conductor)
WORLD_TEST(authenticates)
WORLD_TEST(reads_both_forms_of_errors)
WORLD_TEST(follows_pages)
WORLD_TEST(registers_a_new_host)
WORLD_TEST(tells_why_it_cannot_register)
WORLD_TEST(reports_a_bmc_that_does_not_answer)
WORLD_TEST(replaces_changed_credentials)
WORLD_TEST(refuses_a_foreign_mac)
WORLD_TEST(creates_a_lost_node_anew)
WORLD_TEST(inspects)
WORLD_TEST(goes_on_after_failed_inspection)
WORLD_TEST(cleans_by_hand_for_raid)
WORLD_TEST(deploys_an_image)
WORLD_TEST(tells_why_a_deployment_failed)
WORLD_TEST(refuses_bad_wishes)
WORLD_TEST(deploys_live_and_custom)
WORLD_TEST(deprovisions_and_forgets)
WORLD_TEST(detaches_a_running_host)
WORLD_TEST(adopts)
WORLD_TEST(switches_power)
WORLD_TEST(guards_changes)
WORLD_TEST(counts_busy_hosts)
WORLD_TEST(wakes_hosts_that_wait)
WORLD_TEST(looks_alone_when_the_watch_fails)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pins_the_best_version),
        cmocka_unit_test(test_needs_a_conductor),
        cmocka_unit_test(test_authenticates),
        cmocka_unit_test(test_reads_both_forms_of_errors),
        cmocka_unit_test(test_follows_pages),
        cmocka_unit_test(test_registers_a_new_host),
        cmocka_unit_test(test_tells_why_it_cannot_register),
        cmocka_unit_test(test_reports_a_bmc_that_does_not_answer),
        cmocka_unit_test(test_replaces_changed_credentials),
        cmocka_unit_test(test_refuses_a_foreign_mac),
        cmocka_unit_test(test_creates_a_lost_node_anew),
        cmocka_unit_test(test_inspects),
        cmocka_unit_test(test_goes_on_after_failed_inspection),
        cmocka_unit_test(test_cleans_by_hand_for_raid),
        cmocka_unit_test(plans_raid),
        cmocka_unit_test(test_deploys_an_image),
        cmocka_unit_test(test_tells_why_a_deployment_failed),
        cmocka_unit_test(test_refuses_bad_wishes),
        cmocka_unit_test(test_deploys_live_and_custom),
        cmocka_unit_test(test_deprovisions_and_forgets),
        cmocka_unit_test(test_detaches_a_running_host),
        cmocka_unit_test(test_adopts),
        cmocka_unit_test(test_switches_power),
        cmocka_unit_test(test_guards_changes),
        cmocka_unit_test(test_counts_busy_hosts),
        cmocka_unit_test(test_wakes_hosts_that_wait),
        cmocka_unit_test(test_looks_alone_when_the_watch_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
