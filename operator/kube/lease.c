/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Leader election. The rules are client-go's: whether somebody else's lease has run out is decided by this candidate's own clock, from when it saw
 * the record change, so that clocks of different machines need not agree.
 */
#include "operator/kube/lease.h"

#include <stdlib.h>

#include "lib/data/str.h"
#include "lib/data/time.h"
#include "lib/log/log.h"
#include "lib/log/metrics.h"
#include "operator/kube/object.h"

#define LEASE_DURATION (15 * RT_S)
#define RENEW_DEADLINE (10 * RT_S)
#define RETRY_PERIOD (2 * RT_S)
#define RETRY_JITTER 1.2 /* of the period between two tries to acquire */

struct lease {
    const struct env *env;
    struct kube_client *client;
    char *namespace, *name, *identity;
    rt_time lease_duration, renew_deadline, retry_period;
    struct json *record;  /* the Lease as we saw it last; NULL: not yet */
    rt_time record_since; /* when its spec was seen to change */
    struct metric *leading;
};

struct error *lease_new(const struct env *env, const struct lease_options *options, struct lease **ret)
{
    CLEANUP(lease_free) struct lease *lease = mem_alloc(sizeof(*lease));
    lease->env = env;
    lease->client = options->client;
    lease->namespace = mem_strdup(options->namespace);
    lease->name = mem_strdup(options->name);
    lease->lease_duration = options->lease_duration ? options->lease_duration : LEASE_DURATION;
    lease->renew_deadline = options->renew_deadline ? options->renew_deadline : RENEW_DEADLINE;
    lease->retry_period = options->retry_period ? options->retry_period : RETRY_PERIOD;
    if (options->identity) {
        lease->identity = mem_strdup(options->identity);
    } else {
        char uuid[RT_UUID_SIZE];
        rt_uuid(env->rt, uuid);
        lease->identity = mem_printf("%s_%s", options->name, uuid);
    }
    if (lease->lease_duration <= lease->renew_deadline)
        return error_new(ERROR_INVALID, "leader election: the lease duration must be longer than the renew deadline");
    if (lease->renew_deadline <= RETRY_JITTER * lease->retry_period)
        return error_new(ERROR_INVALID,
                         "leader election: the renew deadline must be longer than 1.2 times the retry period");
    static const char *const labels[] = {"name", NULL};
    lease->leading = metrics_gauge(env->metrics, "leader_election_master_status", "1 when this instance leads", labels);
    metric_set(lease->leading, 0, (const char *const[]){lease->name, NULL});
    *ret = TAKE_PTR(lease);
    return NULL;
}

void lease_free(struct lease *lease)
{
    if (!lease)
        return;
    free(lease->namespace);
    free(lease->name);
    free(lease->identity);
    json_free(lease->record);
    free(lease);
}

static const char *holder(const struct lease *lease)
{
    return json_str_or(lease->record, "spec/holderIdentity", "");
}

bool lease_is_held(const struct lease *lease)
{
    return str_equal(holder(lease), lease->identity);
}

/* Takes note of what the server has; `record` is taken over. */
static void observe(struct lease *lease, struct json *record)
{
    if (!lease->record || !json_equal(json_get(lease->record, "spec"), json_get(record, "spec"))) {
        CLEANUP_FREE char *before = mem_strdup(holder(lease));
        lease->record_since = rt_now(lease->env->rt);
        json_free(lease->record);
        lease->record = record;
        if (!str_equal(before, holder(lease)))
            log_info(lease->env->log, "lease has a new holder", KV("lease", lease->name), KV("holder", holder(lease)));
    } else {
        json_free(lease->record);
        lease->record = record;
    }
    metric_set(lease->leading, lease_is_held(lease), (const char *const[]){lease->name, NULL});
}

