#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static int answer(long outcome) {
    return outcome < 0 ? -errno : (int)outcome;
}

int qkron_epoll_create(void) {
    return answer(epoll_create1(EPOLL_CLOEXEC));
}

int qkron_epoll_add(int epoll, int descriptor, uint64_t key) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = key};
    return answer(epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event));
}

int qkron_epoll_watch_writing(int epoll, int descriptor, uint64_t key, int watches) {
    struct epoll_event event = {.events = EPOLLIN | (watches ? EPOLLOUT : 0), .data.u64 = key};
    return answer(epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event));
}

int qkron_epoll_remove(int epoll, int descriptor) {
    return answer(epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, NULL));
}

int qkron_epoll_wait(int epoll, struct qkron_event *events, int capacity) {
    struct epoll_event raw[256];
    int count = epoll_wait(epoll, raw, capacity < 256 ? capacity : 256, -1);
    for (int index = 0; index < count; index++) {
        events[index].key = raw[index].data.u64;
        events[index].is_readable = (raw[index].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0;
        events[index].is_writable = (raw[index].events & EPOLLOUT) != 0;
    }
    return answer(count);
}

int qkron_timer_create(void) {
    return answer(timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK));
}

int qkron_timer_set(int timer, int64_t nanoseconds) {
    struct itimerspec at = {.it_value = {.tv_sec = nanoseconds / 1000000000, .tv_nsec = nanoseconds % 1000000000}};
    return answer(timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL));
}

int qkron_eventfd_create(void) {
    return answer(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

static int termination_eventfd = -1;

static void note_termination(int number) {
    (void)number;
    int saved = errno;
    uint64_t one = 1;
    (void)!write(termination_eventfd, &one, sizeof one);
    errno = saved;
}

int qkron_termination_eventfd(void) {
    termination_eventfd = qkron_eventfd_create();
    if (termination_eventfd < 0) return termination_eventfd;
    struct sigaction action = {.sa_handler = note_termination, .sa_flags = SA_RESTART};
    return sigaction(SIGTERM, &action, NULL) == 0 ? termination_eventfd : -errno;
}

int qkron_pipe(int *reading, int *writing) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) return -errno;
    // Only our end: a command may rely on a writing end that blocks.
    if (fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
        int error = errno;
        close(ends[0]);
        close(ends[1]);
        return -error;
    }
    *reading = ends[0];
    *writing = ends[1];
    return 0;
}

int qkron_pidfd_open(int pid) {
    return answer(syscall(SYS_pidfd_open, pid, 0));
}

int qkron_pidfd_signal(int pidfd, int number) {
    return answer(syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0));
}

int qkron_child_status(int pidfd, int reaps, int *code, int *status) {
    siginfo_t info = {0};
    if (waitid((idtype_t)3 /* P_PIDFD */, (id_t)pidfd, &info, WEXITED | WNOHANG | (reaps ? 0 : WNOWAIT)) != 0) {
        return -errno;
    }
    *code = info.si_code;
    *status = info.si_status;
    return info.si_pid != 0;
}

uint64_t qkron_raise_open_files(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
    uint64_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    return before;
}

struct thread_start {
    void (*body)(void *);
    void *argument;
    char name[16];
};

static void *run_thread(void *raw) {
    struct thread_start start = *(struct thread_start *)raw;
    free(raw);
    (void)pthread_setname_np(pthread_self(), start.name);
    start.body(start.argument);
    return NULL;
}

int qkron_thread_start(const char *name, void (*body)(void *), void *argument) {
    struct thread_start *start = malloc(sizeof *start);
    if (start == NULL) return -ENOMEM;
    *start = (struct thread_start){.body = body, .argument = argument};
    strncpy(start->name, name, sizeof start->name - 1);
    sigset_t all, before;
    sigfillset(&all);
    // The new thread inherits the mask, so that signals go to those who wait for them.
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    int error = pthread_create(&thread, NULL, run_thread, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0) {
        free(start);
        return -error;
    }
    pthread_detach(thread);
    return 0;
}

