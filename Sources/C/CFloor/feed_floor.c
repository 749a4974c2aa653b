#include "CFloor.h"

#include <string.h>

// A plain byte scan: literals compared as they come, digits taken one by one.

struct cursor {
    const uint8_t *at, *end;
};

static int literal(struct cursor *c, const char *text, size_t length) {
    if ((size_t)(c->end - c->at) < length || memcmp(c->at, text, length) != 0) return 0;
    c->at += length;
    return 1;
}

static int64_t integer(struct cursor *c) {
    int64_t value = 0;
    while (c->at < c->end && (uint8_t)(*c->at - '0') < 10) value = value * 10 + (*c->at++ - '0');
    return value;
}

static int64_t decimal(struct cursor *c) {
    int64_t value = integer(c);
    int places = 0;
    if (c->at < c->end && *c->at == '.') {
        c->at++;
        while (c->at < c->end && (uint8_t)(*c->at - '0') < 10 && places < 8) {
            value = value * 10 + (*c->at++ - '0');
            places++;
        }
    }
    for (; places < 8; places++) value *= 10;
    return value;
}

struct ticker {
    const uint8_t *symbol;
    size_t symbol_length;
    int64_t update_id, bid, bid_quantity, ask, ask_quantity, transaction_ms, event_ms;
};

#define LITERAL(text) if (!literal(&c, text, sizeof(text) - 1)) return 0

static int scan(const uint8_t *bytes, size_t length, struct ticker *out) {
    struct cursor c = {bytes, bytes + length};
    LITERAL("{\"e\":\"bookTicker\",\"u\":");
    out->update_id = integer(&c);
    LITERAL(",\"s\":\"");
    out->symbol = c.at;
    while (c.at < c.end && *c.at != '"') c.at++;
    out->symbol_length = (size_t)(c.at - out->symbol);
    LITERAL("\",\"b\":\"");
    out->bid = decimal(&c);
    LITERAL("\",\"B\":\"");
    out->bid_quantity = decimal(&c);
    LITERAL("\",\"a\":\"");
    out->ask = decimal(&c);
    LITERAL("\",\"A\":\"");
    out->ask_quantity = decimal(&c);
    LITERAL("\",\"T\":");
    out->transaction_ms = integer(&c);
    LITERAL(",\"E\":");
    out->event_ms = integer(&c);
    LITERAL("}");
    return c.at == c.end;
}

uint64_t floor_scan_book_tickers(const uint8_t *bytes, const uint32_t *ends, size_t count) {
    uint64_t mixed = 0;
    size_t start = 0;
    for (size_t i = 0; i < count; i++) {
        struct ticker t;
        if (!scan(bytes + start, ends[i] - start, &t)) return 0;
        mixed ^= (uint64_t)(t.update_id ^ t.bid ^ t.bid_quantity ^ t.ask ^ t.ask_quantity
                            ^ t.transaction_ms ^ t.event_ms) + t.symbol_length;
        start = ends[i];
    }
    return mixed;
}
