import NIOCore
import Synchronization

/// The connections that are open.
final class OpenConnections: Sendable {
    private let channels = Mutex<[ObjectIdentifier: any Channel]>([:])

    /// Counts a connection until it is closed.
    func add(_ channel: any Channel) {
        channels.withLock { $0[ObjectIdentifier(channel)] = channel }
        channel.closeFuture.whenComplete { _ in
            self.channels.withLock { $0[ObjectIdentifier(channel)] = nil }
        }
    }

    /// Tells every connection of an event.
    func tell(_ event: any Sendable) {
        for channel in all { channel.pipeline.fireUserInboundEventTriggered(event) }
    }

    /// Closes what is still open.
    func close() {
        for channel in all { channel.close(promise: nil) }
    }

    /// Waits until every connection is closed.
    func untilNone() async {
        while let channel = all.first {
            // A channel's close never fails.
            try? await channel.closeFuture.get()
        }
    }

    private var all: [any Channel] { channels.withLock { Array($0.values) } }
}
