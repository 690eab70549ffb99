/// What an account may do.
package enum Role: String, Sendable, CaseIterable {
    /// Sees and does everything.
    case superuser
    /// Sees and changes what is its own.
    case user
    /// Sees everybody's tasks, and changes nothing but its own account.
    case viewer
}
