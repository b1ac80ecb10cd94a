// SPDX-License-Identifier: Apache-2.0
// The plan's rows: adding, removing, and the one question that decorators ask.
#include "bmc-emu/faults/plan.h"

#include <fnmatch.h>
#include <stdlib.h>

#include "bmc-emu/faults/row.h"
#include "lib/data/vec.h"

struct fault_plan {
    struct rt *rt;
    const struct fault_machines *machines;
    void *machines_arg;
    void (*on_hit)(void *arg, uint64_t id, enum fault_kind kind, size_t machine);
    void *on_hit_arg;
    VEC(struct fault_row *) rows;     /* oldest first */
    size_t of_kind[FAULT_KIND_COUNT]; /* rows: most questions are about kinds that have none */
    uint64_t last_id;
};

struct fault_plan *fault_plan_new(struct rt *rt)
{
    struct fault_plan *plan = mem_alloc(sizeof(*plan));

    plan->rt = rt;
    return plan;
}

void fault_plan_free(struct fault_plan *plan)
{
    if (!plan)
        return;
    fault_plan_clear(plan);
    VEC_RELEASE(&plan->rows);
    free(plan);
}

struct rt *fault_plan_rt(const struct fault_plan *plan)
{
    return plan->rt;
}

void fault_plan_set_machines(struct fault_plan *plan, const struct fault_machines *machines, void *arg)
{
    plan->machines = machines;
    plan->machines_arg = arg;
}

void fault_plan_on_hit(struct fault_plan *plan,
                       void (*fn)(void *arg, uint64_t id, enum fault_kind kind, size_t machine), void *arg)
{
    plan->on_hit = fn;
    plan->on_hit_arg = arg;
}

/* -- rows come and go -- */

static void drop(struct fault_plan *plan, size_t index)
{
    struct fault_row *row = plan->rows.items[index];

    plan->of_kind[row->kind]--;
    VEC_REMOVE(&plan->rows, index);
    fault_row_free(row);
}

static void drop_expired(struct fault_plan *plan)
{
    rt_time now = rt_now(plan->rt);

    for (size_t i = plan->rows.len; i-- > 0;)
        if (plan->rows.items[i]->end <= now)
            drop(plan, i);
}

struct error *fault_row_check(const struct json *json)
{
    CLEANUP(json_free) struct json *anywhere = json_copy(json);
    CLEANUP(fault_row_free) struct fault_row *row = NULL;

    json_remove_member(anywhere, "machines");
    return fault_row_new(anywhere, NULL, NULL, NULL, &row);
}

struct error *fault_plan_add(struct fault_plan *plan, const struct json *json, uint64_t *ret_id)
{
    struct fault_row *row = NULL;

    drop_expired(plan);
    if (plan->rows.len >= FAULT_ROWS_MAX)
        return error_new(ERROR_CONFLICT, "there are %d faults already, remove some first", FAULT_ROWS_MAX);
    TRY(fault_row_new(json, plan->rt, plan->machines, plan->machines_arg, &row));
    row->effect.id = ++plan->last_id;
    VEC_PUSH(&plan->rows, row);
    plan->of_kind[row->kind]++;
    *ret_id = row->effect.id;
    return NULL;
}

bool fault_plan_remove(struct fault_plan *plan, uint64_t id)
{
    drop_expired(plan);
    for (size_t i = 0; i < plan->rows.len; i++) {
        if (plan->rows.items[i]->effect.id == id) {
            drop(plan, i);
            return true;
        }
    }
    return false;
}

void fault_plan_clear(struct fault_plan *plan)
{
    while (plan->rows.len)
        drop(plan, plan->rows.len - 1);
}

struct json *fault_plan_json(struct fault_plan *plan)
{
    struct json *list = json_new_array();

    drop_expired(plan);
    VEC_FOREACH (row, &plan->rows) {
        struct json *item = json_new_object();
        json_put(item, "id", json_new_int((int64_t)(*row)->effect.id));
        json_put(item, "row", json_copy((*row)->json));
        json_put(item, "seen", json_new_int((*row)->total.seen));
        json_put(item, "hits", json_new_int((*row)->total.hits));
        json_append(list, item);
    }
    return list;
}

/* -- the question -- */

