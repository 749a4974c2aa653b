#include "CFloor.h"

#include <stdlib.h>
#include <string.h>

// The feed in plain C: a byte scan of one layout, literals compared as they come, digits taken one
// by one into 64-bit counts of 1e-8; a hash table of symbols; sorted arrays for books; and text
// written digit by digit into a buffer that is reused.

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

static const uint8_t *text(struct cursor *c, size_t *length) {
    const uint8_t *start = c->at;
    while (c->at < c->end && *c->at != '"') c->at++;
    *length = (size_t)(c->at - start);
    return start;
}

#define LITERAL(text) if (!literal(&c, text, sizeof(text) - 1)) return 0
#define OPTIONAL(text) literal(&c, text, sizeof(text) - 1)

struct ticker {
    const uint8_t *symbol;
    size_t symbol_length;
    int64_t update_id, bid, bid_quantity, ask, ask_quantity, transaction_ms, event_ms;
};

static int scan(const uint8_t *bytes, size_t length, struct ticker *out) {
    struct cursor c = {bytes, bytes + length};
    LITERAL("{\"e\":\"bookTicker\",\"u\":");
    out->update_id = integer(&c);
    LITERAL(",\"s\":\"");
    out->symbol = text(&c, &out->symbol_length);
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

// What is kept of a symbol.

enum { NAME = 32, LEVELS = 2000, SHOWN = 20, TABLE = 4096, OUTPUT = 128 << 10 };

struct level {
    int64_t price, quantity;
};

struct side {
    struct level *levels; /* worst first */
    size_t count;
    int is_bid;
};

struct symbol {
    uint8_t name[NAME];
    size_t length;
    char channel[64];
    size_t channel_length;
    int64_t update_id, book_ms, mark_ms, bid, bid_quantity, ask, ask_quantity, mark, index;
    int64_t sequence, last_id, next_ms;
    int is_pending;
    /* The newest frame of the present read, which is read at its end. */
    const uint8_t *held;
    size_t held_length;
    int64_t held_id;
    struct side bids, asks;
};

struct floor_feed {
    struct symbol *symbols;
    size_t count;
    int32_t table[TABLE];
    struct symbol **holding;
    size_t holding_count;
    uint8_t *out;
    size_t length;
    uint64_t published;
};

static uint32_t hash(const uint8_t *name, size_t length) {
    uint32_t value = 2166136261u;
    for (size_t i = 0; i < length; i++) value = (value ^ name[i]) * 16777619u;
    return value;
}

static struct symbol *find(struct floor_feed *feed, const uint8_t *name, size_t length) {
    for (uint32_t i = hash(name, length);; i++) {
        int32_t slot = feed->table[i % TABLE];
        if (slot < 0) return 0;
        struct symbol *s = &feed->symbols[slot];
        if (s->length == length && memcmp(s->name, name, length) == 0) return s;
    }
}

floor_feed *floor_feed_create(const char *const *names, size_t count) {
    struct floor_feed *feed = calloc(1, sizeof *feed);
    feed->symbols = calloc(count, sizeof *feed->symbols);
    feed->out = malloc(OUTPUT);
    feed->holding = calloc(count, sizeof *feed->holding);
    feed->count = count;
    memset(feed->table, -1, sizeof feed->table);
    for (size_t slot = 0; slot < count; slot++) {
        struct symbol *s = &feed->symbols[slot];
        s->length = strlen(names[slot]);
        memcpy(s->name, names[slot], s->length);
        s->bids.is_bid = 1;
        uint32_t i = hash(s->name, s->length);
        while (feed->table[i % TABLE] >= 0) i++;
        feed->table[i % TABLE] = (int32_t)slot;
    }
    return feed;
}

void floor_feed_destroy(floor_feed *feed) {
    for (size_t slot = 0; slot < feed->count; slot++) {
        free(feed->symbols[slot].bids.levels);
        free(feed->symbols[slot].asks.levels);
    }
    free(feed->symbols);
    free(feed->holding);
    free(feed->out);
    free(feed);
}

uint64_t floor_feed_published(const floor_feed *feed) { return feed->published; }

// Text.

#define PUT(text) (memcpy(p, text, sizeof(text) - 1), p += sizeof(text) - 1)

static uint8_t *put_integer(uint8_t *p, int64_t value) {
    uint8_t digits[20];
    int count = 0;
    do {
        digits[count++] = (uint8_t)('0' + value % 10);
        value /= 10;
    } while (value);
    while (count) *p++ = digits[--count];
    return p;
}

static uint8_t *put_decimal(uint8_t *p, int64_t value) {
    int64_t fraction = value % 100000000;
    p = put_integer(p, value / 100000000);
    if (fraction == 0) return p;
    *p++ = '.';
    int places = 8;
    while (fraction % 10 == 0) {
        fraction /= 10;
        places--;
    }
    for (int i = places - 1; i >= 0; i--) {
        p[i] = (uint8_t)('0' + fraction % 10);
        fraction /= 10;
    }
    return p + places;
}

/* The command around `length` bytes of payload. */
static void publish(struct floor_feed *feed, const char *kind, struct symbol *s,
                    const uint8_t *payload, size_t length) {
    if (s->channel_length == 0) {
        memcpy(s->channel, "pms:{usdm}:", 11);
        size_t size = strlen(kind);
        memcpy(s->channel + 11, kind, size);
        memcpy(s->channel + 11 + size, s->name, s->length);
        s->channel_length = 11 + size + s->length;
    }
    if (feed->length > (100 << 10)) feed->length = 0;
    uint8_t *p = feed->out + feed->length;
    PUT("*3\r\n$7\r\nPUBLISH\r\n$");
    p = put_integer(p, (int64_t)s->channel_length);
    PUT("\r\n");
    memcpy(p, s->channel, s->channel_length);
    p += s->channel_length;
    PUT("\r\n$");
    p = put_integer(p, (int64_t)length);
    PUT("\r\n");
    memcpy(p, payload, length);
    p += length;
    PUT("\r\n");
    feed->length = (size_t)(p - feed->out);
    feed->published++;
}

static void publish_tick(struct floor_feed *feed, struct symbol *s, int64_t now_ms) {
    uint8_t payload[512], *p = payload;
    PUT("{\"s\":\"");
    memcpy(p, s->name, s->length);
    p += s->length;
    PUT("\",\"seq\":\"");
    p = put_integer(p, ++s->sequence);
    PUT("\",\"b\":\"");
    p = put_decimal(p, s->bid);
    PUT("\",\"B\":\"");
    p = put_decimal(p, s->bid_quantity);
    PUT("\",\"a\":\"");
    p = put_decimal(p, s->ask);
    PUT("\",\"A\":\"");
    p = put_decimal(p, s->ask_quantity);
    PUT("\",\"m\":\"");
    p = put_decimal(p, s->mark);
    PUT("\",\"i\":\"");
    p = put_decimal(p, s->index);
    PUT("\",\"tb\":\"");
    p = put_integer(p, s->book_ms);
    PUT("\",\"tm\":\"");
    p = put_integer(p, s->mark_ms);
    PUT("\",\"t\":\"");
    p = put_integer(p, now_ms);
    PUT("\"}");
    publish(feed, "tick:", s, payload, (size_t)(p - payload));
}

/* Publishes now, or at the window's end; 0 publishes every change. */
static void changed(struct floor_feed *feed, struct symbol *s, int64_t now_ms, int64_t window_ms) {
    if (now_ms < s->next_ms) {
        s->is_pending = 1;
        return;
    }
    s->next_ms = now_ms + window_ms;
    s->is_pending = 0;
    publish_tick(feed, s, now_ms);
}

// The four kinds of frame.

static int book_ticker(struct floor_feed *feed, const uint8_t *bytes, size_t length,
                       int64_t now_ms, int64_t window_ms) {
    struct ticker t;
    if (!scan(bytes, length, &t)) return 0;
    struct symbol *s = find(feed, t.symbol, t.symbol_length);
    if (!s || t.bid <= 0 || t.ask <= 0 || t.bid_quantity < 0 || t.ask_quantity < 0) return 0;
    if (t.bid >= t.ask || t.update_id < s->update_id || t.transaction_ms < s->book_ms) return 0;
    s->update_id = t.update_id;
    s->book_ms = t.transaction_ms;
    s->bid = t.bid;
    s->bid_quantity = t.bid_quantity;
    s->ask = t.ask;
    s->ask_quantity = t.ask_quantity;
    changed(feed, s, now_ms, window_ms);
    return 1;
}

int floor_feed_offer(floor_feed *feed, const uint8_t *bytes, size_t length) {
    struct cursor c = {bytes, bytes + length};
    size_t name_length;
    LITERAL("{\"e\":\"bookTicker\",\"u\":");
    int64_t id = integer(&c);
    LITERAL(",\"s\":\"");
    const uint8_t *name = text(&c, &name_length);
    struct symbol *s = find(feed, name, name_length);
    if (!s || bytes[length - 1] != '}' || (s->held && id <= s->held_id)) return 0;
    if (!s->held) feed->holding[feed->holding_count++] = s;
    s->held = bytes;
    s->held_length = length;
    s->held_id = id;
    return 1;
}

int floor_feed_settle(floor_feed *feed, int64_t now_ms, int64_t window_ms) {
    for (size_t i = 0; i < feed->holding_count; i++) {
        struct symbol *s = feed->holding[i];
        if (!book_ticker(feed, s->held, s->held_length, now_ms, window_ms)) return 0;
        s->held = 0;
    }
    feed->holding_count = 0;
    return 1;
}

static int mark_price(struct floor_feed *feed, const uint8_t *bytes, size_t length,
                      int64_t now_ms, int64_t window_ms) {
    struct cursor c = {bytes, bytes + length};
    size_t name_length;
    LITERAL("{\"e\":\"markPriceUpdate\",\"E\":");
    int64_t event = integer(&c);
    LITERAL(",\"s\":\"");
    const uint8_t *name = text(&c, &name_length);
    LITERAL("\",\"p\":\"");
    int64_t mark = decimal(&c);
    if (OPTIONAL("\",\"ap\":\"")) decimal(&c);
    LITERAL("\",\"i\":\"");
    int64_t index = decimal(&c);
    LITERAL("\",\"P\":\"");
    decimal(&c);
    LITERAL("\",\"r\":\"");
    size_t rate_length;
    text(&c, &rate_length);
    LITERAL("\",\"T\":");
    integer(&c);
    LITERAL("}");
    struct symbol *s = find(feed, name, name_length);
    if (!s || c.at != c.end || mark <= 0 || index < 0 || event < s->mark_ms) return 0;
    s->mark = mark;
    s->index = index;
    s->mark_ms = event;
    changed(feed, s, now_ms, window_ms);
    return 1;
}

static int agg_trade(struct floor_feed *feed, const uint8_t *bytes, size_t length, int64_t now_ms) {
    struct cursor c = {bytes, bytes + length};
    size_t name_length;
    LITERAL("{\"e\":\"aggTrade\",\"E\":");
    integer(&c);
    LITERAL(",\"s\":\"");
    const uint8_t *name = text(&c, &name_length);
    LITERAL("\",\"a\":");
    int64_t id = integer(&c);
    LITERAL(",\"p\":\"");
    int64_t price = decimal(&c);
    LITERAL("\",\"q\":\"");
    int64_t quantity = decimal(&c);
    if (OPTIONAL("\",\"nq\":\"")) decimal(&c);
    LITERAL("\",\"f\":");
    integer(&c);
    LITERAL(",\"l\":");
    integer(&c);
    LITERAL(",\"T\":");
    int64_t time = integer(&c);
    LITERAL(",\"m\":");
    int is_sell = OPTIONAL("true");
    if (!is_sell && !OPTIONAL("false")) return 0;
    LITERAL("}");
    struct symbol *s = find(feed, name, name_length);
    if (!s || c.at != c.end || price <= 0 || quantity <= 0) return 0;
    uint8_t payload[512], *p = payload;
    PUT("{\"s\":\"");
    memcpy(p, s->name, s->length);
    p += s->length;
    PUT("\",\"id\":\"");
    p = put_integer(p, id);
    PUT("\",\"p\":\"");
    p = put_decimal(p, price);
    PUT("\",\"q\":\"");
    p = put_decimal(p, quantity);
    if (is_sell) PUT("\",\"side\":\"SELL\",\"tt\":\""); else PUT("\",\"side\":\"BUY\",\"tt\":\"");
    p = put_integer(p, time);
    PUT("\",\"t\":\"");
    p = put_integer(p, now_ms);
    PUT("\"}");
    publish(feed, "trade:", s, payload, (size_t)(p - payload));
    return 1;
}

static void set_level(struct side *side, int64_t price, int64_t quantity) {
    if (!side->levels) side->levels = malloc(LEVELS * sizeof(struct level));
    size_t low = 0, high = side->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        int64_t other = side->levels[middle].price;
        if (side->is_bid ? other < price : other > price) low = middle + 1; else high = middle;
    }
    struct level *at = side->levels + low;
    int is_held = low < side->count && at->price == price;
    if (is_held && quantity) {
        at->quantity = quantity;
    } else if (is_held) {
        side->count--;
        memmove(at, at + 1, (side->count - low) * sizeof *at);
    } else if (quantity && side->count < LEVELS) {
        memmove(at + 1, at, (side->count - low) * sizeof *at);
        at->price = price;
        at->quantity = quantity;
        side->count++;
    }
}

