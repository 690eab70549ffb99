import Foundation

/// The verdict of a run.
struct Report: Sendable {
    let promises: [Promise]

    var isKept: Bool { promises.allSatisfy(\.violations.isEmpty) }

    func print(
        _ evidence: Evidence, counts: [FaultKind: Int], members: [Member], cluster: DurableCluster
    ) async {
        let faults = counts.sorted { $0.key.rawValue < $1.key.rawValue }.map { "\($0.key.rawValue) \($0.value)" }
        Progress.say("\nfaults: \(counts.values.reduce(0, +)) (\(faults.joined(separator: ", ")))")
        for member in members {
            Progress.say(
                "server \(member.number): \(await member.starts) starts, \(await member.ownExits.count) ends of its own"
            )
            for end in await member.ownExits.prefix(5) { Progress.say("    \(end)") }
        }
        Progress.say("PostgreSQL: \(await cluster.unexpectedEnds) ends of its own")
        for line in Self.figures(evidence) { Progress.say(line) }
        Progress.say("")
        for promise in promises {
            let mark = promise.violations.isEmpty ? "passed" : "FAILED"
            Progress.say("\(mark)  \(promise.name) (\(promise.cases) cases)")
            for violation in promise.violations.prefix(10) { Progress.say("    \(violation)") }
            if promise.violations.count > 10 { Progress.say("    and \(promise.violations.count - 10) more") }
        }
        let failed = promises.count { !$0.violations.isEmpty }
        Progress.say("\n\(promises.count - failed) passed, \(failed) failed")
    }

    private static func figures(_ evidence: Evidence) -> [String] {
        let rows = evidence.tables.executions
        func count(_ condition: (ExecutionRow) -> Bool) -> Int { rows.count(where: condition) }
        let answers = evidence.entries.map(\.answer)
        let done = answers.count { if case .done = $0 { true } else { false } }
        let refused = answers.count(where: \.isRefusal)
        return [
            "tasks: \(evidence.tables.tasks.count) at the end, \(evidence.quiet.count) of them unchanged from the start",
            "slots: \(count(\.isSlot)), of them \(count { $0.status == "skipped" && $0.reason == "overlap" }) skipped by overlap and "
                + "\(count { $0.status == "skipped" && $0.reason == "misfire" }) by misfire",
            "executions: \(rows.count), of them \(count { $0.status == "completed" }) completed, "
                + "\(count { $0.reason == "lost" }) lost, \(count { $0.trigger == "retry" }) retries of those, "
                + "\(count { $0.status == "timeout" }) timed out, \(count { $0.status == "cancelled" }) cancelled, "
                + "\(count { $0.reason == "exit_code" }) failed by themselves",
            "commands: \(evidence.ledger.attempts.count) started, \(evidence.ledger.attempts.count { $0.end == nil }) of them killed",
            "writes over the API: \(done) answered, \(refused) refused, \(answers.count - done - refused) without an answer",
        ]
    }
}
