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

/* Allocations of the process so far: malloc, calloc, realloc and their kin, on any thread. */
uint64_t floor_allocations(void);

/* Lateness in nanoseconds of `count` timers of `interval` nanoseconds, on timerfd and epoll. */
void floor_timer_lateness(int64_t *_Nonnull samples, size_t count, int64_t interval);

/* Nanoseconds of `count` round trips between two threads: an eventfd watched by epoll with a queue
 * behind a lock on the way there, a blocking eventfd on the way back. */
void floor_inbox_round_trips(int64_t *_Nonnull samples, size_t count);

/* A blocking eventfd, its notification and its wait. */
int floor_event_create(void);
void floor_event_notify(int event);
void floor_event_wait(int event);

/* Sorts the samples and returns the one at a per mille of them. */
int64_t floor_percentile(int64_t *_Nonnull samples, size_t count, int per_mille);

/* One side of the hop in plain C on hiredis, ending after `batches` of `batch` messages. The
 * publisher waits for a byte on standard input before each batch; both write one byte on standard
 * output when ready and after each batch, and a line of results at the end: the subscriber its
 * p50 and p99 in nanoseconds and allocations, the publisher its allocations, past `warm` batches. */
int floor_hop_subscribe(const char *_Nonnull path, int batch, int batches, int warm);
int floor_hop_publish(
    const char *_Nonnull path, int batch, int batches, int warm, int64_t interval);

/* Whether a Redis answers on the unix socket. */
int floor_redis_answers(const char *_Nonnull path);

/* Starts a program that dies with us, its standard input and output on pipes (null: /dev/null);
 * returns its pid, or -1. */
int floor_start(
    char *_Nullable const *_Nonnull arguments, int *_Nullable input, int *_Nullable output);
/* Waits for the program, killing it first if asked. */
void floor_end(int pid, int kills);

/* Scans `count` bookTicker frames of the recorded key order byte by byte into 64-bit integers (1e-8);
 * frame i ends at ends[i], the next one begins there. A mix of all fields; 0 where one is malformed. */
uint64_t floor_scan_book_tickers(
    const uint8_t *_Nonnull bytes, const uint32_t *_Nonnull ends, size_t count);

/* A price-time order book in plain C, and what is asked of it: kind 0 places (side 0 buys; price 0 is a
 * market order), 1 cancels the order `id`, 2 amends it. Prices and quantities are whole numbers. */
typedef struct floor_book floor_book_t;
typedef struct {
    int64_t id, price, quantity;
    int32_t kind, side;
} floor_order_t;

/* A book with room for so many resting orders. */
floor_book_t *_Nonnull floor_book_create(int32_t room);
/* Carries out `count` operations; the quantity traded so far plus the id of the next trade. */
uint64_t floor_book_run(
    floor_book_t *_Nonnull book, const floor_order_t *_Nonnull operations, size_t count);
void floor_book_free(floor_book_t *_Nonnull book);

/* Starts counting user-space instructions of this thread; a descriptor, or -1 where not permitted. */
int floor_instructions_open(void);

/* Instructions counted so far. */
uint64_t floor_instructions_read(int descriptor);

/* Time the calling thread has spent on a core. */
int64_t floor_thread_nanoseconds(void);

/* A connection to a loopback port, or -1. */
int floor_connect(uint16_t port);
/* Sends a request and reads its whole answer (with a Content-Length); its bytes, or -1. The answer ends
 * with a zero byte. */
int floor_ask(
    int socket, const char *_Nonnull request, size_t count, char *_Nonnull reply, size_t room);

/* A thread that reads everything from sockets and counts it. */
typedef struct floor_drain floor_drain_t;
floor_drain_t *_Nonnull floor_drain_start(const int *_Nonnull sockets, size_t count);
uint64_t floor_drain_bytes(floor_drain_t *_Nonnull drain);
void floor_drain_end(floor_drain_t *_Nonnull drain);

/* Nanoseconds of core time a frame, where `frames` frames of `bytes` bytes are sent at once to each of
 * `sockets` loopback connections, `rounds` times with a pause of `interval` nanoseconds between. */
double floor_fan_out(int sockets, int rounds, int frames, int bytes, int64_t interval);
