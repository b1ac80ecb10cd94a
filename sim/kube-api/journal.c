/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files of a data directory: "snapshot", and logs "log.N" with growing N. A fold starts a new log first, so that writes go on while the
 * snapshot is synced; the loader skips what the snapshot has already, so that a crash at any point is harmless.
 */
#include "sim/kube-api/journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/data/file.h"
#include "lib/data/str.h"

#define RECORD_MAX (64u * 1024 * 1024)
#define HEADER_SIZE 8 /* length and checksum of what follows */
#define FIXED_SIZE 15 /* version, lengths of names, kind */

struct kapi_journal {
    struct rt *rt;
    char *dir;
    int log_fd, lock_fd;
    uint64_t log_number;
    uint64_t log_size, snapshot_size;
    bool dirty;
    FILE *fold; /* the snapshot being written */
    struct rt_cond wrote;
    uint32_t crc_table[256];
};

static void make_crc_table(uint32_t table[256])
{
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; bit++)
            value = value & 1 ? 0xedb88320u ^ (value >> 1) : value >> 1;
        table[i] = value;
    }
}

static uint32_t crc(const struct kapi_journal *journal, const unsigned char *data, size_t len)
{
    uint32_t value = ~0u;

    while (len--)
        value = journal->crc_table[(value ^ *data++) & 0xff] ^ (value >> 8);
    return ~value;
}

static void put_number(struct strbuf *out, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        strbuf_addc(out, (char)(value >> (8 * i)));
}

static uint64_t get_number(const unsigned char *data, int bytes)
{
    uint64_t value = 0;

    for (int i = 0; i < bytes; i++)
        value |= (uint64_t)data[i] << (8 * i);
    return value;
}

/* length, checksum, version, length of collection, length of key, kind, collection, key, text */
static void encode(const struct kapi_journal *journal, const struct kapi_record *record, struct strbuf *out)
{
    CLEANUP_STRBUF struct strbuf payload = STRBUF_INIT;

    put_number(&payload, record->rv, 8);
    put_number(&payload, strlen(record->collection), 2);
    put_number(&payload, strlen(record->key), 4);
    put_number(&payload, record->text ? 1 : 0, 1);
    strbuf_adds(&payload, record->collection);
    strbuf_adds(&payload, record->key);
    strbuf_add(&payload, record->text ? record->text : "", record->len);
    put_number(out, payload.len, 4);
    put_number(out, crc(journal, (const unsigned char *)payload.data, payload.len), 4);
    strbuf_add(out, payload.data, payload.len);
}

static struct error *decode(const unsigned char *payload, size_t len,
                            struct error *(*load)(void *arg, const struct kapi_record *record), void *arg,
                            uint64_t after)
{
    size_t collection_len = get_number(payload + 8, 2), key_len = get_number(payload + 10, 4);

    if (collection_len + key_len > len - FIXED_SIZE)
        return error_new(ERROR_INVALID, "damaged record");
    const char *names = (const char *)payload + FIXED_SIZE;
    CLEANUP_FREE char *collection = mem_strndup(names, collection_len);
    CLEANUP_FREE char *key = mem_strndup(names + collection_len, key_len);
    struct kapi_record record = {.collection = collection, .key = key, .rv = get_number(payload, 8)};
    if (payload[14]) {
        record.text = names + collection_len + key_len;
        record.len = len - FIXED_SIZE - collection_len - key_len;
    }
    return record.rv <= after ? NULL : load(arg, &record);
}

static bool all_zero(const unsigned char *data, size_t len)
{
    while (len && !*data) {
        data++;
        len--;
    }
    return !len;
}

/* Loads records with a version above `after`; *ret_good is where the last whole record ends. */
static struct error *load_records(struct kapi_journal *journal, const unsigned char *data, size_t size,
                                  struct error *(*load)(void *arg, const struct kapi_record *record), void *arg,
                                  uint64_t after, size_t *ret_good)
{
    size_t at = 0;

    while (size - at >= HEADER_SIZE) {
        uint64_t len = get_number(data + at, 4);
        if (len > size - at - HEADER_SIZE || all_zero(data + at, size - at))
            break; /* torn: the write was cut off by a crash */
        const unsigned char *payload = data + at + HEADER_SIZE;
        bool sound =
            len >= FIXED_SIZE && len <= RECORD_MAX && crc(journal, payload, len) == get_number(data + at + 4, 4);
        if (!sound && at + HEADER_SIZE + len == size)
            break;
        if (!sound)
            return error_new(ERROR_INVALID,
                             "damaged record at byte %zu: restore the directory from a copy, or start with a new one",
                             at);
        TRY(decode(payload, len, load, arg, after));
        at += HEADER_SIZE + len;
    }
    *ret_good = at;
    return NULL;
}

