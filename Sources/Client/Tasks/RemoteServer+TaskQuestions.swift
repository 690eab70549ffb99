import Domain

extension RemoteServer {
    /// What became of the slots of a task, oldest first.
    ///
    /// - Throws: `ClientError`.
    package func slots(
        of task: Identifier<TaskDefinition>, _ filter: [Query], since: String?, upTo limit: Int
    ) async throws(ClientError) -> [JSONValue] {
        var rows: [JSONValue] = []
        var since = since
        while rows.count < limit {
            let count = min(limit - rows.count, Self.page)
            // A window that ends now moves on between two pages, so the next one begins where the last one ended.
            let window = [Query("skip", rows.isEmpty ? "0" : "1"), Query("limit", "\(count)")]
            let start = since.map { [Query("since", $0)] } ?? []
            guard let page = try await get("/tasks/\(task)/slots", filter + start + window).elements else {
                throw .strange(address, "its list is no list")
            }
            rows += page
            guard page.count == count, let last = page.last?.member("scheduled_for")?.textValue else { break }
            since = last
        }
        return rows
    }

    /// How the tasks stand that a task depends on.
    ///
    /// - Throws: `ClientError`.
    package func dependencies(of task: Identifier<TaskDefinition>) async throws(ClientError) -> RemoteMessage {
        try message(in: try await get("/tasks/\(task)/dependencies"))
    }

    /// Makes a new secret by which a task can be run; the earlier one ends at once.
    ///
    /// - Returns: the secret, which no other answer holds, and the answer whole.
    /// - Throws: `ClientError`.
    package func makeWebhookToken(
        for task: Identifier<TaskDefinition>
    ) async throws(ClientError) -> (secret: String, json: JSONValue) {
        let answer = try await post("/tasks/\(task)/webhook-token")
        guard let secret = answer.member("webhook_token")?.textValue else {
            throw .strange(address, "its answer holds no secret")
        }
        return (secret, answer)
    }
}
