/* SPDX-License-Identifier: Apache-2.0 */
/* GET of one object, of lists, and watches (KAPI-080…101). */
#ifndef SIM_KUBE_API_READ_H
#define SIM_KUBE_API_READ_H

#include "sim/kube-api/negotiate.h"
#include "sim/kube-api/selector.h"

/* Options of lists and watches. */
struct kapi_list_options {
    struct kapi_selector *selector;
    bool selects;     /* a selector was given */
    bool has_version; /* resourceVersion was given and is not "" */
    uint64_t version;
    const char *match; /* resourceVersionMatch; NULL: none */
    int64_t limit;     /* 0: none */
    const char *token; /* continue; NULL: none */
    bool watch, bookmarks;
    bool initial_given, initial; /* sendInitialEvents */
    int64_t timeout;             /* seconds; 0: none */
};
void kapi_list_options_release(struct kapi_list_options *options);
#define CLEANUP_LIST_OPTIONS __attribute__((cleanup(kapi_list_options_release)))

/* Reads and checks the query. */
struct kapi_status *kapi_list_options_read(struct kapi_call *call, struct kapi_list_options *ret) MUST_CHECK;

struct kapi_status *kapi_get(struct kapi_call *call, struct kapi_result *ret) MUST_CHECK;
/* These reply themselves unless they return a status. */
struct kapi_status *kapi_list(struct kapi_call *call, const struct kapi_accept *accept,
                              const struct kapi_list_options *options) MUST_CHECK;
struct kapi_status *kapi_watch(struct kapi_call *call, const struct kapi_accept *accept,
                               const struct kapi_list_options *options) MUST_CHECK;
/* Waits for a version from the future, 3 s at most (KAPI-084). */
struct kapi_status *kapi_wait_version(struct kapi *api, uint64_t version) MUST_CHECK;

#endif
