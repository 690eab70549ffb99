import Outbound
import Storage

/// How often, and when, a message is tried.
package struct DeliveryPlan: Sendable {
    /// Seconds from each failed try to the next.
    private let delays: [Double]

    /// A plan of one try more than there are delays, by default of five.
    package init(delays: [Double] = [10, 60, 300, 1800]) {
        self.delays = delays
    }

    /// What follows from a try that failed.
    ///
    /// - Parameter before: tries before it.
    func outcome(of failure: PostFailure, after before: Int) -> DeliveryOutcome {
        guard !failure.isFinal, delays.indices.contains(before) else { return .failed(error: failure.description) }
        return .again(after: delays[before], error: failure.description)
    }
}
