/* SPDX-License-Identifier: Apache-2.0 */
/* `metal3-sim kube-api`. */
#include "sim/kube-api/command.h"

#include <stdlib.h>

#include "lib/data/str.h"
#include "lib/net/net.h"
#include "sim/kube-api/kube_api.h"

struct options {
    char *listen, *kubeconfig, *data_dir;
    bool anonymous;
};

static const struct option_spec specs[] = {
    {.name = "listen",
     .type = OPTION_STRING,
     .offset = offsetof(struct options, listen),
     .value = "ADDR:PORT",
     .fallback = "127.0.0.1:6443",
     .help = "where to serve; port 0 takes any free one"},
    {.name = "kubeconfig",
     .type = OPTION_STRING,
     .offset = offsetof(struct options, kubeconfig),
     .value = "FILE",
     .help = "write a kubeconfig here once the server serves"},
    {.name = "data-dir",
     .type = OPTION_STRING,
     .offset = offsetof(struct options, data_dir),
     .value = "DIR",
     .help = "keep the state here; without it everything is gone at the end"},
    {.name = "anonymous",
     .type = OPTION_BOOL,
     .offset = offsetof(struct options, anonymous),
     .help = "let callers without credentials do everything"},
    {0},
};

static struct error *run(const struct env *env, void *arg, int argc, char **argv)
{
    const struct options *options = arg;
    CLEANUP_FREE char *host = NULL;
    int port, signal_number;

    TRY_WRAP(net_parse_address(options->listen, &host, &port), "--listen");
    struct kube_api_options api_options = {.address = str_is_empty(host) ? "0.0.0.0" : host,
                                           .port = port,
                                           .data_dir = options->data_dir,
                                           .kubeconfig_path = options->kubeconfig,
                                           .anonymous = options->anonymous};
    CLEANUP(kube_api_free) struct kube_api *api = NULL;
    TRY(kube_api_start(env, &api_options, &api));
    return rt_wait_signal(env->rt, &signal_number);
}

const struct program kube_api_program = {
    .name = "kube-api",
    .synopsis = "",
    .description = "Serves a Kubernetes API for simulation: CRDs, core kinds, garbage collection.",
    .options = specs,
    .options_size = sizeof(struct options),
    .run = run,
};
