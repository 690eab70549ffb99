import Domain
import Foundation
import Postgres
import Storage
import TestSupport
import Testing

@testable import Operations

/// What becomes of logins after wrong passwords.
@Suite struct LoginThrottleTests {
    private let operations: TestOperations
    private let home = "192.0.2.1"

    init() async throws {
        operations = try await TestOperations()
        let account = NewAccount(email: "carol@example.org", username: "carol", password: "correct horse")
        _ = try await operations.sessions.register(account, as: Caller(.anonymous))
    }

    /// How a login ends: `in`, or the word of its refusal.
    private func logIn(
        _ name: String = "carol", _ password: String = "wrong horse", from address: String?
    ) async throws -> String {
        do {
            let caller = Caller(.anonymous, address: address)
            _ = try await operations.sessions.logIn(name: name, password: password, now: Date(), as: caller)
            return "in"
        } catch OperationError.refused(let refusal, _) {
            return refusal.rawValue
        } catch OperationError.tooSoon(let refusal, _, let seconds) {
            #expect((1...300).contains(seconds))
            return refusal.rawValue
        }
    }

    /// Moves what was counted into the past.
    private func age(bySeconds seconds: Int) async throws {
        try await operations.database.pool.execute(
            """
            UPDATE qkron.login_failures
            SET failed_at = ARRAY(SELECT t - make_interval(secs => \(Double(seconds))) FROM unnest(failed_at) AS t),
                last_at = last_at - make_interval(secs => \(Double(seconds)))
            """)
    }

    private func counted() async throws -> Int {
        try await operations.database.pool.query("SELECT count(*) AS value FROM qkron.login_failures")
            .map { try $0.decode("value", as: Int.self) }[0]
    }

