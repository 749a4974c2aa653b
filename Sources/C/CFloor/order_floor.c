#define _GNU_SOURCE
#include "CFloor.h"
#include "CSHA.h"

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// A tick to an order in plain C: what the order path is measured against.

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void say(const char *text) {
    if (write(1, text, strlen(text)) < 0) exit(1);
}

/* SHA-256 (FIPS 180-4) and HMAC (RFC 2104), with the state after the key's block kept. */

typedef struct {
    uint32_t h[8];
    uint8_t block[64];
    uint64_t length;
} sha_t;

static const uint32_t sha_k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t turn(uint32_t x, int by) { return x >> by | x << (32 - by); }

static void sha_block(uint32_t h[8], const uint8_t *block) {
    static int is_native = -1;
    if (is_native < 0) is_native = pms_sha256_is_native();
    if (is_native) return pms_sha256_compress(h, block, 1);
    uint32_t w[64], s[8];
    for (int i = 0; i < 16; i++) {
        uint32_t word;
        memcpy(&word, block + 4 * i, 4);
        w[i] = __builtin_bswap32(word);
    }
    for (int i = 16; i < 64; i++) {
        uint32_t a = turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t b = turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + a + w[i - 7] + b;
    }
    memcpy(s, h, sizeof s);
    for (int i = 0; i < 64; i++) {
        uint32_t e = turn(s[4], 6) ^ turn(s[4], 11) ^ turn(s[4], 25);
        uint32_t one = s[7] + e + ((s[4] & s[5]) ^ (~s[4] & s[6])) + sha_k[i] + w[i];
        uint32_t a = turn(s[0], 2) ^ turn(s[0], 13) ^ turn(s[0], 22);
        uint32_t two = a + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += one;
        s[0] = one + two;
    }
    for (int i = 0; i < 8; i++) h[i] += s[i];
}

static const uint32_t sha_start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/* Ends a hash of which `before` bytes, whole blocks, are in the state already. */
static void sha_finish(uint32_t h[8], const uint8_t *text, size_t length, size_t before,
                       uint8_t digest[32]) {
    size_t at = 0;
    for (; at + 64 <= length; at += 64) sha_block(h, text + at);
    uint8_t tail[128] = {0};
    size_t rest = length - at, size = rest < 56 ? 64 : 128;
    memcpy(tail, text + at, rest);
    tail[rest] = 0x80;
    uint64_t bits = __builtin_bswap64((uint64_t)(before + length) * 8);
    memcpy(tail + size - 8, &bits, 8);
    for (size_t i = 0; i < size; i += 64) sha_block(h, tail + i);
    for (int i = 0; i < 8; i++) {
        uint32_t word = __builtin_bswap32(h[i]);
        memcpy(digest + 4 * i, &word, 4);
    }
}

typedef struct {
    uint32_t inner[8], outer[8];
} hmac_t;

static void hmac_key(hmac_t *code, const char *key) {
    uint8_t block[64] = {0};
    memcpy(block, key, strlen(key));
    for (int i = 0; i < 64; i++) block[i] ^= 0x36;
    memcpy(code->inner, sha_start, sizeof sha_start);
    sha_block(code->inner, block);
    for (int i = 0; i < 64; i++) block[i] ^= 0x36 ^ 0x5c;
    memcpy(code->outer, sha_start, sizeof sha_start);
    sha_block(code->outer, block);
}

static void hmac_hex(const hmac_t *code, const char *text, size_t length, char hex[65]) {
    uint32_t h[8];
    uint8_t digest[32];
    memcpy(h, code->inner, sizeof h);
    sha_finish(h, (const uint8_t *)text, length, 64, digest);
    memcpy(h, code->outer, sizeof h);
    sha_finish(h, digest, 32, 64, digest);
    for (int i = 0; i < 32; i++) {
        hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
    }
    hex[64] = 0;
}

/* The order desk. */

static const char *const key = "bench-key", *const secret = "bench-secret";

static int connect_to(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;
    if (connect(fd, (struct sockaddr *)&address, sizeof address)) return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return fd;
}

