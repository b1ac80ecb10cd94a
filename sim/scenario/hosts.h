/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The fleet's machines as BareMetalHosts: their manifests, and a table of their states that a watch keeps up to date. The watch is the only
 * way in which a runner learns what became of a host.
 */
#ifndef SIM_SCENARIO_HOSTS_H
#define SIM_SCENARIO_HOSTS_H

#include "lib/data/json.h"
#include "lib/env.h"
#include "lib/rt/rt.h"
#include "operator/kube/client.h"

#define HOSTS_NAMESPACE "metal3"

/* One state that a host was in. */
struct host_phase {
    char *state;
    rt_time since;
};

struct host {
    size_t number;        /* from 1 */
    char *name;           /* of the BareMetalHost and of the machine */
    struct json *machine; /* the fleet's row: bmc, mac … */
    struct json *object;  /* newest BareMetalHost; NULL: it does not exist */
    struct {
        struct host_phase *items;
        size_t len, cap;
    } phases;
    size_t awaited;  /* the first phase that no wait has gone past yet */
    rt_time applied; /* when its manifest was applied; 0: not yet */
};

struct hosts;
struct hosts_options {
    struct kube_client *kube;
    const struct json *machines; /* answer of the fleet's /fleet/v1/machines */
    /* Called after each change of a host's state, error or power; may be NULL. */
    void (*changed)(void *arg, const struct host *host);
    void *arg;
};
struct error *hosts_new(const struct env *env, const struct hosts_options *options, struct hosts **ret) MUST_CHECK;
void hosts_free(struct hosts *hosts); /* its env's group has ended */
DEFINE_CLEANUP(struct hosts, hosts_free);
/* Starts to watch; the resource must exist. */
void hosts_watch(struct hosts *hosts);

size_t hosts_len(const struct hosts *hosts);
struct host *hosts_at(struct hosts *hosts, size_t index);
/* How many are in that state of status.provisioning.state. */
size_t hosts_in_state(const struct hosts *hosts, const char *state);
/* The host's present state; "" before it has one, "deleted" once its object was there and is gone. */
const char *hosts_state_of(const struct host *host);
/*
 * Whether the host is in that state; for one that hosts only pass through ("inspecting"), whether it was since the last state that was
 * waited for: on real time nobody can look often enough to see it pass. True counts as waited for.
 */
bool hosts_reached(struct host *host, const char *state);
/* Waits for any change of any host. */
struct error *hosts_wait_change(struct hosts *hosts, rt_time deadline) MUST_CHECK;

/* Selects by a step's `hosts` argument: calls `fn` for each; ERROR_INVALID for a host that does not exist. */
struct error *hosts_select(struct hosts *hosts, const struct json *selector,
                           struct error *(*fn)(void *arg, struct host *host), void *arg) MUST_CHECK;

/* What a host's manifest says besides its BMC. */
struct host_manifest {
    bool online, image;
    const char *image_url, *image_checksum; /* with image */
    const char *user_data;                  /* NULL: none */
};
/* Creates or changes namespace, BMC secret, user data and BareMetalHost. */
struct error *hosts_apply(struct hosts *hosts, struct host *host, const struct host_manifest *manifest) MUST_CHECK;

#endif
