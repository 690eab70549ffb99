import Foundation

/// A message owed to someone, as far as it has come.
package struct Delivery: Sendable, Equatable {
    /// Where a message stands.
    package enum Status: String, Sendable, CaseIterable {
        case pending, sent, failed
    }

    package let status: Status
    /// Tries that ended.
    package let tries: Int
    /// What went wrong at the latest try; nil once it is sent.
    package let error: String?
    package let sentAt: Date?

    /// A delivery as it stands.
    package init(status: Status, tries: Int, error: String?, sentAt: Date?) {
        self.status = status
        self.tries = tries
        self.error = error
        self.sentAt = sentAt
    }
}
