import Domain
import Foundation
import Postgres
import TestSupport
import Testing

@testable import Storage

@Suite struct NodeTests {
    private func oneRun() async throws -> (database: TestDatabase, node: Node, lease: Lease) {
        let database = try await TestDatabase.make()
        let node = try await database.addNode()
        _ = try await database.addRun(of: try await database.addTask())
        return (database, node, try #require(try await database.claim(for: node).first))
    }

    @Test func `a renewal moves the heartbeat and the end of the lease`() async throws {
        let (database, node, _) = try await oneRun()
        let watcher = try await database.addNode()
        let before = try #require(try await database.store.busyNodes(except: watcher.id).first)
        #expect(before.id == node.id && before.epoch == node.epoch && before.leaseSeconds == 30 && !before.hasLapsed)
        try await database.lapse(node)
        #expect(try await database.store.busyNodes(except: watcher.id).first?.hasLapsed == true)
        #expect(try await database.store.renewLease(of: node, running: 1))
        let after = try #require(try await database.store.busyNodes(except: watcher.id).first)
        #expect(after.heartbeat > before.heartbeat && !after.hasLapsed)
    }

    @Test func `a superseded epoch renews and releases nothing`() async throws {
        let (database, node, _) = try await oneRun()
        let reborn = try await database.addNode(node.id)
        #expect(try await database.store.renewLease(of: node, running: 0) == false)
        try await database.store.release(node)
        #expect(try await database.store.busyNodes(except: Identifier()).map(\.hasLapsed) == [false])
        #expect(try await database.store.renewLease(of: reborn, running: 0))
    }

    @Test func `a released lease has lapsed at once`() async throws {
        let (database, node, _) = try await oneRun()
        try await database.store.release(node)
        try await eventually("the lease has lapsed") {
            try await database.store.busyNodes(except: Identifier()).first?.hasLapsed == true
        }
    }

    @Test func `only nodes with running executions are busy, and one's own is left out`() async throws {
        let (database, node, lease) = try await oneRun()
        _ = try await database.addNode()
        #expect(try await database.store.busyNodes(except: Identifier()).map(\.id) == [node.id])
        #expect(try await database.store.busyNodes(except: node.id).isEmpty)
        try await database.finish([FinishedAttempt(lease, .succeeded)])
        #expect(try await database.store.busyNodes(except: Identifier()).isEmpty)
    }

    @Test func `a node is locked only as it was seen, lapsed and by one`() async throws {
        let (database, node, _) = try await oneRun()
        let fresh = try #require(try await database.store.busyNodes(except: Identifier()).first)
        #expect(try await database.database.transaction { try await $0.lockLapsed(fresh) } == false)
        try await database.lapse(node)
        try await database.database.transaction { store async throws in
            #expect(try await store.lockLapsed(fresh))
            #expect(try await database.database.transaction { try await $0.lockLapsed(fresh) } == false)
        }
        #expect(try await database.store.renewLease(of: node, running: 1))
        try await database.lapse(node)
        #expect(try await database.database.transaction { try await $0.lockLapsed(fresh) } == false)
    }

    @Test func `what is no longer held reads as gone, without a reason`() async throws {
        let (database, node, lease) = try await oneRun()
        #expect(try await database.store.wishes(for: [lease]).isEmpty)
        try await database.finish([FinishedAttempt(lease, .failed(.exitCode))])
        let ended = try await database.store.wishes(for: [lease])
        #expect(ended.map(\.token) == [lease.fencingToken] && ended.map(\.wish) == [.leaseGone])
        let next = try #require(try await database.claim(for: node).first)
        #expect(try await database.store.wishes(for: [lease, next]).map(\.token) == [lease.fencingToken])
        _ = try await database.store.deleteTask(lease.taskID)
        #expect(try await database.store.wishes(for: [next]).map(\.token) == [next.fencingToken])
    }

    @Test func `the runs of a node are found by epoch`() async throws {
        let (database, node, lease) = try await oneRun()
        let reborn = try await database.addNode(node.id)
        _ = try await database.addRun(of: try await database.addTask())
        let later = try #require(try await database.claim(for: reborn).first)
        let before = try await database.store.runningAttempts(of: node.id, epochs: 0...reborn.epoch - 1)
        #expect(before.map(\.fencingToken) == [lease.fencingToken])
        #expect(before.first?.isFirstAttempt == true && before.first?.grantedAt == lease.grantedAt)
        let now = try await database.store.runningAttempts(of: node.id, epochs: reborn.epoch...reborn.epoch)
        #expect(now.map(\.fencingToken) == [later.fencingToken])
    }

    @Test func `nodes are listed by name, as they stand`() async throws {
        let database = try await TestDatabase.make()
        let busy = try await database.addNode(name: "b", labels: ["gpu", "big"])
        _ = try await database.addRun(of: try await database.addTask())
        #expect(try await database.claim(for: busy).count == 1)
        let first = try await database.addNode(name: "a")
        let twin = try await database.addNode(name: "b")
        try await database.lapse(twin)
        let nodes = try await database.store.nodes()
        #expect(nodes.map(\.id) == [first.id, busy.id, twin.id])
        #expect(nodes.map(\.status) == [.active, .active, .gone] && nodes.map(\.running) == [0, 1, 0])
        #expect(nodes[1].labels == ["gpu", "big"] && nodes[1].version == "test" && nodes[1].capacity == 10)
        #expect(nodes[1].startedAt <= nodes[1].lastSeenAt)
        for node in [busy, twin] { #expect(try await database.store.setDraining(true, node.id) != nil) }
        #expect(try await database.store.nodes().map(\.status) == [.active, .draining, .gone])
    }

    @Test func `a node that is gone for a week and runs nothing is forgotten as it was seen`() async throws {
        let (database, busy, _) = try await oneRun()
        let own = try await database.addNode(name: "own")
        let (old, recent, returning) = (
            try await database.addNode(name: "old"), try await database.addNode(name: "recent"),
            try await database.addNode(name: "returning")
        )
        for (node, days) in [(busy, 8), (own, 8), (old, 8), (returning, 8), (recent, 6)] {
            try await database.pool.execute(
                """
                UPDATE qkron.nodes SET lease_expires_at = clock_timestamp() - make_interval(days => \(Int32(days)))
                WHERE id = \(node.id.uuid)
                """)
        }
        let seen = try await database.store.longGoneNodes(except: own.id)
        #expect(Set(seen.map(\.id)) == [old.id, returning.id] && seen.allSatisfy(\.hasLapsed))
        #expect(try await database.store.renewLease(of: returning, running: 0))
        try await database.lapse(returning)
        #expect(try await database.store.forget(seen) == ["old"])
        #expect(try await database.store.forget(seen) == [])
        #expect(try await database.store.forget([]) == [])
        #expect(try await database.store.nodes().map(\.name).sorted() == ["node", "own", "recent", "returning"])
        #expect(try await database.store.renewLease(of: old, running: 0) == false)
        #expect(try await database.addNode(old.id).epoch > old.epoch, "no epoch comes twice")
    }

    @Test func `the first fingerprint is kept until it is replaced`() async throws {
        let database = try await TestDatabase.make()
        #expect(try await database.store.fingerprint("key", orStore: "a") == "a")
        #expect(try await database.store.fingerprint("key", orStore: "b") == "a")
        try await database.store.replaceFingerprint("key", with: "b")
        #expect(try await database.store.fingerprint("key", orStore: "c") == "b")
    }
}
