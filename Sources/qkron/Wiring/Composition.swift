import Actions
import Credentials
import Domain
import EmbeddedPostgres
import Engine
import Executor
import Glibc
import Logging
import Operations
import Outbound
import Postgres
import Server
import ServiceLifecycle
import Storage
import Telemetry

/// Builds a server from its configuration, and lists its services in the order in which each needs those before it;
/// they stop the other way round.
struct Composition {
    private let configuration: Configuration
    private let standing: Standing
    private let registry: PrometheusRegistry
    private let logger: Logger
    private let directory: DataDirectory
    private let host: DatabaseHost
    private let requestPool: PostgresPool
    private let enginePool: PostgresPool
    private let leasePool: PostgresPool
    private let probe: DatabaseProbe
    private let announcer: Announcer
    private let accounts: AccountRules
    private let secrets: Secrets
    private let policy: CommandPolicy
    private let engineSettings: EngineConfiguration
    private let remembered = RememberedCallers()
    private let signals = EngineSignals()
    private let running = RunningAttempts()
    private let health = EngineHealth()
    private let handover: Handover
    private let sockets: SocketHandover

    /// Reads what must be read before anything runs, and opens the database.
    init(
        _ configuration: Configuration, _ standing: Standing, lock: DirectoryLock, handover: Handover,
        sockets: SocketHandover, registry: PrometheusRegistry, logger: Logger
    ) async throws {
        self.configuration = configuration
        self.standing = standing
        self.handover = handover
        self.sockets = sockets
        self.registry = registry
        self.logger = logger
        directory = lock.directory
        let identity = configuration.identity
        let runs = configuration.runs
        policy = CommandPolicy(
            allowedFirstWords: runs.allowedCommands, path: runs.commandPath, users: standing.commandUsers)
        engineSettings = EngineConfiguration(
            capacity: runs.maxConcurrency, taskCapacity: runs.maxTaskConcurrency, leaseSeconds: runs.leaseSeconds,
            killGrace: runs.killGrace, shutdownGrace: runs.shutdownGrace, commandRoles: runs.commandRoles)
        secrets = try Secrets(identity, dataDirectory: directory.path)
        accounts = AccountRules(hasher: try PasswordHasher(cost: identity.passwordHashCost))
        host = try await DatabaseHost.open(configuration, in: lock, logger: logger)
        var requestConnection = host.connection
        // Whoever asks over HTTP is told soon; the loops of the engine have time.
        requestConnection.outagePatience = max(.seconds(1), host.connection.connectTimeout * 2 / 5)
        requestPool = PostgresPool(requestConnection, logger: logger)
        var engineConnection = host.connection
        engineConnection.poolSize = 8
        engineConnection.prefersIndexes = true
        enginePool = PostgresPool(engineConnection, logger: logger)
        var leaseConnection = host.connection
        leaseConnection.poolSize = 4
        // What takes longer than a third of a lease comes too late anyway.
        leaseConnection.statementTimeout = .seconds(max(2, runs.leaseSeconds / 3))
        leasePool = PostgresPool(leaseConnection, logger: logger)
        probe = DatabaseProbe(database: Database(leasePool))
        announcer = Announcer(database: Database(enginePool))
    }

    /// Prepares the database and runs everything until it is told to stop; then, or when a start fails half-way, lets
    /// the database go.
    func run(_ body: ([any Service]) async throws -> Void) async throws {
        do {
            let signer = try await prepareDatabase()
            try await body(try await services(signer))
        } catch {
            await letDatabaseGo()
            throw error
        }
        await letDatabaseGo()
    }

    /// - Returns: what signs tokens: which key that is, the database knows.
    private func prepareDatabase() async throws -> TokenSigner {
        _ = try await DatabaseHost.migrate(enginePool, patience: .seconds(30), logger: logger)
        let keys = try await secrets.checkShared(in: Database(requestPool).store)
        try await FirstSuperuser.ensure(
            configuration.identity.firstSuperuser, isPrivate: host.server != nil,
            users: userOperations, logger: logger)
        try await userOperations.settleCommandRoles()
        return try TokenSigner(
            secret: keys.current, previous: keys.previous, issuer: configuration.identity.tokenIssuer,
            audience: configuration.identity.tokenAudience)
    }