static int scan_levels(struct cursor *cursor, struct side *side) {
    struct cursor c = *cursor;
    if (!OPTIONAL("]")) {
        for (;;) {
            LITERAL("[\"");
            int64_t price = decimal(&c);
            LITERAL("\",\"");
            int64_t quantity = decimal(&c);
            LITERAL("\"]");
            if (price <= 0 || quantity < 0) return 0;
            set_level(side, price, quantity);
            if (OPTIONAL("]")) break;
            LITERAL(",");
        }
    }
    *cursor = c;
    return 1;
}

static uint8_t *put_levels(uint8_t *p, const struct side *side) {
    size_t count = side->count < SHOWN ? side->count : SHOWN;
    for (size_t i = 0; i < count; i++) {
        const struct level *level = &side->levels[side->count - 1 - i];
        if (i) *p++ = ',';
        PUT("[\"");
        p = put_decimal(p, level->price);
        PUT("\",\"");
        p = put_decimal(p, level->quantity);
        PUT("\"]");
    }
    return p;
}

static int depth(struct floor_feed *feed, const uint8_t *bytes, size_t length, int64_t now_ms) {
    struct cursor c = {bytes, bytes + length};
    size_t name_length;
    LITERAL("{\"e\":\"depthUpdate\",\"E\":");
    integer(&c);
    LITERAL(",\"T\":");
    int64_t time = integer(&c);
    LITERAL(",\"s\":\"");
    const uint8_t *name = text(&c, &name_length);
    LITERAL("\",\"U\":");
    integer(&c);
    LITERAL(",\"u\":");
    int64_t last = integer(&c);
    LITERAL(",\"pu\":");
    int64_t previous = integer(&c);
    struct symbol *s = find(feed, name, name_length);
    if (!s || (s->last_id && previous != s->last_id)) return 0;
    LITERAL(",\"b\":[");
    if (!scan_levels(&c, &s->bids)) return 0;
    LITERAL(",\"a\":[");
    if (!scan_levels(&c, &s->asks)) return 0;
    LITERAL("}");
    if (c.at != c.end) return 0;
    s->last_id = last;
    size_t bids = s->bids.count, asks = s->asks.count;
    if (bids && asks && s->bids.levels[bids - 1].price >= s->asks.levels[asks - 1].price) return 0;
    uint8_t payload[4096], *p = payload;
    PUT("{\"s\":\"");
    memcpy(p, s->name, s->length);
    p += s->length;
    PUT("\",\"seq\":\"");
    p = put_integer(p, ++s->sequence);
    PUT("\",\"u\":\"");
    p = put_integer(p, last);
    PUT("\",\"tb\":\"");
    p = put_integer(p, time);
    PUT("\",\"t\":\"");
    p = put_integer(p, now_ms);
    PUT("\",\"b\":[");
    p = put_levels(p, &s->bids);
    PUT("],\"a\":[");
    p = put_levels(p, &s->asks);
    PUT("]}");
    publish(feed, "depth:", s, payload, (size_t)(p - payload));
    return 1;
}

