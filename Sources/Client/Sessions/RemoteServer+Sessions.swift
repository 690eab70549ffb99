import Domain

/// What a login gave.
package struct RemoteSession: Sendable {
    package let token: String
    /// Seconds that the token is good for; nil where the server does not say.
    package let lifetime: Int?
}

extension RemoteServer {
    /// Logs the person of this name in, username or e-mail.
    ///
    /// - Throws: `ClientError`, refused with 401 for a wrong name or password.
    package func logIn(as name: String, password: String) async throws(ClientError) -> RemoteSession {
        let answer = try await post("/auth/login", ["username": .string(name), "password": .string(password)])
        guard let token = answer.member("access_token")?.textValue else {
            throw .strange(address, "its login gives no token")
        }
        return RemoteSession(token: token, lifetime: answer.member("expires_in")?.integerValue)
    }

    /// The same server, asked as the person of this name, username or e-mail.
    ///
    /// - Throws: `ClientError`, refused with 401 for a wrong name or password.
    package func loggedIn(as name: String, password: String) async throws(ClientError) -> RemoteServer {
        bearing(try await logIn(as: name, password: password).token)
    }

    /// The account that asks, as the API answers it.
    ///
    /// - Throws: `ClientError`, refused with 403 where an API key asks.
    package func me() async throws(ClientError) -> JSONValue {
        try await get("/auth/me")
    }
}
