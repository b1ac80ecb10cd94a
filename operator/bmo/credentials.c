/* SPDX-License-Identifier: Apache-2.0 */
/* The BMC's secret: found, claimed, checked (BMO-116, BMO-123 … BMO-125, bmo.md 6.1). */
#include <stdlib.h>

#include "lib/log/log.h"
#include "operator/bmo/host_pass.h"
#include "operator/ironic/bmc_address.h"

/* -- secrets in general -- */

struct error *secret_claim(struct host_pass *pass, const char *name, unsigned flags, struct kube_object **ret)
{
    CLEANUP(kube_object_unref) struct kube_object *secret = NULL;

    TRY(object_store_get(pass->bmo->secrets, pass->ns, name, true, &secret));
    if (!secret)
        return error_new(ERROR_NOT_FOUND, "secret %s/%s does not exist", pass->ns, name);
    struct json *claimed CLEANUP(json_free) = kube_object_copy(secret);
    bool changed = !kube_label(claimed, SECRET_ENVIRONMENT_LABEL);
    if (changed)
        kube_set_label(claimed, SECRET_ENVIRONMENT_LABEL, SECRET_ENVIRONMENT_VALUE);
    if (flags & CLAIM_OWNER)
        changed |= kube_set_owner(claimed, &metal3_bare_metal_hosts, pass->host, KUBE_OWNER_PLAIN);
    if ((flags & CLAIM_FINALIZER) && !kube_is_deleting(claimed))
        changed |= kube_add_finalizer(claimed, SECRET_FINALIZER);
    if (!changed) {
        *ret = TAKE_PTR(secret);
        return NULL;
    }
    TRY_WRAP(object_store_write(pass->bmo->secrets, secret, claimed, false, ret), "failed to claim secret %s/%s",
             pass->ns, name);
    return NULL;
}

struct error *secret_release(struct host_pass *pass, const char *name)
{
    CLEANUP(kube_object_unref) struct kube_object *secret = NULL, *written = NULL;

    if (str_is_empty(name))
        return NULL;
    TRY(object_store_get(pass->bmo->secrets, pass->ns, name, true, &secret));
    if (!secret)
        return NULL;
    struct json *released CLEANUP(json_free) = kube_object_copy(secret);
    if (!kube_remove_finalizer(released, SECRET_FINALIZER))
        return NULL;
    TRY_WRAP(object_store_write(pass->bmo->secrets, secret, released, false, &written),
             "failed to release secret %s/%s", pass->ns, name);
    return NULL;
}

bool host_deletion_flow(const struct host_pass *pass)
{
    enum host_state state = host_state(pass);
    return host_is_deleting(pass) || state == HOST_STATE_DELETING || state == HOST_STATE_POWERING_OFF_BEFORE_DELETE;
}

/* -- the BMC's -- */

static char *trimmed_value(const struct json *secret, const char *key)
{
    CLEANUP_SECRET char *value = kube_secret_value(secret, key, NULL);
    return str_trim(value ? value : "");
}

/*
 * What is wrong with the host's wish for a BMC: ERROR_NOT_FOUND, ERROR_INVALID in upstream's words, or passing trouble.
 */
static struct error *load_credentials(struct host_pass *pass)
{
    const char *name = host_spec(pass, "bmc/credentialsName");
    struct bmc_address *address CLEANUP(bmc_address_free) = NULL;
    unsigned flags = CLAIM_OWNER | (host_state(pass) == HOST_STATE_DELETING ? 0 : CLAIM_FINALIZER);

    if (!name[0])
        return error_new(ERROR_INVALID, "No BMC CredentialsName defined The BMC secret reference is empty");
    struct error *err = secret_claim(pass, name, flags, &pass->secret);
    if (error_is(err, ERROR_NOT_FOUND)) {
        error_free(err);
        return error_new(ERROR_NOT_FOUND,
                         "BMC CredentialsName secret doesn't exist The BMC secret %s/%s does not exist", pass->ns,
                         name);
    }
    TRY(err);
    if (!host_spec(pass, "bmc/address")[0])
        return error_new(ERROR_INVALID, "Empty BMC address Missing BMC connection detail 'Address'");
    TRY(bmc_address_parse(host_spec(pass, "bmc/address"), false, &address));
    pass->user = trimmed_value(kube_object_json(pass->secret), "username");
    pass->password = trimmed_value(kube_object_json(pass->secret), "password");
    if (!pass->user[0])
        return error_new(
            ERROR_INVALID,
            "Validation error with BMC credentials: Missing BMC connection detail 'username' in credentials");
    if (!pass->password[0])
        return error_new(
            ERROR_INVALID,
            "Validation error with BMC credentials: Missing BMC connection details 'password' in credentials");
    return NULL;
}

static void drop_credentials(struct host_pass *pass)
{
    free(pass->user);
    mem_free_secret(pass->password);
    pass->user = pass->password = NULL;
    kube_object_unref(pass->secret);
    pass->secret = NULL;
    pass->have_credentials = false;
}

/* The host says why it cannot be managed. The same failure again is counted, but tells no new story. */
static struct action credentials_failed(struct host_pass *pass, const struct error *err)
{
    bool missing = error_is(err, ERROR_NOT_FOUND);
    bool known = str_equal(host_status(pass, "errorMessage"), error_message(err));

    host_metrics_count(&pass->bmo->metrics, missing ? HOST_METRIC_CREDENTIALS_MISSING : HOST_METRIC_CREDENTIALS_INVALID,
                       NULL, NULL, NULL);
    host_fail_silently(pass, HOST_ERROR_REGISTRATION, error_message(err));
    if (!known || !missing)
        pass_event(pass, false, "BMCCredentialError", "%s", error_message(err));
    return missing ? action_after(DELAY_MISSING_CREDENTIALS) : (struct action){ACTION_REST, 0};
}

struct error *step_credentials(struct host_pass *pass, struct action *ret)
{
    enum host_state state = host_state(pass);

    if (state == HOST_STATE_NONE || state == HOST_STATE_UNMANAGED)
        return NULL;
    struct error *err = load_credentials(pass);
    if (!err) {
        pass->have_credentials = true;
        return NULL;
    }
    if (error_is(err, ERROR_CANCELLED))
        return err;
    if (host_is_deleting(pass)) {
        log_info(pass->log, "deleting without BMC credentials", KV_ERR(err));
        error_free(err);
        drop_credentials(pass);
        return NULL;
    }
    if (!error_is(err, ERROR_NOT_FOUND) && !error_is(err, ERROR_INVALID)) {
        host_metrics_count(&pass->bmo->metrics, HOST_METRIC_CREDENTIALS_UNHANDLED, NULL, NULL, NULL);
        return err;
    }
    *ret = credentials_failed(pass, err);
    error_free(err);
    return NULL;
}
