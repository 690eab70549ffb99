import Domain

extension RemoteServer {
    /// The rows of the audit log that `filter` lets through, newest first, without the first `skipped`.
    ///
    /// - Throws: `ClientError`.
    package func auditRows(
        _ filter: [Query], after skipped: Int, upTo limit: Int
    ) async throws(ClientError) -> [JSONValue] {
        try await rows(of: "/audit", filter, after: skipped, upTo: limit)
    }
}
