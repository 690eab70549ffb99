import Foundation

/// Waiting by asking again and again: the kernel tells nobody of the end of a process that is not his child.
enum Patience {
    /// Waits until `condition` holds, at most for `limit`; false when it never did. Ends early when cancelled.
    static func wait(
        upTo limit: Duration, every step: Duration = .milliseconds(5), until condition: () throws -> Bool
    ) async throws -> Bool {
        let deadline = ContinuousClock.now + limit
        while try !condition() {
            guard ContinuousClock.now < deadline else { return false }
            try await Task.sleep(for: step)
        }
        return true
    }

    /// The same, but goes on when cancelled: stopping is what a cancelled server has to do.
    static func waitStubbornly(upTo limit: Duration, until condition: () -> Bool) async -> Bool {
        let deadline = ContinuousClock.now + limit
        while !condition() {
            guard ContinuousClock.now < deadline else { return false }
            await withCheckedContinuation { continuation in
                DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(5)) { continuation.resume() }
            }
        }
        return true
    }
}