static char *log_path(const struct kapi_journal *journal, uint64_t number)
{
    return mem_printf("%s/log.%010llu", journal->dir, (unsigned long long)number);
}

static struct error *open_log(struct kapi_journal *journal, uint64_t number)
{
    CLEANUP_FREE char *path = log_path(journal, number);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct stat info;

    if (fd < 0 || fstat(fd, &info) < 0)
        return error_from_errno(errno, "open %s", path);
    if (journal->log_fd >= 0) {
        fdatasync(journal->log_fd);
        close(journal->log_fd);
    }
    journal->log_fd = fd;
    journal->log_number = number;
    journal->log_size = (uint64_t)info.st_size;
    return NULL;
}

/* Numbers of the logs there are, ascending; *ret is freed with free(). */
static struct error *list_logs(const struct kapi_journal *journal, uint64_t **ret, size_t *ret_len)
{
    DIR *dir = opendir(journal->dir);

    if (!dir)
        return error_from_errno(errno, "open %s", journal->dir);
    uint64_t *numbers = NULL;
    size_t len = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        unsigned long long number;
        int end = 0;
        if (sscanf(entry->d_name, "log.%10llu%n", &number, &end) != 1 || entry->d_name[end])
            continue;
        size_t at = len;
        numbers = mem_resize(numbers, len + 1, sizeof(*numbers));
        for (; at && numbers[at - 1] > number; at--)
            numbers[at] = numbers[at - 1];
        numbers[at] = number;
        len++;
    }
    closedir(dir);
    *ret = numbers;
    *ret_len = len;
    return NULL;
}

struct loading {
    struct error *(*load)(void *arg, const struct kapi_record *record);
    void *arg;
    uint64_t highest; /* version of the snapshot: its counter record */
};

static struct error *note_highest(void *arg, const struct kapi_record *record)
{
    struct loading *loading = arg;

    if (record->rv > loading->highest)
        loading->highest = record->rv;
    return loading->load(loading->arg, record);
}

static struct error *load_snapshot(struct kapi_journal *journal, struct loading *loading)
{
    CLEANUP_FREE char *path = mem_printf("%s/snapshot", journal->dir);
    CLEANUP_FREE char *data = NULL;
    size_t len, good;

    if (access(path, F_OK) < 0)
        return NULL;
    TRY(file_read(path, SIZE_MAX / 2, &data, &len));
    TRY_WRAP(load_records(journal, (unsigned char *)data, len, note_highest, loading, 0, &good), "%s", path);
    if (good != len)
        return error_new(ERROR_INVALID, "%s: damaged record at byte %zu", path, good);
    journal->snapshot_size = len;
    return NULL;
}

static struct error *load_log(struct kapi_journal *journal, uint64_t number, const struct loading *loading)
{
    CLEANUP_FREE char *path = log_path(journal, number);
    CLEANUP_FREE char *data = NULL;
    size_t len, good;

    TRY(file_read(path, SIZE_MAX / 2, &data, &len));
    TRY_WRAP(load_records(journal, (unsigned char *)data, len, loading->load, loading->arg, loading->highest, &good),
             "%s", path);
    if (good != len && truncate(path, (off_t)good) < 0)
        return error_from_errno(errno, "truncate %s", path);
    return NULL;
}

