/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite behind a queue: a batch collects writes while the one before it is being committed. */
#include "operator/conductor/db.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/data/mem.h"
#include "lib/data/str.h"
#include "lib/data/vec.h"
#include "lib/log/log.h"
#include "lib/rt/rt.h"

#define SCHEMA_VERSION 1

static const char *const tables[DB_KIND_COUNT] = {
    [DB_NODE] = "nodes", [DB_PORT] = "ports", [DB_INVENTORY] = "inventory"};

/* What leads from one schema version to the next; entry N makes version N+1. */
static const char *const migrations[SCHEMA_VERSION] = {
    "CREATE TABLE nodes (key TEXT PRIMARY KEY, text TEXT NOT NULL);"
    "CREATE TABLE ports (key TEXT PRIMARY KEY, text TEXT NOT NULL);"
    "CREATE TABLE inventory (key TEXT PRIMARY KEY, text TEXT NOT NULL);",
};

struct db_row {
    enum db_kind kind;
    char *key, *text;
};

/* Writes that are committed together. */
struct db_batch {
    unsigned refs;
    VEC(struct db_row) rows;
    bool done;
    char *failure; /* NULL: committed */
    struct db *db;
};

struct db {
    const struct env *env;
    struct rt *rt;
    struct rt_group *group;
    sqlite3 *handle;
    sqlite3_stmt *upsert[DB_KIND_COUNT], *remove[DB_KIND_COUNT];
    struct rt_mutex lock;     /* who uses `handle` */
    struct db_batch *pending; /* collects; NULL when there is nothing to write */
};

/* -- batches -- */

static void batch_unref(struct db_batch *batch)
{
    if (!batch || --batch->refs > 0)
        return;
    VEC_FOREACH (row, &batch->rows) {
        free(row->key);
        mem_free_secret(row->text);
    }
    VEC_RELEASE(&batch->rows);
    free(batch->failure);
    free(batch);
}
DEFINE_CLEANUP(struct db_batch, batch_unref);

static struct db_batch *batch_add(struct db *db, enum db_kind kind, const char *key, const char *text)
{
    if (!db->pending) {
        db->pending = mem_alloc(sizeof(*db->pending));
        db->pending->refs = 1;
        db->pending->db = db;
    }
    struct db_batch *batch = db->pending;
    VEC_FOREACH (row, &batch->rows) {
        if (row->kind == kind && str_equal(row->key, key)) {
            mem_free_secret(row->text);
            row->text = mem_strdup(text);
            return batch;
        }
    }
    struct db_row row = {kind, mem_strdup(key), mem_strdup(text)};
    VEC_PUSH(&batch->rows, row);
    return batch;
}

/* -- SQLite; these run on a worker thread -- */

/* The statement is made once. */
static sqlite3_stmt *statement_for(struct db *db, const struct db_row *row)
{
    sqlite3_stmt **statement = row->text ? &db->upsert[row->kind] : &db->remove[row->kind];
    if (*statement)
        return *statement;
    char sql[160];
    snprintf(sql, sizeof(sql),
             row->text
                 ? "INSERT INTO %s (key, text) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET text = excluded.text"
                 : "DELETE FROM %s WHERE key = ?1",
             tables[row->kind]);
    sqlite3_prepare_v3(db->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
    return *statement;
}

static bool step_row(struct db *db, const struct db_row *row)
{
    sqlite3_stmt *statement = statement_for(db, row);
    if (!statement)
        return false;
    sqlite3_bind_text(statement, 1, row->key, -1, SQLITE_STATIC);
    if (row->text)
        sqlite3_bind_text(statement, 2, row->text, -1, SQLITE_STATIC);
    bool ok = sqlite3_step(statement) == SQLITE_DONE;
    sqlite3_reset(statement);
    sqlite3_clear_bindings(statement);
    return ok;
}

static void batch_commit(void *arg)
{
    struct db_batch *batch = arg;
    sqlite3 *handle = batch->db->handle;
    bool ok = sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL) == SQLITE_OK;
    for (size_t i = 0; ok && i < batch->rows.len; i++)
        ok = step_row(batch->db, &batch->rows.items[i]);
    ok = ok && sqlite3_exec(handle, "COMMIT", NULL, NULL, NULL) == SQLITE_OK;
    if (!ok) {
        batch->failure = mem_strdup(sqlite3_errmsg(handle));
        sqlite3_exec(handle, "ROLLBACK", NULL, NULL, NULL);
    }
}