static int greet(int fd) {
    const char *request = "GET /ws-fapi/v1 HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\n"
                          "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    if (write(fd, request, strlen(request)) < 0) return 0;
    uint32_t tail = 0;
    uint8_t byte;
    while (tail != 0x0D0A0D0A) {
        if (read(fd, &byte, 1) != 1) return 0;
        tail = tail << 8 | byte;
    }
    return 1;
}

static size_t build_rest(const hmac_t *code, char *out, size_t room, const char *price, int width,
                         uint64_t number, int64_t sent) {
    char body[512], hex[65];
    int length = snprintf(body, sizeof body,
                          "symbol=BTCUSDT&side=BUY&type=LIMIT&quantity=0.002&price=%.*s"
                          "&timeInForce=GTC&newClientOrderId=PMSDEMO0001_M_%016" PRIx64
                          "&newOrderRespType=RESULT&recvWindow=5000&timestamp=%" PRId64,
                          width, price, number, sent);
    hmac_hex(code, body, (size_t)length, hex);
    return (size_t)snprintf(out, room,
                            "POST /fapi/v1/order HTTP/1.1\r\nHost: 127.0.0.1\r\nX-MBX-APIKEY: %s\r\n"
                            "Content-Type: application/x-www-form-urlencoded\r\n"
                            "Content-Length: %d\r\n\r\n%s&signature=%s",
                            key, length + 75, body, hex);
}

static size_t build_socket(const hmac_t *code, char *out, size_t room, const char *price, int width,
                           uint64_t number, int64_t sent) {
    char text[512], hex[65];
    int length = snprintf(text, sizeof text,
                          "apiKey=%s&newClientOrderId=PMSDEMO0001_M_%016" PRIx64
                          "&newOrderRespType=RESULT&price=%.*s&quantity=0.002&recvWindow=5000"
                          "&side=BUY&symbol=BTCUSDT&timeInForce=GTC&timestamp=%" PRId64 "&type=LIMIT",
                          key, number, width, price, sent);
    hmac_hex(code, text, (size_t)length, hex);
    char *body = out + 8;
    int size = snprintf(body, room - 8,
                        "{\"id\":%" PRIu64 ",\"method\":\"order.place\",\"params\":{\"apiKey\":\"%s\","
                        "\"newClientOrderId\":\"PMSDEMO0001_M_%016" PRIx64 "\","
                        "\"newOrderRespType\":\"RESULT\",\"price\":\"%.*s\",\"quantity\":\"0.002\","
                        "\"recvWindow\":5000,\"side\":\"BUY\",\"symbol\":\"BTCUSDT\","
                        "\"timeInForce\":\"GTC\",\"timestamp\":%" PRId64
                        ",\"type\":\"LIMIT\",\"signature\":\"%s\"}}",
                        number, key, number, width, price, sent, hex);
    uint8_t head[8] = {0x81, 0x80 | 126, (uint8_t)(size >> 8), (uint8_t)size, 7, 77, 13, 99};
    memcpy(out, head, 8);
    for (int i = 0; i < size; i++) body[i] ^= (char)head[4 + (i & 3)];
    return (size_t)size + 8;
}

/* Reads the answer to one order; 0 where the connection is gone. */
static int take_answer(int fd, int is_socket) {
    static char buffer[8192];
    size_t held = 0;
    for (;;) {
        ssize_t more = recv(fd, buffer + held, sizeof buffer - 1 - held, 0);
        if (more <= 0) return 0;
        held += (size_t)more;
        buffer[held] = 0;
        if (is_socket) {
            if (held >= 4 && held >= 4 + ((size_t)(uint8_t)buffer[2] << 8 | (uint8_t)buffer[3]))
                return 1;
            continue;
        }
        char *body = strstr(buffer, "\r\n\r\n"), *length = strcasestr(buffer, "content-length:");
        if (body && length && held >= (size_t)(body + 4 - buffer) + strtoul(length + 15, 0, 10))
            return 1;
    }
}

