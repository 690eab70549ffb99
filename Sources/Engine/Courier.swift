import Domain
import Logging
import Outbound
import ServiceLifecycle
import Storage
import Synchronization

/// Sends what is owed to someone, at least once each, with tries of its own: no run waits for it or fails by it. Any
/// number of servers may do so at once, as each try is leased; the lease of a server that died lapses.
package struct Courier: Service {
    /// The most tries at once, and of one owner until others have had their turn: a receiver that does not answer takes
    /// its place for as long as a try may take.
    private static let room = 32
    private static let share = 8
    /// Seconds after which a lease lapses: more than a try takes.
    private static let leasePatience = 30
    /// No nap is longer, so that a lost wake-up only delays.
    private static let longestNap = Duration.seconds(10)
    /// How long what was not sent may take to be given back.
    private static let patience = Duration.seconds(3)

    private let database: Database
    private let announcer: Announcer
    private let messenger: Messenger
    private let plan: DeliveryPlan
    private let signals: EngineSignals
    private let logger: Logger

    /// A courier on `database`.
    package init(
        database: Database, announcer: Announcer, messenger: Messenger, plan: DeliveryPlan = DeliveryPlan(),
        signals: EngineSignals, logger: Logger
    ) {
        self.database = database
        self.announcer = announcer
        self.messenger = messenger
        self.plan = plan
        self.signals = signals
        self.logger = logger
    }

    package func run() async throws {
        EngineMetrics.beginDelivering()
        let bag = Bag()
        await cancelWhenGracefulShutdown {
            await withDiscardingTaskGroup { group in
                await loop(bag) { delivery in group.addTask { await send(delivery, bag) } }
            }
        }
        await empty(bag)
    }

    private func loop(_ bag: Bag, _ start: (DueDelivery) -> Void) async {
        var recovery = LoopRecovery("courier", logger: logger)
        while !Task.isCancelled {
            do {
                let busy = bag.owners(with: Self.share)
                // A few at a time, or all could be of one owner.
                let limit = min(Self.room - bag.count, Self.share)
                let claimed = limit > 0 ? try await claim(limit, passingOver: busy) : []
                for delivery in claimed {
                    bag.add(delivery)
                    start(delivery)
                }
                recovery.succeed()
                // Full, it is woken by the first try that ends.
                if bag.count == Self.room {
                    await signals.deliveries.nap(upTo: Self.longestNap)
                } else if claimed.count < limit {
                    await signals.deliveries.nap(upTo: try await untilNext(passingOver: busy))
                }
            } catch {
                if Task.isCancelled { return }
                await signals.deliveries.nap(upTo: recovery.delay(after: error))
            }
        }
    }

    private func claim(_ limit: Int, passingOver busy: [Identifier<User>?]) async throws -> [DueDelivery] {
        try await database.store.claimDeliveries(limit: limit, patience: Self.leasePatience, passingOver: busy)
    }

    private func untilNext(passingOver busy: [Identifier<User>?]) async throws -> Duration {
        guard let seconds = try await database.store.secondsUntilDelivery(passingOver: busy) else {
            return Self.longestNap
        }
        // What is due yet was not found is locked by somebody else for a moment.
        return seconds > 0 ? min(.seconds(seconds), Self.longestNap) : .milliseconds(100)
    }

    private func send(_ delivery: DueDelivery, _ bag: Bag) async {
        let outcome = await outcome(of: delivery)
        guard let outcome else { return }  // Given back when all have ended.
        bag.note(outcome, of: delivery)
        do {
            try await record(outcome, of: delivery)
        } catch {
            if Task.isCancelled { return }  // Recorded when all have ended.
            // The lease lapses, and the message is sent once more.
            logger.warning(
                "A callback's try could not be recorded",
                metadata: ["execution_id": "\(delivery.execution)", "error": "\(error)"])
        }
        let before = bag.remove(delivery)
        // There is room again, or a next try that the nap under way does not know of.
        if before.all == Self.room || before.ofOwner >= Self.share || outcome != .sent { signals.deliveries.wake() }
        if case .failed(let why) = outcome {
            logger.notice(
                "A callback was given up",
                metadata: [
                    "task_id": "\(delivery.task)", "execution_id": "\(delivery.execution)", "error": "\(why)",
                ])
        }
    }

    /// What becomes of a try; nil when the server stops in the middle of it.
    private func outcome(of delivery: DueDelivery) async -> DeliveryOutcome? {
        do {
            let url = try OutboundURL(delivery.url)
            try await messenger.post(
                JSONWriter.bytes(of: Callback(delivery)), to: url, id: delivery.id.description)
            return .sent
        } catch let failure as PostFailure {
            return plan.outcome(of: failure, after: delivery.tries)
        } catch is OutboundURL.Fault {
            return .failed(error: "The URL cannot be read.")
        } catch {
            return Task.isCancelled
                ? nil : plan.outcome(of: .unexpected, after: delivery.tries)
        }
    }

    private func record(_ outcome: DeliveryOutcome, of delivery: DueDelivery) async throws {
        if try await database.store.record(outcome, of: delivery) { EngineMetrics.delivered(outcome) }
    }

    /// Records the tries that have ended, and lets others make those that were cut off, at once.
    private func empty(_ bag: Bag) async {
        let (ended, cutOff) = bag.left
        guard !ended.isEmpty || !cutOff.isEmpty else { return }
        // Not cancelled with the server; a database that is away does not hold up its end.
        await Task {
            await withTaskGroup { group in
                group.addTask {
                    // Where it fails the leases lapse.
                    for (delivery, outcome) in ended { try? await record(outcome, of: delivery) }
                    try? await database.store.letGo(of: cutOff)
                    announcer.announce(.deliveries)
                }
                group.addTask { try? await Task.sleep(for: Self.patience) }  // Cancelled when all are let go.
                await group.next()
                group.cancelAll()
            }
        }.value
    }
}

/// The tries under way.
private final class Bag: Sendable {
    private struct Try {
        let delivery: DueDelivery
        /// Once it has ended and is not recorded yet.
        var outcome: DeliveryOutcome?
    }

    private let tries = Mutex<[Identifier<Delivery>: Try]>([:])

    var count: Int { tries.withLock(\.count) }

    /// What has ended and was not recorded, and what has not ended.
    var left: (ended: [(DueDelivery, DeliveryOutcome)], cutOff: [DueDelivery]) {
        tries.withLock { tries in
            (
                tries.values.compactMap { entry in entry.outcome.map { (entry.delivery, $0) } },
                tries.values.filter { $0.outcome == nil }.map(\.delivery)
            )
        }
    }

    func add(_ delivery: DueDelivery) {
        tries.withLock { $0[delivery.id] = Try(delivery: delivery) }
    }

    func note(_ outcome: DeliveryOutcome, of delivery: DueDelivery) {
        tries.withLock { $0[delivery.id]?.outcome = outcome }
    }

    /// Those of whom there are so many.
    func owners(with count: Int) -> [Identifier<User>?] {
        tries.withLock { tries in
            Dictionary(grouping: tries.values, by: \.delivery.owner).filter { $0.value.count >= count }.map(\.key)
        }
    }

    /// - Returns: how many there were with it.
    func remove(_ delivery: DueDelivery) -> (all: Int, ofOwner: Int) {
        tries.withLock { tries in
            defer { tries[delivery.id] = nil }
            return (tries.count, tries.values.count { $0.delivery.owner == delivery.owner })
        }
    }
}
