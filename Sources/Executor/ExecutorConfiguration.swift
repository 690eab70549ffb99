import Glibc

/// How a server starts its executor.
package struct ExecutorConfiguration: Sendable {
    /// The program; nil: the one that is running, even if its file was replaced.
    package var executablePath: String?
    /// Its arguments; its place in the directory follows them.
    package var arguments: [String]
    /// Starts and ends executors where this process has not the rights to; nil: it has.
    package var launcher: LauncherClient?
    /// Where the two meet: made with mode 0700, or already so and ours. Its path has at most 90 bytes. A launcher has a
    /// directory of its own.
    package var directory: String
    /// From SIGTERM to SIGKILL.
    package var killGrace: Duration
    /// The same where the lease has lapsed; nothing of a run outlives its deadline by more.
    package var leaseGrace: Duration
    /// No lease of a run is longer.
    package var longestLease: Duration

    /// A configuration for the directory.
    package init(
        directory: String, launcher: LauncherClient? = nil, executablePath: String? = nil,
        arguments: [String] = ["executor"], killGrace: Duration = .seconds(5), leaseGrace: Duration = .seconds(2),
        longestLease: Duration = .seconds(60)
    ) {
        self.directory = directory
        self.launcher = launcher
        self.executablePath = executablePath
        self.arguments = arguments
        self.killGrace = killGrace
        self.leaseGrace = leaseGrace
        self.longestLease = longestLease
    }

    /// What starts and ends executors.
    ///
    /// The program of this process is right also where an upgrade has replaced its file meanwhile: the executor is then
    /// as old as its server.
    var host: any ExecutorHost {
        launcher ?? OwnHost(directory: directory, executable: executablePath ?? "/proc/self/exe", arguments: arguments)
    }

    /// By when an executor that lost its server for good, and cannot be talked to, is gone.
    var longestOrphanage: Duration {
        longestLease + longestEnd
    }

    /// By when an executor that was told to end has ended all runs, survivors given up.
    var longestEnd: Duration {
        max(killGrace, leaseGrace) + TreeEnding.patience + .seconds(2)
    }
}

/// Why there is no executor.
package struct ExecutorError: Error, CustomStringConvertible {
    /// The reason in words.
    package let description: String
}
