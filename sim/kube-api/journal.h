/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Persistence of the store: a snapshot and an append log in a directory. A record is in the kernel's hands before anyone is told of the
 * write, so that nothing is lost when the process is killed; it is on the disk within JOURNAL_SYNC, which bounds what a power cut
 * takes. A torn last record is cut off at the next start; a damaged one before that is an error.
 */
#ifndef SIM_KUBE_API_JOURNAL_H
#define SIM_KUBE_API_JOURNAL_H

#include <stdint.h>

#include "lib/rt/rt.h"

#define JOURNAL_SYNC (100 * RT_MS)
/* The log is folded into a new snapshot when it is larger than this and twice the snapshot. */
#define JOURNAL_FOLD (16 * 1024 * 1024)

struct kapi_journal;

struct kapi_record {
    const char *collection, *key; /* "" collection: only the counter */
    uint64_t rv;
    const char *text; /* the object; NULL: deleted */
    size_t len;
};

/* Opens, and calls `load` for each record in order. */
struct error *kapi_journal_open(struct rt *rt, const char *dir,
                                struct error *(*load)(void *arg, const struct kapi_record *record), void *arg,
                                struct kapi_journal **ret) MUST_CHECK;
void kapi_journal_close(struct kapi_journal *journal); /* syncs */
DEFINE_CLEANUP(struct kapi_journal, kapi_journal_close);
struct error *kapi_journal_append(struct kapi_journal *journal, const struct kapi_record *record) MUST_CHECK;
/* True when it is time for a new snapshot. */
bool kapi_journal_wants_fold(const struct kapi_journal *journal);
/* A new snapshot: begin, one call per object, finish. Log and old snapshot go when it is complete. */
struct error *kapi_journal_fold_begin(struct kapi_journal *journal) MUST_CHECK;
struct error *kapi_journal_fold_add(struct kapi_journal *journal, const struct kapi_record *record) MUST_CHECK;
struct error *kapi_journal_fold_finish(struct kapi_journal *journal) MUST_CHECK;
/* Task body: syncs to disk while there is something new, until the group is cancelled. */
struct error *kapi_journal_sync_loop(struct kapi_journal *journal) MUST_CHECK;

#endif
