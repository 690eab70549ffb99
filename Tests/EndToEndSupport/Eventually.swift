import Foundation

/// What a test waited for in vain.
package struct Overdue: Error, CustomStringConvertible {
    package let description: String

    package init(description: String) { self.description = description }
}

/// Asks again and again until `condition` gives a value; after `limit` throws an `Overdue` that says what was waited
/// for and, where known, what was seen last.
@discardableResult
package func eventually<Value>(
    within limit: Duration = .seconds(20), every pause: Duration = .milliseconds(25), _ what: String,
    isolation: isolated (any Actor)? = #isolation, _ condition: () async throws -> Value?
) async throws -> Value {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    var failure: (any Error)?
    while true {
        do {
            if let value = try await condition() { return value }
            failure = nil
        } catch {
            failure = error
        }
        guard clock.now < deadline else {
            let last = failure.map { "; last error: \($0)" } ?? ""
            throw Overdue(description: "Waited \(limit) in vain: \(what)\(last)")
        }
        try await Task.sleep(for: pause)
    }
}

/// Waits until `condition` holds.
package func eventually(
    within limit: Duration = .seconds(20), _ what: String, isolation: isolated (any Actor)? = #isolation,
    isTrue condition: () async throws -> Bool
) async throws {
    try await eventually(within: limit, what, isolation: isolation) { try await condition() ? true : nil }
}
