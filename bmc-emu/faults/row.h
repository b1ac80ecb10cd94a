/* SPDX-License-Identifier: Apache-2.0 */
/* A row of the plan in its decoded form. For the files of this folder only. */
#ifndef BMC_EMU_FAULTS_ROW_H
#define BMC_EMU_FAULTS_ROW_H

#include "bmc-emu/faults/plan.h"

/* What the index of a mode means. */
enum { FAULT_UNREACHABLE_RESET, FAULT_UNREACHABLE_TIMEOUT };
enum { FAULT_REFUSAL_INTERNAL, FAULT_REFUSAL_BUSY, FAULT_REFUSAL_CONFLICT, FAULT_REFUSAL_INVALID };
enum { FAULT_DOWNLOAD_UNREACHABLE, FAULT_DOWNLOAD_TIMEOUT, FAULT_DOWNLOAD_NOT_FOUND, FAULT_DOWNLOAD_DENIED };

struct fault_counter {
    int64_t seen, hits;
};

struct fault_row {
    enum fault_kind kind;
    struct json *json; /* as it was given, but for words that YAML takes for booleans */
    bool all_machines;
    bool *machines; /* of machine_count, unless all are meant */
    size_t machine_count;
    unsigned powers, progresses; /* masks of the states that are meant; both 0: any */
    rt_time begin, end;
    int64_t nth, from, count; /* 0: no such condition */
    double rate;              /* 1: always */
    char *verb, *path;        /* NULL: any; a path is a pattern */
    struct fault_hit effect;  /* its id is the row's */
    bool per_machine;
    struct fault_counter total;
    struct fault_counter *counters; /* per_machine: of machine_count */
    size_t machines_left;           /* per_machine: those whose count or nth is still ahead */
};

/* Decodes and checks a row; its life begins now, or, without `rt`, never. */
struct error *fault_row_new(const struct json *given, struct rt *rt, const struct fault_machines *machines, void *arg,
                            struct fault_row **ret) MUST_CHECK;
void fault_row_free(struct fault_row *row);
DEFINE_CLEANUP(struct fault_row, fault_row_free);

/* What a member is called in a row; `bit` is the number of the bit in enum fault_member. NULL past the last. */
const char *fault_member_name(size_t bit);

#endif
