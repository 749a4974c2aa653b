#define _GNU_SOURCE
#include "CFloor.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

struct floor_redis {
    redisContext *context;
};

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

floor_redis_t *floor_redis_open(const char *path) {
    redisContext *context = redisConnectUnix(path);
    if (!context || context->err) return 0;
    struct timeval patience = {5, 0};
    redisSetTimeout(context, patience);
    floor_redis_t *redis = malloc(sizeof *redis);
    redis->context = context;
    return redis;
}

void floor_redis_close(floor_redis_t *redis) {
    redisFree(redis->context);
    free(redis);
}

void floor_redis_append(floor_redis_t *redis, int count, const char *const *arguments) {
    redisAppendCommandArgv(redis->context, count, (const char **)arguments, 0);
}

int floor_redis_flush(floor_redis_t *redis, int count) {
    for (int i = 0; i < count; i++) {
        redisReply *reply = 0;
        if (redisGetReply(redis->context, (void **)&reply) != REDIS_OK) return 0;
        int failed = reply->type == REDIS_REPLY_ERROR;
        if (failed) fprintf(stderr, "redis: %s\n", reply->str);
        freeReplyObject(reply);
        if (failed) return 0;
    }
    return 1;
}

int64_t floor_redis_hash(floor_redis_t *redis, const char *key) {
    int64_t start = now();
    redisReply *reply = redisCommand(redis->context, "HGETALL %s", key);
    int64_t end = now();
    int is_there = reply && reply->type == REDIS_REPLY_ARRAY && reply->elements > 0;
    if (reply) freeReplyObject(reply);
    return is_there ? end - start : -1;
}

int64_t floor_redis_number(floor_redis_t *redis, const char *key, const char *field) {
    redisReply *reply = redisCommand(redis->context, "HGET %s %s", key, field);
    int is_there = reply && reply->type == REDIS_REPLY_STRING;
    int64_t number = is_there ? strtoll(reply->str, 0, 10) : -1;
    if (reply) freeReplyObject(reply);
    return number;
}

int floor_redis_await(floor_redis_t *redis, const char *text) {
    int64_t end = now() + 5000000000;
    while (now() < end) {
        redisReply *reply = 0;
        if (redisGetReply(redis->context, (void **)&reply) != REDIS_OK) return 0;
        int is_it = reply->type == REDIS_REPLY_ARRAY && reply->elements == 3
            && reply->element[2]->type == REDIS_REPLY_STRING
            && strstr(reply->element[2]->str, text);
        freeReplyObject(reply);
        if (is_it) return 1;
    }
    return 0;
}

/* The shortest way from a journal message to a readable record: subscribe, write, tell. */
int floor_chain(const char *path, const char *from, const char *to) {
    redisContext *reader = redisConnectUnix(path);
    redisContext *writer = redisConnectUnix(path);
    if (!reader || reader->err || !writer || writer->err) return 1;
    redisReply *reply = redisCommand(reader, "SUBSCRIBE %s", from);
    if (!reply) return 1;
    freeReplyObject(reply);
    if (write(1, "r", 1) < 0) return 1;
    const char *value = "123456.789012345678";
    while (redisGetReply(reader, (void **)&reply) == REDIS_OK) {
        if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 3) {
            const char *message = reply->element[2]->str;
            redisAppendCommand(
                writer,
                "HSET chain:%s wallet %s equity %s unrealised %s maintenance %s initial %s "
                "available %s margin_ratio %s account_move %s qty %s entry %s mark %s pnl %s",
                to, value, value, value, value, value, value, value, value, value, value, value,
                value);
            redisAppendCommand(writer, "PEXPIRE chain:%s 30000", to);
            redisAppendCommand(writer, "PUBLISH %s %s", to, message);
            redisReply *done = 0;
            for (int i = 0; i < 3; i++) {
                if (redisGetReply(writer, (void **)&done) != REDIS_OK) return 1;
                freeReplyObject(done);
            }
        }
        freeReplyObject(reply);
    }
    return 0;
}