int floor_order_run(const char *path, const char *channel, int port, int is_socket, size_t frames,
                    size_t warm) {
    int fd = connect_to(port);
    redisContext *context = redisConnectUnix(path);
    if (fd < 0 || !context || context->err || (is_socket && !greet(fd))) return 1;
    redisReply *reply = redisCommand(context, "SUBSCRIBE %s", channel);
    if (!reply) return 1;
    freeReplyObject(reply);
    hmac_t code;
    hmac_key(&code, secret);
    int64_t *way = malloc(sizeof *way * frames), *own = malloc(sizeof *own * frames);
    int64_t *built = malloc(sizeof *built * frames);
    size_t count = 0;
    char request[2048];
    say("r");
    for (size_t i = 0; i < frames; i++) {
        if (redisGetReply(context, (void **)&reply) != REDIS_OK) return 1;
        int64_t received = now();
        const char *text = reply->element[2]->str;
        const char *time = strstr(text, "\"tb\":\""), *bid = strstr(text, "\"b\":\"");
        if (!time || !bid) return 1;
        int64_t sent = strtoll(time + 6, 0, 10);
        bid += 5;
        int width = (int)(strchr(bid, '"') - bid);
        int64_t began = now();
        size_t length = is_socket
                            ? build_socket(&code, request, sizeof request, bid, width, i, sent)
                            : build_rest(&code, request, sizeof request, bid, width, i, sent);
        int64_t done = now();
        if (send(fd, request, length, MSG_NOSIGNAL) != (ssize_t)length) return 1;
        if (i >= warm) {
            way[count] = received - sent;
            built[count] = done - began;
            own[count++] = now() - received;
        }
        freeReplyObject(reply);
        if (!take_answer(fd, is_socket)) return 1;
    }
    char line[200];
    snprintf(line, sizeof line,
             "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 "\n",
             floor_percentile(way, count, 500), floor_percentile(way, count, 990),
             floor_percentile(own, count, 500), floor_percentile(own, count, 990),
             floor_percentile(built, count, 500));
    say(line);
    return 0;
}

/* The receiving end. */

static const char *answer_body =
    "{\"orderId\":7,\"symbol\":\"BTCUSDT\",\"status\":\"EXPIRED\",\"clientOrderId\":\"%s\","
    "\"price\":\"61800.20\",\"avgPrice\":\"0.00\",\"origQty\":\"0.002\",\"executedQty\":\"0.000\","
    "\"cumQty\":\"0.000\",\"cumQuote\":\"0.00000\",\"timeInForce\":\"GTC\",\"type\":\"LIMIT\","
    "\"reduceOnly\":false,\"closePosition\":false,\"side\":\"BUY\",\"positionSide\":\"BOTH\","
    "\"stopPrice\":\"0.00\",\"workingType\":\"CONTRACT_PRICE\",\"priceProtect\":false,"
    "\"origType\":\"LIMIT\",\"priceMatch\":\"NONE\",\"selfTradePreventionMode\":\"EXPIRE_MAKER\","
    "\"goodTillDate\":0,\"updateTime\":1723161256314}";

/* The length of the whole request at the start, or 0; a WebSocket message is unmasked in place. */
static size_t whole(char *buffer, size_t held, int is_socket) {
    if (is_socket) {
        if (held < 8 || (buffer[1] & 0x7F) != 126) return 0;
        size_t size = (size_t)(uint8_t)buffer[2] << 8 | (uint8_t)buffer[3];
        if (held < size + 8) return 0;
        for (size_t i = 0; i < size; i++) buffer[8 + i] ^= buffer[4 + (i & 3)];
        return size + 8;
    }
    char *body = memmem(buffer, held, "\r\n\r\n", 4);
    if (!body) return 0;
    *body = 0;
    char *length = strcasestr(buffer, "content-length:");
    *body = '\r';
    size_t size = (size_t)(body + 4 - buffer) + (length ? strtoul(length + 15, 0, 10) : 0);
    return held >= size ? size : 0;
}

