#include "CFloor.h"

#include <stdlib.h>
#include <string.h>

// A price-time book as one would write it in C: orders in slots with queues by index, prices in one
// sorted array a side, ids in an open-addressed table, events in a ring.

struct order {
    int64_t id, price, remaining, executed;
    int32_t level, previous, next, side;
};

struct level {
    int64_t quantity;
    int32_t first, last;
};

struct side {
    int64_t *prices;
    int32_t *places;
    struct level *levels;
    int32_t *free;
    int32_t count, room, used, free_count;
    int sign;  // 1: higher is better
};

struct cell {
    int64_t key;
    int32_t slot;
};

struct event {
    int64_t kind, trade, price, quantity, taker, taker_left, maker, maker_left;
};

enum { EVENTS = 1024 };

struct floor_book {
    struct side sides[2];
    struct order *orders;
    int32_t *free;
    int32_t room, used, free_count;
    struct cell *cells;
    uint64_t mask;
    int64_t next_order, next_trade;
    uint64_t traded;
    size_t event_count;
    struct event events[EVENTS];
};

static uint64_t home(const struct floor_book *b, int64_t key) {
    return (((uint64_t)key * 0x9E3779B97F4A7C15ull) >> 32) & b->mask;
}

static int32_t find(const struct floor_book *b, int64_t key) {
    for (uint64_t at = home(b, key);; at = (at + 1) & b->mask)
        if (b->cells[at].slot < 0 || b->cells[at].key == key) return b->cells[at].slot;
}

static void insert(struct floor_book *b, int64_t key, int32_t slot) {
    uint64_t at = home(b, key);
    while (b->cells[at].slot >= 0) at = (at + 1) & b->mask;
    b->cells[at] = (struct cell){ key, slot };
}

static void erase(struct floor_book *b, int64_t key) {
    uint64_t hole = home(b, key);
    while (b->cells[hole].key != key || b->cells[hole].slot < 0) hole = (hole + 1) & b->mask;
    for (uint64_t at = (hole + 1) & b->mask; b->cells[at].slot >= 0; at = (at + 1) & b->mask) {
        uint64_t from_home = (at - home(b, b->cells[at].key)) & b->mask;
        if (from_home >= ((at - hole) & b->mask)) {
            b->cells[hole] = b->cells[at];
            hole = at;
        }
    }
    b->cells[hole].slot = -1;
}

static int32_t search(const struct side *s, int64_t price, int *found) {
    int32_t low = 0, high = s->count;
    while (low < high) {
        int32_t middle = (low + high) / 2;
        if (s->prices[middle] == price) {
            *found = 1;
            return middle;
        }
        if ((s->prices[middle] - price) * s->sign < 0) low = middle + 1;
        else high = middle;
    }
    *found = 0;
    return low;
}

static void emit(struct floor_book *b, struct event event) {
    b->events[b->event_count++ % EVENTS] = event;
}

static void append(struct floor_book *b, int32_t slot) {
    struct order *o = &b->orders[slot];
    struct side *s = &b->sides[o->side];
    int found;
    int32_t index = search(s, o->price, &found);
    o->previous = o->next = -1;
    if (!found) {
        int32_t place = s->free_count ? s->free[--s->free_count] : s->used++;
        memmove(s->prices + index + 1, s->prices + index, (size_t)(s->count - index) * 8);
        memmove(s->places + index + 1, s->places + index, (size_t)(s->count - index) * 4);
        s->prices[index] = o->price;
        s->places[index] = place;
        s->levels[place] = (struct level){ o->remaining, slot, slot };
        s->count++;
        o->level = place;
        return;
    }
    struct level *l = &s->levels[s->places[index]];
    b->orders[l->last].next = slot;
    o->previous = l->last;
    o->level = s->places[index];
    l->last = slot;
    l->quantity += o->remaining;
}

static void take_off(struct floor_book *b, int32_t slot) {
    struct order *o = &b->orders[slot];
    struct side *s = &b->sides[o->side];
    struct level *l = &s->levels[o->level];
    if (o->previous >= 0) b->orders[o->previous].next = o->next;
    else l->first = o->next;
    if (o->next >= 0) b->orders[o->next].previous = o->previous;
    else l->last = o->previous;
    l->quantity -= o->remaining;
    if (l->first < 0) {
        int found;
        int32_t index = search(s, o->price, &found);
        memmove(s->prices + index, s->prices + index + 1, (size_t)(s->count - index - 1) * 8);
        memmove(s->places + index, s->places + index + 1, (size_t)(s->count - index - 1) * 4);
        s->count--;
        s->free[s->free_count++] = o->level;
    }
    erase(b, o->id);
    b->free[b->free_count++] = slot;
}

