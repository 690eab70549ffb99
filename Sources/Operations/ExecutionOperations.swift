import Domain
import Storage

/// What may be asked of executions.
package struct ExecutionOperations: Sendable {
    private let database: Database
    private let announcer: Announcer
    private let onCancelled: CancellationObserver

    /// Operations on the executions of `database`.
    package init(database: Database, announcer: Announcer, onCancelled: @escaping CancellationObserver) {
        self.database = database
        self.announcer = announcer
        self.onCancelled = onCancelled
    }

    /// The executions of a task that the filter lets through, newest first.
    ///
    /// - Throws: `notFound`, `notOwner`.
    package func list(
        of task: Identifier<TaskDefinition>, _ filter: ExecutionFilter, _ window: Window, as caller: Caller
    ) async throws -> Listing<Execution> {
        _ = try await database.store.task(task, readableBy: caller)
        var filter = filter
        filter.task = task
        return try await database.store.executions(filter, window)
    }

    /// The executions that the caller may read and the filter lets through, newest first.
    package func list(
        _ filter: ExecutionFilter, _ window: Window, as caller: Caller
    ) async throws -> Listing<Execution> {
        var filter = filter
        filter.owner = try caller.readableOwner
        return try await database.store.executions(filter, window)
    }

    /// An execution, whatever task it is of, with its whole output.
    ///
    /// - Throws: `notFound`, `notOwner`.
    package func find(_ id: Identifier<Execution>, as caller: Caller) async throws -> Execution {
        guard let task = try await database.store.task(of: id) else {
            throw OperationError.refused(.notFound, "There is no execution of this id.")
        }
        return try await find(id, of: task, as: caller)
    }

    /// One execution of a task, with its whole output.
    ///
    /// - Throws: `notFound`, also when it belongs to another task; `notOwner`.
    package func find(
        _ id: Identifier<Execution>, of task: Identifier<TaskDefinition>, as caller: Caller
    ) async throws -> Execution {
        _ = try await database.store.task(task, readableBy: caller)
        guard let execution = try await database.store.execution(id, of: task) else { throw OperationError.noExecution }
        return execution
    }

    /// Watches the output of an execution as it comes, from a bookmark on.
    ///
    /// - Throws: `notFound`, also when it belongs to another task; `notOwner`; `invalid` for a bookmark that lies
    ///   beyond what has come.
    package func watch(
        _ id: Identifier<Execution>, of task: Identifier<TaskDefinition>, after bookmark: OutputBookmark,
        as caller: Caller
    ) async throws -> OutputWatch {
        let watch = OutputWatch(database: database, announcer: announcer, id: id, task: task, after: bookmark)
        try await watch.check(caller)
        guard try await database.store.status(of: id, task: task) != nil else { throw OperationError.noExecution }
        if bookmark != OutputBookmark() {
            guard try await watch.knowsBookmark() else { throw InputFaults([.strangeBookmark]) }
        }
        return watch
    }

    /// Ends an execution: a waiting one at once, a running one as soon as its tree is dead.
    ///
    /// - Throws: `notFound`, `notOwner`, `executionEnded`.
    package func cancel(
        _ id: Identifier<Execution>, of task: Identifier<TaskDefinition>, as caller: Caller
    ) async throws {
        let cancelled = try await database.transaction { store in
            _ = try await store.lockedTask(task, changeableBy: caller)
            guard let status = try await store.status(of: id, task: task) else { throw OperationError.noExecution }
            guard !status.isEnd else {
                throw OperationError.refused(.executionEnded, "The execution has ended already: \(status.rawValue).")
            }
            let cancelled = try await store.cancelUnfinished(of: [task], only: id, reason: .requested)
            try await store.record(.cancellation(of: id, being: status), by: caller)
            return cancelled
        }
        onCancelled(cancelled.ended)
        announcer.announce(cancelled.hasWishes ? .wishes : .work)
        if cancelled.owesMessages { announcer.announce(.deliveries) }
    }
}

extension InputFault {
    /// No event that the client can have seen.
    package static let strangeBookmark = InputFault(
        [.key("Last-Event-ID")], "must be the id of an event of this stream", origin: .header)
}
