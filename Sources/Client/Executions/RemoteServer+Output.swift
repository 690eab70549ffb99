import Domain
import Foundation

/// A piece of what a command wrote.
package struct RemoteOutput: Sendable {
    /// Whether it went to standard error.
    package let isError: Bool
    package let text: String

    /// A piece of either stream.
    package init(isError: Bool, text: String) {
        self.isError = isError
        self.text = text
    }
}

extension RemoteServer {
    /// How often, once a second, a stream that broke off is asked for again before that counts as the end: a server may
    /// be starting anew.
    private static let tries = 30

    /// Has `body` hear what an execution writes, as it writes it, and waits for its end.
    ///
    /// A server without streams is asked once a second whether the execution has ended.
    /// - Returns: the execution as it ended.
    /// - Throws: `ClientError`.
    package func follow(
        _ id: Identifier<Execution>, of task: Identifier<TaskDefinition>, _ body: (RemoteOutput) -> Void
    ) async throws(ClientError) -> RemoteExecution {
        try await followEvents(of: id, task) { event in
            if let piece = event.output { body(piece) }
        }
    }

    /// Has `body` hear all that happens to an execution, as it happens, and waits for its end.
    ///
    /// A server without streams is asked once a second whether the execution has ended.
    /// - Returns: the execution as it ended.
    /// - Throws: `ClientError`.
    package func followEvents(
        of id: Identifier<Execution>, _ task: Identifier<TaskDefinition>, _ body: (RunEvent) -> Void
    ) async throws(ClientError) -> RemoteExecution {
        guard try await followStream(id, of: task, body) else { return try await waitForEnd(id, of: task, body) }
        return try await execution(id, of: task)
    }

    /// Follows the stream to its `end`, through breaks of the connection; false where the server has none.
    private func followStream(
        _ id: Identifier<Execution>, of task: Identifier<TaskDefinition>, _ body: (RunEvent) -> Void
    ) async throws(ClientError) -> Bool {
        let path = "/tasks/\(task)/executions/\(id)/output/stream"
        var last: String?
        var triesLeft = Self.tries
        while true {
            var hasEnded = false
            var failure = ClientError.unreachable(address, "it ended the stream too early")
            do {
                try await events(of: path, after: last) { event in
                    last = event.id ?? last
                    triesLeft = Self.tries
                    if let event = RunEvent(event) { body(event) }
                    if event.name == "end" { hasEnded = true }
                }
            } catch .refused(let refusal) where refusal.code == "route_not_found" && last == nil {
                return false
            } catch .unreachable(let address, let why) {
                failure = .unreachable(address, why)
            } catch .refused(let refusal) where refusal.status == 503 {
                // It is starting, or shutting down.
                failure = .refused(refusal)
            }
            if hasEnded { return true }
            triesLeft -= 1
            guard triesLeft > 0 else { throw failure }
            await pause()
        }
    }

    private func waitForEnd(
        _ id: Identifier<Execution>, of task: Identifier<TaskDefinition>, _ body: (RunEvent) -> Void
    ) async throws(ClientError) -> RemoteExecution {
        while true {
            let execution = try await execution(id, of: task)
            if execution.hasEnded {
                for event in RunEvent.events(of: execution) { body(event) }
                return execution
            }
            await pause()
        }
    }

    private func pause() async {
        // Only ends early where the task is cancelled, and then the next question fails.
        try? await Task.sleep(for: .seconds(1))
    }
}