static void match(
    struct floor_book *b, int64_t id, int side, int64_t limit, int64_t *left, int64_t *executed
) {
    struct side *s = &b->sides[!side];
    while (*left > 0 && s->count > 0) {
        int64_t price = s->prices[s->count - 1];
        if (limit && (price - limit) * s->sign < 0) return;
        int32_t slot = s->levels[s->places[s->count - 1]].first;
        struct order *maker = &b->orders[slot];
        int64_t quantity = *left < maker->remaining ? *left : maker->remaining;
        *left -= quantity;
        *executed += quantity;
        maker->remaining -= quantity;
        maker->executed += quantity;
        s->levels[maker->level].quantity -= quantity;
        b->traded += (uint64_t)quantity;
        emit(b, (struct event){ 1, b->next_trade++, price, quantity, id, *left, maker->id,
                                maker->remaining });
        if (maker->remaining == 0) take_off(b, slot);
    }
}

static void rest(
    struct floor_book *b, int64_t id, int side, int64_t price, int64_t left, int64_t executed
) {
    int32_t slot = b->free_count ? b->free[--b->free_count] : b->used++;
    b->orders[slot] = (struct order){ id, price, left, executed, -1, -1, -1, side };
    insert(b, id, slot);
    append(b, slot);
    emit(b, (struct event){ 2, 0, price, left, id, left, 0, 0 });
}

static void place(struct floor_book *b, const floor_order_t *op) {
    int64_t id = b->next_order++, left = op->quantity, executed = 0;
    emit(b, (struct event){ 0, 0, 0, 0, id, left, 0, 0 });
    match(b, id, op->side, op->price, &left, &executed);
    if (left == 0) return;
    if (op->price) rest(b, id, op->side, op->price, left, executed);
    else emit(b, (struct event){ 3, 0, 0, 0, id, left, 0, 0 });
}

static void cancel(struct floor_book *b, int64_t id) {
    int32_t slot = find(b, id);
    if (slot < 0) return;
    emit(b, (struct event){ 4, 0, b->orders[slot].price, 0, id, b->orders[slot].remaining, 0, 0 });
    take_off(b, slot);
}

static void amend(struct floor_book *b, const floor_order_t *op) {
    int32_t slot = find(b, op->id);
    if (slot < 0) return;
    struct order order = b->orders[slot];
    if (order.price == op->price && order.remaining + order.executed == op->quantity) return;
    if (op->quantity <= order.executed) {
        cancel(b, op->id);
        return;
    }
    int64_t left = op->quantity - order.executed;
    take_off(b, slot);
    match(b, order.id, order.side, op->price, &left, &order.executed);
    if (left) rest(b, order.id, order.side, op->price, left, order.executed);
}

floor_book_t *floor_book_create(int32_t room) {
    struct floor_book *b = calloc(1, sizeof *b);
    uint64_t cells = 64;
    while (cells < (uint64_t)room * 2) cells *= 2;
    b->mask = cells - 1;
    b->cells = malloc(cells * sizeof *b->cells);
    for (uint64_t i = 0; i < cells; i++) b->cells[i].slot = -1;
    b->orders = malloc((size_t)room * sizeof *b->orders);
    b->free = malloc((size_t)room * sizeof *b->free);
    for (int i = 0; i < 2; i++) {
        struct side *s = &b->sides[i];
        s->sign = i == 0 ? 1 : -1;
        s->prices = malloc((size_t)room * sizeof *s->prices);
        s->places = malloc((size_t)room * sizeof *s->places);
        s->levels = malloc((size_t)room * sizeof *s->levels);
        s->free = malloc((size_t)room * sizeof *s->free);
    }
    b->next_order = b->next_trade = 1;
    return b;
}

uint64_t floor_book_run(floor_book_t *book, const floor_order_t *operations, size_t count) {
    for (size_t i = 0; i < count; i++) {
        switch (operations[i].kind) {
        case 0: place(book, &operations[i]); break;
        case 1: cancel(book, operations[i].id); break;
        default: amend(book, &operations[i]); break;
        }
    }
    return book->traded + (uint64_t)book->next_trade;
}

void floor_book_free(floor_book_t *book) {
    for (int i = 0; i < 2; i++) {
        free(book->sides[i].prices);
        free(book->sides[i].places);
        free(book->sides[i].levels);
        free(book->sides[i].free);
    }
    free(book->orders);
    free(book->free);
    free(book->cells);
    free(book);
}
