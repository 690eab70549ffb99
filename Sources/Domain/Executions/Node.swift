import Foundation

/// One server of the database, in one of its lives.
package struct Node: Sendable, Hashable {
    /// What one server may carry; a task may require fewer.
    package static let labelLimit = 50
    /// Characters of a label.
    package static let labelLength = 1...64

    /// Kept in the server's data directory.
    package let id: Identifier<Node>
    /// Larger with every start on that data directory; none comes twice.
    package let epoch: Int
    /// What people call it; need not be unique.
    package let name: String
    /// What it carries in this life: it runs the tasks that require nothing else.
    package let labels: [String]

    /// The server `id` in its `epoch`.
    package init(id: Identifier<Node>, epoch: Int, name: String, labels: [String]) {
        self.id = id
        self.epoch = epoch
        self.name = name
        self.labels = labels
    }
}

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
