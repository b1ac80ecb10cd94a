/* SPDX-License-Identifier: Apache-2.0 */
/* The operator's options: names and defaults are upstream's (BMO-437 … BMO-470), where upstream has them. */
#include <stddef.h>
#include <stdlib.h>

#include "lib/data/str.h"
#include "lib/data/time.h"
#include "lib/net/http_client.h"
#include "operator/operator.h"

#define FIELD(name) .offset = offsetof(struct operator_options, name)
#define IRONIC(name) .offset = offsetof(struct operator_options, ironic.name)

const struct option_spec operator_options[] = {
    {"kubeconfig", .environment = "KUBECONFIG", .type = OPTION_STRING, FIELD(kubeconfig), .value = "FILE",
     .help = "how to reach the Kubernetes API; without it the pod's service account"},
    {"namespace", .environment = "WATCH_NAMESPACE", .type = OPTION_STRING, FIELD(namespaces), .value = "NAMES",
     .help = "namespaces to watch, separated by commas; all when empty"},
    {"metrics-addr", .type = OPTION_STRING, FIELD(metrics_address), .value = "ADDRESS:PORT", .fallback = ":8443",
     .help = "where /metrics is served; 0: nowhere"},
    {"metrics-secure", .type = OPTION_BOOL, FIELD(metrics_secure), .fallback = "true",
     .help = "serve metrics over TLS, to tokens that may get /metrics; false: plain HTTP to everyone"},
    {"health-addr", .type = OPTION_STRING, FIELD(health_address), .value = "ADDRESS:PORT", .fallback = ":9440",
     .help = "where /healthz and /readyz are served; 0: nowhere"},
    {"enable-leader-election", .type = OPTION_BOOL, FIELD(leader_election),
     .help = "let one of several instances work at a time"},
    {"leader-election-namespace", .environment = "POD_NAMESPACE", .type = OPTION_STRING, FIELD(pod_namespace),
     .value = "NAME", .help = "namespace of the Lease; that of the kubeconfig when empty"},
    {"lease-duration-seconds", .environment = "LEASE_DURATION_SECONDS", .type = OPTION_INT, FIELD(lease_duration),
     .value = "S", .fallback = "15", .help = "how long others wait for a leader that is silent"},
    {"renew-deadline-seconds", .environment = "RENEW_DEADLINE_SECONDS", .type = OPTION_INT, FIELD(renew_deadline),
     .value = "S", .fallback = "10", .help = "how long the leader tries to renew before it gives up"},
    {"retry-period-seconds", .environment = "RETRY_PERIOD_SECONDS", .type = OPTION_INT, FIELD(retry_period),
     .value = "S", .fallback = "2", .help = "time between two tries to acquire or renew"},
    {"build-preprov-image", .type = OPTION_BOOL, FIELD(build_preprovisioning_image),
     .help = "fill PreprovisioningImages from the deploy kernel and ramdisk"},
    {"hostclaims", .type = OPTION_BOOL, FIELD(host_claims), .help = "serve HostClaims"},
    {"provisioner", .type = OPTION_STRING, FIELD(provisioner), .value = "NAME", .fallback = "ironic",
     .help = "who provisions: ironic"},
    {"webhook-port", .type = OPTION_INT, FIELD(webhook_port), .value = "PORT", .fallback = "0",
     .help = "taken for upstream's sake: there is no webhook server, the controllers check what they get"},
    {"kube-api-qps", .type = OPTION_STRING, FIELD(kube_qps_text), .value = "NUMBER", .fallback = "0",
     .help = "Kubernetes calls a second at most; 0: as many as the server takes"},
    {"kube-api-burst", .type = OPTION_INT, FIELD(kube_burst), .value = "NUMBER", .fallback = "30",
     .help = "calls that may go at once before kube-api-qps holds"},
    {"controller-concurrency", .environment = "BMO_CONCURRENCY", .type = OPTION_INT, FIELD(concurrency),
     .value = "NUMBER", .fallback = "0", .help = "hosts that are worked on at once; 0: 8"},
    {"max-provisioning-retries", .type = OPTION_INT, FIELD(max_provisioning_retries), .value = "NUMBER",
     .fallback = "5", .help = "tries to provision the same image before a host is left alone; 0: no limit"},

    {"ironic-endpoint", .environment = "IRONIC_ENDPOINT", .type = OPTION_STRING, IRONIC(endpoint), .value = "URL",
     .help = "Ironic's API, normally ending in /v1/"},
    {"ironic-cacert-file", .environment = "IRONIC_CACERT_FILE", .type = OPTION_STRING, IRONIC(ca_file), .value = "FILE",
     .fallback = "/opt/metal3/certs/ca/tls.crt",
     .help = "CA of Ironic's certificate; when the file is missing the system's"},
    {"ironic-client-cert-file", .environment = "IRONIC_CLIENT_CERT_FILE", .type = OPTION_STRING,
     IRONIC(client_cert_file), .value = "FILE", .fallback = "/opt/metal3/certs/client/tls.crt",
     .help = "client certificate for Ironic, when the file exists"},
    {"ironic-client-private-key-file", .environment = "IRONIC_CLIENT_PRIVATE_KEY_FILE", .type = OPTION_STRING,
     IRONIC(client_key_file), .value = "FILE", .fallback = "/opt/metal3/certs/client/tls.key", .help = "its key"},
    {"ironic-insecure", .environment = "IRONIC_INSECURE", .type = OPTION_BOOL, IRONIC(insecure),
     .help = "do not verify Ironic's certificate"},
    {"ironic-skip-client-san-verify", .environment = "IRONIC_SKIP_CLIENT_SAN_VERIFY", .type = OPTION_BOOL,
     IRONIC(insecure_san), .help = "verify Ironic's certificate, but not the name in it"},
    {"ironic-client-cache-ttl", .environment = "IRONIC_CLIENT_CACHE_TTL", .type = OPTION_DURATION, IRONIC(cache_ttl),
     .value = "TIME", .fallback = "5s", .help = "how long Ironic's version and drivers are not asked for again"},
    {"ironic-client-timeout", .environment = "IRONIC_CLIENT_TIMEOUT", .type = OPTION_DURATION, IRONIC(timeout),
     .value = "TIME", .fallback = "30s", .help = "longest wait for an answer of Ironic"},
    {"ironic-auth-dir", .environment = "METAL3_AUTH_ROOT_DIR", .type = OPTION_STRING, IRONIC(auth_dir),
     .value = "FOLDER", .fallback = "/opt/metal3/auth", .help = "holds ironic/username and ironic/password, if any"},
    {"deploy-kernel-url", .environment = "DEPLOY_KERNEL_URL", .type = OPTION_STRING, IRONIC(deploy_kernel_url),
     .value = "URL", .help = "kernel of the deploy ramdisk"},
    {"deploy-ramdisk-url", .environment = "DEPLOY_RAMDISK_URL", .type = OPTION_STRING, IRONIC(deploy_ramdisk_url),
     .value = "URL", .help = "initial ramdisk of the deploy ramdisk"},
    {"deploy-iso-url", .environment = "DEPLOY_ISO_URL", .type = OPTION_STRING, IRONIC(deploy_iso_url), .value = "URL",
     .help = "deploy ramdisk as a bootable ISO image"},
    {"provisioning-limit", .environment = "PROVISIONING_LIMIT", .type = OPTION_INT, IRONIC(provisioning_limit),
     .value = "NUMBER", .fallback = "20", .help = "hosts that are inspected, provisioned or deprovisioned at once"},
    {"live-iso-force-persistent-boot-device", .environment = "LIVE_ISO_FORCE_PERSISTENT_BOOT_DEVICE",
     .type = OPTION_STRING, IRONIC(live_iso_boot_device), .value = "WHEN", .help = "Default, Always or Never"},
    {"direct-deploy-force-persistent-boot-device", .environment = "DIRECT_DEPLOY_FORCE_PERSISTENT_BOOT_DEVICE",
     .type = OPTION_STRING, IRONIC(direct_boot_device), .value = "WHEN", .help = "Default, Always or Never"},
    {"ironic-external-url-v6", .environment = "IRONIC_EXTERNAL_URL_V6", .type = OPTION_STRING, IRONIC(external_url_v6),
     .value = "URL", .help = "where hosts whose BMC has an IPv6 address find Ironic's images"},
    {"provisioning-network-disabled", .environment = "PROVISIONING_NETWORK_DISABLED", .type = OPTION_BOOL,
     IRONIC(provisioning_network_disabled), .help = "hosts cannot boot from the network: virtual media only"},
    {0},
};

