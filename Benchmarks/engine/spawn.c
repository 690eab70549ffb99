// The least that starting a command can cost: posix_spawn and waitpid in a loop.
// Usage: spawn SECONDS LOOPS COMMAND [ARGUMENT ...]; prints how many commands a second all loops ran.
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static long run_until(double end, char **command) {
    long count = 0;
    while (now() < end) {
        pid_t child;
        int status;
        if (posix_spawn(&child, command[0], NULL, NULL, command, environ) != 0) exit(1);
        if (waitpid(child, &status, 0) != child || status != 0) exit(1);
        count++;
    }
    return count;
}

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    int loops = atoi(argv[2]);
    long *counts = mmap(NULL, sizeof(long) * (size_t)loops, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (loops < 1 || counts == MAP_FAILED) return 2;
    double start = now(), end = start + atof(argv[1]);
    for (int i = 1; i < loops; i++) {
        pid_t child = fork();
        if (child < 0) return 1;
        if (child == 0) {
            counts[i] = run_until(end, argv + 3);
            _exit(0);
        }
    }
    counts[0] = run_until(end, argv + 3);
    long total = counts[0];
    for (int i = 1; i < loops; i++) {
        int status;
        if (wait(&status) < 0 || status != 0) return 1;
    }
    for (int i = 1; i < loops; i++) total += counts[i];
    printf("%.1f\n", (double)total / (now() - start));
    return 0;
}
