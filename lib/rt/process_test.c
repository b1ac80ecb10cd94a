/* SPDX-License-Identifier: Apache-2.0 */
/* Child processes: status, output, environment, ending them, and what they use. */
#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/data/str.h"
#include "lib/rt/process.h"
#include "lib/test.h"

static void run(void (*fn)(void *))
{
    struct rt *rt = NULL;
    assert_ok(rt_new_real(1, &rt));
    assert_ok(rt_run(rt, fn, rt));
    rt_free(rt);
}

static struct process *start_shell(struct rt *rt, const char *script, const char *const *env, const char *output)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct process *process = NULL;
    assert_ok(process_start(rt, &(struct process_options){.argv = argv, .env = env, .output = output}, &process));
    return process;
}

/* The same, and waits until the script has printed something: it has set its traps. */
static struct process *start_shell_ready(struct rt *rt, const char *script)
{
    char path[] = "/tmp/process_test.XXXXXX";
    close(mkstemp(path));
    struct process *process = start_shell(rt, script, NULL, path);
    struct stat stat_buf = {0};
    while (stat_buf.st_size == 0) {
        assert_true(process_running(process));
        assert_ok(rt_sleep(rt, RT_MS));
        assert_int_equal(stat(path, &stat_buf), 0);
    }
    unlink(path);
    return process;
}

static int wait_for(struct rt *rt, struct process *process)
{
    int status = -1;
    assert_ok(process_wait(process, rt_after(rt, 30 * RT_S), &status));
    assert_false(process_running(process));
    process_signal(process, SIGTERM); /* no effect */
    process_free(process);
    return status;
}

static void status_main(void *arg)
{
    struct rt *rt = arg;
    assert_int_equal(wait_for(rt, start_shell(rt, "exit 0", NULL, NULL)), 0);
    assert_int_equal(wait_for(rt, start_shell(rt, "exit 7", NULL, NULL)), 7);
    assert_int_equal(wait_for(rt, start_shell(rt, "kill -9 $$", NULL, NULL)), 128 + 9);
    assert_int_equal(wait_for(rt, start_shell(rt, "read line && exit 1 || exit 3", NULL, NULL)), 3); /* no input */
}

static void test_exit_status(void **state)
{
    run(status_main);
}

static void output_main(void *arg)
{
    struct rt *rt = arg;
    char path[] = "/tmp/process_test.XXXXXX";
    close(mkstemp(path));
    assert_int_equal(setenv("PROCESS_TEST", "inherited", 1), 0);
    const char *const env[] = {"PROCESS_TEST=given", "OTHER=x", NULL};
    wait_for(rt, start_shell(rt, "echo $PROCESS_TEST", NULL, path));
    wait_for(rt, start_shell(rt, "echo $PROCESS_TEST >&2; env | grep -c PROCESS_TEST=", env, path));
    FILE *file = fopen(path, "r");
    char text[100] = "";
    assert_true(fread(text, 1, sizeof(text) - 1, file) > 0);
    fclose(file);
    unlink(path);
    assert_string_equal(text, "inherited\ngiven\n1\n");
}

static void test_output_and_environment(void **state)
{
    run(output_main);
}

static void errors_main(void *arg)
{
    struct rt *rt = arg;
    struct process *process = NULL;
    const char *const unknown[] = {"no-such-program-here", NULL};
    assert_error_text(process_start(rt, &(struct process_options){.argv = unknown}, &process), ERROR_NOT_FOUND,
                      "no-such-program-here");
    const char *const folder[] = {"/tmp", NULL};
    assert_error_text(process_start(rt, &(struct process_options){.argv = folder}, &process), ERROR_DENIED, "/tmp");
    assert_null(process);
}

static void test_what_cannot_run(void **state)
{
    run(errors_main);
}

static void stop_main(void *arg)
{
    struct rt *rt = arg;
    int status;
    struct process *gentle = start_shell_ready(rt, "trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done");
    assert_true(process_running(gentle));
    assert_error(process_wait(gentle, rt_after(rt, RT_MS), &status), ERROR_TIMEOUT);
    process_stop(gentle, 30 * RT_S);
    assert_ok(process_wait(gentle, RT_FOREVER, &status));
    assert_int_equal(status, 5);
    process_free(gentle);

    struct process *stubborn =
        start_shell_ready(rt, "trap '' TERM; sleep 1000 & echo ready; while :; do sleep 0.01; done");
    assert_error(process_wait(stubborn, rt_after(rt, RT_MS), &status), ERROR_TIMEOUT);
    process_stop(stubborn, 10 * RT_MS);
    assert_ok(process_wait(stubborn, RT_FOREVER, &status));
    assert_int_equal(status, 128 + SIGKILL);
    process_free(stubborn);

    struct process *left = start_shell(rt, "sleep 1000", NULL, NULL);
    int pid = process_pid(left);
    process_free(left);
    assert_int_equal(kill(pid, 0), -1);
    assert_int_equal(errno, ESRCH);
    process_free(NULL);
}

static void test_stop_and_free_end_it(void **state)
{
    run(stop_main);
}

struct stop_test {
    struct rt *rt;
    bool ready;
    int status;
};

static void stop_when_cancelled(void *arg)
{
    struct stop_test *test = arg;
    CLEANUP(process_free)
    struct process *process =
        start_shell_ready(test->rt, "trap 'exit 5' TERM; echo ready; while :; do sleep 0.01; done");
    test->ready = true;
    assert_error(rt_sleep(test->rt, RT_FOREVER), ERROR_CANCELLED);
    process_stop(process, 30 * RT_S);
    assert_ok(process_wait(process, RT_FOREVER, &test->status));
}

static void cancelled_stop_main(void *arg)
{
    struct stop_test test = {.rt = arg};
    struct rt_group *group = rt_group_new(test.rt, NULL, "program");
    rt_spawn(test.rt, group, "main", stop_when_cancelled, &test);
    while (!test.ready)
        assert_ok(rt_sleep(test.rt, RT_MS));
    rt_group_stop(group);
    assert_int_equal(test.status, 5); /* it had its grace */
    rt_group_free(group);
}

static void test_a_cancelled_task_stops_gently_too(void **state)
{
    run(cancelled_stop_main);
}

static void usage_main(void *arg)
{
    struct rt *rt = arg;
    struct process_usage usage = {0};
    volatile unsigned long long sum = 0;
    do { /* until the clock's tick of CPU time shows */
        for (unsigned i = 0; i < 1000000; i++)
            sum = sum + i;
        assert_ok(process_usage(getpid(), &usage));
    } while (usage.cpu == 0);
    assert_true(usage.cpu < 300 * RT_S);
    assert_true(usage.rss > 100 * 1024);
    assert_true(usage.rss_peak >= usage.rss);

    struct process *process = start_shell(rt, "exit 0", NULL, NULL);
    int pid = process_pid(process);
    wait_for(rt, process);
    assert_error(process_usage(pid, &usage), ERROR_NOT_FOUND);
}

static void test_usage(void **state)
{
    run(usage_main);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exit_status),     cmocka_unit_test(test_output_and_environment),
        cmocka_unit_test(test_what_cannot_run), cmocka_unit_test(test_stop_and_free_end_it),
        cmocka_unit_test(test_usage),           cmocka_unit_test(test_a_cancelled_task_stops_gently_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
