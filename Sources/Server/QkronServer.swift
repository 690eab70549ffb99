import Domain
import Foundation
import Logging
import NIOCore
import Operations
import ServiceLifecycle
import Telemetry

/// The HTTP side of qkron, as a service that runs until it is told to shut down.
package struct QkronServer: Service {
    private let listener: Listener
    private let log: RequestLog?

    /// A server that turns HTTP into `operations`.
    ///
    /// - Parameters:
    ///   - registry: where requests are counted, and what `/metrics` shows.
    ///   - handover: the sockets of an earlier server, and whether this one leaves its own to the next.
    ///   - log: writes the lines that requests leave in the log; nil where none are wanted.
    ///   - onListening: told the real port, once connections are taken.
    package init(
        operations: OperationSet, configuration: ServerConfiguration, registry: PrometheusRegistry,
        handover: SocketHandover, logger: Logger, log: RequestLog.Writing?,
        onListening: @escaping @Sendable (_ port: Int) -> Void
    ) {
        self.log = log.map(RequestLog.init)
        let responder = QkronResponder(
            table: RouteTable(Self.routes(operations, configuration, registry)),
            gate: Gate(
                account: { try await operations.sessions.user(bearing: $0, now: Date()) },
                keyHolder: { try await operations.apiKeys.holder(of: $0) }),
            metrics: RequestMetrics(registry), policy: RequestPolicy(configuration.exposure),
            log: self.log, logger: logger)
        listener = Self.listener(
            responder, configuration, handover: handover, logger: logger, onListening: onListening)
    }

    /// Serves until the surrounding service group shuts down; requests under way are answered first.
    ///
    /// - Throws: when the address cannot be listened on.
    package func run() async throws {
        defer { log?.flush() }
        try await listener.run()
    }

    /// Answers what has been asked, and takes nothing more; for the server that is about to be replaced, so that all
    /// else goes on until then.
    package func leave() async {
        await listener.leave()
        log?.flush()
    }

    /// Every route that is offered.
    static func routes(
        _ operations: OperationSet, _ configuration: ServerConfiguration, _ registry: PrometheusRegistry
    ) -> [Route] {
        let probes = probes(operations.health, configuration, registry)
        guard configuration.offer == .everything else { return probes }
        let all =
            probes
            + RootRoutes(version: configuration.version).routes
            + TaskRoutes(tasks: operations.tasks).routes
            + RunRoutes(tasks: operations.tasks).routes
            + ExecutionRoutes(executions: operations.executions).routes
            + SlotRoutes(slots: operations.slots).routes
            + SchedulerRoutes(scheduler: operations.scheduler).routes
            + OutputStreamRoutes(executions: operations.executions).routes
            + NodeRoutes(nodes: operations.nodes).routes
            + SessionRoutes(sessions: operations.sessions).routes
            + UserRoutes(users: operations.users).routes
            + APIKeyRoutes(keys: operations.apiKeys).routes
            + AuditRoutes(audit: operations.audit).routes
            + PreviewRoutes().routes
        return all
            + DocumentationRoutes.describing(
                all, version: configuration.version,
                assets: DocumentationAssets(searching: configuration.documentationAssets))
    }

    private static func probes(
        _ health: HealthOperations, _ configuration: ServerConfiguration, _ registry: PrometheusRegistry
    ) -> [Route] {
        let statistics = StatisticsGauges(health: health, registry: registry)
        return HealthRoutes(health: health, version: configuration.version).routes
            + MetricsRoutes(
                registry: registry, statistics: statistics, isProtected: configuration.metricsRequireAuth
            ).routes
    }

    /// The responder behind a listening socket, within the bounds that every connection has.
    static func listener(
        _ responder: QkronResponder, _ configuration: ServerConfiguration, handover: SocketHandover, logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) -> Void
    ) -> Listener {
        Listener(
            responder: responder,
            terms: ConnectionTerms(
                timeout: .seconds(Int64(configuration.readTimeout)),
                headerTimeout: .seconds(Int64(configuration.headerTimeout)), tls: configuration.exposure.tls,
                refusal: responder.refusal(ofMethod:target:), overflow: responder.overflow(path:),
                keep: handover.keep(connection:)),
            host: configuration.host, port: configuration.port, handover: handover,
            connections: OpenConnections(within: configuration.exposure), logger: logger, onListening: onListening)
    }
}
