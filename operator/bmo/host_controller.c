/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The BareMetalHost controller: what triggers it, and one reconcile pass from the reading of the host to the saving of
 * its status (bmo.md 2.1).
 */
#include <stdlib.h>

#include "lib/log/log.h"
#include "operator/bmo/host_states.h"
#include "operator/bmo/host_validate.h"

#define DEFAULT_WORKERS 8
/* States that one pass goes through at most: enough for any way from rest to rest, and an end to a circle. */
#define STATES_MAX 8

/* -- one pass -- */

/* BMO-117 */
static struct error *read_network_data(struct host_pass *pass)
{
    enum host_state state = host_state(pass);

    if (state == HOST_STATE_NONE || state == HOST_STATE_UNMANAGED)
        return NULL;
    struct error *err = host_preprovisioning_network_data(pass, &pass->network_data);
    if (!err || host_deletion_flow(pass) || error_is(err, ERROR_CANCELLED))
        return err;
    log_warn(pass->log, "no preprovisioning network data", KV_ERR(err));
    error_free(err);
    return NULL;
}

static void publish_from_backend(void *arg, const char *reason, const char *message)
{
    pass_event(arg, false, reason, "%s", message);
}

/* BMO-118 */
static struct error *make_provisioner(struct host_pass *pass, struct action *ret)
{
    struct provisioner_factory *factory = pass->bmo->options.factory;

    const struct json *spec = pass->told = json_copy(json_get(pass->host, "spec"));
    pass->id = mem_strdup(host_status(pass, "provisioning/ID"));
    pass->uid = mem_strdup(kube_uid(pass->host));
    pass->provisioner_host = (struct provisioner_host){
        .ns = pass->ns,
        .name = pass->name,
        .uid = pass->uid,
        .bmc_address = json_str_or(spec, "bmc/address", ""),
        .user = pass->user,
        .password = pass->password,
        .skip_verify = json_bool(spec, "bmc/disableCertificateVerification", false),
        .boot_mac = json_str_or(spec, "bootMACAddress", ""),
        .id = pass->id,
        .consumer = json_str_or(spec, "consumerRef/name", ""),
        .publish = publish_from_backend,
        .publish_arg = pass,
    };
    struct error *err = factory->ops->make(factory, &pass->provisioner_host, &pass->provisioner);
    if (!err || error_code(err) != PROVISIONER_NOT_READY)
        return err;
    host_metrics_count(&pass->bmo->metrics, HOST_METRIC_PROVISIONER_NOT_READY, NULL, NULL, NULL);
    log_warn(pass->log, "provisioner is not ready, trying again later", KV_ERR(err));
    error_free(err);
    *ret = action_after(DELAY_NOT_READY);
    return NULL;
}

static struct error *add_finalizer(struct host_pass *pass)
{
    if (host_is_deleting(pass) || !kube_add_finalizer(pass->host, HOST_FINALIZER))
        return NULL;
    return host_write(pass);
}

static void step_validate(struct host_pass *pass, struct action *ret)
{
    CLEANUP_FREE char *found = host_is_deleting(pass) ? NULL : host_validate(pass->host);

    if (found)
        *ret = host_refuse(pass, found);
}

/* What comes before the state machine. */
static struct error *prepare_pass(struct host_pass *pass, struct action *ret)
{
    enum host_state state;

    TRY_WRAP(host_state_parse(host_status(pass, "provisioning/state"), &state), "host %s/%s", pass->ns, pass->name);
    TRY(step_host_data(pass, ret));
    if (ret->kind == ACTION_NONE)
        TRY(add_finalizer(pass));
    return NULL;
}

static struct error *load_access(struct host_pass *pass, struct action *ret)
{
    TRY(step_credentials(pass, ret));
    if (ret->kind == ACTION_NONE)
        step_validate(pass, ret);
    if (ret->kind != ACTION_NONE)
        return NULL;
    TRY(read_network_data(pass));
    return make_provisioner(pass, ret);
}

/* One run of the state machine, and what it leaves behind. */
static struct error *run_states(struct host_pass *pass, struct action *ret)
{
    TRY(step_states(pass, ret));
    if (ret->kind == ACTION_FINISHED)
        return NULL;
    host_set_conditions(pass);
    return host_save_status(pass);
}

static struct reconcile_result to_result(const struct host_pass *pass, struct action action)
{
    struct rt *rt = pass->bmo->env->rt;

    switch (action.kind) {
    case ACTION_AFTER:
        return reconcile_after(action.delay);
    case ACTION_COMPLETE:
        return reconcile_after(0);
    case ACTION_FAILED:
        return reconcile_after(host_backoff(rt, host_status_int(pass, "errorCount")));
    case ACTION_DELAYED:
        return reconcile_after(host_backoff(rt, 1));
    case ACTION_NONE:
    case ACTION_REST:
    case ACTION_FINISHED:
        break;
    }
    return reconcile_done();
}

static bool is_paused(const struct json *host)
{
    return kube_annotation(host, HOST_PAUSED_ANNOTATION) != NULL;
}

static bool has_access(const struct host_pass *pass)
{
    enum host_state state = host_state(pass);
    return state == HOST_STATE_NONE || state == HOST_STATE_UNMANAGED || pass->have_credentials ||
           host_is_deleting(pass);
}

/*
 * A state that has done its work leads to the next one in the same pass, with the same view of the backend: each is
 * saved before it begins. Only a host that has just got BMC details comes again, for its credentials.
 */
