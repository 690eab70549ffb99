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
