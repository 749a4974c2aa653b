#include "CFloor.h"

#include <string.h>

typedef __int128 decimal;

static const uint64_t trillion = 1000000000000;

static decimal load(const uint64_t *values, size_t index) {
    decimal value;
    memcpy(&value, values + 2 * index, sizeof value);
    return value;
}

uint64_t floor_decimal_add(const uint64_t *values, size_t count) {
    decimal sum = 0;
    for (size_t i = 0; i < count; i++) {
        if (__builtin_add_overflow(sum, load(values, i), &sum)) return 0;
    }
    return (uint64_t)sum;
}

uint64_t floor_decimal_compare(const uint64_t *a, const uint64_t *b, size_t count) {
    uint64_t below = 0;
    for (size_t i = 0; i < count; i++) below += load(a, i) < load(b, i);
    return below;
}

static decimal settled(decimal value, decimal divisor) {
    decimal quotient = value / divisor;
    decimal rest = value - quotient * divisor;
    decimal magnitude = rest < 0 ? -rest : rest;
    decimal other = divisor - magnitude;
    if (magnitude > other || (magnitude == other && (quotient & 1))) {
        quotient += value < 0 ? -1 : 1;
    }
    return quotient;
}

uint64_t floor_decimal_multiply(const uint64_t *a, const uint64_t *b, size_t count) {
    uint64_t mixed = 0;
    for (size_t i = 0; i < count; i++) {
        mixed ^= (uint64_t)settled(load(a, i) * load(b, i), trillion);
    }
    return mixed;
}

uint64_t floor_decimal_divide(const uint64_t *a, const uint64_t *b, size_t count) {
    uint64_t mixed = 0;
    for (size_t i = 0; i < count; i++) {
        mixed ^= (uint64_t)settled(load(a, i) * trillion, load(b, i));
    }
    return mixed;
}

static const char *parse(const char *text, uint64_t *mixed) {
    uint64_t mantissa = 0;
    int places = -1;
    for (; *text; text++) {
        if (*text == '.') {
            places = 0;
            continue;
        }
        mantissa = mantissa * 10 + (uint64_t)(*text - '0');
        if (places >= 0) places++;
    }
    decimal units = mantissa;
    for (int i = places < 0 ? 0 : places; i < 12; i++) units *= 10;
    *mixed ^= (uint64_t)units;
    return text + 1;
}

uint64_t floor_decimal_parse(const char *text, size_t count) {
    uint64_t mixed = 0;
    for (size_t i = 0; i < count; i++) text = parse(text, &mixed);
    return mixed;
}

static char *write_decimal(decimal value, char *text) {
    char digits[40];
    uint64_t whole = (uint64_t)(value / trillion);
    uint64_t rest = (uint64_t)(value % trillion);
    int length = 0;
    do {
        digits[length++] = (char)('0' + whole % 10);
        whole /= 10;
    } while (whole);
    while (length) *text++ = digits[--length];
    if (rest) {
        *text++ = '.';
        for (uint64_t power = trillion / 10; rest; power /= 10) {
            *text++ = (char)('0' + rest / power);
            rest %= power;
        }
    }
    *text++ = 0;
    return text;
}

uint64_t floor_decimal_write(const uint64_t *values, size_t count, char *text) {
    char *start = text;
    for (size_t i = 0; i < count; i++) text = write_decimal(load(values, i), text);
    return (uint64_t)(text - start);
}
