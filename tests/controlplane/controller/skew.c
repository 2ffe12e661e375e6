// Preloaded into a program it sets that program's clock: as many seconds ahead of the machine's as SKEW says.
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_gettime(clockid_t clock, struct timespec *now) {
    int failed = syscall(SYS_clock_gettime, clock, now);
    if (!failed && clock == CLOCK_REALTIME)
        now->tv_sec += atoi(getenv("SKEW"));
    return failed;
}
