#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// The C library's own name of clone(): the thread sanitizer takes the other one for a fork and dies.
extern int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...);

// Leaves the books of a sanitizer, which are the parent's, as they are; so do raw calls for exit and exec.
#define IN_CHILD __attribute__((no_sanitize("thread", "address")))

// Shared with the child, which runs in our memory while this thread waits for its exec or exit.
struct context {
    const struct qkron_spawn_plan *plan;
    pid_t parent;
    volatile int step;
    volatile int error;
};

IN_CHILD static _Noreturn void fail(struct context *context, int step) {
    context->error = errno;
    context->step = step;
    (void)syscall(SYS_exit_group, 127);
    __builtin_unreachable();
}

// Raw system calls: the C library's sigaction() keeps its hands off two signals that may come to us ignored.
IN_CHILD static void reset_handlers(uint64_t signals) {
    static const uint64_t standard[4];
    for (int number = 1; number <= 64; number++) {
        if (signals >> (number - 1) & 1) (void)syscall(SYS_rt_sigaction, number, standard, NULL, (size_t)8);
    }
}

uint64_t qkron_changed_signals(void) {
    uint64_t changed = 0;
    for (int number = 1; number <= 64; number++) {
        uint64_t action[4] = {0};
        long outcome = syscall(SYS_rt_sigaction, number, NULL, action, (size_t)8);
        if (outcome == 0 && action[0] != (uint64_t)(uintptr_t)SIG_DFL) changed |= UINT64_C(1) << (number - 1);
    }
    return changed;
}

IN_CHILD static int place_descriptors(const int *descriptors) {
    for (int target = 0; target < 3; target++) {
        int outcome = descriptors[target] == target
            ? fcntl(target, F_SETFD, 0)
            : dup2(descriptors[target], target);
        if (outcome < 0) return -1;
    }
    return (int)syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC);
}

IN_CHILD static int set_limits(const struct qkron_spawn_plan *plan) {
    if (plan->mark != 0) {
        struct rlimit limit = {.rlim_cur = plan->mark, .rlim_max = plan->mark};
        (void)setrlimit(RLIMIT_LOCKS, &limit);
    }
    if (plan->sets_nice && setpriority(PRIO_PROCESS, 0, plan->nice) != 0) return -1;
    if (plan->cpu_seconds != 0) {
        // From SIGXCPU to SIGKILL it has a second to make an end of its own, where there is one to give.
        struct rlimit limit = {.rlim_cur = plan->cpu_seconds, .rlim_max = plan->cpu_seconds + 1};
        if (setrlimit(RLIMIT_CPU, &limit) != 0) {
            limit.rlim_max = plan->cpu_seconds;
            if (setrlimit(RLIMIT_CPU, &limit) != 0) return -1;
        }
    }
    if (plan->most_files != 0) {
        struct rlimit limit = {.rlim_cur = plan->most_files, .rlim_max = plan->most_files};
        return setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (plan->open_files == 0) return 0;
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return -1;
    limit.rlim_cur = plan->open_files < limit.rlim_max ? plan->open_files : limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit);
}

// After the switch of user, which fails, or makes the exec fail, where the user has as many processes already.
IN_CHILD static int limit_processes(const struct qkron_spawn_plan *plan) {
    if (plan->processes == 0) return 0;
    // The system exempts root; better no run than one without its limit.
    if (geteuid() == 0) {
        errno = ENOTSUP;
        return -1;
    }
    struct rlimit limit = {.rlim_cur = plan->processes, .rlim_max = plan->processes};
    return setrlimit(RLIMIT_NPROC, &limit);
}

// Last of all: until the exec the address space is the parent's, and more than that.
IN_CHILD static int limit_memory(const struct qkron_spawn_plan *plan) {
    if (plan->memory_bytes == 0) return 0;
    struct rlimit limit = {.rlim_cur = plan->memory_bytes, .rlim_max = plan->memory_bytes};
    return setrlimit(RLIMIT_AS, &limit);
}

// Raw system calls: the C library's setuid() would signal the other threads of the parent, whose memory this is.
IN_CHILD static void switch_user(struct context *context) {
    const struct qkron_spawn_plan *plan = context->plan;
    if (syscall(SYS_setgroups, plan->group_count, plan->groups) != 0) fail(context, QKRON_STEP_GROUPS);
    if (syscall(SYS_setresgid, plan->group, plan->group, plan->group) != 0) fail(context, QKRON_STEP_GROUP);
    if (syscall(SYS_setresuid, plan->user, plan->user, plan->user) != 0) fail(context, QKRON_STEP_USER);
}

IN_CHILD static void enter_directory(struct context *context) {
    const struct qkron_spawn_plan *plan = context->plan;
    if (plan->directory != NULL && chdir(plan->directory) == 0) return;
    if (plan->directory != NULL && !plan->directory_is_optional) fail(context, QKRON_STEP_DIRECTORY);
    if (chdir("/") != 0) fail(context, QKRON_STEP_DIRECTORY);
}

IN_CHILD static int child(void *argument) {
    struct context *context = argument;
    const struct qkron_spawn_plan *plan = context->plan;
    reset_handlers(plan->signals);
    if (setsid() < 0) fail(context, QKRON_STEP_SESSION);
    if (place_descriptors(plan->descriptors) != 0) fail(context, QKRON_STEP_DESCRIPTORS);
    if (set_limits(plan) != 0) fail(context, QKRON_STEP_LIMITS);
    umask(022);
    if (plan->switches_user) switch_user(context);
    if (limit_processes(plan) != 0) fail(context, QKRON_STEP_LIMITS);
    // After the switch: the directory is entered with the rights of the command.
    enter_directory(context);
    if (plan->is_command) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) fail(context, QKRON_STEP_PRIVILEGES);
        // After the switch: a change of credentials clears it. The parent may have died before it was set.
        if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0) fail(context, QKRON_STEP_PARENT);
        if (getppid() != context->parent) fail(context, QKRON_STEP_PARENT);
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (limit_memory(plan) != 0) fail(context, QKRON_STEP_LIMITS);
    (void)syscall(SYS_execve, plan->path, plan->arguments, plan->environment);
    fail(context, QKRON_STEP_EXECUTE);
}

void qkron_spawn(const struct qkron_spawn_plan *plan, struct qkron_spawn_answer *answer) {
    _Alignas(16) char stack[65536];
    struct context context = {.plan = plan, .parent = getpid()};
    sigset_t all, before;
    int pidfd = -1;

    // A handler of ours must not run in the child while it shares our memory.
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int pid = __clone(child, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &context, &pidfd);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    *answer = (struct qkron_spawn_answer){.pid = pid, .pidfd = pidfd};
    if (pid < 0) {
        *answer = (struct qkron_spawn_answer){.pidfd = -1, .step = QKRON_STEP_CLONE, .error = error};
    } else if (context.step != QKRON_STEP_NONE) {
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
        close(pidfd);
        *answer = (struct qkron_spawn_answer){.pidfd = -1, .step = context.step, .error = context.error};
    }
}
