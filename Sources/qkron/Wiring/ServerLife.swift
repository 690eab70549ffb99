import EmbeddedPostgres
import Engine
import Executor
import Logging
import Metrics
import Server
import ServiceLifecycle
import Synchronization
import Telemetry

/// One server from its start to its end, which is a stop for good or a replacement by the program now on disk.
struct ServerLife {
    /// What a signal asks for, or that there is nobody left to ask.
    private enum Event { case ended, replacementWanted, toldToStop }

    private let configuration: Configuration
    private let standing: Standing
    private let inheritance: Inheritance?
    private let handover = Handover()
    private let sockets: SocketHandover
    private let logger: Logger

    /// A server of this configuration, which takes up what an earlier one in this process left.
    init(_ configuration: Configuration, _ standing: Standing, inheriting inheritance: Inheritance?, logger: Logger) {
        self.configuration = configuration
        self.standing = standing
        self.inheritance = inheritance
        self.logger = logger
        sockets = SocketHandover(
            inherited: inheritance?.sockets(for: configuration)
                ?? standing.listener.map { OpenSockets(listener: $0, connections: []) },
            isUnderWay: { [handover] in handover.isUnderWay })
    }

    /// Serves until a signal ends it; does not return where the server is replaced.
    func live() async throws {
        // First of all, so that no signal ends the process and leaves a private cluster behind.
        let replacement = try await ServerReplacement(
            Reload(configuration, standing), launcher: standing.launcher, logger: logger)
        for name in configuration.unknownNames {
            logger.warning("A setting of this name is not known and does nothing", metadata: ["name": "\(name)"])
        }
        let registry = PrometheusRegistry()
        registry.describeStableMetrics()
        registry.collectProcessMetrics()
        MetricsSystem.bootstrap(registry)
        let lock = try Inheritance.lock(DataDirectory(path: configuration.dataDirectory), inheriting: inheritance)
        let isToldToStop = try await serve(until: replacement, lock: lock, registry: registry)
        if handover.isUnderWay {
            try replacement.replace(
                leaving: Inheritance(
                    lock: lock.descriptor, launcher: standing.launcher?.descriptor, sockets.kept, of: configuration,
                    mustStop: isToldToStop))
        }
        standing.launcher?.end()
        withExtendedLifetime(lock) {}
        logger.notice("Stopped")
    }

    /// - Returns: whether a signal to stop for good came.
    private func serve(
        until replacement: ServerReplacement, lock: DirectoryLock, registry: PrometheusRegistry
    ) async throws -> Bool {
        let services = RunningServices()
        return try await withThrowingTaskGroup(of: Event.self) { tasks in
            tasks.addTask {
                try await start(lock: lock, registry: registry) { group in
                    services.begin(group)
                    if inheritance?.mustStop == true { await group.triggerGracefulShutdown() }
                    try await group.run()
                }
                return .ended
            }
            tasks.addTask {
                await replacement.isWanted(onceRunning: { services.group != nil }) ? .replacementWanted : .ended
            }
            tasks.addTask { await replacement.isToldToStop() ? .toldToStop : .ended }
            var isToldToStop = false
            do {
                while let event = try await tasks.next(), event != .ended {
                    let group = services.group
                    if event == .toldToStop {
                        isToldToStop = true
                        // Nothing serves yet: the start is given up, and what it began taken back.
                        if group == nil { tasks.cancelAll() }
                    } else if isToldToStop {
                        continue
                    } else {
                        handover.begin()
                    }
                    await group?.triggerGracefulShutdown()
                }
            } catch is CancellationError where isToldToStop {
                // The start was given up.
            }
            tasks.cancelAll()
            return isToldToStop
        }
    }

    private func start(
        lock: DirectoryLock, registry: PrometheusRegistry, _ run: (ServiceGroup) async throws -> Void
    ) async throws {
        let composition = try await Composition(
            configuration, standing, lock: lock, handover: handover, sockets: sockets, registry: registry,
            logger: logger)
        logger.notice("Starting", metadata: ["version": "\(Version.current)", "data_dir": "\(lock.directory.path)"])
        try await composition.run { services in
            try await run(ServiceGroup(configuration: group(of: services)))
        }
    }

    private func group(of services: [any Service]) -> ServiceGroupConfiguration {
        var group = ServiceGroupConfiguration(
            services: services.map { service in
                .init(service: service, failureTerminationBehavior: .gracefullyShutdownGroup)
            },
            logger: logger)
        // Draining, killing, and letting the database go, with room to spare; after that only cancellation is left.
        group.maximumGracefulShutdownDuration =
            configuration.runs.shutdownGrace + configuration.runs.killGrace + .seconds(90)
        return group
    }
}

/// The services, once they run.
private final class RunningServices: Sendable {
    private let state = Mutex<ServiceGroup?>(nil)

    var group: ServiceGroup? { state.withLock { $0 } }

    func begin(_ group: ServiceGroup) {
        state.withLock { $0 = group }
    }
}
