// Tells the thread sanitizer how Swift's Mutex passes from one thread to another where it is contended. That happens in
// the library Synchronization and the kernel, which are not instrumented; without this, what a Mutex guards is reported
// as a race. Preloaded by Tests/Sanitizers/run; outside an instrumented program it changes nothing.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *self
#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"
#define TRY_LOCK "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"

void __tsan_acquire(void *) __attribute__((weak));
void __tsan_release(void *) __attribute__((weak));

SWIFT void qkron_lock(uint32_t thread, SELF) __asm__(LOCK);
SWIFT void qkron_unlock(SELF) __asm__(UNLOCK);
SWIFT bool qkron_try_lock(SELF) __asm__(TRY_LOCK);

static SWIFT void (*real_lock)(uint32_t thread, SELF);
static SWIFT void (*real_unlock)(SELF);
static SWIFT bool (*real_try_lock)(SELF);

__attribute__((constructor)) static void find_real(void) {
    real_lock = dlsym(RTLD_NEXT, LOCK);
    real_unlock = dlsym(RTLD_NEXT, UNLOCK);
    real_try_lock = dlsym(RTLD_NEXT, TRY_LOCK);
}

SWIFT void qkron_lock(uint32_t thread, SELF) {
    real_lock(thread, self);
    if (__tsan_acquire) __tsan_acquire(self);
}

SWIFT void qkron_unlock(SELF) {
    if (__tsan_release) __tsan_release(self);
    real_unlock(self);
}

SWIFT bool qkron_try_lock(SELF) {
    bool taken = real_try_lock(self);
    if (taken && __tsan_acquire) __tsan_acquire(self);
    return taken;
}
