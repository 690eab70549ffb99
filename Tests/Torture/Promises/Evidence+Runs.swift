/// What the commands saw of each other.
extension Evidence {
    func runPromises() -> [Promise] {
        [
            everyStartIsRecorded(), nothingRanBeside(), noOverlap(), slotsRunAgainByPolicyOnly(), tokensGrow(),
            completedRunsEnded(),
        ]
    }

    private func everyStartIsRecorded() -> Promise {
        var promise = Promise("every attempt started once, and its execution knows of it")
        promise.check(ledger.garbled.isEmpty) { "unreadable lines: \(ledger.garbled)" }
        let tasks = tasks
        let starts = Dictionary(grouping: ledger.attempts) { "\($0.execution) \($0.start.attempt)" }
        for attempts in starts.values {
            promise.check(attempts.count == 1) { "started \(attempts.count) times:\(lines(of: attempts[0].execution))" }
        }
        for attempt in ledger.attempts where tasks[attempt.task] != nil {
            let row = tables.byID[attempt.execution]
            let isKnown = row?.ending(of: attempt.start.attempt) != nil
            let tokenAgrees =
                row.map { $0.attempts != attempt.start.attempt || $0.token == attempt.start.token } ?? false
            promise.check(isKnown && tokenAgrees) {
                "no such attempt in the table: \(attempt)\n      \(row.map(\.description) ?? "no row")"
            }
        }
        return promise
    }

    private func nothingRanBeside() -> Promise {
        var promise = Promise("no command met another that excludes it (by a lock that all its processes hold)")
        for line in ledger.lines where line.word == "start" || line.word == "beside" {
            promise.check(line.word == "start") {
                let near = ledger.lines.filter {
                    $0.task == line.task && $0.execution != line.execution && !$0.isSignOfLife
                        && $0.instant + 10_000_000_000 > line.instant && $0.instant < line.instant + 2_000_000_000
                }
                return "\(line)\(lines(of: line.execution))\n    beside:\(near.map { "\n      \($0)" }.joined())"
            }
        }
        return promise
    }

    /// By the times in the ledger. Under `allow` only the attempts of one slot exclude each other.
    private func noOverlap() -> Promise {
        var promise = Promise("runs that exclude each other never overlap in the ledger's times")
        let tasks = tasks
        for (task, attempts) in ledger.byTask {
            guard let overlap = tasks[task]?.overlap else { continue }
            let groups =
                overlap == "allow" ? Array(Dictionary(grouping: attempts, by: \.start.slot).values) : [attempts]
            for group in groups {
                for (first, second) in zip(group, group.dropFirst()) {
                    promise.check(first.lastSign <= second.start.instant) {
                        "\(first)\n      \(second)\(rows(of: first, second))"
                    }
                }
            }
        }
        return promise
    }

    private func slotsRunAgainByPolicyOnly() -> Promise {
        var promise = Promise("no slot ran again but after a failed, timed out, lost or shut down attempt")
        for attempts in Dictionary(grouping: ledger.attempts, by: { "\($0.task) \($0.start.slot)" }).values {
            for (first, second) in zip(attempts, attempts.dropFirst()) {
                guard let row = tables.byID[first.execution] else { continue }
                let ending = row.ending(of: first.start.attempt)
                let hasFailed = ending?.status == "failed" || ending?.status == "timeout"
                promise.check(
                    hasFailed && second.start.attempt == first.start.attempt + 1 || isUnstarted(first, second)
                ) {
                    "\(first)\n      \(second)\(rows(of: first, second))"
                }
            }
        }
        return promise
    }

    /// Whether attempts between the two were granted but killed before their command could write.
    private func isUnstarted(_ first: Attempt, _ second: Attempt) -> Bool {
        guard second.start.attempt > first.start.attempt, let row = tables.byID[second.execution] else { return false }
        let between = (first.start.attempt..<second.start.attempt).map { row.ending(of: $0) }
        return between.allSatisfy { $0?.status == "failed" || $0?.status == "timeout" }
    }

    private func rows(of attempts: Attempt...) -> String {
        attempts.map { "\n      \(tables.byID[$0.execution].map(\.description) ?? "no row of \($0.execution)")" }
            .joined()
    }

    /// Under `allow`, and of a task that is gone, only the attempts of one slot follow each other: others are granted
    /// beside each other, and start in any order.
    private func tokensGrow() -> Promise {
        var promise = Promise("fencing tokens grow from each attempt to those that follow it")
        let tasks = tasks
        for (task, attempts) in ledger.byTask {
            for group in groupsThatExclude(attempts, overlap: tasks[task]?.overlap ?? "allow") {
                for (first, second) in zip(group, group.dropFirst()) {
                    promise.check(first.start.token < second.start.token) { "\(first)\n      \(second)" }
                }
            }
        }
        return promise
    }

    private func groupsThatExclude(_ attempts: [Attempt], overlap: String) -> [[Attempt]] {
        overlap == "allow" ? Array(Dictionary(grouping: attempts, by: \.start.slot).values) : [attempts]
    }

    private func completedRunsEnded() -> Promise {
        var promise = Promise("every completed run wrote its last line")
        let ends = Set(
            ledger.attempts.filter { $0.end != nil }.map { "\($0.execution) \($0.start.attempt) \($0.start.token)" })
        for row in tables.executions where row.status == "completed" {
            promise.check(ends.contains("\(row.id) \(row.attempts) \(row.token ?? 0)")) { "\(row)\(lines(of: row.id))" }
        }
        return promise
    }
}