static struct error *run_pass(struct host_pass *pass, struct action *ret)
{
    TRY(prepare_pass(pass, ret));
    if (ret->kind == ACTION_NONE)
        TRY(load_access(pass, ret));
    if (ret->kind != ACTION_NONE)
        TRY(host_save_status(pass));
    for (int i = 0; ret->kind == ACTION_NONE; i++) {
        TRY(run_states(pass, ret));
        pass_count_metrics(pass);
        pass_publish_events(pass);
        if (ret->kind == ACTION_COMPLETE && i < STATES_MAX && has_access(pass) && !is_paused(pass->host))
            ret->kind = ACTION_NONE;
    }
    pass_count_metrics(pass);
    pass_publish_events(pass);
    return NULL;
}

static struct log *pass_logger(struct bmo *bmo, const char *ns, const char *name)
{
    CLEANUP_FREE char *host = mem_printf("%s/%s", ns, name);
    return log_with(bmo->env->log, "host", host);
}

static struct reconcile_result reconcile(void *arg, const char *ns, const char *name)
{
    __attribute__((cleanup(pass_release))) struct host_pass pass = {.bmo = arg};
    struct action action = {0};

    host_metrics_count(&pass.bmo->metrics, HOST_METRIC_RECONCILE, ns, name, NULL);
    struct error *err = object_store_get(pass.bmo->hosts, ns, name, false, &pass.original);
    if (err)
        return reconcile_error(err);
    if (!pass.original || is_paused(kube_object_json(pass.original)))
        return reconcile_done();
    pass.log = pass_logger(pass.bmo, ns, name);
    pass.host = kube_object_copy(pass.original);
    pass.ns = mem_strdup(ns);
    pass.name = mem_strdup(name);
    err = run_pass(&pass, &action);
    if (!err)
        return to_result(&pass, action);
    if (!error_is(err, ERROR_CANCELLED))
        host_metrics_count(&pass.bmo->metrics, HOST_METRIC_RECONCILE_ERROR, NULL, NULL, NULL);
    return reconcile_error(err);
}

/* -- triggers (BMO-106) -- */

static bool host_changed(void *arg, enum kube_watch_event event, const struct json *old, const struct json *object)
{
    struct bmo *bmo = arg;

    if (event != KUBE_DELETED && object_store_is_echo(bmo->hosts, object))
        return false;
    if (event != KUBE_MODIFIED || !old)
        return true;
    return kube_generation(old) != kube_generation(object) || kube_is_deleting(old) != kube_is_deleting(object) ||
           !json_equal(json_get(old, "metadata/finalizers"), json_get(object, "metadata/finalizers")) ||
           !json_equal(json_get(old, "metadata/annotations"), json_get(object, "metadata/annotations"));
}

static bool secret_changed(void *arg, enum kube_watch_event event, const struct json *old, const struct json *object)
{
    struct bmo *bmo = arg;
    return event == KUBE_DELETED || !object_store_is_echo(bmo->secrets, object);
}

/* Every host that owns the secret; owners need not be controllers (BMO-106). */
static void enqueue_owners(void *arg, struct controller *controller, const struct json *object)
{
    const struct json *owners = json_get(object, "metadata/ownerReferences");

    JSON_FOREACH (owner, owners) {
        if (str_equal(json_str(owner, "kind"), metal3_bare_metal_hosts.kind))
            controller_enqueue(controller, kube_namespace(object), json_str_or(owner, "name", ""));
    }
}

static void wake(void *arg, const char *ns, const char *name)
{
    struct bmo *bmo = arg;
    controller_enqueue(bmo->controller, ns, name);
}

/* -- life -- */

static void make_controller(struct bmo *bmo, struct manager *manager)
{
    const struct controller_options options = {
        .name = "baremetalhost",
        .workers = bmo->options.workers > 0 ? bmo->options.workers : DEFAULT_WORKERS,
        .reconcile = reconcile,
        .arg = bmo,
    };
    const struct controller_watch hosts = {.filter = host_changed, .arg = bmo};
    const struct controller_watch secrets = {.filter = secret_changed, .map = enqueue_owners, .arg = bmo};
    struct provisioner_factory *factory = bmo->options.factory;

    bmo->controller = manager_add_controller(manager, &options);
    controller_watch(bmo->controller, object_store_informer(bmo->hosts), &hosts);
    controller_watch(bmo->controller, object_store_informer(bmo->secrets), &secrets);
    if (factory->ops->set_wake)
        factory->ops->set_wake(factory, wake, bmo);
}

struct error *bmo_start(struct manager *manager, const struct bmo_options *options, struct bmo **ret)
{
    struct bmo *bmo = mem_alloc(sizeof(*bmo));
    struct kube_client *client = manager_client(manager);

    bmo->env = manager_env(manager);
    bmo->options = *options;
    bmo->manager = manager;
    bmo->client = client;
    bmo->events = manager_events(manager);
    bmo->hosts =
        object_store_new(client, &metal3_bare_metal_hosts, manager_informer(manager, &metal3_bare_metal_hosts, NULL));
    bmo->secrets =
        object_store_new(client, &kube_secrets, manager_informer(manager, &kube_secrets, SECRET_ENVIRONMENT_SELECTOR));
    bmo->hardware_data =
        object_store_new(client, &metal3_hardware_data, manager_informer(manager, &metal3_hardware_data, NULL));
    host_metrics_register(&bmo->metrics, bmo->env->metrics);
    make_controller(bmo, manager);
    *ret = bmo;
    return NULL;
}

void bmo_free(struct bmo *bmo)
{
    if (!bmo)
        return;
    object_store_free(bmo->hosts);
    object_store_free(bmo->secrets);
    object_store_free(bmo->hardware_data);
    free(bmo);
}
