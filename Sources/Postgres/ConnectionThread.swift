import Foundation
import Glibc
import Synchronization

/// A thread that runs what one actor has to do, so that libpq may block without holding up the shared pool; and, while
/// a transaction is under way, what goes on between its statements (`visitors`), so that none of them crosses threads.
///
/// It ends after `stop()`, when nothing is left to run; call it only when no job can follow.
final class ConnectionThread: SerialExecutor {
    /// Runs tasks that prefer this thread.
    private final class Visitors: TaskExecutor {
        private let thread: ConnectionThread

        init(_ thread: ConnectionThread) {
            self.thread = thread
        }

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            thread.add { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
        }
    }

    private struct Inbox {
        var jobs: [@Sendable () -> Void] = []
        var isStopped = false
    }

    private let inbox = Mutex(Inbox())
    private let wake = DispatchSemaphore(value: 0)

    /// Throws `.unavailable` when the system has no thread left.
    func start() throws(PostgresError) {
        guard startThread({ self.run() }) else {
            throw PostgresError(.unavailable, "The system has no thread left for a database connection.")
        }
    }

    func stop() {
        inbox.withLock { $0.isStopped = true }
        wake.signal()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        add { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    /// What tasks prefer that talk to the connection, one statement after the other.
    var visitors: any TaskExecutor { Visitors(self) }

    private func add(_ job: @escaping @Sendable () -> Void) {
        let isFirst = inbox.withLock {
            $0.jobs.append(job)
            return $0.jobs.count == 1
        }
        if isFirst { wake.signal() }
    }

    private func run() {
        while true {
            wake.wait()
            while let jobs = takeJobs() {
                for job in jobs { job() }
            }
            if inbox.withLock({ $0.isStopped && $0.jobs.isEmpty }) { return }
        }
    }

    private func takeJobs() -> [@Sendable () -> Void]? {
        inbox.withLock { inbox in
            guard !inbox.jobs.isEmpty else { return nil }
            defer { inbox.jobs.removeAll() }
            return inbox.jobs
        }
    }
}

private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) {
        self.run = run
    }
}

/// Runs the body on a new detached thread that takes no signals; false when there is no thread to be had.
func startThread(_ body: @escaping @Sendable () -> Void) -> Bool {
    let argument = Unmanaged.passRetained(ThreadBody(body))
    var all = sigset_t()
    var previous = sigset_t()
    sigfillset(&all)
    // The new thread inherits the mask, so that signals go to those who wait for them.
    pthread_sigmask(SIG_SETMASK, &all, &previous)
    defer { pthread_sigmask(SIG_SETMASK, &previous, nil) }
    var thread = pthread_t()
    let failure = pthread_create(
        &thread, nil,
        { raw in
            if let raw { Unmanaged<ThreadBody>.fromOpaque(raw).takeRetainedValue().run() }
            return nil
        }, argument.toOpaque())
    guard failure == 0 else {
        argument.release()
        return false
    }
    pthread_detach(thread)
    return true
}
