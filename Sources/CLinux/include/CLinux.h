#ifndef QKRON_CLINUX_H
#define QKRON_CLINUX_H

#include <stddef.h>
#include <stdint.h>

// What the Swift overlay of the C library cannot reach. Unless said otherwise a function returns a value of zero or
// more on success and the negated errno on failure, and every descriptor it makes is closed on exec.

// --- spawn.c

enum qkron_spawn_step {
    QKRON_STEP_NONE, QKRON_STEP_CLONE, QKRON_STEP_SESSION, QKRON_STEP_DESCRIPTORS, QKRON_STEP_LIMITS,
    QKRON_STEP_GROUPS, QKRON_STEP_GROUP, QKRON_STEP_USER, QKRON_STEP_DIRECTORY, QKRON_STEP_PRIVILEGES,
    QKRON_STEP_PARENT, QKRON_STEP_EXECUTE
};

struct qkron_spawn_plan {
    const char *path;
    char *const *arguments;
    char *const *environment;
    const char *directory;       // NULL: "/"
    int directory_is_optional;   // 1: "/" where the directory cannot be entered
    int descriptors[3];          // become 0, 1 and 2; each above 2, or already in its place
    int switches_user;           // 1: takes on the ids below
    uint32_t user;
    uint32_t group;
    const uint32_t *groups;
    size_t group_count;
    uint64_t open_files;         // soft limit of open files; 0: as the parent's
    uint64_t mark;               // see qkron_spawn; 0: none
    uint64_t signals;            // those whose handlers are set to the default: bit n - 1 for signal n
    uint64_t cpu_seconds;        // 0: as the parent's; so the next three
    uint64_t memory_bytes;       // of address space
    uint64_t most_files;         // hard limit of open files, and soft one in place of the above
    uint64_t processes;          // of the user
    int sets_nice;               // 1: takes on the nice value below
    int nice;
    int is_command;              // 1: no new privileges, killed when the spawning thread ends, and not waited for
};

// A command that has not executed its program yet.
struct qkron_start;

struct qkron_spawn_answer {
    int pid;                     // 0 on failure
    int pidfd;
    int step;                    // the step that failed
    int error;                   // its errno
    struct qkron_start *start;   // of a command: to be asked by qkron_start_outcome until it answers 1
};

// Starts a process in a session of its own: empty signal mask, umask 022, only the three descriptors. The mark is set
// as the limit RLIMIT_LOCKS, which Linux has not enforced since 2.4.25 but hands down through fork and exec and shows
// in /proc/PID/limits to everyone; failing to set it is no failure.
//
// Returns once it has executed its program or failed to. Not so a command: between its change of user and its program it
// can be stopped by that user's processes, or by a directory that does not answer, so nobody waits for it.
void qkron_spawn(const struct qkron_spawn_plan *plan, struct qkron_spawn_answer *answer);

// Whether it is known how a command started: 1, and then the step that failed if one did, or 0. It is known of one that
// has ended. Once known the start must not be used again.
int qkron_start_outcome(struct qkron_start *start, struct qkron_spawn_answer *answer);

// The signals whose handlers are not the default, as `signals` above wants them.
uint64_t qkron_changed_signals(void);

// --- linux.c

struct qkron_event {
    uint64_t key;
    int is_readable;             // also at end of file and on error: read to learn which
    int is_writable;
};

int qkron_epoll_create(void);
int qkron_epoll_add(int epoll, int descriptor, uint64_t key);
int qkron_epoll_watch_writing(int epoll, int descriptor, uint64_t key, int watches);
int qkron_epoll_remove(int epoll, int descriptor);
int qkron_epoll_wait(int epoll, struct qkron_event *events, int capacity);

int qkron_timer_create(void);                        // CLOCK_BOOTTIME, not blocking
int qkron_timer_set(int timer, int64_t nanoseconds); // absolute; 0 disarms
int qkron_eventfd_create(void);                      // not blocking
int qkron_termination_eventfd(void);                 // readable once SIGTERM came; call once per process

int qkron_pipe(int *reading, int *writing);          // the reading end does not block

int qkron_pidfd_open(int pid);
int qkron_pidfd_signal(int pidfd, int signal);

// Whether the child has ended: 1 and its siginfo code and status, or 0. With reaps = 0 it stays a zombie.
int qkron_child_status(int pidfd, int reaps, int *code, int *status);

uint64_t qkron_raise_open_files(void);               // to the hard limit; returns what it was, 0 if unknown

// Runs body(argument) on a thread of its own, named so (15 bytes), with all signals blocked. Threads may run short.
int qkron_thread_start(const char *name, void (*body)(void *), void *argument);

int qkron_become_subreaper(void);
int qkron_set_process_name(const char *name);        // its first 15 bytes
int qkron_make_undumpable(void);
// Becomes this user in all threads and for good: nothing brings the earlier rights back, in no program that is executed.
int qkron_become(uint32_t user, uint32_t group, const uint32_t *groups, size_t count);
// Gives up the capabilities that no executor needs whose commands are not root's. For a process with one thread: the
// system changes the calling one. Kept: to give a command its pipes, become its user, signal it, set its nice value and
// limits, and read its environment.
int qkron_keep_rights_of_executor(void);
void qkron_return_large_blocks(void);                // memory of 256 KiB and more, as soon as it is freed

// Makes this process run another program: same id, default signals. Of the descriptors above 2 only the given ones stay
// open. Returns, on failure only, the negated errno.
int qkron_replace_program(const char *path, char *const *arguments, char *const *environment, const int *kept,
                          size_t count);

int qkron_listen(const char *path);                  // Unix stream sockets that do not block
int qkron_accept(int listener);
int qkron_connect(const char *path);
int qkron_peer_user(int socket, uint32_t *user);

int qkron_lock(int descriptor);                      // a POSIX write lock on the whole file
int qkron_lock_holder(int descriptor);               // pid of the process that holds it, 0: nobody

#endif
