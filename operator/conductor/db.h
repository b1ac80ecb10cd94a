/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The conductor's database: rows of JSON by kind and key in SQLite. Writes of several tasks that wait at the same time share a transaction; SQLite
 * runs off the loop.
 */
#ifndef OPERATOR_CONDUCTOR_DB_H
#define OPERATOR_CONDUCTOR_DB_H

#include "lib/data/error.h"
#include "lib/env.h"

struct db;

enum db_kind { DB_NODE, DB_PORT, DB_INVENTORY, DB_KIND_COUNT };

/* Opens or makes the database; `path` is a file or a "file:…" URI. A schema that is newer than ours is ERROR_UNSUPPORTED. */
struct error *db_open(const struct env *env, struct rt_group *group, const char *path, struct db **ret) MUST_CHECK;
/* Writes that nobody waits for are written first, unless env->group was cancelled. NULL is fine. */
void db_close(struct db *db);
DEFINE_CLEANUP(struct db, db_close);

/* Writes a row (NULL text deletes it) and waits until that is durable. Keeps the order of calls. ERROR_CANCELLED: not written. */
struct error *db_write(struct db *db, enum db_kind kind, const char *key, const char *text) MUST_CHECK;
/* The same without waiting. A failure is logged. */
void db_write_later(struct db *db, enum db_kind kind, const char *key, const char *text);
/* Calls `fn` for each row of a kind, ordered by the row's age. For start-up: blocks the loop's task only. */
struct error *db_each(struct db *db, enum db_kind kind,
                      struct error *(*fn)(void *arg, const char *key, const char *text), void *arg) MUST_CHECK;
/* The text of a row; ERROR_NOT_FOUND. Free with free(). */
struct error *db_read(struct db *db, enum db_kind kind, const char *key, char **ret) MUST_CHECK;

#endif
