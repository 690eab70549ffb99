import Logging

/// Why a test's surroundings are not as they should be.
package struct TestFailure: Error, CustomStringConvertible {
    package let description: String

    /// A failure, told in one sentence.
    package init(_ description: String) {
        self.description = description
    }
}

/// Asks again and again until it is so; says what it waited for when it never was.
package func eventually(
    _ what: String, within limit: Duration = .seconds(60), _ isSo: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !isSo() {
        guard ContinuousClock.now < deadline else { throw TestFailure("waited in vain until \(what)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// A logger that says nothing.
package let quietLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
