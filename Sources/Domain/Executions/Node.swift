import Foundation

/// One server of the database, in one of its lives.
package struct Node: Sendable, Hashable {
    /// Kept in the server's data directory.
    package let id: Identifier<Node>
    /// Counts the starts on that data directory.
    package let epoch: Int
    /// What people call it; need not be unique.
    package let name: String

    /// The server `id` in its `epoch`.
    package init(id: Identifier<Node>, epoch: Int, name: String) {
        self.id = id
        self.epoch = epoch
        self.name = name
    }
}
