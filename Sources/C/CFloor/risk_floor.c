#include "CFloor.h"

#include <stdlib.h>
#include <string.h>

typedef __int128 decimal;

static const decimal trillion = 1000000000000;

typedef struct {
    decimal floor, cap, rate, cum;
} row_t;

typedef struct {
    int32_t account, row;
    decimal quantity, entry, unrealised, maintenance;
} holding_t;

typedef struct {
    decimal wallet, unrealised, maintenance;
} sums_t;

struct floor_grid {
    int accounts, contracts, row_count;
    sums_t *sums;
    holding_t *holdings;
    row_t *rows;
};

static decimal load(const uint64_t *words) {
    decimal value;
    memcpy(&value, words, sizeof value);
    return value;
}

floor_grid_t *floor_grid_create(
    int accounts, int contracts, const uint64_t *rows, int row_count, const uint64_t *wallets) {
    floor_grid_t *grid = calloc(1, sizeof *grid);
    grid->accounts = accounts;
    grid->contracts = contracts;
    grid->row_count = row_count;
    grid->sums = calloc((size_t)accounts, sizeof *grid->sums);
    grid->holdings = calloc((size_t)accounts * (size_t)contracts, sizeof *grid->holdings);
    grid->rows = calloc((size_t)row_count, sizeof *grid->rows);
    for (int i = 0; i < row_count; i++) {
        grid->rows[i].floor = load(rows + 8 * i);
        grid->rows[i].cap = load(rows + 8 * i + 2);
        grid->rows[i].rate = load(rows + 8 * i + 4);
        grid->rows[i].cum = load(rows + 8 * i + 6);
    }
    for (int i = 0; i < accounts; i++) grid->sums[i].wallet = load(wallets + 2 * i);
    return grid;
}

void floor_grid_free(floor_grid_t *grid) {
    free(grid->sums);
    free(grid->holdings);
    free(grid->rows);
    free(grid);
}

void floor_grid_set(
    floor_grid_t *grid, int contract, int account, const uint64_t *quantity,
    const uint64_t *entry) {
    holding_t *held = grid->holdings + (size_t)contract * (size_t)grid->accounts + account;
    held->account = account;
    held->quantity = load(quantity);
    held->entry = load(entry);
}

static decimal up(decimal product) {
    decimal quotient = product / trillion;
    return quotient + (product - quotient * trillion > 0);
}

static decimal down(decimal product) {
    decimal quotient = product / trillion;
    return quotient - (product - quotient * trillion < 0);
}

uint64_t floor_grid_tick(floor_grid_t *grid, int contract, const uint64_t *words) {
    decimal mark = load(words);
    holding_t *held = grid->holdings + (size_t)contract * (size_t)grid->accounts;
    uint64_t due = 0;
    for (int i = 0; i < grid->accounts; i++, held++) {
        decimal size = held->quantity < 0 ? -held->quantity : held->quantity;
        decimal notional = up(mark * size);
        const row_t *row = grid->rows + held->row;
        if (notional > row->cap || notional <= row->floor) {
            int found = 0;
            while (found < grid->row_count - 1 && notional > grid->rows[found].cap) found++;
            held->row = found;
            row = grid->rows + found;
        }
        decimal maintenance = up(notional * row->rate) - row->cum;
        decimal unrealised = down((mark - held->entry) * held->quantity);
        sums_t *sums = grid->sums + held->account;
        sums->unrealised += unrealised - held->unrealised;
        sums->maintenance += maintenance - held->maintenance;
        held->unrealised = unrealised;
        held->maintenance = maintenance;
        due += sums->maintenance * 10 >= (sums->wallet + sums->unrealised) * 9;
    }
    return due;
}

uint64_t floor_grid_recompute(floor_grid_t *grid) {
    for (int i = 0; i < grid->accounts; i++) {
        grid->sums[i].unrealised = 0;
        grid->sums[i].maintenance = 0;
    }
    size_t count = (size_t)grid->accounts * (size_t)grid->contracts;
    for (size_t i = 0; i < count; i++) {
        sums_t *sums = grid->sums + grid->holdings[i].account;
        sums->unrealised += grid->holdings[i].unrealised;
        sums->maintenance += grid->holdings[i].maintenance;
    }
    return floor_grid_check(grid);
}

uint64_t floor_grid_check(const floor_grid_t *grid) {
    uint64_t mixed = 0;
    for (int i = 0; i < grid->accounts; i++) {
        mixed = mixed * 31 + (uint64_t)grid->sums[i].unrealised;
        mixed = mixed * 31 + (uint64_t)grid->sums[i].maintenance;
    }
    return mixed;
}
