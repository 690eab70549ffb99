import Domain
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import Metrics
import NIOCore
import Operations
import ServiceLifecycle
import Telemetry

/// The HTTP side of qkron, as a service that runs until it is told to shut down.
package struct QkronServer: Service {
    private let application: Application<QkronResponder>

    /// A server that turns HTTP into `operations`.
    ///
    /// - Parameters:
    ///   - registry: where requests are counted, and what `/metrics` shows.
    ///   - onListening: told the address as configured and the real port, once connections are taken.
    package init(
        operations: OperationSet, configuration: ServerConfiguration, registry: PrometheusRegistry, logger: Logger,
        onListening: @escaping @Sendable (_ host: String, _ port: Int) -> Void = { _, _ in }
    ) {
        let responder = QkronResponder(
            table: RouteTable(Self.routes(operations, configuration, registry)),
            gate: Gate { try await operations.sessions.user(bearing: $0, now: Date()) },
            metrics: registry, logger: logger)
        application = Self.application(responder, configuration, logger: logger, onListening: onListening)
    }

    /// Serves until the surrounding service group shuts down; requests under way are answered first.
    ///
    /// - Throws: when the address cannot be listened on.
    package func run() async throws {
        try await application.run()
    }

    /// Every route there is.
    private static func routes(
        _ operations: OperationSet, _ configuration: ServerConfiguration, _ registry: PrometheusRegistry
    ) -> [Route] {
        let statistics = StatisticsGauges(health: operations.health, registry: registry)
        return TaskRoutes(tasks: operations.tasks).routes
            + ExecutionRoutes(executions: operations.executions).routes
            + NodeRoutes(nodes: operations.nodes).routes
            + SessionRoutes(sessions: operations.sessions).routes
            + PreviewRoutes().routes
            + HealthRoutes(health: operations.health, version: configuration.version).routes
            + MetricsRoutes(
                registry: registry, statistics: statistics, requiresSuperuser: configuration.metricsRequireAuth
            ).routes
    }

    /// The responder behind a listening socket, within the bounds that every connection has.
    static func application(
        _ responder: QkronResponder, _ configuration: ServerConfiguration, logger: Logger,
        onListening: @escaping @Sendable (_ host: String, _ port: Int) -> Void
    ) -> Application<QkronResponder> {
        let patience = TimeAmount.seconds(Int64(configuration.readTimeout))
        let limit = ConnectionGuard.headerLimit
        let http = HTTP1Channel.Configuration(
            additionalChannelHandlers: [ConnectionGuard(bodyTimeout: patience)], idleTimeout: patience,
            httpDecoderConfiguration: .init(maxHeaderFieldSize: limit, maxHeaderListSize: limit))
        return Application(
            responder: responder, server: .http1(configuration: http),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.host, port: configuration.port), serverName: nil),
            onServerRunning: { channel in
                onListening(configuration.host, channel.localAddress?.port ?? configuration.port)
            },
            logger: logger)
    }
}
