import Synchronization

/// The users of this system as they were within the last second: whoever asks for the same ones again and again does
/// not read the user database each time.
package final class RecentUsers: Sendable {
    private static let age = Duration.seconds(1)

    private let found = Mutex<[String: (user: SystemUser, at: ContinuousClock.Instant)]>([:])

    /// None is known yet.
    package init() {}

    /// The user of that name; nil where there is none. May block on a network directory.
    package func lookup(_ name: String) -> SystemUser? {
        let now = ContinuousClock.now
        if let known = found.withLock({ $0[name] }), now - known.at < Self.age { return known.user }
        let user = SystemUser.lookup(name)
        found.withLock { $0[name] = user.map { ($0, now) } }
        return user
    }
}
