import Actions
import Domain
import Foundation
import Synchronization

/// A runner that does as it is told and remembers what it was asked for.
final class FakeRunner: ActionRunner {
    let kind = ActionKind.command
    private let behaviour: @Sendable (Lease) async -> AttemptReport?
    /// What could go on without the server, until it is let go of.
    private let sent = Mutex<[AttemptID]?>([])
    private let seen = Mutex<[Lease]>([])
    private let ended = Mutex<[Identifier<Execution>]>([])
    private let held = Mutex<ContinuousClock.Instant?>(nil)
    private let late = Mutex<[Lease]>([])
    private let left = Mutex<[AttemptID]>([])

    /// Does so; where nothing is answered, the attempt then goes on until it is let go of.
    init(_ behaviour: @escaping @Sendable (Lease) async -> AttemptReport?) {
        self.behaviour = behaviour
    }

    /// The leases of all attempts begun.
    var attempts: [Lease] { seen.withLock { $0 } }
    /// The leases of the attempts begun when the server's own had lapsed.
    var begunTooLate: [Lease] { late.withLock { $0 } }
    /// The executions whose leftovers were ended.
    var leftovers: [Identifier<Execution>] { ended.withLock { $0 } }
    /// What was let go of.
    var attemptsLeft: [AttemptID] { left.withLock { $0 } }
    /// Until when the server's lease was last said to hold.
    var leaseEnd: ContinuousClock.Instant? { held.withLock { $0 } }

    func accept(_ parameters: [TextKey: JSONValue]) throws(InputFaults) -> [TextKey: JSONValue] { parameters }

    func run(_ attempt: AttemptContext) async -> AttemptReport? {
        seen.withLock { $0.append(attempt.lease) }
        if leaseEnd.map({ $0 <= .now }) ?? true { late.withLock { $0.append(attempt.lease) } }
        if let report = await behaviour(attempt.lease) { return report }
        sent.withLock { $0?.append(attempt.lease.attemptID) }
        while sent.withLock({ $0 != nil }) { try? await Task.sleep(for: .milliseconds(5)) }
        return nil
    }

    var detachableAttempts: [AttemptID] { sent.withLock { $0 ?? [] } }

    func detach() async {
        sent.withLock { sent in
            left.withLock { $0 = sent ?? [] }
            sent = nil
        }
    }

    func holdLease(until instant: ContinuousClock.Instant) {
        held.withLock { $0 = max($0 ?? instant, instant) }
    }

    func endLeftovers(of attempts: [AttemptID]) async {
        ended.withLock { $0 += attempts.map(\.execution) }
    }

    /// Goes well at once.
    static func succeeding() -> FakeRunner {
        FakeRunner { _ in AttemptReport(outcome: .succeeded, returnCode: 0) }
    }

    /// Goes on until it is ended.
    static func enduring() -> FakeRunner {
        FakeRunner { _ in
            try? await Task.sleep(for: .seconds(3_600))
            return AttemptReport(outcome: .cancelled(.requested))
        }
    }
}

/// Lets what waits for it go on.
final class Gate: Sendable {
    private let isOpen = Atomic(false)

    func open() { isOpen.store(true, ordering: .releasing) }

    /// Returns when it is open, or the task is cancelled.
    func untilOpen() async {
        while !isOpen.load(ordering: .acquiring), !Task.isCancelled { try? await Task.sleep(for: .milliseconds(5)) }
    }
}
