/* SPDX-License-Identifier: Apache-2.0 */
/* A program as its user sees it: exit status, standard output and error, signals. Each run is a child process. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/data/str.h"
#include "lib/log/log.h"
#include "lib/main.h"
#include "lib/test.h"

struct options {
    char *mode;
};

static const struct option_spec specs[] = {
    {.name = "mode",
     .type = OPTION_STRING,
     .offset = offsetof(struct options, mode),
     .value = "MODE",
     .fallback = "plain",
     .help = "what to do: one of a list of things that is long enough for the help text to be broken into two lines"},
    {0},
};

static void part(void *arg)
{
    const struct env *env = arg;
    error_free(rt_sleep(env->rt, RT_FOREVER));
    puts("part ended");
}

static void block_forever(void *arg)
{
    pause();
}

static struct error *run(const struct env *env, void *arg, int argc, char **argv)
{
    struct options *options = arg;
    if (str_equal(options->mode, "fail"))
        return error_new(ERROR_TRANSIENT, "the peer is away");
    if (str_equal(options->mode, "wait")) {
        log_info(env->log, "ready");
        return error_wrap(rt_sleep(env->rt, RT_FOREVER), "waiting");
    }
    if (str_equal(options->mode, "stubborn")) {
        log_info(env->log, "ready");
        for (;;)
            rt_offload(env->rt, block_forever, NULL);
    }
    if (str_equal(options->mode, "parts"))
        rt_spawn(env->rt, NULL, "part", part, (void *)env);
    error_free(rt_yield(env->rt));
    printf("mode %s:", options->mode);
    for (int i = 0; i < argc; i++)
        printf(" %s", argv[i]);
    putchar('\n');
    return NULL;
}

static const struct program program = {
    .name = "thing",
    .synopsis = "[FILE…]",
    .description = "Does a thing.",
    .options = specs,
    .options_size = sizeof(struct options),
    .arguments_max = 2,
    .run = run,
};
static const struct program *const commands[] = {&program, NULL};
static const struct program parent = {.name = "parent", .description = "Has commands.", .commands = commands};

/* A run of a program in a child process. */
struct child {
    int pid, out, err;
};

static void start(struct child *child, const struct program *which, const char *line)
{
    int out[2], err[2];
    assert_int_equal(pipe(out), 0);
    assert_int_equal(pipe(err), 0);
    fflush(stdout);
    child->pid = fork();
    if (child->pid == 0) {
        dup2(out[1], STDOUT_FILENO);
        dup2(err[1], STDERR_FILENO);
        char **argv = str_split(line, ' ');
        int argc = 0;
        while (argv[argc])
            argc++;
        int status = program_main(which, argc, argv);
        fflush(stdout);
        _exit(status);
    }
    close(out[1]);
    close(err[1]);
    child->out = out[0];
    child->err = err[0];
}

static void read_all(int fd, char text[4096])
{
    size_t len = 0;
    ssize_t got;
    while ((got = read(fd, text + len, 4095 - len)) > 0)
        len += (size_t)got;
    text[len] = '\0';
    close(fd);
}

/* Waits for the end; checks the status and that the output contains what is given. */
static void finish(struct child *child, int expected, const char *out, const char *err)
{
    char out_text[4096], err_text[4096];
    read_all(child->out, out_text);
    read_all(child->err, err_text);
    int status;
    assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != expected || !strstr(out_text, out) || !strstr(err_text, err))
        fail_msg("status %x, output: %s\nerrors: %s", (unsigned)status, out_text, err_text);
}

static void expect(const struct program *which, const char *line, int expected, const char *out, const char *err)
{
    struct child child;
    start(&child, which, line);
    finish(&child, expected, out, err);
}

static void test_runs(void **state)
{
    expect(&program, "thing --mode=x a b", 0, "mode x: a b\n", "");
    expect(&program, "thing --mode=parts", 0, "part ended\n", ""); /* is stopped and waited for */
}

static void test_help_and_version(void **state)
{
    expect(&program, "thing --help", 0, "Usage: thing [options] [FILE…]\n\nDoes a thing.\n", "");
    expect(&program, "thing -h", 0, "      --mode MODE                 what to do: ", "");
    expect(&program, "thing -h", 0, "(default: plain)\n", "");
    expect(&program, "thing -h", 0, "--log-level LEVEL", "");
    expect(&program, "thing --version", 0, "thing " METAL3_VERSION "\n", "");
}

static void test_errors(void **state)
{
    expect(&program, "thing --mode=fail", 1, "", "thing: the peer is away\n");
    expect(&program, "thing --mud=x", 2, "", "thing: unknown option --mud; --help lists the options\n");
    expect(&program, "thing --mdoe=x", 2, "", "did you mean --mode?\n");
    expect(&program, "thing a b c", 2, "", "thing: there are 3 arguments where at most 2 are taken");
    expect(&program, "thing --log-level loud", 2, "", "thing: option --log-level: ");
    expect(&program, "thing --log-format xml", 2, "", "thing: option --log-format: ");
}

static void test_commands(void **state)
{
    expect(&parent, "parent thing --mode x a", 0, "mode x: a\n", "");
    expect(&parent, "parent thing --help", 0, "Usage: parent thing [options]", "");
    expect(&parent, "parent thing --version", 0, "parent " METAL3_VERSION "\n", "");
    expect(&parent, "parent thing --mode fail", 1, "", "parent thing: the peer is away\n");
    expect(&parent, "parent --help", 0, "  thing          Does a thing.\n", "");
    expect(&parent, "parent", 2, "", "parent: a command is missing; --help lists the commands\n");
    expect(&parent, "parent thong", 2, "", "parent: unknown command \"thong\"; --help lists the commands\n");
}

/* Starts the program and waits until it says that it is ready. */
static void start_ready(struct child *child, const char *line)
{
    char text[200];
    start(child, &program, line);
    assert_true(read(child->err, text, sizeof(text)) > 0);
}

static void test_signals(void **state)
{
    struct child child;
    start_ready(&child, "thing --mode=wait");
    kill(child.pid, SIGTERM);
    finish(&child, 0, "", "stopping");
    start_ready(&child, "thing --mode=wait");
    kill(child.pid, SIGINT);
    finish(&child, 128 + SIGINT, "", "stopping");
}

static void test_a_second_signal_exits_at_once(void **state)
{
    struct child child;
    start_ready(&child, "thing --mode=stubborn");
    kill(child.pid, SIGTERM);
    char text[200];
    assert_true(read(child.err, text, sizeof(text)) > 0); /* "stopping" */
    kill(child.pid, SIGTERM);
    finish(&child, 128 + SIGTERM, "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs),    cmocka_unit_test(test_help_and_version),
        cmocka_unit_test(test_errors),  cmocka_unit_test(test_commands),
        cmocka_unit_test(test_signals), cmocka_unit_test(test_a_second_signal_exits_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
