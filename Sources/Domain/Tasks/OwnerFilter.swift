/// Whose a task is.
package enum OwnerFilter: Sendable, Equatable {
    case user(Identifier<User>)
    /// Made with the service key: nobody's own.
    case service
}
