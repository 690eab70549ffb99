import Domain
import Storage

/// What may be asked about firing as a whole.
package struct SchedulerOperations: Sendable {
    private let database: Database
    private let announcer: Announcer

    /// Operations on the scheduling of `database`.
    package init(database: Database, announcer: Announcer) {
        self.database = database
        self.announcer = announcer
    }

    /// The pause of all firing, if it is paused.
    ///
    /// - Throws: `notAuthenticated` for nobody.
    package func pause(seenBy caller: Caller) async throws -> FiringPause? {
        guard caller.principal.account != nil else { throw OperationError.loginNeeded }
        return try await database.store.presentPause()
    }

    /// Stops firing on all servers, across restarts; once it is answered, no slot fires. Repeating is harmless.
    ///
    /// - Returns: the pause.
    /// - Throws: `roleRequired` for all but superusers.
    package func pause(as caller: Caller) async throws -> FiringPause? {
        try caller.mustBeSuperuser()
        return try await database.transaction { store in
            if try await store.pauseFiring(by: caller.principal.account?.username) {
                try await store.record(Self.entry("scheduler.pause", isPaused: true), by: caller)
            }
            return try await store.presentPause()
        }
    }

    /// Takes firing up again from now: what fell into the pause is not made up for. Repeating is harmless.
    ///
    /// - Throws: `roleRequired` for all but superusers.
    package func resume(as caller: Caller) async throws {
        try caller.mustBeSuperuser()
        try await database.transaction { store in
            guard try await store.resumeFiring() else { return }
            try await store.record(Self.entry("scheduler.resume", isPaused: false), by: caller)
        }
        announcer.announce(.due)
    }

    private static func entry(_ action: String, isPaused: Bool) -> AuditEntry {
        AuditEntry(
            action, "scheduler", id: nil,
            changes: ["paused": AuditEntry.change(from: .bool(!isPaused), to: .bool(isPaused))])
    }
}
