#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

// The C library's own name of clone(): the thread sanitizer takes the other one for a fork and dies.
extern int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...);

// Leaves the books of a sanitizer, which are the parent's, as they are, those of calls and returns among them.
#define IN_CHILD __attribute__((disable_sanitizer_instrumentation))

// Of which the child uses little; untouched pages cost nothing.
enum { STACK_SIZE = 32 << 10 };

// What the child needs of its parent's memory until it has executed its program or ended: all of it is in here.
struct qkron_start {
    struct qkron_spawn_plan plan;
    pid_t parent;
    volatile int step;
    volatile int error;
    // Made 0 by the kernel once the child has left our memory (CLONE_CHILD_CLEARTID).
    _Atomic pid_t child_is_here;
    char *stack;
};

// System calls without the C library, whose errno is the thread's that goes on beside the child; its setuid() would
// change the other threads of the parent, and its sigaction() keeps its hands off two signals that may come to us
// ignored.
IN_CHILD static long call(long number, long first, long second, long third, long fourth, long fifth) {
#if defined(__x86_64__)
    long outcome;
    register long r10 __asm__("r10") = fourth;
    register long r8 __asm__("r8") = fifth;
    __asm__ volatile("syscall"
                     : "=a"(outcome)
                     : "a"(number), "D"(first), "S"(second), "d"(third), "r"(r10), "r"(r8)
                     : "rcx", "r11", "memory");
    return outcome;
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = first;
    register long x1 __asm__("x1") = second;
    register long x2 __asm__("x2") = third;
    register long x3 __asm__("x3") = fourth;
    register long x4 __asm__("x4") = fifth;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
    return x0;
#else
#error "the child's system calls are written for x86-64 and AArch64"
#endif
}

#define CALL(number, first, second, third, fourth, fifth) \
    call(number, (long)(first), (long)(second), (long)(third), (long)(fourth), (long)(fifth))

IN_CHILD static _Noreturn void fail(struct qkron_start *start, int step, long outcome) {
    start->error = (int)-outcome;
    start->step = step;
    (void)CALL(SYS_exit_group, 127, 0, 0, 0, 0);
    __builtin_unreachable();
}

IN_CHILD static void check(struct qkron_start *start, int step, long outcome) {
    if (outcome < 0) fail(start, step, outcome);
}

IN_CHILD static void reset_handlers(uint64_t signals) {
    static const uint64_t standard[4];
    for (int number = 1; number <= 64; number++) {
        if (signals >> (number - 1) & 1) (void)CALL(SYS_rt_sigaction, number, standard, NULL, 8, 0);
    }
}

uint64_t qkron_changed_signals(void) {
    uint64_t changed = 0;
    for (int number = 1; number <= 64; number++) {
        uint64_t action[4] = {0};
        long outcome = CALL(SYS_rt_sigaction, number, NULL, action, 8, 0);
        if (outcome == 0 && action[0] != (uint64_t)(uintptr_t)SIG_DFL) changed |= UINT64_C(1) << (number - 1);
    }
    return changed;
}

// All others are closed now, not at the exec: one that is held up before it must not hold our sockets open.
IN_CHILD static long place_descriptors(const int *descriptors) {
    for (int target = 0; target < 3; target++) {
        long outcome = descriptors[target] == target
            ? CALL(SYS_fcntl, target, F_SETFD, 0, 0, 0)
            : CALL(SYS_dup3, descriptors[target], target, 0, 0, 0);
        if (outcome < 0) return outcome;
    }
    return CALL(SYS_close_range, 3, ~0u, 0, 0, 0);
}

IN_CHILD static long limit(int resource, uint64_t soft, uint64_t hard) {
    struct rlimit limit = {.rlim_cur = soft, .rlim_max = hard};
    return CALL(SYS_prlimit64, 0, resource, &limit, NULL, 0);
}