/* A Lease as this instance wants to write it now. */
static struct json *claim(struct lease *lease)
{
    char now[TIME_TEXT_SIZE];
    time_format(rt_wall(lease->env->rt), 6, now);
    struct json *record =
        lease->record ? json_copy(lease->record) : kube_object_make(&kube_leases, lease->namespace, lease->name);
    if (!lease_is_held(lease)) {
        json_set_str(record, "spec/acquireTime", now);
        int64_t transitions = json_int(record, "spec/leaseTransitions", 0);
        json_set_int(record, "spec/leaseTransitions", lease->record ? transitions + 1 : 0);
    }
    json_set_str(record, "spec/holderIdentity", lease->identity);
    json_set_int(record, "spec/leaseDurationSeconds", lease->lease_duration / RT_S);
    json_set_str(record, "spec/renewTime", now);
    return record;
}

static struct error *write_record(struct lease *lease, struct json *record)
{
    struct json *written = NULL;
    if (lease->record)
        TRY(kube_update(lease->client, &kube_leases, record, &written));
    else
        TRY(kube_create(lease->client, &kube_leases, record, &written));
    observe(lease, written);
    return NULL;
}

static struct error *read_record(struct lease *lease)
{
    struct json *record = NULL;
    struct error *err = kube_get(lease->client, &kube_leases, lease->namespace, lease->name, &record);
    if (kube_is_not_found(err)) {
        error_free(err);
        json_free(TAKE_PTR(lease->record));
        return NULL;
    }
    TRY(err);
    observe(lease, record);
    return NULL;
}

/* One try to acquire or to renew; ERROR_CONFLICT when somebody else holds it. */
static struct error *try_once(struct lease *lease)
{
    if (lease_is_held(lease)) {
        /* The holder writes what it believes; the server refuses when that is out of date. */
        CLEANUP(json_free) struct json *record = claim(lease);
        struct error *err = write_record(lease, record);
        if (!kube_is_conflict(err) && !kube_is_not_found(err))
            return err;
        error_free(err);
    }
    TRY(read_record(lease));
    bool valid = lease->record && rt_now(lease->env->rt) - lease->record_since < lease->lease_duration;
    if (*holder(lease) && valid && !lease_is_held(lease))
        return error_new(ERROR_CONFLICT, "lease %s/%s is held by %s", lease->namespace, lease->name, holder(lease));
    CLEANUP(json_free) struct json *record = claim(lease);
    return write_record(lease, record);
}

struct error *lease_acquire(struct lease *lease)
{
    struct rt *rt = lease->env->rt;
    for (;;) {
        CLEANUP(error_free) struct error *err = try_once(lease);
        if (!err) {
            log_info(lease->env->log, "this instance leads", KV("lease", lease->name), KV("identity", lease->identity));
            return NULL;
        }
        if (error_is(err, ERROR_CANCELLED))
            return TAKE_PTR(err);
        log_debug(lease->env->log, "lease not acquired", KV("lease", lease->name), KV_ERR(err));
        rt_time pause = lease->retry_period + (rt_time)(rt_random_unit(rt) * RETRY_JITTER * lease->retry_period);
        TRY(rt_sleep(rt, pause));
    }
}

struct error *lease_hold(struct lease *lease)
{
    struct rt *rt = lease->env->rt;
    for (rt_time renewed = rt_now(rt);;) {
        TRY(rt_sleep(rt, lease->retry_period));
        rt_time started = rt_now(rt); /* others count from when the write arrives: not before this */
        struct error *err = try_once(lease);
        if (!err) {
            renewed = started;
            continue;
        }
        if (error_is(err, ERROR_CANCELLED))
            return err;
        bool taken = !lease_is_held(lease) && lease->record;
        if (taken || rt_now(rt) - renewed >= lease->renew_deadline) {
            metric_set(lease->leading, 0, (const char *const[]){lease->name, NULL});
            return error_wrap_kind(err, ERROR_CONFLICT, "leadership of %s/%s is lost", lease->namespace, lease->name);
        }
        log_debug(lease->env->log, "lease not renewed", KV("lease", lease->name), KV_ERR(err));
        error_free(err);
    }
}

struct error *lease_release(struct lease *lease)
{
    if (!lease_is_held(lease))
        return NULL;
    CLEANUP(json_free) struct json *record = claim(lease);
    json_set_str(record, "spec/holderIdentity", "");
    json_set_int(record, "spec/leaseDurationSeconds", 1);
    return write_record(lease, record);
}
