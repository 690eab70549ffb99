/// What the API answered, against what is stored.
extension Evidence {
    func answeredWrites() -> Promise {
        var promise = Promise("every write that was answered 2xx is there")
        let existing = tasks
        let deletions = Dictionary(
            entries.filter { $0.wish == .delete }.map { ($0.task ?? "", $0.answer) }
        ) { first, _ in first }
        let retried = Set(tables.executions.compactMap(\.retryOf))
        for entry in entries {
            guard case .done(let id) = entry.answer else { continue }
            let task = entry.task ?? id ?? ""
            let mayBeDeleted = deletions[task].map { !$0.isRefusal } ?? false
            switch entry.wish {
            case .create:
                promise.check(existing[task] != nil || mayBeDeleted) { "the task is not there: \(entry)" }
            case .delete:
                promise.check(existing[task] == nil && tables.byTask[task] == nil) { "still there: \(entry)" }
            case .execute:
                promise.check(tables.byID[id ?? ""]?.trigger == "manual" || mayBeDeleted) { "no such run: \(entry)" }
            case .cancel(let execution):
                let row = tables.byID[execution]
                promise.check(row?.endedAt != nil || mayBeDeleted) {
                    "has not ended: \(entry) \(row.map(\.description) ?? "")"
                }
                promise.check(!retried.contains(execution)) { "was cancelled, and retried: \(entry)" }
            case .setActive, .describe, .reschedule:
                break
            }
        }
        for task in tasksAfterStorm { compare(task, &promise) }
        return promise
    }

    /// Requests to one task follow each other: what is stored is what the last answered one said, or one without an
    /// answer.
    private func compare(_ task: TaskRow, _ promise: inout Promise) {
        let own = entries.filter { $0.task == task.id }
        func expect<Value: Equatable>(_ stored: Value, _ what: String, _ read: (Wish) -> Value?) {
            var answered: Value?
            var unanswered: [Value] = []
            for entry in own {
                guard let value = read(entry.wish) else { continue }
                switch entry.answer {
                case .done: answered = value
                case .unknown: unanswered.append(value)
                case .refused: break
                }
            }
            guard let answered else { return }
            promise.check(stored == answered || unanswered.contains(stored)) {
                "task \(task.id): \(what) is \(stored), last answered \(answered), without an answer \(unanswered)"
            }
        }
        expect(task.isActive, "is_active") { if case .setActive(let value) = $0 { value } else { nil } }
        expect(task.description, "description") { if case .describe(let value) = $0 { value } else { nil } }
        expect(task.cadence, "schedule") { if case .reschedule(let value) = $0 { value } else { nil } }
    }

    func noInternalErrors() -> Promise {
        var promise = Promise("no request was answered 500")
        for entry in entries { promise.check(entry.answer != .unknown(500)) { "\(entry)" } }
        return promise
    }

    func endPromises() -> [Promise] {
        var ended = Promise("no execution is left unfinished")
        for row in tables.executions { ended.check(row.endedAt != nil) { "\(row)\(lines(of: row.id))" } }
        var gone = Promise("no process of a command is left")
        gone.check(processes.isEmpty) { processes.joined(separator: "\n      ") }
        var well = Promise("no server crashed, and each ended cleanly by SIGTERM")
        well.check(complaints.isEmpty) { complaints.joined(separator: "\n      ") }
        return [ended, gone, well]
    }
}

extension Answer {
    var isRefusal: Bool { if case .refused = self { true } else { false } }
}
