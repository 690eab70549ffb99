import CLinux
import Glibc

/// The executor's side: the process that `serve` starts.
package enum ExecutorProcess {
    /// Serves one server after the other at the place, until one orders the end or the leases of all runs have lapsed;
    /// then all runs have been ended.
    ///
    /// - Parameter terms: what root has said; nil: the server is of this process's user, and has its rights.
    ///
    /// Blocks, and wants a process of its own with one thread. Returns the exit code: 0, 1 where it could not start or
    /// broke, 75 where another executor holds the place. It writes to standard error only in the last two cases.
    package static func run(place: String, terms: ExecutorTerms?) -> Int32 {
        Glibc.signal(SIGPIPE, SIG_IGN)
        Glibc.signal(SIGINT, SIG_IGN)
        Glibc.signal(SIGHUP, SIG_IGN)
        Glibc.signal(SIGCHLD, SIG_DFL)
        umask(0o077)
        // Started as /proc/self/exe it would be called "exe".
        _ = qkron_set_process_name("qkron-executor")
        ProcessProtection.becomeSubreaper()
        ProcessProtection.makeUndumpable()
        ProcessMemory.returnLargeBlocks()
        do {
            // A command of root is to have all that root has.
            if let terms, !terms.commandUsers.contains(0) {
                _ = try SystemCallError.check("capabilities", qkron_keep_rights_of_executor())
            }
            let loop = try ExecutorLoop(
                at: ExecutorPlace(path: place), terms: terms, openFiles: qkron_raise_open_files())
            try loop.run()
            return 0
        } catch let error as SystemCallError where error.call == ExecutorLoop.lockCall {
            return complain(error, exitCode: 75)
        } catch {
            return complain(error, exitCode: 1)
        }
    }

    private static func complain(_ error: any Error, exitCode: Int32) -> Int32 {
        let line = Array("qkron executor: \(error)\n".utf8)
        _ = write(STDERR_FILENO, line, line.count)
        return exitCode
    }
}
