/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Child processes: fork and exec with the child's errors reported back over a pipe; their end watched through a pidfd.
 */
#include "lib/rt/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/data/mem.h"
#include "lib/data/str.h"
#include "lib/data/vec.h"
#include "lib/rt/internal.h"

struct process {
    struct rt *rt;
    int pid;
    int pidfd;
    bool ended; /* and reaped: `pid` may belong to somebody else by now */
    int status;
};

/* What the child needs, prepared before fork(): after it only async-signal-safe calls are allowed. */
struct launch {
    char *path;
    char **argv;
    char **env;
    int output; /* -1: inherit */
    int null;
    int report; /* where an errno goes when exec fails */
    int parent;
};

static bool is_executable(const char *path)
{
    return access(path, X_OK) == 0;
}

/* The file that `name` means, found in PATH as the shell does; NULL when there is none. */
static char *find_program(const char *name)
{
    if (strchr(name, '/'))
        return is_executable(name) ? mem_strdup(name) : NULL;
    CLEANUP(str_list_free) char **folders = str_split(str_or(getenv("PATH"), "/usr/local/bin:/usr/bin:/bin"), ':');
    for (char **folder = folders; *folder; folder++) {
        char *path = mem_printf("%s/%s", str_or(*folder, "."), name);
        if (is_executable(path))
            return path;
        free(path);
    }
    return NULL;
}

/* True when `entry` ("NAME=value") sets a name that `added` sets too. */
static bool is_replaced(const char *entry, const char *const *added)
{
    size_t len = strcspn(entry, "=") + 1;
    for (; added && *added; added++) {
        if (strncmp(entry, *added, len) == 0)
            return true;
    }
    return false;
}

/* Our environment with `added`; the array is owned, the strings are borrowed. */
static char **merge_environment(const char *const *added)
{
    VEC(char *) merged = {0};
    for (char **entry = environ; entry && *entry; entry++) {
        if (!is_replaced(*entry, added))
            VEC_PUSH(&merged, *entry);
    }
    for (; added && *added; added++)
        VEC_PUSH(&merged, (char *)*added);
    VEC_PUSH(&merged, NULL);
    return merged.items;
}

static void child_fail(const struct launch *launch)
{
    int err = errno;
    ssize_t ignored = write(launch->report, &err, sizeof(err));
    (void)ignored;
    _exit(127);
}

/* In the child, up to exec. */
static void child_main(const struct launch *launch)
{
    sigset_t none;
    sigemptyset(&none);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || setpgid(0, 0) < 0)
        child_fail(launch);
    if (getppid() != launch->parent)
        _exit(127); /* it died before the line above */
    if (dup2(launch->null, STDIN_FILENO) < 0)
        child_fail(launch);
    if (launch->output >= 0 && (dup2(launch->output, STDOUT_FILENO) < 0 || dup2(launch->output, STDERR_FILENO) < 0))
        child_fail(launch);
    signal(SIGPIPE, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(launch->path, launch->argv, launch->env);
    child_fail(launch);
}

/* Forks and waits until the child runs the program, or tells why not. */
static struct error *launch_child(struct launch *launch, int *ret_pid)
{
    int report[2];
    if (pipe2(report, O_CLOEXEC) < 0)
        return error_from_errno(errno, "creating a pipe");
    launch->report = report[1];
    launch->parent = getpid();
    int pid = fork();
    if (pid == 0)
        child_main(launch);
    int fork_errno = errno;
    close(report[1]);
    CLEANUP_CLOSE int report_fd = report[0];
    if (pid < 0)
        return error_from_errno(fork_errno, "creating a process");
    int child_errno;
    ssize_t got;
    do
        got = read(report_fd, &child_errno, sizeof(child_errno));
    while (got < 0 && errno == EINTR);
    if (got == (ssize_t)sizeof(child_errno)) {
        waitpid(pid, NULL, 0);
        return error_from_errno(child_errno, "running %s", launch->path);
    }
    *ret_pid = pid;
    return NULL;
}

struct error *process_start(struct rt *rt, const struct process_options *options, struct process **ret)
{
    if (rt_is_sim(rt))
        return error_new(ERROR_UNSUPPORTED, "the simulated world has no processes");
    CLEANUP_FREE char *path = find_program(options->argv[0]);
    if (!path)
        return error_new(ERROR_NOT_FOUND, "program %s is not found in PATH", options->argv[0]);
    CLEANUP_CLOSE int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (null < 0)
        return error_from_errno(errno, "opening /dev/null");
    CLEANUP_CLOSE int output = -1;
    if (options->output) {
        output = open(options->output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (output < 0)
            return error_from_errno(errno, "opening %s for the output of %s", options->output, path);
    }
    CLEANUP_FREE char **env = merge_environment(options->env);
    struct launch launch = {.path = path, .argv = (char **)options->argv, .env = env, .output = output, .null = null};
    int pid;
    TRY(launch_child(&launch, &pid));

    int pidfd = pidfd_open(pid, 0);
    if (pidfd < 0) {
        struct error *err = error_from_errno(errno, "watching process %d (%s)", pid, path);
        kill(-pid, SIGKILL);
        waitpid(pid, NULL, 0);
        return err;
    }
    struct process *process = mem_alloc(sizeof(*process));
    *process = (struct process){.rt = rt, .pid = pid, .pidfd = pidfd};
    *ret = process;
    return NULL;
}

int process_pid(const struct process *process)
{
    return process->pid;
}

/* Looks whether it ended; `flags` of waitpid(). */
static void reap(struct process *process, int flags)
{
    int status, result;
    if (process->ended)
        return;
    do
        result = waitpid(process->pid, &status, flags);
    while (result < 0 && errno == EINTR);
    if (result == 0)
        return;
    process->ended = true;
    if (result < 0)
        process->status = 255; /* somebody else took its status: SIGCHLD is ignored */
    else
        process->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

void process_signal(struct process *process, int signal_number)
{
    reap(process, WNOHANG);
    if (!process->ended)
        kill(process->pid, signal_number);
}

bool process_running(const struct process *process)
{
    siginfo_t info = {0};
    if (process->ended)
        return false;
    return waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

struct error *process_wait(struct process *process, rt_time deadline, int *ret_status)
{
    while (!process->ended) {
        TRY_WRAP(rt_wait_fd(process->rt, process->pidfd, EPOLLIN, deadline), "waiting for process %d", process->pid);
        reap(process, WNOHANG);
    }
    *ret_status = process->status;
    return NULL;
}

/* Ends it and what it started in its process group, at once. */
static void kill_now(struct process *process)
{
    if (!process->ended) {
        kill(-process->pid, SIGKILL);
        kill(process->pid, SIGKILL); /* when it left the group */
        reap(process, 0);
    }
}

void process_stop(struct process *process, rt_time grace)
{
    rt_time deadline = rt_after(process->rt, grace);
    process_signal(process, SIGTERM);
    if (!process->ended)
        error_free(watch_wait(process->rt, process->pidfd, EPOLLIN, deadline, false));
    reap(process, WNOHANG);
    kill_now(process);
}

void process_free(struct process *process)
{
    if (!process)
        return;
    kill_now(process);
    close(process->pidfd);
    free(process);
}
