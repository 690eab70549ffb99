import Domain
import Foundation
import Postgres
import Scheduling
import TestSupport
import Testing

@testable import Storage

@Suite struct PauseTests {
    private func locks(_ database: TestDatabase, areGranted: Bool) async throws -> Int {
        try await database.pool.value(
            """
            SELECT count(*) AS value FROM pg_locks
            WHERE locktype = 'advisory' AND granted = \(areGranted)
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """)
    }

    @Test func `nothing fires once a pause is answered, and it waits for what fires`() async throws {
        let database = try await TestDatabase.make(poolSize: 4)
        let now = try await database.second()
        _ = try await database.addTask { $0.nextRun = now.addingTimeInterval(-1) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await database.database.transaction { firing in
                    #expect(try await firing.dueTasks(limit: 1).map(\.isPaused) == [false])
                    try await eventually("the pause waits for the transaction that fires") {
                        try await locks(database, areGranted: false) == 1
                    }
                    #expect(try await firing.presentPause() == nil)
                }
            }
            group.addTask {
                try await eventually("somebody fires") { try await locks(database, areGranted: true) == 1 }
                #expect(try await database.database.transaction { try await $0.pauseFiring(by: "root") })
            }
            try await group.waitForAll()
        }
        let pause = try #require(try await database.store.presentPause())
        #expect(pause.pausedBy == "root" && pause.resumedAt == nil)
        let due = try await database.database.transaction { try await $0.dueTasks(limit: 1) }
        #expect(due.map(\.isPaused) == [true])
    }

    @Test func `a pause begins and ends once, and all are remembered`() async throws {
        let database = try await TestDatabase.make()
        let start = try await database.second()
        func change(_ body: @Sendable @escaping (Store) async throws -> Bool) async throws -> Bool {
            try await database.database.transaction(body)
        }
        #expect(try await !change { try await $0.resumeFiring() })
        #expect(try await change { try await $0.pauseFiring(by: "root") })
        #expect(try await !change { try await $0.pauseFiring(by: "somebody else") })
        #expect(try await database.store.presentPause()?.pausedBy == "root")
        #expect(try await change { try await $0.resumeFiring() })
        #expect(try await !change { try await $0.resumeFiring() })
        #expect(try await change { try await $0.pauseFiring(by: nil) })
        let pauses = try await database.store.pauses(since: start)
        #expect(pauses.map(\.pausedBy) == ["root", nil])
        #expect(pauses.map { $0.resumedAt == nil } == [false, true])
        #expect(try await database.store.pauses(since: start + 1e6).count == 1)
        let latest = try #require(pauses.first?.resumedAt)
        _ = try await database.addTask { $0.nextRun = start }
        let due = try await database.database.transaction { try await $0.dueTasks(limit: 1) }
        #expect(due.map(\.resumedAt) == [latest])
    }

    @Test func `a first attempt that waits for its delay is told of, and found by its own index`() async throws {
        let database = try await TestDatabase.make()
        let node = try await database.addNode()
        let task = try await database.addTask { $0.jitter = 100 }
        let now = try await database.store.now()
        #expect(try await database.store.secondsUntilReady(for: node, taskLimit: 5) == nil)
        let execution = NewExecution(
            task: task.id, trigger: .schedule, scheduledFor: now, status: .pending, reason: .jitter, priority: 5,
            notBefore: now + 50)
        let fired = try await database.database.transaction { store in
            try await store.fire([execution], starting: [], on: node, moving: [(task: task.id, nextRun: nil)])
        }
        #expect(fired.made == [execution.id] && fired.leases.isEmpty)
        let found = try await database.execution(execution.id)
        #expect(found.status == .pending && found.reason == .jitter && found.scheduledFor.isSameMicrosecond(as: now))
        let wait = try #require(try await database.store.secondsUntilReady(for: node, taskLimit: 5))
        #expect(wait > 40 && wait <= 50)
        #expect(try await database.claim(for: node).isEmpty)
        try await database.endDelays()
        let lease = try #require(try await database.claim(for: node).first)
        #expect(lease.executionID == execution.id && lease.dueAt > lease.scheduledFor)
        #expect(try await database.execution(execution.id).reason == nil)
    }
}
