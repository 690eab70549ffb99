/// A part of a timing that cannot be used, and why.
package struct TimingFault: Error, Sendable, Equatable {
    /// The field to blame.
    package enum Field: String, Sendable {
        case schedule, timezone
        case startsAt = "starts_at"
        case endsAt = "ends_at"
    }

    package let field: Field
    /// One sentence for the person who sent it.
    package let reason: String

    /// A fault of `field`.
    package init(field: Field, reason: String) {
        self.field = field
        self.reason = reason
    }
}
