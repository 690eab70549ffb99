import Actions
import Domain
import Logging
import ServiceLifecycle
import Storage

/// Leases executions while it has free capacity, and runs each in a child task. Told to stop, it leases no more, waits
/// for what runs, and ends what the grace does not suffice for; in a handover it leaves what runs to the next server.
package struct Worker: Service {
    /// How long is waited for what is under way.
    private static let moment = Duration.milliseconds(4)
    /// How long the ends of the last attempts may take to be recorded when the server stops.
    private static let recordingPatience = Duration.seconds(15)
    /// How long attempts may take to get to where they can be left to the next server.
    private static let beginningPatience = Duration.seconds(5)

    private let node: Node
    private let database: Database
    private let configuration: EngineConfiguration
    private let signals: EngineSignals
    private let running: RunningAttempts
    private let grants: Grants
    private let nodeLease: NodeLease
    private let attempts: AttemptRunner
    private let catalog: ActionCatalog
    private let handover: Handover
    private let health: EngineHealth
    private let logger: Logger

    /// A worker of `node`; what it runs is held in `running`.
    package init(
        node: Node, database: Database, configuration: EngineConfiguration, signals: EngineSignals,
        running: RunningAttempts, grants: Grants, lease nodeLease: NodeLease, attempts: AttemptRunner,
        catalog: ActionCatalog, handover: Handover, health: EngineHealth, logger: Logger
    ) {
        self.node = node
        self.database = database
        self.configuration = configuration
        self.signals = signals
        self.running = running
        self.grants = grants
        self.nodeLease = nodeLease
        self.attempts = attempts
        self.catalog = catalog
        self.handover = handover
        self.health = health
        self.logger = logger
    }

    package func run() async throws {
        await withDiscardingTaskGroup { group in
            await untilGracefulShutdown(waking: signals.work.wake) { isOver in
                await lease(into: &group, until: isOver)
            }
            if handover.isUnderWay { await letGo(into: &group) }
            await drain()
        }
    }

    /// When what is ours is looked for, and when more is claimed.
    private struct Plan {
        // What was taken over at the start is found by looking back. A grant whose answer was lost may be committed at
        // any time after: so what the database says we run is asked after every failure, too, and now and then.
        var look = ContinuousClock.now
        var claim = ContinuousClock.now
        /// For which term of the lease it is made.
        var term: NodeLease.Term?
    }

    private func lease(into group: inout DiscardingTaskGroup, until isOver: () -> Bool) async {
        var recovery = LoopRecovery("worker", logger: logger)
        var plan = Plan()
        while !isOver() {
            beginHanded(in: &group)
            if grants.takeLoss() { plan.look = .now }
            if signals.work.take() { plan.claim = .now }
            guard let term = nodeLease.term() else {
                // The renewal with which the next one begins ends it.
                await signals.work.nap(upTo: configuration.longestNap)
                continue
            }
            if term != plan.term {
                // Of what was granted before, and did not begin, some may be ours still.
                startOver(&plan)
                plan.term = term
            }
            do {
                let nap = try await lease(in: term, by: &plan, into: &group)
                recovery.succeed()
                health.note(.worker, isWell: true)
                await signals.work.nap(upTo: nap)
            } catch {
                startOver(&plan)
                health.note(.worker, isWell: false)
                await signals.work.nap(upTo: recovery.delay(after: error))
            }
        }
        beginHanded(in: &group)
    }

    private func startOver(_ plan: inout Plan) {
        grants.close()
        plan.look = .now
        plan.claim = .now
    }

    /// Does what the plan says it is time for.
    ///
    /// - Returns: how long there is nothing more to do.
    private func lease(
        in term: NodeLease.Term, by plan: inout Plan, into group: inout DiscardingTaskGroup
    ) async throws -> Duration {
        let clock = ContinuousClock()
        var nap = configuration.longestNap
        if clock.now >= plan.look {
            if try await lookBack(in: term, into: &group) {
                plan.look = clock.now + configuration.leaseDuration
            } else {
                nap = Self.moment
            }
        }
        // What has been granted already comes first.
        if clock.now >= plan.claim, clock.now < plan.look {
            // With no place free it is tried again as soon as one is.
            let rest = try await claim(in: term, into: &group)
            if let rest { plan.claim = clock.now + rest }
            nap = min(nap, rest ?? nap)
        } else {
            nap = min(nap, max(Self.moment, plan.claim - clock.now))
        }
        return min(nap, max(Self.moment, plan.look - clock.now))
    }

    private func beginHanded(in group: inout DiscardingTaskGroup) {
        let handed = grants.takeHanded()
        for grant in handed { begin([grant.lease], grantedIn: grant.term, askedAt: grant.askedAt, in: &group) }
        grants.release(handed.count)
    }

    /// Leases what waits, as far as there are free places.
    ///
    /// - Returns: after how long to do so again, unless somebody announces work; nil if no place is free.
    private func claim(
        in term: NodeLease.Term, into group: inout DiscardingTaskGroup
    ) async throws -> Duration? {
        let room = grants.reserve()
        guard room > 0 else {
            grants.note(isQueued: true)
            return nil
        }
        let askedAt = ContinuousClock.now
        let leases: [Lease]
        do {
            defer { grants.release(room) }
            leases = try await database.transaction { store in
                try await store.claim(for: node, limit: room, taskLimit: configuration.taskCapacity)
            }
            begin(leases, grantedIn: term, askedAt: askedAt, in: &group)
        }
        grants.note(isQueued: leases.count == room)
        return leases.isEmpty ? try await napLength() : gathering
    }

    /// Takes up what the database says this server is running and nobody here knows of.
    ///
    /// - Returns: false if grants are under way, so that it would take those up twice.
    private func lookBack(in term: NodeLease.Term, into group: inout DiscardingTaskGroup) async throws -> Bool {
        guard grants.close() else { return false }
        beginForgotten(try await forgottenLeases(), grantedIn: term, in: &group)
        grants.open()
        return true
    }

    /// Where there are many places, several that come free are filled together.
    private var gathering: Duration { configuration.capacity < 16 ? .zero : Self.moment }

    /// Begins attempts that were asked for in `term`. When it is over they may have been given away before the answer
    /// came: then they are left to the look back with which the next one begins.
    private func begin(
        _ leases: [Lease], grantedIn term: NodeLease.Term, askedAt: ContinuousClock.Instant,
        in group: inout DiscardingTaskGroup
    ) {
        guard !leases.isEmpty else { return }
        guard let deadline = nodeLease.end(of: term) else {
            logger.warning("Runs were granted too late to begin", metadata: ["runs": "\(leases.count)"])
            return
        }
        for lease in leases {
            let endSignal = running.add(lease)
            group.addTask {
                await attempts.run(lease, deadline: deadline, endSignal: endSignal)
                signals.work.poke()  // Only now its place is free.
            }
        }
        signals.wishes.wakeAgain(ifSince: askedAt)
    }

    /// Begins what was granted at any time: every wish may have come before.
    private func beginForgotten(
        _ leases: [Lease], grantedIn term: NodeLease.Term, in group: inout DiscardingTaskGroup
    ) {
        begin(leases, grantedIn: term, askedAt: .now, in: &group)
        if !leases.isEmpty { signals.wishes.wake() }
    }

    private func forgottenLeases() async throws -> [Lease] {
        // Asked first: an attempt that ends while the database answers is not forgotten.
        let held = Set(running.leases.map(\.fencingToken))
        let granted = try await database.store.runningAttempts(of: node.id, epochs: node.epoch...node.epoch)
        return granted.filter { !held.contains($0.fencingToken) }
    }

    private func napLength() async throws -> Duration {
        let seconds = try await database.store.secondsUntilReady(for: node, taskLimit: configuration.taskCapacity)
        guard let seconds else { return configuration.longestNap }
        // One that is ready yet was not granted: somebody else is busy with its task for a moment.
        return min(max(.seconds(seconds), .milliseconds(50)), configuration.longestNap)
    }

    /// Leaves to the next server what can go on without this one; what is left is waited for.
    private func letGo(into group: inout DiscardingTaskGroup) async {
        do {
            // The next server would take what never started for lost.
            if let term = nodeLease.term() { beginForgotten(try await forgottenLeases(), grantedIn: term, in: &group) }
            await untilDetachable()
            // The lease must last until the next server renews it.
            let sent = ContinuousClock.now
            if try await database.store.renewLease(of: node, running: running.count) {
                nodeLease.renewed(sent: sent)
            }
        } catch {
            logger.warning("The database does not answer in the handover", metadata: ["error": "\(error)"])
        }
        await catalog.detach()
        logger.notice("The next server carries on with what runs")
    }

    /// Waits until all that is under way could go on without this server: what has begun is with its executor, and what
    /// has ended is recorded. Nobody renews the lease after that.
    private func untilDetachable() async {
        let deadline = ContinuousClock.now + Self.beginningPatience
        while ContinuousClock.now < deadline,
            !Set(running.leases.map(\.attemptID)).isSubset(of: catalog.detachableAttempts)
        {
            await signals.work.nap(upTo: .milliseconds(10))
        }
    }

    private func drain() async {
        guard running.count > 0 else { return }
        logger.notice("Waiting for running commands", metadata: ["running": "\(running.count)"])
        let clock = ContinuousClock()
        await nap(until: clock.now + configuration.shutdownGrace)
        guard running.count > 0 else { return }
        logger.notice("Ending the commands that still run", metadata: ["running": "\(running.count)"])
        running.endAll(.shutdown)
        // Their trees are dead after the kill grace; a database that is away must not hold up the end for ever.
        await nap(until: clock.now + configuration.killGrace + Self.recordingPatience)
        if running.count > 0 { attempts.giveUpRecording() }
    }

    private func nap(until deadline: ContinuousClock.Instant) async {
        while running.count > 0, ContinuousClock.now < deadline, !Task.isCancelled {
            await signals.work.nap(upTo: min(deadline - ContinuousClock.now, .milliseconds(200)))
        }
    }
}
