/// What is done to many tasks at once.
package enum BulkAction: String, Sendable, CaseIterable {
    case pause, resume, delete
}

/// The tasks that it is done to.
package enum BulkChoice: Sendable {
    /// All that carry every one of these.
    case tagged([String])
    case ids(Set<Identifier<TaskDefinition>>)

    /// So many ids may be named at once.
    package static let idCount = 1...1000
}
