import Actions
import Domain
import Testing

@testable import Engine

@Suite struct NodeLeaseTests {
    private let runner = FakeRunner.succeeding()
    private let lease: NodeLease
    private let start = ContinuousClock.now + .seconds(1_000)

    init() {
        // 40 s, less 10 s for the kill grace and a tenth.
        lease = NodeLease(lasting: 40, runner)
    }

    @Test func `it holds from the sending of a renewal on, and from its answer`() {
        #expect(lease.term(at: start) == nil)
        #expect(lease.renewed(sent: start, at: start + .seconds(5)))
        #expect(runner.leaseEnd == start + .seconds(26))
        #expect(lease.term(at: start + .seconds(25)) != nil)
        #expect(lease.term(at: start + .seconds(26)) == nil)
    }

    @Test func `a term goes on as long as renewals are answered in it`() throws {
        lease.renewed(sent: start, at: start)
        let term = try #require(lease.term(at: start))
        for seconds in [13, 26, 39, 52] {
            #expect(!lease.renewed(sent: start + .seconds(seconds), at: start + .seconds(seconds + 10)))
        }
        #expect(lease.end(of: term, at: start + .seconds(77)) == start + .seconds(78))
        #expect(lease.end(of: term, at: start + .seconds(78)) == nil)
    }

    @Test func `a renewal that was answered too late tells nothing, and an older one takes nothing back`() throws {
        #expect(!lease.renewed(sent: start, at: start + .seconds(26)))
        #expect(lease.term(at: start) == nil && runner.leaseEnd == nil)
        lease.renewed(sent: start + .seconds(30), at: start + .seconds(31))
        #expect(!lease.renewed(sent: start + .seconds(20), at: start + .seconds(32)))
        #expect(lease.term(at: start + .seconds(55)) != nil)
        #expect(!lease.renewed(sent: start + .seconds(30), at: start + .seconds(56)))
        #expect(lease.term(at: start + .seconds(56)) == nil)
    }

    @Test func `after a gap there is another term, and what was asked for in the first is over`() throws {
        lease.renewed(sent: start, at: start)
        let first = try #require(lease.term(at: start))
        #expect(lease.renewed(sent: start + .seconds(20), at: start + .seconds(26)), "answered as the first ended")
        let second = try #require(lease.term(at: start + .seconds(26)))
        #expect(first != second && lease.end(of: first, at: start + .seconds(26)) == nil)
        #expect(lease.end(of: second, at: start + .seconds(26)) == start + .seconds(46))
    }
}

extension NodeLease {
    /// A lease of so many seconds that tells `runner`.
    convenience init(lasting seconds: Int, _ runner: FakeRunner = .succeeding()) {
        let settings = EngineConfiguration(
            capacity: 1, taskCapacity: 1, leaseSeconds: seconds, killGrace: .seconds(60), shutdownGrace: .zero,
            commandRoles: [])
        self.init(settings, catalog: ActionCatalog([runner]))
    }
}
