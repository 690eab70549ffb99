import Domain
import Foundation
import Postgres
import Scheduling
import TestSupport
import Testing

@testable import Storage

/// Who may run what: labels, and servers that are drained.
@Suite struct LabelTests {
    /// A waiting run of a task that requires these labels.
    private func run(requiring labels: [String], in database: TestDatabase) async throws -> Identifier<Execution> {
        try await database.addRun(of: try await database.addTask { $0.requires = labels })
    }

    private func isAnybodyWaiting(in database: TestDatabase) async throws -> Bool {
        try await database.pool.value(
            """
            SELECT count(*) > 0 AS value FROM pg_stat_activity
            WHERE datname = current_database() AND wait_event_type = 'Lock'
            """)
    }

    @Test func `a node is granted what its labels suffice for`() async throws {
        let database = try await TestDatabase.make()
        let plain = try await database.addNode()
        let gpu = try await database.addNode(labels: ["gpu", "ssd"])
        let both = try await database.addNode(labels: ["big", "gpu"])
        let anywhere = try await run(requiring: [], in: database)
        let onGPU = try await run(requiring: ["gpu"], in: database)
        let onBoth = try await run(requiring: ["gpu", "big"], in: database)
        let nowhere = try await run(requiring: ["GPU"], in: database)
        #expect(try await database.claim(for: plain).map(\.executionID) == [anywhere])
        #expect(try await database.claim(for: gpu).map(\.executionID) == [onGPU])
        #expect(try await database.claim(for: both).map(\.executionID) == [onBoth])
        #expect(try await database.execution(nowhere).status == .pending)
    }

    @Test func `what a node may not run does not end its nap`() async throws {
        let database = try await TestDatabase.make()
        let plain = try await database.addNode()
        let gpu = try await database.addNode(labels: ["gpu"])
        let task = try await database.addTask {
            $0.requires = ["gpu"]
            $0.retryPolicy = RetryPolicy(maxRetries: 1, delay: 60, backoff: .fixed)
        }
        _ = try await database.addRun(of: task)
        #expect(try await database.store.secondsUntilReady(for: plain, taskLimit: 5) == nil)
        #expect(try await database.store.secondsUntilReady(for: gpu, taskLimit: 5) == 0)
        let lease = try #require(try await database.claim(for: gpu).first)
        try await database.finish([FinishedAttempt(lease, .failed(.exitCode))])
        #expect(try await database.store.secondsUntilReady(for: plain, taskLimit: 5) == nil)
        #expect(try #require(try await database.store.secondsUntilReady(for: gpu, taskLimit: 5)) > 50)
    }

    @Test func `the labels are those of the latest start, and what is required is what the task says now`() async throws
    {
        let database = try await TestDatabase.make()
        let before = try await database.addNode(labels: ["gpu"])
        let waiting = try await run(requiring: ["gpu"], in: database)
        let after = try await database.addNode(before.id, labels: ["ssd"])
        #expect(try await database.claim(for: before).isEmpty)
        #expect(try await database.claim(for: after).isEmpty)
        #expect(try await database.store.nodes().map(\.labels) == [["ssd"]])
        try await database.pool.execute("UPDATE qkron.tasks SET requires = '{ssd}'")
        #expect(try await database.claim(for: after).map(\.executionID) == [waiting])
    }

    @Test func `nodes that claim at once each get their own, and all of it`() async throws {
        let database = try await TestDatabase.make(poolSize: 8)
        let nodes = [try await database.addNode(labels: ["a"]), try await database.addNode(labels: ["b"])]
        var wanted: [Set<Identifier<Execution>>] = [[], []]
        for number in 0..<40 {
            let id = try await run(requiring: [["a"], ["b"]][number % 2], in: database)
            wanted[number % 2].insert(id)
        }
        let granted = try await withThrowingTaskGroup(of: (Int, [Lease]).self) { group in
            for round in 0..<24 {
                group.addTask { (round % 2, try await database.claim(for: nodes[round % 2], limit: 4)) }
            }
            return try await group.reduce(into: [[], []]) { $0[$1.0] += $1.1.map(\.executionID) }
        }
        for node in 0...1 {
            #expect(Set(granted[node]).count == granted[node].count)
            let rest = try await database.claim(for: nodes[node]).map(\.executionID)
            #expect(Set(granted[node] + rest) == wanted[node])
        }
    }

