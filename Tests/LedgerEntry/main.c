// What the tasks of the torture run: notes its start, its signs of life and its end in a ledger, one line each, and
// works, fails, ignores SIGTERM or leaves a daemon behind as it is told.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

static int ledger = -1;

static const char *variable(const char *name) {
    const char *value = getenv(name);
    return value && *value ? value : "-";
}

static long long boottime(void) {
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

// One write of one line, which the system keeps whole; on the disk before it returns, if asked.
static void note(const char *word, int is_durable) {
    char line[512];
    int length = snprintf(line, sizeof line, "%s %s %s %s %s %s %d %lld\n", word, variable("QKRON_TASK_ID"),
                          variable("QKRON_SCHEDULED_FOR"), variable("QKRON_EXECUTION_ID"), variable("QKRON_ATTEMPT"),
                          variable("QKRON_FENCING_TOKEN"), (int)getpid(), boottime());
    if (write(ledger, line, length) != length || (is_durable && fsync(ledger) != 0)) {
        fprintf(stderr, "The ledger cannot be written: %s\n", strerror(errno));
        _exit(97);
    }
}

static void pause_for(long milliseconds) {
    struct timespec left = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0 && errno == EINTR) {}
}

static void work(const char *word, long milliseconds) {
    long long end = boottime() + milliseconds * 1000000LL;
    for (;;) {
        long left = (long)((end - boottime()) / 1000000);
        if (left <= 0) return;
        pause_for(left < 100 ? left : 100);
        if (left > 100) note(word, 0);
    }
}

// A child of a child in a session of its own, whom nobody waits for.
static void leave_daemon(long milliseconds) {
    pid_t child = fork();
    if (child < 0) _exit(98);
    if (child > 0) return;
    setsid();
    if (fork() != 0) _exit(0);
    int nothing = open("/dev/null", O_RDWR);
    for (int stream = 0; stream < 3; stream++) dup2(nothing, stream);
    work("daemon", milliseconds);
    _exit(0);
}

// Held, from start to end, by every process of a run: another run that meets it tells on both.
static int take_lock(const char *directory, int per_slot) {
    char path[512];
    if (per_slot) {
        snprintf(path, sizeof path, "%s/%s_%s", directory, variable("QKRON_TASK_ID"), variable("QKRON_SCHEDULED_FOR"));
    } else {
        snprintf(path, sizeof path, "%s/%s", directory, variable("QKRON_TASK_ID"));
    }
    int lock = open(path, O_RDWR | O_CREAT, 0666);
    if (lock < 0) _exit(96);
    if (flock(lock, LOCK_EX | LOCK_NB) != 0) note("beside", 1);
    return lock;
}

int main(int count, char **words) {
    const char *file = NULL, *directory = NULL;
    long milliseconds = 0, daemon_milliseconds = 0;
    int option, per_slot = 0, status = 0;
    while ((option = getopt(count, words, "f:l:w:d:x:st")) != -1) {
        switch (option) {
        case 'f': file = optarg; break;
        case 'l': directory = optarg; break;
        case 'w': milliseconds = atol(optarg); break;
        case 'd': daemon_milliseconds = atol(optarg); break;
        case 'x': status = atoi(optarg); break;
        case 's': per_slot = 1; break;
        case 't': signal(SIGTERM, SIG_IGN); break;
        default: return 95;
        }
    }
    if (!file || !directory) {
        fprintf(stderr, "usage: LedgerEntry -f LEDGER -l LOCKS [-s] [-w MS] [-d MS] [-t] [-x STATUS]\n");
        return 95;
    }
    ledger = open(file, O_WRONLY | O_APPEND | O_CREAT, 0666);
    if (ledger < 0) return 96;
    int lock = take_lock(directory, per_slot);
    note("start", 1);
    if (daemon_milliseconds > 0) leave_daemon(daemon_milliseconds);
    work("beat", milliseconds);
    note("end", 1);
    // The daemon holds the same lock and may live on.
    flock(lock, LOCK_UN);
    return status;
}