static void set_default(const struct option_spec *spec, struct operator_options *options)
{
    void *field = (char *)options + spec->offset;
    struct error *err = NULL;
    if (!spec->fallback)
        return;
    switch (spec->type) {
    case OPTION_STRING:
        *(const char **)field = spec->fallback;
        break;
    case OPTION_INT:
        err = str_to_int64(spec->fallback, field);
        break;
    case OPTION_BOOL:
        *(bool *)field = str_equal(spec->fallback, "true");
        break;
    case OPTION_DURATION:
        err = time_parse_duration(spec->fallback, field);
        break;
    case OPTION_LIST:
        break; /* there is none */
    }
    if (err)
        abort(); /* our own table is wrong */
}

void operator_options_default(struct operator_options *ret)
{
    *ret = (struct operator_options){0};
    for (const struct option_spec *spec = operator_options; spec->name; spec++)
        set_default(spec, ret);
}

/* -- checks -- */

static struct error *check_range(const char *option, int64_t value, int64_t low, int64_t high)
{
    if (value >= low && value <= high)
        return NULL;
    return error_new(ERROR_INVALID, "option --%s: %lld is not between %lld and %lld", option, (long long)value,
                     (long long)low, (long long)high);
}

static struct error *check_boot_device(const char *option, const char *value)
{
    if (str_is_empty(value) || str_equal(value, "Default") || str_equal(value, "Always") || str_equal(value, "Never"))
        return NULL;
    return error_new(ERROR_INVALID, "option --%s: \"%s\" is not one of Default, Always, Never", option, value);
}

