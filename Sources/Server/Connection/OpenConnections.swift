import Domain
import NIOCore
import Synchronization

/// The connections that are open, and how many there may be.
final class OpenConnections: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var clients: [IPAddress: Int] = [:]
    }

    private let limit: Int
    /// Of one client; proxies that are trusted may have as many as they like.
    private let clientLimit: Int
    private let proxies: TrustedProxies
    private let state = Mutex(State())

    init(within exposure: ServerConfiguration.Exposure) {
        limit = exposure.connectionLimit
        clientLimit = (limit + 1) / 2
        proxies = TrustedProxies(ranges: exposure.trustedProxies)
    }

    /// Counts a connection until it is closed; false if it is one too many.
    func add(_ channel: any Channel) -> Bool {
        let client = limitedClient(of: channel)
        let isAdmitted = state.withLock { state in
            guard state.channels.count < limit else { return false }
            if let client {
                let others = state.clients[client, default: 0]
                guard others < clientLimit else { return false }
                state.clients[client] = others + 1
            }
            state.channels[ObjectIdentifier(channel)] = channel
            return true
        }
        guard isAdmitted else { return false }
        channel.closeFuture.whenComplete { _ in
            self.state.withLock { state in
                state.channels[ObjectIdentifier(channel)] = nil
                guard let client else { return }
                let others = state.clients[client, default: 1] - 1
                state.clients[client] = others > 0 ? others : nil
            }
        }
        return true
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

    private func limitedClient(of channel: any Channel) -> IPAddress? {
        guard let address = channel.remoteAddress?.ipAddress.flatMap(IPAddress.init),
            !proxies.isTrusted(address)
        else { return nil }
        return address.client
    }

    private var all: [any Channel] { state.withLock { Array($0.channels.values) } }
}
