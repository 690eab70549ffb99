import ArgumentParser
import EmbeddedPostgres
import Executor
import Logging
import Metrics
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

    func run() async throws {
        try await CommandFailure.inWords {
            let configuration = try Configuration(SettingSource.ofProcess(flags: options.flags))
            LoggingSetup.bootstrap(level: configuration.logLevel, format: configuration.logFormat)
            ProcessProtection.becomeSubreaper()
            ProcessProtection.makeUndumpable()
            try await serve(configuration, logger: Logger(label: "qkron"))
        }
    }

    private func serve(_ configuration: Configuration, logger: Logger) async throws {
        for name in configuration.unknownNames {
            logger.warning("A setting of this name is not known and does nothing", metadata: ["name": "\(name)"])
        }
        let registry = PrometheusRegistry()
        registry.describeStableMetrics()
        registry.collectProcessMetrics()
        MetricsSystem.bootstrap(registry)
        let lock = try DataDirectory(path: configuration.dataDirectory).lock()
        let composition = try await Composition(configuration, lock: lock, registry: registry, logger: logger)
        logger.notice("Starting", metadata: ["version": "\(Version.current)", "data_dir": "\(lock.directory.path)"])
        try await composition.run { services in
            try await ServiceGroup(configuration: group(of: services, configuration, logger: logger)).run()
        }
        withExtendedLifetime(lock) {}
        logger.notice("Stopped")
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