/* Copies the value that follows a name up to a sign that ends it. */
static void value(const char *buffer, const char *name, char *out, size_t room) {
    const char *found = strstr(buffer, name);
    size_t length = 0;
    if (found) {
        found += strlen(name);
        while (*found == '"' || *found == ':' || *found == '=') found++;
        while (length + 1 < room && found[length] && !strchr("&\",}", found[length])) {
            out[length] = found[length];
            length++;
        }
    }
    out[length] = 0;
}

static int give_answer(int peer, int is_socket, const char *buffer) {
    char id[64], order[64], body[1024], reply[1400];
    value(buffer, "newClientOrderId", order, sizeof order);
    int size = snprintf(body, sizeof body, answer_body, order), length;
    if (is_socket) {
        value(buffer, "\"id\"", id, sizeof id);
        char *text = reply + 4;
        length = snprintf(text, sizeof reply - 4, "{\"id\":%s,\"status\":200,\"result\":%s}", id, body);
        reply[0] = (char)0x81;
        reply[1] = 126;
        reply[2] = (char)(length >> 8);
        reply[3] = (char)length;
        length += 4;
    } else {
        length = snprintf(reply, sizeof reply,
                          "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                          "Content-Length: %d\r\n\r\n%s",
                          size, body);
    }
    return send(peer, reply, (size_t)length, MSG_NOSIGNAL) == length;
}

enum { PEERS = 32, ROOM = 16 << 10 };

struct peer {
    int fd;
    size_t held;
    char buffer[ROOM];
};

/* Takes what has come from a peer; orders taken, or -1 where it is gone. */
static int take_orders(struct peer *peer, int is_socket, int64_t *samples) {
    ssize_t more = recv(peer->fd, peer->buffer + peer->held, ROOM - 1 - peer->held, 0);
    if (more <= 0) return -1;
    int64_t arrived = now();
    int count = 0;
    peer->held += (size_t)more;
    peer->buffer[peer->held] = 0;
    size_t length;
    while ((length = whole(peer->buffer, peer->held, is_socket)) > 0) {
        char kept = peer->buffer[length], time[32];
        peer->buffer[length] = 0;
        // A message's head may hold zero bytes.
        const char *text = peer->buffer + (is_socket ? 8 : 0);
        value(text, "timestamp", time, sizeof time);
        if (!give_answer(peer->fd, is_socket, text)) return -1;
        peer->buffer[length] = kept;
        samples[count++] = arrived - strtoll(time, 0, 10);
        peer->held -= length;
        memmove(peer->buffer, peer->buffer + length, peer->held + 1);
    }
    return count;
}

static void take_in(struct peer *peer, struct pollfd *watched, int fd) {
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    peer->fd = watched->fd = fd;
    watched->events = POLLIN;
}

int floor_order_receive(int listener, int peer, int is_socket, size_t frames, size_t warm) {
    static struct peer peers[PEERS];
    struct pollfd watched[PEERS + 1] = {{.fd = listener, .events = POLLIN}};
    int64_t *samples = malloc(sizeof *samples * (frames + ROOM));
    size_t count = 0;
    int open = 0;
    if (peer >= 0) take_in(&peers[open], &watched[1 + open], peer), open++;
    while (count < frames) {
        if (poll(watched, (nfds_t)open + 1, -1) < 0) return 1;
        if (watched[0].revents & POLLIN && open < PEERS) {
            take_in(&peers[open], &watched[1 + open], accept(listener, 0, 0));
            watched[1 + open++].revents = 0;
        }
        for (int i = 0; i < open; i++) {
            if (!(watched[1 + i].revents & (POLLIN | POLLHUP))) continue;
            int taken = take_orders(&peers[i], is_socket, samples + count);
            if (taken < 0) watched[1 + i].fd = -1;
            if (taken > 0) count += (size_t)taken;
        }
    }
    char line[64];
    snprintf(line, sizeof line, "%" PRId64 " %" PRId64 "\n",
             floor_percentile(samples + warm, frames - warm, 500),
             floor_percentile(samples + warm, frames - warm, 990));
    say(line);
    // Whoever is still sending is heard out.
    for (int i = 0; i < open; i++) shutdown(peers[i].fd, SHUT_WR);
    poll(0, 0, 200);
    return 0;
}
