import Domain

extension RemoteServer {
    /// Does something to all tasks of the caller, or for a superuser all tasks, that bear all of these tags.
    ///
    /// - Returns: how many bear them, and the answer whole.
    /// - Throws: `ClientError`.
    package func change(
        allTagged tags: [String], _ action: BulkAction
    ) async throws(ClientError) -> (count: Int, json: JSONValue) {
        let answer = try await post(
            "/tasks/bulk", ["action": .string(action.rawValue), "tags": .array(tags.map(JSONValue.string))])
        guard let count = answer.member("count")?.integerValue else {
            throw .strange(address, "its answer holds no count")
        }
        return (count, answer)
    }
}