int floor_feed_frame(floor_feed *feed, int kind, const uint8_t *bytes, size_t length,
                     int64_t now_ms, int64_t window_ms) {
    switch (kind) {
    case FLOOR_BOOK_TICKER: return book_ticker(feed, bytes, length, now_ms, window_ms);
    case FLOOR_MARK_PRICE: return mark_price(feed, bytes, length, now_ms, window_ms);
    case FLOOR_AGG_TRADE: return agg_trade(feed, bytes, length, now_ms);
    case FLOOR_DEPTH: return depth(feed, bytes, length, now_ms);
    default: return 0;
    }
}

uint64_t floor_feed_run(floor_feed *feed, int kind, const uint8_t *bytes, const uint32_t *ends,
                        size_t count) {
    size_t start = 0;
    for (size_t slot = 0; slot < feed->count; slot++) {
        struct symbol *s = &feed->symbols[slot];
        s->update_id = s->book_ms = s->mark_ms = s->last_id = 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (!floor_feed_frame(feed, kind, bytes + start, ends[i] - start, 1723161256400, 0)) return 0;
        start = ends[i];
    }
    return feed->published;
}

size_t floor_feed_held(const floor_feed *feed) { return feed->length; }

void floor_feed_due(floor_feed *feed, int64_t now_ms, int64_t window_ms) {
    for (size_t slot = 0; slot < feed->count; slot++) {
        struct symbol *s = &feed->symbols[slot];
        if (s->is_pending && now_ms >= s->next_ms) changed(feed, s, now_ms, window_ms);
    }
}

size_t floor_feed_take(floor_feed *feed, const uint8_t **bytes) {
    size_t length = feed->length;
    *bytes = feed->out;
    feed->length = 0;
    return length;
}
