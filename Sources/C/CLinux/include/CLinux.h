/* The Linux calls that Glibc's Swift overlay lacks: epoll, timerfd, eventfd, signalfd, accept4,
 * gettid, pidfd. Thin wrappers whose pointers stay on this side where that is possible; every
 * function returns what the call returns, with -1 and errno on failure. */
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Asks for turns on a processor of so many nanoseconds (100,000 to 100,000,000; 0: as all have them) for
 * the calling thread and its children: it gets a turn sooner the shorter they are, and is not put aside
 * for those whom it wakes. Kernels before 6.12 do not know of it; -1 where it is refused. */
int pms_ask_for_turns(uint64_t nanoseconds);

/* The kernel's id of the calling thread. Never inlined: Swift's optimiser hoists thread-local reads
 * across actor hops, where the thread may change. */
int32_t pms_thread_id(void);

/* Nanoseconds of CLOCK_MONOTONIC. */
static inline int64_t pms_monotonic_nanoseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static inline int pms_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

/* op: EPOLL_CTL_ADD, EPOLL_CTL_MOD or EPOLL_CTL_DEL; data comes back with each event. */
static inline int pms_epoll_control(int epoll, int op, int fd, uint32_t events, uint64_t data) {
    struct epoll_event event = { .events = events, .data = { .u64 = data } };
    return epoll_ctl(epoll, op, fd, &event);
}

static inline uint32_t pms_epoll_events(const struct epoll_event *events, int index) {
    return events[index].events;
}

static inline uint64_t pms_epoll_data(const struct epoll_event *events, int index) {
    return events[index].data.u64;
}

static inline int pms_timerfd_create(void) {
    return timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
}

/* Fires once when CLOCK_MONOTONIC reaches the time; 0 disarms. Unread expirations are cleared. */
static inline int pms_timerfd_arm(int fd, int64_t nanoseconds) {
    struct itimerspec spec = { .it_value = { .tv_sec = nanoseconds / 1000000000,
                                             .tv_nsec = nanoseconds % 1000000000 } };
    return timerfd_settime(fd, TFD_TIMER_ABSTIME, &spec, 0);
}

static inline int pms_eventfd_create(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

static inline int pms_eventfd_notify(int fd) { return eventfd_write(fd, 1); }

/* A descriptor that reads the signals of the mask (bit n-1 for signal n), which are blocked in the
 * calling thread. Pass -1 to create it, or the descriptor to change its mask. */
static inline int pms_signalfd(int fd, uint64_t mask) {
    sigset_t set;
    sigemptyset(&set);
    for (int number = 1; number <= 64; number++)
        if (mask & (1ULL << (number - 1))) sigaddset(&set, number);
    pthread_sigmask(SIG_BLOCK, &set, 0);
    return signalfd(fd, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Blocks one signal in the calling thread and in the threads it starts later. */
static inline int pms_signal_block(int number) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    return pthread_sigmask(SIG_BLOCK, &set, 0);
}

/* The next signal waiting on a signalfd, or 0. */
static inline int pms_signalfd_next(int fd) {
    struct signalfd_siginfo info;
    ssize_t count = read(fd, &info, sizeof info);
    return count == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}

static inline void pms_signal_ignore(int number) { signal(number, SIG_IGN); }

/* A descriptor that becomes readable when the process ends (Linux 5.3). */
static inline int pms_pidfd_open(int pid) { return (int)syscall(SYS_pidfd_open, pid, 0); }

/* A pipe whose ends are close-on-exec and, for the reading end, non-blocking. */
int pms_pipe(int *reading, int *writing);

/* A connection from the listening socket, close-on-exec and non-blocking. */
int pms_accept(int listener);

static inline int pms_set_option(int fd, int level, int option, int value) {
    return setsockopt(fd, level, option, &value, sizeof value);
}

/* The pending error of a socket (SO_ERROR), 0 when there is none. */
static inline int pms_socket_error(int fd) {
    int value = 0;
    socklen_t length = sizeof value;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &value, &length) == 0 ? value : errno;
}

/* Marks a descriptor close-on-exec and non-blocking. */
static inline int pms_set_nonblocking(int fd) {
    int flags = fcntl(fd, F_GETFL, 0);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0) return -1;
    return fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* The signal that reaches the calling process when its parent ends; 0 for none. */
static inline int pms_parent_death_signal(int number) { return prctl(PR_SET_PDEATHSIG, number); }

/* Starts a program with default signal handling and an empty signal mask, standard input from
 * /dev/null, standard output and error on the two descriptors (-1: inherited), in the directory
 * (null: ours) and, if asked, in a process group of its own. Returns 0 or an errno value. */
int pms_spawn(pid_t *pid, const char *path, char *const argv[], char *const envp[],
              const char *directory, int output, int error, int own_group);

/* The exit status of waitpid, decoded: the code, or 128 + the signal; -1 while it runs, -2 when
 * there is no such child. Reaps the child. */
static inline int pms_reap(int pid) {
    int status = 0;
    pid_t found = waitpid(pid, &status, WNOHANG);
    if (found == 0) return -1;
    if (found != pid) return errno == EINTR ? -1 : -2;
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Small pieces of memory that are freed join their neighbours at once where the thread does not keep them:
 * glibc would put them aside, and now and then, amid an allocation, gather them from all over the heap. */
void pms_settle_memory(void);

/* Has work of Swift that belongs to no actor offered to `take` before the runtime's pool of threads gets
 * it; `take` returns whether it keeps the job. */
void pms_offer_work(int32_t (*take)(void *job));
