import Domain
import Foundation
import HTTPTypes
import Operations

/// The routes by which people come in.
struct SessionRoutes {
    let sessions: SessionOperations

    var routes: [Route] {
        [
            Route(.post, "/auth/register", .register, access: .anonymous, status: .created, json: register)
                .counted(as: .login),
            Route(.post, "/auth/login", .logIn, access: .open, answering: logIn).counted(as: .login),
            Route(.get, "/auth/me", .showMe, access: .any) { call in try call.user },
        ]
    }

    @Sendable private func register(_ call: Call) async throws -> User {
        try sessions.checkMayRegister()
        var reader = BodyReader(try await call.body.object())
        let account = NewAccount(&reader)
        try reader.check()
        return try await sessions.register(account, as: call.caller)
    }

    @Sendable private func logIn(_ call: Call) async throws -> Answer {
        var reader = BodyReader(try await call.body.formOrObject())
        reader.require("username", "password")
        let name = reader.string("username", length: 0...Int.max)
        let password = reader.string("password", length: 0...Int.max)
        try reader.check()
        let token = try await sessions.logIn(
            name: name.or(""), password: password.or(""), now: Date(), as: call.caller)
        return .json(token, status: .ok, headers: [.cacheControl: "no-store"])
    }
}

extension NewAccount {
    /// Reads the fields of an account, and gathers every fault of them.
    init(_ reader: inout BodyReader) {
        reader.require("email", "username", "password")
        // What makes an account is the operation's to judge; here a field only has to be a string.
        let email = reader.string("email", length: 0...Int.max)
        let username = reader.string("username", length: 0...Int.max)
        let password = reader.string("password", length: 0...Int.max)
        reader.add(
            AccountRules.faults(email: email.optional, username: username.optional, password: password.optional))
        self.init(email: email.or(""), username: username.or(""), password: password.or(""))
    }
}
