/// What became of runs that were lost or failed.
extension Evidence {
    func lossPromises() -> [Promise] {
        [lateWorkersAreFenced(), theEndedAreDead(), everyLossIsRetried(), attemptsAreUsed()]
    }

    /// What was given away stays lost, whatever its worker says later; and it was dead before the retry began.
    private func lateWorkersAreFenced() -> Promise {
        var promise = Promise("a run that was given away stays lost, and was dead before its retry started")
        let firstStarts = Dictionary(ledger.attempts.map { ($0.execution, $0) }) { first, _ in first }
        let lastSigns = Dictionary(grouping: ledger.attempts, by: \.execution).mapValues {
            $0.map(\.lastSign).max() ?? 0
        }
        for retry in tables.executions {
            guard let parent = retry.retryOf, let lost = tables.byID[parent] else { continue }
            promise.check(lost.isInterrupted && lost.slot == retry.slot) { "\(lost)\n      \(retry)" }
            guard let start = firstStarts[retry.id]?.start.instant, let lastSign = lastSigns[parent] else { continue }
            promise.check(lastSign < start) { "\(lost)\n      \(retry)\(lines(of: parent))\(lines(of: retry.id))" }
        }
        return promise
    }

    /// Judged by the database's clock, and therefore only from when it went back no more.
    private func theEndedAreDead() -> Promise {
        var promise = Promise("a run is recorded as ended only when its processes are dead")
        let steadySince = clock.steadySince
        for attempt in ledger.attempts {
            guard let row = tables.byID[attempt.execution], let endedAt = row.endedAt else { continue }
            let lastSign = clock.databaseTime(at: attempt.lastSign)
            guard lastSign > steadySince else { continue }
            // The two clocks are read one after the other.
            promise.check(lastSign <= endedAt + 20_000) {
                "\(row)\n      \(attempt), that is at \(lastSign.asInstant)\(lines(of: row.id))"
            }
        }
        return promise
    }

    private func everyLossIsRetried() -> Promise {
        var promise = Promise("every lost run with attempts left has one retry")
        let tasks = tasks
        let retries = Dictionary(grouping: tables.executions.filter { $0.retryOf != nil }, by: { $0.retryOf ?? "" })
        for row in tables.executions where row.isInterrupted {
            promise.check(faults > 0) { "nothing was done to any server: \(row)" }
            guard let task = tasks[row.task], task.status != "cancelled" else { continue }
            let expected = row.attempts <= task.maxRetries ? 1 : 0
            promise.check(retries[row.id]?.count ?? 0 == expected) {
                "\(expected) expected: \(row)" + (retries[row.id] ?? []).map { "\n      \($0)" }.joined()
            }
        }
        return promise
    }

    private func attemptsAreUsed() -> Promise {
        var promise = Promise("a run fails only when its attempts are used up, and never makes more")
        let tasks = tasks
        for row in tables.executions {
            guard let task = tasks[row.task] else { continue }
            promise.check(row.attempts <= task.maxRetries + 1) { "of \(task.maxRetries + 1) attempts: \(row)" }
            guard row.status == "timeout" || (row.status == "failed" && !row.isInterrupted) else { continue }
            promise.check(row.attempts == task.maxRetries + 1) { "of \(task.maxRetries + 1) attempts: \(row)" }
            let isKnown = ["exit_code", "signal", "timeout"].contains(row.reason)
            promise.check(isKnown) { "an end that no command here comes to: \(row)" }
        }
        return promise
    }
}