    @Test(arguments: ["carol", "nobody", String(repeating: "n", count: 400)])
    func `after ten wrong passwords an address waits, and no other, whether there is such a name or not`(
        name: String
    ) async throws {
        for _ in 0..<10 { #expect(try await logIn(name, from: home) == "invalid_credentials") }
        #expect(try await logIn(name, from: home) == "too_many_attempts")
        #expect(try await logIn(name, "correct horse", from: home) == "too_many_attempts")
        #expect(try await logIn(name, from: "192.0.2.2") == "invalid_credentials")
        #expect(try await logIn("another", from: home) == "invalid_credentials")
        #expect(try await logIn("carol", "correct horse", from: "192.0.2.2") == "in")
        try await age(bySeconds: 290)
        #expect(try await logIn(name, from: home) == "too_many_attempts")
        try await age(bySeconds: 11)
        #expect(try await logIn(name, from: home) == "invalid_credentials")
    }

    @Test func `a right password is not counted, and one typed wrong in between does no harm`() async throws {
        for _ in 0..<9 { _ = try await logIn(from: home) }
        for _ in 0..<3 { #expect(try await logIn("carol", "correct horse", from: home) == "in") }
        #expect(try await logIn(from: home) == "invalid_credentials")
        #expect(try await logIn(from: home) == "too_many_attempts")
    }

    @Test func `all ways to write an address are one name, and all of an IPv6 network one address`() async throws {
        for number in 0..<10 {
            let name = number.isMultiple(of: 2) ? "Carol@Example.org" : "carol@example.ORG"
            #expect(try await logIn(name, from: "2001:db8:1:2::\(number)") == "invalid_credentials")
        }
        #expect(try await logIn("carol@example.org", from: "2001:db8:1:2:ffff::1") == "too_many_attempts")
        #expect(try await logIn("carol@example.org", "correct horse", from: "2001:db8:1:3::1") == "in")
    }

    @Test func `after a hundred from anywhere only those wait who never came in from where they are`() async throws {
        #expect(try await logIn("carol", "correct horse", from: home) == "in")
        for index in 0..<100 {
            #expect(try await logIn(from: "198.51.100.\(index / 9)") == "invalid_credentials", "\(index)")
        }
        #expect(try await logIn(from: "203.0.113.1") == "too_many_attempts")
        #expect(try await logIn("carol", "correct horse", from: "203.0.113.1") == "too_many_attempts")
        #expect(try await logIn("carol", "correct horse", from: home) == "in")
        #expect(try await logIn("carol@example.org", "correct horse", from: home) == "in", "by another name")
        let elsewhere = try await logIn("carol@example.org", "correct horse", from: "203.0.113.1")
        #expect(elsewhere == "invalid_credentials", "the account waits, which is not told")
        try await operations.database.pool.execute(
            "UPDATE qkron.login_addresses SET last_at = now() - interval '31 days'")
        #expect(try await logIn("carol", "correct horse", from: home) == "too_many_attempts", "too long ago")
        try await age(bySeconds: 301)
        #expect(try await logIn("carol", "correct horse", from: home) == "in")
        for _ in 0..<10 { _ = try await logIn(from: home) }
        #expect(try await logIn("carol", "correct horse", from: home) == "too_many_attempts", "familiar as it is")
    }

    @Test(arguments: ["carol", "nobody"])
    func `both names of an account are counted together, and nothing tells that they are one`(
        name: String
    ) async throws {
        let address = "\(name)@example.org"
        for number in 0..<10 {
            let tried = number.isMultiple(of: 2) ? name : address
            #expect(try await logIn(tried, from: home) == "invalid_credentials")
        }
        // The right password, of the one who has an account: an answer as to a wrong one, which counts as one.
        for tried in [name, address] {
            for _ in 0..<5 { #expect(try await logIn(tried, "correct horse", from: home) == "invalid_credentials") }
            #expect(try await logIn(tried, "correct horse", from: home) == "too_many_attempts")
        }
        #expect(try await logIn("carol", "correct horse", from: "192.0.2.2") == "in")
        try await age(bySeconds: 301)
        #expect(try await logIn("carol@example.org", "correct horse", from: home) == "in")
    }

    @Test(arguments: ["carol", "carol@example.org"])
    func `a right password is refused where others used up the tries while it was hashed`(
        guessed: String
    ) async throws {
        let carol = try #require(try await operations.database.store.user(named: "carol"))
        let hash = try #require(try await operations.database.store.passwordHash(of: carol.id)).hash
        let throttle = LoginThrottle(database: operations.database.database)
        let nobody = Caller(.anonymous, address: home)
        #expect(try await throttle.recordLogin("carol", of: carol, provedBy: hash, as: nobody) != nil)
        for _ in 0..<10 { #expect(try await logIn(guessed, from: home) == "invalid_credentials") }
        do {
            let generation = try await throttle.recordLogin("carol", of: carol, provedBy: hash, as: nobody)
            Issue.record("logged in, generation \(String(describing: generation))")
        } catch OperationError.tooSoon(let refusal, _, _) {
            #expect(refusal == .tooManyAttempts && guessed == "carol")
        } catch OperationError.refused(let refusal, _) {
            #expect(refusal == .invalidCredentials && guessed != "carol")
        }
        #expect(try await failuresTold(of: carol) == (guessed == "carol" ? 10 : 11))
        #expect(try await logins(of: carol) == 1)
        let left = guessed == "carol" ? 0 : 9
        for _ in 0..<left { #expect(try await logIn("carol", from: home) == "invalid_credentials") }
        #expect(try await logIn("carol", from: home) == "too_many_attempts", "it was counted")
    }

    @Test func `whoever guesses many at once learns no more than ten`() async throws {
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<40 { group.addTask { try await logIn(from: home) } }
            return try await group.reduce(into: [String]()) { $0.append($1) }
        }
        #expect(answers.count { $0 == "invalid_credentials" } == 10)
        #expect(answers.count { $0 == "too_many_attempts" } == 30)
    }

    @Test func `each wrong password has its row, also one that came too late to be counted`() async throws {
        let throttle = LoginThrottle(database: operations.database.database)
        let (alice, caller) = (operations.alice, Caller(.user(operations.alice), address: home))
        for _ in 0..<10 { try await throttle.recordFailure("alice", of: alice.id, as: caller) }
        await #expect(throws: OperationError.self) {
            try await throttle.recordFailure("alice", of: alice.id, as: caller)
        }
        #expect(try await logIn("alice", from: home) == "too_many_attempts")
        #expect(try await failuresTold(of: alice) == 11, "what is refused before a look at the password is not told")
        var change = UserChange()
        change.password = .value("another horse")
        change.currentPassword = .value("wrong horse")
        await expectRefused(.wrongCurrentPassword) {
            try await operations.users.update(alice.id, with: change, as: Caller(.user(alice), address: "192.0.2.7"))
        }
        #expect(try await failuresTold(of: alice) == 12)
    }

    private func failuresTold(of user: User) async throws -> Int {
        try await told("auth.login_failed", of: user)
    }

    private func logins(of user: User) async throws -> Int {
        try await told("auth.login", of: user)
    }

    private func told(_ action: String, of user: User) async throws -> Int {
        var filter = AuditFilter()
        (filter.action, filter.resourceID) = (action, user.id.description)
        return try await operations.audit.list(
            filter, .slice(skip: 0, limit: 1), as: Caller(operations.root)
        ).total
    }

    @Test func `what was counted long ago is forgotten, and an account's addresses are bounded`() async throws {
        for index in 0..<30 { _ = try await logIn("name-\(index)", from: home) }
        #expect(try await counted() == 60, "under the name, and in the place of an account")
        try await age(bySeconds: 301)
        for index in 0..<3 { _ = try await logIn("new-\(index)", from: home) }
        #expect(try await counted() == 6)
        for index in 0..<120 {
            #expect(try await logIn("carol", "correct horse", from: "2001:db8:0:\(index)::") == "in")
        }
        let kept = try await operations.database.pool.query("SELECT address FROM qkron.login_addresses")
            .map { try $0.decode("address", as: String.self) }
        #expect(kept.count == 100 && kept.contains("2001:db8:0:119::") && !kept.contains("2001:db8:0:19::"))
    }
}
