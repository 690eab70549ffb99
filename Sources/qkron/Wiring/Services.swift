import Engine
import Operations
import Server
import ServiceLifecycle

/// A loop that goes on until the server stops, and is then cancelled.
struct LoopService: Service, CustomStringConvertible {
    /// What the log calls it.
    let description: String
    private let loop: @Sendable () async -> Void

    init(_ name: String, loop: @escaping @Sendable () async -> Void) {
        description = name
        self.loop = loop
    }

    func run() async throws {
        await cancelWhenGracefulShutdown(loop)
    }
}

/// The last of the services, so the first to hear that the server stops. Probes are told at once, unless the next one
/// goes on where this one ends: then all requests are answered first, because nobody renews the lease of the runs from
/// when the engine lets them go until the next server is there.
struct StoppingMark: Service {
    let parts: ServerParts
    let handover: Handover
    let server: QkronServer

    func run() async throws {
        // Cancelled, the server stops as well.
        try? await gracefulShutdown()
        if handover.isUnderWay { await server.leave() } else { parts.beginStopping() }
    }
}
