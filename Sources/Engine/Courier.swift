import Domain
import Logging
import Outbound
import ServiceLifecycle
import Storage
import Synchronization

/// Sends what is owed to someone, at least once each, with tries of its own: no run waits for it or fails by it. Any
/// number of servers may do so at once, as each try is claimed; a claim whose server died lapses.
package struct Courier: Service {
    /// The most tries at once.
    private static let room = 32
    /// Seconds after which a claim lapses: more than a try takes.
    private static let claimPatience = 30
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
        await letGo(of: bag.left)
    }

    private func loop(_ bag: Bag, _ start: (DueDelivery) -> Void) async {
        var recovery = LoopRecovery("courier", logger: logger)
        while !Task.isCancelled {
            do {
                let room = Self.room - bag.count
                let claimed =
                    room > 0 ? try await database.store.claimDeliveries(limit: room, patience: Self.claimPatience) : []
                for delivery in claimed {
                    bag.add(delivery)
                    start(delivery)
                }
                // Full, it is woken by the first try that ends.
                let nap = claimed.count < room ? try await untilNext() : Self.longestNap
                recovery.succeed()
                await signals.deliveries.nap(upTo: nap)
            } catch {
                if Task.isCancelled { return }
                await signals.deliveries.nap(upTo: recovery.delay(after: error))
            }
        }
    }

    private func untilNext() async throws -> Duration {
        guard let seconds = try await database.store.secondsUntilDelivery() else { return Self.longestNap }
        // What is due yet was not found is locked by somebody else for a moment.
        return seconds > 0 ? min(.seconds(seconds), Self.longestNap) : .milliseconds(5)
    }

    private func send(_ delivery: DueDelivery, _ bag: Bag) async {
        let outcome = await outcome(of: delivery)
        guard let outcome else { return }  // Given back when all have ended.
        do {
            if try await database.store.record(outcome, of: delivery) { EngineMetrics.delivered(outcome) }
        } catch {
            if Task.isCancelled { return }
            // The claim lapses, and the message is sent once more.
            logger.warning(
                "A callback's try could not be recorded",
                metadata: ["execution_id": "\(delivery.execution)", "error": "\(error)"])
        }
        let count = bag.remove(delivery)
        // There is room again, or a next try that the nap under way does not know of.
        if count == Self.room || outcome != .sent { signals.deliveries.wake() }
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

    /// Lets others make the tries that were cut off, at once.
    private func letGo(of deliveries: [DueDelivery]) async {
        guard !deliveries.isEmpty else { return }
        // Not cancelled with the server; a database that is away does not hold up its end.
        await Task {
            await withTaskGroup { group in
                group.addTask {
                    try? await database.store.letGo(of: deliveries)  // Else the claims lapse.
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
    private let deliveries = Mutex<[Identifier<Delivery>: DueDelivery]>([:])

    var count: Int { deliveries.withLock(\.count) }
    var left: [DueDelivery] { deliveries.withLock { Array($0.values) } }

    func add(_ delivery: DueDelivery) {
        deliveries.withLock { $0[delivery.id] = delivery }
    }

    /// - Returns: how many there were with it.
    func remove(_ delivery: DueDelivery) -> Int {
        deliveries.withLock { deliveries in
            defer { deliveries[delivery.id] = nil }
            return deliveries.count
        }
    }
}
