// SPDX-License-Identifier: Apache-2.0
// The libvirt driver on libvirt's own test hypervisor, which is in its library: machines that come and go, power,
// boot, the CD-ROM drive. What QEMU does with it is in libvirt-test.
#include "bmc-emu/drivers/libvirt.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/data/file.h"
#include "lib/data/str.h"
#include "lib/test.h"

#define URI "test:///default" /* with one running domain, "test" */
#define DEADLINE (20 * RT_S)

static const char guest[] =
    "<domain type='test'><name>a-guest</name>"
    "<uuid>0b2c5ba1-0d6b-4d61-8c8e-5f4f3a1d7a01</uuid><memory>1048576</memory><vcpu>2</vcpu>"
    "<os><type arch='x86_64'>hvm</type><boot dev='hd'/></os><devices>"
    "<disk type='file' device='disk'><source file='/a.img'/><target dev='vda' bus='virtio'/></disk>"
    "<interface type='network'><mac address='52:54:00:00:00:07'/><source network='default'/>"
    "</interface></devices></domain>";

struct world {
    struct rt *rt;
    struct env env;
    struct media_fetcher fetcher;
    struct bmc_driver *driver;
    virConnectPtr conn; /* the test's own */
    char folder[32];
    void (*body)(struct world *world);
};

static struct error *fetch(struct media_fetcher *fetcher, const struct machine *machine,
                           const struct machine_media_request *request, uint64_t max, struct medium *into)
{
    static const char bytes[] = "an image";

    if (str_has_suffix(request->image, "/none.iso"))
        return error_new(ERROR_NOT_FOUND, "there is no such image");
    medium_resize(into, 100000);
    return medium_write(into, 70000, bytes, sizeof(bytes));
}

static void run_body(void *arg)
{
    struct world *world = arg;
    struct bmc_libvirt_options options = {
        .env = &world->env,
        .group = rt_group_new(world->rt, NULL, "bmc"),
        .uri = URI,
        .media_dir = world->folder,
        .fetcher = &world->fetcher,
    };

    assert_ok(bmc_libvirt_new(&options, &world->driver));
    world->body(world);
    rt_group_stop(options.group);
    bmc_driver_free(world->driver);
    rt_group_free(options.group);
}

static void quiet(void *arg, virErrorPtr err)
{
}

static void in_world(void (*body)(struct world *world))
{
    static const struct media_fetcher_ops ops = {.name = "test", .fetch = fetch};
    struct world world = {.body = body, .fetcher.ops = &ops, .folder = "/tmp/libvirt-test-XXXXXX"};

    assert_non_null(mkdtemp(world.folder));
    assert_ok(rt_new_real(2, &world.rt));
    world.env = (struct env){.rt = world.rt};
    virSetErrorFunc(NULL, quiet);
    world.conn = virConnectOpen(URI);
    assert_non_null(world.conn);
    assert_ok(rt_run(world.rt, run_body, &world));
    virConnectClose(world.conn);
    rt_free(world.rt);
    assert_int_equal(rmdir(world.folder), 0); /* no image is left behind */
}

static struct bmc_snapshot look(struct world *world, const char *id)
{
    const struct bmc_driver_ops *ops = world->driver->ops;
    struct bmc_snapshot snapshot;

    assert_ok(ops->snapshot(world->driver, ops->find(world->driver, id), &snapshot));
    return snapshot;
}

static void power(struct world *world, const char *id, enum machine_action action)
{
    const struct bmc_driver_ops *ops = world->driver->ops;

    assert_ok(ops->power(world->driver, ops->find(world->driver, id), action));
}

static void undefine(struct world *world, const char *name)
{
    virDomainPtr domain = virDomainLookupByName(world->conn, name);

    assert_non_null(domain);
    if (virDomainIsActive(domain) == 1)
        virDomainDestroy(domain);
    assert_int_equal(virDomainUndefine(domain), 0);
    virDomainFree(domain);
}

static void define(struct world *world)
{
    virDomainPtr domain = virDomainDefineXML(world->conn, guest);

    assert_non_null(domain);
    virDomainFree(domain);
}

