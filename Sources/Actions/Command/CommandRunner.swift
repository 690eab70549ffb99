import Domain
import Executor
import Foundation
import Scheduling
import Synchronization

/// Runs command tasks: asks the executor, and knows no process itself.
package final class CommandRunner: ActionRunner {
    package let kind = ActionKind.command
    private let executor: ExecutorClient?
    private let policy: CommandPolicy
    private let killGrace: Duration
    /// Until when the server's lease holds. A run begun before it is known has no right to run.
    private let deadline = Mutex(LeaseDeadline.after(.zero, since: .now))

    /// A runner that hands commands to `executor` under `policy`.
    ///
    /// - Parameters:
    ///   - executor: nil on a server that leaves the engine out: it reads commands, and runs none.
    ///   - killGrace: from SIGTERM to SIGKILL.
    package init(executor: ExecutorClient?, policy: CommandPolicy, killGrace: Duration) {
        self.executor = executor
        self.policy = policy
        self.killGrace = killGrace
    }

    package func accept(_ parameters: [String: JSONValue]) throws(InputFaults) -> [String: JSONValue] {
        try policy.accept(parameters)
    }

    package func holdLease(until instant: ContinuousClock.Instant) {
        let deadline = LeaseDeadline.after(instant - ContinuousClock.now, since: .now)
        self.deadline.withLock { $0 = deadline.instant > $0.instant ? deadline : $0 }
        executor?.extendLeases(to: deadline)
    }

    package func endLeftovers(of attempts: [AttemptID]) async {
        _ = await Leftovers.end(
            attempts: attempts.map { ($0.execution.uuid, $0.fencingToken) }, grace: killGrace)
    }

    package func settle(_ attempt: AttemptID) {
        executor?.settle(executionID: attempt.execution.uuid, fencingToken: attempt.fencingToken)
    }

    package var inheritedAttempts: [AttemptID] {
        (executor?.inheritedRuns ?? []).map {
            AttemptID(execution: Identifier($0.executionID), fencingToken: $0.fencingToken)
        }
    }

    package func endInherited(except granted: Set<AttemptID>) {
        executor?.endInherited(
            except: Set(
                granted.map {
                    ExecutorClient.InheritedRun(executionID: $0.execution.uuid, fencingToken: $0.fencingToken)
                }))
    }

    package func detach() async {
        await executor?.detach()
    }

    package func run(_ attempt: AttemptContext) async -> AttemptReport? {
        let lease = attempt.lease
        guard let executor else {
            return AttemptReport(outcome: .failed(.spawnError), error: "This server runs no commands")
        }
        let command: CommandParameters
        do {
            command = try CommandParameters(lease.action.parameters)
        } catch {
            return AttemptReport(outcome: .failed(.spawnError), error: "The stored command cannot be read")
        }
        let result = await executor.run(
            RunRequest(
                executionID: lease.executionID.uuid, fencingToken: lease.fencingToken, command: command.command,
                environment: environment(of: command, lease: lease),
                workingDirectory: command.workingDirectory, user: policy.user?.name,
                timeout: .seconds(lease.timeout), outputLimit: command.outputLimit,
                deadline: deadline.withLock { $0 }))
        return result.map { report($0, timeout: lease.timeout) }
    }

    private func environment(of command: CommandParameters, lease: Lease) -> [String: String] {
        let user = policy.user ?? .current
        var environment = [
            "PATH": policy.path, "HOME": user.home, "USER": user.name, "LOGNAME": user.name, "SHELL": "/bin/sh",
            "LANG": "C.UTF-8", "TZ": lease.timezone,
        ]
        environment.merge(command.environment) { $1 }
        environment["QKRON_TASK_ID"] = lease.taskID.description
        environment["QKRON_EXECUTION_ID"] = lease.executionID.description
        environment["QKRON_SCHEDULED_FOR"] = ISO8601.format(lease.scheduledFor)
        environment["QKRON_ATTEMPT"] = String(lease.attempt)
        environment["QKRON_FENCING_TOKEN"] = String(lease.fencingToken)
        return environment
    }

    private func report(_ result: RunResult, timeout: Int) -> AttemptReport {
        func report(_ outcome: Outcome, _ error: String? = nil, code: Int? = nil) -> AttemptReport {
            let survivors = result.survivors == 0 ? nil : "\(result.survivors) processes survived SIGKILL"
            return AttemptReport(
                outcome: outcome, returnCode: code,
                error: survivors.map { [error, $0].compactMap(\.self).joined(separator: "; ") } ?? error,
                stdout: OutputText(text: result.stdout.text, isTruncated: result.stdout.isTruncated),
                stderr: OutputText(text: result.stderr.text, isTruncated: result.stderr.isTruncated))
        }
        return switch result.ending {
        case .exited(0): report(.succeeded, code: 0)
        case .exited(let code): report(.failed(.exitCode), "Exit code: \(code)", code: code)
        case .signaled(let signal): report(.failed(.signal), "Killed by signal \(signal)", code: 128 + signal)
        case .timedOut: report(.timedOut, "Timed out after \(timeout) seconds")
        case .ended: report(.cancelled(.requested), "Cancelled")
        case .leaseLapsed: report(.lost, "The run was interrupted: its server could not renew the lease in time")
        case .executorLost: report(.lost, "The run was interrupted: the executor died")
        case .spawnFailed(let why): report(.failed(.spawnError), why)
        }
    }
}