/* -- writing -- */

/* Commits what is pending now, when nobody did it while we waited for the handle. */
static struct error *flush(struct db *db)
{
    TRY(rt_mutex_lock(db->rt, &db->lock));
    if (db->pending) {
        CLEANUP(batch_unref) struct db_batch *batch = TAKE_PTR(db->pending);
        rt_offload(db->rt, batch_commit, batch);
        batch->done = true;
        if (batch->failure)
            log_error(db->env->log, "the database refused a write; is its disk full?", KV("err", batch->failure));
    }
    rt_mutex_unlock(db->rt, &db->lock);
    return NULL;
}

struct error *db_write(struct db *db, enum db_kind kind, const char *key, const char *text)
{
    if (rt_group_cancelled(db->group))
        return error_new(ERROR_CANCELLED, "the conductor is stopping");
    CLEANUP(batch_unref) struct db_batch *batch = batch_add(db, kind, key, text);
    batch->refs++;
    while (!batch->done)
        TRY(flush(db));
    if (batch->failure)
        return error_new(ERROR_TRANSIENT, "the database refused a write: %s", batch->failure);
    return NULL;
}

static void flush_task(void *arg)
{
    error_free(flush(arg)); /* cancelled: db_close() decides */
}

void db_write_later(struct db *db, enum db_kind kind, const char *key, const char *text)
{
    if (rt_group_cancelled(db->group))
        return;
    bool first = !db->pending;
    batch_add(db, kind, key, text);
    if (first)
        rt_spawn(db->rt, db->group, "db write", flush_task, db);
}

/* -- reading -- */

struct read_job {
    struct db *db;
    enum db_kind kind;
    const char *key;
    char *text, *failure;
};

static void read_row(void *arg)
{
    struct read_job *job = arg;
    char sql[80];
    snprintf(sql, sizeof(sql), "SELECT text FROM %s WHERE key = ?1", tables[job->kind]);
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(job->db->handle, sql, -1, &statement, NULL) != SQLITE_OK) {
        job->failure = mem_strdup(sqlite3_errmsg(job->db->handle));
        return;
    }
    sqlite3_bind_text(statement, 1, job->key, -1, SQLITE_STATIC);
    int status = sqlite3_step(statement);
    if (status == SQLITE_ROW)
        job->text = mem_strdup((const char *)sqlite3_column_text(statement, 0));
    else if (status != SQLITE_DONE)
        job->failure = mem_strdup(sqlite3_errmsg(job->db->handle));
    sqlite3_finalize(statement);
}

struct error *db_read(struct db *db, enum db_kind kind, const char *key, char **ret)
{
    struct read_job job = {.db = db, .kind = kind, .key = key};
    TRY(rt_mutex_lock(db->rt, &db->lock));
    rt_offload(db->rt, read_row, &job);
    rt_mutex_unlock(db->rt, &db->lock);
    CLEANUP_FREE char *failure = job.failure;
    if (failure)
        return error_new(ERROR_TRANSIENT, "reading the database: %s", failure);
    if (!job.text)
        return error_new(ERROR_NOT_FOUND, "no row \"%s\" in table %s", key, tables[kind]);
    *ret = job.text;
    return NULL;
}

struct error *db_each(struct db *db, enum db_kind kind,
                      struct error *(*fn)(void *arg, const char *key, const char *text), void *arg)
{
    char sql[80];
    snprintf(sql, sizeof(sql), "SELECT key, text FROM %s ORDER BY rowid", tables[kind]);
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db->handle, sql, -1, &statement, NULL) != SQLITE_OK)
        return error_new(ERROR_INTERNAL, "reading table %s: %s", tables[kind], sqlite3_errmsg(db->handle));
    struct error *err = NULL;
    int status = SQLITE_DONE;
    while (!err && (status = sqlite3_step(statement)) == SQLITE_ROW)
        err = fn(arg, (const char *)sqlite3_column_text(statement, 0), (const char *)sqlite3_column_text(statement, 1));
    if (!err && status != SQLITE_DONE)
        err = error_new(ERROR_INTERNAL, "reading table %s: %s", tables[kind], sqlite3_errmsg(db->handle));
    sqlite3_finalize(statement);
    return err;
}