    private var userOperations: UserOperations {
        UserOperations(
            database: Database(requestPool), accounts: accounts, commandRoles: configuration.runs.commandRoles,
            remembered: remembered)
    }

    private func letDatabaseGo() async {
        for pool in [requestPool, enginePool, leasePool] { await pool.close() }
        if !handover.isUnderWay { await host.server?.stop() }
    }

    /// Everything that runs as long as the server does.
    private func services(_ signer: TokenSigner) async throws -> [any Service] {
        let hasEngine = configuration.components.contains(.engine)
        let executor = hasEngine ? try await startExecutor() : nil
        let catalog = ActionCatalog([
            CommandRunner(executor: executor, policy: policy, killGrace: configuration.runs.killGrace)
        ])
        let parts = ServerParts { [health] in
            guard let executor else { return (.disabled, .disabled) }
            return (
                health.areWell([.scheduler]) ? .healthy : .unhealthy,
                health.areWell([.worker, .leaseKeeper]) && executor.isHealthy ? .healthy : .unhealthy
            )
        }
        var services: [any Service] = []
        if let cluster = host.server { services.append(keeping(cluster)) }
        services.append(LoopService("database probe") { [probe] in await probe.run() })
        services.append(LoopService("database watch") { [requestPool] in await requestPool.watch() })
        services.append(announcing())
        let server = server(catalog: catalog, parts: parts, signer: signer)
        services.append(server)
        if let executor { services += try await engine(executor: executor, catalog: catalog) }
        services.append(StoppingMark(parts: parts, handover: handover, server: server))
        collectMetrics()
        return services
    }

