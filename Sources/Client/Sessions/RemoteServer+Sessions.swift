import Domain

extension RemoteServer {
    /// The same server, asked as the person of this name, username or e-mail.
    ///
    /// - Throws: `ClientError`, refused with 401 for a wrong name or password.
    package func loggedIn(as name: String, password: String) async throws(ClientError) -> RemoteServer {
        let answer = try await post("/auth/login", ["username": .string(name), "password": .string(password)])
        guard case .object(let members) = answer, case .string(let token)? = members["access_token"] else {
            throw .strange(address, "its login gives no token")
        }
        return bearing(token)
    }
}
