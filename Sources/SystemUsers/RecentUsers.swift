import Synchronization

/// The users of this system as they were a moment ago: whoever asks for the same ones again and again does not read the
/// user database each time.
package final class RecentUsers: Sendable {
    private let age: Duration
    private let found = Mutex<[String: (user: SystemUser, at: ContinuousClock.Instant)]>([:])

    /// None is known yet; `age` is for how long a user counts as known.
    package init(age: Duration = .seconds(1)) {
        self.age = age
    }

    /// The user of that name; nil where there is none. May block on a network directory.
    package func lookup(_ name: String) -> SystemUser? {
        let now = ContinuousClock.now
        if let known = found.withLock({ $0[name] }), now - known.at < age { return known.user }
        let user = SystemUser.lookup(name)
        found.withLock { $0[name] = user.map { ($0, now) } }
        return user
    }
}