int qkron_become_subreaper(void) {
    return answer(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
}

int qkron_set_process_name(const char *name) {
    return answer(prctl(PR_SET_NAME, name, 0, 0, 0));
}

int qkron_make_undumpable(void) {
    return answer(prctl(PR_SET_DUMPABLE, 0, 0, 0, 0));
}

int qkron_become(uint32_t user, uint32_t group, const uint32_t *groups, size_t count) {
    // The C library's calls, not the system's: they change every thread.
    if (setgroups(count, groups) != 0) return -errno;
    if (setresgid(group, group, group) != 0) return -errno;
    if (setresuid(user, user, user) != 0) return -errno;
    if (setresuid(-1, 0, -1) == 0 || setresgid(-1, 0, -1) == 0) return -EPERM;
    // The change of user has cleared it.
    if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) return -errno;
    return answer(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
}

int qkron_keep_rights_of_executor(void) {
    const uint64_t kept = 1u << CAP_CHOWN | 1u << CAP_KILL | 1u << CAP_SETGID | 1u << CAP_SETUID
        | 1u << CAP_SYS_NICE | 1u << CAP_SYS_PTRACE | 1u << CAP_SYS_RESOURCE;
    for (int number = 0; number < 64; number++) {
        if (kept >> number & 1 || prctl(PR_CAPBSET_READ, number, 0, 0, 0) != 1) continue;
        // Whoever has taken CAP_SETPCAP from us has said what we are bound to.
        if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) != 0 && errno != EPERM) return -errno;
    }
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct halves[2];
    if (syscall(SYS_capget, &header, halves) != 0) return -errno;
    for (int half = 0; half < 2; half++) {
        halves[half].permitted &= (uint32_t)(kept >> 32 * half);
        halves[half].effective = halves[half].permitted;
        halves[half].inheritable = 0;
    }
    return answer(syscall(SYS_capset, &header, halves));
}

void qkron_return_large_blocks(void) {
    // Left alone, the threshold grows to the largest block that was ever freed, up to 32 MiB, and with it what is kept.
    (void)mallopt(M_MMAP_THRESHOLD, 256 << 10);
    (void)mallopt(M_TRIM_THRESHOLD, 4 << 20);
}

int qkron_replace_program(const char *path, char *const *arguments, char *const *environment, const int *kept,
                          size_t count) {
    if (syscall(SYS_close_range, 3u, ~0u, CLOSE_RANGE_CLOEXEC) != 0) return -errno;
    for (size_t index = 0; index < count; index++) {
        if (fcntl(kept[index], F_SETFD, 0) != 0) return -errno;
    }
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    execve(path, arguments, environment);
    return -errno;
}

static int unix_socket(const char *path, struct sockaddr_un *address) {
    if (strlen(path) >= sizeof address->sun_path) return -ENAMETOOLONG;
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    strcpy(address->sun_path, path);
    return answer(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

int qkron_listen(const char *path) {
    struct sockaddr_un address;
    int descriptor = unix_socket(path, &address);
    if (descriptor < 0) return descriptor;
    if (bind(descriptor, (struct sockaddr *)&address, sizeof address) == 0 && listen(descriptor, 4) == 0) {
        return descriptor;
    }
    int error = errno;
    close(descriptor);
    return -error;
}

int qkron_accept(int listener) {
    return answer(accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK));
}

int qkron_connect(const char *path) {
    struct sockaddr_un address;
    int descriptor = unix_socket(path, &address);
    if (descriptor < 0) return descriptor;
    if (connect(descriptor, (struct sockaddr *)&address, sizeof address) == 0) return descriptor;
    int error = errno;
    close(descriptor);
    return -error;
}

int qkron_peer_user(int descriptor, uint32_t *user) {
    struct ucred credentials;
    socklen_t size = sizeof credentials;
    if (getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0) return -errno;
    *user = credentials.uid;
    return 0;
}

int qkron_lock(int descriptor) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    return answer(fcntl(descriptor, F_SETLK, &lock));
}

int qkron_lock_holder(int descriptor) {
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(descriptor, F_GETLK, &lock) != 0) return -errno;
    return lock.l_type == F_UNLCK ? 0 : lock.l_pid;
}