static struct error *check_endpoint(const char *endpoint)
{
    struct url url;
    struct error *err = url_parse(endpoint, &url);
    if (err)
        return error_wrap(err, "option --ironic-endpoint or IRONIC_ENDPOINT");
    url_release(&url);
    return NULL;
}

static struct error *check_ironic(const struct operator_options *options)
{
    const struct ironic_options *ironic = &options->ironic;
    if (str_is_empty(ironic->endpoint))
        return error_new(ERROR_INVALID, "no Ironic: set --ironic-endpoint or IRONIC_ENDPOINT");
    TRY(check_endpoint(ironic->endpoint));
    if (str_is_empty(ironic->deploy_kernel_url) && !str_is_empty(ironic->deploy_ramdisk_url))
        return error_new(ERROR_INVALID, "DEPLOY_RAMDISK_URL is set without DEPLOY_KERNEL_URL");
    if (!options->build_preprovisioning_image && !str_is_empty(ironic->deploy_kernel_url) &&
        str_is_empty(ironic->deploy_ramdisk_url))
        return error_new(ERROR_INVALID, "DEPLOY_KERNEL_URL is set without DEPLOY_RAMDISK_URL");
    if (ironic->timeout <= 0)
        return error_new(ERROR_INVALID, "option --ironic-client-timeout: must be more than 0s");
    if (ironic->cache_ttl < 0)
        return error_new(ERROR_INVALID, "option --ironic-client-cache-ttl: must not be negative");
    TRY(check_range("provisioning-limit", ironic->provisioning_limit, 1, 100000));
    TRY(check_boot_device("live-iso-force-persistent-boot-device", ironic->live_iso_boot_device));
    return check_boot_device("direct-deploy-force-persistent-boot-device", ironic->direct_boot_device);
}

struct error *operator_options_check(struct operator_options *options)
{
    double qps = 0;
    if (!str_is_empty(options->kube_qps_text))
        TRY_WRAP(str_to_double(options->kube_qps_text, &qps), "option --kube-api-qps");
    if (qps < 0)
        return error_new(ERROR_INVALID, "option --kube-api-qps: must not be negative");
    options->kube_qps = qps;
    if (!str_equal(str_or(options->provisioner, "ironic"), "ironic"))
        return error_new(ERROR_INVALID, "option --provisioner: \"%s\" is not known; there is ironic",
                         options->provisioner);
    TRY(check_range("lease-duration-seconds", options->lease_duration, 0, INT16_MAX));
    TRY(check_range("renew-deadline-seconds", options->renew_deadline, 0, INT16_MAX));
    TRY(check_range("retry-period-seconds", options->retry_period, 0, INT16_MAX));
    TRY(check_range("kube-api-burst", options->kube_burst, 0, INT32_MAX));
    TRY(check_range("controller-concurrency", options->concurrency, 0, 1000));
    TRY(check_range("max-provisioning-retries", options->max_provisioning_retries, 0, INT32_MAX));
    return check_ironic(options);
}
