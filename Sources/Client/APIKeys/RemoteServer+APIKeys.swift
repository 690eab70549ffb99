import Domain

/// An API key, as a server tells of it. Words and times stand as they came: a newer server may know others.
package struct RemoteKey: Sendable {
    package let id: Identifier<APIKey>
    package let name: String
    /// Whether it works no more because its owner said so.
    package let isRevoked: Bool
    /// All that was told of it; the secret only where the key was just made.
    package let json: JSONValue
}

extension RemoteServer {
    /// The keys of the caller, or of another account, newest first, revoked ones among them.
    ///
    /// - Throws: `ClientError`.
    package func keys(of owner: Identifier<User>? = nil) async throws(ClientError) -> [RemoteKey] {
        let filter = owner.map { [Query("owner_id", "\($0)")] } ?? []
        return try await rows(of: "/api-keys", filter, upTo: .max).map { row throws(ClientError) in try read(row) }
    }

    /// Makes a key of these fields; only this answer holds its secret.
    ///
    /// - Throws: `ClientError`.
    package func makeKey(_ fields: JSONValue) async throws(ClientError) -> RemoteKey {
        try read(try await post("/api-keys", fields))
    }

    /// Has a key work no more.
    ///
    /// - Throws: `ClientError`.
    package func revokeKey(_ id: Identifier<APIKey>) async throws(ClientError) {
        try await delete("/api-keys/\(id)")
    }

    private func read(_ answer: JSONValue) throws(ClientError) -> RemoteKey {
        guard let id = answer.member("id")?.textValue.flatMap(Identifier<APIKey>.init),
            let name = answer.member("name")?.textValue
        else { throw .strange(address, "its key cannot be read") }
        let isRevoked = answer.member("revoked_at")?.textValue != nil
        return RemoteKey(id: id, name: name, isRevoked: isRevoked, json: answer)
    }
}
