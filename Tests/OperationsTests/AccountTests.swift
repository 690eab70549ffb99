import Credentials
import Domain
import Foundation
import Postgres
import Storage
import TestSupport
import Testing

@testable import Operations

@Suite struct AccountTests {
    private let now = Date(timeIntervalSince1970: 1_700_000_000)
    private let nobody = Caller(.anonymous, address: "192.0.2.1", requestID: "r")

    private func account(
        _ username: String = "carol", email: String = "carol@example.org", password: String = "correct horse"
    ) -> NewAccount {
        NewAccount(email: email, username: username, password: password)
    }

    @Test func `who registers may log in by name and by e-mail`() async throws {
        let operations = try await TestOperations()
        let sessions = operations.sessions
        let carol = try await sessions.register(account(), as: nobody)
        #expect(carol.role == .user && carol.isActive && carol.lastLoginAt == nil)
        for name in ["carol", "carol@example.org", "Carol@Example.ORG"] {
            let token = try await sessions.logIn(name: name, password: "correct horse", now: now, as: nobody)
            #expect(token.lifetime == 600)
            let user = try await sessions.user(bearing: token.text, now: now)
            #expect(user.id == carol.id && user.lastLoginAt != nil)
        }
    }

    @Test func `unknown names, wrong passwords and names in another case are refused alike`() async throws {
        let operations = try await TestOperations()
        let sessions = operations.sessions
        _ = try await sessions.register(account(), as: nobody)
        for (name, password) in [
            ("nobody", "correct horse"), ("carol", "wrong horse"), ("CAROL", "correct horse"), ("carol", ""),
        ] {
            await expectRefused(.invalidCredentials) {
                try await sessions.logIn(name: name, password: password, now: now, as: nobody)
            }
        }
    }

    @Test func `a disabled account neither logs in nor is spoken for, and its old tokens stay dead`() async throws {
        let operations = try await TestOperations()
        let (sessions, users) = (operations.sessions, operations.users)
        _ = try await sessions.register(account(), as: nobody)
        let token = try await sessions.logIn(name: "carol", password: "correct horse", now: now, as: nobody)
        try await users.setActive(false, username: "carol")
        await expectRefused(.accountInactive) {
            try await sessions.logIn(name: "carol", password: "correct horse", now: now, as: nobody)
        }
        await expectRefused(.invalidCredentials) {
            try await sessions.logIn(name: "carol", password: "no", now: now, as: nobody)
        }
        await expectRefused(.accountInactive) { try await sessions.user(bearing: token.text, now: now) }
        try await users.setActive(true, username: "carol")
        await expectRefused(.tokenRevoked) { try await sessions.user(bearing: token.text, now: now) }
        let again = try await sessions.logIn(name: "carol", password: "correct horse", now: now, as: nobody)
        #expect(try await sessions.user(bearing: again.text, now: now).username == "carol")
    }

    @Test func `after a change of the cost a login renews the hash, and only a right one`() async throws {
        let operations = try await TestOperations()
        let (sessions, database) = (operations.sessions, operations.database)
        let old = try await PasswordHasher(cost: 2, threads: 1).hash("correct horse")
        let carol = try await database.addUser("carol", passwordHash: old)
        func stored() async throws -> String? { try await database.store.passwordHash(of: carol.id)?.hash }

        await expectRefused(.invalidCredentials) {
            try await sessions.logIn(name: "carol", password: "wrong horse", now: now, as: nobody)
        }
        #expect(try await stored() == old)
        let first = try await sessions.logIn(name: "carol", password: "correct horse", now: now, as: nobody)
        let renewed = try #require(try await stored())
        let current = try PasswordHasher(cost: 1, threads: 1)
        #expect(renewed != old && current.isCurrent(renewed))
        _ = try await sessions.logIn(name: "carol", password: "correct horse", now: now, as: nobody)
        #expect(try await stored() == renewed, "a current hash stays")
        #expect(try await sessions.user(bearing: first.text, now: now).id == carol.id, "its tokens stay good")

        try await database.store.renewPasswordHash(of: carol.id, provedBy: old, with: "*")
        #expect(try await stored() == renewed, "a password that was changed meanwhile stays")
    }

