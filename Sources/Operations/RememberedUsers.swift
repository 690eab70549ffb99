import Domain
import Foundation
import Synchronization

/// The accounts that tokens spoke for a moment ago, so that a caller who asks often is not looked up each time.
///
/// A change of role, password or standing is felt after a second at the latest. (No operation of the server itself makes
/// one yet: the command line does, in a process of its own.)
final class RememberedUsers: Sendable {
    private struct Entry {
        let user: User
        let until: ContinuousClock.Instant
        /// The token's own end, in seconds since 1970.
        let expiresAt: Int
    }

    private static let lifetime = Duration.seconds(1)
    private static let capacity = 10_000

    /// By the bytes of the token: comparing the characters of a text that a stranger sends may take very long.
    private let entries = Mutex<[TextKey: Entry]>([:])

    /// The account that a token spoke for within the last second, if the token still holds.
    func user(bearing token: String, now: Date) -> User? {
        entries.withLock { entries in
            guard let entry = entries[TextKey(token)], entry.until > .now,
                now.timeIntervalSince1970 < Double(entry.expiresAt)
            else { return nil }
            return entry.user
        }
    }

    /// Remembers what was looked up at `instant`.
    func remember(_ user: User, bearing token: String, expiresAt: Int, lookedUpAt instant: ContinuousClock.Instant) {
        entries.withLock { entries in
            if entries.count >= Self.capacity { entries.removeAll() }
            entries[TextKey(token)] = Entry(user: user, until: instant + Self.lifetime, expiresAt: expiresAt)
        }
    }
}
