import Synchronization

/// The sockets that a server leaves to the one that replaces it in the same process.
package struct OpenSockets: Sendable, Equatable {
    /// Where connections wait to be accepted.
    package var listener: Int32
    /// Connections between two requests.
    package var connections: [Int32]

    /// These sockets; whoever takes them up owns them.
    package init(listener: Int32, connections: [Int32]) {
        self.listener = listener
        self.connections = connections
    }
}

/// What becomes of the sockets when the server stops.
package final class SocketHandover: Sendable {
    /// What an earlier server left to this one.
    package let inherited: OpenSockets?
    /// Whether this server stops in order to be replaced: then its sockets are kept open.
    let isUnderWay: @Sendable () -> Bool
    private let sockets = Mutex<OpenSockets?>(nil)

    /// A handover that begins when `isUnderWay` says so.
    package init(inherited: OpenSockets? = nil, isUnderWay: @escaping @Sendable () -> Bool = { false }) {
        self.inherited = inherited
        self.isUnderWay = isUnderWay
    }

    /// What this server leaves, once it has stopped; nil where it stopped for good.
    package var kept: OpenSockets? { sockets.withLock { $0 } }

    func keep(listener: Int32) {
        sockets.withLock { $0 = OpenSockets(listener: listener, connections: []) }
    }

    func keep(connection: Int32) {
        sockets.withLock { $0?.connections.append(connection) }
    }
}
