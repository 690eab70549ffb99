import Postgres

/// What the servers of the database announce, as it is heard; ends when the task that listens is cancelled.
package struct Announcements: AsyncSequence, Sendable {
    /// What is heard.
    package enum Event: Sendable, Equatable {
        case announced(Announcement)
        /// The connection is new: whatever was announced before was not heard.
        case mayHaveMissedSome
    }

    private let listener: NotificationListener

    /// What `listener` hears, which listens on `Announcer.channel`.
    package init(_ listener: NotificationListener) {
        self.listener = listener
    }

    package func makeAsyncIterator() -> Iterator {
        Iterator(notifications: listener.makeAsyncIterator())
    }

    package struct Iterator: AsyncIteratorProtocol {
        fileprivate var notifications: NotificationListener.Iterator

        package mutating func next() async -> Event? {
            while let event = await notifications.next() {
                switch event {
                case .connected: return .mayHaveMissedSome
                case .notification(_, let payload):
                    // A newer server may announce what this one does not know.
                    if let announcement = Announcement(rawValue: payload) { return .announced(announcement) }
                case .disconnected: continue
                }
            }
            return nil
        }
    }
}
