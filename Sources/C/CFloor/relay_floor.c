#define _GNU_SOURCE
#include "CFloor.h"

#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Between a gateway and its venue: passes all bytes on, and tells when an order's came by. */

enum { PAIRS = 32, ROOM = 64 << 10 };

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int send_all(int fd, const char *bytes, size_t length) {
    while (length > 0) {
        ssize_t sent = send(fd, bytes, length, MSG_NOSIGNAL);
        if (sent <= 0) return 0;
        bytes += sent, length -= (size_t)sent;
    }
    return 1;
}

static void tell(int64_t time) {
    char line[32];
    int length = snprintf(line, sizeof line, "%" PRId64 "\n", time);
    if (write(1, line, (size_t)length) < 0) _exit(1);
}

/* Passes what has come on one side to the other; 0 where one of them is gone. */
static int pass(int from, int to, const char *mark) {
    static char buffer[ROOM];
    ssize_t more = recv(from, buffer, ROOM, 0);
    if (more <= 0) return 0;
    int64_t arrived = now();
    if (!send_all(to, buffer, (size_t)more)) return 0;
    if (mark && memmem(buffer, (size_t)more, mark, strlen(mark))) tell(arrived);
    return 1;
}

int floor_relay(int listener, uint16_t port, const char *mark) {
    /* The listener, then the two ends of each pair. */
    struct pollfd ends[1 + 2 * PAIRS] = {{.fd = listener, .events = POLLIN}};
    for (int i = 1; i <= 2 * PAIRS; i++) ends[i].fd = -1;
    for (;;) {
        if (poll(ends, 1 + 2 * PAIRS, -1) < 0) return 1;
        for (int i = 1; i <= 2 * PAIRS; i++) {
            if (ends[i].fd < 0 || !(ends[i].revents & (POLLIN | POLLHUP))) continue;
            int other = (i & 1) ? i + 1 : i - 1;
            if (pass(ends[i].fd, ends[other].fd, (i & 1) ? mark : 0)) continue;
            close(ends[i].fd), close(ends[other].fd);
            ends[i].fd = ends[other].fd = -1;
            ends[other].revents = 0;
        }
        if (!(ends[0].revents & POLLIN)) continue;
        int near = accept(listener, 0, 0), far = floor_connect(port), place = 1, one = 1;
        while (place < 2 * PAIRS && ends[place].fd >= 0) place += 2;
        if (near < 0 || far < 0 || place > 2 * PAIRS) {
            if (near >= 0) close(near);
            if (far >= 0) close(far);
            continue;
        }
        setsockopt(near, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        ends[place] = (struct pollfd){.fd = near, .events = POLLIN};
        ends[place + 1] = (struct pollfd){.fd = far, .events = POLLIN};
    }
}
