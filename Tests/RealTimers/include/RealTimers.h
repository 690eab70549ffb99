// Preloaded in front of libfaketime, which takes every absolute timer for one of the wall clock and shifts it; those of
// Swift's sleeps go by the monotonic clock, which stays as it is.
#pragma once

#include <sys/timerfd.h>

int timerfd_settime(int descriptor, int flags, const struct itimerspec *value, struct itimerspec *old);
