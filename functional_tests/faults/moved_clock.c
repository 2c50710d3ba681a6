/* The clock of a process, moved by CLOCK_OFFSET_SECONDS, and nothing else: no sleep, no timeout, no file time.
 * Preloaded by the fault tests. (libfaketime 0.9.10 hangs in the clock_nanosleep of Python 3.11's time.sleep.) */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

static long offset(void) {
    static int is_known;
    static long seconds;
    if (!is_known) {
        const char *text = getenv("CLOCK_OFFSET_SECONDS");
        seconds = text ? atol(text) : 0;
        is_known = 1;
    }
    return seconds;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (!real)
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    int result = real(clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += offset();
    return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
    struct timespec moment;
    int result = clock_gettime(CLOCK_REALTIME, &moment);
    now->tv_sec = moment.tv_sec;
    now->tv_usec = moment.tv_nsec / 1000;
    (void)zone;
    return result;
}

time_t time(time_t *result) {
    struct timespec moment;
    clock_gettime(CLOCK_REALTIME, &moment);
    if (result)
        *result = moment.tv_sec;
    return moment.tv_sec;
}
