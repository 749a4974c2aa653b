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

/* Publishes a text as the hop's publisher does, over a connection that is kept; when it began, or -1. */
int64_t floor_publish(
    const char *_Nonnull path, const char *_Nonnull channel, const char *_Nonnull text);

/* One side of the hop in plain C on hiredis, ending after `batches` of `batch` messages. The
 * publisher waits for a byte on standard input before each batch; both write one byte on standard
 * output when ready and after each batch, and a line of results at the end: the subscriber its
 * p50 and p99 in nanoseconds and allocations, the publisher its allocations, past `warm` batches. */
int floor_hop_subscribe(const char *_Nonnull path, int batch, int batches, int warm);
int floor_hop_publish(
    const char *_Nonnull path, int batch, int batches, int warm, int64_t interval);

/* Nanoseconds of the fastest of some reads of the hashes <prefix>0, <prefix>1, ... and of the numbers in
 * them; -1 where one is not there. */
int64_t floor_read_states(
    const char *_Nonnull path, const char *_Nonnull prefix, int count, int rounds);

/* Whether a Redis answers on the unix socket. */
int floor_redis_answers(const char *_Nonnull path);

/* Starts a program that dies with us, its standard input and output on pipes (null: /dev/null);
 * returns its pid, or -1. */
int floor_start(
    char *_Nullable const *_Nonnull arguments, int *_Nullable input, int *_Nullable output);
/* Whether the program has ended; it is still to be waited for. */
int floor_has_ended(int pid);
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

/* The feed in plain C: frames in memory to the bytes of PUBLISH commands in memory. */
typedef struct floor_feed floor_feed;
enum { FLOOR_BOOK_TICKER, FLOOR_MARK_PRICE, FLOOR_AGG_TRADE, FLOOR_DEPTH };

/* A feed that follows the named symbols. */
floor_feed *_Nonnull floor_feed_create(const char *_Nonnull const *_Nonnull names, size_t count);
void floor_feed_destroy(floor_feed *_Nonnull feed);

/* Takes one frame of a kind (FLOOR_...); publishes every change, or one in `window_ms` a symbol.
 * 1, or 0 where the frame is malformed, unknown or not to be believed. */
int floor_feed_frame(
    floor_feed *_Nonnull feed, int kind, const uint8_t *_Nonnull bytes, size_t length,
    int64_t now_ms, int64_t window_ms);

/* Keeps a bookTicker, whose bytes stay where they are, as the newest of its symbol and reads no more
 * than its id and symbol; 1, or 0 where it is not to be kept. floor_feed_settle takes those kept. */
int floor_feed_offer(floor_feed *_Nonnull feed, const uint8_t *_Nonnull bytes, size_t length);
int floor_feed_settle(floor_feed *_Nonnull feed, int64_t now_ms, int64_t window_ms);

/* Takes `count` frames as in floor_scan_book_tickers and publishes every change; commands published
 * so far, or 0 where a frame was not taken. */
uint64_t floor_feed_run(
    floor_feed *_Nonnull feed, int kind, const uint8_t *_Nonnull bytes,
    const uint32_t *_Nonnull ends, size_t count);

/* Commands published so far. */
uint64_t floor_feed_published(const floor_feed *_Nonnull feed);

/* Lends the commands written since the last call, or since the buffer of 100 kB began anew. */
size_t floor_feed_take(
    floor_feed *_Nonnull feed, const uint8_t *_Nonnull *_Nonnull bytes);

/* How many bytes of commands are held. */
size_t floor_feed_held(const floor_feed *_Nonnull feed);

/* Publishes what the window held back and is due. */
void floor_feed_due(floor_feed *_Nonnull feed, int64_t now_ms, int64_t window_ms);

/* Takes `frames` bookTickers from a WebSocket on a port of this machine and hands the commands to the
 * unix socket, whose replies are read where it is a Redis. Writes a line: frames, nanoseconds from
 * the first byte, commands, 0, resident kB. Returns the exit code. */
int floor_feed_receive(
    int port, const char *_Nonnull path, int is_redis, const char *_Nonnull const *_Nonnull names,
    size_t count, uint64_t frames, int64_t window_ms);

/* Memory of this process that is resident. */
long floor_resident_kilobytes(void);

/* Receives ticks whose book time is the monotonic nanosecond they were sent at; writes a line: p50
 * and p99 past the first `warm`. Returns the exit code. */
int floor_feed_subscribe(
    const char *_Nonnull path, const char *_Nonnull channel, size_t frames, size_t warm);

