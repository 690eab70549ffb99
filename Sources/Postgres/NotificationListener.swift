import Logging

/// What other sessions announce with NOTIFY, over a connection of its own that reconnects by itself.
///
/// Iterate it from one task; it ends when that task is cancelled. Notifications sent while it is disconnected are
/// lost, so a consumer reads the tables anew after every `.connected`.
package struct NotificationListener: AsyncSequence, Sendable {
    /// What a consumer learns.
    package enum Event: Sendable, Equatable {
        /// It listens, from now on.
        case connected
        /// Another session sent this.
        case notification(channel: String, payload: String)
        /// The connection was lost; the next event is `.connected`, some time later.
        case disconnected
    }

    private let configuration: PostgresConfiguration
    private let channels: [String]
    private let logger: Logger

    /// The names of the channels are taken as they are, in upper or lower case.
    package init(_ configuration: PostgresConfiguration, channels: [String], logger: Logger) {
        self.configuration = configuration
        self.channels = channels
        self.logger = logger
    }

    /// Connects when first asked for an event.
    package func makeAsyncIterator() -> Iterator {
        Iterator(configuration: configuration, channels: channels, logger: logger)
    }

    /// The events, over one connection at a time.
    package struct Iterator: AsyncIteratorProtocol {
        fileprivate let configuration: PostgresConfiguration
        fileprivate let channels: [String]
        fileprivate let logger: Logger
        private var connection: PostgresConnection?
        private var pending: [Event] = []
        private var failures = 0

        fileprivate init(configuration: PostgresConfiguration, channels: [String], logger: Logger) {
            self.configuration = configuration
            self.channels = channels
            self.logger = logger
        }

        /// The next event; nil once the task is cancelled.
        package mutating func next() async -> Event? {
            while !Task.isCancelled {
                if !pending.isEmpty { return pending.removeFirst() }
                guard let connection else {
                    guard await connect() else { continue }
                    return .connected
                }
                do {
                    pending = try await connection.notifications().map {
                        .notification(channel: $0.channel, payload: $0.payload)
                    }
                } catch {
                    self.connection = nil
                    logger.warning("notifications interrupted", metadata: ["error": "\(error)"])
                    return .disconnected
                }
            }
            connection = nil
            return nil
        }

        private mutating func connect() async -> Bool {
            do {
                let connection = try await PostgresConnection.connect(configuration)
                try await connection.listen(to: channels)
                self.connection = connection
                failures = 0
                return true
            } catch {
                if failures == 0 { logger.warning("cannot listen for notifications", metadata: ["error": "\(error)"]) }
                failures += 1
                // Cancellation ends the pause, and then the sequence.
                try? await Task.sleep(for: Outage.delay(afterFailures: failures))
                return false
            }
        }
    }
}
