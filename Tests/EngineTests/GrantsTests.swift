import Domain
import Storage
import TestSupport
import Testing

@testable import Engine

@Suite struct GrantsTests {
    private let grants = Grants(capacity: 3, running: RunningAttempts())
    private let nodeLease: NodeLease

    init() {
        nodeLease = NodeLease(lasting: 600)
        nodeLease.renewed(sent: .now)
        grants.open()
    }

    @Test func `places are taken once, by whichever side asks first`() {
        #expect(grants.reserve(forSlots: 2) == 2)
        let rest = grants.reserve()
        #expect(rest == 1 && grants.reserve() == 0)
        grants.release(rest)
        grants.lose()
        #expect(grants.reserve() == 3)
        #expect(grants.reserve(forSlots: 1) == 0)
    }

    @Test func `slots queue up behind what waits`() {
        grants.note(isQueued: true)
        #expect(grants.reserve(forSlots: 1) == 0)
        grants.note(isQueued: false)
        #expect(grants.reserve(forSlots: 5) == 3)
    }

    @Test func `nothing is granted while it is asked what was`() {
        #expect(grants.reserve(forSlots: 1) == 1)
        #expect(!grants.close(), "a grant is under way")
        #expect(grants.reserve(forSlots: 1) == 0)
        grants.hand([])
        #expect(grants.close())
        #expect(grants.reserve(forSlots: 1) == 0)
        grants.open()
        #expect(grants.reserve(forSlots: 1) == 1)
    }

    @Test func `nothing is granted before it was asked what is ours`() {
        let fresh = Grants(capacity: 3, running: RunningAttempts())
        #expect(fresh.reserve(forSlots: 1) == 0)
        fresh.open()
        #expect(fresh.reserve(forSlots: 1) == 1)
        fresh.lose()
        #expect(fresh.reserve(forSlots: 1) == 0)
    }

    @Test func `a lost answer is looked for once`() {
        grants.lose()
        #expect(!grants.takeLoss(), "nothing was granted")
        #expect(grants.reserve(forSlots: 1) == 1)
        grants.lose()
        #expect(grants.takeLoss() && !grants.takeLoss())
    }

    @Test func `what is handed over takes its place until it is begun`() async throws {
        let database = try await TestDatabase.make()
        let node = try await database.addNode()
        _ = try await database.addRun(of: try await database.addTask())
        let lease = try #require(try await database.claim(for: node).first)
        #expect(grants.reserve(forSlots: 2) == 2)
        let term = try #require(nodeLease.term())
        grants.hand([Grant(lease: lease, term: term, askedAt: .now)])
        #expect(!grants.close(), "it is not begun")
        #expect(grants.reserve() == 2)
        grants.release(2)
        #expect(grants.takeHanded().map(\.lease.fencingToken) == [lease.fencingToken])
        #expect(grants.takeHanded().isEmpty)
        #expect(grants.reserve() == 2, "it is not begun yet")
        grants.release(3)
        #expect(grants.reserve() == 3)
    }
}
