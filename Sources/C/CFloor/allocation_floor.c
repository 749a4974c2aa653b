#include "CFloor.h"

/* Plans slices as the allocator does, on counts of 1e-8 in 64 bits with products in 128. */

enum { LEVELS = 20, WORDS = 2 + 4 * LEVELS };
static const int64_t ONE = 100000000, TICK = 1000, STEP = 1000000;

static int64_t times(int64_t a, int64_t b) { return (int64_t)((__int128)a * b / ONE); }
static int64_t over(int64_t a, int64_t b) { return (int64_t)((__int128)a * ONE / b); }
static int64_t up(int64_t a, int64_t step) { return (a + step - 1) / step * step; }
static int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }
static int64_t most(int64_t a, int64_t b) { return a > b ? a : b; }

static uint64_t draw(uint64_t *state) {
    uint64_t z = *state += 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

/* A maker's price: at a random tick of the nearer half between own and other best, off the latter. */
static int64_t making(int sells, int64_t bid, int64_t ask, uint64_t *state) {
    int64_t other = sells ? bid : ask;
    int64_t buffer = most(TICK, (other + 999) / 1000);
    int64_t edge = sells ? up(other + buffer, TICK) : (other - buffer) / TICK * TICK;
    int64_t ticks = (sells ? ask - edge : edge - bid) / TICK;
    if (ticks <= 0) return sells ? ask : bid;
    int64_t back = (int64_t)(draw(state) % (uint64_t)(ticks / 2 + 1)) * TICK;
    return sells ? edge + back : edge - back;
}

static int64_t plan(const int64_t *words, uint64_t *state, int makes) {
    const int64_t *bids = words + 2, *asks = bids + 2 * LEVELS;
    int64_t mid = (bids[0] + asks[0]) / 2;
    int64_t imbalance = times(mid, words[0]) - words[1];
    int sells = imbalance > 0;
    if (!sells) imbalance = -imbalance;
    if (imbalance <= ONE / 100) return 0;
    int64_t best = sells ? bids[0] : asks[0];
    int64_t epsilon = most(most(TICK, (asks[0] - bids[0]) / 10000), 100);
    int64_t price = sells ? (best - epsilon) / TICK * TICK : up(best + epsilon, TICK);
    if (makes) price = making(sells, bids[0], asks[0], state);
    int64_t minimum = up(most(STEP, over(ONE, least(best, price)) + 1), STEP);
    int64_t half = over(imbalance / 2, most(mid, price));
    int64_t cap = over(100 * ONE, best);
    int64_t free = sells ? words[0] : over(words[1], price + price / 500);
    int64_t ceiling = least(least(half, cap), free) / STEP * STEP;
    if (ceiling < minimum) return 0;
    int64_t plain = least(most(over(imbalance / 10, best), minimum), ceiling);
    int64_t low = most(minimum, up(plain - plain / 10, STEP));
    int64_t high = least(ceiling, (plain + plain / 5) / STEP * STEP);
    int64_t size = low;
    if (low < high) size = low + (int64_t)(draw(state) % (uint64_t)((high - low) / STEP + 1)) * STEP;
    const int64_t *level = sells ? bids : asks;
    int64_t left = size, notional = 0;
    for (int i = 0; i < LEVELS && left > 0; i++, level += 2) {
        int64_t taken = least(left, level[1]);
        notional += times(level[0], taken);
        left -= taken;
    }
    int64_t weighted = over(notional, size);
    int64_t slip = weighted > best ? weighted - best : best - weighted;
    if (left > 0 || over(slip, best) > ONE / 20 || notional < ONE) return 0;
    int64_t life = makes ? 8000 + (int64_t)(draw(state) % 2001) : 0;
    return size ^ price ^ life;
}

uint64_t floor_allocation_plan(const int64_t *words, size_t count, int makes) {
    uint64_t state = 1, mixed = 0;
    for (size_t i = 0; i < count; i++) mixed ^= (uint64_t)plan(words + i * WORDS, &state, makes);
    return mixed;
}
