import Glibc

/// How a server starts its executor.
package struct ExecutorConfiguration: Sendable {
    /// The program; nil: the one that is running, even if its file was replaced.
    package var executablePath: String?
    /// Its arguments; its place in the directory follows them.
    package var arguments: [String]
    /// Where the two meet: made with mode 0700, or already so and ours. Its path has at most 90 bytes.
    package var directory: String
    /// From SIGTERM to SIGKILL.
    package var killGrace: Duration
    /// The same where the lease has lapsed; nothing of a run outlives its deadline by more.
    package var leaseGrace: Duration
    /// No lease of a run is longer.
    package var longestLease: Duration

    /// A configuration for the directory.
    package init(
        directory: String, executablePath: String? = nil, arguments: [String] = ["executor"],
        killGrace: Duration = .seconds(5), leaseGrace: Duration = .seconds(2), longestLease: Duration = .seconds(60)
    ) {
        self.directory = directory
        self.executablePath = executablePath
        self.arguments = arguments
        self.killGrace = killGrace
        self.leaseGrace = leaseGrace
        self.longestLease = longestLease
    }

    /// The program file of the executors that this server starts.
    var program: String { executablePath ?? "/proc/self/exe" }

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