/* An order desk in plain C: takes ticks as floor_feed_subscribe does, and answers each with an order of
 * its own at the bid, built, signed (HMAC-SHA256) and sent to a port of this machine: as an HTTP
 * request, or as a message of the WebSocket API. The order's timestamp is the tick's time. Writes a
 * line: p50 and p99 of the way to the desk, of its own part, and the p50 of building and signing alone. */
int floor_order_run(
    const char *_Nonnull path, const char *_Nonnull channel, int port, int is_socket, size_t frames,
    size_t warm);

/* Receives such orders from an open WebSocket, or from whoever connects to the listener, answers each,
 * and writes a line: p50 and p99 from the time in the order's timestamp to the arrival of its last
 * byte. Returns the exit code. */
int floor_order_receive(int listener, int peer, int is_socket, size_t frames, size_t warm);

/* Passes all that comes to a listener on to a loopback port and back, and writes a line for each piece
 * that holds `mark`: the nanoseconds at which it had come. Runs until it is ended. */
int floor_relay(int listener, uint16_t port, const char *_Nonnull mark);

/* A unix socket that reads and drops whatever comes; runs until its one peer closes. */
int floor_sink_run(const char *_Nonnull path);
int floor_sink_connect(const char *_Nonnull path);
/* Writes all bytes, waiting as need be; 0 where the socket is gone. */
int floor_sink_write(int fd, const uint8_t *_Nonnull bytes, size_t length);

/* Starts counting user-space instructions of this thread; a descriptor, or -1 where not permitted. */
int floor_instructions_open(void);

/* Instructions counted so far. */
uint64_t floor_instructions_read(int descriptor);

/* Time the calling thread has spent on a core. */
int64_t floor_thread_nanoseconds(void);

/* A connection to a loopback port, or -1. */
int floor_connect(uint16_t port);

/* How long a read from the socket waits at most. */
void floor_patience(int socket, int milliseconds);
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

/* Sums of many accounts followed from mark to mark. Decimals are pairs of words, as above; a row of
 * brackets is floor, cap, rate and cum. */
typedef struct floor_grid floor_grid_t;
floor_grid_t *_Nonnull floor_grid_create(
    int accounts, int contracts, const uint64_t *_Nonnull rows, int row_count,
    const uint64_t *_Nonnull wallets);
void floor_grid_free(floor_grid_t *_Nonnull grid);
void floor_grid_set(
    floor_grid_t *_Nonnull grid, int contract, int account, const uint64_t *_Nonnull quantity,
    const uint64_t *_Nonnull entry);
/* A new mark; how many accounts are in the first tier or above. */
uint64_t floor_grid_tick(
    floor_grid_t *_Nonnull grid, int contract, const uint64_t *_Nonnull mark);
/* Adds all sums up anew; `floor_grid_check`. */
uint64_t floor_grid_recompute(floor_grid_t *_Nonnull grid);
/* All sums, mixed. */
uint64_t floor_grid_check(const floor_grid_t *_Nonnull grid);

/* A connection to a Redis on a unix socket, with a patience of 5 s; null where there is none. */
typedef struct floor_redis floor_redis_t;
floor_redis_t *_Nullable floor_redis_open(const char *_Nonnull path);
void floor_redis_close(floor_redis_t *_Nonnull redis);
/* Adds a command; `floor_redis_flush` sends all and reads `count` replies: 0 where one is an error. */
void floor_redis_append(
    floor_redis_t *_Nonnull redis, int count, const char *_Nullable const *_Nonnull arguments);
int floor_redis_flush(floor_redis_t *_Nonnull redis, int count);
/* Nanoseconds of one HGETALL of a key; -1 where it is empty. */
int64_t floor_redis_hash(floor_redis_t *_Nonnull redis, const char *_Nonnull key);
/* Waits for a message that holds a text; 0 where none comes. */
/* A whole number in a hash; -1 where there is none. */
int64_t floor_redis_number(
    floor_redis_t *_Nonnull redis, const char *_Nonnull key, const char *_Nonnull field);
int floor_redis_await(floor_redis_t *_Nonnull redis, const char *_Nonnull text);
/* For each message of a channel writes a record of as many figures and publishes to another. */
int floor_chain(
    const char *_Nonnull path, const char *_Nonnull from, const char *_Nonnull to);
/* Plans a slice of the allocator for each of `count` accounts and books, counts of 1e-8: base, quote,
 * price and quantity of twenty bids and of twenty asks; sizes and prices mixed. */
uint64_t floor_allocation_plan(const int64_t *_Nonnull words, size_t count, int makes);