    @Test func `a new password revokes the tokens of the old one`() async throws {
        let operations = try await TestOperations()
        let (sessions, users) = (operations.sessions, operations.users)
        _ = try await sessions.register(account(), as: nobody)
        let token = try await sessions.logIn(name: "carol", password: "correct horse", now: now, as: nobody)
        try await users.setPassword("battery staple", of: "carol")
        await expectRefused(.tokenRevoked) { try await sessions.user(bearing: token.text, now: now) }
        await expectRefused(.invalidCredentials) {
            try await sessions.logIn(name: "carol", password: "correct horse", now: now, as: nobody)
        }
        _ = try await sessions.logIn(name: "carol", password: "battery staple", now: now, as: nobody)
        await expectRefused(.notFound) { try await users.setPassword("battery staple", of: "nobody") }
        #expect(await faults { try await users.setPassword("short", of: "carol") } == ["password: string_length"])
    }

    @Test func `a token expires, and rubbish is none`() async throws {
        let operations = try await TestOperations()
        let sessions = operations.sessions
        _ = try await sessions.register(account(), as: nobody)
        let token = try await sessions.logIn(name: "carol", password: "correct horse", now: now, as: nobody)
        await expectRefused(.tokenExpired) {
            try await sessions.user(bearing: token.text, now: now.addingTimeInterval(601))
        }
        await expectRefused(.invalidToken) { try await sessions.user(bearing: "rubbish", now: now) }
        try await operations.database.pool.execute("DELETE FROM qkron.users WHERE username = 'carol'")
        await expectRefused(.tokenRevoked) { try await sessions.user(bearing: token.text, now: now) }
    }

    @Test func `a closed registration lets nobody in`() async throws {
        let operations = try await TestOperations(registrationIsOpen: false)
        await expectRefused(.registrationClosed) { try await operations.sessions.register(account(), as: nobody) }
        _ = try await operations.users.create(account(), role: .superuser)
        #expect(try await operations.users.list().last?.role == .superuser)
    }

    @Test func `names and addresses are taken once`() async throws {
        let operations = try await TestOperations()
        let sessions = operations.sessions
        _ = try await sessions.register(account(), as: nobody)
        await expectRefused(.emailTaken) {
            try await sessions.register(account("dave", email: "CAROL@example.org"), as: nobody)
        }
        await expectRefused(.usernameTaken) {
            try await sessions.register(account("carol", email: "dave@example.org"), as: nobody)
        }
        _ = try await sessions.register(account("eve@example.org", email: "eve@example.org"), as: nobody)
        await expectRefused(.emailTaken) {
            try await sessions.register(account("eve", email: "Eve@example.org"), as: nobody)
        }
    }

    @Test(arguments: [
        ("kate@x.org", "\u{212A}ate@x.org"), ("jos\u{E9}@x.org", "jose\u{301}@x.org"), ("ä@x.org", "Ä@X.ORG"),
    ])
    func `an address is one however it is written`(victim: String, other: String) async throws {
        let operations = try await TestOperations()
        let sessions = operations.sessions
        let carol = try await sessions.register(account(email: victim), as: nobody)
        await expectRefused(.emailTaken) { try await sessions.register(account("dave", email: other), as: nobody) }
        await expectRefused(.emailTaken) { try await sessions.register(account(victim, email: other), as: nobody) }
        await expectRefused(.emailTaken) { try await sessions.register(account(other, email: victim), as: nobody) }
        for name in [victim, other] {
            let token = try await sessions.logIn(name: name, password: "correct horse", now: now, as: nobody)
            #expect(try await sessions.user(bearing: token.text, now: now).id == carol.id)
        }
    }

    @Test func `of two who want one address, the other's as a username, one succeeds at once`() async throws {
        let operations = try await TestOperations()
        let results = await withTaskGroup(of: Bool.self) { group in
            for wanted in [account(email: "kate@x.org"), account("kate@x.org", email: "\u{212A}ate@x.org")] {
                group.addTask { (try? await operations.sessions.register(wanted, as: nobody)) != nil }
            }
            return await group.reduce(into: [Bool]()) { $0.append($1) }
        }
        #expect(results.count { $0 } == 1)
    }

