import EndToEndSupport
import Synchronization

/// People who keep asking, some over one connection, some over a new one each time, some after a rest.
final class Visitors: Sendable {
    private struct Tally {
        var answers = 0
        var failures: [String] = []
        var isOver = false
    }

    private let port: Int
    private let tally = Mutex(Tally())

    init(port: Int) {
        self.port = port
    }

    var answers: Int { tally.withLock(\.answers) }
    var failures: [String] { tally.withLock(\.failures) }

    /// Has them ask for as long as the body runs, and once more after it.
    func whileVisiting(_ body: () async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for pause in [Duration.milliseconds(1), .milliseconds(20), .milliseconds(400)] {
                group.addTask { await self.visit(pause: pause, keepsConnection: true) }
            }
            group.addTask { await self.visit(pause: .milliseconds(5), keepsConnection: false) }
            do { try await body() } catch {
                tally.withLock { $0.isOver = true }
                throw error
            }
            tally.withLock { $0.isOver = true }
        }
    }

    private func visit(pause: Duration, keepsConnection: Bool) async {
        var connection: Connection?
        var isLast = false
        while !isLast {
            isLast = tally.withLock(\.isOver)
            do {
                let current = try connection ?? Connection(port: port)
                connection = keepsConnection ? current : nil
                await current.send(Array("GET /live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".utf8))
                let status = try await current.response()?.status
                tally.withLock { tally in
                    if status == 200 { tally.answers += 1 } else { tally.failures.append("\(status as Int?)") }
                }
            } catch {
                connection = nil
                tally.withLock { $0.failures.append("\(error)") }
            }
            // A pause between questions, as people make them; nothing is asserted on it.
            try? await Task.sleep(for: pause)
        }
    }
}