static void machines_come_and_go_body(struct world *world)
{
    const struct bmc_driver_ops *ops = world->driver->ops;
    struct bmc_snapshot snapshot;

    assert_int_equal(ops->count(world->driver), 1);
    assert_string_equal(ops->machine_name(world->driver, 0), "test");
    assert_int_equal(ops->find(world->driver, "a-guest"), SIZE_MAX);
    define(world);
    /* Found at once by who asks for it; its number comes after the others'. */
    assert_int_equal(ops->find(world->driver, "0B2C5BA1-0d6b-4d61-8c8e-5f4f3a1d7a01"), 1);
    snapshot = look(world, "a-guest");
    assert_int_equal(snapshot.power, MACHINE_OFF);
    assert_int_equal(snapshot.profile->memory_mib, 1024);
    assert_int_equal(snapshot.profile->sockets, 2);
    assert_string_equal(snapshot.nics[0].mac, "52:54:00:00:00:07");
    undefine(world, "a-guest");
    assert_error(ops->snapshot(world->driver, 1, &snapshot), ERROR_NOT_FOUND);
    assert_int_equal(ops->find(world->driver, "a-guest"), SIZE_MAX);
    define(world);
    assert_int_equal(ops->find(world->driver, "a-guest"), 1);
    undefine(world, "a-guest");
    /* An event tells of one that nobody asked for. */
    rt_time limit = rt_after(world->rt, DEADLINE);
    virDomainPtr other = virDomainDefineXML(world->conn, "<domain type='test'><name>other</name><memory>1024</memory>"
                                                         "<os><type>hvm</type></os></domain>");
    assert_non_null(other);
    while (ops->count(world->driver) < 3 && rt_now(world->rt) < limit)
        assert_ok(rt_sleep(world->rt, 10 * RT_MS));
    assert_int_equal(ops->count(world->driver), 3);
    virDomainFree(other);
    undefine(world, "other");
}

static void machines_come_and_go(void **state)
{
    in_world(machines_come_and_go_body);
}

static void power_follows_orders_body(struct world *world)
{
    const struct bmc_driver_ops *ops = world->driver->ops;
    struct bmc_snapshot snapshot = look(world, "test");
    uint64_t version = snapshot.version;

    assert_int_equal(snapshot.power, MACHINE_ON);
    assert_int_equal(look(world, "test").version, version);
    power(world, "test", MACHINE_ACTION_FORCE_OFF);
    snapshot = look(world, "test");
    assert_int_equal(snapshot.power, MACHINE_OFF);
    assert_true(snapshot.version > version);
    power(world, "test", MACHINE_ACTION_FORCE_OFF); /* which changes nothing */
    assert_error(ops->power(world->driver, 0, MACHINE_ACTION_NMI), ERROR_CONFLICT);
    power(world, "test", MACHINE_ACTION_ON);
    assert_int_equal(look(world, "test").power, MACHINE_ON);
    power(world, "test", MACHINE_ACTION_GRACEFUL_SHUTDOWN);
    assert_int_equal(look(world, "test").power, MACHINE_OFF);
    power(world, "test", MACHINE_ACTION_PUSH_POWER_BUTTON);
    assert_int_equal(look(world, "test").power, MACHINE_ON);
    /* The system ends, then the machine is started anew. */
    int64_t before = look(world, "test").last_reset;
    rt_time limit = rt_after(world->rt, DEADLINE);
    power(world, "test", MACHINE_ACTION_GRACEFUL_RESTART);
    while (look(world, "test").last_reset == before && rt_now(world->rt) < limit)
        assert_ok(rt_sleep(world->rt, 10 * RT_MS));
    assert_int_equal(look(world, "test").power, MACHINE_ON);
}

static void power_follows_orders(void **state)
{
    in_world(power_follows_orders_body);
}

static void boot_once(struct world *world)
{
    const struct bmc_driver_ops *ops = world->driver->ops;
    struct machine_boot_change change = {
        .set_target = true, .target = MACHINE_BOOT_PXE, .set_enabled = true, .enabled = MACHINE_BOOT_ONCE};

    assert_ok(ops->boot_set(world->driver, ops->find(world->driver, "a-guest"), &change));
    struct bmc_snapshot snapshot = look(world, "a-guest");
    assert_int_equal(snapshot.boot.enabled, MACHINE_BOOT_ONCE);
    assert_int_equal(snapshot.boot.target, MACHINE_BOOT_PXE);
}

