#define _GNU_SOURCE 1
#include "CLinux.h"

#include <malloc.h>

int32_t pms_thread_id(void) {
    static _Thread_local int32_t known = 0;
    if (known == 0) known = (int32_t)syscall(SYS_gettid);
    return known;
}

int pms_ask_for_turns(uint64_t nanoseconds) {
    /* As the kernel has it (sched_setattr(2)); glibc has none before 2.41. */
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime, deadline, period;
    } wanted = {.size = sizeof wanted};
    if (syscall(SYS_sched_getattr, 0, &wanted, sizeof wanted, 0) < 0) return -1;
    wanted.size = sizeof wanted;
    wanted.runtime = nanoseconds;
    return (int)syscall(SYS_sched_setattr, 0, &wanted, 0);
}

int pms_spawn(pid_t *pid, const char *path, char *const argv[], char *const envp[],
              const char *directory, int output, int error, int own_group) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    short flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;

    sigemptyset(&none);
    /* glibc keeps 32 and 33 to itself. */
    sigemptyset(&all);
    for (int number = 1; number <= 31; number++) sigaddset(&all, number);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    if (own_group) flags |= POSIX_SPAWN_SETPGROUP;
    posix_spawnattr_setflags(&attributes, flags);
    posix_spawnattr_setpgroup(&attributes, 0);

    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    if (output >= 0) posix_spawn_file_actions_adddup2(&actions, output, 1);
    if (error >= 0) posix_spawn_file_actions_adddup2(&actions, error, 2);
    if (directory) posix_spawn_file_actions_addchdir_np(&actions, directory);

    int result = posix_spawnp(pid, path, &actions, &attributes, argv, envp);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return result;
}

int pms_pipe(int *reading, int *writing) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return -1;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    *reading = ends[0];
    *writing = ends[1];
    return 0;
}

int pms_accept(int listener) { return accept4(listener, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK); }

void pms_settle_memory(void) { mallopt(M_MXFAST, 0); }

/* The hook of Swift's runtime (Concurrency.h). */
typedef __attribute__((swiftcall)) void (*pms_enqueue)(void *job);
extern __attribute__((swiftcall)) void (*swift_task_enqueueGlobal_hook)(void *job, pms_enqueue original);

static int32_t (*pms_take)(void *job);

static __attribute__((swiftcall)) void pms_enqueue_global(void *job, pms_enqueue original) {
    if (!pms_take(job)) original(job);
}

void pms_offer_work(int32_t (*take)(void *job)) {
    pms_take = take;
    swift_task_enqueueGlobal_hook = pms_enqueue_global;
}
