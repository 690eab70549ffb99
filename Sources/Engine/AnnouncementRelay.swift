import ServiceLifecycle
import Storage

/// Hears what the servers of the database announce, and wakes this one's loops.
package struct AnnouncementRelay: Service {
    private let announcements: Announcements
    private let signals: EngineSignals

    /// A relay from `announcements` to `signals`.
    package init(announcements: Announcements, signals: EngineSignals) {
        self.announcements = announcements
        self.signals = signals
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            for await event in announcements {
                switch event {
                case .mayHaveMissedSome: signals.takeAll()
                case .announced(let announcement): signals.take(announcement)
                }
            }
        }
    }
}