    private func announcing() -> any Service {
        LoopService("announcer") { [announcer, logger] in
            await announcer.run { error in
                logger.debug("Announcements could not be sent", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Keeps the private cluster running, and stops it with the server; the next one finds it as it is.
    private func keeping(_ server: PostgresServer) -> any Service {
        LoopService("private database") { [handover] in
            await server.run()
            if !handover.isUnderWay { await server.stop() }
        }
    }

    private func startExecutor() async throws -> ExecutorClient {
        try await ExecutorClient.start(
            ExecutorConfiguration(
                directory: RuntimeDirectory.path(named: "executor", for: directory.path),
                launcher: standing.launcher,
                killGrace: configuration.runs.killGrace,
                leaseGrace: EngineConfiguration.leaseGrace(
                    leaseSeconds: configuration.runs.leaseSeconds, killGrace: configuration.runs.killGrace),
                longestLease: engineSettings.leaseDuration),
            logger: logger)
    }

    private func server(catalog: ActionCatalog, parts: ServerParts, signer: TokenSigner) -> QkronServer {
        let database = Database(requestPool)
        let identity = configuration.identity
        let operations = OperationSet(
            tasks: TaskOperations(
                database: database, announcer: announcer,
                rules: TaskRules(
                    catalog: catalog, commandRoles: configuration.runs.commandRoles,
                    retryDelay: configuration.runs.retryDelay, secrets: secrets.box,
                    egress: configuration.egress),
                onCancelled: EngineMetrics.cancelledWhileWaiting),
            executions: ExecutionOperations(
                database: database, announcer: announcer, onCancelled: EngineMetrics.cancelledWhileWaiting),
            slots: SlotOperations(database: database),
            scheduler: SchedulerOperations(database: database, announcer: announcer),
            nodes: NodeOperations(database: database, announcer: announcer),
            sessions: SessionOperations(
                database: database, accounts: accounts, signer: signer, tokenLifetime: identity.tokenMinutes * 60,
                registrationIsOpen: identity.allowsRegistration, remembered: remembered),
            users: userOperations,
            apiKeys: APIKeyOperations(
                database: database, serviceKeyHash: identity.serviceKeyHash, remembered: remembered),
            audit: AuditOperations(database: database),
            health: HealthOperations(probe: probe, parts: parts))
        return QkronServer(
            operations: operations,
            configuration: ServerConfiguration(
                offer: configuration.components.contains(.api) ? .everything : .probes, host: configuration.host,
                port: configuration.port, version: Version.current,
                metricsRequireAuth: configuration.metricsRequireAuth,
                documentationAssets: configuration.docsAssets.map { [$0] }
                    ?? ["\(directory.path)/docs", "/usr/share/qkron/docs"],
                exposure: configuration.exposure),
            registry: registry, handover: sockets, logger: logger,
            log: LoggingSetup.requests(
                by: logger.label, level: configuration.logLevel, format: configuration.logFormat),
            onListening: { [host = configuration.host, tls = configuration.exposure.tls] port in
                StandardOutput.announce(
                    "Listening on \(tls == nil ? "http" : "https")://\(host):\(port)", to: STDOUT_FILENO)
            })
    }

    private func engine(executor: ExecutorClient, catalog: ActionCatalog) async throws -> [any Service] {
        let database = Database(enginePool)
        let (node, lease) = try await enter(database, with: catalog)
        let completer = Completer(database: database, announcer: announcer, signals: signals, logger: logger)
        let grants = Grants(capacity: engineSettings.capacity, running: running)
        return [
            AnnouncementRelay(
                announcements: Announcements(
                    NotificationListener(host.connection, channels: [Announcer.channel], logger: logger)),
                signals: signals),
            // Stops after what ends runs, so that it gives back what nobody has sent by then.
            Courier(
                database: database, announcer: announcer,
                messenger: Messenger(egress: configuration.egress, version: Version.current), signals: signals,
                logger: logger),
            // It has the executor end when the runs are over.
            LoopService("executor") { await executor.supervise() },
            completer,
            LeaseKeeper(
                node: node, database: database, renewals: Database(leasePool), lease: lease,
                configuration: engineSettings, signals: signals, running: running, handover: handover, health: health,
                logger: logger),
            Worker(
                node: node, database: database, configuration: engineSettings, signals: signals, running: running,
                grants: grants, lease: lease,
                attempts: AttemptRunner(
                    catalog: catalog, running: running, completer: completer, secrets: secrets.box, logger: logger),
                catalog: catalog, handover: handover, health: health, logger: logger),
            OutputRelay(
                database: database, catalog: catalog, running: running, signals: signals, logger: logger),
            Scheduler(
                node: node, database: database, announcer: announcer, configuration: engineSettings, signals: signals,
                grants: grants, lease: lease, health: health, logger: logger),
            Reaper(
                node: node, database: database, announcer: announcer, lease: lease, catalog: catalog,
                configuration: engineSettings, signals: signals, logger: logger),
            Pruner(retention: configuration.retention, database: database, logger: logger),
        ]
    }

    /// Enters this server among those of the database, and takes over the runs of an earlier one.
    private func enter(
        _ database: Database, with catalog: ActionCatalog
    ) async throws -> (node: Node, lease: NodeLease) {
        let registered = ContinuousClock.now
        let id = try NodeIdentity.loadOrCreate(in: directory.path)
        let inherited = catalog.inheritedAttempts
        let (node, isDraining, granted) = try await database.transaction { [configuration, engineSettings] store in
            let (node, isDraining) = try await store.register(
                id, name: configuration.nodeName ?? NodeIdentity.hostName, version: Version.current,
                labels: configuration.labels, capacity: engineSettings.capacity,
                leaseSeconds: configuration.runs.leaseSeconds)
            return (node, isDraining, try await store.takeOver(inherited, for: node))
        }
        if isDraining {
            logger.warning(
                "This server is draining: it runs nothing until it is undrained", metadata: ["name": "\(node.name)"])
        }
        let lease = NodeLease(engineSettings, catalog: catalog)
        lease.renewed(sent: registered)
        catalog.endInherited(except: granted)
        if !inherited.isEmpty {
            logger.notice(
                "Runs of an earlier server are carried on",
                metadata: ["carried_on": "\(granted.count)", "ended": "\(inherited.count - granted.count)"])
        }
        return (node, lease)
    }

    private func collectMetrics() {
        registry.onCollect { [running] metrics in
            metrics.gauge("qkron_executions_running", Double(running.count))
        }
        registry.onCollect { [requestPool, enginePool, leasePool] metrics in
            let all = [requestPool.statistics, enginePool.statistics, leasePool.statistics]
            metrics.gauge("qkron_db_connections", Double(all.map(\.idle).reduce(0, +)), [("state", "idle")])
            metrics.gauge("qkron_db_connections", Double(all.map(\.inUse).reduce(0, +)), [("state", "in_use")])
            metrics.gauge("qkron_db_connections", Double(all.map(\.waiting).reduce(0, +)), [("state", "waiting")])
            metrics.gauge("qkron_build_info", 1, [("version", Version.current)])
        }
    }
}
