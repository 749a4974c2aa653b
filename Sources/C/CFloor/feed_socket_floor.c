#define _GNU_SOURCE
#include "CFloor.h"

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

// The feed in plain C on a socket: frames of RFC 6455 in, PUBLISH commands out, nothing else.

enum { INPUT = 64 << 10, FLUSH = 64 << 10 };

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void say(const char *text) {
    if (write(1, text, strlen(text)) < 0) exit(1);
}

static int unix_socket(const char *path, int listens) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    int failed = listens ? bind(fd, (struct sockaddr *)&address, sizeof address) || listen(fd, 1)
                         : connect(fd, (struct sockaddr *)&address, sizeof address);
    if (failed) {
        close(fd);
        return -1;
    }
    return fd;
}

long floor_resident_kilobytes(void) {
    long total = 0, pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%ld %ld", &total, &pages) != 2) pages = 0;
    if (file) fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

int floor_sink_connect(const char *path) { return unix_socket(path, 0); }

int floor_sink_write(int fd, const uint8_t *bytes, size_t length) {
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written <= 0) return 0;
        bytes += written;
        length -= (size_t)written;
    }
    return 1;
}

int floor_sink_run(const char *path) {
    static uint8_t buffer[256 << 10];
    int listener = unix_socket(path, 1);
    if (listener < 0) return 1;
    say("r");
    int fd = accept(listener, 0, 0);
    while (read(fd, buffer, sizeof buffer) > 0) {}
    return 0;
}

/* Connects, and asks for a WebSocket; whatever follows the answer's head is left in the socket. */
static int open_stream(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    const char *request = "GET /ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    if (write(fd, request, strlen(request)) < 0) return -1;
    uint32_t tail = 0;
    uint8_t byte;
    while (tail != 0x0D0A0D0A) {
        if (read(fd, &byte, 1) != 1) return -1;
        tail = tail << 8 | byte;
    }
    return fd;
}

/* What takes the commands: a socket that is drained, or a Redis whose replies are read. */
struct taker {
    int fd, replies;
};

static int hand_over(struct taker *taker, floor_feed *feed) {
    const uint8_t *bytes;
    static uint64_t before;
    uint64_t published = floor_feed_published(feed), commands = published - before;
    size_t length = floor_feed_take(feed, &bytes);
    before = published;
    if (length == 0) return 1;
    if (!floor_sink_write(taker->fd, bytes, length)) return 0;
    uint8_t reply[4096];
    while (taker->replies && commands > 0) {
        ssize_t count = read(taker->fd, reply, sizeof reply);
        if (count <= 0) return 0;
        for (ssize_t i = 0; i < count; i++) commands -= reply[i] == '\n';
    }
    return 1;
}

/* Takes the whole frames of `buffer`; how many bytes they were, or -1. */
static ssize_t take_frames(floor_feed *feed, struct taker *taker, const uint8_t *buffer,
                           size_t held, int64_t window_ms, uint64_t *taken) {
    size_t at = 0;
    int64_t now_ms = now() / 1000000;
    for (;;) {
        size_t left = held - at, head = 2;
        if (left < 2 || buffer[at] != 0x81) return left < 2 ? (ssize_t)at : -1;
        size_t length = buffer[at + 1] & 0x7F;
        if (length == 127) return -1;
        if (length == 126) {
            if (left < 4) return (ssize_t)at;
            length = (size_t)buffer[at + 2] << 8 | buffer[at + 3];
            head = 4;
        }
        if (left < head + length) return (ssize_t)at;
        const uint8_t *frame = buffer + at + head;
        if (!(window_ms ? floor_feed_offer(feed, frame, length)
                        : floor_feed_frame(feed, FLOOR_BOOK_TICKER, frame, length, now_ms, 0)))
            return -1;
        at += head + length;
        (*taken)++;
        if (floor_feed_held(feed) > FLUSH && !hand_over(taker, feed)) return -1;
    }
}

int floor_feed_receive(int port, const char *path, int is_redis, const char *const *names,
                       size_t count, uint64_t frames, int64_t window_ms) {
    static uint8_t buffer[INPUT];
    struct taker taker = {floor_sink_connect(path), is_redis};
    int fd = open_stream(port);
    if (fd < 0 || taker.fd < 0) return 1;
    floor_feed *feed = floor_feed_create(names, count);
    size_t held = 0;
    uint64_t taken = 0;
    int64_t start = 0;
    while (taken < frames) {
        ssize_t got = recv(fd, buffer + held, sizeof buffer - held, 0);
        if (got <= 0) return 1;
        if (start == 0) start = now();
        held += (size_t)got;
        ssize_t used = take_frames(feed, &taker, buffer, held, window_ms, &taken);
        if (used < 0) return 1;
        if (window_ms && !floor_feed_settle(feed, now() / 1000000, window_ms)) return 1;
        held -= (size_t)used;
        memmove(buffer, buffer + used, held);
        if (window_ms) floor_feed_due(feed, now() / 1000000, window_ms);
        if (!hand_over(&taker, feed)) return 1;
    }
    char line[128];
    snprintf(line, sizeof line, "%" PRIu64 " %" PRId64 " %" PRIu64 " 0 %ld\n", taken, now() - start,
             floor_feed_published(feed), floor_resident_kilobytes());
    say(line);
    floor_feed_destroy(feed);
    return 0;
}

int floor_feed_subscribe(const char *path, const char *channel, size_t frames, size_t warm) {
    redisContext *context = redisConnectUnix(path);
    if (!context || context->err) return 1;
    redisReply *reply = redisCommand(context, "SUBSCRIBE %s", channel);
    if (!reply) return 1;
    freeReplyObject(reply);
    int64_t *samples = malloc(sizeof *samples * frames);
    size_t count = 0;
    say("r");
    for (size_t i = 0; i < frames; i++) {
        if (redisGetReply(context, (void **)&reply) != REDIS_OK) return 1;
        int64_t received = now();
        const char *sent = strstr(reply->element[2]->str, "\"tb\":\"");
        if (!sent) return 1;
        if (i >= warm) samples[count++] = received - strtoll(sent + 6, 0, 10);
        freeReplyObject(reply);
    }
    char line[128];
    int64_t middle = floor_percentile(samples, count, 500);
    int64_t late = floor_percentile(samples, count, 990);
    snprintf(line, sizeof line, "%" PRId64 " %" PRId64 "\n", middle, late);
    say(line);
    return 0;
}