/* "/redfish/v1/Systems/" and "/redfish/v1/Systems" are the same resource. */
static bool path_matches(const char *pattern, const char *path)
{
    size_t len = strlen(path);
    CLEANUP_FREE char *trimmed = mem_strndup(path, len > 1 && path[len - 1] == '/' ? len - 1 : len);

    return fnmatch(pattern, trimmed, 0) == 0 || fnmatch(pattern, path, 0) == 0;
}

static bool operation_matches(const struct fault_row *row, const char *verb, const char *path)
{
    if (row->verb && !str_equal(row->verb, verb))
        return false;
    return !row->path || (path && path_matches(row->path, path));
}

static bool machine_matches(const struct fault_row *row, size_t machine)
{
    if (machine >= row->machine_count)
        return row->all_machines && machine == FAULT_NO_MACHINE && !row->per_machine;
    return row->all_machines || row->machines[machine];
}

/* The states of one machine that rows may be about: its power and its progress, as masks. */
struct states {
    unsigned powers, progresses;
};

static bool state_matches(const struct fault_row *row, const struct states *states)
{
    if (!row->powers && !row->progresses)
        return true;
    return row->powers & states->powers || row->progresses & states->progresses;
}

/* Asks only when a row of this kind wants to know. The answer may take a wait, in which rows come and go. */
static struct states find_states(const struct fault_plan *plan, enum fault_kind kind, size_t machine)
{
    enum machine_power power = MACHINE_OFF;
    enum machine_progress progress = MACHINE_PROGRESS_NONE;
    bool wanted = false;

    VEC_FOREACH (row, &plan->rows)
        wanted |= (*row)->kind == kind && ((*row)->powers || (*row)->progresses);
    if (!wanted || machine == FAULT_NO_MACHINE || !plan->machines)
        return (struct states){0};
    plan->machines->state(plan->machines_arg, machine, &power, &progress);
    return (struct states){.powers = 1u << power, .progresses = 1u << progress};
}

/* Counts an operation that the row is about, and decides. */
static bool draw(struct fault_plan *plan, const struct fault_row *row, struct fault_counter *counter)
{
    counter->seen++;
    if (row->nth && counter->seen != row->nth)
        return false;
    if (row->from && counter->seen < row->from)
        return false;
    if (row->count && counter->hits >= row->count)
        return false;
    if (row->rate < 1 && rt_random_unit(plan->rt) >= row->rate)
        return false;
    counter->hits++;
    return true;
}

static bool is_used_up(const struct fault_row *row, const struct fault_counter *counter)
{
    return (row->nth && counter->seen >= row->nth) || (row->count && counter->hits >= row->count);
}

/* Sets *ret_spent when the row can bite no more. */
static bool row_bites(struct fault_plan *plan, struct fault_row *row, size_t machine, bool *ret_spent)
{
    struct fault_counter *counter = row->per_machine ? &row->counters[machine] : &row->total;

    if (is_used_up(row, counter)) /* of this machine: other machines keep the row alive */
        return false;
    bool bites = draw(plan, row, counter);
    if (row->per_machine) {
        row->total.seen++;
        row->total.hits += bites;
    }
    if (is_used_up(row, counter))
        *ret_spent = !row->per_machine || --row->machines_left == 0;
    return bites;
}

bool fault_plan_bites(struct fault_plan *plan, enum fault_kind kind, size_t machine, const char *verb, const char *path,
                      struct fault_hit *ret)
{
    if (!plan->of_kind[kind])
        return false;
    struct states states = find_states(plan, kind, machine);
    drop_expired(plan);
    for (size_t i = 0; i < plan->rows.len; i++) {
        struct fault_row *row = plan->rows.items[i];
        bool spent = false;
        if (row->kind != kind || rt_now(plan->rt) < row->begin || !machine_matches(row, machine) ||
            !operation_matches(row, verb, path) || !state_matches(row, &states))
            continue;
        bool bites = row_bites(plan, row, machine, &spent);
        struct fault_hit hit = row->effect;
        if (spent)
            drop(plan, i--);
        if (!bites)
            continue;
        if (ret)
            *ret = hit;
        if (plan->on_hit)
            plan->on_hit(plan->on_hit_arg, hit.id, kind, machine);
        return true;
    }
    return false;
}
