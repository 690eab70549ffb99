import Domain
import Foundation
import Scheduling
import Testing

@testable import Actions

@Suite struct CommandPolicyTests {
    private func policy(_ allowed: Set<String>) -> CommandPolicy {
        CommandPolicy(allowedFirstWords: allowed, path: "/bin")
    }

    @Test func `without a list any command is accepted, complete`() throws {
        let members = try policy([]).accept(["command": .string("true")])
        #expect(members["env"] == .object([:]) && members["max_output_bytes"] == .integer(1_048_576))
    }

    @Test func `with a list only its first words are accepted`() throws {
        let policy = policy(["echo", "date"])
        // What follows the first word is nobody's business here.
        for command in [" date -u", "date;rm x", "echo>x"] { _ = try policy.accept(["command": .string(command)]) }
        for command in ["dates", "rm -rf /", "/bin/date", "true; date", "(date)", "X=1 date"] {
            let error = #expect(throws: InputFaults.self) { try policy.accept(["command": .string(command)]) }
            #expect(error?.faults.count == 1)
            #expect(error?.faults.first?.place == ["command"])
            #expect(error?.faults.first?.message.contains("date, echo") == true)
        }
    }

    @Test func `a catalog knows its kinds and no other`() async throws {
        let runner = CommandRunner(executor: nil, policy: policy([]), killGrace: .seconds(1))
        let catalog = ActionCatalog([runner])
        _ = try catalog.accept(Action(kind: .command, parameters: ["command": .string("true")]))
        let email = Action(kind: ActionKind(rawValue: "email"), parameters: [:])
        let error = #expect(throws: InputFaults.self) { try catalog.accept(email) }
        #expect(error?.faults.first?.place == ["task_type"] && error?.faults.first?.type == "enum")
        for action in [email, Action(kind: .command, parameters: ["command": .string("true")])] {
            let report = await catalog.run(lease(of: action), deadline: .now)
            #expect(report?.outcome == .failed(.spawnError) && report?.returnCode == nil && report?.error != nil)
        }
    }

    private func lease(of action: Action) -> Lease {
        Lease(
            executionID: Identifier(), taskID: Identifier(), fencingToken: 1, attempt: 1, trigger: .manual,
            scheduledFor: .now, dueAt: .now, grantedAt: .now, isFirstAttempt: true, action: action, timezone: "UTC",
            timeout: 1,
            retryPolicy: RetryPolicy(maxRetries: 0, delay: 0, backoff: .fixed))
    }
}
