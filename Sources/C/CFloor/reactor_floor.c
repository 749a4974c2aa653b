#define _GNU_SOURCE
#include "CFloor.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

void floor_timer_lateness(int64_t *samples, size_t count, int64_t interval) {
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event event = { .events = EPOLLIN };
    epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event);
    for (size_t i = 0; i < count; i++) {
        int64_t due = now() + interval;
        struct itimerspec spec = { .it_value = { due / 1000000000, due % 1000000000 } };
        timerfd_settime(timer, TFD_TIMER_ABSTIME, &spec, 0);
        epoll_wait(epoll, &event, 1, -1);
        samples[i] = now() - due;
    }
    close(timer);
    close(epoll);
}

int floor_event_create(void) { return eventfd(0, EFD_CLOEXEC); }

void floor_event_notify(int event) { eventfd_write(event, 1); }

void floor_event_wait(int event) {
    eventfd_t value;
    eventfd_read(event, &value);
}

struct inbox {
    pthread_mutex_t lock;
    int items;
    int wake;
    int back;
    size_t count;
};

static void *serve(void *context) {
    struct inbox *inbox = context;
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event = { .events = EPOLLIN | EPOLLET };
    epoll_ctl(epoll, EPOLL_CTL_ADD, inbox->wake, &event);
    for (size_t done = 0; done < inbox->count;) {
        epoll_wait(epoll, &event, 1, -1);
        pthread_mutex_lock(&inbox->lock);
        int items = inbox->items;
        inbox->items = 0;
        pthread_mutex_unlock(&inbox->lock);
        for (; items > 0; items--, done++) floor_event_notify(inbox->back);
    }
    close(epoll);
    return 0;
}

void floor_inbox_round_trips(int64_t *samples, size_t count) {
    struct inbox inbox = { .items = 0, .count = count };
    pthread_t thread;
    pthread_mutex_init(&inbox.lock, 0);
    inbox.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    inbox.back = floor_event_create();
    pthread_create(&thread, 0, serve, &inbox);
    for (size_t i = 0; i < count; i++) {
        int64_t start = now();
        pthread_mutex_lock(&inbox.lock);
        inbox.items++;
        pthread_mutex_unlock(&inbox.lock);
        floor_event_notify(inbox.wake);
        floor_event_wait(inbox.back);
        samples[i] = now() - start;
    }
    pthread_join(thread, 0);
    close(inbox.wake);
    close(inbox.back);
}

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

int64_t floor_percentile(int64_t *samples, size_t count, int per_mille) {
    if (count == 0) return 0;
    qsort(samples, count, sizeof *samples, ascending);
    size_t index = count * (size_t)per_mille / 1000;
    return samples[index < count ? index : count - 1];
}
