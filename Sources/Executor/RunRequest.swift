import Foundation

/// A command to run under a lease.
package struct RunRequest: Sendable {
    /// The execution; `QKRON_EXECUTION_ID` of the environment must name it.
    package var executionID: UUID
    /// The attempt's fencing token; `QKRON_FENCING_TOKEN` of the environment must name it.
    package var fencingToken: Int
    /// What `/bin/sh -c` is given.
    package var command: String
    /// The whole environment of the command, passed on exactly as it is.
    package var environment: [String: String]
    /// The variables of the environment whose values are masked in the output.
    package var secretNames: [String] = []
    /// What each of its processes is held to.
    package var limits = RunLimits.none
    /// Where the command starts; nil: its HOME, or `/` where that cannot be entered.
    package var workingDirectory: String?
    /// Name of the system user it runs as; nil: the executor's own. Another user needs an executor of root.
    package var user: String?
    /// After it the tree is ended and the run has timed out.
    package var timeout: Duration
    /// Bytes kept of each stream.
    package var outputLimit: Int
    /// When the run's lease lapses unless it is extended.
    package var deadline: LeaseDeadline

    /// A request for one attempt of an execution.
    package init(
        executionID: UUID, fencingToken: Int, command: String, environment: [String: String],
        workingDirectory: String? = nil, user: String? = nil, timeout: Duration, outputLimit: Int = 1 << 20,
        deadline: LeaseDeadline
    ) {
        self.executionID = executionID
        self.fencingToken = fencingToken
        self.command = command
        self.environment = environment
        self.workingDirectory = workingDirectory
        self.user = user
        self.timeout = timeout
        self.outputLimit = outputLimit
        self.deadline = deadline
    }
}

extension RunRequest {
    var key: RunKey {
        RunKey(executionID: executionID, fencingToken: Int64(fencingToken))
    }
}

/// How a run ended, and what it wrote.
package struct RunResult: Sendable, Equatable {
    /// The ways a run can end.
    package enum Ending: Sendable, Equatable {
        /// The shell exited by itself, with this code.
        case exited(Int)
        /// A signal that nobody of qkron sent killed the shell.
        case signaled(Int)
        /// Its timeout passed and its tree was ended.
        case timedOut
        /// Its tree was ended on the server's order.
        case ended(EndReason)
        /// Its lease lapsed and its tree was ended, or it was never started because the lease had lapsed.
        case leaseLapsed
        /// It never ran: the step that failed and why.
        case spawnFailed(String)
        /// The executor died; what was left of its tree has been ended.
        case executorLost
    }

    /// How it ended.
    package let ending: Ending
    /// What it wrote to standard output.
    package let stdout: CapturedOutput
    /// What it wrote to standard error.
    package let stderr: CapturedOutput
    /// How many processes of its tree could not be killed, even after seconds of SIGKILL.
    package let survivors: Int
    /// From its start to the end of its tree; zero if it never started.
    package let duration: Duration

    init(
        ending: Ending, stdout: CapturedOutput = .empty, stderr: CapturedOutput = .empty, survivors: Int = 0,
        duration: Duration = .zero
    ) {
        self.ending = ending
        self.stdout = stdout
        self.stderr = stderr
        self.survivors = survivors
        self.duration = duration
    }
}
