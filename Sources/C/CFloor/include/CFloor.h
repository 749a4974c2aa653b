/* The floors of the benchmarks: the same work in plain C, measured in the same run.
 * 1. A floor does what the figure does, with the same inputs and the same checks.
 * 2. A floor is never used by the software itself. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Decimals are counts of 1e-12 in 16 bytes, low word first; `values` are such pairs of words. */

/* Adds `count` decimals, checking each sum; the low word of the total, or 0 on overflow. */
uint64_t floor_decimal_add(const uint64_t *_Nonnull values, size_t count);

/* How many of `count` decimals of `a` are below their partner in `b`. */
uint64_t floor_decimal_compare(
    const uint64_t *_Nonnull a, const uint64_t *_Nonnull b, size_t count);

/* The low words of `count` products over 1e12, halves to even, exclusive-ored together. */
uint64_t floor_decimal_multiply(
    const uint64_t *_Nonnull a, const uint64_t *_Nonnull b, size_t count);

/* The same for a x 1e12 / b. */
uint64_t floor_decimal_divide(
    const uint64_t *_Nonnull a, const uint64_t *_Nonnull b, size_t count);

/* Reads `count` decimals of the form digits[.digits], each followed by a zero byte. */
uint64_t floor_decimal_parse(const char *_Nonnull text, size_t count);

/* Writes `count` decimals without trailing zeros, each followed by a zero byte; the length. */
uint64_t floor_decimal_write(
    const uint64_t *_Nonnull values, size_t count, char *_Nonnull text);