/* Two servers that append to one log would make it unreadable. */
static struct error *lock_folder(struct kapi_journal *journal)
{
    journal->lock_fd = open(journal->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (journal->lock_fd < 0)
        return error_from_errno(errno, "open %s", journal->dir);
    if (flock(journal->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return NULL;
    if (errno == EWOULDBLOCK)
        return error_new(ERROR_CONFLICT, "%s is in use by another API server: give another directory", journal->dir);
    return error_from_errno(errno, "lock %s", journal->dir);
}

struct error *kapi_journal_open(struct rt *rt, const char *dir,
                                struct error *(*load)(void *arg, const struct kapi_record *record), void *arg,
                                struct kapi_journal **ret)
{
    CLEANUP(kapi_journal_close) struct kapi_journal *journal = mem_alloc(sizeof(*journal));
    struct loading loading = {load, arg, 0};
    CLEANUP_FREE uint64_t *logs = NULL;
    size_t count = 0;

    journal->rt = rt;
    journal->dir = mem_strdup(dir);
    journal->log_fd = journal->lock_fd = -1;
    make_crc_table(journal->crc_table);
    if (mkdir(dir, 0700) < 0 && errno != EEXIST)
        return error_from_errno(errno, "create %s", dir);
    TRY(lock_folder(journal));
    TRY(load_snapshot(journal, &loading));
    TRY(list_logs(journal, &logs, &count));
    for (size_t i = 0; i < count; i++)
        TRY(load_log(journal, logs[i], &loading));
    TRY(open_log(journal, count ? logs[count - 1] : 1));
    *ret = TAKE_PTR(journal);
    return NULL;
}

void kapi_journal_close(struct kapi_journal *journal)
{
    if (!journal)
        return;
    if (journal->fold)
        fclose(journal->fold);
    if (journal->log_fd >= 0) {
        fdatasync(journal->log_fd);
        close(journal->log_fd);
    }
    if (journal->lock_fd >= 0)
        close(journal->lock_fd);
    free(journal->dir);
    free(journal);
}

struct error *kapi_journal_append(struct kapi_journal *journal, const struct kapi_record *record)
{
    CLEANUP_STRBUF struct strbuf data = STRBUF_INIT;
    size_t done = 0;

    encode(journal, record, &data);
    while (done < data.len) {
        ssize_t wrote = write(journal->log_fd, data.data + done, data.len - done);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0) {
            struct error *err = error_from_errno(errno, "append to the log in %s", journal->dir);
            /* Half a record must not stand in front of later ones. */
            if (ftruncate(journal->log_fd, (off_t)journal->log_size) < 0)
                return error_wrap(err, "and the half-written record cannot be removed");
            return err;
        }
        done += (size_t)wrote;
    }
    journal->log_size += data.len;
    journal->dirty = true;
    rt_cond_signal(journal->rt, &journal->wrote);
    return NULL;
}

bool kapi_journal_wants_fold(const struct kapi_journal *journal)
{
    return journal->log_size > JOURNAL_FOLD && journal->log_size > 2 * journal->snapshot_size;
}

struct error *kapi_journal_fold_begin(struct kapi_journal *journal)
{
    CLEANUP_FREE char *path = mem_printf("%s/snapshot.new", journal->dir);

    TRY(open_log(journal, journal->log_number + 1));
    if (journal->fold)
        fclose(journal->fold);
    journal->fold = fopen(path, "we");
    return journal->fold ? NULL : error_from_errno(errno, "create %s", path);
}

struct error *kapi_journal_fold_add(struct kapi_journal *journal, const struct kapi_record *record)
{
    CLEANUP_STRBUF struct strbuf data = STRBUF_INIT;

    encode(journal, record, &data);
    if (fwrite(data.data, 1, data.len, journal->fold) != data.len)
        return error_from_errno(errno, "write %s/snapshot.new", journal->dir);
    return NULL;
}

struct finishing {
    struct kapi_journal *journal;
    struct error *err;
    uint64_t size;
};

static struct error *finish(struct kapi_journal *journal, uint64_t *ret_size)
{
    CLEANUP_FREE char *made = mem_printf("%s/snapshot.new", journal->dir),
                      *path = mem_printf("%s/snapshot", journal->dir);
    CLEANUP_CLOSE int dir = open(journal->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool failed = fflush(journal->fold) || fdatasync(fileno(journal->fold));
    *ret_size = (uint64_t)ftello(journal->fold);

    fclose(TAKE_PTR(journal->fold));
    if (failed || rename(made, path) < 0 || (dir >= 0 && fsync(dir) < 0))
        return error_from_errno(errno, "write %s", path);
    CLEANUP_FREE uint64_t *logs = NULL;
    size_t count = 0;
    TRY(list_logs(journal, &logs, &count));
    for (size_t i = 0; i < count; i++) {
        CLEANUP_FREE char *old = log_path(journal, logs[i]);
        if (logs[i] < journal->log_number && unlink(old) < 0)
            return error_from_errno(errno, "remove %s", old);
    }
    return NULL;
}

static void finish_offloaded(void *arg)
{
    struct finishing *finishing = arg;
    finishing->err = finish(finishing->journal, &finishing->size);
}

struct error *kapi_journal_fold_finish(struct kapi_journal *journal)
{
    struct finishing finishing = {journal, NULL, 0};

    rt_offload(journal->rt, finish_offloaded, &finishing);
    TRY(finishing.err);
    journal->snapshot_size = finishing.size;
    return NULL;
}

static void sync_offloaded(void *arg)
{
    fdatasync(*(int *)arg);
}

struct error *kapi_journal_sync_loop(struct kapi_journal *journal)
{
    while (!kapi_journal_wants_fold(journal)) {
        while (!journal->dirty)
            TRY(rt_cond_wait(journal->rt, &journal->wrote, RT_FOREVER));
        TRY(rt_sleep(journal->rt, JOURNAL_SYNC));
        journal->dirty = false;
        int fd = journal->log_fd;
        rt_offload(journal->rt, sync_offloaded, &fd);
    }
    return NULL;
}