    @Test func `the schema itself keeps a username from being another's address`() async throws {
        let operations = try await TestOperations()
        let error = await #expect(throws: PostgresError.self) {
            try await operations.database.pool.execute(
                """
                INSERT INTO qkron.users (id, email, email_key, username, username_key, password_hash, role)
                VALUES (gen_random_uuid(), 'a@x.org', 'a@x.org', 'b@x.org', 'b@x.org', '', 'user')
                """)
        }
        #expect(error?.constraint == "users_one_login")
    }

    @Test func `of two who register one name at once, one succeeds`() async throws {
        let operations = try await TestOperations()
        let results = await withTaskGroup(of: Bool.self) { group in
            for index in 0..<6 {
                let wanted = account(email: "carol\(index)@example.org")
                group.addTask { (try? await operations.sessions.register(wanted, as: nobody)) != nil }
            }
            return await group.reduce(into: [Bool]()) { $0.append($1) }
        }
        #expect(results.count { $0 } == 1)
    }

    @Test(arguments: [
        ("ab", "a@b.org", "12345678", ["username"]), ("a\u{7}b", "a@b.org", "12345678", ["username"]),
        ("else@b.org", "a@b.org", "12345678", ["username"]), ("abc", "a@b.org", "1234567", ["password"]),
        ("abc", "a@b.org", String(repeating: "x", count: 73), ["password"]),
        ("abc", "a@b.org", "1234\u{0}5678", ["password"]),
        ("abc", "ab.org", "12345678", ["email"]), ("abc", "a@b", "12345678", ["email"]),
        ("abc", "a@b..org", "12345678", ["email"]), ("abc", "a b@b.org", "12345678", ["email"]),
        ("abc", "a@b@c.org", "12345678", ["email"]), ("x", "y", "z", ["email", "password", "username"]),
        ("a@b.org", "A@b.org", "12345678", []), ("zed@\u{301}q", "a@b.org", "12345678", ["username"]),
        ("abc", "a@\u{301}b@c.org", "12345678", ["email"]),
        ("   ", "a@b.org", "12345678", ["username"]), ("\u{2003}\u{A0}\u{3000}", "a@b.org", "12345678", ["username"]),
        ("\u{200B}\u{2060} \u{3164}", "a@b.org", "12345678", ["username"]), ("  a", "a@b.org", "12345678", []),
        ("\u{2800}\u{2800}\u{FFFE}", "a@b.org", "12345678", ["username"]),
        ("ab\u{202E}c", "a@b.org", "12345678", ["username"]), ("ab\u{2028}c", "a@b.org", "12345678", ["username"]),
        ("abc", "\u{200B}@b.org", "12345678", ["email"]), ("abc", "a@b.\u{200B}", "12345678", ["email"]),
        (String(repeating: "x", count: 255), "a@b.org", "ßßßßßßßß", []),
        (String(repeating: "x", count: 256), "a@b.org", "12345678", ["username"]),
    ])
    func `what is wrong with an account is told field by field`(
        username: String, email: String, password: String, expected: [String]
    ) {
        let found = AccountRules.faults(email: email, username: username, password: password)
        #expect(found.compactMap { if case .key(let key) = $0.place.first { key } else { nil } }.sorted() == expected)
    }

    /// A mebibyte that takes minutes to bring into normal form, as comparing Swift strings does.
    private static let marks = "a@" + String(repeating: "\u{301}\u{316}", count: 262_000)

    @Test(.timeLimit(.minutes(1))) func `what takes long to compare is refused for its length`() {
        let marks = Self.marks
        let all = AccountRules.faults(email: marks, username: marks, password: marks)
        #expect(all.map(\.place) == [["password"], ["email"], ["username"]])
        #expect(AccountRules.faults(email: marks, username: "a@b.org", password: nil).map(\.place) == [["email"]])
    }

    @Test func `a name that nobody can have is unknown without being looked for`() async throws {
        let operations = try await TestOperations()
        for name in [Self.marks, String(repeating: "x", count: 256)] {
            await expectRefused(.invalidCredentials) {
                try await operations.sessions.logIn(name: name, password: "correct horse", now: now, as: nobody)
            }
        }
        await expectRefused(.invalidCredentials) {
            try await operations.sessions.logIn(name: "alice", password: Self.marks, now: now, as: nobody)
        }
    }

    @Test func `the last active superuser stays, also when two are disabled at once`() async throws {
        let operations = try await TestOperations()
        let users = operations.users
        await expectRefused(.lastSuperuser) { try await users.setActive(false, username: "root") }
        _ = try await operations.database.addUser("second", role: .superuser)
        let refused = await withTaskGroup(of: Bool.self) { group in
            for name in ["root", "second"] {
                group.addTask { (try? await users.setActive(false, username: name)) == nil }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(refused == 1)
        #expect(try await users.hasSuperuser())
        try await users.setActive(false, username: "bob")
        try await users.setActive(false, username: "bob")
        await expectRefused(.notFound) { try await users.setActive(false, username: "nobody") }
    }

    @Test func `people learn of an outage, and of our faults nothing`() {
        #expect(
            OperationError(surfacing: StorageError.unavailable("10.0.0.1 refused")).map { "\($0)".contains("10.0.0.1") }
                == false)
        #expect(OperationError(surfacing: StorageError.surprise("SELECT")) == nil)
        let fault = InputFault(["name"], "no")
        #expect(OperationError(surfacing: InputFaults([fault])) == .invalid([fault]))
    }
}