/* -- opening -- */

/* What SQLite says, and what to do about it. */
static struct error *explain(struct db *db)
{
    const char *text = sqlite3_errmsg(db->handle);
    switch (sqlite3_errcode(db->handle) & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return error_new(ERROR_CONFLICT, "%s: another conductor uses it; give this one its own", text);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return error_new(ERROR_INVALID, "%s: move it away, the hosts will be registered again", text);
    }
    return error_new(ERROR_INTERNAL, "%s", text);
}

static struct error *execute(struct db *db, const char *sql)
{
    if (sqlite3_exec(db->handle, sql, NULL, NULL, NULL) != SQLITE_OK)
        return explain(db);
    return NULL;
}

static struct error *schema_version(struct db *db, int *ret)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(db->handle, "PRAGMA user_version", -1, &statement, NULL) != SQLITE_OK ||
        sqlite3_step(statement) != SQLITE_ROW) {
        struct error *err = explain(db);
        sqlite3_finalize(statement);
        return err;
    }
    *ret = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return NULL;
}

static struct error *migrate(struct db *db)
{
    int version = 0;
    TRY(schema_version(db, &version));
    if (version > SCHEMA_VERSION)
        return error_new(ERROR_UNSUPPORTED, "its schema has version %d, newer than our %d; use a newer conductor",
                         version, SCHEMA_VERSION);
    for (; version < SCHEMA_VERSION; version++) {
        CLEANUP_FREE char *sql =
            mem_printf("BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT;", migrations[version], version + 1);
        TRY_WRAP(execute(db, sql), "making schema version %d", version + 1);
    }
    return NULL;
}

/* The folder of a database file is made when it is missing. */
static void make_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (str_has_prefix(path, "file:") || !slash || slash == path)
        return;
    CLEANUP_FREE char *folder = mem_strndup(path, (size_t)(slash - path));
    mkdir(folder, 0750); /* when it fails, opening tells */
}

/* It holds the BMCs' passwords: SQLite gives its other files the mode that this one has. */
static void make_private(const char *path)
{
    if (str_is_empty(path) || str_has_prefix(path, "file:") || str_has_prefix(path, ":"))
        return;
    CLEANUP_CLOSE int fd =
        open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600); /* when it fails, opening tells */
    (void)fd;
}

struct error *db_open(const struct env *env, struct rt_group *group, const char *path, struct db **ret)
{
    CLEANUP(db_close) struct db *db = mem_alloc(sizeof(*db));
    db->env = env;
    db->rt = env->rt;
    db->group = group;
    make_folder(path);
    make_private(path);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_URI | SQLITE_OPEN_FULLMUTEX;
    if (sqlite3_open_v2(path, &db->handle, flags, NULL) != SQLITE_OK)
        return error_new(ERROR_INVALID, "cannot open the database %s: %s", path,
                         db->handle ? sqlite3_errmsg(db->handle) : "no memory");
    sqlite3_busy_timeout(db->handle, 5000);
    /* One conductor owns it: no locks to take for each transaction, and a second conductor is refused. */
    /* Safe against the death of the process; after a loss of power the last transactions may be missing, which Kubernetes heals. */
    TRY_WRAP(execute(db, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                         "PRAGMA cache_size = -2000;"),
             "cannot use the database %s", path);
    TRY_WRAP(migrate(db), "cannot use the database %s", path);
    *ret = TAKE_PTR(db);
    return NULL;
}

void db_close(struct db *db)
{
    if (!db)
        return;
    if (db->pending && !rt_group_cancelled(db->env->group))
        batch_commit(db->pending);
    batch_unref(db->pending);
    for (size_t kind = 0; kind < DB_KIND_COUNT; kind++) {
        sqlite3_finalize(db->upsert[kind]);
        sqlite3_finalize(db->remove[kind]);
    }
    sqlite3_close(db->handle);
    free(db);
}