IN_CHILD static long set_limits(const struct qkron_spawn_plan *plan) {
    if (plan->mark != 0) (void)limit(RLIMIT_LOCKS, plan->mark, plan->mark);
    if (plan->sets_nice) {
        long outcome = CALL(SYS_setpriority, PRIO_PROCESS, 0, plan->nice, 0, 0);
        if (outcome < 0) return outcome;
    }
    if (plan->cpu_seconds != 0) {
        // From SIGXCPU to SIGKILL it has a second to make an end of its own, where there is one to give.
        long outcome = limit(RLIMIT_CPU, plan->cpu_seconds, plan->cpu_seconds + 1);
        if (outcome < 0) outcome = limit(RLIMIT_CPU, plan->cpu_seconds, plan->cpu_seconds);
        if (outcome < 0) return outcome;
    }
    if (plan->most_files != 0) return limit(RLIMIT_NOFILE, plan->most_files, plan->most_files);
    if (plan->open_files == 0) return 0;
    struct rlimit now;
    long outcome = CALL(SYS_prlimit64, 0, RLIMIT_NOFILE, NULL, &now, 0);
    if (outcome < 0) return outcome;
    return limit(RLIMIT_NOFILE, plan->open_files < now.rlim_max ? plan->open_files : now.rlim_max, now.rlim_max);
}

// After the switch of user, which fails, or makes the exec fail, where the user has as many processes already.
IN_CHILD static long limit_processes(const struct qkron_spawn_plan *plan) {
    if (plan->processes == 0) return 0;
    // The system exempts root; better no run than one without its limit.
    if (CALL(SYS_geteuid, 0, 0, 0, 0, 0) == 0) return -ENOTSUP;
    return limit(RLIMIT_NPROC, plan->processes, plan->processes);
}

// From here on every process of the user can stop or kill the child, but not trace it.
IN_CHILD static void switch_user(struct qkron_start *start) {
    const struct qkron_spawn_plan *plan = &start->plan;
    check(start, QKRON_STEP_GROUPS, CALL(SYS_setgroups, plan->group_count, plan->groups, 0, 0, 0));
    check(start, QKRON_STEP_GROUP, CALL(SYS_setresgid, plan->group, plan->group, plan->group, 0, 0));
    check(start, QKRON_STEP_USER, CALL(SYS_setresuid, plan->user, plan->user, plan->user, 0, 0));
    // Our memory is the parent's; the switch has given it the system's default (fs.suid_dumpable).
    check(start, QKRON_STEP_USER, CALL(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0));
}

IN_CHILD static void enter_directory(struct qkron_start *start) {
    const struct qkron_spawn_plan *plan = &start->plan;
    if (plan->directory != NULL) {
        long outcome = CALL(SYS_chdir, plan->directory, 0, 0, 0, 0);
        if (outcome == 0) return;
        if (!plan->directory_is_optional) fail(start, QKRON_STEP_DIRECTORY, outcome);
    }
    check(start, QKRON_STEP_DIRECTORY, CALL(SYS_chdir, "/", 0, 0, 0, 0));
}

