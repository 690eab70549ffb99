import Domain
import Foundation
import Synchronization

/// Whom tokens and keys spoke for a moment ago, so that a caller who asks often is not looked up each time.
///
/// A change of role, password or standing is felt after a second at the latest, and at once where the operation that
/// made it forgets what is remembered here.
package final class RememberedCallers: Sendable {
    /// What somebody showed.
    enum Credential: Hashable, Sendable {
        /// By its bytes: comparing the characters of a text that a stranger sends may take very long.
        case token(TextKey)
        /// The SHA-256 of a key.
        case key([UInt8])
    }

    private struct Entry {
        let principal: Principal
        let until: ContinuousClock.Instant
        /// The token's own end, in seconds since 1970.
        let expiresAt: Int?
    }

    private struct Memory {
        var entries: [Credential: Entry] = [:]
        var forgottenAt: ContinuousClock.Instant?
    }

    private static let lifetime = Duration.seconds(1)
    private static let capacity = 10_000

    private let memory = Mutex(Memory())

    /// Nobody is remembered yet.
    package init() {}

    /// Whom a credential spoke for within the last second, if it still holds.
    func principal(showing credential: Credential, now: Date = Date()) -> Principal? {
        memory.withLock { memory in
            guard let entry = memory.entries[credential], entry.until > .now,
                entry.expiresAt.map({ now.timeIntervalSince1970 < Double($0) }) ?? true
            else { return nil }
            return entry.principal
        }
    }

    /// Remembers what was looked up from `instant` on, unless all was forgotten meanwhile.
    ///
    /// - Parameters:
    ///   - expiresAt: the credential's own end, in seconds since 1970.
    ///   - left: how long it is still good, where that is known.
    func remember(
        _ principal: Principal, showing credential: Credential, expiresAt: Int? = nil, left: Duration? = nil,
        lookedUpAt instant: ContinuousClock.Instant
    ) {
        memory.withLock { memory in
            if let forgottenAt = memory.forgottenAt, instant <= forgottenAt { return }
            if memory.entries.count >= Self.capacity { memory.entries.removeAll() }
            let until = instant + min(Self.lifetime, left ?? Self.lifetime)
            memory.entries[credential] = Entry(principal: principal, until: until, expiresAt: expiresAt)
        }
    }

    /// Forgets everybody, after a change of what somebody may do was committed. Whoever is being looked up may have
    /// been found as before, and is not remembered either.
    func forgetAll() {
        memory.withLock { memory in
            memory.entries.removeAll()
            memory.forgottenAt = .now
        }
    }
}
