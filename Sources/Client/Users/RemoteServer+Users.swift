import Domain

/// An account, as a server tells of it. Words and times stand as they came: a newer server may know others.
package struct RemoteAccount: Sendable {
    package let id: Identifier<User>
    package let username: String
    /// All that was told of it.
    package let json: JSONValue
}

extension RemoteServer {
    /// The accounts that `filter` lets through, oldest first.
    ///
    /// - Throws: `ClientError`.
    package func accounts(_ filter: [Query] = []) async throws(ClientError) -> [RemoteAccount] {
        try await rows(of: "/users", filter, upTo: .max).map { row throws(ClientError) in try read(row) }
    }

    /// The account of this id.
    ///
    /// - Throws: `ClientError`.
    package func account(_ id: Identifier<User>) async throws(ClientError) -> RemoteAccount {
        try read(try await get("/users/\(id)"))
    }

    /// The account that asks.
    ///
    /// - Throws: `ClientError`, refused with 403 where an API key asks.
    package func ownAccount() async throws(ClientError) -> RemoteAccount {
        try read(try await me())
    }

    /// Makes an account of these fields.
    ///
    /// - Throws: `ClientError`.
    package func makeAccount(_ fields: JSONValue) async throws(ClientError) -> RemoteAccount {
        try read(try await post("/users", fields))
    }

    /// Gives an account new values for these fields.
    ///
    /// - Throws: `ClientError`.
    package func change(_ id: Identifier<User>, _ fields: JSONValue) async throws(ClientError) -> RemoteAccount {
        try read(try await put("/users/\(id)", fields))
    }

    /// Deletes an account, with its tasks, their executions and its keys.
    ///
    /// - Throws: `ClientError`.
    package func deleteAccount(_ id: Identifier<User>) async throws(ClientError) {
        try await delete("/users/\(id)")
    }

    private func read(_ answer: JSONValue) throws(ClientError) -> RemoteAccount {
        guard let id = answer.member("id")?.textValue.flatMap(Identifier<User>.init),
            let username = answer.member("username")?.textValue
        else { throw .strange(address, "its account cannot be read") }
        return RemoteAccount(id: id, username: username, json: answer)
    }
}
