import Domain

/// Whether tasks fire at all, as a server tells of it.
package struct RemoteScheduler: Sendable {
    package let isPaused: Bool
    /// All that was told of it.
    package let json: JSONValue
}

extension RemoteServer {
    /// Whether tasks fire at all.
    ///
    /// - Throws: `ClientError`.
    package func scheduler() async throws(ClientError) -> RemoteScheduler {
        try read(try await get("/scheduler"))
    }

    /// Stops all firing, on all servers of the database.
    ///
    /// - Throws: `ClientError`.
    package func pauseScheduler() async throws(ClientError) -> RemoteScheduler {
        try read(try await post("/scheduler/pause"))
    }

    /// Has tasks fire again, from now on.
    ///
    /// - Throws: `ClientError`.
    package func resumeScheduler() async throws(ClientError) -> RemoteScheduler {
        try read(try await post("/scheduler/resume"))
    }

    private func read(_ answer: JSONValue) throws(ClientError) -> RemoteScheduler {
        guard let isPaused = answer.member("paused")?.boolValue else {
            throw .strange(address, "its scheduler cannot be read")
        }
        return RemoteScheduler(isPaused: isPaused, json: answer)
    }
}