IN_CHILD static int child(void *argument) {
    struct qkron_start *start = argument;
    const struct qkron_spawn_plan *plan = &start->plan;
    reset_handlers(plan->signals);
    check(start, QKRON_STEP_SESSION, CALL(SYS_setsid, 0, 0, 0, 0, 0));
    check(start, QKRON_STEP_DESCRIPTORS, place_descriptors(plan->descriptors));
    check(start, QKRON_STEP_LIMITS, set_limits(plan));
    (void)CALL(SYS_umask, 022, 0, 0, 0, 0);
    if (plan->switches_user) switch_user(start);
    check(start, QKRON_STEP_LIMITS, limit_processes(plan));
    if (plan->is_command) {
        check(start, QKRON_STEP_PRIVILEGES, CALL(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
        // After the switch: a change of credentials clears it. The parent may have died before it was set.
        check(start, QKRON_STEP_PARENT, CALL(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0));
        if (CALL(SYS_getppid, 0, 0, 0, 0, 0) != start->parent) fail(start, QKRON_STEP_PARENT, -ESRCH);
    }
    // After the switch: the directory is entered with the rights of the command.
    enter_directory(start);
    uint64_t none = 0;
    (void)CALL(SYS_rt_sigprocmask, SIG_SETMASK, &none, NULL, 8, 0);
    // Last of all: until the exec the address space is the parent's, and more than that.
    if (plan->memory_bytes != 0) {
        check(start, QKRON_STEP_LIMITS, limit(RLIMIT_AS, plan->memory_bytes, plan->memory_bytes));
    }
    fail(start, QKRON_STEP_EXECUTE, CALL(SYS_execve, plan->path, plan->arguments, plan->environment, 0, 0));
}

// --- The parent

static size_t count_of(char *const *strings) {
    size_t count = 0;
    while (strings[count] != NULL) count++;
    return count;
}

static size_t size_of(const char *string) {
    return string == NULL ? 0 : strlen(string) + 1;
}

static size_t size_of_all(char *const *strings) {
    size_t size = 0;
    for (; *strings != NULL; strings++) size += size_of(*strings);
    return size;
}

static char *copy(const char *string, char **room) {
    if (string == NULL) return NULL;
    char *copied = memcpy(*room, string, size_of(string));
    *room += size_of(string);
    return copied;
}

static char **copy_all(char *const *strings, char ***table, char **room) {
    char **copied = *table;
    for (; *strings != NULL; strings++) *(*table)++ = copy(*strings, room);
    *(*table)++ = NULL;
    return copied;
}

// A copy of the plan with all that it points to: the child may need it when the caller's is gone. NULL: no memory.
static struct qkron_start *make_start(const struct qkron_spawn_plan *plan) {
    size_t pointers = count_of(plan->arguments) + count_of(plan->environment) + 2;
    size_t text = size_of(plan->path) + size_of(plan->directory) + size_of_all(plan->arguments)
        + size_of_all(plan->environment);
    size_t groups = plan->group_count * sizeof *plan->groups;
    struct qkron_start *start = malloc(sizeof *start + pointers * sizeof(char *) + groups + text);
    if (start == NULL) return NULL;
    *start = (struct qkron_start){.plan = *plan, .parent = getpid(), .child_is_here = 1, .stack = malloc(STACK_SIZE)};
    if (start->stack == NULL) {
        free(start);
        return NULL;
    }
    char **table = (char **)(start + 1);
    uint32_t *ids = (uint32_t *)(table + pointers);
    char *room = (char *)(ids + plan->group_count);
    if (groups != 0) start->plan.groups = memcpy(ids, plan->groups, groups);
    start->plan.path = copy(plan->path, &room);
    start->plan.directory = copy(plan->directory, &room);
    start->plan.arguments = copy_all(plan->arguments, &table, &room);
    start->plan.environment = copy_all(plan->environment, &table, &room);
    return start;
}

static void free_start(struct qkron_start *start) {
    free(start->stack);
    free(start);
}

int qkron_start_outcome(struct qkron_start *start, struct qkron_spawn_answer *answer) {
    if (start->child_is_here != 0) return 0;
    answer->step = start->step;
    answer->error = start->error;
    free_start(start);
    return 1;
}

void qkron_spawn(const struct qkron_spawn_plan *plan, struct qkron_spawn_answer *answer) {
    *answer = (struct qkron_spawn_answer){.pidfd = -1, .step = QKRON_STEP_CLONE, .error = ENOMEM};
    struct qkron_start *start = make_start(plan);
    if (start == NULL) return;
    sigset_t all, before;
    int pidfd = -1;
    int flags = CLONE_VM | CLONE_PIDFD | CLONE_CHILD_CLEARTID | (plan->is_command ? 0 : CLONE_VFORK) | SIGCHLD;

    // A handler of ours must not run in the child while it shares our memory.
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int pid = __clone(child, start->stack + STACK_SIZE, flags, start, &pidfd, NULL, &start->child_is_here);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);

    if (pid < 0) {
        answer->error = error;
        free_start(start);
        return;
    }
    *answer = (struct qkron_spawn_answer){.pid = pid, .pidfd = pidfd, .start = start};
    if (plan->is_command) return;
    answer->start = NULL;
    answer->step = start->step;
    answer->error = start->error;
    free_start(start);
    if (answer->step == QKRON_STEP_NONE) return;
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {}
    close(pidfd);
    answer->pid = 0;
    answer->pidfd = -1;
}
