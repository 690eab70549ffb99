import Domain
import Foundation
import Scheduling
import Synchronization
import TestSupport
import Testing

@testable import Engine
@testable import Storage

@Suite(.timeLimit(.minutes(5))) struct SignalTests {
    @Test func `a signal that came before the nap ends it at once`() async {
        let signal = WakeSignal()
        signal.wake()
        signal.wake()
        await signal.nap(upTo: .seconds(3600))
    }

    @Test func `without a signal the nap ends at its limit`() async {
        let start = ContinuousClock.now
        await WakeSignal().nap(upTo: .milliseconds(30))
        #expect(ContinuousClock.now - start >= .milliseconds(30))
    }

    @Test func `no wake-up is lost under concurrency`() async throws {
        let signal = WakeSignal()
        let rally = Rally()
        let rounds = 200
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                // Gives the next only when the last was seen: one that is lost costs a whole nap.
                for round in 1...rounds {
                    rally.given.store(round, ordering: .sequentiallyConsistent)
                    signal.wake()
                    while rally.taken.load(ordering: .sequentiallyConsistent) < round {
                        try await Task.sleep(for: .microseconds(200))
                    }
                }
            }
            group.addTask {
                while rally.taken.load(ordering: .sequentiallyConsistent) < rounds {
                    await signal.nap(upTo: .seconds(30))
                    rally.taken.store(
                        rally.given.load(ordering: .sequentiallyConsistent), ordering: .sequentiallyConsistent)
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func `a signal meets the end of a nap without harm`() async {
        let signal = WakeSignal()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { for _ in 0..<500 { await signal.nap(upTo: .microseconds(50)) } }
            group.addTask {
                for _ in 0..<500 {
                    signal.wake()
                    await Task.yield()
                }
            }
        }
    }

    @Test func `a cancelled task does not nap`() async {
        let signal = WakeSignal()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await signal.nap(upTo: .seconds(30)) }
            group.addTask { await signal.nap(upTo: .zero) }
            group.cancelAll()
        }
    }

    @Test func `announcements wake the loops they concern`() async {
        let signals = EngineSignals()
        signals.take(.work)
        await signals.work.nap(upTo: .seconds(3600))
        signals.takeAll()
        await signals.work.nap(upTo: .seconds(3600))
        for signal in [signals.due, signals.wishes] { await signal.nap(upTo: .seconds(3600)) }
    }
}

@Suite struct LeaseWatchTests {
    private let start = ContinuousClock.now
    private let id = Identifier<Node>()
    private let lease = NodeLease(lasting: 1_000)
    private let term: NodeLease.Term?

    init() {
        lease.renewed(sent: start, at: start)
        term = lease.term(at: start)
    }

    private func sighting(epoch: Int = 1, heartbeat: Int, hasLapsed: Bool) -> NodeSighting {
        NodeSighting(id: id, epoch: epoch, heartbeat: heartbeat, leaseSeconds: 30, hasLapsed: hasLapsed)
    }

    @Test func `a node is dead when both clocks say so`() {
        var watch = LeaseWatch()
        let silent = sighting(heartbeat: 5, hasLapsed: true)
        #expect(watch.lapsed(among: [silent], at: start, in: term).isEmpty)
        #expect(watch.lapsed(among: [silent], at: start + .seconds(29), in: term).isEmpty)
        let stirring = sighting(heartbeat: 5, hasLapsed: false)
        #expect(watch.lapsed(among: [stirring], at: start + .seconds(40), in: term).isEmpty)
        #expect(watch.lapsed(among: [silent], at: start + .seconds(41), in: term) == [silent])
    }

    @Test func `a heartbeat or another epoch begins the watch anew`() {
        var watch = LeaseWatch()
        _ = watch.lapsed(among: [sighting(heartbeat: 5, hasLapsed: true)], at: start, in: term)
        let stirred = sighting(heartbeat: 6, hasLapsed: true)
        #expect(watch.lapsed(among: [stirred], at: start + .seconds(31), in: term).isEmpty)
        let reborn = sighting(epoch: 2, heartbeat: 6, hasLapsed: true)
        #expect(watch.lapsed(among: [reborn], at: start + .seconds(62), in: term).isEmpty)
        #expect(watch.lapsed(among: [reborn], at: start + .seconds(92), in: term) == [reborn])
    }