static void one_time_boot_is_used_up_body(struct world *world)
{
    define(world);
    boot_once(world);
    power(world, "a-guest", MACHINE_ACTION_ON);
    assert_int_equal(look(world, "a-guest").boot.enabled, MACHINE_BOOT_DISABLED);
    power(world, "a-guest", MACHINE_ACTION_FORCE_OFF);
    /* Also by a start that comes from elsewhere. */
    boot_once(world);
    virDomainPtr domain = virDomainLookupByName(world->conn, "a-guest");
    assert_int_equal(virDomainCreate(domain), 0);
    virDomainFree(domain);
    rt_time limit = rt_after(world->rt, DEADLINE);
    while (look(world, "a-guest").boot.enabled == MACHINE_BOOT_ONCE && rt_now(world->rt) < limit)
        assert_ok(rt_sleep(world->rt, 10 * RT_MS));
    assert_int_equal(look(world, "a-guest").boot.enabled, MACHINE_BOOT_DISABLED);
    undefine(world, "a-guest");
}

static void one_time_boot_is_used_up(void **state)
{
    in_world(one_time_boot_is_used_up_body);
}

static char *drive_file(struct world *world)
{
    virDomainPtr domain = virDomainLookupByName(world->conn, "a-guest");
    CLEANUP_FREE char *text = virDomainGetXMLDesc(domain, VIR_DOMAIN_XML_INACTIVE);
    const char *start = strstr(text, world->folder);

    virDomainFree(domain);
    return start ? mem_strndup(start, strcspn(start, "'")) : NULL;
}

static void media_are_files_in_the_drive_body(struct world *world)
{
    const struct bmc_driver_ops *ops = world->driver->ops;
    struct machine_media_request request = {.image = "http://user:secret@images/dir/boot.iso?x=1", .inserted = true};
    struct bmc_snapshot snapshot;
    CLEANUP_FREE char *bytes = NULL;
    size_t len;

    define(world);
    size_t number = ops->find(world->driver, "a-guest");
    assert_false(look(world, "a-guest").slots[0].inserted);
    assert_ok(ops->media_insert(world->driver, number, 0, &request));
    snapshot = look(world, "a-guest");
    assert_true(snapshot.slots[0].inserted);
    assert_string_equal(snapshot.slots[0].image_name, "boot.iso");
    assert_null(strstr(snapshot.slots[0].image, "secret"));
    CLEANUP_FREE char *first = drive_file(world);
    assert_non_null(first);
    assert_ok(file_read(first, 1 << 20, &bytes, &len));
    assert_int_equal(len, 100000);
    assert_string_equal(bytes + 70000, "an image");
    /* What cannot be fetched leaves the drive as it was; another image takes the first one's place and its file. */
    request.image = "http://images/none.iso";
    assert_error(ops->media_insert(world->driver, number, 0, &request), ERROR_NOT_FOUND);
    assert_true(look(world, "a-guest").slots[0].inserted);
    request.image = "http://images/second.iso";
    assert_ok(ops->media_insert(world->driver, number, 0, &request));
    assert_int_equal(access(first, F_OK), -1);
    assert_string_equal(look(world, "a-guest").slots[0].image, "http://images/second.iso");
    assert_ok(ops->media_eject(world->driver, number, 0));
    assert_false(look(world, "a-guest").slots[0].inserted);
    assert_null(look(world, "a-guest").slots[0].image);
    assert_error(ops->media_eject(world->driver, number, 1), ERROR_NOT_FOUND);
    undefine(world, "a-guest");
}

static void media_are_files_in_the_drive(void **state)
{
    in_world(media_are_files_in_the_drive_body);
}

static void no_connection_body(struct world *world)
{
    struct bmc_driver *driver = NULL;
    struct bmc_libvirt_options options = {
        .env = &world->env,
        .group = rt_group_new(world->rt, NULL, "bmc"),
        .uri = "test:///nowhere/to/be/found.xml",
        .media_dir = world->folder,
        .fetcher = &world->fetcher,
    };

    assert_error_text(bmc_libvirt_new(&options, &driver), ERROR_TRANSIENT, "libvirt at test:///nowhere");
    rt_group_stop(options.group);
    bmc_driver_free(driver);
    rt_group_free(options.group);
}

static void no_connection_is_told(void **state)
{
    in_world(no_connection_body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(machines_come_and_go),     cmocka_unit_test(power_follows_orders),
        cmocka_unit_test(one_time_boot_is_used_up), cmocka_unit_test(media_are_files_in_the_drive),
        cmocka_unit_test(no_connection_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
