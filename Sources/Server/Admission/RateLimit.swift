import Domain
import Foundation
import HTTPTypes
import Synchronization

/// How often one client may ask within a minute, as this server alone counts it.
///
/// A client's minute begins with its first request, and with the first after that minute. Memory is bounded: of more
/// clients than `capacity` within a minute, those counted so far begin anew.
final class RateLimit: Sendable {
    /// Whom requests are counted for.
    enum Client: Hashable {
        /// An account, however it proves who it is.
        case account(Identifier<User>)
        case service
        /// Of nobody known; nil where there is no address.
        case address(IPAddress?)
    }

    private struct Minute {
        let began: ContinuousClock.Instant
        var requests: Int
    }

    static let capacity = 50_000
    private static let minute = Duration.seconds(60)

    private let limit: Int
    private let minutes = Mutex<[Client: Minute]>([:])

    /// - Parameter limit: requests within a minute; 0 is no limit.
    init(_ limit: Int) {
        self.limit = limit
    }

    private var isUnlimited: Bool { limit == 0 }

    /// How many clients have a minute.
    var remembered: Int { minutes.withLock(\.count) }

    /// Counts a request.
    ///
    /// - Throws: `rateLimited` if it is one too many; such a one is not counted.
    func count(_ client: Client, at now: ContinuousClock.Instant = .now) throws(Problem) {
        guard !isUnlimited else { return }
        let wait = minutes.withLock { minutes -> Duration? in
            if let current = minutes[client], now - current.began < Self.minute {
                guard current.requests < limit else { return Self.minute - (now - current.began) }
                minutes[client]?.requests += 1
                return nil
            }
            if minutes.count >= Self.capacity { Self.forget(&minutes, at: now) }
            minutes[client] = Minute(began: now, requests: 1)
            return nil
        }
        guard let wait else { return }
        var problem = Problem(.rateLimited, "Too many requests within a minute. Try again later.")
        problem.headers[.retryAfter] = String(wait.components.seconds + 1)
        throw problem
    }

    /// Forgets the minutes that are over; all of them, where that would have to be done again too soon.
    private static func forget(_ minutes: inout [Client: Minute], at now: ContinuousClock.Instant) {
        minutes = minutes.filter { now - $0.value.began < minute }
        if minutes.count > capacity / 2 { minutes.removeAll() }
    }
}
