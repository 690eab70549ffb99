import Foundation

/// Where a server stands.
package enum NodeStatus: String, Sendable, CaseIterable {
    /// It takes up what it can.
    case active
    /// It takes up nothing new, and goes on with what it runs.
    case draining
    /// Its lease has lapsed.
    case gone
}

/// What the database knows of a server.
package struct NodeReport: Sendable, Equatable {
    package let id: Identifier<Node>
    package let name: String
    package let version: String
    package let labels: [String]
    package let status: NodeStatus
    /// Attempts that it runs now.
    package let running: Int
    /// The most attempts that it makes at once.
    package let capacity: Int
    /// When its present life began.
    package let startedAt: Date
    /// When it last renewed its lease.
    package let lastSeenAt: Date

    /// A report of these parts.
    package init(
        id: Identifier<Node>, name: String, version: String, labels: [String], status: NodeStatus, running: Int,
        capacity: Int, startedAt: Date, lastSeenAt: Date
    ) {
        self.id = id
        self.name = name
        self.version = version
        self.labels = labels
        self.status = status
        self.running = running
        self.capacity = capacity
        self.startedAt = startedAt
        self.lastSeenAt = lastSeenAt
    }
}
