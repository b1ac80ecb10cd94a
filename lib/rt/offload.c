/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Worker threads for calls that truly block. A worker touches nothing of the loop: it takes a job, runs it and puts it
 * on the list of those done.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/data/mem.h"
#include "lib/rt/real.h"

static void queue_push(struct job_queue *queue, struct offload_job *job)
{
    job->next = NULL;
    *(queue->first ? &queue->last->next : &queue->first) = job;
    queue->last = job;
}

static struct offload_job *queue_pop(struct job_queue *queue)
{
    struct offload_job *job = queue->first;
    if (job)
        queue->first = job->next;
    return job;
}

static void *worker_main(void *arg)
{
    struct workers *workers = arg;
    pthread_mutex_lock(&workers->lock);
    for (;;) {
        struct offload_job *job;
        while (!(job = queue_pop(&workers->todo)) && !workers->stop) {
            workers->idle++;
            pthread_cond_wait(&workers->work, &workers->lock);
            workers->idle--;
        }
        if (!job)
            break;
        pthread_mutex_unlock(&workers->lock);
        job->fn(job->arg);
        pthread_mutex_lock(&workers->lock);
        queue_push(&workers->done, job);
        eventfd_write(workers->wakeup, 1);
    }
    pthread_mutex_unlock(&workers->lock);
    return NULL;
}

/* On the loop: wakes the tasks whose jobs are done. */
static void collect_done(void *arg, uint32_t revents)
{
    struct workers *workers = arg;
    eventfd_t count;
    eventfd_read(workers->wakeup, &count);
    pthread_mutex_lock(&workers->lock);
    struct job_queue done = workers->done;
    workers->done = (struct job_queue){0};
    pthread_mutex_unlock(&workers->lock);
    for (struct offload_job *job; (job = queue_pop(&done));)
        task_wake(job->task, WAKE_DONE);
}

/* The loop's end of the descriptor that workers write to; false when the system has none left. */
static bool open_wakeup(struct rt *rt, struct workers *workers)
{
    if (workers->wakeup >= 0)
        return true;
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return false;
    struct error *err = rt_watch_new(rt, fd, EPOLLIN, collect_done, workers, &workers->watch);
    if (err) {
        error_free(err);
        close(fd);
        return false;
    }
    workers->wakeup = fd;
    return true;
}

/* Workers take no signals: those are the loop's. */
static void start_worker(struct workers *workers)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    if (pthread_create(&workers->threads[workers->started], NULL, worker_main, workers) == 0)
        workers->started++;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void workers_init(struct workers *workers, int max)
{
    *workers = (struct workers){.max = (size_t)max, .wakeup = -1};
    workers->threads = mem_alloc_array(workers->max, sizeof(*workers->threads));
    pthread_mutex_init(&workers->lock, NULL);
    pthread_cond_init(&workers->work, NULL);
}

void workers_release(struct workers *workers)
{
    pthread_mutex_lock(&workers->lock);
    workers->stop = true;
    pthread_cond_broadcast(&workers->work);
    pthread_mutex_unlock(&workers->lock);
    for (size_t i = 0; i < workers->started; i++)
        pthread_join(workers->threads[i], NULL);
    rt_watch_free(workers->watch);
    if (workers->wakeup >= 0)
        close(workers->wakeup);
    pthread_cond_destroy(&workers->work);
    pthread_mutex_destroy(&workers->lock);
    free(workers->threads);
}

void real_offload(struct rt *rt, void (*fn)(void *arg), void *arg)
{
    struct workers *workers = &rt->real->workers;
    struct offload_job job = {.task = rt->current, .fn = fn, .arg = arg};
    bool usable = open_wakeup(rt, workers);
    pthread_mutex_lock(&workers->lock);
    bool all_busy = workers->idle == 0 || workers->todo.first;
    pthread_mutex_unlock(&workers->lock);
    if (usable && all_busy && workers->started < workers->max)
        start_worker(workers);
    if (!usable || workers->started == 0) {
        fn(arg); /* the system gives us no thread: late is better than never */
        return;
    }
    pthread_mutex_lock(&workers->lock);
    queue_push(&workers->todo, &job);
    pthread_cond_signal(&workers->work);
    pthread_mutex_unlock(&workers->lock);
    (void)task_wait(rt, "a worker", RT_FOREVER, false);
}
