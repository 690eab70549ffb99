import Domain
import Foundation
import HTTPTypes
import Operations

/// The routes by which people come in.
struct SessionRoutes {
    let sessions: SessionOperations

    var routes: [Route] {
        [
            Route(.post, "/auth/register", access: .anonymous, status: .created, json: register),
            Route(.post, "/auth/login", access: .open, answering: logIn),
            Route(.get, "/auth/me", access: .any) { call in try call.user.json },
        ]
    }

    @Sendable private func register(_ call: Call) async throws -> JSONValue {
        try sessions.checkMayRegister()
        var reader = BodyReader(try await call.body.object())
        reader.require("email", "username", "password")
        // What makes an account is the operation's to judge; here a field only has to be a string.
        let email = reader.string("email", length: 0...Int.max)
        let username = reader.string("username", length: 0...Int.max)
        let password = reader.string("password", length: 0...Int.max)
        reader.add(
            AccountRules.faults(email: email.optional, username: username.optional, password: password.optional))
        try reader.check()
        let account = NewAccount(email: email.or(""), username: username.or(""), password: password.or(""))
        return try await sessions.register(account).json
    }

    @Sendable private func logIn(_ call: Call) async throws -> Answer {
        var reader = BodyReader(try await call.body.formOrObject())
        reader.require("username", "password")
        let name = reader.string("username", length: 0...Int.max)
        let password = reader.string("password", length: 0...Int.max)
        try reader.check()
        let token = try await sessions.logIn(name: name.or(""), password: password.or(""), now: Date())
        return .json(token.json, status: .ok, headers: [.cacheControl: "no-store"])
    }
}