    @Test func `a draining node is granted nothing, keeps what it runs, and stays so across its starts`() async throws {
        let database = try await TestDatabase.make()
        let node = try await database.addNode()
        _ = try await run(requiring: [], in: database)
        let lease = try #require(try await database.claim(for: node).first)
        let waiting = try await run(requiring: [], in: database)
        #expect(try await database.store.setDraining(true, node.id) != nil)
        #expect(try await database.store.setDraining(true, node.id) != nil)
        #expect(try await database.claim(for: node).isEmpty)
        #expect(try await database.store.secondsUntilReady(for: node, taskLimit: 5) == nil)
        #expect(try await database.store.renewLease(of: node, running: 1))
        #expect(try await database.finish([FinishedAttempt(lease, .succeeded)]) == [lease.executionID])
        let again = try await database.store.register(
            node.id, name: "node", version: "test", labels: [], capacity: 10, leaseSeconds: 30)
        #expect(again.isDraining)
        #expect(try await database.claim(for: again.node).isEmpty)
        #expect(try await database.store.setDraining(false, node.id) != nil)
        #expect(try await database.store.secondsUntilReady(for: again.node, taskLimit: 5) == 0)
        #expect(try await database.claim(for: again.node).map(\.executionID) == [waiting])
        #expect(try await database.store.setDraining(true, Identifier()) == nil)
    }

    @Test func `draining waits for a grant under way, and is not overtaken by another`() async throws {
        let database = try await TestDatabase.make()
        let node = try await database.addNode()
        for _ in 1...2 { _ = try await run(requiring: [], in: database) }
        let (leases, draining) = try await database.database.transaction { store in
            let leases = try await store.claim(for: node, limit: 1, taskLimit: 5)
            let draining = Task { try await database.store.setDraining(true, node.id) }
            try await eventually("the draining waits") { try await isAnybodyWaiting(in: database) }
            #expect(try await database.store.nodes().map(\.status) == [.active])
            return (leases, draining)
        }
        #expect(try await draining.value == false)
        #expect(leases.count == 1)
        #expect(try await database.claim(for: node).isEmpty)
    }

    @Test func `a claim that began beside the draining is granted nothing`() async throws {
        let database = try await TestDatabase.make()
        let node = try await database.addNode()
        _ = try await run(requiring: [], in: database)
        let claim = try await database.database.transaction { store in
            #expect(try await store.setDraining(true, node.id) != nil)
            let claim = Task { try await database.claim(for: node) }
            try await eventually("the claim waits") { try await isAnybodyWaiting(in: database) }
            return claim
        }
        #expect(try await claim.value.isEmpty)
    }

    @Test func `a renewal does not wait for draining that waits`() async throws {
        let database = try await TestDatabase.make()
        let node = try await database.addNode()
        _ = try await run(requiring: [], in: database)
        let draining = try await database.database.transaction { store in
            _ = try await store.claim(for: node, limit: 1, taskLimit: 5)
            let draining = Task { try await database.store.setDraining(true, node.id) }
            try await eventually("the draining waits") { try await isAnybodyWaiting(in: database) }
            #expect(try await database.store.renewLease(of: node, running: 1))
            return draining
        }
        #expect(try await draining.value == false)
        #expect(try await database.store.nodes().map(\.status) == [.draining])
    }

    @Test func `a run that no living server would take up says so`() async throws {
        let database = try await TestDatabase.make()
        let id = try await run(requiring: ["gpu", "ssd"], in: database)
        let modest = try await run(requiring: [], in: database)
        func isMissingServer(_ run: Identifier<Execution>) async throws -> Bool {
            try await database.execution(run).reason == .noServer
        }
        for run in [id, modest] { #expect(try await isMissingServer(run)) }
        for label in ["gpu", "ssd"] { _ = try await database.addNode(labels: [label]) }
        #expect(try await isMissingServer(id), "nobody carries both")
        #expect(try await !isMissingServer(modest))
        let node = try await database.addNode(labels: ["ssd", "gpu", "x"])
        #expect(try await !isMissingServer(id))
        _ = try await database.store.setDraining(true, node.id)
        #expect(try await isMissingServer(id), "it takes up nothing")
        #expect(try await !isMissingServer(modest), "others do")
        try await database.lapse(node)
        #expect(try await isMissingServer(id))
        _ = try await database.store.setDraining(false, node.id)
        #expect(try await database.store.renewLease(of: node, running: 0))
        #expect(try await !isMissingServer(id))
        let lease = try #require(try await database.claim(for: node).first { $0.executionID == id })
        try await database.lapse(node)
        #expect(try await !isMissingServer(id), "it runs")
        try await database.finish([FinishedAttempt(lease, .failed(.exitCode))])
        #expect(try await isMissingServer(id), "between attempts as well")
    }

    @Test func `a delay is told before a missing server`() async throws {
        let database = try await TestDatabase.make()
        let node = try await database.addNode(labels: ["gpu"])
        let task = try await database.addTask {
            $0.requires = ["gpu"]
            $0.retryPolicy = RetryPolicy(maxRetries: 1, delay: 60, backoff: .fixed)
        }
        let id = try await database.addRun(of: task)
        let lease = try #require(try await database.claim(for: node).first)
        try await database.finish([FinishedAttempt(lease, .failed(.exitCode))])
        try await database.lapse(node)
        #expect(try await database.execution(id).reason == .retryDelay)
        try await database.endDelays()
        #expect(try await database.execution(id).reason == .noServer)
    }
}
