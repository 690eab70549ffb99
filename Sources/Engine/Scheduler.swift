import Domain
import Foundation
import Logging
import Scheduling
import ServiceLifecycle
import Storage

/// Fires due tasks, then naps until shortly before the next slot, or a wake-up. Any number of servers may do so at
/// once: a due task is locked while its slots become executions, and both are committed together with its next run.
package struct Scheduler: Service {
    /// The most tasks fired in one transaction; fewer after a failure.
    private static let batch = 200
    /// About the most executions made in one transaction: a backlog is worked off in several.
    private static let executionBatch = 5_000

    private let node: Node
    private let database: Database
    private let announcer: Announcer
    private let configuration: EngineConfiguration
    private let signals: EngineSignals
    private let grants: Grants
    private let lease: NodeLease
    private let health: EngineHealth
    private let logger: Logger

    /// A scheduler on `database`; what has room on `node` starts at once.
    package init(
        node: Node, database: Database, announcer: Announcer, configuration: EngineConfiguration,
        signals: EngineSignals, grants: Grants, lease: NodeLease, health: EngineHealth, logger: Logger
    ) {
        self.node = node
        self.database = database
        self.announcer = announcer
        self.configuration = configuration
        self.signals = signals
        self.grants = grants
        self.lease = lease
        self.health = health
        self.logger = logger
    }

    package func run() async throws {
        EngineMetrics.begin()
        // Not cancelled in the middle: what it is granted there must reach the worker.
        await untilGracefulShutdown(waking: signals.due.wake) { isOver in await loop(until: isOver) }
    }

    private func loop(until isOver: () -> Bool) async {
        var recovery = LoopRecovery("scheduler", logger: logger)
        let unreadable = UnreadableTasks()
        var limit = Self.batch
        var lookahead = Lookahead()
        var beginning = ContinuousClock.now
        while !isOver() {
            do {
                let round = try await fire(limit: limit, within: lookahead.span, passingOver: unreadable)
                if let ready = round.ready { lookahead.note(from: beginning, ready: ready) }
                lookahead.note(started: round.slots.leases.count, of: round.startable)
                // Whoever was not found among so few is not due yet, or locked by somebody else for a moment.
                let isDone = round.firings.count < limit && !isOver()
                let nap =
                    isDone ? try await napLength(after: round, before: lookahead.span, passingOver: unreadable) : .zero
                limit = Self.batch
                recovery.succeed()
                health.note(.scheduler, isWell: true)
                let end = ContinuousClock.now + nap
                await signals.due.nap(upTo: nap)
                beginning = min(end, .now)
            } catch {
                // Perhaps there was too much to do at once: one task after the other is never too much.
                limit = max(1, limit / 2)
                health.note(.scheduler, isWell: false)
                await signals.due.nap(upTo: recovery.delay(after: error))
                beginning = .now
            }
        }
    }

    /// How long there is nothing to do, up to so long before a slot.
    private func napLength(
        after round: FiringRound, before span: Duration, passingOver unreadable: UnreadableTasks
    ) async throws -> Duration {
        // What is due stays so until the pause ends, which is announced.
        guard !round.isPaused else { return configuration.longestNap }
        if let nextSlot = round.nextSlot { return min(max(.zero, nextSlot - span - .now), configuration.longestNap) }
        let seconds = try await database.store.secondsUntilDue(passingOver: unreadable.ids)
        guard let seconds else { return configuration.longestNap }
        let rest = Duration.seconds(seconds)
        if rest > span { return min(rest - span, configuration.longestNap) }
        // What was not found ahead of its slot waits for it, or another server has it.
        if rest > .milliseconds(-1) { return max(.zero, rest) }
        // A task that is overdue yet was not found is locked by somebody else for a moment.
        return rest < .milliseconds(-5) ? .milliseconds(5) : .milliseconds(1)
    }

    /// Fires what is due now, or will be within `span`: at its slot.
    private func fire(
        limit: Int, within span: Duration, passingOver unreadable: UnreadableTasks
    ) async throws -> FiringRound {
        let askedAt = ContinuousClock.now
        let round: FiringRound
        do {
            round = try await database.transaction { store in
                try await fire(limit: limit, within: span, unreadable, store)
            }
        } catch {
            grants.lose()
            signals.work.poke()
            throw error
        }
        grants.hand(
            round.term.map { term in
                round.slots.leases.map { Grant(lease: $0, term: term, askedAt: askedAt) }
            } ?? [])
        // For what was handed over, and where something waits for the places that were not used.
        signals.work.poke()
        tell(round)
        return round
    }

    private func fire(
        limit: Int, within span: Duration, _ unreadable: UnreadableTasks, _ store: Store
    ) async throws -> FiringRound {
        let due = try await store.dueTasks(
            limit: limit, within: span, labels: node.labels, passingOver: unreadable.ids)
        guard due.first?.isPaused != true else { return FiringRound(firings: [], isPaused: true) }
        var round = FiringRound(firings: firings(of: due, unreadable))
        guard !round.firings.isEmpty else { return round }
        if round.firings.count == due.count {
            round.noteNextSlot(atMostAfter: configuration.longestNap)
        }
        let startable = round.firings.flatMap { task, firing in
            firing?.startable(task, by: node, taskLimit: configuration.taskCapacity) ?? []
        }.sorted { one, other in
            (other.priority, one.scheduledFor, one.id) < (one.priority, other.scheduledFor, other.id)
        }.map(\.id)
        let places = grants.reserve(forSlots: startable.count)
        round.ready = .now
        // Asked for after the places: once a term has begun, these are given out only when it is known what is ours.
        round.term = lease.term()
        round.slots = try await store.fire(
            round.firings.flatMap { $0.firing?.executions ?? [] },
            starting: startable.prefix(round.term == nil ? 0 : places), on: node,
            moving: round.firings.map { (task: $0.task.id, nextRun: $0.firing?.nextRun) },
            at: round.firings[0].task.firesAt)
        round.startable = startable.count
        // Only then: a slot that has its execution already, after a clock was stepped back, supersedes nothing.
        let superseding = round.firings.filter { $0.firing?.supersedes(making: round.slots.made) == true }
        if !superseding.isEmpty {
            round.superseded = try await store.cancelUnfinished(
                of: superseding.map(\.task.id), sparing: round.slots.made, reason: .superseded)
        }
        return round
    }

    /// What due tasks' slots become, of as many tasks as go into one transaction. A task without a firing rests until
    /// somebody changes it.
    private func firings(
        of due: [DueTask], _ unreadable: UnreadableTasks
    ) -> [(task: DueTask, firing: Firing?)] {
        var firings: [(task: DueTask, firing: Firing?)] = []
        var executions = 0
        for task in due where executions < Self.executionBatch {
            do {
                let firing = try Firing(task, commandRoles: configuration.commandRoles)
                executions += firing.executions.count
                firings.append((task, firing))
            } catch {
                logger.error(
                    "A task's schedule cannot be read",
                    metadata: ["task_id": "\(task.id)", "field": "\(error.field)", "error": "\(error.reason)"])
                if error.field == .timezone {
                    // The fault may be this machine's, whose tz database is older: other servers may fire the task.
                    unreadable.add(task.id)
                } else {
                    firings.append((task, nil))
                }
            }
        }
        return firings
    }

    private func tell(_ round: FiringRound) {
        var waiting = 0
        for (task, firing) in round.firings {
            for execution in firing?.executions ?? [] where round.slots.made.contains(execution.id) {
                EngineMetrics.slot(execution)
                if execution.status.isEnd { EngineMetrics.ended(task.kind, execution.status) }
                waiting += execution.status == .pending ? 1 : 0
            }
        }
        EngineMetrics.cancelledWhileWaiting(round.superseded.ended)
        if waiting > round.slots.leases.count {
            signals.work.wake()
            announcer.announce(.work)
        }
        if round.superseded.owesMessages { signals.deliveries.wake() }
        if round.superseded.hasWishes {
            signals.wishes.wake()
            announcer.announce(.wishes)
        }
    }
}

/// What one transaction has fired.
private struct FiringRound: Sendable {
    /// A task without a firing rests.
    let firings: [(task: DueTask, firing: Firing?)]
    /// Whether something is due that is not fired, since all firing is paused.
    var isPaused = false
    var slots = FiredSlots()
    /// In which slots were started; without one none was.
    var term: NodeLease.Term?
    var superseded = Cancellation()
    /// When all was decided, and the slots could come.
    var ready: ContinuousClock.Instant?
    /// How many runs could start here, had this server the room and the right to.
    var startable = 0
    /// When the next task is due, if all that was found is fired; so nobody needs to be asked.
    var nextSlot: ContinuousClock.Instant?

    /// Notes when the next task is due.
    mutating func noteNextSlot(atMostAfter longestNap: Duration) {
        guard let first = firings.first?.task else { return }
        let next = (firings.map { $0.firing?.nextRun } + [first.othersDueAt]).compactMap { $0 }.min()
        nextSlot = first.firesAt + (next.map { .seconds($0.timeIntervalSince(first.now)) } ?? longestNap)
    }
}
