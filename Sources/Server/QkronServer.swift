import Domain
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import Metrics
import NIOCore
import NIOHTTP1
import Operations
import ServiceLifecycle
import Telemetry

/// The HTTP side of qkron, as a service that runs until it is told to shut down.
package struct QkronServer: Service {
    private let listener: Listener

    /// A server that turns HTTP into `operations`.
    ///
    /// - Parameters:
    ///   - registry: where requests are counted, and what `/metrics` shows.
    ///   - handover: the sockets of an earlier server, and whether this one leaves its own to the next.
    ///   - onListening: told the real port, once connections are taken.
    package init(
        operations: OperationSet, configuration: ServerConfiguration, registry: PrometheusRegistry,
        handover: SocketHandover, logger: Logger, onListening: @escaping @Sendable (_ port: Int) -> Void
    ) {
        let responder = QkronResponder(
            table: RouteTable(Self.routes(operations, configuration, registry)),
            gate: Gate { try await operations.sessions.user(bearing: $0, now: Date()) },
            metrics: registry, logger: logger)
        listener = Self.listener(
            responder, configuration, handover: handover, logger: logger, onListening: onListening)
    }

    /// Serves until the surrounding service group shuts down; requests under way are answered first.
    ///
    /// - Throws: when the address cannot be listened on.
    package func run() async throws {
        try await listener.run()
    }

    /// Every route that is offered.
    private static func routes(
        _ operations: OperationSet, _ configuration: ServerConfiguration, _ registry: PrometheusRegistry
    ) -> [Route] {
        let probes = probes(operations.health, configuration, registry)
        guard configuration.offer == .everything else { return probes }
        return probes
            + RootRoutes(version: configuration.version).routes
            + TaskRoutes(tasks: operations.tasks).routes
            + ExecutionRoutes(executions: operations.executions).routes
            + NodeRoutes(nodes: operations.nodes).routes
            + SessionRoutes(sessions: operations.sessions).routes
            + PreviewRoutes().routes
    }

    private static func probes(
        _ health: HealthOperations, _ configuration: ServerConfiguration, _ registry: PrometheusRegistry
    ) -> [Route] {
        let statistics = StatisticsGauges(health: health, registry: registry)
        return HealthRoutes(health: health, version: configuration.version).routes
            + MetricsRoutes(
                registry: registry, statistics: statistics, requiresSuperuser: configuration.metricsRequireAuth
            ).routes
    }

    /// The responder behind a listening socket, within the bounds that every connection has.
    static func listener(
        _ responder: QkronResponder, _ configuration: ServerConfiguration, handover: SocketHandover, logger: Logger,
        onListening: @escaping @Sendable (_ port: Int) -> Void
    ) -> Listener {
        let patience = TimeAmount.seconds(Int64(configuration.readTimeout))
        let limit = ConnectionGuard.headerLimit
        let handlers: @Sendable () -> [any RemovableChannelHandler] = {
            [
                ConnectionGuard(bodyTimeout: patience, refusal: responder.refusal(ofMethod:target:)),
                ConnectionKeeper { handover.keep(connection: $0) },
            ]
        }
        let http = HTTP1Channel(
            responder: responder.write,
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: handlers(), idleTimeout: patience,
                httpDecoderConfiguration: .init(maxHeaderFieldSize: limit, maxHeaderListSize: limit)))
        return Listener(
            http: http, host: configuration.host, port: configuration.port, handover: handover,
            connections: OpenConnections(), logger: logger, onListening: onListening)
    }
}

extension QkronResponder {
    /// Answers a request on its connection.
    ///
    /// - Throws: what ends the connection: the request is no HTTP after all, or the answer cannot be written.
    @Sendable fileprivate func write(
        to request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel
    ) async throws {
        var response = try await respond(to: request)
        response.headers[.date] = HTTPDate.text(at: Date())
        do {
            try await writer.write(response: response.head, body: response.body)
        } catch is HTTPParserError {
            // Thrown as it is, it would be answered a second time.
            throw ConnectionBroken()
        }
    }
}

/// What follows a request on its connection is no HTTP.
private struct ConnectionBroken: Error {}
