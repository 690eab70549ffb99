/// What an account may do.
package enum Role: String, Sendable, CaseIterable {
    /// Sees and does everything.
    case superuser
    /// Sees and changes what is its own.
    case user
}
