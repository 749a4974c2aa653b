#define _GNU_SOURCE
#include "CFloor.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

int64_t floor_thread_nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

int floor_connect(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int one = 1;
    if (fd < 0) return -1;
    setsockopt(fd, 6, 1, &one, sizeof one);  // TCP_NODELAY
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    close(fd);
    return -1;
}

void floor_patience(int socket, int milliseconds) {
    struct timeval time = {milliseconds / 1000, milliseconds % 1000 * 1000};
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof time);
}

struct floor_drain {
    pthread_t thread;
    int epoll;
    _Atomic int ends;
    _Atomic uint64_t bytes;
};

static void *drain(void *argument) {
    floor_drain_t *self = argument;
    char *buffer = malloc(1 << 18);
    struct epoll_event events[128];
    while (!atomic_load(&self->ends)) {
        int ready = epoll_wait(self->epoll, events, 128, 20);
        for (int i = 0; i < ready; i++) {
            ssize_t count = recv(events[i].data.fd, buffer, 1 << 18, MSG_DONTWAIT);
            if (count > 0) {
                atomic_fetch_add(&self->bytes, (uint64_t)count);
            } else if (count == 0) {
                epoll_ctl(self->epoll, EPOLL_CTL_DEL, events[i].data.fd, NULL);
            }
        }
    }
    free(buffer);
    return NULL;
}

floor_drain_t *floor_drain_start(const int *sockets, size_t count) {
    floor_drain_t *self = calloc(1, sizeof *self);
    self->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (size_t i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = sockets[i]};
        epoll_ctl(self->epoll, EPOLL_CTL_ADD, sockets[i], &event);
    }
    pthread_create(&self->thread, NULL, drain, self);
    return self;
}

uint64_t floor_drain_bytes(floor_drain_t *self) { return atomic_load(&self->bytes); }

void floor_drain_end(floor_drain_t *self) {
    atomic_store(&self->ends, 1);
    pthread_join(self->thread, NULL);
    close(self->epoll);
    free(self);
}

double floor_fan_out(int sockets, int rounds, int frames, int bytes, int64_t interval) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    bind(listener, (struct sockaddr *)&address, sizeof address);
    listen(listener, sockets);
    getsockname(listener, (struct sockaddr *)&address, &length);
    int *readers = calloc((size_t)sockets, sizeof(int));
    int *writers = calloc((size_t)sockets, sizeof(int));
    int one = 1;
    for (int i = 0; i < sockets; i++) {
        readers[i] = floor_connect(ntohs(address.sin_port));
        writers[i] = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
        setsockopt(writers[i], 6, 1, &one, sizeof one);
    }
    floor_drain_t *reader = floor_drain_start(readers, (size_t)sockets);
    char *frame = malloc((size_t)bytes), *batch = malloc((size_t)(bytes * frames));
    memset(frame, 'x', (size_t)bytes);
    int64_t spent = 0;
    for (int round = 0; round < rounds; round++) {
        struct timespec pause = {.tv_nsec = interval};
        nanosleep(&pause, NULL);
        int64_t start = floor_thread_nanoseconds();
        for (int f = 0; f < frames; f++) memcpy(batch + f * bytes, frame, (size_t)bytes);
        for (int i = 0; i < sockets; i++) {
            send(writers[i], batch, (size_t)(bytes * frames), MSG_NOSIGNAL);
        }
        spent += floor_thread_nanoseconds() - start;
    }
    for (int i = 0; i < sockets; i++) close(writers[i]);
    floor_drain_end(reader);
    for (int i = 0; i < sockets; i++) close(readers[i]);
    close(listener);
    free(readers), free(writers), free(frame), free(batch);
    return (double)spent / ((double)sockets * rounds * frames);
}

int floor_ask(int socket, const char *request, size_t count, char *reply, size_t room) {
    if (send(socket, request, count, MSG_NOSIGNAL) != (ssize_t)count) return -1;
    size_t held = 0;
    while (held + 1 < room) {
        ssize_t more = recv(socket, reply + held, room - held - 1, 0);
        if (more <= 0) return -1;
        held += (size_t)more;
        reply[held] = 0;
        char *body = strstr(reply, "\r\n\r\n");
        char *length = body ? strcasestr(reply, "content-length:") : NULL;
        if (body && length && held >= (size_t)(body + 4 - reply) + strtoul(length + 15, NULL, 10)) {
            return (int)held;
        }
    }
    return -1;
}
