// Writes lines of 80 bytes to standard output, one write(2) each, and says on standard error how long that took and how
// much of it neither ran nor waited for a core, so was blocked by the reader: "nanoseconds blocked".
// Usage: output LINES
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

// Nanoseconds on a core and in the queue for one.
static long long scheduled(void) {
    char text[128];
    long long running = 0, waiting = 0;
    int file = open("/proc/self/schedstat", O_RDONLY);
    ssize_t count = file < 0 ? -1 : read(file, text, sizeof text - 1);
    if (count > 0) {
        text[count] = 0;
        sscanf(text, "%lld %lld", &running, &waiting);
    }
    close(file);
    return running + waiting;
}

int main(int argc, char **argv) {
    if (argc != 2) return 2;
    long lines = atol(argv[1]);
    char line[81];
    memset(line, 'x', sizeof line);
    line[79] = '\n';
    long long start = now(), busy = scheduled();
    for (long i = 0; i < lines; i++) {
        int digits = snprintf(line, 21, "%ld", i);
        line[digits] = ' ';
        for (size_t sent = 0; sent < 80;) {
            ssize_t count = write(1, line + sent, 80 - sent);
            if (count < 0) return 1;
            sent += (size_t)count;
        }
    }
    long long took = now() - start;
    busy = scheduled() - busy;
    fprintf(stderr, "%lld %lld\n", took, took > busy ? took - busy : 0);
    return 0;
}