    @Test func `a node that was out of sight is watched anew`() {
        var watch = LeaseWatch()
        let silent = sighting(heartbeat: 5, hasLapsed: true)
        _ = watch.lapsed(among: [silent], at: start, in: term)
        _ = watch.lapsed(among: [], at: start + .seconds(31), in: term)
        #expect(watch.lapsed(among: [silent], at: start + .seconds(32), in: term).isEmpty)
    }

    @Test func `a gap in the watcher's own lease begins the watch anew`() {
        var watch = LeaseWatch()
        let silent = sighting(heartbeat: 5, hasLapsed: true)
        _ = watch.lapsed(among: [silent], at: start, in: term)
        #expect(watch.lapsed(among: [silent], at: start + .seconds(31), in: nil).isEmpty)
        #expect(watch.lapsed(among: [silent], at: start + .seconds(32), in: term).isEmpty)
        #expect(watch.lapsed(among: [silent], at: start + .seconds(62), in: term) == [silent])
    }
}

@Suite struct RunningAttemptsTests {
    private func lease(_ id: Identifier<Execution>, token: Int) -> Lease {
        Lease(
            executionID: id, taskID: Identifier(), fencingToken: token, attempt: token, trigger: .schedule,
            scheduledFor: .now, dueAt: .now, grantedAt: .now, isFirstAttempt: true,
            action: Action(kind: .command, parameters: [:]), timezone: "UTC", timeout: 1,
            retryPolicy: RetryPolicy(maxRetries: 0, delay: 0, backoff: .fixed))
    }

    @Test func `the next attempt of an execution is another than the last`() async {
        let running = RunningAttempts()
        let id = Identifier<Execution>()
        let (first, second) = (lease(id, token: 1), lease(id, token: 2))
        _ = running.add(first)
        _ = running.add(second)
        running.end(1, .heard(.leaseGone))
        #expect(running.ending(of: second) == nil && running.ending(of: first) == .heard(.leaseGone))
        running.remove(first)
        #expect(running.leases.map(\.fencingToken) == [2])
    }

    @Test func `the first to say why counts, and the stream ends`() async {
        let running = RunningAttempts()
        let held = lease(Identifier(), token: 1)
        let stream = running.add(held)
        running.end(1, .heard(.end(.requested)))
        running.endAll(.shutdown)
        for await _ in stream {}
        #expect(running.ending(of: held) == .heard(.end(.requested)))
        running.remove(held)
        running.end(1, .shutdown)
        #expect(running.count == 0 && running.ending(of: held) == nil)
    }
}

@Suite struct LoopRecoveryTests {
    @Test func `delays double to five seconds and begin anew after a good round`() {
        var recovery = LoopRecovery("test", logger: quietLogger)
        let delays = (0..<9).map { _ in recovery.delay(after: TestFailure("again")) }
        #expect(delays.prefix(3) == [.milliseconds(100), .milliseconds(200), .milliseconds(400)])
        #expect(delays.suffix(3) == [.seconds(5), .seconds(5), .seconds(5)])
        recovery.succeed()
        #expect(!recovery.isFailing && recovery.delay(after: TestFailure("again")) == .milliseconds(100))
    }

    @Test func `the margin leaves time to kill before a lease ends`() {
        for (lease, grace) in [(30, 5), (4, 60), (1, 0)] {
            let configuration = EngineConfiguration(
                capacity: 1, taskCapacity: 1, leaseSeconds: lease, killGrace: .seconds(grace), shutdownGrace: .zero,
                commandRoles: [])
            let killed = EngineConfiguration.leaseGrace(leaseSeconds: lease, killGrace: .seconds(grace))
            #expect(killed <= configuration.leaseDuration / 4 && killed <= .seconds(grace))
            #expect(configuration.leaseMargin > killed && configuration.leaseMargin < configuration.leaseDuration)
        }
    }
}

/// What one task has given and the other taken.
private final class Rally: Sendable {
    let given = Atomic(0)
    let taken = Atomic(0)
}
