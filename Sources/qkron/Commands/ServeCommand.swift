import ArgumentParser
import EmbeddedPostgres
import Engine
import Executor
import Logging
import Metrics
import Server
import ServiceLifecycle
import Telemetry
import UnixSignals

/// Runs the server until SIGTERM or SIGINT.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the server.",
        discussion: """
            Without DATABASE_URL it keeps a private PostgreSQL under the data directory. Secrets, and addresses that \
            may hold one, have no flag: set DATABASE_URL, SECRET_KEY, SECRET_KEY_PREVIOUS and SUPERUSER_USERNAME, _EMAIL \
            and _PASSWORD in the environment or in .env.
            """)

    @OptionGroup var options: ServeOptions
    @Flag(help: "Read the configuration, tell what is wrong with it, and stop.")
    var check = false

    func run() async throws {
        try await CommandFailure.inWords {
            let inheritance = Inheritance.take()
            let configuration = try Configuration(SettingSource.ofProcess(flags: options.flags))
            if check { return }
            LoggingSetup.bootstrap(level: configuration.logLevel, format: configuration.logFormat)
            ProcessProtection.becomeSubreaper()
            ProcessProtection.makeUndumpable()
            try await serve(configuration, inheriting: inheritance, logger: Logger(label: "qkron"))
        }
    }

    private func serve(
        _ configuration: Configuration, inheriting inheritance: Inheritance?, logger: Logger
    ) async throws {
        let replacement = try await ServerReplacement(logger: logger)
        for name in configuration.unknownNames {
            logger.warning("A setting of this name is not known and does nothing", metadata: ["name": "\(name)"])
        }
        let registry = PrometheusRegistry()
        registry.describeStableMetrics()
        registry.collectProcessMetrics()
        MetricsSystem.bootstrap(registry)
        let handover = Handover()
        let sockets = SocketHandover(
            inherited: inheritance?.sockets(for: configuration), isUnderWay: { handover.isUnderWay })
        let lock = try Inheritance.lock(DataDirectory(path: configuration.dataDirectory), inheriting: inheritance)
        let composition = try await Composition(
            configuration, lock: lock, handover: handover, sockets: sockets, registry: registry, logger: logger)
        logger.notice("Starting", metadata: ["version": "\(Version.current)", "data_dir": "\(lock.directory.path)"])
        var mustStop = false
        try await composition.run { services in
            let services = services + (inheritance?.mustStop == true ? [ImmediateStop()] : [])
            let group = ServiceGroup(configuration: group(of: services, configuration, logger: logger))
            mustStop = try await run(group, until: replacement, handover)
        }
        if handover.isUnderWay {
            try replacement.replace(
                leaving: Inheritance(
                    lock: lock.descriptor, sockets.kept, of: configuration, mustStop: mustStop))
        }
        withExtendedLifetime(lock) {}
        logger.notice("Stopped")
    }

    /// Runs the services until they are told to stop, or to make room for another server.
    ///
    /// - Returns: whether a signal to stop for good came.
    private func run(
        _ group: ServiceGroup, until replacement: ServerReplacement, _ handover: Handover
    ) async throws -> Bool {
        enum Event { case ended, wanted, toldToStop }
        return try await withThrowingTaskGroup(of: Event.self) { tasks in
            tasks.addTask {
                try await group.run()
                return .ended
            }
            tasks.addTask { await replacement.isWanted() ? .wanted : .ended }
            tasks.addTask { await replacement.isToldToStop() ? .toldToStop : .ended }
            var mustStop = false
            while let event = try await tasks.next(), event != .ended {
                if event == .toldToStop {
                    mustStop = true
                } else if !mustStop {
                    handover.begin()
                    await group.triggerGracefulShutdown()
                }
            }
            tasks.cancelAll()
            return mustStop
        }
    }

    private func group(
        of services: [any Service], _ configuration: Configuration, logger: Logger
    ) -> ServiceGroupConfiguration {
        var group = ServiceGroupConfiguration(
            services: services.map { service in
                .init(service: service, failureTerminationBehavior: .gracefullyShutdownGroup)
            },
            gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        // Draining, killing, and letting the database go, with room to spare; after that only cancellation is left.
        group.maximumGracefulShutdownDuration =
            configuration.runs.shutdownGrace + configuration.runs.killGrace + .seconds(90)
        return group
    }
}
