#define _GNU_SOURCE
#include "CFloor.h"

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void say(const char *text) {
    if (write(1, text, strlen(text)) < 0) exit(1);
}

int floor_redis_answers(const char *path) {
    redisContext *context = redisConnectUnix(path);
    redisReply *reply = 0;
    if (context && !context->err) reply = redisCommand(context, "PING");
    int answers = reply && reply->type == REDIS_REPLY_STATUS;
    if (reply) freeReplyObject(reply);
    if (context) redisFree(context);
    return answers;
}

int floor_hop_subscribe(const char *path, int batch, int batches, int warm) {
    redisContext *context = redisConnectUnix(path);
    if (!context || context->err) return 1;
    size_t count = 0;
    int64_t *samples = malloc(sizeof *samples * (size_t)batch * (size_t)batches);
    redisReply *reply = redisCommand(context, "SUBSCRIBE hop.c");
    if (!reply) return 1;
    freeReplyObject(reply);
    say("r");
    uint64_t allocations = 0;
    for (int round = 0; round < batches; round++) {
        uint64_t before = floor_allocations();
        for (int i = 0; i < batch; i++) {
            if (redisGetReply(context, (void **)&reply) != REDIS_OK) return 1;
            int64_t received = now();
            redisReply *payload = reply->element[2];
            int64_t sent = strtoll(payload->str + payload->len - 20, 0, 10);
            if (round >= warm) samples[count++] = received - sent;
            freeReplyObject(reply);
        }
        if (round >= warm) allocations += floor_allocations() - before;
        say("d");
    }
    char line[128];
    int64_t middle = floor_percentile(samples, count, 500);
    int64_t tail = floor_percentile(samples, count, 990);
    snprintf(line, sizeof line, "%" PRId64 " %" PRId64 " %" PRIu64 "\n", middle, tail, allocations);
    say(line);
    return 0;
}

int floor_hop_publish(const char *path, int batch, int batches, int warm, int64_t interval) {
    redisContext *context = redisConnectUnix(path);
    if (!context || context->err) return 1;
    char payload[200];
    memset(payload, 'x', sizeof payload);
    say("r");
    uint64_t allocations = 0;
    for (int round = 0; round < batches; round++) {
        char go;
        if (read(0, &go, 1) != 1) return 1;
        uint64_t before = floor_allocations();
        for (int i = 0; i < batch; i++) {
            int64_t due = now() + interval;
            struct timespec time = { due / 1000000000, due % 1000000000 };
            clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, 0);
            char digits[32];
            snprintf(digits, sizeof digits, "%020" PRId64, now());
            memcpy(payload + sizeof payload - 20, digits, 20);
            const char *arguments[] = { "PUBLISH", "hop.c", payload };
            size_t lengths[] = { 7, 5, sizeof payload };
            redisReply *reply = redisCommandArgv(context, 3, arguments, lengths);
            if (!reply) return 1;
            freeReplyObject(reply);
        }
        if (round >= warm) allocations += floor_allocations() - before;
        say("d");
    }
    char line[64];
    snprintf(line, sizeof line, "%" PRIu64 "\n", allocations);
    say(line);
    return 0;
}

int64_t floor_publish(const char *path, const char *channel, const char *text) {
    static redisContext *context = 0;
    static char kept[256];
    if (context && strcmp(kept, path)) redisFree(context), context = 0;
    if (!context) context = redisConnectUnix(path), snprintf(kept, sizeof kept, "%s", path);
    if (!context || context->err) return -1;
    int64_t began = now();
    redisReply *reply = redisCommand(context, "PUBLISH %s %s", channel, text);
    if (!reply) return -1;
    freeReplyObject(reply);
    return began;
}

int floor_start(char *const *arguments, int *input, int *output) {
    int in[2] = { -1, -1 }, out[2] = { -1, -1 };
    if (input && pipe2(in, O_CLOEXEC) < 0) return -1;
    if (output && pipe2(out, O_CLOEXEC) < 0) return -1;
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent) _exit(1);
        int none = open("/dev/null", O_RDWR);
        dup2(input ? in[0] : none, 0);
        dup2(output ? out[1] : none, 1);
        execvp(arguments[0], arguments);
        _exit(127);
    }
    if (input) {
        close(in[0]);
        *input = in[1];
    }
    if (output) {
        close(out[1]);
        *output = out[0];
    }
    return pid;
}

int floor_has_ended(int pid) {
    siginfo_t info = {0};
    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == pid;
}

void floor_end(int pid, int kills) {
    int status;
    if (kills) kill(pid, SIGKILL);
    waitpid(pid, &status, 0);
}
