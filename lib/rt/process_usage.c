/* SPDX-License-Identifier: Apache-2.0 */
/* What a process uses of the machine, from /proc (proc(5)): stat for CPU time, status for memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/data/mem.h"
#include "lib/rt/process.h"

#define PROC_FILE_MAX 8192

/* Reads /proc/PID/`name` as text. */
static struct error *read_proc(int pid, const char *name, char buf[PROC_FILE_MAX])
{
    CLEANUP_FREE char *path = mem_printf("/proc/%d/%s", pid, name);
    CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, buf, PROC_FILE_MAX - 1);
    if (len < 0) {
        if (errno == ENOENT || errno == ESRCH)
            return error_new(ERROR_NOT_FOUND, "process %d does not exist", pid);
        return error_from_errno(errno, "reading %s", path);
    }
    buf[len] = '\0';
    return NULL;
}

/* The value of a line "KEY:   123 kB" in bytes; 0 without the line (a zombie has no memory). */
static int64_t status_bytes(const char *status, const char *key)
{
    const char *line = strstr(status, key);
    return line ? strtoll(line + strlen(key), NULL, 10) * 1024 : 0;
}

struct error *process_usage(int pid, struct process_usage *ret)
{
    char text[PROC_FILE_MAX];
    TRY(read_proc(pid, "stat", text));
    /*
     * Fields count from 1; the second is the name in parentheses, which may hold anything; utime and stime are 14 and
     * 15.
     */
    const char *at = strrchr(text, ')');
    unsigned long long user, system;
    if (!at || sscanf(at + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system) != 2)
        return error_new(ERROR_INTERNAL, "/proc/%d/stat has an unknown format", pid);
    struct process_usage usage = {.cpu = (int64_t)(user + system) * (RT_S / sysconf(_SC_CLK_TCK))};
    TRY(read_proc(pid, "status", text));
    usage.rss = status_bytes(text, "\nVmRSS:");
    usage.rss_peak = status_bytes(text, "\nVmHWM:");
    *ret = usage;
    return NULL;
}
