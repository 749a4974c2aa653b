#define _GNU_SOURCE
#include "CFloor.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

/* One read of all hashes, and of the numbers in them; 0 where a reply is none. */
static uint64_t read_all(redisContext *context, const char *prefix, int count) {
    for (int i = 0; i < count; i++) redisAppendCommand(context, "HGETALL %s%d", prefix, i);
    uint64_t mix = 1;
    for (int i = 0; i < count; i++) {
        redisReply *reply = 0;
        if (redisGetReply(context, (void **)&reply) != REDIS_OK) return 0;
        if (reply->type != REDIS_REPLY_ARRAY || reply->elements == 0) return 0;
        for (size_t field = 1; field < reply->elements; field += 2) {
            redisReply *value = reply->element[field];
            char first = value->len ? value->str[0] : 0;
            /* Numbers are read, other texts copied. */
            if (first >= '0' && first <= '9') {
                mix += strtoull(value->str, 0, 10);
            } else {
                char *copy = strndup(value->str, value->len);
                mix += (uint64_t)copy[0];
                free(copy);
            }
        }
        freeReplyObject(reply);
    }
    return mix;
}

int64_t floor_read_states(const char *path, const char *prefix, int count, int rounds) {
    redisContext *context = redisConnectUnix(path);
    if (!context || context->err) return -1;
    int64_t least = INT64_MAX;
    for (int round = 0; round < rounds; round++) {
        int64_t begun = now();
        if (read_all(context, prefix, count) == 0) return -1;
        int64_t took = now() - begun;
        if (took < least) least = took;
    }
    redisFree(context);
    return least;
}
