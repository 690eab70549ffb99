import Domain
import Executor
import Foundation
import Glibc
import Scheduling
import Synchronization
import SystemUsers

/// Runs command tasks: asks the executor, and knows no process itself.
package final class CommandRunner: ActionRunner {
    package let kind = ActionKind.command
    let executor: ExecutorClient?
    private let policy: CommandPolicy
    private let killGrace: Duration
    private let knownUser = Mutex<SystemUser?>(nil)

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

    package func accept(_ parameters: [TextKey: JSONValue]) throws(InputFaults) -> [TextKey: JSONValue] {
        try policy.accept(parameters)
    }

    package func changed(
        _ parameters: [TextKey: JSONValue], by change: [TextKey: JSONValue]
    ) -> [TextKey: JSONValue] {
        var changed = parameters.merging(change) { $1 }
        // A variable that is left out is removed, and is then no secret either, unless the change says that it is.
        if change["secret_env"] == nil, case .object(let environment) = change["env"],
            case .array(let names) = changed["secret_env"]
        {
            changed["secret_env"] = .array(
                names.filter { if case .string(let name) = $0 { environment[TextKey(name)] != nil } else { true } })
        }
        return changed
    }

    package func completed(_ change: [TextKey: JSONValue]) -> [TextKey: JSONValue] {
        var change = change
        switch (change["env"], change["secret_env"]) {
        case (.object(let environment), nil):
            change["secret_env"] = .array(environment.filter { $0.value == .null }.keys.map { .string($0.text) })
        case (nil, .array(let names)):
            let texts = names.compactMap { if case .string(let name) = $0 { TextKey(name) } else { nil } }
            change["env"] = .object(Dictionary(texts.map { ($0, .null) }) { $1 })
        default: break
        }
        return change
    }

    package func takeSecrets(from parameters: inout [TextKey: JSONValue]) -> [TextKey: String?] {
        guard case .object(var environment) = parameters["env"], case .array(let names) = parameters["secret_env"]
        else { return [:] }
        var secrets: [TextKey: String?] = [:]
        for case .string(let name) in names {
            if case .string(let value) = environment[TextKey(name)] {
                secrets[TextKey(name)] = value
            } else {
                secrets[TextKey(name)] = .some(nil)
            }
            environment[TextKey(name)] = .null
        }
        parameters["env"] = .object(environment)
        return secrets
    }

    package func holdLease(until instant: ContinuousClock.Instant) {
        executor?.extendLeases(to: LeaseDeadline(instant))
    }

    package func endLeftovers(of attempts: [AttemptID]) async {
        await executor?.endLeftovers(
            of: attempts.map { ($0.execution.uuid, $0.fencingToken) }, grace: killGrace)
    }

    package func settle(_ attempt: AttemptID) {
        executor?.settle(executionID: attempt.execution.uuid, fencingToken: attempt.fencingToken)
    }

    package var inheritedAttempts: [AttemptID] {
        (executor?.inheritedRuns ?? []).map(AttemptID.init)
    }

    package func endInherited(except granted: Set<AttemptID>) {
        executor?.endInherited(
            except: Set(
                granted.map {
                    ExecutorClient.OrderedRun(executionID: $0.execution.uuid, fencingToken: $0.fencingToken)
                }))
    }

    package var detachableAttempts: [AttemptID] {
        (executor?.sentRuns ?? []).map(AttemptID.init)
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
        // What an earlier server started goes on as whom it was started.
        let user =
            policy.users.user(for: lease.ownerRole, own: ownUser)
            ?? (inheritedAttempts.contains(lease.attemptID) ? ownUser : nil)
        guard let user else {
            let role = lease.ownerRole?.rawValue ?? "service"
            return AttemptReport(
                outcome: .failed(.spawnError), error: "RUN_AS names no system user for the role '\(role)'")
        }
        var request = RunRequest(
            executionID: lease.executionID.uuid, fencingToken: lease.fencingToken, command: command.command,
            environment: environment(of: command, attempt, user: user), workingDirectory: command.workingDirectory,
            user: policy.users == .own ? nil : user.name, timeout: .seconds(lease.timeout),
            outputLimit: command.outputLimit, deadline: LeaseDeadline(attempt.deadline))
        request.limits = command.limits
        request.secretNames = command.secretNames
        return await executor.run(request).map { report($0, timeout: lease.timeout) }
    }

    /// Whom this server runs as, kept once it is found: the user database is in files, or further away.
    private var ownUser: SystemUser {
        knownUser.withLock { known in
            known = known ?? SystemUser.lookup(geteuid())
            return known ?? .current
        }
    }

    private func environment(
        of command: CommandParameters, _ attempt: AttemptContext, user: SystemUser
    ) -> [String: String] {
        let lease = attempt.lease
        var environment = [
            "PATH": policy.path, "HOME": user.home, "USER": user.name, "LOGNAME": user.name, "SHELL": "/bin/sh",
            "LANG": "C.UTF-8", "TZ": lease.timezone,
        ]
        environment.merge(command.environment) { $1 }
        for (name, value) in attempt.secrets { environment[name.text] = value }
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

extension AttemptID {
    fileprivate init(_ run: ExecutorClient.OrderedRun) {
        self.init(execution: Identifier(run.executionID), fencingToken: run.fencingToken)
    }
}

extension LeaseDeadline {
    fileprivate init(_ instant: ContinuousClock.Instant) {
        // Read first: a process that is stopped between the two clocks must find an earlier deadline, not a later one.
        let asked = BoottimeInstant.now
        self = .after(instant - ContinuousClock.now, since: asked)
    }
}
